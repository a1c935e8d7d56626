//! `eks-annotation-unknown`: an annotation of the account that looks like one of the webhook's, and is none.

use super::super::super::webhook;
use super::super::{Subject, edit};
use super::owner::{List, Owner};
use crate::trace::{Finding, Severity};

const CODE: &str = "eks-annotation-unknown";
/// Upstream's prefix, and that of older tools for the same purpose.
const PREFIXES: [&str; 2] = ["eks.amazonaws.com", "iam.amazonaws.com"];
/// More are not listed.
const MOST: usize = 8;
/// What the webhook reads on an account.
const NAMES: [&str; 4] = ["role-arn", "audience", "sts-regional-endpoints", "token-expiration"];

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let (Some(flags), Some(account)) = (webhook::eks(subject.manifests), Owner::account(subject))
    else {
        return Vec::new();
    };
    let right = |name: &str| webhook::eks::annotation(&flags, name);
    let own = right("");
    let entries = account.entries(List::Annotations).iter().map(|member| member.name.as_str());
    let meant = entries.filter_map(|key| {
        let (prefix, name) = key.split_once('/')?;
        let ours = format!("{prefix}/") == own;
        let known = NAMES
            .iter()
            .find(|known| folded(known) == folded(name) || alias(name) == Some(known))?;
        let looks = ours || PREFIXES.contains(&prefix);
        (looks && right(known) != key).then(|| (key, right(known)))
    });
    meant.take(MOST).map(|(key, right)| finding(account, key, &right)).collect()
}

/// A name without what people get wrong in it.
fn folded(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// What older tools call it.
fn alias(name: &str) -> Option<&'static str> {
    (name == "role").then_some("role-arn")
}

fn finding(account: Owner<'_>, key: &str, right: &str) -> Finding {
    let title = format!("The webhook does not read {key}");
    let detail = format!("It reads {right}, and ignores every other annotation without an error.");
    let edits = account.get(List::Annotations, right).is_none();
    let edits = edits.then(|| Some(vec![account.rename(List::Annotations, key, right)?])).flatten();
    let found = Finding::new(CODE, Severity::Warning, title, detail)
        .at(account.span(List::Annotations, key))
        .rule("A133");
    edit::with(found, edit::proposal(CODE, "rename", format!("Call it {right}"), edits))
}
