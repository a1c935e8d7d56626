//! Both methods as a whole.

use serde_json::{Value, json};

use super::*;
use crate::federation::{FederationInput, evaluate_federation};

const SUBJECT: &str = "system:serviceaccount:shop:cart";
const NOW: i64 = 1_780_000_000;

fn claims() -> Value {
    json!({
        "iss": "https://i", "sub": SUBJECT, "aud": ["vault"], "iat": NOW - 60, "nbf": NOW - 60, "exp": NOW + 600,
        "kubernetes.io": {"namespace": "shop", "serviceaccount": {"name": "cart", "uid": "u"}},
    })
}

fn with(mut value: Value, name: &str, member: Value) -> Value {
    value[name] = member;
    value
}

fn role() -> Value {
    json!({"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault"]})
}

fn k8s() -> Value {
    json!({"bound_service_account_names": ["cart"], "bound_service_account_namespaces": ["shop"], "audience": "vault"})
}

fn judge(system: &str, role: &str, claims: Option<&Value>, facts: Value) -> FederationOutcome {
    let input = json!({"claims": claims, "trust": [{"system": system, "text": role, "facts": facts}], "now": NOW});
    let input: FederationInput = serde_json::from_value(input).unwrap();
    evaluate_federation(&input).remove(0)
}

fn told(outcome: &FederationOutcome) -> (String, String) {
    let text =
        outcome.rejected.as_ref().or(outcome.error.as_ref()).map(|error| error.message.clone());
    (outcome.stage.as_deref().unwrap_or_default().to_owned(), text.unwrap_or_default())
}

#[test]
fn logins_at_jwt() {
    let bound = |claims: Value| with(role(), "bound_claims", claims);
    let glob = |claims: Value| with(bound(claims), "bound_claims_type", json!("glob"));
    let no_match = |name: &str| {
        format!(
            "error validating claims: claim \"{name}\" does not match any associated bound claim values"
        )
    };
    let table = [
        (role(), claims(), "", String::new()),
        (with(role(), "bound_subject", json!("system:serviceaccount:shop:*")), claims(), "subject", "error validating token: invalid subject (sub) claim".into()),
        (with(role(), "bound_audiences", json!(["a", "b"])), claims(), "audience", "error validating token: invalid audience (aud) claim: audience claim does not match any expected audience".into()),
        (with(with(role(), "bound_audiences", json!([])), "bound_subject", json!(SUBJECT)), claims(), "audience", "audience claim found in JWT but no audiences bound to the role".into()),
        (role(), with(claims(), "exp", json!(NOW - 60)), "", String::new()),
        (role(), with(claims(), "exp", json!(NOW - 61)), "time", "error validating token: invalid expiration time (exp) claim: token is expired".into()),
        (with(role(), "clock_skew_leeway", json!(-1)), with(claims(), "exp", json!(NOW - 1)), "time", "error validating token: invalid expiration time (exp) claim: token is expired".into()),
        (role(), with(claims(), "exp", json!("x")), "time", "error validating token: go-jose/go-jose/jwt: expected number value to unmarshal NumericDate".into()),
        (role(), with(claims(), "aud", json!(7)), "audience", "error validating token: go-jose/go-jose/jwt: expected string or array value to unmarshal to Audience".into()),
        (with(role(), "user_claim", json!("/kubernetes.io/namespace")), claims(), "user-claim", "claim \"/kubernetes.io/namespace\" not found in token".into()),
        (with(role(), "user_claim", json!("exp")), claims(), "user-claim", "claim \"exp\" could not be converted to string".into()),
        (with(role(), "groups_claim", json!("kubernetes.io")), claims(), "user-claim", "\"kubernetes.io\" claim could not be converted to string list".into()),
        (with(role(), "groups_claim", json!("exp")), with(claims(), "exp", json!(NOW + 1)), "user-claim", "value 1780000001 in groups claim could not be parsed as string".into()),
        (bound(json!({"sub": "system:serviceaccount:shop:*"})), claims(), "bound-claims", no_match("sub")),
        (glob(json!({"sub": "system:serviceaccount:shop:*"})), claims(), "", String::new()),
        (bound(json!({"/kubernetes.io/namespace": ["a", "shop"]})), claims(), "", String::new()),
        (bound(json!({"kubernetes.io.namespace": "shop"})), claims(), "bound-claims", "error validating claims: claim \"kubernetes.io.namespace\" is missing".into()),
        (bound(json!({"/aud/0": "vault"})), claims(), "", String::new()),
        (bound(json!({"n": 3})), with(claims(), "n", json!(3.7)), "", String::new()),
        (bound(json!({"n": "3"})), with(claims(), "n", json!(3)), "bound-claims", no_match("n")),
        (bound(json!({"kubernetes.io": "x"})), with(claims(), "kubernetes.io", json!({"b": 1, "a": ["x", null]})), "bound-claims", "error validating claims: received claim is not a string, bool, int or list: map[a:[x <nil>] b:1]".into()),
    ];
    for (role, claims, stage, text) in table {
        let outcome = judge("vault-jwt", &role.to_string(), Some(&claims), json!({}));
        assert_eq!(told(&outcome), (stage.into(), text), "{role} {claims}");
        assert_eq!(outcome.grant.is_some(), stage.is_empty());
    }
    let facts = [
        ("", json!({"roleName": "App"}), "role \"app\" could not be found"),
        (
            &role().to_string(),
            json!({"roleName": "app", "roleExists": false}),
            "role \"app\" could not be found",
        ),
        (&role().to_string(), json!({"roleName": ""}), "missing role"),
    ];
    for (text, facts, message) in facts {
        assert_eq!(
            told(&judge("vault-jwt", text, Some(&claims()), facts)),
            ("role".into(), message.into())
        );
    }
    let default = json!({"roleName": "", "config": json!({"default_role": "app", "jwks_url": "https://i/jwks"}).to_string()});
    assert_eq!(
        judge("vault-jwt", &role().to_string(), Some(&claims()), default).verdict,
        Verdict::Allow
    );
}

