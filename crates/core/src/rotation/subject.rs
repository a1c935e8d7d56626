//! The token that a timeline is about: its own claims where there is one, else what the API server would grant.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::TimelineOptions;
use super::issue::{Lifetime, grant};
use super::party::Party;
use super::scenario::bounded;
use crate::claims::{Claims, TokenKind};
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
        match options.token.as_deref().and_then(read) {
            Some((kid, claims)) => Self::pasted(options, kid, Claims(&claims)),
            None => Self::predicted(options),
        }
    }

    /// From the claims. The reply that the kubelet saw is worked out from them (K19): of an extended token
    /// it said what `warnafter` says.
    fn pasted(options: &TimelineOptions, kid: Option<String>, claims: Claims<'_>) -> Self {
        let cluster = options.cluster.clone().unwrap_or_default();
        let date = |name| claims.date(name).and_then(bounded).map(UnixTime::truncated);
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
            kid,
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

/// `kid` and claims. A token that cannot be read says nothing; what is wrong with it is told elsewhere.
fn read(token: &str) -> Option<(Option<String>, Map<String, Value>)> {
    let mut parts = token.trim().split('.').map(object);
    let (header, claims) = (parts.next()?, parts.next()??);
    let kid = header.and_then(|header| Some(header.get("kid")?.as_str()?.to_owned()));
    Some((kid, claims))
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
