//! TokenRequest: the claims that the API server would sign for a ServiceAccount, or its refusal.
//!
//! Source: Kubernetes v1.36 `pkg/registry/core/serviceaccount/storage/token.go` `Create`,
//! `pkg/serviceaccount/claims.go`, `plugin/pkg/admission/noderestriction/admission.go`. Rules K11 to K23, K88.

mod bound;
mod csi;
mod kubelet;
mod live;
mod signer;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use self::bound::Bound;
use self::live::{Found, Live};
use crate::claims::{ObjectRef, ServiceAccountRef};
use crate::cluster::Cluster;
use crate::rotation::{Granted, Lifetime, grant};
use crate::time::UnixTime;
use crate::trace::ProviderError;
use crate::version::Feature;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenRequestInput {
    /// The cluster that answers.
    pub cluster: Cluster,
    /// Whose token; `uid` is the request's `metadata.uid`, a precondition (K12).
    pub service_account: ServiceAccountRef,
    /// The pod it is bound to.
    #[serde(default)]
    pub pod: Option<RequestedPod>,
    /// The Secret it is bound to.
    #[serde(default)]
    pub secret: Option<ObjectRef>,
    /// The node it is bound to; beside a pod, that pod's node.
    #[serde(default)]
    pub node: Option<ObjectRef>,
    /// `spec.audiences`; none: the API server's own.
    #[serde(default)]
    pub audiences: Option<Vec<String>>,
    /// `spec.expirationSeconds`, default 3600.
    #[serde(default)]
    pub expiration_seconds: Option<f64>,
    /// When.
    #[serde(default)]
    pub now: UnixTime,
    /// The id that the API server draws; left out, it reads `xxxxx`.
    #[serde(default)]
    pub jti: Option<String>,
    /// Asked by the kubelet of this node (K88).
    #[serde(default)]
    pub kubelet: Option<AskingKubelet>,
}

/// A pod, and where it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestedPod {
    /// Its name.
    pub name: String,
    /// `boundObjectRef.uid`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub uid: Option<String>,
    /// Its node, where the live object does not tell.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub node_name: Option<String>,
}

/// The kubelet that asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AskingKubelet {
    /// Its node.
    pub node: String,
    /// Audiences that RBAC lets it ask for, whatever the pod says.
    #[serde(default)]
    pub authorized_audiences: Vec<String>,
}

/// What the API server answers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenRequestAnswer {
    /// What it would sign.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub claims: Option<Map<String, Value>>,
    /// What the reply says of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reply: Option<TokenReply>,
    /// `Warning` headers of the reply.
    pub warnings: Vec<String>,
    /// Why there is no token.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<ProviderError>,
}

/// The part of the reply that the kubelet goes by. It does not tell of an extension (K19).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenReply {
    /// `spec.expirationSeconds`.
    #[serde(serialize_with = "crate::time::whole")]
    pub expiration_seconds: f64,
    /// `status.expirationTimestamp`.
    pub expiration_timestamp: UnixTime,
}

/// The claims that the API server would sign, or its error (K11 to K23, K88).
///
/// An object that is not in `cluster.objects` is assumed to exist as asked for, unless they are complete.
///
/// # Examples
///
/// ```
/// use podpass::{Cluster, ServiceAccountRef, TokenRequestInput, simulate_token_request};
///
/// let account = ServiceAccountRef { namespace: "shop".into(), name: "cart".into(), uid: None };
/// let mut input = TokenRequestInput::new(Cluster::default(), account);
/// let claims = simulate_token_request(&input).claims.unwrap();
/// assert_eq!(claims["sub"], "system:serviceaccount:shop:cart");
/// assert_eq!(claims["exp"], 3600);
///
/// input.expiration_seconds = Some(60.0);
/// assert_eq!(simulate_token_request(&input).error.unwrap().http_status, Some(422));
/// ```
pub fn simulate_token_request(input: &TokenRequestInput) -> TokenRequestAnswer {
    let request = Request { input, live: Live::of(&input.cluster) };
    let mut warnings = Vec::new();
    match request.answer(&mut warnings) {
        Ok((claims, reply)) => {
            TokenRequestAnswer { claims: Some(claims), reply: Some(reply), warnings, error: None }
        }
        // Warnings of a refused request go out as well.
        Err(error) => TokenRequestAnswer { warnings, error: Some(*error), ..Default::default() },
    }
}

impl TokenRequestInput {
    /// A request for an unbound token with everything at its default, at the epoch.
    pub fn new(cluster: Cluster, service_account: ServiceAccountRef) -> Self {
        Self {
            cluster,
            service_account,
            pod: None,
            secret: None,
            node: None,
            audiences: None,
            expiration_seconds: None,
            now: UnixTime::default(),
            jti: None,
            kubelet: None,
        }
    }
}

/// A refusal; boxed, because it is rare and large.
type Refused<T> = Result<T, Box<ProviderError>>;

fn refused<T>(code: &str, status: u16, message: impl Into<String>) -> Refused<T> {
    Err(Box::new(ProviderError::known(code, message).status(status)))
}

/// Default of `spec.expirationSeconds` (`pkg/apis/authentication/v1/defaults.go`).
const DEFAULT_SECONDS: f64 = 3_600.0;
/// Bounds of `spec.expirationSeconds`, inclusive (`pkg/apis/authentication/validation/validation.go`).
const SHORTEST: f64 = 600.0;
const LONGEST: f64 = 4_294_967_296.0;

struct Request<'a> {
    input: &'a TokenRequestInput,
    live: Live<'a>,
}

