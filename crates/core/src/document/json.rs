//! A strict JSON reader (RFC 8259) with positions.

use super::{Data, MAX_DEPTH, Member, Node, SyntaxError, number};
use crate::error::quoted;

/// What to do with two members of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duplicates {
    /// As `JSON.parse` and most readers do.
    LastWins,
    /// Two readers may pick different ones, so a token that has them is refused (RFC 7515 §4).
    Refused,
    /// As Go's `encoding/json` reads: whoever decodes judges duplicates, half a surrogate pair becomes U+FFFD, a
    /// number beyond every double [`f64::MAX`], and a byte order mark is no JSON.
    JudgedByDecoder,
}

/// Reads a JSON text.
///
/// Refused beyond the grammar: more than [`MAX_DEPTH`] levels, lone surrogates, numbers that no double holds.
///
/// # Errors
///
/// What was expected and found, at which byte.
pub(crate) fn parse_json(text: &str, duplicates: Duplicates) -> Result<Node, SyntaxError> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, duplicates };
    if text.starts_with('\u{feff}') && duplicates != Duplicates::JudgedByDecoder {
        reader.at = '\u{feff}'.len_utf8();
    }
    let node = reader.value(0)?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(node),
        Some(_) => Err(reader.unexpected("the end of the text")),
    }
}

