//! Who may read a token file: its mode, owner and group.
//!
//! Source: `pkg/volume/projected/projected.go`, `pkg/volume/util/util.go` `FsUserFrom`, `pkg/volume/volume_linux.go`.

use serde_json::Value;

use super::spec::{Container, Pod, Volume, member};
use crate::cluster::Cluster;
use crate::version::Feature;

/// Of a projected file without `defaultMode`.
const DEFAULT_MODE: i64 = 0o644;
/// What is written where somebody must be able to read the file who is not root.
const OWNER_ONLY: i64 = 0o600;
/// What the fsGroup pass adds to files: the volume counts as read-only.
const GROUP_READ: i64 = 0o440;

/// As `ls -n` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileMode {
    pub(super) mode: i64,
    pub(super) uid: i64,
    pub(super) gid: i64,
}

/// What the pod says about the owners of its files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owners {
    fs_group: Option<i64>,
    user: Option<i64>,
    /// Before 1.19 neither decides.
    always_root: bool,
}

impl Owners {
    pub(super) fn of(pod: Pod<'_>, cluster: &Cluster) -> Self {
        let always_root = !cluster.has(Feature::TokenFileOwner);
        let user = common_user(pod).filter(|_| !always_root);
        Self { fs_group: security(pod.spec(), "fsGroup"), user, always_root }
    }

    /// Whether `defaultMode` decides about the token file (K42).
    pub(super) const fn follow_default_mode(self) -> bool {
        !self.always_root && self.fs_group.is_none() && self.user.is_none()
    }

    /// K42: with an fsGroup or a common user, `defaultMode` is ignored for the token file. A mount's `readOnly`
    /// changes nothing (K46), nor who owns the link that leads to the file (K44).
    pub(super) fn token_file(self, volume: Volume<'_>) -> FileMode {
        let default_mode =
            volume.projected().and_then(|projected| member(projected, "defaultMode")?.as_i64());
        let written = if self.follow_default_mode() {
            default_mode.unwrap_or(DEFAULT_MODE)
        } else {
            OWNER_ONLY
        };
        let mode = if self.fs_group.is_some() { written | GROUP_READ } else { written };
        FileMode { mode, uid: self.user.unwrap_or(0), gid: self.fs_group.unwrap_or(0) }
    }
}

/// K43: the user that every container runs as, by its own setting or the pod's. The image's `USER` does not count.
fn common_user(pod: Pod<'_>) -> Option<i64> {
    let of_pod = security(pod.spec(), "runAsUser");
    let effective = |container: &Container<'_>| security(container.value, "runAsUser").or(of_pod);
    let containers = pod.containers();
    let first = containers.first().and_then(effective)?;
    containers.iter().all(|container| effective(container) == Some(first)).then_some(first)
}

fn security(value: &Value, name: &str) -> Option<i64> {
    member(member(value, "securityContext")?, name)?.as_i64()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn modes_and_owners() {
        let run_as = |uid: i64| json!({ "securityContext": { "runAsUser": uid } });
        #[rustfmt::skip]
        let table = [
            // pod securityContext,                     containers,                  defaultMode, expected
            (json!({}),                                 vec![json!({})],             None,        (0o644, 0, 0)),
            (json!({}),                                 vec![json!({})],             Some(0o400), (0o400, 0, 0)),
            (json!({}),                                 vec![run_as(1000)],          Some(0o444), (0o600, 1000, 0)),
            (json!({}),                                 vec![run_as(0), run_as(0)],  None,        (0o600, 0, 0)),
            (json!({}),                                 vec![run_as(1), json!({})],  None,        (0o644, 0, 0)),
            (json!({ "runAsUser": 7 }),                 vec![run_as(7), json!({})],  None,        (0o600, 7, 0)),
            (json!({ "runAsUser": 7 }),                 vec![run_as(8), json!({})],  None,        (0o644, 0, 0)),
            (json!({ "fsGroup": 3 }),                   vec![json!({})],             Some(0o777), (0o640, 0, 3)),
            (json!({ "fsGroup": 3, "runAsUser": 7 }),   vec![json!({})],             None,        (0o640, 7, 3)),
        ];
        for (security, containers, default_mode, (mode, uid, gid)) in table {
            let volume = json!({ "projected": { "defaultMode": default_mode } });
            let pod = json!({ "spec": { "securityContext": security, "containers": containers } });
            let found = Owners::of(Pod(&pod), &Cluster::default())
                .token_file(Volume { value: &volume, at: 0 });
            assert_eq!(found, FileMode { mode, uid, gid }, "{pod} {volume}");
        }
    }

    #[test]
    fn before_1_19_root_owns_the_file_alone() {
        let old = Cluster { kubernetes_version: Some("1.18".into()), ..Cluster::default() };
        let volume = json!({ "projected": { "defaultMode": 0o444 } });
        let table = [
            (json!({ "runAsUser": 7 }), (0o600, 0, 0)),
            (json!({}), (0o600, 0, 0)),
            (json!({ "fsGroup": 3 }), (0o640, 0, 3)),
        ];
        for (security, (mode, uid, gid)) in table {
            let pod = json!({ "spec": { "securityContext": security, "containers": [{}] } });
            let found = Owners::of(Pod(&pod), &old).token_file(Volume { value: &volume, at: 0 });
            assert_eq!(found, FileMode { mode, uid, gid }, "{pod}");
        }
    }
}
