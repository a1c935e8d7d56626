//! The examples: whole sets of inputs, healthy and broken in one way, minted a moment ago so that every time is live.

use podpass::{Reader, Scenario, UnixTime};
use serde_json::{Value, json};

use crate::facts::Typed;
use crate::issuer::{Issuer, unsigned};
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
pub(crate) const PRESETS: [Preset; 22] = [
    Preset { id: "healthy-irsa", label: "healthy IRSA", make: healthy },
    Preset { id: "wrong-namespace", label: "wrong namespace", make: wrong_namespace },
    Preset { id: "wrong-audience", label: "wrong audience", make: wrong_audience },
    Preset { id: "other-cluster", label: "another cluster", make: other_cluster },
    Preset { id: "expired", label: "expired", make: expired },
    Preset { id: "year-long", label: "one-year token", make: year_long },
    Preset { id: "legacy-secret", label: "legacy Secret token", make: legacy_secret },
    Preset { id: "trailing-slash", label: "trailing slash", make: trailing_slash },
    Preset { id: "pod-deleted", label: "pod deleted", make: pod_deleted },
    Preset { id: "cached-at-start", label: "token cached at start", make: cached_at_start },
    Preset { id: "requests-fail", label: "refresh fails", make: requests_fail },
    Preset { id: "not-yet-valid", label: "not yet valid", make: not_yet_valid },
    Preset { id: "unknown-key", label: "unknown key", make: unknown_key },
    Preset { id: "changed-signature", label: "changed signature", make: changed_signature },
    Preset { id: "alg-none", label: "alg: none", make: alg_none },
    Preset { id: "truncated", label: "truncated token", make: truncated },
    Preset { id: "service-to-service", label: "service to service", make: service_to_service },
    Preset { id: "no-service-account", label: "pod without ServiceAccount", make: no_account },
    Preset { id: "automount-false", label: "automount: false", make: automount_false },
    Preset { id: "subpath", label: "subPath never refreshes", make: subpath },
    Preset { id: "yaml-error", label: "YAML error", make: yaml_error },
    Preset { id: "json-comma", label: "policy without a comma", make: json_comma },
];

impl Preset {
    /// The inputs of this example.
    pub(crate) fn inputs(&self, samples: &Samples) -> Inputs {
        (self.make)(samples)
    }
}

/// What examples are made of: two issuers that exist in this page only, and the time of minting.
#[derive(Debug, Clone)]
pub(crate) struct Samples {
    pub(crate) cluster: Issuer,
    pub(crate) stranger: Issuer,
    pub(crate) now: UnixTime,
}

impl Samples {
    /// New keys.
    pub(crate) fn generate(now: UnixTime) -> Option<Self> {
        Some(Self { cluster: Issuer::generate()?, stranger: Issuer::generate()?, now })
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
            manifests: IRSA_MANIFESTS.into(),
            trust: vec![irsa_policy(IRSA_PROVIDER, NAMESPACE).into()],
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

/// A role's trust policy for one ServiceAccount, as IAM's console makes it.
fn irsa_policy(provider: &str, namespace: &str) -> String {
    format!(
        r#"{{
  "Version": "2012-10-17",
  "Statement": [
    {{
      "Effect": "Allow",
      "Principal": {{
        "Federated": "arn:aws:iam::111122223333:oidc-provider/{provider}"
      }},
      "Action": "sts:AssumeRoleWithWebIdentity",
      "Condition": {{
        "StringEquals": {{
          "{provider}:sub": "system:serviceaccount:{namespace}:{ACCOUNT}",
          "{provider}:aud": "sts.amazonaws.com"
        }}
      }}
    }}
  ]
}}
"#
    )
}

/// What is asked of the API server, as a manifest.
pub(crate) fn token_review(audiences: &[&str]) -> String {
    let list: String = audiences.iter().map(|audience| format!("    - {audience}\n")).collect();
    let audiences = if list.is_empty() { String::new() } else { format!("  audiences:\n{list}") };
    format!(
        "apiVersion: authentication.k8s.io/v1\nkind: TokenReview\nspec:\n  token: $TOKEN\n{audiences}"
    )
}

