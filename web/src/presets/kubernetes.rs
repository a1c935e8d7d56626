//! Tokens for the API server and for services that ask it; pods and their files.

use podpass::{Reader, Scenario};
use serde_json::{Value, json};

use super::aws::irsa_policy;
use super::{ACCOUNT, CLUSTER_ISSUER, IRSA_PROVIDER, NAMESPACE, Samples, facts};
use crate::facts::Typed;
use crate::state::Inputs;

/// What is asked of the API server, as a manifest.
pub(crate) fn token_review(audiences: &[&str]) -> String {
    let list: String = audiences.iter().map(|audience| format!("    - {audience}\n")).collect();
    let audiences = if list.is_empty() { String::new() } else { format!("  audiences:\n{list}") };
    format!(
        "apiVersion: authentication.k8s.io/v1\nkind: TokenReview\nspec:\n  token: $TOKEN\n{audiences}"
    )
}

/// K17: the 3607-second request of admission is signed for a year, with `warnafter` at what was asked for.
pub(super) fn year_long(samples: &Samples) -> Inputs {
    let age = 600.0;
    let mut claims = samples.claims(CLUSTER_ISSUER, CLUSTER_ISSUER, age, 31_536_000.0);
    let warn_after = samples.now.plus(3_607.0 - age).0 as i64;
    if let Some(Value::Object(kubernetes)) = claims.get_mut("kubernetes.io") {
        kubernetes.insert("warnafter".to_owned(), warn_after.into());
    }
    Inputs {
        token: samples.cluster.mint(&claims).into(),
        keys: samples.keys().into(),
        manifests: "apiVersion: v1
kind: Pod
metadata:
  name: api-gateway-7d9f4b6c5-x2x9k
  namespace: production
spec:
  serviceAccountName: api-gateway
  containers:
    - name: app
      image: registry.example/api-gateway:1.4
"
        .into(),
        trust: vec![token_review(&[]).into()],
        facts: facts(CLUSTER_ISSUER),
        ..Inputs::default()
    }
}

/// K55: the object is gone, so the API server refuses what a verifier that only knows the keys still takes.
pub(super) fn pod_deleted(samples: &Samples) -> Inputs {
    let claims = samples.claims(CLUSTER_ISSUER, CLUSTER_ISSUER, 1_140.0, 3_607.0);
    let objects = "apiVersion: v1
kind: ServiceAccount
metadata:
  name: api-gateway
  namespace: production
  uid: 6ba7b810-9dad-11d1-80b4-00c04fd430c8
";
    let facts = Typed::one("objects", objects).with("objectsComplete", "true".into());
    Inputs {
        token: samples.cluster.mint(&claims).into(),
        keys: samples.keys().into(),
        manifests: "".into(),
        trust: vec![token_review(&[]).into()],
        facts,
        scenario: Scenario {
            pod_deleted_at: Some(samples.now.plus(-300.0)),
            ..Scenario::default()
        },
    }
}

/// The file is refreshed; who read it once does not notice.
pub(super) fn cached_at_start(samples: &Samples) -> Inputs {
    let scenario = Scenario { reader: Some(Reader::CachedAtStart), ..Scenario::default() };
    Inputs { scenario, ..service_to_service(samples) }
}

/// K30: the kubelet keeps the old token in the file while it cannot get a new one.
pub(super) fn requests_fail(samples: &Samples) -> Inputs {
    let from = samples.now.plus(-600.0);
    let outage = podpass::Window { earliest: from, latest: from.plus(5_400.0) };
    let scenario = Scenario { token_requests_fail: Some(outage), ..Scenario::default() };
    Inputs { scenario, ..service_to_service(samples) }
}

/// K7: no audience, no expiry, flat claims.
pub(super) fn legacy_secret(samples: &Samples) -> Inputs {
    let claims = json!({
        "iss": "kubernetes/serviceaccount",
        "kubernetes.io/serviceaccount/namespace": NAMESPACE,
        "kubernetes.io/serviceaccount/secret.name": "api-gateway-token-8xk2p",
        "kubernetes.io/serviceaccount/service-account.name": ACCOUNT,
        "kubernetes.io/serviceaccount/service-account.uid": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "sub": format!("system:serviceaccount:{NAMESPACE}:{ACCOUNT}"),
    });
    Inputs {
        token: samples.cluster.mint(&claims).into(),
        keys: samples.keys().into(),
        manifests: "".into(),
        trust: vec![irsa_policy(IRSA_PROVIDER, NAMESPACE).into(), token_review(&[]).into()],
        ..Inputs::default()
    }
}

pub(super) fn service_to_service(samples: &Samples) -> Inputs {
    let audience = "https://auth-service.internal";
    let claims = samples.claims(CLUSTER_ISSUER, audience, 600.0, 3_600.0);
    Inputs {
        token: samples.cluster.mint(&claims).into(),
        keys: samples.keys().into(),
        manifests: SERVICE_MANIFEST.into(),
        trust: vec![token_review(&[audience]).into(), token_review(&[]).into()],
        facts: facts(CLUSTER_ISSUER),
        ..Inputs::default()
    }
}

const SERVICE_MANIFEST: &str = "apiVersion: v1
kind: Pod
metadata:
  name: api-gateway
  namespace: production
spec:
  serviceAccountName: api-gateway
  containers:
    - name: app
      image: registry.example/api-gateway:1.4
      volumeMounts:
        - name: auth-token
          mountPath: /var/run/secrets/auth
          readOnly: true
  volumes:
    - name: auth-token
      projected:
        sources:
          - serviceAccountToken:
              path: token
              audience: https://auth-service.internal
              expirationSeconds: 3600
";

pub(super) fn no_account(_: &Samples) -> Inputs {
    Inputs {
        manifests: "apiVersion: v1
kind: Pod
metadata:
  name: simple-pod
spec:
  containers:
    - name: nginx
      image: nginx:1.27
"
        .into(),
        ..Inputs::default()
    }
}

pub(super) fn automount_false(_: &Samples) -> Inputs {
    Inputs {
        manifests: "apiVersion: v1
kind: Pod
metadata:
  name: no-token
  namespace: production
spec:
  serviceAccountName: api-gateway
  automountServiceAccountToken: false
  containers:
    - name: app
      image: registry.example/api-gateway:1.4
"
        .into(),
        ..Inputs::default()
    }
}

pub(super) fn subpath(_: &Samples) -> Inputs {
    let manifests = SERVICE_MANIFEST.replace(
        "          mountPath: /var/run/secrets/auth\n",
        "          mountPath: /var/run/secrets/auth/token\n          subPath: token\n",
    );
    Inputs { manifests: manifests.into(), ..Inputs::default() }
}
