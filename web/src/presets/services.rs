//! Borders outside the clouds: another cluster's API server, Vault.

use podpass::System;
use serde_json::json;

use super::{ACCOUNT, CLUSTER_ISSUER, Samples, pretty};
use crate::facts::Typed;
use crate::state::Inputs;
use crate::trust::Trust;

/// R24: a rule of the hub's AuthenticationConfiguration refuses whoever comes from elsewhere.
pub(super) fn hub(samples: &Samples) -> Inputs {
    let issuer = "https://oidc.example.net/prod";
    let claims = samples.claims(issuer, "hub", 600.0, 3_600.0);
    Inputs {
        token: samples.cluster.mint(&claims).into(),
        keys: samples.keys().into(),
        trust: vec![AUTHENTICATION.into()],
        facts: super::facts(issuer),
        ..Inputs::default()
    }
}

const AUTHENTICATION: &str = "apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
jwt:
  - issuer:
      url: https://oidc.example.net/prod
      audiences: [hub]
    claimValidationRules:
      - expression: claims['kubernetes.io'].namespace == 'platform'
        message: only the platform team may come here
    claimMappings:
      username:
        claim: sub
        prefix: 'prod:'
";

/// A role bound to another namespace, as `vault read -format=json` prints its `data`.
pub(super) fn vault(samples: &Samples) -> Inputs {
    let claims = samples.claims(CLUSTER_ISSUER, "vault", 600.0, 3_600.0);
    let role = json!({
        "alias_name_source": "serviceaccount_uid",
        "audience": "vault",
        "bound_service_account_names": [ACCOUNT],
        "bound_service_account_namespaces": ["prod"],
        "token_policies": ["orders-read"],
        "token_ttl": 3600,
    });
    let trust = Trust {
        text: pretty(&role).into(),
        system: Some(System::VaultKubernetes),
        facts: Typed::one("roleName", "orders"),
    };
    Inputs {
        token: samples.cluster.mint(&claims).into(),
        keys: samples.keys().into(),
        trust: vec![trust],
        ..Inputs::default()
    }
}
