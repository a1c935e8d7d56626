//! What the cluster is and does: flags of the API server, live objects, settings of webhooks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the API server knows and does. Absent: its defaults.
///
/// ```
/// use podpass::Cluster;
///
/// assert_eq!(Cluster::default().accepted_issuers(), ["https://kubernetes.default.svc.cluster.local"]);
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Cluster {
    /// `--service-account-issuer`, in flag order (K20).
    pub issuers: Option<Vec<String>>,
    /// `--api-audiences`; default: the issuers (K22).
    pub api_audiences: Option<Vec<String>>,
    /// `--service-account-max-token-expiration`, seconds (K16).
    pub max_token_expiration: Option<f64>,
    /// `--service-account-extend-token-expiration`, default true (K17).
    pub extend_token_expiration: Option<bool>,
    /// `--service-account-lookup`, default true; concerns legacy tokens only (K95).
    pub service_account_lookup: Option<bool>,
    /// `--service-account-key-file`; only its presence counts.
    pub key_files: Option<Vec<String>>,
    /// `--service-account-signing-key-file`; only its presence counts.
    pub signing_key_file: Option<String>,
    /// `--service-account-signing-endpoint`.
    pub external_signer: Option<ExternalSigner>,
    /// `--service-account-jwks-uri`.
    pub jwks_uri: Option<String>,
    /// `host:port` that the API server advertises (K84).
    pub external_address: Option<String>,
    /// `--disable-admission-plugins`.
    pub disable_admission_plugins: Option<Vec<String>>,
    /// `1.36`; default: the newest modelled.
    pub kubernetes_version: Option<String>,
    /// Manifests of live objects.
    pub objects: Option<String>,
    /// True: what is neither in `objects` nor in the pasted manifests does not exist. Default: it is unknown.
    pub objects_complete: Option<bool>,
    /// Namespace of manifests that name none; default `default`.
    pub namespace: Option<String>,
    /// Mutating webhooks; absent: on iff the manifests call for one.
    pub webhooks: Option<Webhooks>,
    /// GKE's settings.
    pub gke: Option<Gke>,
}

/// The issuer of a cluster that names none.
pub(crate) const DEFAULT_ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

impl Cluster {
    /// Every issuer whose tokens the API server takes; the first one signs (K20).
    pub fn accepted_issuers(&self) -> Vec<String> {
        self.issuers.clone().unwrap_or_else(|| vec![DEFAULT_ISSUER.to_owned()])
    }

    /// The audiences that the API server answers to (K22).
    pub fn effective_api_audiences(&self) -> Vec<String> {
        self.api_audiences.clone().unwrap_or_else(|| self.accepted_issuers())
    }

    /// Whether an admission plugin is on.
    pub(crate) fn has_plugin(&self, name: &str) -> bool {
        !self.disable_admission_plugins.iter().flatten().any(|plugin| plugin == name)
    }

    /// The namespace of a manifest that names none.
    pub(crate) fn default_namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or("default")
    }
}

/// What an external signer (`ExternalJWTSigner`) answers (K1, K3, K21, K87).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExternalSigner {
    /// The longest life it signs, seconds.
    pub max_token_expiration: f64,
    /// The header it makes.
    #[serde(default)]
    pub header: Option<SignerHeader>,
    /// Key ids it keeps out of discovery.
    #[serde(default)]
    pub excluded_kids: Option<Vec<String>>,
}

/// The header that an external signer makes (K1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignerHeader {
    /// `alg`.
    pub alg: String,
    /// `kid`.
    pub kid: String,
    /// `typ`.
    pub typ: String,
}

/// Webhooks that change pods.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Webhooks {
    /// amazon-eks-pod-identity-webhook.
    pub eks: Option<Switch<EksWebhook>>,
    /// azure-workload-identity-webhook.
    pub azure: Option<Switch<AzureWebhook>>,
}

/// Settings, or `false` for: not installed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Switch<T> {
    /// `false`: not installed.
    Off(bool),
    /// Installed, with these settings.
    On(Box<T>),
}

