//! The doors in a real browser: what JavaScript gets is plain, safe and typed as promised.
#![cfg(target_arch = "wasm32")]

use js_sys::{JSON, Object, Reflect};
use podpass_wasm::{decode_token, explain, kubelet_refresh, verify_service_account_token, version};
use serde_json::{Value, json};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// The first call of a case file: its arguments, options as the facade hands them over, and what is expected.
fn case(text: &str) -> (Vec<String>, Value) {
    let case: Value = serde_json::from_str(text).unwrap();
    let call = &case["calls"][0];
    let arguments = call["arguments"].as_array().unwrap();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    (arguments.iter().map(text).collect(), call["expected"].clone())
}

/// As serde sees it, by way of `JSON.stringify`.
fn value(answer: &JsValue) -> Value {
    serde_json::from_str(&String::from(JSON::stringify(answer).unwrap())).unwrap()
}

fn get(object: &JsValue, member: &str) -> JsValue {
    Reflect::get(object, &member.into()).unwrap()
}

/// The names of an object's own members, in their order.
fn members_of(object: &JsValue) -> Vec<String> {
    let names = Object::keys(object.unchecked_ref::<Object>());
    names.iter().filter_map(|name| name.as_string()).collect()
}

#[wasm_bindgen_test]
fn the_version_is_the_engines() {
    assert_eq!(version(), podpass::version());
}

#[wasm_bindgen_test]
fn a_claim_named_proto_stays_an_own_member() {
    // {"alg":"RS256"} . {"__proto__":{"admin":true},"sub":"a"} . c2ln
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJfX3Byb3RvX18iOnsiYWRtaW4iOnRydWV9LCJzdWIiOiJhIn0.c2ln";
    let claims = get(&decode_token(token).unwrap(), "claims");
    let names = members_of(&claims);
    assert_eq!(names, ["__proto__", "sub"]);
    assert!(get(&claims, "admin").is_undefined());
    let plain: JsValue = Object::new().into();
    assert!(Object::is(&Object::get_prototype_of(&claims), &Object::get_prototype_of(&plain)));
}

#[wasm_bindgen_test]
fn verifies_rs256() {
    let (given, expected) = case(include_str!("../../../tests/cases/verify-throws/success.json"));
    let verified = verify_service_account_token(&given[0], &given[1], &given[2]).unwrap();
    assert_eq!(value(&verified)["claims"], expected["value"]["claims"]["$exactly"]);
    assert_eq!(value(&verified)["key"]["alg"], "RS256");
}

#[wasm_bindgen_test]
fn verifies_es256() {
    let (given, expected) =
        case(include_str!("../../../tests/cases/verify-throws/success-es256.json"));
    let verified = verify_service_account_token(&given[0], &given[1], &given[2]).unwrap();
    assert_eq!(value(&verified)["key"], expected["value"]["key"]);
}

#[wasm_bindgen_test]
fn a_failure_is_plain_data_of_one_shape() {
    let (given, expected) =
        case(include_str!("../../../tests/cases/verify-throws/signature-es256.json"));
    let failure = verify_service_account_token(&given[0], &given[1], &given[2]).unwrap_err();
    let members = members_of(&failure);
    assert_eq!(members, ["name", "code", "message", "details"]);
    assert_eq!(value(&failure)["name"], "SignatureVerificationError");
    assert_eq!(value(&failure)["code"], expected["error"]["code"]);
}

#[wasm_bindgen_test]
fn options_that_make_no_sense_are_type_errors() {
    let table = [
        r#"{"issuer": "i", "now": 1}"#,
        r#"{"issuer": "i", "audience": "a"}"#,
        r#"{"issuer": "i", "audience": "a", "now": 1, "surprise": 1}"#,
        r#"{"issuer": "i", "audience": "a", "now": 1, "algorithms": ["HS256"]}"#,
        "null",
    ];
    for options in table {
        let failure = verify_service_account_token("a.b.c", "{}", options).unwrap_err();
        assert_eq!(value(&failure)["name"], "TypeError", "{options}");
        assert_eq!(value(&failure)["code"], "ERR_INVALID_OPTIONS", "{options}");
    }
}

#[wasm_bindgen_test]
fn explains() {
    let (given, _) = case(include_str!("../../../tests/cases/irsa/healthy.json"));
    let report = value(&explain(&given[0]).unwrap());
    assert_eq!(report["token"]["ok"], true);
    assert_eq!(report["federation"][0]["verdict"], "allow");
    assert_eq!(report["pods"][0]["tokens"].as_array().unwrap().len(), 2);
}

#[wasm_bindgen_test]
fn fixed_shapes_are_plain_objects_and_null() {
    let refresh = kubelet_refresh(r#"{"expirationTimestamp": 3607, "expirationSeconds": 3607}"#);
    let due = json!({ "earliest": 2877, "latest": 2886 });
    assert_eq!(value(&refresh.unwrap())["due"], due);
    assert!(kubelet_refresh(r#"{"expirationTimestamp": 3607}"#).unwrap().is_null());
}
