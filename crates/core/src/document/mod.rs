//! Pasted documents: JSON or YAML text to one tree that remembers where everything stood.
//!
//! Text that starts with `{` or `[` is JSON and read strictly (a YAML parser would take `{"a": 1,}`,
//! IAM does not); everything else is YAML, whose scalars resolve as Kubernetes' YAML 1.1 does.
//! Limits: 1 MiB of text, 128 levels of nesting, 200 000 nodes after aliases are expanded.

mod json;
mod text;
mod yaml;

use std::ops::Range;

use serde_json::{Map, Number, Value};

pub(crate) use json::{Duplicates, parse_json};
pub(crate) use text::Text;

/// Largest document that is read, in bytes. A kubectl dump of a big namespace fits; a browser tab copes.
pub(crate) const MAX_DOCUMENT: usize = 1 << 20;
/// Deepest nesting that is read: as deep as serde_json goes, and well within every stack.
pub(crate) const MAX_DEPTH: usize = 128;
/// Most nodes a document may have; stops YAML alias bombs ("billion laughs").
pub(crate) const MAX_NODES: usize = 200_000;

/// A value and the bytes it stands at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) data: Data,
    /// Bytes of the text; for a YAML alias, those of the alias.
    pub(crate) range: Range<usize>,
}

/// What a [`Node`] holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Data {
    Null,
    Bool(bool),
    /// As a JavaScript reader has it: a double, printed as an integer where it is one.
    Number(Number),
    String(String),
    Array(Vec<Node>),
    Object(Vec<Member>),
}

/// One member of an object, in document order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) name_range: Range<usize>,
    pub(crate) value: Node,
}

/// Why a document could not be read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// Lower case, no full stop; says what was expected and what was found.
    pub(crate) message: String,
    /// Byte offset.
    pub(crate) at: usize,
}

impl SyntaxError {
    pub(crate) fn new(message: impl Into<String>, at: usize) -> Self {
        Self { message: message.into(), at }
    }
}

