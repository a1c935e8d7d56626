//! The role trust policy as IAM stores it: read with positions, and refused where IAM refuses to save it.
//!
//! A document is a bare policy or what `aws iam get-role` prints, whose `AssumeRolePolicyDocument` is an
//! object or a URL-encoded string; or a role of CloudFormation or Terraform, as far as it is plain JSON. Sources: IAM User Guide, "Grammar of the IAM JSON policy language" and
//! "IAM JSON policy elements" (read 2026-11).

mod reader;
mod refusals;
mod shared;

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use self::reader::Reader;
pub(super) use self::shared::is_shared;
use super::condition::Operator;
use super::percent;
use crate::document::{
    Data, Duplicates, Member, Node, SyntaxError, Text, parse_document, parse_json, push_pointer,
};
use crate::trace::{Certainty, Span};

/// What IAM says of text that is no JSON.
const INVALID_JSON: &str = "This policy contains invalid Json";

/// Where an element stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    range: Range<usize>,
    pointer: String,
}

impl Place {
    /// Bytes of the text.
    pub(super) fn bytes(&self) -> Range<usize> {
        self.range.clone()
    }

    pub(super) fn span(&self, text: &Text<'_>) -> Span {
        text.span(&self.range, Some(&self.pointer))
    }
}

/// A text of the policy and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) text: String,
    pub(super) place: Place,
}

/// What a trust document says.
#[derive(Debug)]
pub(super) enum Document {
    /// Empty text: there is no such role.
    NoRole,
    /// Not JSON (or YAML) at all.
    Unreadable(SyntaxError),
    /// A role or a bare policy.
    Role(Box<Role>),
}

/// A role: of a bare policy only the policy is known.
#[derive(Debug, Default)]
pub(super) struct Role {
    pub(super) arn: Option<String>,
    pub(super) name: Option<String>,
    pub(super) max_session_duration: Option<f64>,
    pub(super) policy: Policy,
    /// Why IAM would not save the policy, in the order in which IAM looks; then nothing is evaluated.
    pub(super) refusals: Vec<Refusal>,
}

/// Why IAM would not save a policy.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    /// IAM's text.
    pub(super) message: Cow<'static, str>,
    /// Another text that IAM has for it.
    pub(super) alternative: Option<&'static str>,
    pub(super) certainty: Certainty,
    /// What is wrong, for a reader.
    pub(super) title: String,
    pub(super) hint: &'static str,
    pub(super) place: Place,
    pub(super) rule: &'static str,
}

/// A trust policy.
#[derive(Debug, Default)]
pub(super) struct Policy {
    /// `Version` 2012-10-17: `${...}` is a variable (A50, A90).
    pub(super) variables: bool,
    pub(super) version: Option<Item>,
    pub(super) statements: Vec<Statement>,
    /// Characters without white space (A25).
    pub(super) size: usize,
    pub(super) place: Place,
    /// Members that stand twice in one object; the last one counts.
    pub(super) repeated: Vec<Item>,
}

/// One statement.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) place: Place,
    pub(super) sid: Option<Item>,
    pub(super) effect: Effect,
    pub(super) effect_place: Place,
    pub(super) principals: Vec<Principal>,
    pub(super) principal_place: Place,
    /// `NotAction`: everything but the patterns (A57).
    pub(super) not_action: bool,
    pub(super) actions: Vec<Item>,
    pub(super) action_place: Place,
    /// Of `Condition`, if there is one.
    pub(super) condition_place: Option<Place>,
    pub(super) conditions: Vec<Condition>,
    /// `Condition`, or an operator in it, that tests nothing (A73).
    pub(super) empty_blocks: Vec<Place>,
}

impl Statement {
    /// The principals of one kind.
    pub(super) fn principals_of(&self, kind: &str) -> impl Iterator<Item = &Principal> {
        self.principals.iter().filter(move |one| one.kind == kind)
    }
}

/// `Effect`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// One principal, `{"<kind>": "<value>"}`; the bare `*` has an empty kind.
#[derive(Debug)]
pub(super) struct Principal {
    pub(super) kind: String,
    pub(super) value: Item,
}

