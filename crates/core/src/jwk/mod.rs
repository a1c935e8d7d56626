//! Key sets: JWKS, a single JWK, PEM, certificates, discovery documents.

use serde::{Deserialize, Serialize};

use crate::trace::Check;

/// Every key of a text, used or ignored with the reason, in the text's order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeySet {
    /// The keys.
    pub keys: Vec<KeyInfo>,
    /// What was noticed while reading.
    pub checks: Vec<Check>,
    /// Set if the text is an OIDC discovery document; then `keys` is empty.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub discovery: Option<Discovery>,
}

/// One key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyInfo {
    /// As written.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kid: Option<String>,
    /// `RSA`, `EC`, `OKP`, `oct`, or whatever is written.
    pub kty: String,
    /// As written.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub alg: Option<String>,
    /// Size of an RSA modulus.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bits: Option<usize>,
    /// `P-256`, `Ed25519`, ...
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub curve: Option<String>,
    /// Whether podpass would use it.
    #[serde(rename = "use")]
    pub usage: KeyUse,
    /// Why it is ignored.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// K2, for every RSA and EC key; it serves as kid where there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub derived_kid: Option<String>,
}

/// Whether podpass would use a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyUse {
    /// It would not.
    Ignored,
    /// It would.
    Used,
}

/// What a discovery document says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Discovery {
    /// `issuer`.
    pub issuer: String,
    /// `jwks_uri`.
    pub jwks_uri: String,
}
