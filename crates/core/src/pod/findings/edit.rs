//! Edits of the manifests as they were pasted: what is not touched stays to the letter.

use std::ops::Range;

use super::super::manifest::Template;
use crate::document::{Member, Node, Text};
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
    Some(edit(template.text, node.range.clone(), text))
}

/// Puts a string in the place of another, in the quotes that the other has.
pub(super) fn replace_string(
    template: &Template<'_>,
    pointer: &str,
    value: &str,
) -> Option<TextEdit> {
    let node = template.at(pointer)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if !value.starts_with(['/', 's', 't']) || !value.chars().all(plain) {
        return None;
    }
    let text = match template.text.text.get(node.range.clone())?.chars().next()? {
        quote @ ('"' | '\'') => format!("{quote}{value}{quote}"),
        // A block scalar or an alias: too clever to touch.
        '|' | '>' | '*' | '&' | '!' => return None,
        _ => value.to_owned(),
    };
    Some(edit(template.text, node.range.clone(), &text))
}

/// Takes a member out of the object at `pointer`.
pub(super) fn remove(template: &Template<'_>, pointer: &str, name: &str) -> Option<TextEdit> {
    remove_from(template.text, template.at(pointer)?, name)
}

/// Takes a member out of an object of the manifests.
pub(super) fn remove_from(text: &Text<'_>, object: &Node, name: &str) -> Option<TextEdit> {
    let members = object.members();
    let at = members.iter().position(|member| member.name == name)?;
    let member = members.get(at)?;
    let next = members.get(at + 1);
    let previous = at.checked_sub(1).and_then(|at| members.get(at));
    let range = if is_flow(text, object) {
        match (next, previous) {
            (Some(next), _) => member.name_range.start..next.name_range.start,
            (None, Some(previous)) => previous.value.range.end..member.value.range.end,
            (None, None) => member.name_range.start..member.value.range.end,
        }
    } else {
        lines(text.text, member, next)?
    };
    Some(edit(text, range, ""))
}

/// Adds a member to an object of the manifests that has some already, in its own manner. `value` is a text, or an
/// object of one text.
pub(super) fn add_to(
    text: &Text<'_>,
    object: &Node,
    name: &str,
    value: Added<'_>,
) -> Option<TextEdit> {
    let last = object.members().last()?;
    let end = last.value.range.end;
    if is_flow(text, object) {
        let value = match value {
            Added::Text(value) => quoted(value)?,
            Added::Object(name, value) => format!("{{{}: {}}}", quoted(name)?, quoted(value)?),
        };
        return Some(edit(text, end..end, &format!(", {}: {value}", quoted(name)?)));
    }
    let first = object.members().first()?.name_range.start;
    let line = text.text.get(..first)?.rfind('\n').map_or(0, |at| at + 1);
    let indent = text.text.get(line..first)?;
    if !indent.chars().all(|c| c == ' ') {
        return None;
    }
    let lines = match value {
        Added::Text(value) => format!("\n{indent}{name}: {}", quoted(value)?),
        Added::Object(inner, value) => {
            format!("\n{indent}{name}:\n{indent}  {inner}: {}", quoted(value)?)
        }
    };
    let end = end - usize::from(text.text.get(..end)?.ends_with('\n'));
    let at = text.text.get(end..)?.find('\n').map_or(text.text.len(), |at| end + at);
    Some(edit(text, at..at, &lines))
}

/// What is added.
#[derive(Debug, Clone, Copy)]
pub(super) enum Added<'a> {
    Text(&'a str),
    Object(&'a str, &'a str),
}

/// A text in quotes that JSON and YAML read alike; none for what is not plain ASCII.
pub(super) fn quoted(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_graphic() && !"\"\\".contains(c) || c == ' ';
    text.chars().all(plain).then(|| format!("\"{text}\""))
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
    let text = template.text.text;
    if is_flow(template.text, list) {
        let end = last.range.end;
        return Some(edit(template.text, end..end, &format!(", {flow}")));
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
    Some(edit(template.text, at..at, &added))
}

fn is_flow(text: &Text<'_>, node: &Node) -> bool {
    text.text.get(node.range.start..).is_some_and(|text| text.starts_with(['{', '[']))
}

/// Puts `new` in the place of these bytes of the manifests.
pub(super) fn edit(text: &Text<'_>, bytes: Range<usize>, new: &str) -> TextEdit {
    let span = text.span(&bytes, None);
    TextEdit { start: span.start, end: span.end, text: new.to_owned() }
}
