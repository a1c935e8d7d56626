//! `token-expiration-out-of-range`: the API server refuses the pod.

use super::super::spec::{TokenSource, Volume};
use super::{Subject, edit};
use crate::trace::{Finding, Severity, TextEdit};

const CODE: &str = "token-expiration-out-of-range";

/// Seconds (K13).
const MIN: f64 = 600.0;
const MAX: f64 = 4_294_967_296.0;

/// What an over-large request becomes: the kubelet renews every token after a day at the latest (K26).
const A_DAY: &str = "86400";
/// What one that is too small becomes.
const SHORTEST: &str = "600";

pub(super) fn is_within(seconds: f64) -> bool {
    (MIN..=MAX).contains(&seconds)
}

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let sources: Vec<TokenSource<'_>> = subject
        .pod
        .volumes()
        .flat_map(Volume::token_sources)
        .filter(|source| !is_within(source.expiration_seconds()))
        .collect();
    // One alone would leave the pod refused.
    let edits: Option<Vec<TextEdit>> =
        sources.iter().map(|source| nearest(subject, *source)).collect();
    sources.iter().map(|source| finding(subject, *source, edits.clone())).collect()
}

fn pointer(source: TokenSource<'_>) -> String {
    format!("{}/expirationSeconds", source.pointer())
}

fn nearest(subject: &Subject<'_>, source: TokenSource<'_>) -> Option<TextEdit> {
    let seconds = if source.expiration_seconds() < MIN { SHORTEST } else { A_DAY };
    edit::replace(subject.template, &pointer(source), seconds)
}

fn finding(
    subject: &Subject<'_>,
    source: TokenSource<'_>,
    edits: Option<Vec<TextEdit>>,
) -> Finding {
    let title = format!("expirationSeconds {} is out of range", source.expiration_text());
    let detail = "A token may be asked for from 600 seconds to 2^32 seconds, so the API server \
        refuses this pod. The kubelet renews the file after four fifths of its life, a day at the \
        latest: 3600 is a good value for a reader that rereads the file.";
    let found = Finding::new(CODE, Severity::Error, title, detail)
        .at(subject.template.nearest_span(&pointer(source)))
        .rule("K78");
    let title = match &edits {
        Some(edits) if edits.len() > 1 => "In every source, ask for a life that is granted",
        _ if source.expiration_seconds() < MIN => {
            "Ask for 600 seconds, the shortest life that is granted"
        }
        _ => "Ask for a day: the file is renewed daily at the latest",
    };
    edit::with(found, edit::proposal(CODE, "nearest", title, edits))
}
