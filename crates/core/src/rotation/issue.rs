//! How long the API server lets a token live: the cap and the extension (K16 to K21).

use crate::cluster::Cluster;

/// The life that admission asks for, and the only one that is ever extended
/// (`WarnOnlyBoundTokenExpirationSeconds` in `pkg/serviceaccount/claims.go`).
pub(crate) const EXTENDABLE: f64 = 3_607.0;
/// What it is extended to: 365 days (`ExpirationExtensionSeconds`, same file).
pub(crate) const EXTENDED: f64 = 31_536_000.0;

/// What of a TokenRequest decides how long the token lives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetime<'a> {
    /// Audiences asked for; none: the API server's.
    pub(crate) audiences: &'a [String],
    /// `spec.expirationSeconds`.
    pub(crate) expiration_seconds: f64,
    /// `boundObjectRef` names a pod.
    pub(crate) pod_bound: bool,
}

/// How long the token lives, in seconds from its `iat`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Granted {
    /// `spec.expirationSeconds` of the reply; it does not tell of the extension (K19).
    pub(crate) expiration_seconds: f64,
    /// `exp - iat`.
    pub(crate) life: f64,
    /// `warnafter - iat`, if the life was extended.
    pub(crate) warn_after: Option<f64>,
}

/// What the API server grants.
pub(crate) fn grant(cluster: &Cluster, request: Lifetime<'_>) -> Granted {
    let seconds = capped(cluster, request.expiration_seconds);
    if !extends(cluster, request, seconds) {
        return Granted { expiration_seconds: seconds, life: seconds, warn_after: None };
    }
    Granted {
        expiration_seconds: seconds,
        life: signer_maximum(cluster).map_or(EXTENDED, |maximum| maximum.min(EXTENDED)),
        warn_after: Some(seconds),
    }
}

/// K16, K21: the flag, else what the external signer signs at most. A flag of 0 is no cap.
fn capped(cluster: &Cluster, seconds: f64) -> f64 {
    let flag = cluster.max_token_expiration.filter(|maximum| *maximum > 0.0);
    flag.or_else(|| signer_maximum(cluster)).map_or(seconds, |maximum| seconds.min(maximum))
}

fn signer_maximum(cluster: &Cluster) -> Option<f64> {
    cluster.external_signer.as_ref().map(|signer| signer.max_token_expiration)
}

/// K17. The cap comes first, so that a cap of 3600 switches the extension off (K18).
fn extends(cluster: &Cluster, request: Lifetime<'_>, seconds: f64) -> bool {
    let own = cluster.effective_api_audiences();
    cluster.extend_token_expiration.unwrap_or(true)
        && request.pod_bound
        && seconds == EXTENDABLE
        && request.audiences.iter().all(|audience| own.contains(audience))
}
