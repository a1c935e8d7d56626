//! `{ issuer, audience, subject? }`, JSON or YAML.

use std::ops::Range;

use crate::document::{Node, Text, parse_document};
use crate::trace::{Check, Span, Status};

/// A text of the document, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    pub(super) text: String,
    pub(super) range: Range<usize>,
    pointer: String,
}

impl Item {
    fn of(node: &Node, pointer: &str) -> Option<Self> {
        let text = node.as_str()?.to_owned();
        Some(Self { text, range: node.range.clone(), pointer: pointer.to_owned() })
    }

    pub(super) fn span(&self, text: &Text<'_>) -> Span {
        text.span(&self.range, Some(&self.pointer))
    }
}

/// What the relying party asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Profile {
    pub(super) issuer: Item,
    pub(super) audiences: Vec<Item>,
    pub(super) subject: Option<Item>,
}

impl Profile {
    /// Reads the document, or says what is wrong with it.
    pub(super) fn read(text: &Text<'_>) -> Result<Self, Box<Check>> {
        let refuse = |title: String, span: Span| {
            let check = Check::new("oidc/document", Status::Fail, title).at(span).rule("R36");
            Box::new(check.hint("the profile is { issuer, audience, subject? }"))
        };
        let node = parse_document(text.text)
            .map_err(|error| refuse(error.message.clone(), text.point(error.at)))?;
        let missing = |name: &str| {
            let node = node.get(name).unwrap_or(&node);
            let pointer = if node.is_object() { String::new() } else { format!("/{name}") };
            refuse(format!("`{name}` must be a text"), text.span(&node.range, Some(&pointer)))
        };
        let item = |name: &str| node.get(name).and_then(|node| Item::of(node, &format!("/{name}")));
        let issuer = item("issuer").ok_or_else(|| missing("issuer"))?;
        let audiences = match (item("audience"), node.get("audience").map(Node::elements)) {
            (Some(only), _) => vec![only],
            (None, Some(several)) => several
                .iter()
                .enumerate()
                .filter_map(|(index, node)| Item::of(node, &format!("/audience/{index}")))
                .collect(),
            (None, None) => Vec::new(),
        };
        if audiences.is_empty() {
            return Err(missing("audience"));
        }
        let subject = match node.get("subject") {
            None => None,
            Some(node) if node.is_null() => None,
            Some(_) => Some(item("subject").ok_or_else(|| missing("subject"))?),
        };
        Ok(Self { issuer, audiences, subject })
    }
}
