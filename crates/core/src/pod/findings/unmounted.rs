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
            let detail = "The kubelet skips a volume that nobody mounts: no token is requested. Mount it, \
                or remove it.";
            Finding::new("token-never-requested", Severity::Warning, title, detail)
                .at(subject.template.span(&volume.pointer()))
                .rule("K36")
        })
        .collect()
}
