//! Whether the file that an `external_account` configuration names is a token of the pods, and one that the provider
//! takes (G32). Nothing injects that token: the pod needs a volume of its own.

use super::Report;
use crate::cluster::Cluster;
use crate::federation::{TokenFile, TrustDocument, token_files};
use crate::pod::{PodReport, ProjectedToken};
use crate::trace::{Finding, Severity};

/// At most one finding for each configuration.
pub(super) fn findings(
    report: &Report,
    trust: &[TrustDocument],
    cluster: &Cluster,
) -> Vec<Finding> {
    let pods = pods(report);
    if pods.is_empty() {
        return Vec::new();
    }
    token_files(trust).iter().filter_map(|wanted| finding(wanted, &pods, cluster)).collect()
}

/// The pods of the token's account, or all of them.
fn pods(report: &Report) -> Vec<&PodReport> {
    let account = report.token.as_ref().and_then(|token| token.service_account.as_ref());
    let is_of = |pod: &&PodReport| {
        let of = &pod.service_account;
        pod.rejected.is_none()
            && account.is_none_or(|account| {
                (&of.name, &of.namespace) == (&account.name, &account.namespace)
            })
    };
    report.pods.iter().filter(is_of).collect()
}

fn finding(wanted: &TokenFile, pods: &[&PodReport], cluster: &Cluster) -> Option<Finding> {
    let file = &wanted.file;
    let tokens: Vec<&ProjectedToken> = pods
        .iter()
        .flat_map(|pod| &pod.tokens)
        .filter(|token| token.mounts.iter().any(|mount| mount.file == *file))
        .collect();
    let Some(token) = tokens.first() else {
        let title = format!("No pod has a token at {file}");
        let detail = "The credential file reads the token there, and no webhook puts one. Mount a projected volume \
            with a serviceAccountToken source whose path ends at this file, or name in credential_source.file where \
            the token is.";
        return Some(
            Finding::new("gcp-wif-token-file-missing", Severity::Error, title, detail).rule("G32"),
        );
    };
    let accepted = wanted.audiences.as_ref()?;
    if tokens.iter().any(|token| may_pass(token, accepted, cluster)) {
        return None;
    }
    let found = token.audience.as_deref().unwrap_or("the API server");
    let title = format!("The token at {file} is for {found}");
    let detail = format!(
        "The provider takes {}. Set `audience` of the serviceAccountToken source to it.",
        accepted.join(" or ")
    );
    let finding = Finding::new("gcp-wif-token-file-audience", Severity::Error, title, detail);
    Some(finding.at(token.span.clone()).rule("G21"))
}

/// Without an audience a token is for the API server; what that is called may not be told, but it is no provider.
fn may_pass(token: &ProjectedToken, accepted: &[String], cluster: &Cluster) -> bool {
    match (&token.audience, cluster.api_audiences.as_ref().or(cluster.issuers.as_ref())) {
        (Some(audience), _) => accepted.contains(audience),
        (None, Some(own)) => own.iter().any(|audience| accepted.contains(audience)),
        (None, None) => !accepted.iter().all(|audience| audience.contains("//iam.googleapis.com/")),
    }
}
