//! Verification: signature, issuer, kind, audience, time, binding.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::claims::{DecodedToken, ObjectRef, ServiceAccountRef, TokenKind};
use crate::federation::OneOrMany;
use crate::jwk::KeySet;
use crate::time::UnixTime;
use crate::trace::Check;

/// What a verifier wants.
///
/// `issuer` and `audience` are mandatory; `None` is a deliberate opt-out, visible in review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerifyOptions {
    /// The issuers that are trusted; `None`: deliberately not checked.
    #[serde(deserialize_with = "Option::deserialize")]
    pub issuer: Option<OneOrMany>,
    /// The audiences that the verifier answers to; `None`: deliberately not checked.
    #[serde(deserialize_with = "Option::deserialize")]
    pub audience: Option<OneOrMany>,
    /// The instant of judgement.
    pub now: UnixTime,
    /// Default: RS256-512, PS256-512, ES256-512, EdDSA.
    #[serde(default)]
    pub algorithms: Option<Vec<String>>,
    /// Seconds, default 60 (K53).
    #[serde(default)]
    pub clock_tolerance: Option<f64>,
    /// Seconds since `iat`.
    #[serde(default)]
    pub max_token_age: Option<f64>,
    /// Default false.
    #[serde(default)]
    pub allow_legacy: bool,
    /// What the token must be bound to.
    #[serde(default)]
    pub expect: Option<Expect>,
}

/// What a token must be bound to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Expect {
    /// The account's namespace.
    pub namespace: Option<String>,
    /// The account's name.
    pub service_account: Option<String>,
    /// The pod's name.
    pub pod: Option<String>,
    /// The node's name.
    pub node: Option<String>,
}

/// A token that passed every check. Only [`verify_service_account_token`] makes one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedToken {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    kind: TokenKind,
    service_account: ServiceAccountRef,
    #[serde(skip_serializing_if = "Option::is_none")]
    pod: Option<ObjectRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<ObjectRef>,
    issuer: String,
    audiences: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<UnixTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<UnixTime>,
    key: VerifiedKey,
}

/// The key that made the signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifiedKey {
    /// Its id, as written or derived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// The algorithm.
    pub alg: String,
}

/// Every check of a token, and whether all of them hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenCheck {
    /// No check failed or is unknown.
    pub ok: bool,
    /// The token as far as it could be read.
    pub token: DecodedToken,
    /// The key set as far as it could be read.
    pub keys: KeySet,
    /// In the order format, alg, key, signature, iss, kind, aud, time, expect.
    pub checks: Vec<Check>,
}
