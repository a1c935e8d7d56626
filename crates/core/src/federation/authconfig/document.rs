//! The file as the API server decodes it: strict, by types (R20).
//!
//! Source: `k8s.io/apimachinery` `runtime/serializer/json` with `EnableStrict`; Kubernetes v1.36
//! `pkg/kubeapiserver/options/authentication.go`.

use std::collections::HashSet;
use std::ops::Range;

use super::schema::{Field, Shape, fields};
use crate::document::Text;
use crate::document::{Data, Duplicates, Node, SyntaxError, parse_documents, parse_json};

/// Versions that the API server reads.
const VERSIONS: [&str; 3] = [
    "apiserver.config.k8s.io/v1",
    "apiserver.config.k8s.io/v1beta1",
    "apiserver.config.k8s.io/v1alpha1",
];
/// Kinds of the same group.
const OTHER_KINDS: [&str; 3] =
    ["AdmissionConfiguration", "AuthorizationConfiguration", "EgressSelectorConfiguration"];

/// Why the API server does not start, and where.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    pub(super) message: String,
    /// Bytes, and the pointer.
    pub(super) place: Option<(Range<usize>, String)>,
}

impl Refusal {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), place: None }
    }
}

/// The document's tree, once it decodes.
pub(super) fn decode(text: &Text<'_>) -> Result<Node, Refusal> {
    if text.text.is_empty() {
        return Err(Refusal::new("empty config data"));
    }
    let node = match tree(text.text) {
        Ok(Some(node)) => node,
        Ok(None) => {
            return Err(Refusal::new(format!("Object 'Kind' is missing in '{}'", text.text)));
        }
        Err(error) => {
            let line = text.point(error.at).line;
            let message = match is_json(text.text) {
                true => format!("couldn't get version/kind; json parse error: {}", error.message),
                false => format!("yaml: line {line}: {}", error.message),
            };
            let place = Some((error.at..error.at, String::new()));
            return Err(Refusal { message, place });
        }
    };
    kind(text, &node)?;
    let mut decoder =
        Decoder { text, json: is_json(text.text), mistyped: None, strict: Vec::new() };
    decoder.duplicates(&node);
    decoder.object(&node, "AuthenticationConfiguration", "", "", "");
    match (decoder.mistyped, decoder.strict.as_slice()) {
        (Some(refusal), _) => Err(refusal),
        (None, []) => Ok(node),
        (None, several) => {
            let messages: Vec<&str> = several.iter().map(|one| one.message.as_str()).collect();
            let message = format!("strict decoding error: {}", messages.join(", "));
            let place = several.iter().find_map(|one| one.place.clone());
            Err(Refusal { message, place })
        }
    }
}

/// A text that begins with a brace is read as JSON.
fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// Of several YAML documents the first counts.
fn tree(text: &str) -> Result<Option<Node>, SyntaxError> {
    if is_json(text) {
        return parse_json(text, Duplicates::JudgedByDecoder).map(Some);
    }
    let (documents, error) = parse_documents(text);
    match (documents.into_iter().next(), error) {
        (Some(node), _) if !node.is_null() => Ok(Some(node)),
        (_, Some(error)) => Err(error),
        _ => Ok(None),
    }
}

/// `apiVersion` and `kind` come before everything else.
fn kind(text: &Text<'_>, node: &Node) -> Result<(), Refusal> {
    const META: &str = "couldn't get version/kind; json parse error: json: cannot unmarshal";
    if !node.is_object() {
        let found = found(node);
        return Err(Refusal::new(format!(
            "{META} {found} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"
        )));
    }
    let text_of = |name: &str| match node.get(name) {
        None => Ok(""),
        Some(value) if value.is_null() => Ok(""),
        Some(value) => value.as_str().ok_or_else(|| {
            let found = found(value);
            Refusal::new(format!("{META} {found} into Go struct field .{name} of type string"))
        }),
    };
    let (kind, version) = (text_of("kind")?, text_of("apiVersion")?);
    if kind.is_empty() {
        return Err(Refusal::new(format!("Object 'Kind' is missing in '{}'", text.text)));
    }
    if version.is_empty() {
        return Err(Refusal::new(format!("Object 'apiVersion' is missing in '{}'", text.text)));
    }
    match (kind, VERSIONS.contains(&version)) {
        ("AuthenticationConfiguration", true) => Ok(()),
        (other, true) if OTHER_KINDS.contains(&other) => Err(Refusal::new(format!(
            "expected AuthenticationConfiguration, got *apiserver.{other}"
        ))),
        _ => Err(Refusal::new(format!(
            "no kind \"{kind}\" is registered for version \"{version}\" in scheme \"pkg/runtime/scheme.go:111\""
        ))),
    }
}

