//! Edits of the role that let the token in, each tried before it is offered.
//!
//! A bound value becomes the token's own; nothing else is let in.

use std::ops::Range;

use serde_json::Value;

use super::Case;
use super::claims::{self, Claim};
use super::fields::{Fields, Read};
use crate::claims::ServiceAccountRef;
use crate::document::{Node, Text};
use crate::federation::{FederationOutcome, System};
use crate::trace::{Fix, InputName, Status, TextEdit};

/// A replacement of some bytes, and the check it is for.
struct Edit {
    bytes: Range<usize>,
    text: String,
    check: &'static str,
    title: String,
}

pub(super) fn propose(text: &Text<'_>, case: &Case<'_>, outcome: &FederationOutcome) -> Vec<Fix> {
    let (Some(claims), Read::Fields(role)) = (case.subject.claims(), Fields::read(text.clone()))
    else {
        return Vec::new();
    };
    if outcome.rejected.is_some() {
        return Vec::new();
    }
    let Some(account) = claims.service_account() else { return Vec::new() };
    let edits = match case.system {
        System::VaultKubernetes => of_kubernetes(&role, &account),
        _ => of_jwt(&role, claims.0, &account),
    };
    edits.into_iter().filter_map(|edit| tried(text, case, outcome, edit, &account)).collect()
}

/// R8 to R10: what binds the account, one value at a time.
fn of_jwt(
    role: &Fields<'_>,
    claims: &serde_json::Map<String, Value>,
    account: &ServiceAccountRef,
) -> Vec<Edit> {
    let mut edits = Vec::new();
    if let Some(bound) = role.get("bound_subject").filter(|bound| bound.as_str() != Some("")) {
        edits.push(replace(bound, &account.subject(), "subject", "bound_subject"));
    }
    let binding = ["sub", "/kubernetes.io/namespace", "/kubernetes.io/serviceaccount/name"];
    for (name, bound) in role.map("bound_claims") {
        let found = claims::find(claims, &name);
        let text = found.as_ref().and_then(Claim::as_str);
        if let (Some(text), true, true) =
            (text, binding.contains(&name.as_str()), bound.as_str().is_some())
        {
            edits.push(replace(&bound, text, "bound-claims", &format!("the bound claim {name}")));
        }
    }
    edits
}

/// R16: names and namespaces multiply, so a list grows only beside a single one of the other.
fn of_kubernetes(role: &Fields<'_>, account: &ServiceAccountRef) -> Vec<Edit> {
    let names = ("bound_service_account_names", "service-account", &account.name);
    let namespaces = ("bound_service_account_namespaces", "namespace", &account.namespace);
    let mut edits = Vec::new();
    for ((field, check, value), (other, _, beside)) in [(names, namespaces), (namespaces, names)] {
        let Some(node) = role.get(field) else { continue };
        let alone = role.list(other) == [beside.clone()];
        match (node.elements(), node.as_str()) {
            ([only], _) => edits.push(replace(only, value, check, field)),
            ([.., last], _) if alone => {
                let end = last.range.end;
                let text = format!(", {}", Value::from(value.as_str()));
                let title = format!("Add {value} to {field}");
                edits.push(Edit { bytes: end..end, text, check, title });
            }
            ([], Some(only)) if !only.contains(',') => {
                edits.push(replace(node, value, check, field))
            }
            _ => {}
        }
    }
    edits
}

fn replace(node: &Node, value: &str, check: &'static str, what: &str) -> Edit {
    let title = format!("Set {what} to {value}");
    Edit { bytes: node.range.clone(), text: Value::from(value).to_string(), check, title }
}

/// Whether the check passes then, nothing else fails that did not, and nobody but the account comes in.
fn tried(
    text: &Text<'_>,
    case: &Case<'_>,
    before: &FederationOutcome,
    edit: Edit,
    account: &ServiceAccountRef,
) -> Option<Fix> {
    let start = text.text.get(..edit.bytes.start)?;
    let end = text.text.get(edit.bytes.end..)?;
    let edited = format!("{start}{}{end}", edit.text);
    let after = case.run(&Text::new(InputName::Trust, &edited));
    let id = case.id(edit.check);
    let fails = |outcome: &FederationOutcome, id: &str| {
        outcome.checks.iter().filter(|check| check.id == id && check.status == Status::Fail).count()
    };
    let spoils = after.checks.iter().any(|check| {
        check.status == Status::Fail && fails(&after, &check.id) > fails(before, &check.id)
    });
    let subject = account.subject();
    let is_narrow = after.reach.subjects.iter().all(|one| {
        before.reach.subjects.contains(one)
            || one.pattern == subject
            || after.reach.breadth <= before.reach.breadth
    });
    let helps = fails(&after, &id) < fails(before, &id);
    (helps && !spoils && is_narrow && after.rejected.is_none()).then(|| {
        let span = text.span(&edit.bytes, None);
        let method = if case.system == System::VaultKubernetes { "kubernetes" } else { "jwt" };
        let name =
            case.facts.role_name.as_deref().filter(|name| !name.is_empty()).unwrap_or("NAME");
        Fix {
            id: format!("{id}/bind"),
            title: edit.title,
            check: id,
            input: InputName::Trust,
            index: text.index,
            edits: vec![TextEdit { start: span.start, end: span.end, text: edit.text }],
            verdict_after: Some(after.verdict),
            command: Some(format!("vault write auth/{method}/role/{name} @role.json")),
        }
    })
}
