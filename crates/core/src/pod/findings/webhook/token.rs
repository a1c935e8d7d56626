//! `eks-token-without-audience` and `eks-volume-taken`: a token that STS does not take, or none at all.

use super::super::super::spec::{TokenSource, Volume};
use super::super::super::webhook;
use super::super::Subject;
use super::owner::{List, Owner};
use crate::trace::{Finding, Severity};

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(plan) = super::eks_plan(subject) else { return Vec::new() };
    let mut volumes = subject.pod.volumes().filter(|volume| volume.name() == plan.volume);
    let Some(volume) = volumes.next() else { return Vec::new() };
    if subject.template.span(&volume.pointer()).is_some() {
        return taken(subject, volume, &plan).into_iter().collect();
    }
    let by_role = matches!(plan.mode, webhook::eks::Mode::Role(_));
    (by_role && plan.audience.is_empty()).then(|| without_audience(subject)).into_iter().collect()
}

/// A133: an empty annotation, or an entry of the ConfigMap without audience, for which no default counts.
fn without_audience(subject: &Subject<'_>) -> Finding {
    let detail = "The token gets the API server's audience: STS refuses it, and whoever receives it could call the API \
        server with it. Give the audience that the IAM OIDC provider lists, which is sts.amazonaws.com unless you chose \
        another; for entries of the webhook's ConfigMap the flag's default does not count.";
    let key =
        webhook::eks(subject.manifests).map(|flags| webhook::eks::annotation(&flags, "audience"));
    let span = Owner::account(subject)
        .zip(key)
        .and_then(|(account, key)| account.span(List::Annotations, &key));
    Finding::new(
        "eks-token-without-audience",
        Severity::Error,
        "The injected token has no audience",
        detail,
    )
    .at(span)
    .rule("A133")
}

/// A136: a volume of that name is left alone, whatever it holds.
fn taken(
    subject: &Subject<'_>,
    volume: Volume<'_>,
    plan: &webhook::eks::Injects,
) -> Option<Finding> {
    let fits = |source: TokenSource<'_>| {
        source.path() == plan.token_path && source.audience().unwrap_or_default() == plan.audience
    };
    if volume.token_sources().any(fits) {
        return None;
    }
    let title = format!("Volume {} is the pod's own, so the webhook adds no token", plan.volume);
    let detail = format!(
        "The webhook adds its volume only where none has that name. This one brings no token for {} at {}, but the \
         containers get the variables that name it. Call it something else, or let it hold that token.",
        plan.audience, plan.token_path
    );
    Some(
        Finding::new("eks-volume-taken", Severity::Error, title, detail)
            .at(subject.template.span(&volume.pointer()))
            .rule("A136"),
    )
}
