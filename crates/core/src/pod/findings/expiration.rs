//! `token-expiration-out-of-range`: the API server refuses the pod.

use super::super::spec::{TokenSource, Volume};
use super::{Subject, edit};
use crate::trace::{Finding, Severity};

const CODE: &str = "token-expiration-out-of-range";

/// Seconds (K13).
const MIN: f64 = 600.0;
const MAX: f64 = 4_294_967_296.0;

/// What an over-large request becomes: the kubelet renews every token after a day at the latest (K26).
const A_DAY: &str = "86400";

pub(super) fn is_within(seconds: f64) -> bool {
    (MIN..=MAX).contains(&seconds)
}

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let sources = subject.pod.volumes().flat_map(Volume::token_sources);
    sources
        .filter(|source| !is_within(source.expiration_seconds()))
        .map(|source| finding(subject, source))
        .collect()
}

fn finding(subject: &Subject<'_>, source: TokenSource<'_>) -> Finding {
    let pointer = format!("{}/expirationSeconds", source.pointer());
    let title = format!("expirationSeconds {} is out of range", source.expiration_text());
    let detail = "A token may be asked for from 600 seconds to 2^32 seconds, so the API server \
        refuses this pod. The kubelet renews the file after four fifths of its life, a day at the \
        latest: 3600 is a good value for a reader that rereads the file.";
    let (seconds, title_of_fix) = if source.expiration_seconds() < MIN {
        ("600", "Ask for 600 seconds, the shortest life that is granted")
    } else {
        (A_DAY, "Ask for a day: the file is renewed daily at the latest")
    };
    let edits = edit::replace(subject.template, &pointer, seconds).map(|edit| vec![edit]);
    let found = Finding::new(CODE, Severity::Error, title, detail)
        .at(subject.template.nearest_span(&pointer))
        .rule("K78");
    edit::with(found, edit::proposal(CODE, "nearest", title_of_fix, edits))
}
