//! Trust documents as they are given, and what no document says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{System, recognise};

/// A trust document as its vendor's tool prints it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TrustDocument {
    /// The text alone: the system is recognised.
    Text(String),
    /// The text with what it does not say.
    Full(FullTrustDocument),
}

/// A trust document with what it does not say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FullTrustDocument {
    /// The document.
    pub text: String,
    /// Overrides recognition.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub system: Option<System>,
    /// What no document says; its members depend on the system.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub facts: Option<Map<String, Value>>,
}

impl TrustDocument {
    /// The document's text.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Full(FullTrustDocument { text, .. }) => text,
        }
    }

    /// The system that would judge it: the one that was said, else the one that such a text belongs to.
    ///
    /// ```
    /// use podpass::{System, TrustDocument};
    ///
    /// let review = TrustDocument::Text("apiVersion: authentication.k8s.io/v1\nkind: TokenReview".into());
    /// assert_eq!(review.recognised(), Some(System::Kubernetes));
    /// assert_eq!(TrustDocument::Text("a shopping list".into()).recognised(), None);
    /// ```
    pub fn recognised(&self) -> Option<System> {
        recognise::system_of(self)
    }

    pub(crate) fn system(&self) -> Option<System> {
        match self {
            Self::Text(_) => None,
            Self::Full(full) => full.system,
        }
    }

    pub(crate) fn facts(&self) -> Option<&Map<String, Value>> {
        match self {
            Self::Text(_) => None,
            Self::Full(full) => full.facts.as_ref(),
        }
    }
}

/// What `aws-irsa` and `aws-pod-identity` documents leave out.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AwsFacts {
    /// Discovery document and JWKS answer on the public internet; default true.
    pub issuer_reachable: Option<bool>,
    /// The role; default: as the document says, else a role in the provider's account.
    pub role_arn: Option<String>,
    /// Default true.
    pub role_exists: Option<bool>,
    /// Seconds; default: as the document says, else 3600.
    pub max_session_duration: Option<f64>,
    /// All IAM OIDC providers that exist; default: the one that the policy names, listing the token's audience.
    pub providers: Option<Vec<OidcProvider>>,
    /// Of the JWKS host (A26); default publicly trusted.
    pub issuer_certificate: Option<IssuerCertificate>,
    /// Step 2; default true.
    pub sts_active_in_region: Option<bool>,
    /// Request field (A11).
    pub role_session_name: Option<String>,
    /// Request field (A14).
    pub duration_seconds: Option<f64>,
    /// Request field (A7).
    pub provider_id: Option<String>,
    /// What `decision` is about; default: the system's own.
    pub action: Option<String>,
    /// Condition keys that come neither from claims nor from the fields above (A43).
    pub request_context: Option<BTreeMap<String, OneOrMany>>,
    /// `aws-pod-identity`: absent: unknown; `null`: there is none.
    #[serde(deserialize_with = "present")]
    pub association: Option<Option<Association>>,
    /// `aws-pod-identity`: the cluster.
    pub cluster_arn: Option<String>,
}

/// Tells `null` from absent.
fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

/// An EKS Pod Identity association.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Association {
    /// The account's namespace.
    pub namespace: String,
    /// Its name.
    pub service_account: String,
    /// The role.
    pub role_arn: String,
}

/// An IAM OIDC provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OidcProvider {
    /// Its ARN (A21).
    pub arn: String,
    /// Its audiences (A24).
    #[serde(rename = "clientIDList")]
    pub client_id_list: Vec<String>,
    /// SHA-1 of the top intermediate CA (A26).
    #[serde(default)]
    pub thumbprint_list: Option<Vec<String>>,
}

/// The certificate of the host that serves the JWKS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IssuerCertificate {
    /// Whether AWS' own library of CAs knows it.
    pub publicly_trusted: bool,
    /// SHA-1, 40 hex digits.
    #[serde(default)]
    pub thumbprint: Option<String>,
}

/// One text or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl OneOrMany {
    /// As a slice.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// What `kubernetes` documents leave out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KubernetesFacts {
    /// `spec.audiences` of the TokenReview.
    pub audiences: Option<Vec<String>>,
}

/// What `kubernetes-jwt` documents leave out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct KubernetesJwtFacts {
    /// `--service-account-issuer` of the API server that reads the file (R20); default: none overlaps.
    pub service_account_issuers: Option<Vec<String>>,
}

/// What documents about an issuer leave out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct IssuerFacts {
    /// Discovery document and JWKS answer on the public internet; default true.
    pub issuer_reachable: Option<bool>,
}

/// For systems about which nothing is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NoFacts {}

/// What `gke` documents leave out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct GkeFacts {
    /// The Google service account whose policy is pasted.
    pub service_account: Option<GoogleServiceAccount>,
    /// What the pod calls in the end.
    pub resource: Option<GoogleResource>,
}

/// A Google service account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct GoogleServiceAccount {
    /// Default: the annotation of the pod's ServiceAccount.
    pub email: Option<String>,
    /// Default true.
    pub exists: Option<bool>,
}

/// A resource of Google Cloud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GoogleResource {
    /// Its full name.
    pub name: String,
    /// What is done to it.
    #[serde(default)]
    pub permission: Option<String>,
    /// Those that contain the permission; default: any.
    #[serde(default)]
    pub roles: Option<Vec<String>>,
    /// Its allow policy.
    pub policy: String,
}

/// What `gcp-wif` documents leave out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct GcpWifFacts {
    /// Discovery document and JWKS answer on the public internet; default true.
    pub issuer_reachable: Option<bool>,
    /// Default true.
    pub provider_exists: Option<bool>,
    /// `audience` of the request (G25); default: the provider's name.
    pub request_audience: Option<String>,
    /// The service account that is impersonated afterwards.
    pub impersonate: Option<WifImpersonation>,
    /// The `external_account` file (G32).
    pub credential_config: Option<String>,
}

/// A service account that is impersonated after the exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WifImpersonation {
    /// Its email.
    pub email: String,
    /// Default true.
    #[serde(default)]
    pub exists: Option<bool>,
    /// Its allow policy.
    #[serde(default)]
    pub policy: Option<String>,
}