#[test]
fn logins_at_kubernetes() {
    let bound = |account: Value| with(claims(), "kubernetes.io", account);
    let table = [
        (k8s(), claims(), "", ""),
        (with(k8s(), "bound_service_account_names", json!("web, car*")), claims(), "", ""),
        (
            with(k8s(), "bound_service_account_names", json!(["x"])),
            claims(),
            "service-account",
            "service account name not authorized",
        ),
        (
            with(k8s(), "bound_service_account_namespaces", json!(["x"])),
            claims(),
            "namespace",
            "namespace not authorized",
        ),
        (
            with(k8s(), "audience", json!("other")),
            claims(),
            "audience",
            "invalid audience (aud) claim: audience claim does not match any expected audience",
        ),
        (
            k8s(),
            with(claims(), "aud", json!("vault")),
            "service-account",
            "1 error(s) decoding:\n\n* 'aud': source data must be an array or slice, got string",
        ),
        (k8s(), bound(Value::Null), "service-account", "service account name not authorized"),
        (
            k8s(),
            bound(json!({"namespace": "shop", "serviceaccount": {"name": "cart"}})),
            "service-account",
            "could not parse UID from claims",
        ),
        (
            k8s(),
            bound(json!("x")),
            "service-account",
            "1 error(s) decoding:\n\n* 'kubernetes.io' expected a map, got 'string'",
        ),
        (
            k8s(),
            with(claims(), "exp", json!(NOW - 61)),
            "time",
            "invalid expiration time (exp) claim: token is expired",
        ),
    ];
    for (role, claims, stage, text) in table {
        let outcome = judge("vault-kubernetes", &role.to_string(), Some(&claims), json!({}));
        assert_eq!(told(&outcome), (stage.into(), text.into()), "{role} {claims}");
        assert_eq!(outcome.grant.is_some(), stage.is_empty());
    }
    let named = with(k8s(), "alias_name_source", json!("serviceaccount_name")).to_string();
    let outcome = judge("vault-kubernetes", &named, Some(&claims()), json!({}));
    assert_eq!(outcome.grant.map(|grant| grant.principal).as_deref(), Some("shop/cart"));
    let review = json!({"tokenReview": {"authenticated": true, "audiences": ["x"]}});
    let outcome = judge("vault-kubernetes", &k8s().to_string(), Some(&claims()), review);
    assert_eq!(told(&outcome), ("token-review".into(), "permission denied".into()));
}

