//! The token that a timeline is about: its own claims where there is one, else what the API server would grant.

use super::TimelineOptions;
use super::issue::{Lifetime, grant};
use super::party::Party;
use super::scenario::bounded;
use crate::check::lifetime::go_date;
use crate::claims::{Claims, TokenKind};
use crate::jws::Jws;
use crate::paste::unwrap;
use crate::time::UnixTime;

/// What a projection asks for when it does not say (K78).
const DEFAULT_SECONDS: f64 = 3_600.0;

/// A token and its successors: all of them live alike.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Subject {
    /// `iat` of the first.
    pub(super) issued_at: UnixTime,
    /// `spec.expirationSeconds` of the reply, by which the kubelet goes (K27).
    pub(super) seconds: f64,
    /// `exp - iat`; none: it does not expire.
    pub(super) life: Option<f64>,
    /// `warnafter - iat`.
    pub(super) warn_after: Option<f64>,
    /// The kubelet asked for it. It binds every token of a volume to the pod (K24).
    pub(super) pod_bound: bool,
    pub(super) party: Party,
    /// The header's `kid`.
    pub(super) kid: Option<String>,
}

impl Subject {
    pub(super) fn of(options: &TimelineOptions) -> Self {
        let jws = options.token.as_deref().map(|token| Jws::parse(&unwrap(token).compact));
        match jws.as_ref().and_then(|jws| Some((jws.kid(), jws.claims()?))) {
            Some((kid, claims)) => Self::pasted(options, kid, claims),
            None => Self::predicted(options),
        }
    }

    /// From the claims. The reply that the kubelet saw is worked out from them (K19): of an extended token
    /// it said what `warnafter` says.
    fn pasted(options: &TimelineOptions, kid: Option<&str>, claims: Claims<'_>) -> Self {
        let cluster = options.cluster.clone().unwrap_or_default();
        let date = |name| go_date(claims, name).ok().flatten().and_then(bounded);
        let expires_at = date("exp");
        let issued_at = date("iat").or_else(|| date("nbf")).unwrap_or_else(|| start(options));
        let life = expires_at.map(|end| end.since(issued_at));
        let warn_after =
            claims.warn_after().and_then(bounded).map(|at| at.truncated().since(issued_at));
        let party = match claims.kind() {
            TokenKind::Bound | TokenKind::LegacySecret => Party::ApiServer,
            TokenKind::External | TokenKind::NotKubernetes => {
                Party::of(&claims.audiences(), &cluster)
            }
        };
        Self {
            issued_at,
            seconds: warn_after.or(life).unwrap_or(DEFAULT_SECONDS),
            life,
            warn_after,
            pod_bound: life.is_some() && claims.bound("pod").is_some(),
            party,
            kid: kid.map(str::to_owned),
        }
    }

    /// From what the pod's projection asks for.
    fn predicted(options: &TimelineOptions) -> Self {
        let cluster = options.cluster.clone().unwrap_or_default();
        let audiences: Vec<String> =
            options.audience.clone().filter(|audience| !audience.is_empty()).into_iter().collect();
        let expiration_seconds = options
            .expiration_seconds
            .and_then(|seconds| bounded(UnixTime(seconds)))
            .map_or(DEFAULT_SECONDS, |seconds| seconds.0);
        let granted = grant(
            &cluster,
            Lifetime { audiences: &audiences, expiration_seconds, pod_bound: true },
        );
        Self {
            issued_at: start(options),
            seconds: granted.expiration_seconds,
            life: Some(granted.life),
            warn_after: granted.warn_after,
            pod_bound: true,
            party: Party::of(&audiences, &cluster),
            kid: None,
        }
    }
}

/// When the first token was issued, where no claim says it. `iat` has whole seconds.
fn start(options: &TimelineOptions) -> UnixTime {
    let at = options.issued_at.and_then(bounded).or_else(|| bounded(options.now));
    UnixTime(at.unwrap_or_default().0.floor())
}
