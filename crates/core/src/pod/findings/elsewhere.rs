//! `api-token-elsewhere`: a token for the API server where in-cluster clients do not look for one.

use std::collections::HashSet;

use super::super::admission::TOKEN_MOUNT_PATH;
use super::super::path::{below, clean};
use super::Subject;
use crate::trace::{Finding, Severity};

/// Once for each container. Whoever names the path to its client is right to do so, hence only a note.
pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let containers = subject.pod.containers();
    let looked_at: HashSet<&str> = containers
        .iter()
        .filter(|container| {
            container.mounts().any(|mount| below(TOKEN_MOUNT_PATH, &clean(mount.path())).is_some())
        })
        .map(|container| container.name())
        .collect();
    let mut told = HashSet::new();
    let tokens = subject.report.tokens.iter().filter(|token| token.audience.is_none());
    tokens
        .flat_map(|token| token.mounts.iter().map(move |mount| (token, mount)))
        .filter(|(_, mount)| !looked_at.contains(mount.container.as_str()))
        .filter(|(_, mount)| told.insert(mount.container.clone()))
        .map(|(token, mount)| {
            let title =
                format!("In-cluster clients do not find the token of container {}", mount.container);
            let detail = format!(
                "{} is a token for the API server, and nothing is mounted at {TOKEN_MOUNT_PATH}. Kubernetes \
                 clients read token, ca.crt and namespace there and nowhere else: no setting changes the path. A \
                 client that is told the file by its own configuration finds it.",
                mount.file
            );
            Finding::new("api-token-elsewhere", Severity::Info, title, detail)
                .at(token.span.clone())
                .rule("K91")
        })
        .collect()
}
