//! `token-sub-path`: a token mounted with subPath stays the one of the container's start (K45).

use super::super::spec::Volume;
use super::Subject;
use crate::trace::{Finding, Severity};

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let containers = subject.pod.containers();
    let has_token = |name: &str| {
        let mut volumes = subject.pod.volumes();
        volumes.any(|volume: Volume<'_>| {
            volume.name() == name && volume.token_sources().next().is_some()
        })
    };
    containers
        .iter()
        .flat_map(|container| container.mounts())
        .filter(|mount| !(mount.sub_path().is_empty() && mount.sub_path_expr().is_empty()))
        .filter(|mount| has_token(mount.volume()))
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
