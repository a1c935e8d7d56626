//! Lints of who is let in: the conditions on `sub` and `aud` (A116-A118).

use super::super::compare::Compare;
use super::super::policy::{Condition, Place, Statement, is_shared};
use super::super::spelling::is_near;
use super::{Lint, Severity, admits_tokens, asks_for, providers};
use crate::claims::ServiceAccountRef;

const ACCOUNT: &str = "system:serviceaccount:";
const AUDIENCES: &[&str] = &["sts.amazonaws.com", "sts.amazonaws.com.cn"];

pub(super) fn check(lint: &mut Lint<'_>, statement: &Statement) {
    let on = |claim: &str| -> Vec<&Condition> {
        statement.conditions.iter().filter(|one| asks_for(statement, one, claim)).collect()
    };
    let (subjects, audiences) = (on("sub"), on("aud"));
    let is_shared = providers(statement).iter().any(|one| is_shared(one.url));
    for condition in subjects.iter().filter(|_| !is_shared) {
        shape(lint, condition);
    }
    for condition in &audiences {
        unusual(lint, condition);
    }
    if !admits_tokens(statement) {
        return;
    }
    missing(lint, statement, &subjects);
    for condition in subjects.iter().filter(|one| one.operator.is_like()) {
        match is_shared {
            true => too_wide_for_shared(lint, condition),
            false => too_wide(lint, condition),
        }
    }
    if audiences.is_empty() {
        let title = "No condition asks for `aud`";
        let detail = "The provider's own list of audiences still holds, but one provider may list several. Ask for `:aud` with StringEquals.";
        lint.add("audience-missing", Severity::Warning, "A118", &lacking(statement), title, detail);
    }
}

/// The block that lacks a condition, or the statement that lacks a block.
fn lacking(statement: &Statement) -> Place {
    statement.condition_place.clone().unwrap_or_else(|| statement.place.clone())
}

/// A116.
fn missing(lint: &mut Lint<'_>, statement: &Statement, subjects: &[&Condition]) {
    let asks = |one: &&&Condition| {
        !one.operator.kind.negated && matches!(one.operator.kind.compare, Compare::Text { .. })
    };
    if subjects.iter().any(|one| asks(&one)) {
        return;
    }
    let (code, title, detail) = match subjects {
        [] => (
            "subject-missing",
            "No condition asks for `sub`: every pod of the cluster may assume the role",
            "Conditions of another statement do not help: each Allow stands alone. Ask for `:sub` with StringEquals: system:serviceaccount:NAMESPACE:NAME.",
        ),
        _ => (
            "subject-only-excluded",
            "`sub` is only excluded: everybody else may assume the role",
            "A negated operator lets in whoever it does not name. Ask for the ServiceAccount that is meant with StringEquals.",
        ),
    };
    lint.add(code, Severity::Security, "A116", &lacking(statement), title, detail);
}

/// A117: a `*` runs over the colon into any other namespace.
fn too_wide(lint: &mut Lint<'_>, condition: &Condition) {
    if condition.operator.kind.negated {
        return;
    }
    for value in condition.values.iter().filter(|value| value.text.contains(['*', '?'])) {
        let text = value.text.as_str();
        let detail = match text.strip_prefix(ACCOUNT).map(|rest| rest.split_once(':')) {
            None => "The pattern takes subjects of every kind, in every namespace.".to_owned(),
            Some(None) => format!(
                "Without a colon after the namespace `*` runs on: `{text}` also takes every ServiceAccount of namespaces that begin alike."
            ),
            Some(Some((namespace, _))) if namespace.contains(['*', '?']) => format!(
                "`{namespace}` takes other namespaces as well: whoever may make a namespace that fits gets the role. `*` matches `:` and `/` too."
            ),
            Some(Some(_)) => continue,
        };
        let title = "The pattern on `sub` is open in the namespace";
        lint.add("subject-too-wide", Severity::Security, "A117", &value.place, title, detail);
    }
}

/// A111: of an issuer with many customers a pattern must at least name one.
fn too_wide_for_shared(lint: &mut Lint<'_>, condition: &Condition) {
    for value in condition.values.iter().filter(|_| !condition.operator.kind.negated) {
        let plain = value.text.split(['*', '?']).next().unwrap_or_default();
        let names_one = plain.trim_end_matches([':', '/']).contains([':', '/'])
            || plain.split_once(':').is_some_and(|(_, whose)| !whose.is_empty());
        if value.text.contains(['*', '?']) && !names_one {
            let title = "The pattern on `sub` takes every customer of the issuer";
            let detail = "Name the organisation: repo:ORGANISATION/REPOSITORY:*.";
            lint.add("subject-too-wide", Severity::Security, "A111", &value.place, title, detail);
        }
    }
}

/// A42: a text that no ServiceAccount's subject can be.
fn shape(lint: &mut Lint<'_>, condition: &Condition) {
    let Compare::Text { like, .. } = condition.operator.kind.compare else { return };
    for value in &condition.values {
        let text = value.text.as_str();
        let is_open = text.contains("${") || text.contains(['*', '?']);
        if is_open && (like || text.contains("${")) {
            let plain = text.split(['*', '?', '$']).next().unwrap_or_default();
            if plain.starts_with(ACCOUNT) || ACCOUNT.starts_with(plain) {
                continue;
            }
        } else if is_open || ServiceAccountRef::from_subject(text).is_some() {
            continue;
        }
        let title = format!("`{}` is no ServiceAccount's subject", text.escape_debug());
        let detail = "The subject of a ServiceAccount is system:serviceaccount:NAMESPACE:NAME.";
        lint.add("subject-malformed", Severity::Warning, "A42", &value.place, title, detail);
    }
}

/// A slip in STS' own audience.
fn unusual(lint: &mut Lint<'_>, condition: &Condition) {
    for value in &condition.values {
        let text = value.text.as_str();
        let near = AUDIENCES.iter().find(|audience| is_near(audience, text));
        if let Some(near) = near.filter(|_| !AUDIENCES.contains(&text)) {
            let title = format!("`{}` is not {near}", text.escape_debug());
            let detail = "The webhook asks for tokens with the audience sts.amazonaws.com unless the ServiceAccount says otherwise.";
            lint.add("audience-misspelt", Severity::Warning, "A24", &value.place, title, detail);
        }
    }
}
