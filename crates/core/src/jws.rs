//! The JWS compact serialization (RFC 7515 §3.1, §7.1), read to the letter.
//!
//! As much as possible is decoded: a token with a broken signature part still shows its claims, one with two
//! parts its header. Everything wrong is listed with its place; a token counts only if nothing is.

use std::ops::Range;

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::{DecodeError, Engine as _};
use serde_json::{Map, Value};

use crate::claims::Claims;
use crate::document::{Duplicates, parse_json};
use crate::error::{ErrorCode, PodpassError};

/// Longest token that is read, in bytes. API servers limit a header to less, and STS to 20 000 characters.
pub(crate) const MAX_TOKEN: usize = 64 * 1024;

/// A compact JWS, decoded as far as it goes.
#[derive(Debug, Clone)]
pub(crate) struct Jws {
    pub(crate) compact: String,
    pub(crate) parts: Vec<Range<usize>>,
    pub(crate) header: Option<Map<String, Value>>,
    pub(crate) claims: Option<Map<String, Value>>,
    pub(crate) signature: Option<Vec<u8>>,
    pub(crate) problems: Vec<FormatProblem>,
}

/// Why a text is no token that podpass takes.
#[derive(Debug, Clone)]
pub(crate) struct FormatProblem {
    pub(crate) part: Part,
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
    /// Bytes of the compact text.
    pub(crate) range: Range<usize>,
}

/// Where a [`FormatProblem`] lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Token,
    Header,
    Payload,
    Signature,
}

impl Part {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Header => "header",
            Self::Payload => "payload",
            Self::Signature => "signature",
        }
    }
}

impl Jws {
    /// Reads a token; white space and quotes are not forgiven here.
    pub(crate) fn parse(compact: &str) -> Self {
        let mut jws = Self {
            compact: compact.to_owned(),
            parts: Vec::new(),
            header: None,
            claims: None,
            signature: None,
            problems: Vec::new(),
        };
        if compact.len() > MAX_TOKEN {
            let message =
                format!("the token has {} bytes, at most {MAX_TOKEN} are read", compact.len());
            jws.problem(Part::Token, ErrorCode::JwsInvalid, message, 0..compact.len());
            return jws;
        }
        jws.parts = split(compact);
        jws.count_parts();
        jws.read_header();
        if jws.parts.len() == 3 {
            jws.read_payload();
            jws.read_signature();
        } else if jws.parts.len() == 2 {
            jws.read_payload();
        }
        jws
    }

    /// Nothing is wrong with its form.
    pub(crate) fn is_well_formed(&self) -> bool {
        self.problems.is_empty()
    }

    /// What the signature is made over: header and payload as they stand.
    pub(crate) fn signing_input(&self) -> &[u8] {
        let end = self.parts.get(1).map_or(0, |payload| payload.end);
        self.compact.get(..end).unwrap_or_default().as_bytes()
    }

    pub(crate) fn claims(&self) -> Option<Claims<'_>> {
        self.claims.as_ref().map(Claims)
    }

    pub(crate) fn alg(&self) -> Option<&str> {
        self.header.as_ref()?.get("alg")?.as_str()
    }

    /// An empty `kid` counts as none (K50).
    pub(crate) fn kid(&self) -> Option<&str> {
        self.header.as_ref()?.get("kid")?.as_str().filter(|kid| !kid.is_empty())
    }

    fn problem(
        &mut self,
        part: Part,
        code: ErrorCode,
        message: impl Into<String>,
        range: Range<usize>,
    ) {
        self.problems.push(FormatProblem { part, code, message: message.into(), range });
    }

    fn count_parts(&mut self) {
        let whole = 0..self.compact.len();
        match self.parts.len() {
            3 => {}
            5 => self.problem(
                Part::Token,
                ErrorCode::NotSupported,
                "the token is encrypted (JWE, five parts); ServiceAccount tokens are signed, never encrypted",
                whole,
            ),
            _ if self.compact.is_empty() => {
                self.problem(Part::Token, ErrorCode::JwsInvalid, "the text is empty", whole);
            }
            1 => self.problem(
                Part::Token,
                ErrorCode::JwsInvalid,
                "expected three parts separated by dots, found no dot",
                whole,
            ),
            2 => self.problem(
                Part::Token,
                ErrorCode::JwsInvalid,
                "expected three parts separated by dots, found two: the signature is missing",
                whole,
            ),
            count => {
                let message = format!("expected three parts separated by dots, found {count}");
                self.problem(Part::Token, ErrorCode::JwsInvalid, message, whole);
            }
        }
    }

    fn read_header(&mut self) {
        let Some(range) = self.parts.first().cloned() else { return };
        // One part without a dot is some text, not a header; its own problem is already listed.
        if self.parts.len() == 1 {
            return;
        }
        self.header = self.read_object(Part::Header, ErrorCode::JwsInvalid, &range);
        let problem = self.header.as_ref().and_then(header_problem);
        if let Some((code, message)) = problem {
            self.problem(Part::Header, code, message, range);
        }
    }

    fn read_payload(&mut self) {
        let Some(range) = self.parts.get(1).cloned() else { return };
        self.claims = self.read_object(Part::Payload, ErrorCode::JwtInvalid, &range);
    }

    fn read_signature(&mut self) {
        let Some(range) = self.parts.get(2).cloned() else { return };
        self.signature = self.read_base64(Part::Signature, ErrorCode::JwsInvalid, &range);
    }

    fn read_base64(
        &mut self,
        part: Part,
        code: ErrorCode,
        range: &Range<usize>,
    ) -> Option<Vec<u8>> {
        let text = self.compact.get(range.clone()).unwrap_or_default();
        match URL_SAFE_NO_PAD.decode(text) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                let (message, place) = base64_problem(part, text, &error, range);
                self.problem(part, code, message, place);
                None
            }
        }
    }

    fn read_object(
        &mut self,
        part: Part,
        code: ErrorCode,
        range: &Range<usize>,
    ) -> Option<Map<String, Value>> {
        let bytes = self.read_base64(part, code, range)?;
        let name = part.name();
        let Ok(text) = String::from_utf8(bytes) else {
            self.problem(part, code, format!("the {name} is not UTF-8"), range.clone());
            return None;
        };
        match parse_json(&text, Duplicates::Refused).map(|node| node.to_json()) {
            Ok(Value::Object(object)) => Some(object),
            Ok(_) => {
                self.problem(
                    part,
                    code,
                    format!("the {name} is JSON, but not an object"),
                    range.clone(),
                );
                None
            }
            Err(error) => {
                // Four characters of base64 are three bytes of text.
                let at = (range.start + error.at / 3 * 4).min(range.end);
                let message =
                    format!("the {name} is not valid JSON: {} (byte {})", error.message, error.at);
                self.problem(part, code, message, at..range.end);
                None
            }
        }
    }
}

