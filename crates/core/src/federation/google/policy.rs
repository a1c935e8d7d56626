//! Allow policies: bindings of roles to members, some under conditions (G15).

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::json;

use super::member::{Caller, Match};
use crate::cel::{Dialect, Fault, Program, Type, Value, Variable};
use crate::document::{Node, SyntaxError, parse_document};
use crate::time::UnixTime;

/// A policy as `get-iam-policy` prints it.
#[derive(Debug, Default)]
pub(super) struct Policy {
    pub(super) version: i64,
    pub(super) bindings: Vec<Binding>,
}

#[derive(Debug)]
pub(super) struct Binding {
    pub(super) role: String,
    pub(super) members: Vec<Member>,
    pub(super) condition: Option<String>,
    /// The whole of it, and its pointer.
    pub(super) range: Range<usize>,
    pub(super) pointer: String,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) text: String,
    pub(super) range: Range<usize>,
    pub(super) pointer: String,
}

/// What a policy says of a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// The binding that grants it.
    Granted(usize),
    /// Why nobody grants it: the bindings that come close.
    Denied,
    /// What is not known.
    Unknown(String),
}

impl Policy {
    /// An empty text is an empty policy.
    pub(super) fn read(text: &str) -> Result<Self, SyntaxError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let node = parse_document(text)?;
        let bindings = node.get("bindings").map(Node::elements).unwrap_or_default();
        let binding = |(index, node): (usize, &Node)| {
            let pointer = format!("/bindings/{index}");
            let members = node.get("members").map(Node::elements).unwrap_or_default();
            Binding {
                role: node.get("role").and_then(Node::as_str).unwrap_or_default().to_owned(),
                members: members
                    .iter()
                    .enumerate()
                    .filter_map(|(at, member)| {
                        Some(Member {
                            text: member.as_str()?.to_owned(),
                            range: member.range.clone(),
                            pointer: format!("{pointer}/members/{at}"),
                        })
                    })
                    .collect(),
                condition: node.get("condition").filter(|node| node.is_object()).map(|condition| {
                    let expression = condition.get("expression").and_then(Node::as_str);
                    expression.unwrap_or_default().to_owned()
                }),
                range: node.range.clone(),
                pointer,
            }
        };
        Ok(Self {
            version: node.get("version").and_then(Node::as_i64).unwrap_or(1),
            bindings: bindings.iter().enumerate().map(binding).collect(),
        })
    }

    /// G15: one binding is enough, whatever the others say.
    pub(super) fn judge(
        &self,
        caller: &Caller<'_>,
        contains: impl Fn(&str) -> Contains,
        resource: &str,
        now: UnixTime,
    ) -> Said {
        let mut unknown: Option<String> = None;
        for (index, binding) in self.bindings.iter().enumerate() {
            let contained = contains(&binding.role);
            if contained == Contains::No {
                continue;
            }
            let matched = binding.members.iter().map(|member| caller.matches(&member.text)).max();
            let why = match (matched, contained) {
                (None | Some(Match::No), _) => continue,
                (Some(Match::Unknown), _) => {
                    "a principal is named by the project's number, which is not told".to_owned()
                }
                (Some(Match::Yes), Contains::Unknown) => {
                    format!("whether the role {} contains the permission", binding.role)
                }
                (Some(Match::Yes), _) => match binding.holds(resource, now) {
                    Ok(true) => return Said::Granted(index),
                    Ok(false) => continue,
                    Err(what) => what,
                },
            };
            unknown = unknown.or(Some(why));
        }
        unknown.map_or(Said::Denied, Said::Unknown)
    }
}

/// Whether a role contains a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contains {
    No,
    Unknown,
    Yes,
}

/// G9: what contains `getAccessToken`.
pub(super) fn may_impersonate(role: &str) -> Contains {
    match role {
        "roles/iam.workloadIdentityUser" | "roles/iam.serviceAccountTokenCreator" => Contains::Yes,
        role if role.starts_with("projects/") || role.starts_with("organizations/") => {
            Contains::Unknown
        }
        _ => Contains::No,
    }
}

impl Binding {
    /// An expression that fails grants nothing; one that podpass does not model is unknown.
    fn holds(&self, resource: &str, now: UnixTime) -> Result<bool, String> {
        let Some(expression) = &self.condition else { return Ok(true) };
        let variable = |name| Variable { name, type_: Type::Dyn };
        let variables = [variable("request"), variable("resource")];
        let program = match Program::compile(expression, Dialect::Google, &variables) {
            Ok(program) => program,
            Err(error) if error.unknown_function().is_some() => {
                return Err(format!("a function of the condition {expression:?}"));
            }
            Err(_) => return Ok(false),
        };
        let request = Value::record([("time", Value::instant(now.0))]);
        let kind = json!({ "name": resource });
        let result =
            program.evaluate(&[("request", request), ("resource", Value::from_json(&kind))]);
        match result {
            Ok(Value::Bool(value)) => Ok(value),
            Ok(_) | Err(Fault::Error(_)) => Ok(false),
            Err(fault) => Err(fault.message()),
        }
    }
}

/// Policies that hold conditions need version 3.
pub(super) fn needs_version_3(policy: &Policy) -> bool {
    policy.version < 3 && policy.bindings.iter().any(|binding| binding.condition.is_some())
}

/// Roles by how often they stand in a policy, for diagnosis.
pub(super) fn roles_of<'a>(policy: &'a Policy, caller: &Caller<'_>) -> BTreeMap<&'a str, usize> {
    let mut roles = BTreeMap::new();
    for binding in &policy.bindings {
        if binding.members.iter().any(|member| caller.matches(&member.text) == Match::Yes) {
            *roles.entry(binding.role.as_str()).or_default() += 1;
        }
    }
    roles
}
