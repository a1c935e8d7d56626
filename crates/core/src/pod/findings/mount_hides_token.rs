//! `api-token-hidden`: a mount at the fixed path keeps admission from mounting the API token, and what is
//! mounted there lacks what in-cluster clients read (K71, K92).

use super::super::admission::TOKEN_MOUNT_PATH;
use super::super::spec::Mount;
use super::Subject;
use crate::trace::{Finding, Severity};

/// Files that a client reads beside `token` (K92).
const COMPANIONS: [&str; 2] = ["ca.crt", "namespace"];

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let containers = subject.pod.containers();
    containers
        .iter()
        .flat_map(|container| container.mounts())
        .filter(|mount| mount.path() == TOKEN_MOUNT_PATH)
        .filter_map(|mount| finding(subject, mount))
        .collect()
}

fn finding(subject: &Subject<'_>, mount: Mount<'_>) -> Option<Finding> {
    let volume = subject.pod.volumes().find(|volume| volume.name() == mount.volume())?;
    volume.token_sources().next()?;
    let text = volume.value.to_string();
    let missing: Vec<&str> =
        COMPANIONS.into_iter().filter(|file| !text.contains(&format!("\"{file}\""))).collect();
    if missing.is_empty() {
        return None;
    }
    let title = format!("{TOKEN_MOUNT_PATH} has a token but no {}", missing.join(" and no "));
    let detail = "Kubernetes clients read token, ca.crt and namespace at this path, and admission mounts \
        nothing where something is mounted already. Mount this token elsewhere, or add the ConfigMap \
        kube-root-ca.crt and the namespace to its volume as admission does.";
    Some(
        Finding::new("api-token-hidden", Severity::Warning, title, detail)
            .at(subject.template.span(&mount.pointer()))
            .rule("K71"),
    )
}
