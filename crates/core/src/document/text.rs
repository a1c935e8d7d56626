//! A pasted text and its lines: byte ranges become the spans that a reader sees.

use std::ops::Range;
use std::sync::Arc;

use crate::trace::{InputName, Span};

/// A pasted text, and which input it is.
#[derive(Debug, Clone)]
pub(crate) struct Text<'a> {
    pub(crate) text: &'a str,
    pub(crate) input: InputName,
    pub(crate) index: Option<usize>,
    marks: Arc<[Mark]>,
}

/// What lies before a byte; one every [`STRIDE`] bytes, so that the thousandth span costs no more than the first.
#[derive(Debug, Clone, Copy, Default)]
struct Mark {
    byte: usize,
    /// UTF-16 units before.
    utf16: usize,
    /// Line breaks before.
    lines: usize,
    /// UTF-16 units before the line that this byte is on.
    line_start: usize,
}

/// Bytes between marks.
const STRIDE: usize = 128;

impl Mark {
    /// The mark after `text`, which starts at this one.
    fn after(self, text: &str) -> Self {
        let mut mark = self;
        for character in text.chars() {
            mark.byte += character.len_utf8();
            mark.utf16 += character.len_utf16();
            if character == '\n' {
                mark.lines += 1;
                mark.line_start = mark.utf16;
            }
        }
        mark
    }
}

fn marks(text: &str) -> Arc<[Mark]> {
    let mut marks = vec![Mark::default()];
    let mut mark = Mark::default();
    while mark.byte + STRIDE < text.len() {
        let end = boundary(text, mark.byte + STRIDE);
        mark = mark.after(text.get(mark.byte..end).unwrap_or_default());
        marks.push(mark);
    }
    marks.into()
}

/// The nearest character boundary at or before a byte offset.
fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl<'a> Text<'a> {
    pub(crate) fn new(input: InputName, text: &'a str) -> Self {
        Self { text, input, index: None, marks: marks(text) }
    }

    /// What lies before a byte.
    fn mark(&self, byte: usize) -> Mark {
        let next = self.marks.partition_point(|mark| mark.byte <= byte);
        let mark = self.marks.get(next.saturating_sub(1)).copied().unwrap_or_default();
        mark.after(self.text.get(mark.byte..byte).unwrap_or_default())
    }

    /// The same text, its spans labelled with an index (see [`Span::index`]).
    pub(crate) fn with_index(&self, index: usize) -> Self {
        Self { index: Some(index), ..self.clone() }
    }

    /// The span of some bytes.
    pub(crate) fn span(&self, bytes: &Range<usize>, pointer: Option<&str>) -> Span {
        let start = boundary(self.text, bytes.start);
        let end = boundary(self.text, bytes.end).max(start);
        let (from, to) = (self.mark(start), self.mark(end));
        Span {
            input: self.input,
            index: self.index,
            start: from.utf16,
            end: to.utf16,
            line: from.lines + 1,
            column: from.utf16 - from.line_start + 1,
            pointer: pointer.map(str::to_owned),
        }
    }

    /// The span of one place: the character there, or the end of the text.
    pub(crate) fn point(&self, at: usize) -> Span {
        let start = boundary(self.text, at);
        let width = self
            .text
            .get(start..)
            .and_then(|rest| rest.chars().next())
            .filter(|character| *character != '\n')
            .map_or(0, char::len_utf8);
        self.span(&(start..start + width), None)
    }
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
    fn marks_change_nothing() {
        let text = "ä🚀\n".repeat(3 * STRIDE);
        let at = text.len() - 1;
        let span = Text::new(InputName::Manifests, &text).span(&(at..at + 1), None);
        assert_eq!((span.line, span.column), (3 * STRIDE, 4));
        assert_eq!((span.start, span.end), (12 * STRIDE - 1, 12 * STRIDE));
    }

    #[test]
    fn a_place_past_the_end_is_the_end() {
        let span = Text::new(InputName::Token, "ab").point(9);
        assert_eq!((span.start, span.end), (2, 2));
    }
}
