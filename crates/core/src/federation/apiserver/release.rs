//! What differs between releases of Kubernetes, as far as a review is concerned.

use crate::cluster::Cluster;

/// The newest minor release that is modelled.
const NEWEST: u32 = 36;

/// The minor release: 36 for "1.36" and "v1.36.3".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Release(u32);

impl Release {
    /// What cannot be read, or is not 1.x, counts as the newest.
    pub(super) fn of(cluster: &Cluster) -> Self {
        let version = cluster.kubernetes_version.as_deref().unwrap_or_default();
        let minor = version.trim_start_matches('v').strip_prefix("1.").and_then(|rest| {
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
            digits.parse().ok()
        });
        Self(minor.unwrap_or(NEWEST))
    }

    /// K55: older ones look at the deletion of an object before its UID.
    pub(super) fn checks_uid_first(self) -> bool {
        self.0 > 28
    }

    /// K60: gates ServiceAccountTokenJTI, ServiceAccountTokenPodNodeInfo and ServiceAccountTokenNodeBindingValidation
    /// are on by default.
    pub(super) fn tells_token_and_node(self) -> bool {
        self.0 >= 30
    }

    /// K95: gate LegacyServiceAccountTokenCleanUp is on by default.
    pub(super) fn marks_legacy_invalid(self) -> bool {
        self.0 >= 29
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions() {
        let table =
            [("1.28", 28), ("v1.30.4-eks-1", 30), ("1.36+", 36), ("", 36), ("2.0", 36), ("x", 36)];
        for (version, minor) in table {
            let cluster =
                Cluster { kubernetes_version: Some(version.into()), ..Cluster::default() };
            assert_eq!(Release::of(&cluster), Release(minor), "{version}");
        }
    }
}
