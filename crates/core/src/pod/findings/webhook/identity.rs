//! `azure-client-id-missing`: the webhook adds a token, and the SDK does not know for whom.

use super::super::super::spec::{ContainerList, list, text};
use super::super::super::webhook;
use super::super::Subject;
use super::owner::{List, Owner};
use crate::trace::{Finding, Severity};

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(account) = Owner::account(subject) else { return Vec::new() };
    let given = account.get(List::Annotations, webhook::azure::CLIENT_ID);
    if !super::acted(subject, webhook::azure::NAME) || given.is_some_and(|id| !id.is_empty()) {
        return Vec::new();
    }
    // Those that the webhook gave the token file, and that bring no id of their own.
    let lacks = |name: &str| {
        [ContainerList::Init, ContainerList::Regular]
            .into_iter()
            .flat_map(|kind| subject.pod.containers_of(kind))
            .filter(|container| container.name() == name)
            .any(|c| !list(c.value, "env").iter().any(|v| text(v, "name") == "AZURE_CLIENT_ID"))
    };
    let mounts = subject
        .report
        .tokens
        .iter()
        .filter(|token| token.injected_by.as_deref() == Some(webhook::azure::NAME))
        .flat_map(|token| &token.mounts);
    let Some(container) = mounts.map(|mount| mount.container.as_str()).find(|name| lacks(name))
    else {
        return Vec::new();
    };
    let title = format!("{} has no {}", account.words(), webhook::azure::CLIENT_ID);
    let detail = format!(
        "The pod asks for a token, but the webhook has no value for AZURE_CLIENT_ID, and says nothing. In container \
         {container} an SDK then fails before any request, unless its code names the client. Annotate the account with \
         the client id of the application or user-assigned identity, not with its object id."
    );
    let span = account.span(List::Annotations, webhook::azure::CLIENT_ID);
    let label = || Owner::pod(subject).span(List::Labels, webhook::azure::LABEL);
    vec![
        Finding::new("azure-client-id-missing", Severity::Warning, title, detail)
            .at(span.or_else(label))
            .rule("Z8"),
    ]
}