#[test]
fn what_is_not_stored() {
    let decoding = "Field validation failed: error converting input for field ";
    let jwt = [
        (with(role(), "user_claim", json!("")), "a user claim must be defined on the role".to_owned()),
        (with(role(), "bound_audiences", json!([])), "must have at least one bound constraint when creating/updating a role".into()),
        (with(role(), "role_type", json!("saml")), "invalid 'role_type': saml".into()),
        (with(role(), "bound_claims_type", json!("regex")), "invalid 'bound_claims_type': regex".into()),
        (with(with(role(), "bound_claims_type", json!("glob")), "bound_claims", json!({"a": ["x", 3]})), "claim is not a string: 3".into()),
        (with(role(), "claim_mappings", json!({"a": "x", "b": "x"})), "multiple keys are mapped to metadata key \"x\"".into()),
        (with(role(), "claim_mappings", json!({"a": "role"})), "metadata key \"role\" is reserved and may not be a mapping destination".into()),
        (with(role(), "token_type", json!("x")), "invalid 'token_type' value \"x\"".into()),
        (with(with(role(), "token_ttl", json!("2h")), "token_max_ttl", json!(3600)), "'token_ttl' cannot be greater than 'token_max_ttl'".into()),
        (with(role(), "token_ttl", json!(-5)), format!("{decoding}\"token_ttl\": cannot provide negative value '-5'")),
        (with(role(), "token_ttl", json!("soon")), format!("{decoding}\"token_ttl\": time: invalid duration \"soon\"")),
        (with(role(), "bound_claims", json!("x")), format!("{decoding}\"bound_claims\": '' expected a map, got 'string'")),
        (with(role(), "claim_mappings", json!({"a": ["x"]})), format!("{decoding}\"claim_mappings\": 1 error(s) decoding:\n\n* '[0]' expected type 'string', got unconvertible type 'map[string]interface {{}}', value: 'map[a:[x]]'")),
        (with(role(), "user_claim_json_pointer", json!("maybe")), format!("{decoding}\"user_claim_json_pointer\": cannot parse '' as bool: strconv.ParseBool: parsing \"maybe\": invalid syntax")),
        (with(role(), "token_bound_cidrs", json!(["x"])), "error parsing address \"x\": Unable to convert \"x\" to an IPv4 or IPv6 address, or a UNIX Socket".into()),
    ];
    for (role, message) in jwt {
        let outcome = judge("vault-jwt", &role.to_string(), None, json!({}));
        assert_eq!(told(&outcome), ("document".into(), message), "{role}");
    }
    let kubernetes = [
        (
            with(k8s(), "bound_service_account_names", json!([])),
            "\"bound_service_account_names\" can not be empty",
        ),
        (with(k8s(), "bound_service_account_names", json!("*,a")), "can not mix \"*\" with values"),
        (
            with(k8s(), "bound_service_account_namespaces", json!([])),
            "\"bound_service_account_namespaces\" can not be empty if \"bound_service_account_namespace_selector\" is not set",
        ),
        (
            with(
                k8s(),
                "bound_service_account_namespace_selector",
                json!("{\"matchExpressions\":[]}"),
            ),
            "invalid \"bound_service_account_namespace_selector\" configured",
        ),
        (
            with(k8s(), "alias_name_source", json!("x")),
            "invalid alias_name_source, must be one of: serviceaccount_uid, serviceaccount_name",
        ),
    ];
    for (role, message) in kubernetes {
        let outcome = judge("vault-kubernetes", &role.to_string(), None, json!({}));
        assert_eq!(told(&outcome), ("document".into(), message.into()), "{role}");
    }
}

#[test]
fn fixes_let_the_token_in_and_nobody_beside() {
    let glob = with(role(), "bound_claims", json!({"sub": "system:serviceaccount:shop:*"}));
    let names = with(k8s(), "bound_service_account_names", json!(["a", "b"]));
    for (system, role) in [("vault-jwt", glob), ("vault-kubernetes", names)] {
        let text = role.to_string();
        let outcome = judge(system, &text, Some(&claims()), json!({"roleName": "app"}));
        let fix = &outcome.fixes[0];
        let edit = &fix.edits[0];
        let edited = format!("{}{}{}", &text[..edit.start], edit.text, &text[edit.end..]);
        let after = judge(system, &edited, Some(&claims()), json!({}));
        assert_eq!(
            (after.verdict, fix.verdict_after),
            (Verdict::Allow, Some(Verdict::Allow)),
            "{edited}"
        );
        assert!(
            fix.command.as_ref().is_some_and(|command| command.ends_with("/role/app @role.json"))
        );
    }
    // Another namespace beside two names would let in a second account.
    let two = with(
        with(k8s(), "bound_service_account_names", json!(["cart", "b"])),
        "bound_service_account_namespaces",
        json!(["x", "y"]),
    );
    assert!(
        judge("vault-kubernetes", &two.to_string(), Some(&claims()), json!({})).fixes.is_empty()
    );
}
