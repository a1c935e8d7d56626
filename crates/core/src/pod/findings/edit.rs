//! Edits of the manifests as they were pasted: what is not touched stays to the letter.

use std::ops::Range;

use super::super::manifest::Template;
use crate::document::{Member, Node};
use crate::trace::{Finding, Fix, InputName, TextEdit};

/// A fix that has yet to be tried. `what` tells it from others of the same code.
pub(super) fn proposal(
    code: &str,
    what: &str,
    title: impl Into<String>,
    edits: Option<Vec<TextEdit>>,
) -> Vec<Fix> {
    let fix = |edits| Fix {
        id: format!("{code}/{what}"),
        title: title.into(),
        check: code.to_owned(),
        input: InputName::Manifests,
        index: None,
        edits,
        verdict_after: None,
        command: None,
    };
    edits.map(fix).into_iter().collect()
}

/// The finding with a fix that has yet to be tried.
pub(super) fn with(mut finding: Finding, fixes: Vec<Fix>) -> Finding {
    finding.fixes.extend(fixes);
    finding
}

/// Puts `text` in the place of the value at `pointer`.
pub(super) fn replace(template: &Template<'_>, pointer: &str, text: &str) -> Option<TextEdit> {
    let node = template.at(pointer)?;
    Some(edit(template, node.range.clone(), text))
}

/// Puts a string in the place of another, in the quotes that the other has.
pub(super) fn replace_string(
    template: &Template<'_>,
    pointer: &str,
    value: &str,
) -> Option<TextEdit> {
    let node = template.at(pointer)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if !value.starts_with(['/', 't']) || !value.chars().all(plain) {
        return None;
    }
    let text = match source(template).get(node.range.clone())?.chars().next()? {
        quote @ ('"' | '\'') => format!("{quote}{value}{quote}"),
        // A block scalar or an alias: too clever to touch.
        '|' | '>' | '*' | '&' | '!' => return None,
        _ => value.to_owned(),
    };
    Some(edit(template, node.range.clone(), &text))
}

/// Takes a member out of the object at `pointer`.
pub(super) fn remove(template: &Template<'_>, pointer: &str, name: &str) -> Option<TextEdit> {
    let object = template.at(pointer)?;
    let members = object.members();
    let at = members.iter().position(|member| member.name == name)?;
    let member = members.get(at)?;
    let next = members.get(at + 1);
    let previous = at.checked_sub(1).and_then(|at| members.get(at));
    let range = if is_flow(template, object) {
        match (next, previous) {
            (Some(next), _) => member.name_range.start..next.name_range.start,
            (None, Some(previous)) => previous.value.range.end..member.value.range.end,
            (None, None) => member.name_range.start..member.value.range.end,
        }
    } else {
        lines(source(template), member, next)?
    };
    Some(edit(template, range, ""))
}

/// The lines of a member of a block mapping.
fn lines(text: &str, member: &Member, next: Option<&Member>) -> Option<Range<usize>> {
    let start = member.name_range.start;
    let line = text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
    if text.get(line..start)?.trim().is_empty() {
        let end = member.value.range.end;
        let break_at = text.get(end..)?.find('\n').map_or(text.len(), |at| end + at + 1);
        return Some(line..break_at);
    }
    // The first member of a list's element stands behind the dash, and so does then the next.
    Some(start..next?.name_range.start)
}

/// Adds elements to the end of the list at `pointer`: `block` has the lines of each, `flow` is JSON.
pub(super) fn append(
    template: &Template<'_>,
    pointer: &str,
    block: &[&str],
    flow: &str,
) -> Option<TextEdit> {
    let list = template.at(pointer)?;
    let last = list.elements().last()?;
    let text = source(template);
    if is_flow(template, list) {
        let end = last.range.end;
        return Some(edit(template, end..end, &format!(", {flow}")));
    }
    let before = text.get(..last.range.start)?;
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let indent = before.get(line..)?.trim_end_matches(' ').strip_suffix('-')?;
    if !indent.trim().is_empty() {
        return None;
    }
    let end = last.range.end - usize::from(text.get(..last.range.end)?.ends_with('\n'));
    let at = text.get(end..)?.find('\n').map_or(text.len(), |at| end + at);
    let added: String = block.iter().map(|line| format!("\n{indent}{line}")).collect();
    Some(edit(template, at..at, &added))
}

fn is_flow(template: &Template<'_>, node: &Node) -> bool {
    source(template).get(node.range.start..).is_some_and(|text| text.starts_with(['{', '[']))
}

fn source<'a>(template: &Template<'a>) -> &'a str {
    template.text.text
}

fn edit(template: &Template<'_>, bytes: Range<usize>, text: &str) -> TextEdit {
    let span = template.text.span(&bytes, None);
    TextEdit { start: span.start, end: span.end, text: text.to_owned() }
}
