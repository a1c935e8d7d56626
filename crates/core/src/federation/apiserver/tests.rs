//! One row per rule: what is presented, and what the API server then says.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha384, Sha512};

use crate::cluster::Cluster;
use crate::review::{TokenReviewAnswer, TokenReviewInput, simulate_token_review};
use crate::time::UnixTime;
use crate::trace::{Status, Verdict};

const NOW: i64 = 1_700_000_000;
const ISSUER: &str = "https://issuer.example.com";
const CRYPTO: &str = "go-jose/go-jose: error in cryptographic primitive";

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A key on P-256 and its JWK.
fn key(seed: u8) -> (p256::ecdsa::SigningKey, Value) {
    let key = p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap();
    let point = key.verifying_key().to_encoded_point(false);
    let coordinate = |bytes: Option<&p256::FieldBytes>| encode(bytes.unwrap());
    let (x, y) = (coordinate(point.x()), coordinate(point.y()));
    (key, json!({"kty": "EC", "crv": "P-256", "kid": format!("k{seed}"), "x": x, "y": y}))
}

/// Whatever the header says: signed with SHA-256 on P-256.
fn sign(header: &str, payload: &str) -> String {
    use p256::ecdsa::signature::Signer as _;
    let input = format!("{}.{}", encode(header), encode(payload));
    let signature: p256::ecdsa::Signature = key(1).0.sign(input.as_bytes());
    format!("{input}.{}", encode(signature.to_bytes()))
}

fn claims() -> Value {
    json!({
        "aud": [ISSUER], "exp": NOW + 3_600, "iat": NOW, "iss": ISSUER, "jti": "id-1",
        "kubernetes.io": {"namespace": "ns", "serviceaccount": {"name": "sa", "uid": "sa-uid"}},
        "nbf": NOW, "sub": "system:serviceaccount:ns:sa"
    })
}

fn claims_with(pointer: &str, value: Value) -> String {
    let mut claims = claims();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    claims.pointer_mut(parent).unwrap()[name] = value;
    claims.to_string()
}

fn legacy_claims() -> Value {
    json!({
        "iss": "kubernetes/serviceaccount", "sub": "system:serviceaccount:ns:sa",
        "kubernetes.io/serviceaccount/namespace": "ns",
        "kubernetes.io/serviceaccount/secret.name": "legacy",
        "kubernetes.io/serviceaccount/service-account.name": "sa",
        "kubernetes.io/serviceaccount/service-account.uid": "sa-uid"
    })
}

fn object(kind: &str, name: &str, uid: &str) -> Value {
    json!({"kind": kind, "metadata": {"name": name, "namespace": "ns", "uid": uid}})
}

fn cluster(objects: &[Value]) -> Cluster {
    Cluster {
        issuers: Some(vec![ISSUER.into()]),
        objects: Some(json!({"kind": "List", "items": objects}).to_string()),
        objects_complete: Some(true),
        ..Cluster::default()
    }
}

fn account() -> Value {
    object("ServiceAccount", "sa", "sa-uid")
}

fn ask(token: &str, cluster: Cluster) -> TokenReviewAnswer {
    simulate_token_review(&TokenReviewInput {
        token: Some(token.into()),
        keys: json!({"keys": [key(1).1]}).to_string(),
        cluster,
        now: UnixTime::from(NOW),
        ..TokenReviewInput::default()
    })
}

/// The part behind `invalid bearer token`; "" if there is none, "ok" if the token is accepted.
fn reason(answer: &TokenReviewAnswer) -> String {
    match &answer.status.error {
        None if answer.status.authenticated => "ok".into(),
        None => "anonymous".into(),
        Some(error) => error
            .strip_prefix("[invalid bearer token, ")
            .and_then(|rest| rest.strip_suffix(']'))
            .map_or_else(|| error.replace("invalid bearer token", ""), str::to_owned),
    }
}

const HEADER: &str = r#"{"alg":"ES256","kid":"k1"}"#;

