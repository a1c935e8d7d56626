//! A role that trusts one ServiceAccount, and what breaks that trust.

use serde_json::json;

use super::{ACCOUNT, IRSA_ISSUER, IRSA_PROVIDER, NAMESPACE, OTHER_CLUSTER, Samples};
use crate::issuer::unsigned;
use crate::state::Inputs;

/// A role's trust policy for one ServiceAccount, as IAM's console makes it.
pub(super) fn irsa_policy(provider: &str, namespace: &str) -> String {
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

/// As people write it: the account names the role, and the webhook adds the rest to the pod.
pub(super) const IRSA_MANIFESTS: &str = "apiVersion: v1
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

pub(super) fn healthy(samples: &Samples) -> Inputs {
    samples.irsa(samples.cluster.mint(&samples.irsa_claims()))
}

pub(super) fn wrong_namespace(samples: &Samples) -> Inputs {
    Inputs { trust: vec![irsa_policy(IRSA_PROVIDER, "prod").into()], ..healthy(samples) }
}

pub(super) fn wrong_audience(samples: &Samples) -> Inputs {
    let claims = samples.claims(IRSA_ISSUER, "sts.amazon.com", 1_140.0, 3_600.0);
    let manifests = IRSA_MANIFESTS.replace(
        "    eks.amazonaws.com/token-expiration",
        "    eks.amazonaws.com/audience: sts.amazon.com\n    eks.amazonaws.com/token-expiration",
    );
    Inputs { manifests: manifests.into(), ..samples.irsa(samples.cluster.mint(&claims)) }
}

pub(super) fn other_cluster(samples: &Samples) -> Inputs {
    Inputs { trust: vec![irsa_policy(OTHER_CLUSTER, NAMESPACE).into()], ..healthy(samples) }
}

pub(super) fn expired(samples: &Samples) -> Inputs {
    let claims = samples.claims(IRSA_ISSUER, "sts.amazonaws.com", 4_500.0, 3_600.0);
    samples.irsa(samples.cluster.mint(&claims))
}

pub(super) fn not_yet_valid(samples: &Samples) -> Inputs {
    let claims = samples.claims(IRSA_ISSUER, "sts.amazonaws.com", -1_800.0, 3_600.0);
    samples.irsa(samples.cluster.mint(&claims))
}

pub(super) fn trailing_slash(samples: &Samples) -> Inputs {
    let issuer = format!("{IRSA_ISSUER}/");
    let claims = samples.claims(&issuer, "sts.amazonaws.com", 1_140.0, 3_600.0);
    samples.irsa(samples.cluster.mint(&claims))
}

pub(super) fn unknown_key(samples: &Samples) -> Inputs {
    samples.irsa(samples.stranger.mint(&samples.irsa_claims()))
}

pub(super) fn changed_signature(samples: &Samples) -> Inputs {
    let token = samples.cluster.mint(&samples.irsa_claims());
    // The last character but a few: all of its bits are part of the signature.
    let (head, tail) = token.split_at(token.len().saturating_sub(8));
    let flipped = if tail.starts_with('A') { "B" } else { "A" };
    samples.irsa(format!("{head}{flipped}{}", tail.get(1..).unwrap_or_default()))
}

pub(super) fn alg_none(samples: &Samples) -> Inputs {
    let header = json!({ "alg": "none", "typ": "JWT" });
    samples.irsa(format!("{}.", unsigned(&header, &samples.irsa_claims())))
}

pub(super) fn truncated(samples: &Samples) -> Inputs {
    let token = samples.cluster.mint(&samples.irsa_claims());
    let end = token.rfind('.').unwrap_or(token.len()).saturating_sub(20);
    samples.irsa(token.get(..end).unwrap_or_default().to_owned())
}

pub(super) fn yaml_error(samples: &Samples) -> Inputs {
    let manifests = IRSA_MANIFESTS.replace(
        "      serviceAccountName: api-gateway\n",
        "     serviceAccountName: api-gateway\n",
    );
    Inputs { manifests: manifests.into(), ..healthy(samples) }
}

pub(super) fn json_comma(samples: &Samples) -> Inputs {
    let policy = irsa_policy(IRSA_PROVIDER, NAMESPACE).replace(
        "\"Action\": \"sts:AssumeRoleWithWebIdentity\",",
        "\"Action\": \"sts:AssumeRoleWithWebIdentity\"",
    );
    Inputs { trust: vec![policy.into()], ..healthy(samples) }
}
