//! What no list of credentials says.

use serde::{Deserialize, Serialize};

/// What `azure` documents leave out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AzureFacts {
    /// Discovery document and JWKS answer on the public internet; default true.
    pub issuer_reachable: Option<bool>,
    /// `AZURE_CLIENT_ID`.
    pub client_id: Option<String>,
    /// Default true.
    pub client_exists: Option<bool>,
    /// `AZURE_TENANT_ID`.
    pub tenant_id: Option<String>,
    /// Whose credentials they are.
    pub identity_kind: Option<IdentityKind>,
    /// `AzurePublicCloud`, `AzureUSGovernmentCloud`, ... (Z36).
    pub cloud: Option<String>,
}

/// What can have federated credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IdentityKind {
    /// An app registration.
    Application,
    /// A managed identity.
    UserAssignedIdentity,
}
