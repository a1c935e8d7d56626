//! Pods that are admitted and then never start, because the kubelet cannot write a token volume.
//!
//! Source: `pkg/volume/util/atomic_writer.go` `validatePath`; seen on a kubelet v1.36.3.

use super::path::{below, clean};
use super::spec::{Pod, TokenSource, Volume, list, member, text};
use crate::trace::ProviderError;

/// Longest path and longest element, in bytes (K80).
const MAX_PATH: usize = 4096;
const MAX_NAME: usize = 255;
/// Stands for the directory that the kubelet makes up.
const DIRECTORY: &str = "..YYYY_MM_DD_HH_MM_SS.RANDOM";

/// The first volume that cannot be set up. A volume that nobody mounts is never set up (K36).
pub(super) fn stuck(pod: Pod<'_>) -> Option<ProviderError> {
    let containers = pod.containers();
    let is_mounted = |volume: &Volume<'_>| {
        containers.iter().any(|c| c.mounts().any(|mount| mount.volume() == volume.name()))
    };
    pod.volumes()
        .filter(is_mounted)
        .find_map(|volume| volume.token_sources().find_map(|source| unwritable(volume, source)))
}

fn unwritable(volume: Volume<'_>, source: TokenSource<'_>) -> Option<ProviderError> {
    let error = |text: &str| {
        let message = format!("MountVolume.SetUp failed for volume \"{}\" : {text}", volume.name());
        ProviderError::known("FailedMount", message)
    };
    if let Some(text) = too_long(source.path()) {
        return Some(error(text).likely());
    }
    let directory = format!(
        "/var/lib/kubelet/pods/UID/volumes/kubernetes.io~projected/{}/{DIRECTORY}",
        volume.name()
    );
    let path = clean(source.path());
    if path == "." {
        return Some(error(&format!("open {directory}: is a directory")).likely());
    }
    let deeper = paths(volume)
        .into_iter()
        .find(|other| below(other, &path).is_some_and(|rest| !rest.is_empty()));
    let shallower = paths(volume)
        .into_iter()
        .find(|other| below(&path, other).is_some_and(|rest| !rest.is_empty()) && other != ".");
    // Which of the two is written first is left to chance, and with it the wording.
    let file = deeper.map(|_| path.clone()).or(shallower)?;
    let alternative = error(&format!("mkdir {directory}/{file}/: file exists")).message;
    let first = error(&format!("open {directory}/{file}: is a directory")).likely();
    Some(first.alternative(alternative, "the shorter path was written first"))
}

/// K80.
fn too_long(path: &str) -> Option<&'static str> {
    if path.len() > MAX_PATH {
        return Some("invalid path: must be less than or equal to 4096 characters");
    }
    let long = path.split('/').any(|element| element.len() > MAX_NAME);
    long.then_some("invalid path: filenames must be less than or equal to 255 characters")
}

/// The cleaned paths that a projected volume writes, as far as its manifest names them.
fn paths(volume: Volume<'_>) -> Vec<String> {
    let mut paths: Vec<String> = volume.token_sources().map(|s| clean(s.path())).collect();
    for source in volume.sources() {
        for kind in ["configMap", "downwardAPI", "secret"] {
            let items = member(source, kind).map(|named| list(named, "items")).unwrap_or_default();
            paths.extend(items.iter().map(|item| clean(text(item, "path"))));
        }
    }
    paths
}