impl Principal {
    /// `*` or `{"AWS": "*"}` (A56).
    pub(super) fn is_everybody(&self) -> bool {
        matches!(self.kind.as_str(), "AWS" | "") && self.value.text == "*"
    }
}

/// One key under one operator, with its values.
#[derive(Debug)]
pub(super) struct Condition {
    pub(super) operator: Operator,
    pub(super) operator_name: String,
    pub(super) key: Item,
    pub(super) values: Vec<Item>,
    /// Texts, numbers and booleans side by side.
    pub(super) mixed: bool,
    pub(super) place: Place,
    /// Of the operator's name.
    pub(super) operator_place: Place,
    /// Another key under the operator differs from this one in case only (A61).
    pub(super) twin: bool,
}

/// Reads a trust document.
pub(super) fn parse(text: &Text<'_>) -> Document {
    if text.text.trim().is_empty() {
        return Document::NoRole;
    }
    let root = match (parse_document(text.text), terraform(text.text)) {
        (_, Some(root)) => root,
        (Ok(root), None) => root,
        (Err(error), None) => return Document::Unreadable(error),
    };
    let cursor = Cursor { node: &root, pointer: String::new(), inside: None };
    Document::Role(Box::new(read_role(text, &cursor)))
}

/// Whether IAM itself ever saw this text: `get-role` output is wrapped, a policy file is not.
pub(super) fn is_wrapped(text: &str) -> bool {
    POLICY_MEMBERS.iter().any(|name| text.contains(name))
}

/// IAM's word for text that is no JSON.
pub(super) fn invalid_json() -> (&'static str, &'static str) {
    ("MalformedPolicyDocument", INVALID_JSON)
}

/// The JSON in Terraform's `jsonencode({...})` or `<<EOF {...} EOF`, at its own place.
fn terraform(text: &str) -> Option<Node> {
    if text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let marker = text.find("jsonencode(").or_else(|| text.find("<<"))?;
    let start = marker + text.get(marker..)?.find('{')?;
    let end = start + object_length(text.get(start..)?)?;
    // What stands before it becomes blanks, so that every place stays.
    let json = format!("{}{}", " ".repeat(start), text.get(start..end)?);
    parse_json(&json, Duplicates::LastWins).ok()
}

/// Bytes of the JSON object that a text begins with.
fn object_length(text: &str) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' if !in_string => depth += 1,
            b'}' if !in_string && depth == 1 => return Some(at + 1),
            b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Where a document holds a role: `aws iam get-role` and `list-roles`, a CloudFormation resource or template,
/// a role in Terraform's state; else the document is the policy itself.
fn find_role<'n>(root: &Cursor<'n>) -> Cursor<'n> {
    let holds = |at: &Cursor<'_>| POLICY_MEMBERS.iter().any(|name| at.node.get(name).is_some());
    let resources = root.get("Resources").map(|resources| resources.members()).unwrap_or_default();
    let of_template = resources.into_iter().filter_map(|(_, one)| one.get("Properties"));
    let of_list = root.get("Roles").map(|roles| roles.each()).unwrap_or_default();
    let wrapped = [root.get("Role"), root.get("Properties"), root.get("values")];
    let mut candidates = wrapped.into_iter().flatten().chain(of_list).chain(of_template);
    candidates.find(|one| holds(one)).unwrap_or_else(|| root.clone())
}

/// Members that hold a role's trust policy.
const POLICY_MEMBERS: [&str; 2] = ["AssumeRolePolicyDocument", "assume_role_policy"];

fn read_role(text: &Text<'_>, root: &Cursor<'_>) -> Role {
    let wrapped = find_role(root);
    let Some(policy) = POLICY_MEMBERS.iter().find_map(|name| wrapped.get(name)) else {
        let mut role = Role::default();
        read_policy(&mut role, text.text.get(root.node.range.clone()).unwrap_or_default(), root);
        return role;
    };
    let mut role = Role {
        arn: wrapped.text_of("Arn").or_else(|| wrapped.text_of("arn")),
        name: wrapped.text_of("RoleName").or_else(|| wrapped.text_of("name")),
        max_session_duration: wrapped
            .node
            .get("MaxSessionDuration")
            .or_else(|| wrapped.node.get("max_session_duration"))
            .and_then(Node::as_f64),
        ..Role::default()
    };
    match policy.node.as_str() {
        None => {
            let range = policy.node.range.clone();
            read_policy(&mut role, text.text.get(range).unwrap_or_default(), &policy);
        }
        Some(encoded) => read_encoded(&mut role, encoded, &policy),
    }
    role
}

