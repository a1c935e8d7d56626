//! A pasted text and its lines: byte ranges become the spans that a reader sees.

use std::ops::Range;

use crate::trace::{InputName, Span};

/// A pasted text, and which input it is.
#[derive(Debug, Clone)]
pub(crate) struct Text<'a> {
    pub(crate) text: &'a str,
    pub(crate) input: InputName,
    pub(crate) index: Option<usize>,
}

impl<'a> Text<'a> {
    pub(crate) fn new(input: InputName, text: &'a str) -> Self {
        Self { text, input, index: None }
    }

    /// The same text, its spans labelled with an index (see [`Span::index`]).
    pub(crate) fn with_index(&self, index: usize) -> Self {
        Self { index: Some(index), ..self.clone() }
    }

    /// The span of some bytes.
    pub(crate) fn span(&self, bytes: &Range<usize>, pointer: Option<&str>) -> Span {
        let start = self.boundary(bytes.start);
        let end = self.boundary(bytes.end).max(start);
        let before = self.text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let utf16_before = utf16_len(before);
        Span {
            input: self.input,
            index: self.index,
            start: utf16_before,
            end: utf16_before + utf16_len(self.text.get(start..end).unwrap_or_default()),
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: utf16_len(before.get(line_start..).unwrap_or_default()) + 1,
            pointer: pointer.map(str::to_owned),
        }
    }

    /// The span of one place: the character there, or the end of the text.
    pub(crate) fn point(&self, at: usize) -> Span {
        let start = self.boundary(at);
        let width = self
            .text
            .get(start..)
            .and_then(|rest| rest.chars().next())
            .filter(|character| *character != '\n')
            .map_or(0, char::len_utf8);
        self.span(&(start..start + width), None)
    }

    /// The nearest character boundary at or before a byte offset.
    fn boundary(&self, at: usize) -> usize {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

pub(crate) fn utf16_len(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_count_utf_16_units() {
        let text = Text::new(InputName::Manifests, "a: ü\nb: 🚀x\n");
        let at = text.text.find('x').unwrap();
        let span = text.span(&(at..at + 1), None);
        assert_eq!((span.start, span.end, span.line, span.column), (10, 11, 2, 6));
    }

    #[test]
    fn a_place_past_the_end_is_the_end() {
        let span = Text::new(InputName::Token, "ab").point(9);
        assert_eq!((span.start, span.end), (2, 2));
    }
}
