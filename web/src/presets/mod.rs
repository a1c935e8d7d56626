//! The examples: whole sets of inputs, healthy and broken in one way, minted a moment ago so that every time is live.

mod aws;
mod clouds;
mod kubernetes;
mod services;
#[cfg(test)]
mod tests;

use podpass::UnixTime;
use serde_json::{Value, json};

pub(crate) use self::kubernetes::token_review;
use crate::facts::Typed;
use crate::issuer::Issuer;
use crate::state::Inputs;

const IRSA_ISSUER: &str = "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71";
const OTHER_CLUSTER: &str = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE0000000000000000000";
const CLUSTER_ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
const NAMESPACE: &str = "production";
const ACCOUNT: &str = "api-gateway";

/// An example.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Preset {
    /// Stable, for tests and links.
    pub(crate) id: &'static str,
    /// On the chip.
    pub(crate) label: &'static str,
    make: fn(&Samples) -> Inputs,
}

/// Every example; the first is loaded at the start.
pub(crate) const PRESETS: [Preset; 29] = [
    Preset { id: "healthy-irsa", label: "healthy IRSA", make: aws::healthy },
    Preset { id: "wrong-namespace", label: "wrong namespace", make: aws::wrong_namespace },
    Preset { id: "wrong-audience", label: "wrong audience", make: aws::wrong_audience },
    Preset { id: "other-cluster", label: "another cluster", make: aws::other_cluster },
    Preset { id: "expired", label: "expired", make: aws::expired },
    Preset { id: "year-long", label: "one-year token", make: kubernetes::year_long },
    Preset { id: "legacy-secret", label: "legacy Secret token", make: kubernetes::legacy_secret },
    Preset { id: "trailing-slash", label: "trailing slash", make: aws::trailing_slash },
    Preset { id: "pod-deleted", label: "pod deleted", make: kubernetes::pod_deleted },
    Preset {
        id: "cached-at-start",
        label: "token cached at start",
        make: kubernetes::cached_at_start,
    },
    Preset { id: "requests-fail", label: "refresh fails", make: kubernetes::requests_fail },
    Preset { id: "not-yet-valid", label: "not yet valid", make: aws::not_yet_valid },
    Preset { id: "unknown-key", label: "unknown key", make: aws::unknown_key },
    Preset { id: "changed-signature", label: "changed signature", make: aws::changed_signature },
    Preset { id: "alg-none", label: "alg: none", make: aws::alg_none },
    Preset { id: "truncated", label: "truncated token", make: aws::truncated },
    Preset {
        id: "service-to-service",
        label: "service to service",
        make: kubernetes::service_to_service,
    },
    Preset {
        id: "no-service-account",
        label: "pod without ServiceAccount",
        make: kubernetes::no_account,
    },
    Preset { id: "automount-false", label: "automount: false", make: kubernetes::automount_false },
    Preset { id: "subpath", label: "subPath never refreshes", make: kubernetes::subpath },
    Preset { id: "aks", label: "healthy AKS", make: clouds::aks },
    Preset { id: "aks-slash", label: "AKS: trailing slash", make: clouds::aks_slash },
    Preset { id: "aks-label", label: "AKS: label missing", make: clouds::aks_label },
    Preset {
        id: "gke-annotation",
        label: "GKE: annotation left over",
        make: clouds::gke_annotation,
    },
    Preset {
        id: "gcp-condition",
        label: "Google pool with a condition",
        make: clouds::gcp_condition,
    },
    Preset { id: "hub", label: "another cluster's rule", make: services::hub },
    Preset { id: "vault", label: "Vault: wrong namespace", make: services::vault },
    Preset { id: "yaml-error", label: "YAML error", make: aws::yaml_error },
    Preset { id: "json-comma", label: "policy without a comma", make: aws::json_comma },
];

impl Preset {
    /// The inputs of this example.
    pub(crate) fn inputs(&self, samples: &Samples) -> Inputs {
        (self.make)(samples)
    }
}

/// What examples are made of: two issuers that nobody trusts, and the time of minting.
#[derive(Debug, Clone)]
pub(crate) struct Samples {
    pub(crate) cluster: Issuer,
    pub(crate) stranger: Issuer,
    pub(crate) now: UnixTime,
}

impl Samples {
    /// With the published keys.
    pub(crate) fn generate(now: UnixTime) -> Option<Self> {
        Some(Self { cluster: Issuer::cluster()?, stranger: Issuer::stranger()?, now })
    }

    fn keys(&self) -> String {
        pretty(&self.cluster.jwks())
    }

    /// The claims that an API server signs for a pod's token, `life` seconds long, issued `age` seconds ago (K5, K6).
    fn claims(&self, issuer: &str, audience: &str, age: f64, life: f64) -> Value {
        let issued = self.now.plus(-age).0 as i64;
        json!({
            "aud": [audience],
            "exp": issued + life as i64,
            "iat": issued,
            "iss": issuer,
            "jti": "5f0d6f0e-9a43-4c0c-a6a1-0f4e6d8c1b11",
            "kubernetes.io": {
                "namespace": NAMESPACE,
                "node": { "name": "worker-0", "uid": "b5766c61-0d1c-4b5e-9d5c-3f0a6c1f2a11" },
                "pod": {
                    "name": "api-gateway-7d9f4b6c5-x2x9k", "uid": "f47ac10b-58cc-4372-a567-0e02b2c3d479",
                },
                "serviceaccount": { "name": ACCOUNT, "uid": "6ba7b810-9dad-11d1-80b4-00c04fd430c8" },
            },
            "nbf": issued,
            "sub": format!("system:serviceaccount:{NAMESPACE}:{ACCOUNT}"),
        })
    }

    fn irsa_claims(&self) -> Value {
        self.claims(IRSA_ISSUER, "sts.amazonaws.com", 1_140.0, 3_600.0)
    }

    /// The healthy pod, role and cluster, with another token.
    fn irsa(&self, token: String) -> Inputs {
        Inputs {
            token: token.into(),
            keys: self.keys().into(),
            manifests: aws::IRSA_MANIFESTS.into(),
            trust: vec![aws::irsa_policy(IRSA_PROVIDER, NAMESPACE).into()],
            facts: facts(IRSA_ISSUER),
            ..Inputs::default()
        }
    }
}

const IRSA_PROVIDER: &str = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71";

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn facts(issuer: &str) -> Typed {
    if issuer == CLUSTER_ISSUER { Typed::default() } else { Typed::one("issuers", issuer) }
}
