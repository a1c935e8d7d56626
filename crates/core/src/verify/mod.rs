//! Verification: signature, issuer, kind, audience, time, binding.

mod prepared;
mod signature;

pub use prepared::{Scratch, SignatureRequest, Verifier, decode_bare_token};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::algorithm::{Algorithm, AlgorithmName};
use crate::check::lifetime::{Clock, LEEWAY};
use crate::check::{Judged, audience, binding, issuer, kind, lifetime};
use crate::claims::{DecodedToken, ObjectRef, ServiceAccountRef, TokenKind};
use crate::decode::describe_exact;
use crate::error::{ErrorCode, PodpassError, quoted};
use crate::federation::OneOrMany;
use crate::jwk::{Key, KeySet};
use crate::signature::Evidence;
use crate::time::UnixTime;
use crate::trace::{Check, Status, Verdict};

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

impl VerifyOptions {
    /// Options that name one issuer and one audience, and leave the rest at its default.
    ///
    /// ```
    /// use podpass::VerifyOptions;
    ///
    /// let options = VerifyOptions::new("https://issuer.example", "vault", 1_700_000_000.into());
    /// assert!(options.validate().is_ok());
    /// ```
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>, now: UnixTime) -> Self {
        Self {
            issuer: Some(OneOrMany::One(issuer.into())),
            audience: Some(OneOrMany::One(audience.into())),
            now,
            algorithms: None,
            clock_tolerance: None,
            max_token_age: None,
            allow_legacy: false,
            expect: None,
        }
    }

    /// Whether the options make sense, whatever the token.
    ///
    /// # Errors
    ///
    /// Named `TypeError`: a symmetric or unknown name in `algorithms`, a negative tolerance or age.
    ///
    /// ```
    /// use podpass::VerifyOptions;
    ///
    /// let mut options = VerifyOptions::new("https://issuer.example", "vault", 1_700_000_000.into());
    /// options.algorithms = Some(vec!["HS256".into()]);
    /// assert_eq!(options.validate().unwrap_err().name(), "TypeError");
    /// ```
    pub fn validate(&self) -> Result<(), PodpassError> {
        let mistake = |message: String| PodpassError::new(ErrorCode::InvalidOptions, message);
        for name in self.algorithms.iter().flatten() {
            match Algorithm::named(name) {
                AlgorithmName::Known(_) => {}
                AlgorithmName::Unknown => {
                    return Err(mistake(format!("`algorithms`: {} is unknown", quoted(name))));
                }
                AlgorithmName::None | AlgorithmName::Symmetric => {
                    return Err(mistake(format!(
                        "`algorithms`: {} is never accepted",
                        quoted(name)
                    )));
                }
            }
        }
        let seconds =
            [("clockTolerance", self.clock_tolerance), ("maxTokenAge", self.max_token_age)];
        match seconds
            .iter()
            .find(|(_, value)| value.is_some_and(|value| !(value >= 0.0 && value.is_finite())))
        {
            Some((name, _)) => Err(mistake(format!("`{name}` is not a number of seconds"))),
            None if !self.now.0.is_finite() => {
                Err(mistake("`now` is not a number of seconds".into()))
            }
            None => Ok(()),
        }
    }

    fn allowed(&self) -> Vec<Algorithm> {
        match &self.algorithms {
            None => Algorithm::all().collect(),
            Some(names) => names
                .iter()
                .filter_map(|name| match Algorithm::named(name) {
                    AlgorithmName::Known(algorithm) => Some(algorithm),
                    _ => None,
                })
                .collect(),
        }
    }
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

/// A token that passed every check. Only [`verify_service_account_token`] makes one:
///
/// ```compile_fail,E0451
/// fn forge(token: podpass::VerifiedToken) -> podpass::VerifiedToken {
///     podpass::VerifiedToken { kind: podpass::TokenKind::Bound, ..token }
/// }
/// ```
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

impl VerifiedToken {
    /// Exactly the payload.
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// Whose token it is.
    pub const fn service_account(&self) -> &ServiceAccountRef {
        &self.service_account
    }

    /// Its kind.
    pub const fn kind(&self) -> TokenKind {
        self.kind
    }

    /// The pod it is bound to.
    pub const fn pod(&self) -> Option<&ObjectRef> {
        self.pod.as_ref()
    }

    /// The node it is bound to, or its pod's.
    pub const fn node(&self) -> Option<&ObjectRef> {
        self.node.as_ref()
    }

    /// `iss`.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// `aud`.
    pub fn audiences(&self) -> &[String] {
        &self.audiences
    }

    /// `exp`.
    pub const fn expires_at(&self) -> Option<UnixTime> {
        self.expires_at
    }