/// As Go's JSON decoder names what it found.
fn found(node: &Node) -> &'static str {
    match node.data {
        Data::Null => "null",
        Data::Bool(_) => "bool",
        Data::Number(_) => "number",
        Data::String(_) => "string",
        Data::Array(_) => "array",
        Data::Object(_) => "object",
    }
}

/// Collects the first wrong type, and what only the strict decoder minds.
struct Decoder<'a> {
    text: &'a Text<'a>,
    json: bool,
    mistyped: Option<Refusal>,
    strict: Vec<Refusal>,
}

impl Decoder<'_> {
    /// In YAML they are found before anything is decoded, all in one message.
    fn duplicates(&mut self, node: &Node) {
        let mut found = Vec::new();
        let mut waiting = vec![(node, String::new(), String::new())];
        while let Some((node, path, pointer)) = waiting.pop() {
            let mut names = HashSet::new();
            for member in node.members() {
                let path = join(&path, &member.name);
                let pointer = format!("{pointer}/{}", member.name);
                if !names.insert(member.name.as_str()) {
                    found.push((member.name_range.clone(), path.clone(), member.name.clone()));
                }
                waiting.push((&member.value, path, pointer));
            }
            for (index, element) in node.elements().iter().enumerate() {
                waiting.push((element, format!("{path}[{index}]"), format!("{pointer}/{index}")));
            }
        }
        found.sort_by_key(|(range, ..)| range.start);
        if self.json {
            self.strict.extend(found.into_iter().map(|(range, path, _)| Refusal {
                message: format!("duplicate field \"{path}\""),
                place: Some((range, String::new())),
            }));
            return;
        }
        let Some((first, ..)) = found.first() else { return };
        let place = Some((first.clone(), String::new()));
        let lines: Vec<String> = found
            .iter()
            .map(|(range, _, name)| {
                let line = self.text.span(range, None).line;
                format!("  line {line}: key \"{name}\" already set in map")
            })
            .collect();
        let message = format!("yaml: unmarshal errors:\n{}", lines.join("\n"));
        self.strict.push(Refusal { message, place });
    }

    /// `path` has indices and is the strict decoder's, `plain` has none and is Go's.
    fn object(&mut self, node: &Node, name: &str, path: &str, plain: &str, pointer: &str) {
        let known = fields(name);
        let mut members: Vec<_> = node.members().iter().collect();
        if !self.json {
            // YAML becomes JSON first, whose names are in order.
            members.sort_by(|a, b| a.name.cmp(&b.name));
        }
        for member in members {
            let path = join(path, &member.name);
            let pointer = format!("{pointer}/{}", member.name);
            let Some(Field { shape, .. }) = known.iter().find(|field| field.name == member.name)
            else {
                self.strict.push(Refusal {
                    message: format!("unknown field \"{path}\""),
                    place: Some((member.name_range.clone(), pointer)),
                });
                continue;
            };
            let plain = join(plain, &member.name);
            self.value(&member.value, *shape, name, &path, &plain, &pointer);
        }
    }

    fn value(
        &mut self,
        node: &Node,
        shape: Shape,
        owner: &str,
        path: &str,
        plain: &str,
        pointer: &str,
    ) {
        if node.is_null() {
            return;
        }
        match (shape, &node.data) {
            (Shape::Text, Data::String(_)) | (Shape::Switch, Data::Bool(_)) => {}
            (Shape::Texts, Data::Array(elements)) => {
                for (index, element) in elements.iter().enumerate() {
                    let pointer = format!("{pointer}/{index}");
                    self.value(element, Shape::Text, owner, path, plain, &pointer);
                }
            }
            (Shape::Struct(name), Data::Object(_)) => {
                self.object(node, name, path, plain, pointer);
            }
            (Shape::Structs(name), Data::Array(elements)) => {
                for (index, element) in elements.iter().enumerate() {
                    let (path, pointer) =
                        (format!("{path}[{index}]"), format!("{pointer}/{index}"));
                    self.value(element, Shape::Struct(name), owner, &path, plain, &pointer);
                }
            }
            _ if self.mistyped.is_none() => {
                let (found, wanted) = (found(node), shape.go_type());
                self.mistyped = Some(Refusal {
                    message: format!(
                        "json: cannot unmarshal {found} into Go struct field {owner}.{plain} of type {wanted}"
                    ),
                    place: Some((node.range.clone(), pointer.to_owned())),
                });
            }
            _ => {}
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
