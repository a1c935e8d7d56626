//! `token-expiration-annotation`: seconds that a webhook cannot read, changes, or has refused.

use super::super::super::webhook;
use super::super::{Subject, edit};
use super::owner::{List, Owner};
use crate::go;
use crate::trace::{Finding, Severity};

const CODE: &str = "token-expiration-annotation";
/// Longest life that the API server takes (K13).
const LONGEST: i64 = 4_294_967_296;

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let owners = [Some(Owner::pod(subject)), Owner::account(subject)];
    let eks = webhook::eks(subject.manifests).filter(|_| super::eks_plan(subject).is_some());
    let azure =
        webhook::azure::is_asked(subject.pod) && webhook::azure(subject.manifests).is_some();
    let mut findings = Vec::new();
    for owner in owners.into_iter().flatten() {
        if let Some(flags) = &eks {
            findings.extend(of_eks(owner, &webhook::eks::annotation(flags, "token-expiration")));
        }
    }
    // Of Azure's the first that is not empty is read, and only that (Z6).
    let key = webhook::azure::EXPIRATION;
    let read =
        |owner: &Owner<'_>| owner.get(List::Annotations, key).is_some_and(|text| !text.is_empty());
    let owner = owners.into_iter().flatten().find(read).filter(|_| azure);
    findings.extend(owner.and_then(|owner| of_azure(owner, key)));
    findings
}

/// What is said, how grave it is, and what would be right.
struct Verdict {
    severity: Severity,
    detail: String,
    right: &'static str,
    rule: &'static str,
}

fn of_eks(owner: Owner<'_>, key: &str) -> Option<Finding> {
    let text = owner.get(List::Annotations, key)?;
    let verdict = match go::parse_int(text) {
        Err(_) => Verdict {
            severity: Severity::Warning,
            detail: "This is no whole number, so the webhook takes the next source: the account's annotation or its flag."
                .to_owned(),
            right: "86400",
            rule: "A133",
        },
        Ok(seconds) if seconds > LONGEST => Verdict {
            severity: Severity::Error,
            detail: format!("The webhook passes it on, and the API server refuses pods that ask for more than {LONGEST} s."),
            right: "86400",
            rule: "A133",
        },
        Ok(seconds) if seconds < 600 => Verdict {
            severity: Severity::Info,
            detail: "The shortest life that the API server grants is 600 s, and that is what the webhook asks for.".to_owned(),
            right: "600",
            rule: "A133",
        },
        Ok(_) => return None,
    };
    Some(finding(owner, key, text, verdict))
}

fn of_azure(owner: Owner<'_>, key: &str) -> Option<Finding> {
    let text = owner.get(List::Annotations, key)?;
    let (right, what) = match go::parse_int(text) {
        Err(_) => ("3600", "no whole number"),
        Ok(seconds) if seconds < 3_600 => ("3600", "less than an hour"),
        Ok(seconds) if seconds > 86_400 => ("86400", "more than a day"),
        Ok(_) => return None,
    };
    let verdict = Verdict {
        severity: Severity::Error,
        detail: format!(
            "This is {what}: the webhook takes 3600 to 86400 seconds and denies the pod else."
        ),
        right,
        rule: "Z7",
    };
    Some(finding(owner, key, text, verdict))
}

fn finding(owner: Owner<'_>, key: &str, text: &str, verdict: Verdict) -> Finding {
    let title = format!("{key} on {} is {text:?}", owner.words());
    let edits = owner.replace(List::Annotations, key, verdict.right).map(|edit| vec![edit]);
    let found = Finding::new(CODE, verdict.severity, title, verdict.detail)
        .at(owner.span(List::Annotations, key))
        .rule(verdict.rule);
    let fix = format!("Ask for {} seconds", verdict.right);
    edit::with(found, edit::proposal(CODE, "seconds", fix, edits))
}
