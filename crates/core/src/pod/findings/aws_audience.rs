//! `aws-token-audience`: the variable that AWS' SDKs read names a token that is not for STS.

use super::super::spec::{TokenSource, Volume};
use super::{Subject, edit};
use crate::pod::ProjectedToken;
use crate::trace::{Finding, Severity};

const CODE: &str = "aws-token-audience";
const VARIABLE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
/// What IAM OIDC providers of clusters list unless somebody chose another (A24).
const AUDIENCES: [&str; 2] = ["sts.amazonaws.com", "sts.amazonaws.com.cn"];

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let volumes = subject.pod.volumes();
    let sources = volumes.flat_map(|volume| volume.token_sources().map(move |one| (volume, one)));
    sources
        .filter(|(_, source)| subject.template.span(&source.pointer()).is_some())
        .filter(|(volume, source)| tokens(subject, *volume, *source).any(is_for_sdk))
        .filter(|(_, source)| !AUDIENCES.contains(&source.audience().unwrap_or_default()))
        .map(|(_, source)| finding(subject, source))
        .collect()
}

/// The token of a source, as the report has it.
fn tokens<'a>(
    subject: &Subject<'a>,
    volume: Volume<'a>,
    source: TokenSource<'a>,
) -> impl Iterator<Item = &'a ProjectedToken> {
    let tokens = subject.report.tokens.iter();
    tokens.filter(move |one| one.volume == volume.name() && one.path == source.path())
}

fn is_for_sdk(token: &ProjectedToken) -> bool {
    token.mounts.iter().flat_map(|mount| &mount.env).any(|name| name == VARIABLE)
}

fn finding(subject: &Subject<'_>, source: TokenSource<'_>) -> Finding {
    let pointer = format!("{}/audience", source.pointer());
    let (severity, title) = match source.audience().filter(|audience| !audience.is_empty()) {
        Some(audience) => {
            (Severity::Warning, format!("{VARIABLE} names a token for {audience}, not for STS"))
        }
        None => (Severity::Error, format!("{VARIABLE} names a token for the API server")),
    };
    let detail = "STS takes audiences that the IAM OIDC provider lists: sts.amazonaws.com, unless you registered another. \
        Whatever the trust policy says, another audience is refused before it is asked.";
    let edits = edit::replace_string(subject.template, &pointer, "sts.amazonaws.com");
    let found = Finding::new(CODE, severity, title, detail)
        .at(subject.template.nearest_span(&pointer))
        .rule("A24");
    let title = "Ask for a token for sts.amazonaws.com";
    edit::with(found, edit::proposal(CODE, "audience", title, edits.map(|edit| vec![edit])))
}