impl Node {
    /// The member of that name, if this is an object that has one; the last of several, as JSON readers do.
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.member(name).map(|member| &member.value)
    }

    /// Like [`Node::get`], with the name's own place.
    pub(crate) fn member(&self, name: &str) -> Option<&Member> {
        self.members().iter().rev().find(|member| member.name == name)
    }

    /// Follows member names.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, name| node.get(name))
    }

    /// The members of an object, else none.
    pub(crate) fn members(&self) -> &[Member] {
        match &self.data {
            Data::Object(members) => members,
            _ => &[],
        }
    }

    /// The elements of an array, else none.
    pub(crate) fn elements(&self) -> &[Node] {
        match &self.data {
            Data::Array(elements) => elements,
            _ => &[],
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_bool(&self) -> Option<bool> {
        match self.data {
            Data::Bool(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn as_f64(&self) -> Option<f64> {
        match &self.data {
            Data::Number(number) => number.as_f64(),
            _ => None,
        }
    }

    /// A whole number.
    pub(crate) fn as_i64(&self) -> Option<i64> {
        match &self.data {
            Data::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        self.data == Data::Null
    }

    pub(crate) fn is_object(&self) -> bool {
        matches!(self.data, Data::Object(_))
    }

    /// What a person calls this kind of value.
    pub(crate) fn kind(&self) -> &'static str {
        match self.data {
            Data::Null => "null",
            Data::Bool(_) => "a boolean",
            Data::Number(_) => "a number",
            Data::String(_) => "a string",
            Data::Array(_) => "a list",
            Data::Object(_) => "an object",
        }
    }

    /// The value alone. Of members with one name the last counts, as `JSON.parse` has it.
    pub(crate) fn to_json(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(*value),
            Data::Number(number) => Value::Number(number.clone()),
            Data::String(text) => Value::String(text.clone()),
            Data::Array(elements) => elements.iter().map(Node::to_json).collect(),
            Data::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|member| (member.name.clone(), member.value.to_json()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }

    /// The node at a JSON pointer (RFC 6901).
    pub(crate) fn pointer(&self, pointer: &str) -> Option<&Node> {
        pointer.split('/').skip(1).try_fold(self, |node, step| {
            let step = step.replace("~1", "/").replace("~0", "~");
            match &node.data {
                Data::Array(elements) => elements.get(step.parse::<usize>().ok()?),
                _ => node.get(&step),
            }
        })
    }
}

/// One more step of a JSON pointer, escaped.
pub(crate) fn push_pointer(pointer: &str, step: &str) -> String {
    format!("{pointer}/{}", step.replace('~', "~0").replace('/', "~1"))
}

/// A double as JSON prints it: an integer where it is one that a double holds exactly.
pub(crate) fn number(value: f64) -> Option<Number> {
    // 2^53, the last of the integers without a gap.
    if value.fract() == 0.0
        && value.abs() <= 9_007_199_254_740_992.0
        && !(value == 0.0 && value.is_sign_negative())
    {
        return Some(Number::from(value as i64));
    }
    Number::from_f64(value)
}

/// Reads every document of a text. JSON values may follow one another, bare (as `kubectl get -o json` twice
/// prints them) or parted by `---` lines; YAML has as many as it has. Empty YAML documents are left out.
///
/// # Errors
///
/// The first syntax error, or the limit that was exceeded. The documents before it come along, so that
/// an error in the third document does not hide the first two.
pub(crate) fn parse_documents(text: &str) -> (Vec<Node>, Option<SyntaxError>) {
    if let Some(error) = too_large(text) {
        return (Vec::new(), Some(error));
    }
    // A stream that begins in JSON and goes on in YAML is YAML as a whole, so that one budget of aliases holds.
    if looks_like_json(text) && chunks(text).iter().all(|chunk| json_or_blank(text, chunk)) {
        return json::parse_stream(text, &chunks(text));
    }
    yaml::parse_yaml(text)
}

/// Reads a text that holds one document.
///
/// # Errors
///
/// As [`parse_documents`]; and if there is none or more than one.
pub(crate) fn parse_document(text: &str) -> Result<Node, SyntaxError> {
    match parse_documents(text) {
        (_, Some(error)) => Err(error),
        (documents, None) => {
            let mut documents = documents.into_iter();
            match (documents.next(), documents.next()) {
                (Some(only), None) => Ok(only),
                (None, _) => Err(SyntaxError::new("the text holds no document", 0)),
                (_, Some(second)) => Err(SyntaxError::new(
                    "expected one document, found another",
                    second.range.start,
                )),
            }
        }
    }
}

/// The parts of a text between `---` lines. No JSON string holds a line break, so none is cut.
fn chunks(text: &str) -> Vec<Range<usize>> {
    let mut chunks = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        if line.trim_end() == "---" {
            chunks.push(start..at);
            start = at + line.len();
        }
        at += line.len();
    }
    chunks.push(start..text.len());
    chunks
}

fn json_or_blank(text: &str, chunk: &Range<usize>) -> bool {
    text.get(chunk.clone()).is_some_and(|part| part.trim().is_empty() || looks_like_json(part))
}

fn looks_like_json(text: &str) -> bool {
    matches!(text.trim_start_matches('\u{feff}').trim_start().chars().next(), Some('{' | '['))
}

fn too_large(text: &str) -> Option<SyntaxError> {
    (text.len() > MAX_DOCUMENT).then(|| {
        SyntaxError::new(
            format!("the document has {} bytes, at most {MAX_DOCUMENT} are read", text.len()),
            0,
        )
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_document_past_the_limit_is_refused_and_one_at_it_is_read() {
        let at_the_limit = format!("a: {}\n", "x".repeat(MAX_DOCUMENT - 4));
        assert_eq!(at_the_limit.len(), MAX_DOCUMENT);
        assert!(parse_document(&at_the_limit).is_ok());
        let error = parse_document(&format!("{at_the_limit} ")).unwrap_err();
        assert_eq!(error.message, "the document has 1048577 bytes, at most 1048576 are read");
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) + 0.125)),
            // What plain YAML scalars, indicators and escapes are made of.
            "[ -~\n\tä\u{1f600}\u{2028}\u{85}]{0,12}".prop_map(Value::from),
            prop::sample::select(vec![
                "yes", "0644", "~", "1_000", "<<", "---", "- a", "a: b", "#"
            ])
            .prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::hash_map("[ -~é\n]{0,8}", inner, 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    /// Block style, with strings and names in double quotes.
    fn yaml(value: &Value, indent: usize) -> String {
        let lead = format!("\n{}", "  ".repeat(indent));
        match value {
            Value::Array(elements) if !elements.is_empty() => elements
                .iter()
                .map(|element| format!("{lead}- {}", yaml(element, indent + 1)))
                .collect(),
            Value::Object(members) if !members.is_empty() => members
                .iter()
                .map(|(name, value)| {
                    format!("{lead}{}: {}", Value::from(name.as_str()), yaml(value, indent + 1))
                })
                .collect(),
            leaf => leaf.to_string(),
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_the_same(value in value()) {
            let json = Value::from(vec![value.clone()]).to_string();
            let [printed, pretty] = [json.clone(), serde_json::to_string_pretty(&[&value]).unwrap()];
            for text in [printed, pretty, format!("# YAML now\n{json}"), format!("---{}\n", yaml(&Value::from(vec![value.clone()]), 0))] {
                let read = parse_document(&text).map(|node| node.to_json());
                prop_assert_eq!(read.as_ref().ok(), Some(&Value::from(vec![value.clone()])), "{} {:?}", text, read);
                // Once more, from what was read.
                let again = parse_document(&read.unwrap().to_string()).unwrap().to_json();
                prop_assert_eq!(again, Value::from(vec![value.clone()]));
            }
        }

        #[test]
        fn no_text_panics(text in "[-:{}\\[\\],&*!|>'\"%@`#?~ \\na-c0-9.]{0,60}") {
            let _ = parse_documents(&text);
        }
    }
}
