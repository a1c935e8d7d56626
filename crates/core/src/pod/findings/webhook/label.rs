//! `azure-label-missing`: the account is an Azure identity, and the pod is not labelled, so it gets no token.

use super::super::super::webhook;
use super::super::{Subject, edit};
use super::owner::{List, Owner};
use crate::trace::{Finding, Severity};

const CODE: &str = "azure-label-missing";
const LABEL: &str = webhook::azure::LABEL;

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let pod = Owner::pod(subject);
    if webhook::azure(subject.manifests).is_none() || webhook::azure::is_asked(subject.pod) {
        return Vec::new();
    }
    let account = Owner::account(subject);
    let is_identity = account
        .and_then(|account| account.get(List::Annotations, webhook::azure::CLIENT_ID))
        .is_some_and(|id| !id.is_empty());
    let elsewhere = elsewhere(subject);
    if let Some(finding) = unquoted(pod) {
        return vec![finding];
    }
    let given = pod.get(List::Labels, LABEL);
    if !is_identity && elsewhere.is_none() && given.is_none() {
        return Vec::new();
    }
    // An account that others use too, and a pod that says no.
    if given == Some("false") && elsewhere.is_none() {
        return Vec::new();
    }
    let title = match given {
        Some(value) => format!("{LABEL} is {value:?}, which is not \"true\""),
        None => format!("The pod is not labelled {LABEL}: \"true\""),
    };
    let place = elsewhere
        .map(|(words, _)| format!(" It stands {words}, where nobody looks."))
        .unwrap_or_default();
    let detail = format!(
        "Only pods with exactly this label reach the webhook, so this one gets neither token nor AZURE_* variables, \
         and no error: SDKs then say that no client ID is given.{place}"
    );
    let edits = match given {
        Some(_) => pod.replace(List::Labels, LABEL, "true"),
        None => pod.add(List::Labels, LABEL, "true"),
    };
    let span = pod.span(List::Labels, LABEL).or_else(|| elsewhere_span(subject));
    let found = Finding::new(CODE, Severity::Error, title, detail)
        .at(span.unwrap_or_else(|| subject.template.nearest_span("/metadata/labels")))
        .rule("Z2");
    let fix = "Label the pod, of a workload its template";
    vec![edit::with(found, edit::proposal(CODE, "label", fix, edits.map(|edit| vec![edit])))]
}

/// Unquoted it is a boolean.
fn unquoted(pod: Owner<'_>) -> Option<Finding> {
    let mut labels = pod.entries(List::Labels).iter();
    labels.find(|label| label.name == LABEL && label.value.as_bool() == Some(true))?;
    let title = format!("{LABEL} is a boolean, and labels are text");
    let detail = "The API server cannot decode a pod with such a label. Put true in quotes.";
    let edits = pod.replace(List::Labels, LABEL, "true").map(|edit| vec![edit]);
    let found = Finding::new(CODE, Severity::Error, title, detail)
        .at(pod.span(List::Labels, LABEL))
        .rule("Z2");
    Some(edit::with(found, edit::proposal(CODE, "label", "Put it in quotes", edits)))
}

/// Where else it stands, in words, with its owner.
fn elsewhere<'a>(subject: &Subject<'a>) -> Option<(&'static str, (Owner<'a>, List))> {
    let pod = Owner::pod(subject);
    let workload = Owner::workload(subject);
    let candidates = [
        (Some(pod), List::Annotations, "among the pod's annotations"),
        (workload, List::Labels, "on the workload instead of its pod template"),
        (workload, List::Annotations, "among the workload's annotations"),
    ];
    candidates.into_iter().find_map(|(owner, list, words)| {
        let owner = owner.filter(|owner| owner.get(list, LABEL) == Some("true"))?;
        Some((words, (owner, list)))
    })
}

fn elsewhere_span(subject: &Subject<'_>) -> Option<crate::trace::Span> {
    let (_, (owner, list)) = elsewhere(subject)?;
    owner.span(list, LABEL)
}
