//! `token-sub-path`: a token mounted with subPath stays the one of the container's start.

use super::super::path::{below, clean};
use super::super::spec::{Mount, Volume};
use super::{Subject, edit};
use crate::trace::{Finding, Severity, TextEdit};

const CODE: &str = "token-sub-path";

/// Directories of run-time files, where no image keeps anything that a mount would hide.
const RUN: [&str; 2] = ["/var/run/", "/run/"];

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let volumes = subject.pod.token_volumes();
    let mounts = subject.pod.mounts();
    mounts
        .filter_map(|mount| Some((mount, *volumes.get(mount.volume())?)))
        .filter(|(mount, _)| !(mount.sub_path().is_empty() && mount.sub_path_expr().is_empty()))
        .map(|(mount, volume)| {
            let title = format!(
                "Container {} mounts the token with subPath: it is never refreshed",
                mount.container.name()
            );
            let detail = "A subPath is resolved once, when the container starts. A token file mounted so \
                keeps that first token until the container restarts, and a directory becomes empty at the \
                next refresh. Mount the whole volume and read the file below it.";
            let found = Finding::new(CODE, Severity::Error, title, detail)
                .at(subject.template.span(&mount.pointer()))
                .rule("K45");
            let title = "Mount the whole volume, with the file at the same path";
            edit::with(found, edit::proposal(CODE, "whole", title, whole(subject, mount, volume)))
        })
        .collect()
}

/// The same file at the same path without subPath: its directory is mounted, if that hides nothing.
fn whole(subject: &Subject<'_>, mount: Mount<'_>, volume: Volume<'_>) -> Option<Vec<TextEdit>> {
    let file = clean(mount.sub_path());
    let path = clean(mount.path());
    let is_token = volume.token_sources().any(|source| clean(source.path()) == file);
    let (directory, name) = path.rsplit_once('/')?;
    let is_run = RUN.iter().any(|run| directory.starts_with(run));
    let alone = mount
        .container
        .mounts()
        .filter(|other| other.at != mount.at)
        .all(|other| below(&clean(other.path()), directory).is_none());
    if !is_token || !is_run || !alone || name != file {
        return None;
    }
    let path = format!("{}/mountPath", mount.pointer());
    Some(vec![
        edit::replace_string(subject.template, &path, directory)?,
        edit::remove(subject.template, &mount.pointer(), "subPath")?,
    ])
}
