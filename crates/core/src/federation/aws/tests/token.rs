//! Tokens: form, algorithm, key choice, signature.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::signature::Evidence;

fn token(header: &Value, claims: &str) -> String {
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.{}",
        encode(&header.to_string()),
        encode(claims),
        URL_SAFE_NO_PAD.encode([1; 64])
    )
}

/// The public key of RFC 7515 appendix A.3, with other members beside.
fn key(members: Value) -> Value {
    let mut key = json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    key.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    key
}

fn judge_token(token: &str, keys: Option<&Value>) -> FederationOutcome {
    let keys = keys.map(|keys| json!({"keys": keys}).to_string());
    let evidence = Evidence::new(Some(token), keys.as_deref());
    let facts: AwsFacts = serde_json::from_value(facts()).unwrap();
    let text = policy(&[pinned()]);
    let text = Text::new(InputName::Trust, &text);
    evaluate(System::AwsIrsa, &text, &facts, &Subject::Token(&evidence), UnixTime::from(NOW))
}

#[test]
fn form_algorithm_key_and_signature() {
    use Verdict::{Deny, Unknown};
    let claims = claims().to_string();
    let with_header = |header: Value| token(&header, &claims);
    let good = json!({"alg": "ES256", "kid": "k"});
    let keys = json!([key(json!({"kid": "k"}))]);
    let twice = claims.replacen('{', "{\"sub\":\"x\",", 1);
    #[rustfmt::skip]
    let table = [
        ("no token at all", "abcd".to_owned(), Some(keys.clone()), Deny, "format"),
        ("too short", "abc".to_owned(), Some(keys.clone()), Deny, "request"),
        ("too long", "a".repeat(20_001), Some(keys.clone()), Deny, "request"),
        ("crit", with_header(json!({"alg": "ES256", "kid": "k", "crit": ["b64"]})), Some(keys.clone()), Deny, "format"),
        ("two subjects", token(&good, &twice), Some(keys.clone()), Deny, "signature"),
        ("no keys", with_header(good.clone()), None, Unknown, "-"),
        ("an empty set", with_header(good.clone()), Some(json!([])), Unknown, "-"),
        ("none", with_header(json!({"alg": "none"})), None, Deny, "signature"),
        ("a shared secret", with_header(json!({"alg": "HS256", "kid": "k"})), Some(keys.clone()), Deny, "signature"),
        ("EdDSA", with_header(json!({"alg": "EdDSA", "kid": "k"})), Some(keys.clone()), Deny, "signature"),
        ("another kid", with_header(json!({"alg": "ES256", "kid": "z"})), Some(keys.clone()), Deny, "keys"),
        ("no kid, one key", with_header(json!({"alg": "ES256"})), Some(keys.clone()), Deny, "signature"),
        ("no kid, two keys", with_header(json!({"alg": "ES256"})), Some(json!([key(json!({"kid": "k"})), key(json!({"kid": "l"}))])), Deny, "keys"),
        ("for encryption", with_header(good.clone()), Some(json!([key(json!({"kid": "k", "use": "enc"}))])), Deny, "keys"),
        ("with key_ops", with_header(good.clone()), Some(json!([key(json!({"kid": "k", "key_ops": ["verify"]}))])), Deny, "keys"),
        ("not the key's", with_header(good), Some(keys), Deny, "signature"),
    ];
    for (name, token, keys, verdict, stage) in table {
        let outcome = judge_token(&token, keys.as_ref());
        let found = (outcome.verdict, outcome.stage.as_deref().unwrap_or("-"));
        assert_eq!(found, (verdict, stage), "{name}: {:#?}", outcome.checks);
    }
}
