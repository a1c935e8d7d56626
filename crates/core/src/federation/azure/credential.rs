//! Federated identity credentials as Azure's tools print them.
//!
//! `az identity federated-credential list` (an array), `az ad app federated-credential list` (an array of Graph
//! objects), Graph's and ARM's `{value: [...]}`, or one of them; ARM keeps the fields under `properties`.

use std::ops::Range;

use crate::document::{Data, Node, SyntaxError, Text, parse_document, push_pointer};
use crate::trace::Span;

/// Where an element stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) bytes: Range<usize>,
    pointer: String,
}

impl Place {
    pub(super) fn span(&self, text: &Text<'_>) -> Span {
        text.span(&self.bytes, Some(&self.pointer))
    }
}

/// A text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) text: String,
    pub(super) place: Place,
}

/// One federated identity credential (Z29).
#[derive(Debug, Clone, Default)]
pub(super) struct Credential {
    pub(super) place: Place,
    pub(super) name: Option<Item>,
    /// ARM's resource id; it names resource group and identity.
    pub(super) id: Option<String>,
    pub(super) issuer: Option<Item>,
    pub(super) subject: Option<Item>,
    pub(super) description: Option<Item>,
    /// `None`: absent or null.
    pub(super) audiences: Option<Vec<Item>>,
    /// Of `claimsMatchingExpression` (Z40).
    pub(super) expression: Option<Item>,
    /// Its `languageVersion` as JSON text.
    pub(super) language: Option<String>,
}

/// What the text holds.
#[derive(Debug)]
pub(super) enum Document {
    /// Not JSON or YAML, or no credentials.
    Unreadable(SyntaxError),
    Credentials(Listed),
}

/// Credentials in the document's order.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) credentials: Vec<Credential>,
    /// They stand in an array of JSON text, which takes one more.
    pub(super) array: Option<Place>,
}

pub(super) fn read(text: &Text<'_>) -> Document {
    if text.text.trim().is_empty() {
        return Document::Credentials(Listed::default());
    }
    let node = match parse_document(text.text) {
        Ok(node) => node,
        Err(error) => return Document::Unreadable(error),
    };
    let (list, pointer) = match node.get("value") {
        Some(value) => (value, "/value".to_owned()),
        None => (&node, String::new()),
    };
    match &list.data {
        Data::Array(elements) => {
            let read = |(index, element): (usize, &Node)| {
                credential(element, &push_pointer(&pointer, &index.to_string()))
            };
            let is_json = text.text.get(list.range.clone()).is_some_and(|t| t.starts_with('['));
            Document::Credentials(Listed {
                credentials: elements.iter().enumerate().map(read).collect(),
                array: is_json.then(|| Place { bytes: list.range.clone(), pointer }),
            })
        }
        Data::Object(_) => Document::Credentials(Listed {
            credentials: vec![credential(list, &pointer)],
            array: None,
        }),
        _ => Document::Unreadable(SyntaxError::new(
            format!("expected a list of federated credentials, found {}", list.kind()),
            list.range.start,
        )),
    }
}

fn credential(node: &Node, pointer: &str) -> Credential {
    let (fields, below) = match node.get("properties") {
        Some(properties) => (properties, push_pointer(pointer, "properties")),
        None => (node, pointer.to_owned()),
    };
    let item = |node: &Node, name: &str, pointer: &str| {
        let value = node.get(name)?;
        Some(Item {
            text: value.as_str()?.to_owned(),
            place: place(value, &push_pointer(pointer, name)),
        })
    };
    let audiences = fields.get("audiences").filter(|value| !value.is_null()).map(|value| {
        let pointer = push_pointer(&below, "audiences");
        let texts = value.elements().iter().enumerate().filter_map(|(index, element)| {
            let place = place(element, &push_pointer(&pointer, &index.to_string()));
            Some(Item { text: element.as_str()?.to_owned(), place })
        });
        texts.collect()
    });
    let expression = fields.get("claimsMatchingExpression").filter(|value| !value.is_null());
    let expression_at = push_pointer(&below, "claimsMatchingExpression");
    Credential {
        place: place(node, pointer),
        name: item(node, "name", pointer).or_else(|| item(fields, "name", &below)),
        id: node.get("id").and_then(Node::as_str).map(str::to_owned),
        issuer: item(fields, "issuer", &below),
        subject: item(fields, "subject", &below),
        description: item(fields, "description", &below),
        audiences,
        expression: expression.map(|value| {
            item(value, "value", &expression_at).unwrap_or_else(|| Item {
                text: value.as_str().unwrap_or_default().to_owned(),
                place: place(value, &expression_at),
            })
        }),
        language: expression
            .and_then(|value| value.get("languageVersion"))
            .map(|version| version.to_json().to_string()),
    }
}

fn place(node: &Node, pointer: &str) -> Place {
    Place { bytes: node.range.clone(), pointer: pointer.to_owned() }
}

impl Credential {
    pub(super) fn issuer_text(&self) -> &str {
        self.issuer.as_ref().map_or("", |item| &item.text)
    }

    pub(super) fn subject_text(&self) -> &str {
        self.subject.as_ref().map_or("", |item| &item.text)
    }

    /// There is exactly one in a credential that Entra stores.
    pub(super) fn audience(&self) -> Option<&Item> {
        self.audiences.as_ref()?.first()
    }

    /// What a reader calls it.
    pub(super) fn label(&self) -> String {
        self.name.as_ref().map_or_else(|| "the credential".to_owned(), |name| name.text.clone())
    }
}
