//! Pods that are admitted and then never start, because the kubelet cannot write a token volume.
//!
//! Source: `pkg/volume/util/atomic_writer.go` `validatePath`; seen on a kubelet v1.36.3.

use std::collections::HashSet;

use super::path::clean;
use super::spec::{Pod, Volume, list, member, text};
use crate::trace::ProviderError;

/// Longest path and longest element, in bytes (K80).
const MAX_PATH: usize = 4096;
const MAX_NAME: usize = 255;

/// The first volume that cannot be set up. A volume that nobody mounts is never set up (K36).
pub(super) fn stuck(pod: Pod<'_>) -> Option<ProviderError> {
    let mounted = pod.mounted_volumes();
    pod.volumes()
        .filter(|volume| mounted.contains(volume.name()) && volume.token_sources().next().is_some())
        .find_map(unwritable)
}

fn unwritable(volume: Volume<'_>) -> Option<ProviderError> {
    let error = |text: &str| {
        let message = format!("MountVolume.SetUp failed for volume \"{}\" : {text}", volume.name());
        ProviderError::known("", message).likely()
    };
    // Pod UID, time and a random number stand for what only the node knows.
    let directory = format!(
        "/var/lib/kubelet/pods/UID/volumes/kubernetes.io~projected/{}/..YYYY_MM_DD_HH_MM_SS.N",
        volume.name()
    );
    if let Some(text) = volume.token_sources().find_map(|source| too_long(source.path())) {
        return Some(error(text));
    }
    let paths = paths(volume);
    if paths.contains(".") {
        return Some(error(&format!("open {directory}: is a directory")));
    }
    let file = paths.iter().filter_map(|path| file_above(path, &paths)).min()?;
    // Which of the two is written first is left to chance, and with it the wording.
    let other = error(&format!("mkdir {directory}/{file}/: file exists")).message;
    let first = error(&format!("open {directory}/{file}: is a directory"));
    Some(first.alternative(other, "the shorter path was written first"))
}

/// K80.
fn too_long(path: &str) -> Option<&'static str> {
    if path.len() > MAX_PATH {
        return Some("invalid path: must be less than or equal to 4096 characters");
    }
    let long = path.split('/').any(|element| element.len() > MAX_NAME);
    long.then_some("invalid path: filenames must be less than or equal to 255 characters")
}

/// A path of the volume that must be a file and, for `path`, a directory (K41).
fn file_above<'a>(path: &'a str, paths: &HashSet<String>) -> Option<&'a str> {
    path.match_indices('/')
        .filter_map(|(at, _)| path.get(..at))
        .find(|directory| paths.contains(*directory))
}

/// The cleaned paths that a projected volume writes, as far as its manifest names them.
fn paths(volume: Volume<'_>) -> HashSet<String> {
    let tokens = volume.token_sources().map(|source| clean(source.path()));
    let items = volume.sources().iter().flat_map(|source| {
        ["configMap", "downwardAPI", "secret"]
            .into_iter()
            .filter_map(|kind| member(source, kind))
            .flat_map(|named| list(named, "items"))
            .map(|item| clean(text(item, "path")))
    });
    tokens.chain(items).collect()
}
