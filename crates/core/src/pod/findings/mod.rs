//! Lints of a pod: one file each.

mod default_account;
mod expiration;
mod overwritten;
mod sub_path;
mod token_only;
mod unmounted;

use super::PodReport;
use super::manifest::Template;
use super::spec::Pod;
use super::webhooks::{self, Called};
use crate::trace::Finding;

/// What a lint looks at: the pod as it was admitted, and where it was pasted.
pub(super) struct Subject<'a> {
    pub(super) pod: Pod<'a>,
    pub(super) template: &'a Template<'a>,
    pub(super) report: &'a PodReport,
    pub(super) webhooks: &'a [Called],
}

/// Every lint.
pub(super) fn findings(subject: &Subject<'_>) -> Vec<Finding> {
    let lints: [fn(&Subject<'_>) -> Vec<Finding>; 6] = [
        default_account::find,
        expiration::find,
        overwritten::find,
        sub_path::find,
        token_only::find,
        unmounted::find,
    ];
    let mut findings: Vec<Finding> = lints.iter().flat_map(|lint| lint(subject)).collect();
    findings.extend(webhooks::findings(subject.webhooks));
    findings
}
