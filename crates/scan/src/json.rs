//! JSON without escapes, fractions, deep nesting or duplicate members: slices of the text, nothing copied.

/// Most members of an object, most elements of an array: duplicates are sought by comparing each with each.
const MOST: usize = 24;
/// Deepest nesting.
const DEEPEST: usize = 6;
/// Most digits of a number: any such number is a double.
const DIGITS: usize = 15;

/// A JSON value, as written.
#[derive(Debug, PartialEq)]
pub enum Lean<'a> {
    /// Its elements.
    Array(Vec<Lean<'a>>),
    /// A whole number, not negative.
    Number(&'a str),
    /// Its members, none of them twice.
    Object(Members<'a>),
    /// What stands between the quotes: it has no escapes.
    Text(&'a str),
    /// `true`, `false`, `null`.
    Word,
}

impl<'a> Lean<'a> {
    /// A text.
    pub fn text(&self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The members of an object, in their order.
pub type Members<'a> = Vec<(&'a str, Lean<'a>)>;

/// A member by its name.
pub fn member<'s, 'a>(members: &'s [(&'a str, Lean<'a>)], name: &str) -> Option<&'s Lean<'a>> {
    members.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// A member that is a text. `Some(None)`: absent; `None`: of another type.
pub fn text<'a>(members: &[(&'a str, Lean<'a>)], name: &str) -> Option<Option<&'a str>> {
    member(members, name).map_or(Some(None), |value| value.text().map(Some))
}

/// Likewise a whole number, as written.
pub fn date<'a>(members: &[(&'a str, Lean<'a>)], name: &str) -> Option<Option<&'a str>> {
    match member(members, name) {
        None => Some(None),
        Some(Lean::Number(digits)) => Some(Some(digits)),
        Some(_) => None,
    }
}

/// Reads a text that is one value without white space around it.
///
/// ```
/// use podpass_scan::{Lean, scan};
///
/// assert_eq!(scan(r#"{"a":1}"#), Some(Lean::Object(vec![("a", Lean::Number("1"))])));
/// assert_eq!(scan(r#"{"a":1,"a":2}"#), None);
/// ```
pub fn scan(text: &str) -> Option<Lean<'_>> {
    let mut scanner = Scanner { text, bytes: text.as_bytes(), at: 0 };
    let value = scanner.value(0)?;
    (scanner.at == text.len()).then_some(value)
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, wanted: u8) -> Option<()> {
        (self.peek()? == wanted).then(|| self.at += 1)
    }

    fn value(&mut self, depth: usize) -> Option<Lean<'a>> {
        match self.peek()? {
            b'"' => self.string().map(Lean::Text),
            b'{' if depth < DEEPEST => self.object(depth),
            b'[' if depth < DEEPEST => self.array(depth),
            b'0'..=b'9' => self.number().map(Lean::Number),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => None,
        }
    }

    fn word(&mut self, word: &str) -> Option<Lean<'a>> {
        let found = self.text.get(self.at..self.at + word.len())?;
        self.at += word.len();
        (found == word).then_some(Lean::Word)
    }

    fn string(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let start = self.at;
        let rest = self.bytes.get(start..)?;
        let length = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))?;
        self.at += length;
        self.take(b'"')?;
        self.text.get(start..start + length)
    }

    fn number(&mut self) -> Option<&'a str> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        let digits = self.text.get(start..self.at)?;
        let odd = digits.len() > DIGITS || (digits.len() > 1 && digits.starts_with('0'));
        (!odd && !matches!(self.peek(), Some(b'.' | b'e' | b'E'))).then_some(digits)
    }

    /// What follows an element or member: `Some(true)` if another one does.
    fn more(&mut self, end: u8) -> Option<bool> {
        let next = self.peek()?;
        self.at += 1;
        match next {
            b',' => Some(true),
            next if next == end => Some(false),
            _ => None,
        }
    }

    fn array(&mut self, depth: usize) -> Option<Lean<'a>> {
        self.take(b'[')?;
        let mut elements = Vec::new();
        if self.take(b']').is_some() {
            return Some(Lean::Array(elements));
        }
        loop {
            elements.push(self.value(depth + 1)?);
            if elements.len() > MOST {
                return None;
            }
            if !self.more(b']')? {
                return Some(Lean::Array(elements));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Option<Lean<'a>> {
        self.take(b'{')?;
        let mut members: Members<'a> = Vec::with_capacity(12);
        if self.take(b'}').is_some() {
            return Some(Lean::Object(members));
        }
        loop {
            let name = self.string()?;
            if members.len() >= MOST || members.iter().any(|(known, _)| *known == name) {
                return None;
            }
            self.take(b':')?;
            members.push((name, self.value(depth + 1)?));
            if !self.more(b'}')? {
                return Some(Lean::Object(members));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_plain_json_and_leaves_the_rest() {
        let plain = [r#"{"a":[1,"x",{}],"b":true}"#, r#""é""#, "0", "[]", "null"];
        let rest = [
            r#"{"a":1,"a":2}"#,
            r#""\n""#,
            "01",
            "1.5",
            "1e3",
            "-1",
            " {}",
            "{} ",
            "tru",
            "[1,]",
            "{,}",
            "1234567890123456",
            "[[[[[[[]]]]]]]",
            "\"\n\"",
            "\"",
            "",
        ];
        assert!(plain.iter().all(|text| scan(text).is_some()));
        for text in rest {
            assert_eq!(scan(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_it_reads_is_strict_json(text in r#"[{}\[\]",:0-9a-c \\.\-tn]{0,24}"#) {
            if scan(&text).is_some() {
                assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
            }
        }
    }
}
