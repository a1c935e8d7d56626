//! `eks-role-arn-malformed` and `eks-role-unused`: a role that STS cannot read, or that the pod does not get.

use super::super::super::webhook;
use super::super::{Subject, edit};
use super::owner::{List, Owner};
use crate::trace::{Finding, Severity};

const MALFORMED: &str = "eks-role-arn-malformed";

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let (Some(flags), Some(account)) = (webhook::eks(subject.manifests), Owner::account(subject))
    else {
        return Vec::new();
    };
    let key = webhook::eks::annotation(&flags, "role-arn");
    let Some(given) = account.get(List::Annotations, &key).filter(|role| !role.is_empty()) else {
        return Vec::new();
    };
    let plan = super::eks_plan(subject);
    match plan.map(|plan| plan.mode) {
        Some(webhook::eks::Mode::Role(role)) => {
            malformed(account, &key, given, &role).into_iter().collect()
        }
        Some(webhook::eks::Mode::PodIdentity(_)) => {
            let why = "an EKS Pod Identity association of the account wins over it";
            vec![unused(account, &key, why, "A133")]
        }
        None => {
            let why = "the pod's label opts out of the webhook, whatever the label's value";
            vec![unused(account, &key, why, "A131")]
        }
    }
}

/// A133: a value that is no ARN is injected as it is, and STS does not take it (A10).
fn malformed(account: Owner<'_>, key: &str, given: &str, role: &str) -> Option<Finding> {
    if is_role_arn(role) {
        return None;
    }
    let title = format!("{key} is {given:?}, which is no ARN of a role");
    let detail = "The webhook only logs a warning and injects it all the same; STS answers ValidationError, \"Request \
        ARN is invalid\". A role's ARN reads arn:aws:iam::111122223333:role/NAME.";
    let trimmed = given.trim().trim_matches(['\\', '"', '\'']);
    let edits = is_role_arn(trimmed)
        .then(|| Some(vec![account.replace(List::Annotations, key, trimmed)?]));
    let found = Finding::new(MALFORMED, Severity::Error, title, detail)
        .at(account.span(List::Annotations, key))
        .rule("A133");
    Some(edit::with(
        found,
        edit::proposal(MALFORMED, "trim", "Take the ARN alone", edits.flatten()),
    ))
}

/// As the webhook's pattern has it: `^arn:aws[a-z0-9-]*:iam::\d{12}:role\/[\w-\/.@+=,]+$`.
fn is_role_arn(text: &str) -> bool {
    let path_character = |c: char| c.is_ascii_alphanumeric() || "_-/.@+=,".contains(c);
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", partition, "iam", "", account, role] => {
            let partition = partition.strip_prefix("aws").is_some_and(|rest| {
                rest.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            });
            let account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
            let role = role.strip_prefix("role/");
            partition
                && account
                && role.is_some_and(|r| !r.is_empty() && r.chars().all(path_character))
        }
        _ => false,
    }
}

fn unused(account: Owner<'_>, key: &str, why: &str, rule: &'static str) -> Finding {
    let title = format!("The role of {} is not given to this pod", account.words());
    let detail = format!("{key} has no effect here: {why}.");
    Finding::new("eks-role-unused", Severity::Info, title, detail)
        .at(account.span(List::Annotations, key))
        .rule(rule)
}