/// As people write it: the account names the role, and the webhook adds the rest to the pod.
const IRSA_MANIFESTS: &str = "apiVersion: v1
kind: ServiceAccount
metadata:
  name: api-gateway
  namespace: production
  annotations:
    eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/api-gateway
    eks.amazonaws.com/token-expiration: \"3600\"
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api-gateway
  namespace: production
spec:
  selector:
    matchLabels: { app: api-gateway }
  template:
    metadata:
      labels: { app: api-gateway }
    spec:
      serviceAccountName: api-gateway
      containers:
        - name: app
          image: registry.example/api-gateway:1.4
";

fn healthy(samples: &Samples) -> Inputs {
    samples.irsa(samples.cluster.mint(&samples.irsa_claims()))
}

fn wrong_namespace(samples: &Samples) -> Inputs {
    Inputs { trust: vec![irsa_policy(IRSA_PROVIDER, "prod").into()], ..healthy(samples) }
}

fn wrong_audience(samples: &Samples) -> Inputs {
    let claims = samples.claims(IRSA_ISSUER, "sts.amazon.com", 1_140.0, 3_600.0);
    let manifests = IRSA_MANIFESTS.replace(
        "    eks.amazonaws.com/token-expiration",
        "    eks.amazonaws.com/audience: sts.amazon.com\n    eks.amazonaws.com/token-expiration",
    );
    Inputs { manifests: manifests.into(), ..samples.irsa(samples.cluster.mint(&claims)) }
}

fn other_cluster(samples: &Samples) -> Inputs {
    Inputs { trust: vec![irsa_policy(OTHER_CLUSTER, NAMESPACE).into()], ..healthy(samples) }
}

fn expired(samples: &Samples) -> Inputs {
    let claims = samples.claims(IRSA_ISSUER, "sts.amazonaws.com", 4_500.0, 3_600.0);
    samples.irsa(samples.cluster.mint(&claims))
}

fn not_yet_valid(samples: &Samples) -> Inputs {
    let claims = samples.claims(IRSA_ISSUER, "sts.amazonaws.com", -1_800.0, 3_600.0);
    samples.irsa(samples.cluster.mint(&claims))
}

fn trailing_slash(samples: &Samples) -> Inputs {
    let issuer = format!("{IRSA_ISSUER}/");
    let claims = samples.claims(&issuer, "sts.amazonaws.com", 1_140.0, 3_600.0);
    samples.irsa(samples.cluster.mint(&claims))
}

fn unknown_key(samples: &Samples) -> Inputs {
    samples.irsa(samples.stranger.mint(&samples.irsa_claims()))
}

fn changed_signature(samples: &Samples) -> Inputs {
    let token = samples.cluster.mint(&samples.irsa_claims());
    // The last character but a few: all of its bits are part of the signature.
    let (head, tail) = token.split_at(token.len().saturating_sub(8));
    let flipped = if tail.starts_with('A') { "B" } else { "A" };
    samples.irsa(format!("{head}{flipped}{}", tail.get(1..).unwrap_or_default()))
}

fn alg_none(samples: &Samples) -> Inputs {
    let header = json!({ "alg": "none", "typ": "JWT" });
    samples.irsa(format!("{}.", unsigned(&header, &samples.irsa_claims())))
}

fn truncated(samples: &Samples) -> Inputs {
    let token = samples.cluster.mint(&samples.irsa_claims());
    let end = token.rfind('.').unwrap_or(token.len()).saturating_sub(20);
    samples.irsa(token.get(..end).unwrap_or_default().to_owned())
}

