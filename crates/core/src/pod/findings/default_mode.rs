//! `token-default-mode-ignored`: `defaultMode` is not what the token file gets.

use super::super::spec::{Volume, member};
use super::files::Files;
use super::{Subject, edit};
use crate::trace::{Finding, Severity};

const CODE: &str = "token-default-mode-ignored";

/// What the API server writes into every volume that says nothing: seen in it is nobody's wish.
const DEFAULT: i64 = 0o644;

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    subject.pod.volumes().filter_map(|volume| finding(subject, volume)).collect()
}

fn finding(subject: &Subject<'_>, volume: Volume<'_>) -> Option<Finding> {
    let token = subject.report.tokens.iter().find(|token| token.volume == volume.name())?;
    let file = token.mounts.first()?;
    let wanted = member(volume.projected()?, "defaultMode")?.as_i64()?;
    let owners = subject.owners;
    let is_moot = owners.follow_default_mode()
        || wanted == DEFAULT
        || owners.token_file(volume).mode == wanted;
    if is_moot {
        return None;
    }
    let projected = format!("{}/projected", volume.pointer());
    let title = format!(
        "defaultMode {wanted:04o} does not rule the token file of volume {}: it is {}",
        volume.name(),
        file.mode
    );
    let detail = format!(
        "With an fsGroup, or one runAsUser that all containers share, the kubelet writes the token for that \
         user alone and lets the group read it; here the file is {}, owner {}, group {}. defaultMode still \
         counts for the volume's other files.",
        file.mode, file.uid, file.gid
    );
    let edits = if Files::only_tokens(volume) {
        edit::remove(subject.template, &projected, "defaultMode").map(|edit| vec![edit])
    } else {
        None
    };
    let found = Finding::new(CODE, Severity::Info, title, detail)
        .at(subject.template.nearest_span(&format!("{projected}/defaultMode")))
        .rule("K42");
    let title = "Remove defaultMode, which decides nothing here";
    Some(edit::with(found, edit::proposal(CODE, "remove", title, edits)))
}
