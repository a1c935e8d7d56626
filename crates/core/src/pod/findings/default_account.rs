//! `default-service-account`: the pod gets a token of the account that every pod of the namespace gets.

use super::Subject;
use crate::trace::{Finding, Severity};

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let report = subject.report;
    if report.service_account.name != "default" || report.tokens.is_empty() {
        return Vec::new();
    }
    let title =
        format!("Runs as the default ServiceAccount of {}", report.service_account.namespace);
    let detail = "Every pod of the namespace that names no account shares this identity: what one of them \
        may do, all may. Give the workload a ServiceAccount of its own, or, if it calls neither the API \
        server nor a cloud, set automountServiceAccountToken: false.";
    let span = match subject.template.account_pointer() {
        Some(pointer) => subject.template.span(pointer),
        None => Some(subject.template.nearest_span("/spec")),
    };
    vec![
        Finding::new("default-service-account", Severity::Warning, title, detail)
            .at(span)
            .rule("K67"),
    ]
}
