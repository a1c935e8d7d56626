//! `token-overwritten`: a later source of the volume writes the same file.

use super::super::payload::overwritten;
use super::super::spec::Volume;
use super::Subject;
use crate::trace::{Finding, Severity};

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    subject.pod.volumes().flat_map(|volume| in_volume(subject, volume)).collect()
}

fn in_volume(subject: &Subject<'_>, volume: Volume<'_>) -> Vec<Finding> {
    let losers = overwritten(volume, subject.pod.metadata("namespace"), subject.stored);
    let sources = volume.token_sources().filter(|source| losers.contains(&source.at));
    sources
        .map(|source| {
            let title = format!("A later source of volume {} writes the same file", volume.name());
            let detail = "Of two sources with one path the later wins, without any error; this token is \
                requested and never seen. Give it a path of its own.";
            Finding::new("token-overwritten", Severity::Error, title, detail)
                .at(subject.template.span(&source.pointer()))
                .rule("K41")
        })
        .collect()
}
