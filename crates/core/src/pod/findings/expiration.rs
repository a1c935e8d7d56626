//! `token-expiration-out-of-range`: the API server refuses the pod.

use super::Subject;
use crate::trace::{Finding, Severity};

/// Seconds (K13).
const MIN: f64 = 600.0;
const MAX: f64 = 4_294_967_296.0;

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let sources = subject.pod.volumes().flat_map(super::super::spec::Volume::token_sources);
    sources
        .filter(|source| !(MIN..=MAX).contains(&source.expiration_seconds()))
        .map(|source| {
            let pointer = format!("{}/expirationSeconds", source.pointer());
            let title = format!("expirationSeconds {} is out of range", source.expiration_text());
            let detail = "A token may be asked for from 600 seconds to 2^32 seconds, so the API server \
                refuses this pod. The kubelet renews the file after four fifths of its life, a day at the \
                latest: 3600 is a good value for a reader that rereads the file.";
            Finding::new("token-expiration-out-of-range", Severity::Error, title, detail)
                .at(subject.template.nearest_span(&pointer))
                .rule("K78")
        })
        .collect()
}