fn split(compact: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    compact
        .split('.')
        .map(|part| {
            let range = start..start + part.len();
            start = range.end + 1;
            range
        })
        .collect()
}

/// RFC 7515 §4.1: `kid` is a string; §4.1.11: a `crit` that is not understood must be refused.
fn header_problem(header: &Map<String, Value>) -> Option<(ErrorCode, String)> {
    if header.get("kid").is_some_and(|kid| !kid.is_string()) {
        return Some((ErrorCode::JwsInvalid, "the header's `kid` is not a string".into()));
    }
    header.get("crit").map(|crit| {
        (
            ErrorCode::NotSupported,
            format!("the header demands extensions (`crit`: {crit}) that podpass does not know"),
        )
    })
}

fn base64_problem(
    part: Part,
    text: &str,
    error: &DecodeError,
    range: &Range<usize>,
) -> (String, Range<usize>) {
    let name = part.name();
    match *error {
        DecodeError::InvalidByte(at, _) | DecodeError::InvalidLastSymbol(at, _)
            if text.get(at..).is_some() =>
        {
            let found = text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or_default();
            let message = match (error, found) {
                (DecodeError::InvalidLastSymbol(..), _) => {
                    format!(
                        "the {name}'s last character `{found}` carries stray bits: part of it is missing or was changed"
                    )
                }
                (_, '=') => format!("the {name} has base64 padding (`=`), which tokens never have"),
                (_, '+' | '/') => {
                    format!(
                        "the {name} has `{found}` of the standard base64 alphabet; tokens use base64url"
                    )
                }
                _ => format!(
                    "the {name} has `{}`, which is no base64url character",
                    found.escape_debug()
                ),
            };
            let start = range.start + at;
            (message, start..start + found.len_utf8())
        }
        DecodeError::InvalidPadding => {
            (format!("the {name} has base64 padding (`=`), which tokens never have"), range.clone())
        }
        _ => (
            format!(
                "the {name} has {} characters, which base64url never has: it is cut off",
                text.len()
            ),
            range.clone(),
        ),
    }
}

impl FormatProblem {
    /// As the error that verification throws.
    pub(crate) fn error(&self) -> PodpassError {
        PodpassError::new(self.code, self.message.clone())
            .with("part", self.part.name())
            .with("offset", self.range.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, payload: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn says_what_is_wrong() {
        let table: [(String, &str); 15] = [
            (String::new(), "the text is empty"),
            ("abc".into(), "expected three parts separated by dots, found no dot"),
            (
                "e30.e30".into(),
                "expected three parts separated by dots, found two: the signature is missing",
            ),
            ("e30.e30.c2ln.".into(), "expected three parts separated by dots, found 4"),
            (
                "e30.e30.c.i.g".into(),
                "the token is encrypted (JWE, five parts); ServiceAccount tokens are signed, never encrypted",
            ),
            (
                "e30.e30.c2ln=".into(),
                "the signature has base64 padding (`=`), which tokens never have",
            ),
            (
                "e30.e30.ab+/".into(),
                "the signature has `+` of the standard base64 alphabet; tokens use base64url",
            ),
            (
                "e30.e30.c2l".into(),
                "the signature's last character `l` carries stray bits: part of it is missing or was changed",
            ),
            (
                "e30.e30.c2lna".into(),
                "the signature has 5 characters, which base64url never has: it is cut off",
            ),
            ("e30.e 0.c2ln".into(), "the payload has ` `, which is no base64url character"),
            (token("[]", "{}"), "the header is JSON, but not an object"),
            (
                token("{}", r#"{"a":1,"a":2}"#),
                "the payload is not valid JSON: the member `a` stands here twice (byte 7)",
            ),
            (token(r#"{"kid":1}"#, "{}"), "the header's `kid` is not a string"),
            (
                token(r#"{"crit":["b64"]}"#, "{}"),
                "the header demands extensions (`crit`: [\"b64\"]) that podpass does not know",
            ),
            ("a".repeat(MAX_TOKEN + 1), "the token has 65537 bytes, at most 65536 are read"),
        ];
        for (compact, message) in table {
            let jws = Jws::parse(&compact);
            assert_eq!(jws.problems[0].message, message, "{compact:.40}");
        }
    }

    #[test]
    fn reads_as_much_as_possible() {
        let jws = Jws::parse(&format!("{}!", token(r#"{"alg":"none"}"#, r#"{"sub":"x"}"#)));
        assert!(!jws.is_well_formed());
        assert_eq!(jws.alg(), Some("none"));
        assert_eq!(jws.claims().unwrap().text("sub"), Some("x"));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in ".{0,200}") {
            let _ = Jws::parse(&text);
        }
    }
}
