//! Edits of a trust document: what fixes are made of, and how they are tried and shown.

use std::ops::Range;

use super::FederationOutcome;
use crate::document::Text;
use crate::trace::{Status, TextEdit};

/// A replacement of some bytes.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) bytes: Range<usize>,
    pub(super) text: String,
}

impl Edit {
    /// A further element after the last one: in brackets behind a comma, in a list of lines on a line of its own.
    pub(super) fn after(text: &str, last: &Range<usize>, element: &str) -> Self {
        let before = text.get(..last.start).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let at = text.get(..last.end).map_or(last.end, |whole| whole.trim_end().len());
        let text = match line.trim() {
            "-" => format!("\n{line}{element}"),
            _ => format!(", {element}"),
        };
        Self { bytes: at..at, text }
    }
}

/// The text with the edits made; they do not overlap.
pub(super) fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| edit.bytes.start);
    let mut edited = String::with_capacity(text.len());
    let mut at = 0;
    for edit in sorted {
        edited.push_str(text.get(at..edit.bytes.start)?);
        edited.push_str(&edit.text);
        at = edit.bytes.end;
    }
    edited.push_str(text.get(at..)?);
    Some(edited)
}

/// The edits as a reader of the text counts.
pub(super) fn shown(text: &Text<'_>, edits: &[Edit]) -> Vec<TextEdit> {
    let show = |edit: &Edit| {
        let span = text.span(&edit.bytes, None);
        TextEdit { start: span.start, end: span.end, text: edit.text.clone() }
    };
    edits.iter().map(show).collect()
}

/// Whether a check fails.
pub(super) fn fails(outcome: &FederationOutcome, id: &str) -> bool {
    outcome.checks.iter().any(|check| check.id == id && check.status == Status::Fail)
}

/// Whether a document could be read, and nothing in it fails that did not before.
pub(super) fn spares(before: &FederationOutcome, after: &FederationOutcome) -> bool {
    after.rejected.is_none()
        && after.checks.iter().all(|check| check.status != Status::Fail || fails(before, &check.id))
}
