//! `token-ends-in-shutdown`: a pod that may go on for longer, once it is deleted, than its token is sure to live.

use super::super::ProjectedToken;
use super::super::spec::{Volume, member};
use super::{Subject, capped, edit, expiration};
use crate::trace::{Finding, Severity};

const CODE: &str = "token-ends-in-shutdown";

/// What `kubectl delete` grants; a pod that says nothing does not count on more.
const GRACE: f64 = 30.0;
/// The kubelet replaces no token later than a day after it was issued (K26), and sees to it within 91 s (K33).
const A_DAY: f64 = 86_400.0;
const SYNC: f64 = 91.0;
/// The only life that the API server extends (K17).
const EXTENDABLE: f64 = 3_607.0;

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let grace = member(subject.pod.spec(), "terminationGracePeriodSeconds");
    let Some(grace) = grace.and_then(serde_json::Value::as_f64).filter(|grace| *grace > GRACE)
    else {
        return Vec::new();
    };
    let tokens = subject.report.tokens.iter().filter(|token| !token.mounts.is_empty());
    tokens.filter_map(|token| finding(subject, token, grace)).collect()
}

/// Seconds that a token is sure to have left when the pod is deleted: it may be about to be replaced.
fn left(life: f64) -> f64 {
    life - A_DAY.min(life - (life / 5.0).trunc()) - SYNC
}

/// The shortest life, in whole minutes, that leaves so much.
fn enough(grace: f64) -> f64 {
    let life = (5.0 * (grace + SYNC)).min(A_DAY + grace + SYNC);
    (life / 60.0).ceil() * 60.0
}

fn finding(subject: &Subject<'_>, token: &ProjectedToken, grace: f64) -> Option<Finding> {
    let cluster = subject.manifests.cluster;
    let cap = capped::cap(cluster).unwrap_or(f64::INFINITY);
    let life = token.expiration_seconds.min(cap);
    let extended = token.audience.is_none()
        && life == EXTENDABLE
        && cluster.extend_token_expiration != Some(false);
    if extended || !expiration::is_within(token.expiration_seconds) || grace <= left(life) {
        return None;
    }
    let title = format!(
        "The token in volume {} may end before the pod does: {grace} s of grace",
        token.volume
    );
    let detail = format!(
        "Once a pod is being deleted the kubelet replaces its tokens no more. A token of {life} s that is just \
         about to be replaced has {} s left, and the pod may go on for {grace} s. Ask for a longer life, or finish \
         sooner.",
        left(life).max(0.0)
    );
    let wanted = enough(grace);
    let edits = source(subject, token)
        .filter(|_| wanted <= cap && expiration::is_within(wanted))
        .and_then(|pointer| edit::replace(subject.template, &pointer, &wanted.to_string()));
    let found = Finding::new(CODE, Severity::Warning, title, detail)
        .at(subject.template.nearest_span("/spec/terminationGracePeriodSeconds"))
        .rule("K35");
    let title = format!("Ask for {wanted} seconds, which outlast the grace period");
    Some(edit::with(found, edit::proposal(CODE, "life", title, edits.map(|edit| vec![edit]))))
}

/// Where the token's life is asked for.
fn source(subject: &Subject<'_>, token: &ProjectedToken) -> Option<String> {
    let mut sources = subject.pod.volumes().flat_map(Volume::token_sources);
    let source = sources
        .find(|source| source.volume.name() == token.volume && source.path() == token.path)?;
    Some(format!("{}/expirationSeconds", source.pointer()))
}