/// Flags of amazon-eks-pod-identity-webhook; absent: upstream's defaults.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EksWebhook {
    /// Release.
    pub version: Option<String>,
    /// `--annotation-prefix`.
    pub annotation_prefix: Option<String>,
    /// `--token-audience`.
    pub default_audience: Option<String>,
    /// `--aws-default-region`.
    pub default_region: Option<String>,
    /// `--token-expiration`, seconds.
    pub default_token_expiration: Option<f64>,
    /// `--token-mount-path`.
    pub mount_path: Option<String>,
    /// `--sts-regional-endpoint`.
    pub regional_sts_endpoints: Option<bool>,
    /// `--compose-role-arn`.
    pub compose_role_arn: Option<ComposeRoleArn>,
    /// `--watch-config-map`.
    pub config_map: Option<BTreeMap<String, ConfigMapRole>>,
    /// EKS Pod Identity mode.
    pub container_credentials: Option<ContainerCredentials>,
}

/// `--compose-role-arn`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ComposeRoleArn {
    /// `aws`, `aws-cn`, ...
    pub partition: String,
    /// Twelve digits.
    pub account_id: String,
}

/// One entry of the ConfigMap `pod-identity-webhook`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConfigMapRole {
    /// The role.
    #[serde(rename = "RoleARN")]
    pub role_arn: String,
    /// The audience.
    #[serde(rename = "Audience")]
    pub audience: Option<String>,
    /// Whether to use regional endpoints.
    #[serde(rename = "UseRegionalSTS")]
    pub use_regional_sts: Option<bool>,
    /// Seconds.
    #[serde(rename = "TokenExpiration")]
    pub token_expiration: Option<f64>,
}

/// EKS Pod Identity settings.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ContainerCredentials {
    /// The accounts with an association.
    pub identities: Vec<Identity>,
    /// Where credentials are asked for.
    pub full_uri: Option<String>,
    /// The token's audience.
    pub audience: Option<String>,
    /// Where the token is mounted.
    pub mount_path: Option<String>,
    /// The volume's name.
    pub volume_name: Option<String>,
    /// The token's path.
    pub token_path: Option<String>,
    /// Seconds that chance takes off an expiration of exactly 86400.
    pub expiration_jitter: Option<f64>,
}

/// A ServiceAccount with an EKS Pod Identity association.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Identity {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub service_account: String,
}

/// Settings of azure-workload-identity's webhook; absent: upstream's defaults.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AzureWebhook {
    /// Release.
    pub version: Option<String>,
    /// `AZURE_TENANT_ID`.
    pub tenant_id: Option<String>,
    /// `AZURE_ENVIRONMENT`.
    pub environment: Option<String>,
    /// `--audience`.
    pub audience: Option<String>,
    /// `--log-level`.
    pub log_level: Option<String>,
    /// Image of the proxy sidecar.
    pub proxy_image: Option<String>,
    /// Image of the proxy's init container.
    pub proxy_init_image: Option<String>,
    /// Whether the sidecar is a native one (Z23).
    pub native_sidecar: Option<bool>,
    /// A token endpoint of one's own (Z20).
    pub custom_token_endpoint: Option<CustomTokenEndpoint>,
}

/// A token endpoint of one's own (Z20).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CustomTokenEndpoint {
    /// What follows the annotation's prefix.
    pub annotation_suffix: String,
    /// The audience.
    pub audience: String,
    /// The proxy.
    pub token_proxy: Option<String>,
    /// Its SNI name.
    pub sni_name: Option<String>,
    /// Its CA.
    pub ca_data: Option<String>,
    /// ConfigMap with its CA.
    pub ca_config_map_name: Option<String>,
    /// ClusterTrustBundle signer of its CA.
    pub ca_cluster_trust_bundle_signer: Option<String>,
}

/// GKE's settings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Gke {
    /// Project id.
    pub project_id: Option<String>,
    /// Project number.
    pub project_number: Option<String>,
    /// `GKE_METADATA` or `GCE_METADATA`.
    pub metadata_mode: Option<String>,
    /// The node's service account.
    pub node_service_account: Option<String>,
}
