//! Whoever compares to the letter refuses a token that differs in one character of issuer, subject or audience.

use serde_json::{Value, json};

use super::{FederationInput, evaluate_federation};
use crate::trace::Verdict;

const ISSUER: &str = "https://oidc.example.net/prod";
const SUBJECT: &str = "system:serviceaccount:payments:api";
const POOL: &str =
    "projects/123456789012/locations/global/workloadIdentityPools/k8s/providers/prod";

fn claims(audience: &str) -> Value {
    json!({
        "iss": ISSUER, "sub": SUBJECT, "aud": [audience],
        "iat": 1_767_225_540, "nbf": 1_767_225_540, "exp": 1_767_229_140,
    })
}

fn verdict(system: &str, text: &Value, facts: &Value, claims: &Value) -> Verdict {
    let input = json!({
        "claims": claims, "now": 1_767_225_600,
        "trust": [{ "system": system, "text": text.to_string(), "facts": facts }],
    });
    let input: FederationInput = serde_json::from_value(input).unwrap();
    let outcome = evaluate_federation(&input).into_iter().next();
    outcome.map_or(Verdict::Unknown, |outcome| outcome.verdict)
}

/// System, document, facts, the audience that it wants, and the claims that it compares.
fn table() -> [(&'static str, Value, Value, &'static str, &'static [&'static str]); 3] {
    let provider = json!({
        "name": POOL, "state": "ACTIVE",
        "oidc": { "issuerUri": ISSUER, "allowedAudiences": ["sts"] },
        "attributeMapping": { "google.subject": "assertion.sub" },
        "attributeCondition": format!("assertion.sub == '{SUBJECT}'"),
    });
    let role = json!({
        "role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault"], "bound_subject": SUBJECT,
    });
    let config = json!({ "bound_issuer": ISSUER, "jwks_url": "https://oidc.example.net/jwks" });
    let profile = json!({ "issuer": ISSUER, "audience": "api", "subject": SUBJECT });
    [
        ("gcp-wif", provider, json!({}), "sts", &["iss", "sub", "aud"]),
        (
            "vault-jwt",
            role,
            json!({ "config": config.to_string() }),
            "vault",
            &["iss", "sub", "aud"],
        ),
        ("oidc", profile, json!({}), "api", &["iss", "sub", "aud"]),
    ]
}

#[test]
fn a_token_that_differs_in_one_character_is_refused() {
    for (system, text, facts, audience, compared) in table() {
        let right = claims(audience);
        assert_eq!(verdict(system, &text, &facts, &right), Verdict::Allow, "{system}");
        for name in compared {
            let value = if *name == "aud" { &right[name][0] } else { &right[name] };
            let value = value.as_str().unwrap();
            for at in 0..value.len() {
                for new in ["", "x", "/", " ", "*", "?"] {
                    let changed = format!("{}{new}{}", &value[..at], &value[at + 1..]);
                    if changed == value {
                        continue;
                    }
                    let mut other = right.clone();
                    other[name] = if *name == "aud" { json!([changed]) } else { json!(changed) };
                    let got = verdict(system, &text, &facts, &other);
                    assert_eq!(got, Verdict::Deny, "{system} {name} {changed}");
                }
            }
        }
    }
}
