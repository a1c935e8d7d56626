//! `token-sub-path`: a token mounted with subPath stays the one of the container's start.

use super::Subject;
use crate::trace::{Finding, Severity};

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let volumes = subject.pod.token_volumes();
    let mounts = subject.pod.mounts();
    mounts
        .filter(|mount| volumes.contains_key(mount.volume()))
        .filter(|mount| !(mount.sub_path().is_empty() && mount.sub_path_expr().is_empty()))
        .map(|mount| {
            let title = format!(
                "Container {} mounts the token with subPath: it is never refreshed",
                mount.container.name()
            );
            let detail = "A subPath is resolved once, when the container starts. A token file mounted so \
                keeps that first token until the container restarts, and a directory becomes empty at the \
                next refresh. Mount the whole volume and read the file below it.";
            Finding::new("token-sub-path", Severity::Error, title, detail)
                .at(subject.template.span(&mount.pointer()))
                .rule("K45")
        })
        .collect()
}
