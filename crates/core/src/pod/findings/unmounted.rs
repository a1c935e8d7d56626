//! `token-never-requested`: a token that no container can read.

use super::super::token::is_overwritten;
use super::Subject;
use crate::trace::{Finding, Severity};

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let containers = subject.pod.containers();
    let is_mounted = |name: &str| {
        containers.iter().any(|container| container.mounts().any(|mount| mount.volume() == name))
    };
    let mut findings = Vec::new();
    for volume in subject.pod.volumes() {
        if volume.token_sources().next().is_some() && !is_mounted(volume.name()) {
            let title = format!("No container mounts volume {}", volume.name());
            let detail = "The kubelet skips a volume that nobody mounts: no token is requested. Mount it, \
                or remove it.";
            findings.push(
                Finding::new("token-never-requested", Severity::Warning, title, detail)
                    .at(subject.template.span(&volume.pointer()))
                    .rule("K36"),
            );
        }
        for source in volume.token_sources().filter(|source| is_overwritten(*source)) {
            let title = format!("A later source of volume {} writes the same file", volume.name());
            let detail = "Of two sources with one path the later wins, without any error; this token is \
                requested and never seen. Give it a path of its own.";
            findings.push(
                Finding::new("token-overwritten", Severity::Error, title, detail)
                    .at(subject.template.span(&source.pointer()))
                    .rule("K41"),
            );
        }
    }
    findings
}
