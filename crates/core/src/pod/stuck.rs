//! Pods that are admitted and then never start, because the kubelet cannot set up a volume.
//!
//! Source: `pkg/volume/projected/projected.go` `SetUpAt`, `pkg/volume/util/atomic_writer.go` `writePayloadToDir`;
//! seen on a kubelet v1.36.3.

use super::manifest::{Account, Manifests};
use super::payload::{Payload, Stored};
use super::spec::{Pod, Volume, member};
use crate::go;
use crate::trace::ProviderError;

/// Longest path that Linux takes, in bytes (`PATH_MAX` less the closing NUL).
const MAX_ABSOLUTE: usize = 4095;

/// The first volume that cannot be set up. A volume that nobody mounts is never set up (K36).
pub(super) fn stuck(
    pod: Pod<'_>,
    manifests: &Manifests<'_>,
    stored: &Stored<'_>,
) -> Option<ProviderError> {
    let mounted = pod.mounted_volumes();
    let namespace = pod.metadata("namespace");
    let mut volumes = pod.volumes().filter(|volume| mounted.contains(volume.name()));
    volumes.find_map(|volume| {
        let payload = Payload::of(volume, namespace, stored, no_token(pod, manifests))?;
        if payload.problems.is_empty() {
            return unwritable(volume, &payload);
        }
        Some(error(volume, &go::aggregate(&payload.problems)))
    })
}

fn error(volume: Volume<'_>, text: &str) -> ProviderError {
    let message = format!("MountVolume.SetUp failed for volume \"{}\" : {text}", volume.name());
    ProviderError::known("", message)
}

/// K37: why there is no token, with the admission plugin off, which would have refused the pod (K67).
fn no_token(pod: Pod<'_>, manifests: &Manifests<'_>) -> Option<String> {
    let name = pod.service_account();
    let account = manifests.account(pod.metadata("namespace"), name);
    matches!(account, Account::Missing)
        .then(|| format!("failed to fetch token: serviceaccounts \"{name}\" not found"))
}

/// K41, K80.
fn unwritable(volume: Volume<'_>, payload: &Payload<'_>) -> Option<ProviderError> {
    let error = |text: &str| error(volume, text).likely();
    if let Some(text) = payload.too_long {
        return Some(error(text));
    }
    let directory = directory(volume);
    if payload.paths.contains(".") {
        return Some(error(&format!("open {directory}: is a directory")));
    }
    if let Some(text) = payload.paths.iter().find_map(|path| too_long(&directory, path)) {
        return Some(error(&text));
    }
    let file = payload.paths.iter().filter_map(|path| file_above(path, payload)).min()?;
    // Which of the two is written first is left to chance, and with it the wording.
    let other = error(&format!("mkdir {directory}/{file}/: file exists")).message;
    let first = error(&format!("open {directory}/{file}: is a directory"));
    Some(first.alternative(other, "the shorter path was written first"))
}

/// K80: the folders are made first, one after the other, the last with its slash; then the file is opened.
fn too_long(directory: &str, path: &str) -> Option<String> {
    let longer = |end: &str| directory.len() + 1 + end.len() > MAX_ABSOLUTE;
    if !longer(path) {
        return None;
    }
    let last = path.rfind('/');
    let folders = path
        .match_indices('/')
        .filter_map(|(at, slash)| path.get(..if Some(at) == last { at + slash.len() } else { at }));
    let made = folders.into_iter().find(|folder| longer(folder));
    let (call, end) = made.map_or(("open", path), |folder| ("mkdir", folder));
    Some(format!("{call} {directory}/{end}: file name too long"))
}

/// Pod UID, time and a random number stand for what only the node knows.
fn directory(volume: Volume<'_>) -> String {
    let plugin =
        ["configMap", "secret"].into_iter().find(|kind| member(volume.value, kind).is_some());
    format!(
        "/var/lib/kubelet/pods/UID/volumes/kubernetes.io~{}/{}/..YYYY_MM_DD_HH_MM_SS.N",
        plugin.unwrap_or("projected").to_lowercase(),
        volume.name()
    )
}

/// A path of the volume that must be a file and, for `path`, a directory (K41).
fn file_above<'a>(path: &'a str, payload: &Payload<'_>) -> Option<&'a str> {
    path.match_indices('/')
        .filter_map(|(at, _)| path.get(..at))
        .find(|directory| payload.has(directory))
}
