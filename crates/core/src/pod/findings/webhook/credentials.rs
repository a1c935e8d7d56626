//! `eks-credentials-half-given` and `aws-static-keys-win`: variables of the pod's own that keep the injected ones out, or
//! come before them.

use super::super::super::spec::{Container, ContainerList, list, text};
use super::super::super::webhook;
use super::super::Subject;
use crate::trace::{Finding, Severity};

/// The pairs of which one variable suppresses both (A137).
const PAIRS: [[&str; 2]; 2] = [
    ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"],
    ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"],
];

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(plan) = super::eks_plan(subject) else { return Vec::new() };
    let [role, identity] = PAIRS;
    let pair = match plan.mode {
        webhook::eks::Mode::Role(_) => role,
        webhook::eks::Mode::PodIdentity(_) => identity,
    };
    [ContainerList::Init, ContainerList::Regular]
        .into_iter()
        .flat_map(|list| subject.pod.containers_of(list))
        .filter(|container| !plan.skip.contains(container.name()))
        .flat_map(|container| {
            half_given(subject, container, pair).into_iter().chain(static_keys(subject, container))
        })
        .collect()
}

/// Where a container has a variable.
fn variable(container: Container<'_>, name: &str) -> Option<usize> {
    list(container.value, "env").iter().position(|variable| text(variable, "name") == name)
}

fn half_given(subject: &Subject<'_>, container: Container<'_>, pair: [&str; 2]) -> Option<Finding> {
    let [first, second] = pair;
    let (given, missing, at) = match (variable(container, first), variable(container, second)) {
        (Some(at), None) => (first, second, at),
        (None, Some(at)) => (second, first, at),
        _ => return None,
    };
    let title = format!("{given} of container {} keeps {missing} out", container.name());
    let detail = format!(
        "The webhook adds both or neither: where one is there already, whatever its value, it adds no other. The \
         container mounts the token and lacks {missing}, without which an SDK does not use it. Give both, or none."
    );
    let pointer = format!("{}/env/{at}", container.pointer());
    Some(
        Finding::new("eks-credentials-half-given", Severity::Warning, title, detail)
            .at(subject.template.span(&pointer))
            .rule("A137"),
    )
}

/// A173: SDKs look at static keys first.
fn static_keys(subject: &Subject<'_>, container: Container<'_>) -> Option<Finding> {
    let at = variable(container, "AWS_ACCESS_KEY_ID")?;
    variable(container, "AWS_SECRET_ACCESS_KEY")?;
    let title = format!("Container {} has keys of its own, and SDKs take those", container.name());
    let detail = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY come before the token in every SDK's order of sources: \
        calls are made as their owner, and errors name that one.";
    let pointer = format!("{}/env/{at}", container.pointer());
    Some(
        Finding::new("aws-static-keys-win", Severity::Warning, title, detail)
            .at(subject.template.span(&pointer))
            .rule("A173"),
    )
}