/// K17: the 3607-second request of admission is signed for a year, with `warnafter` at what was asked for.
fn year_long(samples: &Samples) -> Inputs {
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
fn pod_deleted(samples: &Samples) -> Inputs {
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
fn cached_at_start(samples: &Samples) -> Inputs {
    let scenario = Scenario { reader: Some(Reader::CachedAtStart), ..Scenario::default() };
    Inputs { scenario, ..service_to_service(samples) }
}

/// K30: the kubelet keeps the old token in the file while it cannot get a new one.
fn requests_fail(samples: &Samples) -> Inputs {
    let from = samples.now.plus(-600.0);
    let outage = podpass::Window { earliest: from, latest: from.plus(5_400.0) };
    let scenario = Scenario { token_requests_fail: Some(outage), ..Scenario::default() };
    Inputs { scenario, ..service_to_service(samples) }
}

/// K7: no audience, no expiry, flat claims.
fn legacy_secret(samples: &Samples) -> Inputs {
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

fn service_to_service(samples: &Samples) -> Inputs {
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

fn no_account(_: &Samples) -> Inputs {
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

fn automount_false(_: &Samples) -> Inputs {
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

fn subpath(_: &Samples) -> Inputs {
    let manifests = SERVICE_MANIFEST.replace(
        "          mountPath: /var/run/secrets/auth\n",
        "          mountPath: /var/run/secrets/auth/token\n          subPath: token\n",
    );
    Inputs { manifests: manifests.into(), ..Inputs::default() }
}

fn yaml_error(samples: &Samples) -> Inputs {
    let manifests = IRSA_MANIFESTS.replace(
        "      serviceAccountName: api-gateway\n",
        "     serviceAccountName: api-gateway\n",
    );
    Inputs { manifests: manifests.into(), ..healthy(samples) }
}

fn json_comma(samples: &Samples) -> Inputs {
    let policy = irsa_policy(IRSA_PROVIDER, NAMESPACE).replace(
        "\"Action\": \"sts:AssumeRoleWithWebIdentity\",",
        "\"Action\": \"sts:AssumeRoleWithWebIdentity\"",
    );
    Inputs { trust: vec![policy.into()], ..healthy(samples) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use podpass::{Report, UnixTime, Verdict, explain};

    fn samples() -> Samples {
        Samples {
            cluster: Issuer::from_secret(&[7; 32]).unwrap(),
            stranger: Issuer::from_secret(&[9; 32]).unwrap(),
            now: UnixTime(1_795_616_345.0),
        }
    }

    fn report(id: &str) -> Report {
        let samples = samples();
        let preset = PRESETS.iter().find(|preset| preset.id == id).unwrap();
        explain(&preset.inputs(&samples).request(samples.now))
    }

    #[test]
    fn every_example_is_judged_as_its_name_says() {
        use Verdict::{Allow, Deny, Unknown};
        let table = [
            ("healthy-irsa", Allow, None),
            ("wrong-namespace", Deny, Some("trust-policy")),
            ("wrong-audience", Deny, Some("trust-policy")),
            ("other-cluster", Deny, Some("provider")),
            ("expired", Deny, Some("time")),
            ("year-long", Unknown, None),
            ("legacy-secret", Deny, Some("claims")),
            ("trailing-slash", Deny, Some("provider")),
            ("pod-deleted", Deny, Some("objects")),
            ("cached-at-start", Unknown, None),
            ("requests-fail", Unknown, None),
            ("not-yet-valid", Deny, Some("time")),
            ("unknown-key", Deny, Some("keys")),
            ("changed-signature", Deny, Some("signature")),
            ("alg-none", Deny, Some("signature")),
            ("truncated", Deny, Some("format")),
            ("service-to-service", Unknown, None),
            ("yaml-error", Allow, None),
            ("json-comma", Unknown, Some("document")),
        ];
        let got: Vec<_> = table
            .iter()
            .map(|(id, _, _)| {
                let outcome = report(id).federation.into_iter().next();
                outcome.map(|outcome| (*id, outcome.verdict, outcome.stage.map(String::from)))
            })
            .collect();
        let wanted: Vec<_> = table
            .iter()
            .map(|(id, verdict, stage)| Some((*id, *verdict, stage.map(str::to_owned))))
            .collect();
        assert_eq!(got, wanted);
    }

    #[test]
    fn what_goes_wrong_later_is_seen_on_the_timeline() {
        for id in ["pod-deleted", "cached-at-start", "requests-fail"] {
            let timeline = report(id).timeline.unwrap();
            assert!(timeline.first_failure.is_some(), "{id}");
        }
    }

    #[test]
    fn ids_are_unique() {
        let mut ids: Vec<_> = PRESETS.iter().map(|preset| preset.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), PRESETS.len());
    }
}