#[test]
fn headers_and_keys() {
    let table = [
        (HEADER, "ok"),
        (r#"{"alg":"ES256"}"#, "ok"),
        (r#"{"alg":"ES256","kid":""}"#, "ok"),
        (r#"{"alg":"ES256","kid":null,"typ":5,"cty":"x","zip":"y","b64":true}"#, "ok"),
        (r#"{"alg":"ES256","kid":"other"}"#, "invalid signature, no keys found"),
        (r#"{"alg":"ES256","crit":["b64"]}"#, "ok"),
        (r#"{"alg":"ES256","crit":["exp"]}"#, CRYPTO),
        (r#"{"kid":"k1"}"#, CRYPTO),
        ("{}", CRYPTO),
        ("null", CRYPTO),
        (r#"{"alg":"none"}"#, CRYPTO),
        (r#"{"alg":"HS256"}"#, CRYPTO),
        (r#"{"alg":"RS256"}"#, CRYPTO),
        (r#"{"alg":"ES384"}"#, CRYPTO),
        (r#"{"alg":"es256"}"#, CRYPTO),
        (r#"{"alg":256}"#, ""),
        (r#"{"alg":"ES256","kid":1}"#, ""),
        (r#"{"alg":"ES256","x5c":["AAAA"]}"#, ""),
    ];
    for (header, expected) in table {
        let answer = ask(&sign(header, &claims().to_string()), cluster(&[account()]));
        assert_eq!(reason(&answer), expected, "{header}");
    }
}

#[test]
fn claims_and_their_types() {
    let date = "go-jose/go-jose/jwt: expected number value to unmarshal NumericDate";
    let expired = "service account token has expired";
    let table = [
        (claims().to_string(), "ok"),
        (claims_with("/exp", json!(NOW - 60)), "ok"),
        (claims_with("/exp", json!(NOW - 61)), expired),
        (claims_with("/exp", json!(1e300)), expired),
        (claims_with("/exp", json!(null)), "ok"),
        (claims_with("/exp", json!("1")), date),
        (claims_with("/nbf", json!(NOW + 60)), "ok"),
        (claims_with("/nbf", json!(NOW + 61)), "service account token is not valid yet"),
        (claims_with("/iat", json!(NOW + 61)), "service account token is issued in the future"),
        (claims_with("/iss", json!("https://other")), ""),
        (claims_with("/iss", json!([ISSUER])), ""),
        (claims_with("/aud", json!(ISSUER)), "ok"),
        (claims_with("/aud", json!([])), "ok"),
        (
            claims_with("/aud", json!(["a", "b \""])),
            r#"token audiences ["a" "b \""] is invalid for the target audiences ["https://issuer.example.com"]"#,
        ),
        (claims_with("/sub", json!("anything")), "ok"),
        (
            claims_with("/kubernetes.io/serviceaccount", json!("sa")),
            "json: cannot unmarshal string into Go value of type serviceaccount.ref",
        ),
        (
            claims_with("/kubernetes.io/serviceaccount/name", json!("")),
            "resource name may not be empty",
        ),
        (
            claims_with("/kubernetes.io/namespace", json!("")),
            "the server could not find the requested resource",
        ),
        (
            claims_with("/kubernetes.io/namespace", json!("a/b")),
            "invalid namespace \"a/b\": [may not contain '/']",
        ),
        (
            claims_with("/kubernetes.io/serviceaccount/name", json!("x")),
            "serviceaccounts \"x\" not found",
        ),
        (
            claims_with("/kubernetes.io/serviceaccount/uid", json!("old")),
            "service account UID (sa-uid) does not match claim (old)",
        ),
        (
            claims_with("/kubernetes.io/serviceaccount/uid", json!(null)),
            "service account UID (sa-uid) does not match claim ()",
        ),
        (
            claims_with("/kubernetes.io/pod", json!({"name": "p", "uid": "u"})),
            "service account token has been invalidated",
        ),
        (
            claims_with("/kubernetes.io/pod", json!({})),
            "service account token has been invalidated",
        ),
        (claims().to_string().replace("\"jti\"", "\"exp\""), "json: duplicate key 'exp' in object"),
        (claims().to_string().replace("\"iss\"", "\"ISS\""), "token issuer \"\" is invalid"),
        ("[]".into(), ""),
        ("null".into(), ""),
    ];
    for (payload, expected) in table {
        let answer = ask(&sign(HEADER, &payload), cluster(&[account()]));
        assert_eq!(reason(&answer), expected, "{payload}");
    }
}

#[test]
fn texts() {
    let token = sign(HEADER, &claims().to_string());
    let table = [
        (token.clone(), "ok"),
        (format!("{token}\n"), "ok"),
        (format!("\n{}", token.replacen('.', "\n.\n", 2)), "ok"),
        (format!("{token} rest"), "ok"),
        (format!("Bearer {token}"), ""),
        (format!("\"{token}\""), ""),
        (format!("{token}="), ""),
        (format!("{token}.x"), ""),
        ("..".into(), ""),
        ("garbage".into(), ""),
    ];
    for (text, expected) in table {
        assert_eq!(reason(&ask(&text, cluster(&[account()]))), expected, "{text:?}");
    }
    let empty = ask("", cluster(&[]));
    let required = "token is required for TokenReview in authentication";
    assert_eq!(empty.status.error.as_deref(), Some(required));
    let blank = ask(&format!(" {token}"), cluster(&[]));
    assert_eq!(blank.status.user.unwrap().username, "system:anonymous");
}

#[test]
fn a_curve_and_an_algorithm_that_do_not_belong_together() {
    use p384::ecdsa::signature::hazmat::PrehashSigner as _;
    let key = p384::ecdsa::SigningKey::from_slice(&[7; 48]).unwrap();
    let point = key.verifying_key().to_encoded_point(false);
    let (x, y) = (encode(point.x().unwrap()), encode(point.y().unwrap()));
    let keys = json!({"keys": [{"kty": "EC", "crv": "P-384", "x": x, "y": y}]}).to_string();
    for (alg, width) in [("ES384", 48), ("ES512", 66)] {
        let header = format!(r#"{{"alg":"{alg}"}}"#);
        let input = format!("{}.{}", encode(header), encode(claims().to_string()));
        let hash = match alg {
            "ES384" => Sha384::digest(&input).to_vec(),
            _ => Sha512::digest(&input).to_vec(),
        };
        let signature: p384::ecdsa::Signature = key.sign_prehash(&hash).unwrap();
        let (r, s) = signature.split_bytes();
        let pad = |bytes: &[u8]| [vec![0; width - 48], bytes.to_vec()].concat();
        let token = format!("{input}.{}", encode([pad(&r), pad(&s)].concat()));
        let answer = simulate_token_review(&TokenReviewInput {
            token: Some(token.clone()),
            keys: keys.clone(),
            cluster: cluster(&[account()]),
            now: UnixTime::from(NOW),
            ..TokenReviewInput::default()
        });
        assert_eq!(reason(&answer), "ok", "{alg}");
        let signed = answer.checks.iter().find(|check| check.id == "kubernetes/signature").unwrap();
        assert_eq!(signed.hint.is_some(), alg == "ES512");
        let report = crate::report::explain(&crate::report::ExplainInput {
            token: Some(token),
            jwks: Some(keys.clone()),
            now: UnixTime::from(NOW),
            ..Default::default()
        });
        let hints = report.verification.iter().filter_map(|check| check.hint.as_deref());
        let told = hints.filter(|hint| hint.contains("the API server would accept this signature"));
        assert_eq!(told.count(), usize::from(alg == "ES512"), "{:?}", report.verification);
    }
}

#[test]
fn a_signature_of_the_wrong_length_or_family_is_refused() {
    use crate::algorithm::{Algorithm, Curve, PublicKey, verify_as_go_jose};
    let key = p521::ecdsa::SigningKey::from_slice(&[1; 66]).unwrap();
    let point = p521::ecdsa::VerifyingKey::from(&key).to_encoded_point(false);
    let public = PublicKey::ec(Curve::P521, point.x().unwrap(), point.y().unwrap()).unwrap();
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512, Algorithm::Rs256] {
        for length in [0, 63, 64, 96, 132, 133] {
            assert!(!verify_as_go_jose(algorithm, &public, b"message", &vec![1; length]));
        }
    }
}

#[test]
fn bound_objects_in_order() {
    let pod = |extra: Value| {
        let mut pod = object("Pod", "p", "pod-uid");
        for (name, value) in extra.as_object().unwrap() {
            pod["metadata"][name] = value.clone();
        }
        pod
    };
    let gone =
        |seconds: i64| json!({"deletionTimestamp": UnixTime::from(NOW + seconds).to_string()});
    let payload = claims_with("/kubernetes.io/pod", json!({"name": "p", "uid": "pod-uid"}));
    let invalidated = "service account token has been invalidated";
    let table = [
        (pod(json!({})), "1.36", "ok"),
        (pod(gone(-60)), "1.36", "ok"),
        (pod(gone(-61)), "1.36", invalidated),
        (
            pod(json!({"uid": "new", "deletionTimestamp": "2000-01-01T00:00:00Z"})),
            "1.36",
            "pod UID (new) does not match service account pod ref claim (pod-uid)",
        ),
        (
            pod(json!({"uid": "new", "deletionTimestamp": "2000-01-01T00:00:00Z"})),
            "1.28",
            invalidated,
        ),
    ];
    for (pod, version, expected) in table {
        let mut cluster = cluster(&[account(), pod.clone()]);
        cluster.kubernetes_version = Some(version.into());
        let answer = ask(&sign(HEADER, &payload), cluster);
        assert_eq!(reason(&answer), expected, "{version} {pod}");
    }
}

#[test]
fn what_is_unknown_is_answered_as_if_in_order() {
    let mut cluster = cluster(&[]);
    cluster.objects_complete = None;
    let answer = ask(&sign(HEADER, &claims().to_string()), cluster);
    assert_eq!(answer.verdict, Verdict::Unknown);
    assert_eq!(answer.status.user.unwrap().username, "system:serviceaccount:ns:sa");
    assert_eq!(answer.status.audiences, [ISSUER]);
}

#[test]
fn legacy_tokens() {
    let token = sign(HEADER, &legacy_claims().to_string());
    let secret = |token: &str, labels: Value| {
        let mut secret = object("Secret", "legacy", "s");
        secret["data"] = json!({"token": STANDARD.encode(token)});
        secret["metadata"]["labels"] = labels;
        secret
    };
    let plain = secret(&token, json!({}));
    let mut deleted = plain.clone();
    deleted["metadata"]["deletionTimestamp"] = json!("2999-01-01T00:00:00Z");
    let marked = secret(&token, json!({"kubernetes.io/legacy-token-invalid-since": "2023-01-01"}));
    let table = [
        (vec![account(), plain.clone()], "ok"),
        (vec![account()], "Token has been invalidated"),
        (vec![account(), deleted], "Token has been invalidated"),
        (vec![account(), secret("other", json!({}))], "Token does not match server's copy"),
        (vec![plain.clone()], "serviceaccounts \"sa\" not found"),
        (
            vec![object("ServiceAccount", "sa", "new"), plain.clone()],
            "ServiceAccount UID (new) does not match claim (sa-uid)",
        ),
        (
            vec![account(), marked],
            "the token in secret ns/legacy for service account ns/sa has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the 'kubernetes.io/legacy-token-invalid-since' label from the secret to temporarily allow use of this token",
        ),
    ];
    for (objects, expected) in table {
        assert_eq!(reason(&ask(&token, cluster(&objects))), expected);
    }
    let annotations = ask(&token, cluster(&[account(), plain])).audit_annotations;
    let expected = [
        ("authentication.k8s.io/legacy-token", "system:serviceaccount:ns:sa"),
        ("authentication.k8s.io/legacy-token-manual-secret", "legacy"),
    ];
    assert!(annotations.iter().map(|(k, v)| (k.as_str(), v.as_str())).eq(expected));

    let mut off = cluster(&[]);
    off.service_account_lookup = Some(false);
    let rows = [
        ("sub", json!(null), "sub claim is missing"),
        ("sub", json!("system:serviceaccount:ns:SA"), "sub claim is invalid"),
        ("kubernetes.io/serviceaccount/namespace", json!(""), "namespace claim is missing"),
        ("kubernetes.io/serviceaccount/secret.name", json!(null), "secretName claim is missing"),
        ("exp", json!(1), "ok"),
        ("exp", json!("1"), "go-jose/go-jose/jwt: expected number value to unmarshal NumericDate"),
    ];
    for (name, value, expected) in rows {
        let mut claims = legacy_claims();
        claims[name] = value;
        let answer = ask(&sign(HEADER, &claims.to_string()), off.clone());
        assert_eq!(reason(&answer), expected, "{claims}");
    }
}

#[test]
fn both_authenticators_are_heard_when_both_look() {
    let mut both = cluster(&[account()]);
    both.issuers = Some(vec!["kubernetes/serviceaccount".into()]);
    both.api_audiences = Some(vec![ISSUER.into()]);
    let legacy = ask(&sign(HEADER, &legacy_claims().to_string()), both.clone());
    assert_eq!(reason(&legacy), "Token has been invalidated, resource name may not be empty");
    let bound = claims_with("/iss", json!("kubernetes/serviceaccount"));
    assert_eq!(reason(&ask(&sign(HEADER, &bound), both)), "ok");
}

#[test]
fn a_stale_token_is_noted() {
    let payload = claims_with("/kubernetes.io/warnafter", json!(NOW - 10));
    let answer = ask(&sign(HEADER, &payload), cluster(&[account()]));
    let noted = &answer.audit_annotations["authentication.k8s.io/stale-token"];
    assert_eq!(noted, "subject: system:serviceaccount:ns:sa, seconds after warning threshold: 10");
    assert!(answer.checks.iter().any(|check| check.status == Status::Warn));
}

#[test]
fn a_key_that_comes_first_is_heard_too() {
    let payload = claims_with("/sub", json!(5));
    let answer = simulate_token_review(&TokenReviewInput {
        token: Some(sign(r#"{"alg":"ES256"}"#, &payload)),
        keys: json!({"keys": [key(2).1, key(1).1]}).to_string(),
        cluster: cluster(&[account()]),
        now: UnixTime::from(NOW),
        ..TokenReviewInput::default()
    });
    let mistyped = "json: cannot unmarshal number into Go value of type string";
    assert_eq!(reason(&answer), format!("{CRYPTO}, {mistyped}"));
}

fn some(list: &[&str], chosen: u8) -> Vec<String> {
    let kept = |(at, _): &(usize, &&str)| chosen >> at & 1 == 1;
    list.iter().enumerate().filter(kept).map(|(_, text)| (*text).to_owned()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Fewer issuers, fewer audiences, fewer keys, fewer objects: nobody new gets in.
    #[test]
    fn a_stricter_cluster_never_authenticates_more(wide in 0u8..128, narrow in 0u8..128) {
        let review = |bits: u8| {
            let keys: Vec<Value> = [1, 2].into_iter().filter(|k| bits >> k & 1 == 1).map(|k| key(k).1).collect();
            let mut objects = Vec::new();
            if bits & 1 == 1 { objects.push(account()); }
            let mut cluster = cluster(&objects);
            cluster.issuers = Some(some(&["https://first", ISSUER], bits >> 3));
            cluster.api_audiences = Some([vec!["other".to_owned()], some(&[ISSUER, "a"], bits >> 5)].concat());
            let answer = simulate_token_review(&TokenReviewInput {
                token: Some(sign(HEADER, &claims().to_string())),
                keys: json!({"keys": keys}).to_string(),
                cluster,
                now: UnixTime::from(NOW),
                ..TokenReviewInput::default()
            });
            answer.status.authenticated
        };
        prop_assert!(!review(wide & narrow) || review(wide));
    }

    #[test]
    fn no_text_panics(text in ".{0,120}", header in ".{0,60}", payload in ".{0,60}", objects in ".{0,60}") {
        let cluster = Cluster { objects: Some(objects), ..Cluster::default() };
        for token in [text, sign(&header, &payload)] {
            let answer = ask(&token, cluster.clone());
            prop_assert!(!answer.status.authenticated || answer.status.user.is_some());
        }
    }
}
