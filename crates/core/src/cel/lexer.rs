//! Text to tokens, by the grammar of cel-go (`parser/gen/CEL.g4`).

use super::ast::Literal;
use super::problem::Problem;

/// A token, and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) at: usize,
    pub(super) kind: TokenKind,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    End,
    /// Between backquotes: no dialect takes it.
    Escaped(String),
    Ident(String),
    Literal(Literal),
    /// An integer without its sign: `-9223372036854775808` is one only with it.
    Number(Number),
    Symbol(&'static str),
}

/// The digits of an integer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) digits: String,
    pub(super) radix: u32,
}

/// The longest come first.
const SYMBOLS: [&str; 24] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "[", "]", "{", "}", "(", ")", ".", ",", "-", "!",
    "?", ":", "+", "*", "/", "%",
];

/// All tokens of a text; the last is the end.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Problem> {
    let characters: Vec<char> = text.chars().collect();
    let mut lexer = Lexer { characters: &characters, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blank();
        let at = lexer.at;
        let kind = lexer.token()?;
        let end = kind == TokenKind::End;
        tokens.push(Token { at, kind });
        if end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    characters: &'a [char],
    at: usize,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.at + ahead).copied()
    }

    fn starts_with(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(ahead, c)| self.peek(ahead) == Some(c))
    }

    fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::syntax(self.at, message)
    }

    fn skip_blank(&mut self) {
        loop {
            match self.peek(0) {
                Some('\t' | ' ' | '\r' | '\n' | '\u{c}') => self.at += 1,
                Some('/') if self.peek(1) == Some('/') => {
                    while self.peek(0).is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn token(&mut self) -> Result<TokenKind, Problem> {
        let Some(first) = self.peek(0) else { return Ok(TokenKind::End) };
        let starts_fraction = first == '.' && self.peek(1).is_some_and(|c| c.is_ascii_digit());
        if first.is_ascii_digit() || starts_fraction {
            return self.number();
        }
        if let Some((prefix, bytes, raw)) = self.string_prefix() {
            self.at += prefix;
            return self.string(bytes, raw);
        }
        if first.is_ascii_alphabetic() || first == '_' {
            let name = self.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
            return Ok(match name.as_str() {
                "true" => TokenKind::Literal(Literal::Bool(true)),
                "false" => TokenKind::Literal(Literal::Bool(false)),
                "null" => TokenKind::Literal(Literal::Null),
                "in" => TokenKind::Symbol("in"),
                _ => TokenKind::Ident(name),
            });
        }
        if first == '`' {
            self.at += 1;
            let name = self.take_while(|c| c.is_ascii_alphanumeric() || "_.-/ ".contains(c));
            if name.is_empty() || self.peek(0) != Some('`') {
                return Err(self.problem("Syntax error: token recognition error at: '`'"));
            }
            self.at += 1;
            return Ok(TokenKind::Escaped(name));
        }
        for symbol in SYMBOLS {
            if self.starts_with(symbol) {
                self.at += symbol.len();
                return Ok(TokenKind::Symbol(symbol));
            }
        }
        Err(self.problem(format!("Syntax error: token recognition error at: '{first}'")))
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(c) = self.peek(0).filter(|c| wanted(*c)) {
            taken.push(c);
            self.at += 1;
        }
        taken
    }

    fn number(&mut self) -> Result<TokenKind, Problem> {
        if self.peek(0) == Some('0')
            && self.peek(1) == Some('x')
            && self.peek(2).is_some_and(|c| c.is_ascii_hexdigit())
        {
            self.at += 2;
            let digits = self.take_while(|c| c.is_ascii_hexdigit());
            return self.integer(Number { digits, radix: 16 });
        }
        let mut digits = self.take_while(|c| c.is_ascii_digit());
        let mut double = false;
        if self.peek(0) == Some('.') && self.peek(1).is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
            digits = format!("{digits}.{}", self.take_while(|c| c.is_ascii_digit()));
            double = true;
        }
        if let Some(length) = self.exponent() {
            let exponent: String = self.characters.iter().skip(self.at).take(length).collect();
            digits.push_str(&exponent);
            self.at += length;
            double = true;
        }
        if !double {
            return self.integer(Number { digits, radix: 10 });
        }
        match digits.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(TokenKind::Literal(Literal::Double(value))),
            _ => Err(self.problem("invalid double literal")),
        }
    }

    /// How many characters an exponent takes, if one stands here.
    fn exponent(&self) -> Option<usize> {
        self.peek(0).filter(|c| matches!(c, 'e' | 'E'))?;
        let sign = usize::from(matches!(self.peek(1), Some('+' | '-')));
        let digits = self
            .characters
            .iter()
            .skip(self.at + 1 + sign)
            .take_while(|c| c.is_ascii_digit())
            .count();
        (digits > 0).then_some(1 + sign + digits)
    }

    fn integer(&mut self, number: Number) -> Result<TokenKind, Problem> {
        if matches!(self.peek(0), Some('u' | 'U')) {
            self.at += 1;
            return u64::from_str_radix(&number.digits, number.radix)
                .map(|value| TokenKind::Literal(Literal::Uint(value)))
                .map_err(|_| self.problem("invalid uint literal"));
        }
        Ok(TokenKind::Number(number))
    }

    /// The length of `b`, `r` before a quotation mark, and what they mean.
    fn string_prefix(&self) -> Option<(usize, bool, bool)> {
        let quote = |ahead: usize| matches!(self.peek(ahead), Some('"' | '\''));
        let bytes = matches!(self.peek(0), Some('b' | 'B'));
        let raw = matches!(self.peek(usize::from(bytes)), Some('r' | 'R'));
        let prefix = usize::from(bytes) + usize::from(raw);
        quote(prefix).then_some((prefix, bytes, raw))
    }

    fn string(&mut self, bytes: bool, raw: bool) -> Result<TokenKind, Problem> {
        let Some(quote) = self.peek(0) else { return Ok(TokenKind::End) };
        let marks = if self.starts_with(&quote.to_string().repeat(3)) { 3 } else { 1 };
        let closing = quote.to_string().repeat(marks);
        self.at += marks;
        let mut content = Content { text: String::new(), bytes: Vec::new(), is_bytes: bytes };
        loop {
            if self.starts_with(&closing) {
                self.at += marks;
                return Ok(TokenKind::Literal(content.finish()));
            }
            let Some(c) = self.peek(0) else {
                return Err(
                    self.problem("Syntax error: token recognition error: a text has no end")
                );
            };
            match c {
                '\n' | '\r' if marks == 1 => {
                    return Err(
                        self.problem("Syntax error: token recognition error: a text has no end")
                    );
                }
                '\\' if !raw => {
                    self.at += 1;
                    self.escape(&mut content)?;
                }
                _ => {
                    content.push(c);
                    self.at += 1;
                }
            }
        }
    }

    fn escape(&mut self, content: &mut Content) -> Result<(), Problem> {
        const SIMPLE: [(char, char); 12] = [
            ('a', '\u{7}'),
            ('b', '\u{8}'),
            ('f', '\u{c}'),
            ('n', '\n'),
            ('r', '\r'),
            ('t', '\t'),
            ('v', '\u{b}'),
            ('"', '"'),
            ('\'', '\''),
            ('\\', '\\'),
            ('?', '?'),
            ('`', '`'),
        ];
        let kind = self.peek(0).unwrap_or(' ');
        if let Some((_, meant)) = SIMPLE.iter().find(|(letter, _)| *letter == kind) {
            self.at += 1;
            content.push(*meant);
            return Ok(());
        }
        let (skip, count, radix) = match kind {
            'x' | 'X' => (1, 2, 16),
            'u' => (1, 4, 16),
            'U' => (1, 8, 16),
            '0'..='3' => (0, 3, 8),
            _ => return Err(self.problem("Syntax error: token recognition error: bad escape")),
        };
        let digits: String = self.characters.iter().skip(self.at + skip).take(count).collect();
        let value =
            u32::from_str_radix(&digits, radix).ok().filter(|_| digits.chars().count() == count);
        let unicode = matches!(kind, 'u' | 'U');
        match value {
            Some(value) if content.push_code(value, unicode) => {
                self.at += skip + count;
                Ok(())
            }
            _ => Err(self.problem("invalid escape in a literal")),
        }
    }
}

/// A text or a string of bytes in the making.
struct Content {
    text: String,
    bytes: Vec<u8>,
    is_bytes: bool,
}

impl Content {
    fn push(&mut self, c: char) {
        if self.is_bytes {
            self.bytes.extend(c.to_string().as_bytes());
        } else {
            self.text.push(c);
        }
    }

    /// In bytes, `\x` and octal escapes are bytes, and `\u` has no place.
    fn push_code(&mut self, code: u32, unicode: bool) -> bool {
        if self.is_bytes {
            match u8::try_from(code) {
                Ok(byte) if !unicode => self.bytes.push(byte),
                _ => return false,
            }
            return true;
        }
        char::from_u32(code).map(|c| self.text.push(c)).is_some()
    }

    fn finish(self) -> Literal {
        if self.is_bytes { Literal::Bytes(self.bytes) } else { Literal::String(self.text) }
    }
}
