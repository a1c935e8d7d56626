//! `token-expiration-capped` and `token-extension-disabled`: what a maximum of the API server does to requests.

use super::super::spec::{TokenSource, Volume};
use super::super::{PodReport, admission};
use super::{Subject, edit, expiration};
use crate::cluster::Cluster;
use crate::trace::{Finding, Severity};

const CODE: &str = "token-expiration-capped";

/// Seconds that admission asks for (K69).
const INJECTED: f64 = 3607.0;

/// K16; with an external signer and no maximum of its own, the signer's (K21). 0 is none.
pub(super) fn cap(cluster: &Cluster) -> Option<f64> {
    let own = cluster.max_token_expiration.filter(|seconds| *seconds > 0.0);
    own.or_else(|| cluster.external_signer.as_ref().map(|signer| signer.max_token_expiration))
}

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(cap) = cap(subject.manifests.cluster) else { return Vec::new() };
    let sources = subject.pod.volumes().flat_map(Volume::token_sources);
    sources
        .filter(|source| subject.template.span(&source.pointer()).is_some())
        .filter(|source| expiration::is_within(source.expiration_seconds()))
        .filter(|source| source.expiration_seconds() > cap)
        .map(|source| finding(subject, source, cap))
        .collect()
}

fn finding(subject: &Subject<'_>, source: TokenSource<'_>, cap: f64) -> Finding {
    let pointer = format!("{}/expirationSeconds", source.pointer());
    let title = format!("expirationSeconds {} is cut to {cap}", source.expiration_text());
    let detail = format!(
        "The API server's maximum is {cap} seconds: it grants that and answers with a warning that nobody \
         sees, because the kubelet asks. The file is renewed by the shorter life. Ask for what is granted, or \
         raise --service-account-max-token-expiration."
    );
    let edits = edit::replace(subject.template, &pointer, &cap.to_string());
    let found = Finding::new(CODE, Severity::Info, title, detail)
        .at(subject.template.nearest_span(&pointer))
        .rule("K16");
    let title = format!("Ask for {cap} seconds, which is what is granted");
    edit::with(found, edit::proposal(CODE, "cap", title, edits.map(|edit| vec![edit])))
}

/// K18, once for all pods: it is the cluster's doing.
pub(in super::super) fn extension(cluster: &Cluster, pods: &[PodReport]) -> Option<Finding> {
    let cap = cap(cluster).filter(|cap| *cap < INJECTED)?;
    let injected = pods.iter().flat_map(|pod| &pod.tokens).any(|token| {
        token.injected_by.as_deref() == Some(admission::NAME) && token.expiration_seconds > cap
    });
    if !injected || cluster.extend_token_expiration == Some(false) {
        return None;
    }
    let title = format!("A maximum of {cap} seconds switches the extension of injected tokens off");
    let detail = format!(
        "Injected tokens ask for 3607 seconds, and only a token of exactly that life is extended to a year, for \
         clients that read it once. Cut to {cap} it is not, so such clients get 401 about an hour after they \
         read it. A maximum of 3607 or more keeps the extension; clients that reread the file need none."
    );
    Some(Finding::new("token-extension-disabled", Severity::Warning, title, detail).rule("K18"))
}
