//! The one value that a view shows.

use serde::{Deserialize, Serialize};

use crate::claims::DecodedToken;
use crate::cluster::Cluster;
use crate::federation::{FederationOutcome, TrustDocument};
use crate::jwk::KeySet;
use crate::pod::PodReport;
use crate::rotation::{Scenario, Timeline};
use crate::time::UnixTime;
use crate::trace::{Check, Finding};

/// Everything that was pasted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExplainInput {
    /// A token, wrapped or bare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// A key set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<String>,
    /// Kubernetes manifests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifests: Option<String>,
    /// Trust documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust: Option<Vec<TrustDocument>>,
    /// The cluster that issued the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Cluster>,
    /// What happens to the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<Scenario>,
    /// The instant of judgement.
    pub now: UnixTime,
}

/// Everything that can be said of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Version of this shape: 1.
    pub schema: u32,
    /// The instant of judgement.
    pub now: UnixTime,
    /// The token.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub token: Option<DecodedToken>,
    /// The key set.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub keys: Option<KeySet>,
    /// What a verifier in Node would check, in its order.
    pub verification: Vec<Check>,
    /// The pods of the manifests.
    pub pods: Vec<PodReport>,
    /// Its times, if a token or a projection was pasted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub timeline: Option<Timeline>,
    /// One outcome per trust document.
    pub federation: Vec<FederationOutcome>,
    /// Lints that belong neither to a pod nor to a trust document.
    pub findings: Vec<Finding>,
    /// One sentence, for a screen reader and a ticket.
    pub summary: String,
}

/// Explains everything that was pasted.
pub fn explain(input: &ExplainInput) -> Report {
    Report {
        schema: 1,
        now: input.now,
        token: None,
        keys: None,
        verification: Vec::new(),
        pods: Vec::new(),
        timeline: None,
        federation: Vec::new(),
        findings: Vec::new(),
        summary: String::new(),
    }
}
