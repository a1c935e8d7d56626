//! `api-token-without-ca`: a token of one's own at the path that in-cluster clients read, without the two
//! files that they read beside it (K71, K92). Admission mounts nothing there any more.

use super::super::admission::TOKEN_MOUNT_PATH;
use super::super::spec::{Mount, Volume};
use super::files::Files;
use super::{Subject, edit};
use crate::trace::{Finding, Fix, Severity};

const CODE: &str = "api-token-without-ca";

/// A file read beside `token` (K92), and the source that brings it: in lines, and as JSON. As in K69.
struct Companion {
    file: &'static str,
    lines: &'static [&'static str],
    flow: &'static str,
}

const COMPANIONS: [Companion; 2] = [
    Companion {
        file: "ca.crt",
        lines: &[
            "- configMap:",
            "    name: kube-root-ca.crt",
            "    items:",
            "      - key: ca.crt",
            "        path: ca.crt",
        ],
        flow: r#"{"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}}"#,
    },
    Companion {
        file: "namespace",
        lines: &[
            "- downwardAPI:",
            "    items:",
            "      - path: namespace",
            "        fieldRef:",
            "          apiVersion: v1",
            "          fieldPath: metadata.namespace",
        ],
        flow: r#"{"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}}"#,
    },
];

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let volumes = subject.pod.token_volumes();
    let mounts = subject.pod.mounts().filter(|mount| mount.path() == TOKEN_MOUNT_PATH);
    mounts.filter_map(|mount| finding(subject, mount, *volumes.get(mount.volume())?)).collect()
}

fn finding(subject: &Subject<'_>, mount: Mount<'_>, volume: Volume<'_>) -> Option<Finding> {
    let files = Files::of(volume);
    let missing: Vec<&Companion> =
        COMPANIONS.iter().filter(|companion| !files.may_have(companion.file)).collect();
    if missing.is_empty() {
        return None;
    }
    let names: Vec<&str> = missing.iter().map(|companion| companion.file).collect();
    let title = format!("{TOKEN_MOUNT_PATH} has a token but no {}", names.join(" and no "));
    let detail = "Kubernetes clients read token, ca.crt and namespace at this path, and admission mounts \
        nothing where something is mounted already. Mount this token elsewhere, or add the ConfigMap \
        kube-root-ca.crt and the namespace to its volume as admission does.";
    let found = Finding::new(CODE, Severity::Warning, title, detail)
        .at(subject.template.span(&mount.pointer()))
        .rule("K92");
    Some(edit::with(found, add(subject, volume, &missing, &names.join(" and "))))
}

fn add(subject: &Subject<'_>, volume: Volume<'_>, missing: &[&Companion], names: &str) -> Vec<Fix> {
    let lines: Vec<&str> = missing.iter().flat_map(|one| one.lines.iter().copied()).collect();
    let flow: Vec<&str> = missing.iter().map(|one| one.flow).collect();
    let list = format!("{}/projected/sources", volume.pointer());
    let added = edit::append(subject.template, &list, &lines, &flow.join(", "));
    let title = format!("Add {names} to the volume {}, as admission does", volume.name());
    edit::proposal(CODE, "add", title, added.map(|edit| vec![edit]))
}
