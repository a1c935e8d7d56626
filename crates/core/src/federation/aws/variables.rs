//! Policy variables: `${aws:RequestTag/team}`, `${key, 'default'}`, `${*}` (A90-A95).
//!
//! Source: IAM User Guide, "IAM policy elements: Variables and tags" (read 2026-11).

use super::compare::{Glyph, glyphs};
use super::context::{Context, Lookup};

/// A stretch of a policy's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// The policy's own text.
    Text(&'a str),
    /// `${*}`, `${?}`, `${$}`: the character itself (A94).
    Literal(char),
    /// `${key}` or `${key, 'default'}` (A92).
    Variable { key: &'a str, default: Option<&'a str> },
}

/// A value of the policy, cut into pieces. What is no variable of the grammar stands for itself.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((inside, next)) = after.split_once('}') else { break };
        if !before.is_empty() {
            found.push(Piece::Text(before));
        }
        found.push(piece(inside));
        rest = next;
    }
    if !rest.is_empty() {
        found.push(Piece::Text(rest));
    }
    found
}

fn piece(inside: &str) -> Piece<'_> {
    match inside {
        "*" => Piece::Literal('*'),
        "?" => Piece::Literal('?'),
        "$" => Piece::Literal('$'),
        _ => match inside.split_once(", '") {
            Some((key, quoted)) if quoted.ends_with('\'') => {
                Piece::Variable { key, default: quoted.strip_suffix('\'') }
            }
            _ => Piece::Variable { key: inside, default: None },
        },
    }
}

/// A value with its variables put in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Expanded<'a> {
    Glyphs(Vec<Glyph>),
    /// A93: this key has no value and the variable no default: equal to nothing.
    NoValue(&'a str),
    /// The key's value is not given.
    Unknown(&'static str),
}

/// Puts in what the request has (A92-A94).
pub(super) fn expand<'a>(text: &'a str, context: &Context<'_>) -> Expanded<'a> {
    let mut expanded = Vec::with_capacity(text.len());
    let mut no_value = None;
    let mut unknown = None;
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => expanded.extend(glyphs(text)),
            Piece::Literal(character) => put(&mut expanded, character.encode_utf8(&mut [0; 4])),
            Piece::Variable { key, default } => match (context.lookup(key), default) {
                (Lookup::One(value), _) => put(&mut expanded, &value),
                (Lookup::Unknown { reason, .. }, _) => unknown = Some(reason),
                (Lookup::Absent, Some(default)) => put(&mut expanded, default),
                // A92: a multivalued key cannot be a variable.
                (Lookup::Absent | Lookup::Many(_), _) => no_value = no_value.or(Some(key)),
            },
        }
    }
    match (no_value, unknown) {
        (Some(key), _) => Expanded::NoValue(key),
        (None, Some(reason)) => Expanded::Unknown(reason),
        (None, None) => Expanded::Glyphs(expanded),
    }
}

fn put(expanded: &mut Vec<Glyph>, value: &str) {
    expanded.extend(value.bytes().map(Glyph::Put));
}

/// What the grammar says against a value's variables (A95).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// `${` without its end.
    NoBrace,
    /// `${}`.
    Empty,
    /// A default that is not in single quotes.
    NoQuote,
    /// A space in the key.
    Space,
}

/// The first flaw of a value.
pub(super) fn flaw(text: &str) -> Option<Flaw> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("${") {
        let Some((inside, next)) = after.split_once('}') else { return Some(Flaw::NoBrace) };
        let (key, default) = match inside.split_once(',') {
            Some((key, default)) => (key, Some(default.trim())),
            None => (inside, None),
        };
        match () {
            () if inside.contains("${") => return Some(Flaw::NoBrace),
            () if inside.trim().is_empty() => return Some(Flaw::Empty),
            () if key.contains(' ') => return Some(Flaw::Space),
            () if default.is_some_and(|text| !is_quoted(text)) => return Some(Flaw::NoQuote),
            () => rest = next,
        }
    }
    None
}

fn is_quoted(text: &str) -> bool {
    text.len() >= 2 && text.starts_with('\'') && text.ends_with('\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cut_into_pieces() {
        use Piece::{Literal, Text, Variable};
        let variable = |key, default| Variable { key, default };
        let table: [(&str, Vec<Piece<'_>>); 9] = [
            ("plain", vec![Text("plain")]),
            ("", vec![]),
            (
                "a${*}b${?}${$}",
                vec![Text("a"), Literal('*'), Text("b"), Literal('?'), Literal('$')],
            ),
            ("${aws:userid}", vec![variable("aws:userid", None)]),
            ("${a:b, 'c d'}!", vec![variable("a:b", Some("c d")), Text("!")]),
            ("${a:b, ''}", vec![variable("a:b", Some(""))]),
            ("${a:b, c}", vec![variable("a:b, c", None)]),
            ("a${open", vec![Text("a${open")]),
            ("$a}", vec![Text("$a}")]),
        ];
        for (text, expected) in table {
            assert_eq!(pieces(text), expected, "{text}");
        }
    }

    #[test]
    fn flaws() {
        let table = [
            ("plain", None),
            ("${aws:userid}/${*}", None),
            ("${aws:userid, 'nobody at all'}", None),
            ("${aws:userid", Some(Flaw::NoBrace)),
            ("${aws:userid/${*}", Some(Flaw::NoBrace)),
            ("x${}", Some(Flaw::Empty)),
            ("${aws:userid, nobody}", Some(Flaw::NoQuote)),
            ("${aws:userid, 'nobody}", Some(Flaw::NoQuote)),
            ("${aws: userid}", Some(Flaw::Space)),
        ];
        for (text, expected) in table {
            assert_eq!(flaw(text), expected, "{text}");
        }
    }
}
