//! Lints of what webhooks are told: labels and annotations, and what in a pod stands in their way.

mod credentials;
mod expiration;
mod identity;
mod label;
mod misplaced;
mod owner;
mod role;
mod skip;
mod token;
mod unknown;

#[cfg(test)]
mod tests;

use super::super::webhook;
use super::Subject;
use crate::trace::Finding;

/// Every lint of this kind.
pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let lints: [fn(&Subject<'_>) -> Vec<Finding>; 9] = [
        credentials::find,
        expiration::find,
        identity::find,
        label::find,
        misplaced::find,
        role::find,
        skip::find,
        token::find,
        unknown::find,
    ];
    lints.iter().flat_map(|lint| lint(subject)).collect()
}

/// Whether that webhook changed the pod.
fn acted(subject: &Subject<'_>, name: &str) -> bool {
    subject.report.injected.iter().any(|injection| injection.by == name)
}

/// What the EKS webhook injects into this pod, if the account calls for it and the pod does not opt out.
fn eks_plan(subject: &Subject<'_>) -> Option<webhook::eks::Injects> {
    let flags = webhook::eks(subject.manifests)?;
    let account = &subject.report.service_account;
    let account = subject.manifests.account(&account.namespace, &account.name);
    if subject.pod.label(webhook::eks::OPT_OUT).is_some() {
        return None;
    }
    webhook::eks::injects(&flags, subject.pod, account)
}
