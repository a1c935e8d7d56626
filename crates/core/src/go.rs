//! How Go prints and names things, where the API server's texts depend on it.

/// Go's `%q` of a text.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            '\0'..='\u{1f}' | '\u{7f}' => {
                quoted.push_str(&format!("\\x{:02x}", u32::from(character)));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// Go's `%q` of a list of texts.
pub(crate) fn quoted_list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", quoted.join(" "))
}

/// Go's `%v` of apimachinery's `utilerrors.Aggregate`: equal messages once, brackets around several (K64).
pub(crate) fn aggregate(messages: &[String]) -> String {
    let mut distinct: Vec<&str> = Vec::new();
    for message in messages {
        if !distinct.contains(&message.as_str()) {
            distinct.push(message);
        }
    }
    match distinct.as_slice() {
        [only] => (*only).to_owned(),
        several => format!("[{}]", several.join(", ")),
    }
}

/// `strconv.ParseBool`.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Why a text is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotANumber {
    /// Not digits with at most a sign.
    Syntax,
    /// Too large for the type.
    Range,
}

impl NotANumber {
    /// What `strconv.ParseInt` says.
    pub(crate) fn message(self, text: &str) -> String {
        let why = match self {
            Self::Syntax => "invalid syntax",
            Self::Range => "value out of range",
        };
        format!("strconv.ParseInt: parsing {}: {why}", quoted(text))
    }
}

/// `strconv.ParseInt(text, 10, 64)`: digits with at most a sign, blanks and `_` are none.
pub(crate) fn parse_int(text: &str) -> Result<i64, NotANumber> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotANumber::Syntax);
    }
    text.parse().map_err(|_| NotANumber::Range)
}

/// RFC 1123 label, at most 63 bytes: the name of a namespace.
pub(crate) fn is_dns_label(name: &str) -> bool {
    name.len() <= 63 && is_label(name)
}

/// RFC 1123 subdomain, at most 253 bytes: the name of a ServiceAccount.
pub(crate) fn is_dns_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_label)
}

/// RFC 1123 label of any length.
pub(crate) fn is_label(name: &str) -> bool {
    let outer = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    bytes.first().is_some_and(outer)
        && bytes.last().is_some_and(outer)
        && bytes.iter().all(|byte| outer(byte) || *byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes() {
        let table = [
            ("", r#""""#),
            ("a\"b\\c", r#""a\"b\\c""#),
            ("\n\t\u{1}\u{7f}", r#""\n\t\x01\x7f""#),
            ("ü", "\"ü\""),
        ];
        for (text, expected) in table {
            assert_eq!(quoted(text), expected);
        }
        assert_eq!(quoted_list(&["a".into(), "b c".into()]), r#"["a" "b c"]"#);
        assert_eq!(quoted_list(&[]), "[]");
    }

    #[test]
    fn aggregates() {
        let join = |texts: &[&str]| {
            aggregate(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(join(&["a"]), "a");
        assert_eq!(join(&["a", "a"]), "a");
        assert_eq!(join(&["a", "b", "a"]), "[a, b]");
    }

    #[test]
    fn numbers_and_booleans() {
        #[rustfmt::skip]
        let table = [
            ("3600", Ok(3600)), ("+3600", Ok(3600)), ("03600", Ok(3600)), ("-1", Ok(-1)),
            ("9223372036854775807", Ok(i64::MAX)), ("9223372036854775808", Err(NotANumber::Range)),
            ("", Err(NotANumber::Syntax)), ("+", Err(NotANumber::Syntax)), (" 1", Err(NotANumber::Syntax)),
            ("1_000", Err(NotANumber::Syntax)), ("0x1", Err(NotANumber::Syntax)), ("1.5", Err(NotANumber::Syntax)),
            ("+-1", Err(NotANumber::Syntax)),
        ];
        for (text, expected) in table {
            assert_eq!(parse_int(text), expected, "{text}");
        }
        let message = NotANumber::Range.message("9");
        assert_eq!(message, "strconv.ParseInt: parsing \"9\": value out of range");
        for (text, expected) in
            [("T", Some(true)), ("False", Some(false)), ("yes", None), ("", None)]
        {
            assert_eq!(parse_bool(text), expected, "{text}");
        }
    }

    #[test]
    fn names() {
        for (name, label, subdomain) in [
            ("default", true, true),
            ("a.b", false, true),
            ("a..b", false, false),
            ("-a", false, false),
            ("A", false, false),
            ("", false, false),
        ] {
            assert_eq!((is_dns_label(name), is_dns_subdomain(name)), (label, subdomain), "{name}");
        }
        assert!(!is_dns_label(&"a".repeat(64)));
    }
}
