//! `token-never-requested`: the volume is in no container, so the kubelet does not even ask for the token.

use super::Subject;
use crate::trace::{Finding, Severity};

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let mounted = subject.pod.mounted_volumes();
    subject
        .pod
        .volumes()
        .filter(|volume| volume.token_sources().next().is_some())
        .filter(|volume| !mounted.contains(volume.name()))
        .map(|volume| {
            let title = format!("No container mounts volume {}", volume.name());
            let place = subject.template.span(&volume.pointer());
            // A webhook adds its volume even if every container is to be skipped (A136, Z14).
            let (severity, detail) = if place.is_some() {
                let detail = "The kubelet skips a volume that nobody mounts: no token is requested. Mount it, or \
                    remove it.";
                (Severity::Warning, detail)
            } else {
                let detail = "The webhook adds it although every container is to be skipped. The kubelet skips a \
                    volume that nobody mounts, so no token is requested.";
                (Severity::Info, detail)
            };
            Finding::new("token-never-requested", severity, title, detail).at(place).rule("K36")
        })
        .collect()
}
