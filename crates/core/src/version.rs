//! Which version of Kubernetes the cluster runs, and what that version does by default.
//!
//! Source: `pkg/features/kube_features.go` and `staging/src/k8s.io/apiserver/pkg/features/kube_features.go`,
//! gates at their defaults; CHANGELOG-1.36; KEP-1205, 2799, 4193, 4412, 740.

use crate::cluster::Cluster;
use crate::trace::{Check, Status};

/// A minor release. Patch releases change none of the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    major: u32,
    minor: u32,
}

/// The newest release whose rules are here.
pub(crate) const NEWEST: Version = Version { major: 1, minor: 36 };

impl Version {
    pub(crate) const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// `1.36`, `v1.30.2`, and what providers put behind: `v1.31.4+k3s1`, `v1.29.7-eks-1`, `1.30+`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let mut parts = text.strip_prefix(['v', 'V']).unwrap_or(text).splitn(3, '.');
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next()?;
        let (digits, rest) =
            minor.split_at(minor.find(|c: char| !c.is_ascii_digit()).unwrap_or(minor.len()));
        let ends = rest.is_empty() || rest.starts_with(['+', '-']);
        ends.then_some(Self { major, minor: digits.parse().ok()? })
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// What some versions do and others not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feature {
    /// TokenRequest compares a given ServiceAccount UID (K12); before: a warning only.
    AccountUidPrecondition,
    /// Admission injects a projected token; before, the account's Secret (K69).
    InjectedProjection,
    /// No Secret is made for a new ServiceAccount (K93).
    LegacyNoAutoGeneration,
    /// Unused legacy tokens are marked invalid, then deleted (K98).
    LegacyCleanUp,
    /// Uses of legacy tokens are dated (K97).
    LegacyTracking,
    /// NodeRestriction judges the audience that a kubelet asks for (K88).
    NodeAudienceRestriction,
    /// Tokens may be bound to a Node (K14).
    NodeBinding,
    /// Tokens of pods name the node (K15).
    PodNodeInfo,
    /// Of several issuers all are accepted (K20).
    SeveralIssuers,
    /// The link to the token file belongs to the common user (K44).
    SymlinkOwner,
    /// Mode and owner of the token file follow fsGroup and runAsUser (K42); before: 0600, root.
    TokenFileOwner,
    /// Tokens have a `jti` (K23).
    TokenId,
    /// Of a bound object the UID is compared before its deletion (K55). The copies up to 1.28 do it the other
    /// way round; the exact release is not verified.
    UidBeforeDeletion,
}

/// The first minor release of Kubernetes 1 in which each is on by default.
#[rustfmt::skip]
const SINCE: [(Feature, u32); 13] = [
    (Feature::AccountUidPrecondition,  34),
    (Feature::InjectedProjection,      21),
    (Feature::LegacyCleanUp,           29),
    (Feature::LegacyNoAutoGeneration,  24),
    (Feature::LegacyTracking,          27),
    (Feature::NodeAudienceRestriction, 33),
    (Feature::NodeBinding,             31),
    (Feature::PodNodeInfo,             30),
    (Feature::SeveralIssuers,          22),
    (Feature::SymlinkOwner,            36),
    (Feature::TokenFileOwner,          19),
    (Feature::TokenId,                 30),
    (Feature::UidBeforeDeletion,       29),
];

impl Cluster {
    /// The version whose rules count: the newest modelled where none, an unreadable or a newer one is given.
    pub(crate) fn version(&self) -> Version {
        let given = self.kubernetes_version.as_deref().and_then(Version::parse);
        given.map_or(NEWEST, |given| given.min(NEWEST))
    }

    /// Whether the cluster's version does this by default.
    pub(crate) fn has(&self, feature: Feature) -> bool {
        let since = SINCE.iter().find(|(known, _)| *known == feature).map(|(_, minor)| *minor);
        since.is_some_and(|minor| self.version() >= Version { major: 1, minor })
    }

    /// `cluster/kubernetesVersion`, if there is something to say about it.
    pub(crate) fn version_check(&self) -> Option<Check> {
        const ID: &str = "cluster/kubernetesVersion";
        let given = self.kubernetes_version.as_deref()?;
        let check = match Version::parse(given) {
            None => Check::new(ID, Status::Fail, "the version of Kubernetes cannot be read")
                .expected("1.36 or v1.36.2")
                .hint(format!("judged as {NEWEST}, the newest version that is modelled")),
            Some(version) if version > NEWEST => Check::new(
                ID,
                Status::Warn,
                "the version of Kubernetes is newer than what is modelled",
            )
            .expected(format!("{NEWEST} or older"))
            .hint(format!("judged as {NEWEST}")),
            Some(_) if !self.has(Feature::InjectedProjection) => Check::new(
                ID,
                Status::Unknown,
                "before 1.21 admission mounts the account's Secret, which is not modelled",
            )
            .expected("1.21 or newer")
            .rule("K69"),
            Some(_) => return None,
        };
        Some(check.actual(given))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(version: Option<&str>) -> Cluster {
        Cluster { kubernetes_version: version.map(str::to_owned), ..Cluster::default() }
    }

    #[test]
    fn versions_are_read_as_people_and_providers_write_them() {
        #[rustfmt::skip]
        let table = [
            ("1.36",           Some((1, 36))),
            ("v1.30.2",        Some((1, 30))),
            (" 1.24.0 ",       Some((1, 24))),
            ("v1.31.4+k3s1",   Some((1, 31))),
            ("v1.29.7-eks-1a", Some((1, 29))),
            ("1.30+",          Some((1, 30))),
            ("1",              None),
            ("1.",             None),
            ("1.x",            None),
            ("1.30x",          None),
            ("latest",         None),
            ("",               None),
            ("1.99999999999",  None),
        ];
        for (text, expected) in table {
            let found = Version::parse(text).map(|version| (version.major, version.minor));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_feature_is_there_from_its_first_release_on() {
        for (feature, minor) in SINCE {
            let before = format!("1.{}", minor - 1);
            assert!(!cluster(Some(&before)).has(feature), "{feature:?} {before}");
            assert!(cluster(Some(&format!("v1.{minor}.1"))).has(feature), "{feature:?}");
            for newest in [None, Some("2.0"), Some("1.99"), Some("latest")] {
                assert!(cluster(newest).has(feature), "{feature:?} {newest:?}");
            }
        }
    }

    #[test]
    fn a_version_that_is_not_modelled_is_said() {
        #[rustfmt::skip]
        let table = [
            (None,           None),
            (Some("1.36.3"), None),
            (Some("1.21"),   None),
            (Some("latest"), Some(Status::Fail)),
            (Some("1.37"),   Some(Status::Warn)),
            (Some("1.20.4"), Some(Status::Unknown)),
        ];
        for (version, status) in table {
            let found = cluster(version).version_check().map(|check| check.status);
            assert_eq!(found, status, "{version:?}");
        }
    }
}
