//! base64url to the letter (RFC 4648 §5): no padding, no stray bits, no other characters.

/// What is no character of the alphabet.
const NONE: u8 = 0xff;

/// The value of every byte.
const VALUES: [u8; 256] = values();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a wrong index is an error"
)]
const fn values() -> [u8; 256] {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < 64 {
        values[alphabet[value as usize] as usize] = value;
        value += 1;
    }
    values
}

fn value(byte: u8) -> u32 {
    VALUES.get(usize::from(byte)).map_or(u32::from(NONE), |value| u32::from(*value))
}

/// Appends what a text stands for; `None` if it is no base64url.
///
/// ```
/// let mut bytes = Vec::new();
/// assert_eq!(podpass_scan::decode("e30", &mut bytes), Some(()));
/// assert_eq!(bytes, b"{}");
/// assert_eq!(podpass_scan::decode("e30=", &mut bytes), None);
/// ```
pub fn decode(text: &str, into: &mut Vec<u8>) -> Option<()> {
    let quads = text.as_bytes().chunks_exact(4);
    let rest = quads.remainder();
    let start = into.len();
    into.resize(start + text.len() / 4 * 3, 0);
    let mut wrong = 0;
    for (quad, out) in quads.zip(into.get_mut(start..)?.chunks_exact_mut(3)) {
        let (&[a, b, c, d], [x, y, z]) = (quad, out) else { return None };
        let (a, b, c, d) = (value(a), value(b), value(c), value(d));
        // A value has six bits: any more tell that one of them is none.
        wrong |= a | b | c | d;
        let bits = a << 18 | b << 12 | c << 6 | d;
        [*x, *y, *z] = [(bits >> 16) as u8, (bits >> 8) as u8, bits as u8];
    }
    match *rest {
        [] => {}
        [a, b] => {
            let (a, b) = (value(a), value(b));
            wrong |= a | b | (b & 0xf) << 6;
            into.push((a << 2 | b >> 4) as u8);
        }
        [a, b, c] => {
            let (a, b, c) = (value(a), value(b), value(c));
            wrong |= a | b | c | (c & 3) << 6;
            into.extend([(a << 2 | b >> 4) as u8, (b << 4 | c >> 2) as u8]);
        }
        _ => return None,
    }
    (wrong < 64).then_some(())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    proptest::proptest! {
        #[test]
        fn decodes_what_the_base64_crate_decodes(text in "[A-Za-z0-9_=+/ é-]{0,12}|[A-Za-z0-9_-]{0,40}") {
            let mut bytes = Vec::new();
            let decoded = decode(&text, &mut bytes).map(|()| bytes);
            assert_eq!(decoded, URL_SAFE_NO_PAD.decode(&text).ok());
        }
    }
}