impl Request<'_> {
    /// K11, the order of checks. A body name or namespace is not part of the input.
    fn answer(&self, warnings: &mut Vec<String>) -> Refused<(Map<String, Value>, TokenReply)> {
        let asked = self.input.expiration_seconds.unwrap_or(DEFAULT_SECONDS);
        decoded(asked)?;
        self.asked_by_kubelet()?;
        let account_uid = self.account(warnings)?;
        valid(asked)?;
        let bound = self.bound().map_err(|error| self.or_no_relationship(error))?;
        let granted = self.granted(asked, &bound);
        if granted.expiration_seconds < asked {
            warnings.push(shortened(asked, granted.expiration_seconds));
        }
        let claims = self.claims(account_uid.as_deref(), &bound, granted);
        signer::signs(&self.input.cluster)?;
        // K19: of the unextended life, in whole seconds.
        let reply = TokenReply {
            expiration_seconds: granted.expiration_seconds,
            expiration_timestamp: self.issued_at().plus(granted.expiration_seconds),
        };
        Ok((claims, reply))
    }

    /// The account's UID, where anybody knows it. K12: a UID that is asked for must be the live one.
    fn account(&self, warnings: &mut Vec<String>) -> Refused<Option<String>> {
        let asked = &self.input.service_account;
        let uid = match self.live.find("ServiceAccount", &asked.namespace, &asked.name) {
            Found::Missing => {
                let message = format!("serviceaccounts \"{}\" not found", asked.name);
                return refused("NotFound", 404, message);
            }
            Found::Assumed => return Ok(asked.uid.clone()),
            Found::Live(account) => account.uid().map(str::to_owned),
        };
        let (Some(wanted), Some(live)) = (asked.uid.as_deref().filter(|u| !u.is_empty()), &uid)
        else {
            return Ok(uid.or_else(|| asked.uid.clone()));
        };
        if wanted == live {
            return Ok(uid);
        }
        let reason = format!(
            "the UID in the token request ({wanted}) does not match the UID of the service account ({live})"
        );
        if self.input.cluster.has(Feature::AccountUidPrecondition) {
            let what = format!("TokenRequest.authentication.k8s.io \"{}\"", asked.name);
            return refused(
                "Conflict",
                409,
                format!("Operation cannot be fulfilled on {what}: {reason}"),
            );
        }
        warnings.push(reason);
        Ok(uid)
    }

    /// K16, K17, K21.
    fn granted(&self, seconds: f64, bound: &Bound) -> Granted {
        let request = Lifetime {
            audiences: self.input.audiences.as_deref().unwrap_or_default(),
            expiration_seconds: seconds,
            pod_bound: bound.pod.is_some(),
        };
        grant(&self.input.cluster, request)
    }

    fn issued_at(&self) -> UnixTime {
        self.input.now.truncated()
    }

    /// K5, K6, K8: members in the order of their names, which the map keeps.
    fn claims(&self, account: Option<&str>, bound: &Bound, granted: Granted) -> Map<String, Value> {
        let (cluster, asked) = (&self.input.cluster, &self.input.service_account);
        // K22: no audience is the API server's.
        let audiences = self.input.audiences.clone().filter(|audiences| !audiences.is_empty());
        let at = self.issued_at();
        let account = bound::reference(&asked.name, account);
        let mut kubernetes = Map::from_iter([("namespace".into(), asked.namespace.clone().into())]);
        kubernetes.extend(bound.claims());
        kubernetes.insert("serviceaccount".into(), account);
        if let Some(seconds) = granted.warn_after {
            kubernetes.insert("warnafter".into(), json!(at.plus(seconds)));
        }
        let mut claims = Map::new();
        let audiences = audiences.unwrap_or_else(|| cluster.effective_api_audiences());
        claims.insert("aud".into(), json!(audiences));
        claims.insert("exp".into(), json!(at.plus(granted.life)));
        claims.insert("iat".into(), json!(at));
        // K20: the first issuer signs.
        let issuer = cluster.accepted_issuers().into_iter().next().unwrap_or_default();
        claims.insert("iss".into(), issuer.into());
        // K23.
        if cluster.has(Feature::TokenId) {
            let id = self.input.jti.clone().unwrap_or_else(|| "xxxxx".to_owned());
            claims.insert("jti".into(), id.into());
        }
        claims.insert("kubernetes.io".into(), kubernetes.into());
        claims.insert("nbf".into(), json!(at));
        let subject = format!("system:serviceaccount:{}:{}", asked.namespace, asked.name);
        claims.insert("sub".into(), subject.into());
        claims
    }
}

/// What no `int64` holds does not even reach the checks.
fn decoded(seconds: f64) -> Refused<()> {
    const INT64: f64 = 9_223_372_036_854_775_808.0;
    if seconds.fract() == 0.0 && (-INT64..INT64).contains(&seconds) {
        return Ok(());
    }
    // As JSON writes it: 1e+300.
    let number = Value::from(seconds);
    let message = format!(
        "json: cannot unmarshal number {number} into Go struct field TokenRequestSpec.spec.expirationSeconds of type int64"
    );
    Err(Box::new(ProviderError::known("BadRequest", message).status(400).likely()))
}

/// K13: before the cap, so what is too long fails even where a cap would shorten it.
fn valid(seconds: f64) -> Refused<()> {
    let problem = if seconds < SHORTEST {
        "may not specify a duration less than 10 minutes"
    } else if seconds > LONGEST {
        "may not specify a duration larger than 2^32 seconds"
    } else {
        return Ok(());
    };
    let message = format!(
        "TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: Invalid value: {seconds}: {problem}"
    );
    refused("Invalid", 422, message)
}

/// K16.
fn shortened(asked: f64, granted: f64) -> String {
    format!("requested expiration of {asked} seconds shortened to {granted} seconds")
}
