//! Azure and Google: credentials, allow policies and providers beside the token that they are about.

use podpass::System;
use serde_json::json;

use super::{ACCOUNT, NAMESPACE, Samples, pretty};
use crate::facts::Typed;
use crate::state::Inputs;
use crate::trust::Trust;

const AKS_ISSUER: &str = "https://westeurope.oic.prod-aks.azure.com/8a5a9a3e-7f65-4c0d-8a3e-0d3a6a2b7c11/5d1c4f2a-93b0-4a55-9f5e-2b6d0a6c8e90/";
const GKE_ISSUER: &str =
    "https://container.googleapis.com/v1/projects/acme-prod/locations/europe-west1/clusters/prod";
const POOL: &str =
    "projects/123456789012/locations/global/workloadIdentityPools/clusters/providers/prod";

const AKS_MANIFESTS: &str = "apiVersion: v1
kind: ServiceAccount
metadata:
  name: api-gateway
  namespace: production
  annotations:
    azure.workload.identity/client-id: 5d4f2c1e-8f0b-4d5e-9a57-1f2e3d4c5b6a
---
apiVersion: v1
kind: Pod
metadata:
  name: api-gateway-7d9f4b6c5-x2x9k
  namespace: production
  labels:
    azure.workload.identity/use: \"true\"
spec:
  serviceAccountName: api-gateway
  containers:
    - name: app
      image: registry.example/api-gateway:1.4
";

/// As `az identity federated-credential list` prints it.
fn credentials(issuer: &str, subject: &str) -> String {
    pretty(&json!([{
        "audiences": ["api://AzureADTokenExchange"],
        "issuer": issuer,
        "name": ACCOUNT,
        "resourceGroup": "production",
        "subject": subject,
        "type": "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
    }]))
}

fn aks_with(samples: &Samples, credentials: String) -> Inputs {
    let claims = samples.claims(AKS_ISSUER, "api://AzureADTokenExchange", 1_140.0, 3_600.0);
    Inputs {
        token: samples.cluster.mint(&claims).into(),
        keys: samples.keys().into(),
        manifests: AKS_MANIFESTS.into(),
        trust: vec![credentials.into()],
        facts: super::facts(AKS_ISSUER),
        ..Inputs::default()
    }
}

fn subject() -> String {
    format!("system:serviceaccount:{NAMESPACE}:{ACCOUNT}")
}

pub(super) fn aks(samples: &Samples) -> Inputs {
    aks_with(samples, credentials(AKS_ISSUER, &subject()))
}

/// The issuer of AKS ends with a slash, and Entra compares to the letter.
pub(super) fn aks_slash(samples: &Samples) -> Inputs {
    aks_with(samples, credentials(AKS_ISSUER.trim_end_matches('/'), &subject()))
}

/// Z2: the label stands on the Deployment, where no webhook looks.
pub(super) fn aks_label(_: &Samples) -> Inputs {
    let deployment = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: api-gateway
  namespace: production
  labels:
    azure.workload.identity/use: \"true\"
spec:
  selector:
    matchLabels:
      app: api-gateway
  template:
    metadata:
      labels:
        app: api-gateway
    spec:
      serviceAccountName: api-gateway
      containers:
        - name: app
          image: registry.example/api-gateway:1.4
";
    let account = AKS_MANIFESTS.split("---\n").next().unwrap_or_default();
    Inputs { manifests: format!("{account}---\n{deployment}").into(), ..Inputs::default() }
}

/// G10: the annotation still asks for impersonation, and the policy that allowed it is gone.
pub(super) fn gke_annotation(samples: &Samples) -> Inputs {
    let claims = samples.claims(GKE_ISSUER, "acme-prod.svc.id.goog", 600.0, 3_600.0);
    let objects = "apiVersion: v1
kind: ServiceAccount
metadata:
  name: api-gateway
  namespace: production
  uid: 6ba7b810-9dad-11d1-80b4-00c04fd430c8
  annotations:
    iam.gke.io/gcp-service-account: api-gateway@acme-prod.iam.gserviceaccount.com
---
apiVersion: v1
kind: Pod
metadata:
  name: api-gateway-7d9f4b6c5-x2x9k
  namespace: production
  uid: f47ac10b-58cc-4372-a567-0e02b2c3d479
spec:
  serviceAccountName: api-gateway
  containers:
    - name: app
      image: registry.example/api-gateway:1.4
";
    let bucket = json!({ "version": 1, "bindings": [{
        "role": "roles/storage.objectViewer",
        "members": [format!("principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/acme-prod.svc.id.goog/subject/ns/{NAMESPACE}/sa/{ACCOUNT}")],
    }] });
    let facts = Typed::one("resource.name", "//storage.googleapis.com/projects/_/buckets/orders")
        .with("resource.policy", pretty(&bucket).into());
    Inputs {
        token: samples.cluster.mint(&claims).into(),
        keys: samples.keys().into(),
        trust: vec![Trust {
            text: pretty(&json!({ "version": 1, "bindings": [] })).into(),
            system: Some(System::Gke),
            facts,
        }],
        facts: Typed::one("issuers", GKE_ISSUER)
            .with("objects", objects.into())
            .with("gke.projectId", "acme-prod".into())
            .with("gke.projectNumber", "123456789012".into())
            .with("gke.metadataMode", "GKE_METADATA".into()),
        ..Inputs::default()
    }
}

/// A provider of one's own, whose condition lets one namespace in.
pub(super) fn gcp_condition(samples: &Samples) -> Inputs {
    let issuer = "https://oidc.example.net/prod";
    let audience = format!("https://iam.googleapis.com/{POOL}");
    let claims = samples.claims(issuer, &audience, 600.0, 3_600.0);
    let provider = json!({
        "name": POOL,
        "state": "ACTIVE",
        "oidc": { "issuerUri": issuer },
        "attributeMapping": {
            "google.subject": "assertion.sub",
            "attribute.namespace": "assertion['kubernetes.io']['namespace']",
        },
        "attributeCondition": "attribute.namespace == 'staging'",
    });
    Inputs {
        token: samples.cluster.mint(&claims).into(),
        keys: samples.keys().into(),
        trust: vec![pretty(&provider).into()],
        facts: super::facts(issuer),
        ..Inputs::default()
    }
}