/// Reads every JSON value of some parts of a text, up to the first error.
pub(super) fn parse_stream(
    text: &str,
    parts: &[std::ops::Range<usize>],
) -> (Vec<Node>, Option<SyntaxError>) {
    let mut documents = Vec::new();
    for part in parts {
        let Some(visible) = text.get(..part.end) else { continue };
        let bytes = visible.as_bytes();
        let duplicates = Duplicates::LastWins;
        let mut reader = Reader { text: visible, bytes, at: part.start, duplicates };
        if visible.get(part.start..).is_some_and(|rest| rest.starts_with('\u{feff}')) {
            reader.at += '\u{feff}'.len_utf8();
        }
        loop {
            reader.skip_space();
            match reader.peek() {
                None => break,
                Some(b'{' | b'[') => match reader.value(0) {
                    Ok(node) => documents.push(node),
                    Err(error) => return (documents, Some(error)),
                },
                Some(_) => return (documents, Some(reader.unexpected("the end of the text"))),
            }
        }
    }
    (documents, None)
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    duplicates: Duplicates,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn unexpected(&self, expected: &str) -> SyntaxError {
        let found = match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            None => "the end of the text".to_owned(),
            Some(character) => quoted(&character.to_string()),
        };
        SyntaxError::new(format!("expected {expected}, found {found}"), self.at)
    }

    fn value(&mut self, depth: usize) -> Result<Node, SyntaxError> {
        self.skip_space();
        let start = self.at;
        let data = match self.peek() {
            Some(b'{' | b'[') if depth >= MAX_DEPTH => {
                let message = format!("nested deeper than {MAX_DEPTH} levels");
                return Err(SyntaxError::new(message, start));
            }
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Data::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Data::Bool(true))?,
            Some(b'f') => self.word("false", Data::Bool(false))?,
            Some(b'n') => self.word("null", Data::Null)?,
            _ => return Err(self.unexpected("a value")),
        };
        Ok(Node { data, range: start..self.at })
    }

    fn word(&mut self, word: &str, data: Data) -> Result<Data, SyntaxError> {
        if !self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            return Err(self.unexpected("a value"));
        }
        self.at += word.len();
        Ok(data)
    }

    fn array(&mut self, depth: usize) -> Result<Data, SyntaxError> {
        self.at += 1;
        let mut elements = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Data::Array(elements));
        }
        loop {
            elements.push(self.value(depth + 1)?);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Data::Array(elements));
                }
                _ => return Err(self.unexpected("`,` or `]`")),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Data, SyntaxError> {
        self.at += 1;
        let mut members: Vec<Member> = Vec::new();
        let mut names = std::collections::HashSet::new();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Data::Object(members));
        }
        loop {
            self.skip_space();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("a member name in double quotes"));
            }
            let name = self.string()?;
            let name_range = start..self.at;
            if !names.insert(name.clone()) && self.duplicates == Duplicates::Refused {
                let message = format!("the member {} stands here twice", quoted(&name));
                return Err(SyntaxError::new(message, start));
            }
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("`:`"));
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            members.push(Member { name, name_range, value });
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Data::Object(members));
                }
                _ => return Err(self.unexpected("`,` or `}`")),
            }
        }
    }

    fn string(&mut self) -> Result<String, SyntaxError> {
        self.at += 1;
        let mut value = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), None | Some(b'"' | b'\\' | 0..=0x1f)) {
                self.at += 1;
            }
            value.push_str(self.text.get(start..self.at).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(value);
                }
                Some(b'\\') => value.push(self.escape()?),
                Some(_) => return Err(self.unexpected("no control character inside a string")),
                None => return Err(self.unexpected("the closing quote of a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, SyntaxError> {
        let start = self.at;
        self.at += 2;
        let character = match self.bytes.get(start + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(start),
            _ => {
                self.at = start + 1;
                return Err(self.unexpected("an escape such as `\\n`"));
            }
        };
        Ok(character)
    }

    fn unicode_escape(&mut self, start: usize) -> Result<char, SyntaxError> {
        let lenient = self.duplicates == Duplicates::JudgedByDecoder;
        let lone = || match lenient {
            true => Ok(char::REPLACEMENT_CHARACTER),
            false => Err(SyntaxError::new("a surrogate without its other half", start)),
        };
        let unit = self.hex4()?;
        let code = match unit {
            0xd800..=0xdbff => {
                if self.text.get(self.at..self.at + 2) != Some("\\u") {
                    return lone();
                }
                let after_first = self.at;
                self.at += 2;
                let low = self.hex4()?;
                if !(0xdc00..=0xdfff).contains(&low) {
                    self.at = after_first;
                    return lone();
                }
                0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
            }
            unit => unit,
        };
        char::from_u32(code).map_or_else(lone, Ok)
    }

    fn hex4(&mut self) -> Result<u32, SyntaxError> {
        let digits = self
            .text
            .get(self.at..self.at + 4)
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.unexpected("four hexadecimal digits"))?;
        self.at += 4;
        Ok(digits)
    }

    fn digits(&mut self) -> Result<(), SyntaxError> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.unexpected("a digit"));
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Data, SyntaxError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
            if matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(self.unexpected("no digit after a leading zero"));
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let value: Option<f64> = self.text.get(start..self.at).and_then(|text| text.parse().ok());
        let value = match self.duplicates {
            Duplicates::JudgedByDecoder => value.map(|value| value.clamp(f64::MIN, f64::MAX)),
            _ => value,
        };
        value
            .filter(|value| value.is_finite())
            .and_then(number)
            .map(Data::Number)
            .ok_or_else(|| SyntaxError::new("a number that no double holds", start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        let error = parse_json(text, Duplicates::Refused).unwrap_err();
        format!("{} @{}", error.message, error.at)
    }

    #[test]
    fn reads_what_json_parse_reads() {
        let table = [
            (
                r#"{"a":[1,2.5,-0.25,1e21,null,true,"\u00fc\ud83d\ude80\n"]}"#,
                r#"{"a":[1,2.5,-0.25,1e+21,null,true,"ü🚀\n"]}"#,
            ),
            ("9007199254740993", "9007199254740992"),
            ("-0", "-0.0"),
            (" [ ] ", "[]"),
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
        ];
        for (text, printed) in table {
            let node = parse_json(text, Duplicates::LastWins).unwrap();
            assert_eq!(node.to_json().to_string(), printed, "{text}");
        }
    }

    #[test]
    fn says_where_and_what() {
        let table = [
            (r#"{"a":1,}"#, "expected a member name in double quotes, found `}` @7"),
            (r#"{"a":1 "b":2}"#, "expected `,` or `}`, found `\"` @7"),
            ("[1,]", "expected a value, found `]` @3"),
            ("01", "expected no digit after a leading zero, found `1` @1"),
            ("1e400", "a number that no double holds @0"),
            (r#""\ud800""#, "a surrogate without its other half @1"),
            (r#"{"a":1,"a":2}"#, "the member `a` stands here twice @7"),
            ("", "expected a value, found the end of the text @0"),
            ("\"a\nb\"", "expected no control character inside a string, found `\\u{a}` @2"),
            ("tru", "expected a value, found `t` @0"),
            ("1 2", "expected the end of the text, found `2` @2"),
        ];
        for (text, message) in table {
            assert_eq!(error(text), message, "{text}");
        }
    }

    #[test]
    fn reads_what_go_reads() {
        let table = [
            (r#"{"a":1,"a":2}"#, Some(r#"{"a":2}"#)),
            (r#""\ud800\u0041\udc00""#, Some("\"\u{fffd}A\u{fffd}\"")),
            ("1e400", Some("1.7976931348623157e+308")),
            ("\u{feff}{}", None),
            ("{},", None),
        ];
        for (text, printed) in table {
            let read = parse_json(text, Duplicates::JudgedByDecoder);
            let read = read.ok().map(|node| node.to_json().to_string());
            assert_eq!(read.as_deref(), printed, "{text}");
        }
    }

    #[test]
    fn a_stream_holds_values_and_stops_at_the_first_error() {
        let table = [
            ("{\"a\":1}\n---\n{\"b\":2}\n", 2, None),
            ("{\"a\":1} {\"b\":2}[]", 3, None),
            ("{}\n---\n---\n", 1, None),
            ("{}\n---\n{,}\n", 1, Some(8)),
            ("{} x", 1, Some(3)),
        ];
        for (text, documents, error) in table {
            let (found, stopped) = super::super::parse_documents(text);
            assert_eq!((found.len(), stopped.map(|error| error.at)), (documents, error), "{text}");
        }
        let (mixed, error) = super::super::parse_documents("{\"a\": 1}\n---\nb: 2\n");
        assert_eq!((mixed.len(), error), (2, None));
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse_json(&nested(128), Duplicates::Refused).is_ok());
        assert_eq!(error(&nested(129)), "nested deeper than 128 levels @128");
    }
}
