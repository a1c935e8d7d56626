//! The fields of a request to Vault: what its framework makes of each value, and what it says of those it cannot read.
//!
//! Source: `github.com/hashicorp/vault/sdk` v0.24.0 `framework/field_data.go`, mapstructure v1.5.0 `mapstructure.go`.

use super::go;
use crate::document::{Data, Node, Text, parse_document};
use crate::trace::Span;

/// How a field is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    /// A text is split at commas.
    List,
    Duration,
    /// May be negative.
    SignedDuration,
    Int,
    Map,
    /// A map of texts, or `a=b`.
    Pairs,
    Text,
}

pub(super) type Schema = &'static [(&'static str, Kind)];

/// A role or a configuration, unwrapped from what `vault read` prints around it.
#[derive(Debug)]
pub(super) struct Fields<'t> {
    pub(super) text: Text<'t>,
    pub(super) node: Node,
    pointer: &'static str,
}

/// What a text holds.
pub(super) enum Read<'t> {
    /// Empty: there is none.
    Nothing,
    Unreadable(crate::document::SyntaxError),
    Fields(Fields<'t>),
}

impl<'t> Fields<'t> {
    pub(super) fn read(text: Text<'t>) -> Read<'t> {
        if text.text.trim().is_empty() {
            return Read::Nothing;
        }
        match parse_document(text.text) {
            Err(error) => Read::Unreadable(error),
            Ok(node) if !node.is_object() => Read::Unreadable(crate::document::SyntaxError::new(
                format!("expected an object, found {}", node.kind()),
                node.range.start,
            )),
            Ok(node) => match node.get("data").filter(|data| data.is_object()).cloned() {
                Some(data) => Read::Fields(Self { text, node: data, pointer: "/data" }),
                None => Read::Fields(Self { text, node, pointer: "" }),
            },
        }
    }

    /// The first field whose value Vault cannot read.
    pub(super) fn problem(&self, schema: Schema) -> Option<(String, String)> {
        self.node.members().iter().find_map(|member| {
            let (_, kind) = schema.iter().find(|(name, _)| *name == member.name)?;
            let problem = self.decode_problem(*kind, &member.value)?;
            let field = crate::go::quoted(&member.name);
            let message = format!(
                "Field validation failed: error converting input for field {field}: {problem}"
            );
            Some((member.name.clone(), message))
        })
    }

    /// The place of a field, else of the whole.
    pub(super) fn span(&self, name: &str) -> Span {
        let pointer = |name: &str| crate::document::push_pointer(self.pointer, name);
        match self.node.member(name) {
            Some(member) => self.text.span(&member.value.range, Some(&pointer(name))),
            None => self.text.span(&self.node.range, Some(self.pointer)),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.node.member(name).is_some()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.node.get(name).filter(|value| !value.is_null())
    }

    /// Empty if absent.
    pub(super) fn text(&self, name: &str) -> String {
        self.get(name).and_then(|value| self.as_text(value).ok()).unwrap_or_default()
    }

    /// Empty if absent.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        self.get(name).and_then(|value| self.as_list(value).ok()).unwrap_or_default()
    }

    /// In seconds; `None` if absent.
    pub(super) fn seconds(&self, name: &str) -> Option<i64> {
        self.as_seconds(self.get(name)?).ok()
    }

    pub(super) fn int(&self, name: &str) -> Option<i64> {
        self.as_int(self.get(name)?).ok()
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.as_bool(self.get(name)?).ok()
    }

    /// The members of a map, each with its name.
    pub(super) fn map(&self, name: &str) -> Vec<(String, Node)> {
        let Some(value) = self.get(name) else { return Vec::new() };
        let many = std::slice::from_ref(value);
        let maps = if value.is_object() { many } else { value.elements() };
        maps.iter()
            .flat_map(Node::members)
            .map(|member| (member.name.clone(), member.value.clone()))
            .collect()
    }

    /// A map of texts.
    pub(super) fn pairs(&self, name: &str) -> Vec<(String, String)> {
        self.get(name).and_then(|value| self.as_pairs(value).ok()).unwrap_or_default()
    }

    fn decode_problem(&self, kind: Kind, value: &Node) -> Option<String> {
        if value.is_null() {
            return None;
        }
        match kind {
            Kind::Bool => self.as_bool(value).err(),
            Kind::List => self.as_list(value).err(),
            Kind::Duration => match self.as_seconds(value) {
                Ok(seconds) if seconds < 0 => {
                    Some(format!("cannot provide negative value '{seconds}'"))
                }
                other => other.err(),
            },
            Kind::SignedDuration => self.as_seconds(value).err(),
            Kind::Int => self.as_int(value).err(),
            Kind::Map => map_problem(value, ""),
            Kind::Pairs => self.as_pairs(value).err(),
            Kind::Text => self.as_text(value).err(),
        }
    }

    fn as_text(&self, value: &Node) -> Result<String, String> {
        self.element_text(value, "")
    }

    /// A text, or what mapstructure weakly takes for one.
    fn element_text(&self, value: &Node, name: &str) -> Result<String, String> {
        match &value.data {
            Data::String(text) => Ok(text.clone()),
            Data::Number(_) => Ok(go::written(&self.text, value).to_owned()),
            Data::Bool(flag) => Ok(if *flag { "1" } else { "0" }.to_owned()),
            Data::Null => Ok(String::new()),
            Data::Array(_) | Data::Object(_) => Err(format!(
                "'{name}' expected type 'string', got unconvertible type '{}', value: '{}'",
                go::type_of(value),
                go::print(&self.text, value)
            )),
        }
    }

    fn as_list(&self, value: &Node) -> Result<Vec<String>, String> {
        let trimmed =
            |texts: Vec<String>| texts.iter().map(|text| text.trim().to_owned()).collect();
        match &value.data {
            Data::String(text) if text.is_empty() => Ok(Vec::new()),
            Data::String(_) | Data::Number(_) => {
                Ok(trimmed(self.as_text(value)?.split(',').map(str::to_owned).collect()))
            }
            _ => self.texts(value).map(trimmed),
        }
    }

    /// `[]string`, weakly: a single value is a list of one.
    fn texts(&self, value: &Node) -> Result<Vec<String>, String> {
        let lifted = std::slice::from_ref(value);
        let elements = match &value.data {
            Data::Object(members) if members.is_empty() => &[],
            Data::Array(elements) => elements.as_slice(),
            _ => lifted,
        };
        let (mut texts, mut problems) = (Vec::new(), Vec::new());
        for (index, element) in elements.iter().enumerate() {
            match self.element_text(element, &format!("[{index}]")) {
                Ok(text) => texts.push(text),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(texts) } else { Err(decoding(problems)) }
    }

    fn as_seconds(&self, value: &Node) -> Result<i64, String> {
        let text = match &value.data {
            Data::String(text) => text.clone(),
            Data::Number(_) => go::written(&self.text, value).to_owned(),
            _ => return Err("could not parse duration from input".to_owned()),
        };
        if text.is_empty() {
            return Ok(0);
        }
        if let Ok(seconds) = crate::go::parse_int(&text) {
            return Ok(seconds);
        }
        if let Some(days) = text.strip_suffix('d') {
            let days = crate::go::parse_int(days).map_err(|problem| problem.message(days))?;
            return Ok(days.saturating_mul(86_400));
        }
        go::parse_duration(&text).map(|seconds| seconds.trunc() as i64)
    }

    fn as_int(&self, value: &Node) -> Result<i64, String> {
        match &value.data {
            Data::Bool(flag) => Ok(i64::from(*flag)),
            Data::String(_) | Data::Number(_) => {
                let text = self.as_text(value)?;
                let text = if text.is_empty() { "0" } else { &text };
                go::parse_int_any_base(text)
                    .map_err(|problem| format!("cannot parse '' as int: {problem}"))
            }
            _ => Err(format!(
                "'' expected type 'int', got unconvertible type '{}', value: '{}'",
                go::type_of(value),
                go::print(&self.text, value)
            )),
        }
    }

    fn as_bool(&self, value: &Node) -> Result<bool, String> {
        match &value.data {
            Data::Bool(flag) => Ok(*flag),
            Data::String(_) | Data::Number(_) => {
                let text = self.as_text(value)?;
                match crate::go::parse_bool(&text) {
                    Some(flag) => Ok(flag),
                    None if text.is_empty() => Ok(false),
                    None => Err(format!(
                        "cannot parse '' as bool: strconv.ParseBool: parsing {}: invalid syntax",
                        crate::go::quoted(&text)
                    )),
                }
            }
            _ => Err(format!(
                "'' expected type 'bool', got unconvertible type '{}', value: '{}'",
                go::type_of(value),
                go::print(&self.text, value)
            )),
        }
    }

    fn as_pairs(&self, value: &Node) -> Result<Vec<(String, String)>, String> {
        let lifted = std::slice::from_ref(value);
        let maps = if value.is_object() { lifted } else { value.elements() };
        let is_list = matches!(value.data, Data::Array(_));
        if (value.is_object() || is_list) && maps.iter().all(Node::is_object) {
            let members = maps.iter().flat_map(Node::members);
            let read = |member: &crate::document::Member| {
                Some((member.name.clone(), self.element_text(&member.value, "").ok()?))
            };
            if let Some(pairs) = members.map(read).collect::<Option<Vec<_>>>() {
                return Ok(pairs);
            }
        }
        self.texts(value)?
            .into_iter()
            .map(|pair| match pair.split_once('=') {
                Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
                _ => Err(format!("invalid key pair {}", crate::go::quoted(&pair))),
            })
            .collect()
    }
}

/// What keeps a value from being a map; a list of maps is merged.
fn map_problem(value: &Node, name: &str) -> Option<String> {
    match &value.data {
        Data::Object(_) => None,
        Data::Array(elements) => elements
            .iter()
            .enumerate()
            .find_map(|(index, element)| map_problem(element, &format!("{name}[{index}]"))),
        _ => Some(format!("'{name}' expected a map, got '{}'", go::kind_of(value))),
    }
}

/// mapstructure's list of errors.
pub(super) fn decoding(mut problems: Vec<String>) -> String {
    problems.sort();
    let points: Vec<String> = problems.iter().map(|problem| format!("* {problem}")).collect();
    format!("{} error(s) decoding:\n\n{}", problems.len(), points.join("\n"))
}
