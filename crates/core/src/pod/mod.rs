//! Pods: what admission makes of them and where their tokens end up.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::claims::ServiceAccountRef;
use crate::cluster::Cluster;
use crate::trace::{Check, Finding, ProviderError, Span};

/// What becomes of one pod, or of the pods of one workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodReport {
    /// The object that was pasted.
    pub workload: Workload,
    /// The account the pod runs as.
    pub service_account: PodServiceAccount,
    /// The Pod object after admission and webhooks, also when it is then rejected.
    pub admitted: Value,
    /// Who added what.
    pub injected: Vec<Injection>,
    /// The first refusal by admission, a webhook or validation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rejected: Option<ProviderError>,
    /// Admitted, but the kubelet cannot set up its volumes (K37, K80).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stuck: Option<ProviderError>,
    /// Every token of the pod.
    pub tokens: Vec<ProjectedToken>,
    /// Lints.
    pub findings: Vec<Finding>,
}

/// The object that a pod comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workload {
    /// `Pod`, `Deployment`, ...
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Where it stands.
    pub span: Span,
}

/// The account a pod runs as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodServiceAccount {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// The pod names none, so admission chose `default` (K67).
    pub defaulted: bool,
    /// Where the pod names it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub span: Option<Span>,
}

/// One change to a pod.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Injection {
    /// `serviceaccount-admission`, `eks-pod-identity-webhook`, `azure-workload-identity-webhook`.
    pub by: String,
    /// RFC 6902.
    pub patch: Vec<Value>,
}

/// One token source of a pod, followed to files and variables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectedToken {
    /// The volume's name.
    pub volume: String,
    /// The source's path.
    pub path: String,
    /// `null`: the API server's.
    pub audience: Option<String>,
    /// Seconds asked for.
    pub expiration_seconds: f64,
    /// Who added it, if the user did not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub injected_by: Option<String>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub span: Option<Span>,
    /// Sources with equal keys share one token (K25).
    pub cache_key: String,
    /// Where containers see it.
    pub mounts: Vec<TokenMount>,
}

/// A token file in a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenMount {
    /// The container's name.
    pub container: String,
    /// The file's path in it.
    pub file: String,
    /// As the mount has it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sub_path: Option<String>,
    /// After the fsGroup pass: `0640` (K42).
    pub mode: String,
    /// Its owner (K42).
    pub uid: i64,
    /// Its group (K42).
    pub gid: i64,
    /// Whether the file follows refreshes (K45).
    pub refreshed: bool,
    /// Environment variables that name this file.
    pub env: Vec<String>,
}

/// What the manifests make of pods and accounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodsReport {
    /// One per pod template.
    pub pods: Vec<PodReport>,
    /// Accounts that the manifests define.
    pub service_accounts: Vec<ServiceAccountRef>,
    /// Lints that belong to no pod.
    pub findings: Vec<Finding>,
    /// Whether the manifests could be read.
    pub checks: Vec<Check>,
}

/// CREATE of every pod in the manifests.
pub fn inspect_pods(manifests: &str, cluster: &Cluster) -> PodsReport {
    let _ = (manifests, cluster);
    PodsReport {
        pods: Vec::new(),
        service_accounts: Vec::new(),
        findings: Vec::new(),
        checks: Vec::new(),
    }
}
