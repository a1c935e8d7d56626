//! What no role says.

use serde::{Deserialize, Serialize};

/// What `vault-jwt` and `vault-kubernetes` documents leave out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct VaultFacts {
    /// The role that the login asks for.
    pub role_name: Option<String>,
    /// Default true.
    pub role_exists: Option<bool>,
    /// `vault read -format=json auth/PATH/config`, or its `data`.
    pub config: Option<String>,
    /// Where the login comes from; default within the bound CIDRs.
    pub remote_address: Option<String>,
    /// `vault-kubernetes`: what the API server answers; absent: simulated if the cluster's issuers are given, else it accepts.
    pub token_review: Option<GivenReview>,
}

/// The answer of a TokenReview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenReview {
    /// Whether the token was accepted.
    pub authenticated: bool,
    /// Of the audiences that were asked for, the token's; default all of them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub audiences: Option<Vec<String>>,
}