    /// The key that made the signature.
    pub const fn key(&self) -> &VerifiedKey {
        &self.key
    }
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

/// Verifies a token with given keys, offline.
///
/// The token is taken to the letter; [`crate::decode_token`] is what unwraps pastes. A deleted pod, node or account
/// is invisible here: only the API server's TokenReview knows of it.
///
/// # Errors
///
/// The first failing check in the order format, alg, key, signature, iss, kind, aud, time, expect; or, named
/// `TypeError`, options that make no sense.
///
/// # Source
///
/// RFC 7515 §5.2, RFC 7517 §4.5, RFC 7519 §7.2, RFC 8725 §3.1; K53 for the borders of time.
///
/// # Examples
///
/// ```
/// use podpass::{VerifyOptions, verify_service_account_token};
///
/// let options = VerifyOptions::new("https://issuer.example", "vault", 1_700_000_000.into());
/// let unsigned = "eyJhbGciOiJub25lIn0.e30.";
/// let error = verify_service_account_token(unsigned, r#"{"keys":[]}"#, &options).unwrap_err();
/// assert_eq!(error.code(), "ERR_JOSE_ALG_NOT_ALLOWED");
/// ```
pub fn verify_service_account_token(
    token: &str,
    keys: &str,
    options: &VerifyOptions,
) -> Result<VerifiedToken, PodpassError> {
    options.validate()?;
    let evidence = Evidence::new(Some(token), Some(keys));
    answer(&evidence, &Verification::of(&evidence, options))
}

/// The verified token, or the first failing check.
fn answer(evidence: &Evidence, verification: &Verification) -> Result<VerifiedToken, PodpassError> {
    match verification.judged.iter().find_map(|judged| judged.error.clone()) {
        Some(error) => Err(error),
        None => verified(evidence, verification)
            .ok_or_else(|| PodpassError::new(ErrorCode::JwtInvalid, "the token holds no claims")),
    }
}

/// The same judgement as [`verify_service_account_token`], every check listed, nothing thrown for bad data.
///
/// # Examples
///
/// ```
/// use podpass::{Status, VerifyOptions, check_service_account_token};
///
/// let options = VerifyOptions::new("https://issuer.example", "vault", 1_700_000_000.into());
/// let answer = check_service_account_token("eyJhbGciOiJub25lIn0.e30.", r#"{"keys":[]}"#, &options);
/// assert!(!answer.ok);
/// let failing: Vec<_> = answer.checks.iter().filter(|c| c.status == Status::Fail).map(|c| &*c.id).collect();
/// assert_eq!(failing, ["token/alg", "token/iss", "token/kind", "token/aud"]);
/// ```
pub fn check_service_account_token(token: &str, keys: &str, options: &VerifyOptions) -> TokenCheck {
    let evidence = Evidence::new(Some(token), Some(keys));
    listed(&evidence, &Verification::of(&evidence, options))
}

/// Every check, beside what could be read.
fn listed(evidence: &Evidence, verification: &Verification) -> TokenCheck {
    let checks = verification.checks();
    TokenCheck {
        ok: Verdict::of(&checks) == Verdict::Allow,
        token: evidence
            .jws
            .as_ref()
            .map(describe_exact)
            .unwrap_or_else(|| crate::decode::decode_token("")),
        keys: evidence
            .keys
            .as_ref()
            .map(crate::jwk::Keys::describe)
            .unwrap_or_else(|| crate::jwk::parse_keys("")),
        checks,
    }
}

/// Every check of one token.
pub(crate) struct Verification {
    judged: Vec<Judged>,
    key: Option<usize>,
}

impl Verification {
    pub(crate) fn of(evidence: &Evidence, options: &VerifyOptions) -> Self {
        let signature::SignatureChecks { mut judged, key } =
            signature::signature(evidence, &options.allowed());
        match evidence.jws.as_ref().and_then(|jws| jws.claims()) {
            Some(claims) => judged.extend(claim_checks(claims, options)),
            None => judged.push(Judged::ok(Check::new(
                "token/claims",
                Status::Skip,
                "the claims could not be read, so none of them is checked",
            ))),
        }
        Self { judged, key }
    }

    pub(crate) fn checks(&self) -> Vec<Check> {
        self.judged.iter().map(|judged| judged.check.clone()).collect()
    }
}

fn claim_checks(claims: crate::claims::Claims<'_>, options: &VerifyOptions) -> Vec<Judged> {
    let clock = Clock { now: options.now, tolerance: options.clock_tolerance.unwrap_or(LEEWAY) };
    let mut judged = vec![
        issuer::issuer(claims, options.issuer.as_ref().map(OneOrMany::as_slice)),
        kind::kind(claims, options.allow_legacy),
        audience::audience(claims, options.audience.as_ref().map(OneOrMany::as_slice)),
    ];
    judged.extend(lifetime::lifetime(claims, clock, options.max_token_age));
    judged.push(kind::subject(claims));
    judged.extend(options.expect.iter().flat_map(|expect| binding::binding(claims, expect)));
    judged
}

fn verified(evidence: &Evidence, verification: &Verification) -> Option<VerifiedToken> {
    let jws = evidence.jws.as_ref()?;
    let claims = jws.claims()?;
    Some(VerifiedToken {
        header: jws.header.clone()?,
        claims: jws.claims.clone()?,
        kind: claims.kind(),
        service_account: claims.service_account()?,
        pod: claims.bound("pod"),
        node: claims.bound("node"),
        issuer: claims.text("iss").unwrap_or_default().to_owned(),
        audiences: claims.audiences(),
        issued_at: claims.date("iat"),
        expires_at: claims.date("exp"),
        key: VerifiedKey {
            kid: evidence.key(verification.key?).and_then(Key::id).map(str::to_owned),
            alg: jws.alg()?.to_owned(),
        },
    })
}