/// The form that the IAM API returns: the policy's text, URL-encoded (RFC 3986).
fn read_encoded(role: &mut Role, encoded: &str, at: &Cursor<'_>) {
    let decoded = if encoded.trim_start().starts_with('%') {
        percent::decode(encoded)
    } else {
        Some(encoded.to_owned())
    };
    let parsed = decoded.and_then(|text| {
        let node = parse_json(&text, Duplicates::LastWins).ok()?;
        Some((text, node))
    });
    match parsed {
        Some((text, node)) => {
            let inside = Some(at.node.range.clone());
            read_policy(role, &text, &Cursor { node: &node, pointer: at.pointer.clone(), inside });
        }
        None => role.refusals.push(Refusal {
            code: "MalformedPolicyDocument",
            message: Cow::Borrowed(INVALID_JSON),
            alternative: None,
            certainty: Certainty::Likely,
            title: "AssumeRolePolicyDocument is text that holds no JSON policy".to_owned(),
            hint: "paste the output of `aws iam get-role` unchanged, or the policy alone",
            place: at.place(),
            rule: "A50",
        }),
    }
}

fn read_policy(role: &mut Role, source: &str, root: &Cursor<'_>) {
    let mut reader = Reader::default();
    role.policy = reader.policy(source, root);
    role.refusals.append(&mut reader.refusals());
}

/// A node with its pointer. Inside a URL-encoded document every place is that string's.
#[derive(Debug, Clone)]
struct Cursor<'n> {
    node: &'n Node,
    pointer: String,
    inside: Option<Range<usize>>,
}

impl<'n> Cursor<'n> {
    fn place(&self) -> Place {
        self.place_of(&self.node.range)
    }

    fn place_of(&self, range: &Range<usize>) -> Place {
        let range = self.inside.clone().unwrap_or_else(|| range.clone());
        Place { range, pointer: self.pointer.clone() }
    }

    fn step(&self, node: &'n Node, step: &str) -> Self {
        let pointer = match self.inside {
            Some(_) => self.pointer.clone(),
            None => push_pointer(&self.pointer, step),
        };
        Self { node, pointer, inside: self.inside.clone() }
    }

    fn get(&self, name: &str) -> Option<Self> {
        self.node.get(name).map(|node| self.step(node, name))
    }

    fn text_of(&self, name: &str) -> Option<String> {
        self.node.get(name).and_then(Node::as_str).map(str::to_owned)
    }

    /// The elements of a list; of anything else, itself alone.
    fn each(&self) -> Vec<Self> {
        match &self.node.data {
            Data::Array(elements) => elements
                .iter()
                .enumerate()
                .map(|(index, node)| self.step(node, &index.to_string()))
                .collect(),
            _ => vec![self.clone()],
        }
    }

    /// The members of an object with their names' places; of members with one name, the last.
    fn members(&self) -> Vec<(Item, Self)> {
        let members = self.node.members();
        let superseded = superseded(members);
        let counts = members.iter().enumerate().filter(|(at, _)| !superseded.contains(at));
        counts
            .map(|(_, member)| {
                let value = self.step(&member.value, &member.name);
                let place = value.place_of(&member.name_range);
                (Item { text: member.name.clone(), place }, value)
            })
            .collect()
    }
}

/// Members that a later one of the same name replaces. Few members are compared without a table.
fn superseded(members: &[Member]) -> HashSet<usize> {
    const FEW: usize = 16;
    if members.len() <= FEW {
        let is_again =
            |at: usize, name: &str| members.iter().skip(at + 1).any(|later| later.name == name);
        let each = members.iter().enumerate();
        return each.filter(|(at, one)| is_again(*at, &one.name)).map(|(at, _)| at).collect();
    }
    let mut seen = HashSet::new();
    let backwards = members.iter().enumerate().rev();
    backwards.filter(|(_, one)| !seen.insert(one.name.as_str())).map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests;
