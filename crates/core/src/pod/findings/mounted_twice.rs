//! `api-token-mounted-twice`: a mount of one's own at the path of the injected token, written so that
//! admission does not count it (K71).

use super::super::admission::TOKEN_MOUNT_PATH;
use super::super::path::clean;
use super::{Subject, edit};
use crate::trace::{Finding, Severity};

const CODE: &str = "api-token-mounted-twice";

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let twins = subject.pod.mounts().filter(|mount| {
        let exact = mount.container.mounts().any(|other| other.path() == TOKEN_MOUNT_PATH);
        exact && mount.path() != TOKEN_MOUNT_PATH && clean(mount.path()) == TOKEN_MOUNT_PATH
    });
    twins
        .map(|mount| {
            let pointer = format!("{}/mountPath", mount.pointer());
            let title = format!(
                "Container {} has two mounts at {TOKEN_MOUNT_PATH}",
                mount.container.name()
            );
            let detail = format!(
                "Admission leaves a container alone only if a mountPath equals {TOKEN_MOUNT_PATH} to the \
                 letter; {} names the same directory and does not count, so the injected token is mounted \
                 there as well and usually covers this volume. Write the path without anything more, or set \
                 automountServiceAccountToken: false.",
                mount.path()
            );
            let edits = edit::replace_string(subject.template, &pointer, TOKEN_MOUNT_PATH);
            let found = Finding::new(CODE, Severity::Warning, title, detail)
                .at(subject.template.span(&pointer))
                .rule("K71");
            let title = "Write the path as admission compares it";
            edit::with(found, edit::proposal(CODE, "path", title, edits.map(|edit| vec![edit])))
        })
        .collect()
}
