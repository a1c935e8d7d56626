//! The namespace selector (R16): `matchLabels` alone, JSON or YAML.
//!
//! Source: vault-plugin-auth-kubernetes v0.23.1 `namespace_validator.go`.

use crate::document::{Node, parse_documents};
use crate::objects::Objects;

/// Labels that a namespace must have; none: every namespace has them.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::federation::vault) struct Selector {
    pub(in crate::federation::vault) labels: Vec<(String, String)>,
}

impl Selector {
    /// `None`: Vault does not store it. Unknown members are not seen.
    pub(in crate::federation::vault) fn parse(text: &str) -> Option<Self> {
        let (documents, error) = parse_documents(text);
        let Some(node) = documents.first() else {
            // Nothing but white space or comments is decoded to an empty selector, unless it is no document at all.
            return error
                .is_none()
                .then(|| Self { labels: Vec::new() })
                .filter(|_| text.trim().starts_with('#'));
        };
        if !node.is_object() && !node.is_null() {
            return None;
        }
        if node.get("matchExpressions").is_some_and(|value| !value.is_null()) {
            return None;
        }
        let labels = match node.get("matchLabels").filter(|value| !value.is_null()) {
            None => &[],
            Some(labels) if labels.is_object() => labels.members(),
            Some(_) => return None,
        };
        let label = |member: &crate::document::Member| -> Option<(String, String)> {
            let value: &Node = &member.value;
            let value = if value.is_null() { "" } else { value.as_str()? };
            Some((member.name.clone(), value.to_owned()))
        };
        Some(Self { labels: labels.iter().map(label).collect::<Option<_>>()? })
    }

    /// Whether a namespace has them; the API server itself labels each with its name.
    pub(super) fn matches(&self, objects: &Objects, namespace: &str) -> Option<bool> {
        let object = objects.find("Namespace", "", namespace)?;
        Some(self.labels.iter().all(|(name, value)| {
            let found = match name.as_str() {
                "kubernetes.io/metadata.name" => Some(namespace),
                name => object.label(name),
            };
            found == Some(value)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored() {
        let table = [
            ("{}", Some(0)),
            ("{\"matchLabels\":{}}", Some(0)),
            ("{\"matchlabels\":{\"a\":\"b\"},\"x\":1}", Some(0)),
            ("{\"matchLabels\":{\"a\":\"b\"}}", Some(1)),
            ("matchLabels:\n  a: b\n  c: d\n", Some(2)),
            ("{\"matchExpressions\":[]}", None),
            ("{\"matchLabels\":{\"a\":1}}", None),
            ("matchLabels:\n  a: true\n", None),
            ("team=fin", None),
            ("{", None),
        ];
        for (text, labels) in table {
            assert_eq!(Selector::parse(text).map(|it| it.labels.len()), labels, "{text}");
        }
    }
}
