//! Percent-encoding (RFC 3986 §2.1), in which the IAM API returns policies.

/// The text behind the escapes; `None` if one is broken or the bytes are no UTF-8.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => decoded.push(hex(bytes.next()?)? << 4 | hex(bytes.next()?)?),
            other => decoded.push(other),
        }
    }
    String::from_utf8(decoded).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes() {
        let table = [
            ("%7B%22a%22%3A%20%22%C3%BC%22%7D", Some("{\"a\": \"ü\"}")),
            ("plain+text", Some("plain+text")),
            ("%7", None),
            ("%zz", None),
            ("%ff", None),
        ];
        for (text, decoded) in table {
            assert_eq!(decode(text).as_deref(), decoded, "{text}");
        }
    }
}
