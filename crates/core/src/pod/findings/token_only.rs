//! `api-token-without-ca`: a token of one's own at the path that in-cluster clients read, without the two
//! files that they read beside it (K71, K92). Admission mounts nothing there any more.

use super::super::admission::TOKEN_MOUNT_PATH;
use super::super::spec::Mount;
use super::Subject;
use crate::trace::{Finding, Severity};

/// Read beside `token` (K92).
const COMPANIONS: [&str; 2] = ["ca.crt", "namespace"];

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let volumes = subject.pod.token_volumes();
    let lacking = volumes.iter().filter_map(|(name, volume)| {
        let text = volume.value.to_string();
        let lacks = |file: &&str| !text.contains(&format!("\"path\":\"{file}\""));
        let missing: Vec<&str> = COMPANIONS.into_iter().filter(lacks).collect();
        (!missing.is_empty()).then_some((*name, missing))
    });
    let lacking: std::collections::HashMap<&str, Vec<&str>> = lacking.collect();
    let mounts = subject.pod.mounts().filter(|mount| mount.path() == TOKEN_MOUNT_PATH);
    mounts.filter_map(|mount| Some(finding(subject, mount, lacking.get(mount.volume())?))).collect()
}

fn finding(subject: &Subject<'_>, mount: Mount<'_>, missing: &[&str]) -> Finding {
    let title = format!("{TOKEN_MOUNT_PATH} has a token but no {}", missing.join(" and no "));
    let detail = "Kubernetes clients read token, ca.crt and namespace at this path, and admission mounts \
        nothing where something is mounted already. Mount this token elsewhere, or add the ConfigMap \
        kube-root-ca.crt and the namespace to its volume as admission does.";
    Finding::new("api-token-without-ca", Severity::Warning, title, detail)
        .at(subject.template.span(&mount.pointer()))
        .rule("K92")
}
