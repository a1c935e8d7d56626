//! TokenReview: what the API server answers to the question whose token this is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cluster::Cluster;
use crate::federation::review;
use crate::time::UnixTime;
use crate::trace::{Check, Verdict};

/// What is reviewed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokenReviewInput {
    /// `spec.token`, to the letter.
    pub token: Option<String>,
    /// Instead of a token: the `Authorization` header of a request to the API server (K48).
    pub authorization: Option<String>,
    /// The keys of `--service-account-key-file`, or the JWKS.
    pub keys: String,
    /// The cluster that answers.
    pub cluster: Cluster,
    /// `spec.audiences`; none: the API server's own.
    pub audiences: Option<Vec<String>>,
    /// The instant of judgement.
    pub now: UnixTime,
}

/// What it answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenReviewAnswer {
    /// `unknown` where objects or keys are unknown; then `status` is the answer if they are in order.
    pub verdict: Verdict,
    /// `status` of authentication.k8s.io/v1.
    pub status: TokenReviewStatus,
    /// Of the audit event of a request made with this token; that of the TokenReview gets none (K58, K96).
    pub audit_annotations: BTreeMap<String, String>,
    /// In the API server's order.
    pub checks: Vec<Check>,
}

/// `TokenReviewStatus` of authentication.k8s.io/v1.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TokenReviewStatus {
    /// Whether the token was accepted.
    pub authenticated: bool,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user: Option<ReviewedUser>,
    /// Of the audiences that were asked for, the token's (K52).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub audiences: Vec<String>,
    /// Why it was not accepted, to the letter (K64).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
}

/// `UserInfo` of authentication.k8s.io/v1 (K59, K60).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReviewedUser {
    /// `system:serviceaccount:<namespace>:<name>`.
    pub username: String,
    /// The account's UID.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub uid: String,
    /// In the API server's order.
    pub groups: Vec<String>,
    /// Pod, node and token id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub extra: BTreeMap<String, Vec<String>>,
}

/// What TokenReview would answer, word for word, or what a request with this `Authorization` header would get
/// (K47 to K66, K94 to K99).
///
/// # Examples
///
/// ```
/// use podpass::{TokenReviewInput, Verdict, simulate_token_review};
///
/// let input = TokenReviewInput {
///     token: Some("garbage".into()),
///     keys: r#"{"keys":[]}"#.into(),
///     ..TokenReviewInput::default()
/// };
/// let answer = simulate_token_review(&input);
/// assert_eq!(answer.verdict, Verdict::Deny);
/// assert_eq!(answer.status.error.as_deref(), Some("invalid bearer token"));
/// ```
pub fn simulate_token_review(input: &TokenReviewInput) -> TokenReviewAnswer {
    review(input)
}
