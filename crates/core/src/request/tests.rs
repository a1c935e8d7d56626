//! Refusals, kubelets and claims as tables.

use proptest::prelude::*;

use super::*;

const OBJECTS: &str = r#"{"kind":"List","items":[
 {"kind":"ServiceAccount","metadata":{"name":"app","namespace":"t","uid":"sa-1"}},
 {"kind":"ServiceAccount","metadata":{"name":"other","namespace":"t","uid":"sa-2"}},
 {"kind":"Pod","metadata":{"name":"p","namespace":"t","uid":"pod-1"},"spec":{"nodeName":"n1","serviceAccountName":"app",
  "volumes":[{"name":"a","projected":{"sources":[{"serviceAccountToken":{"path":"x","audience":"vault"}}]}},
             {"name":"b","persistentVolumeClaim":{"claimName":"c"}},{"name":"e","ephemeral":{}}]}},
 {"kind":"Pod","metadata":{"name":"waiting","namespace":"t","uid":"pod-2"},"spec":{"serviceAccountName":"app"}},
 {"kind":"PersistentVolumeClaim","metadata":{"name":"c","namespace":"t"},"spec":{"volumeName":"v"}},
 {"kind":"PersistentVolumeClaim","metadata":{"name":"p-e","namespace":"t"},"spec":{"volumeName":"w"}},
 {"kind":"PersistentVolume","metadata":{"name":"v"},"spec":{"csi":{"driver":"d"}}},
 {"kind":"PersistentVolume","metadata":{"name":"w"},"spec":{"csi":{"driver":"e"}}},
 {"kind":"CSIDriver","metadata":{"name":"d"},"spec":{"tokenRequests":[{"audience":"csi"}]}},
 {"kind":"CSIDriver","metadata":{"name":"e"},"spec":{"tokenRequests":[{}]}},
 {"kind":"Secret","metadata":{"name":"s","namespace":"t","uid":"secret-1"}},
 {"kind":"Node","metadata":{"name":"n1","uid":"node-1"}},
 {"kind":"Node","metadata":{"name":"n2","uid":"node-2"}}]}"#;

/// The request of a JSON text, for a cluster with those objects and no others.
fn ask(request: &str) -> TokenRequestAnswer {
    let mut request: Value = serde_json::from_str(request).unwrap();
    let cluster = request["cluster"].take();
    let mut members = cluster.as_object().cloned().unwrap_or_default();
    members.entry("objects").or_insert_with(|| OBJECTS.into());
    members.entry("objectsComplete").or_insert_with(|| true.into());
    request["cluster"] = members.into();
    if request["serviceAccount"].is_null() {
        request["serviceAccount"] = json!({ "namespace": "t", "name": "app" });
    }
    simulate_token_request(&serde_json::from_value(request).unwrap())
}

#[test]
fn refusals() {
    #[rustfmt::skip]
    let table = [
        (r#"{"serviceAccount":{"namespace":"t","name":"x"},"expirationSeconds":1}"#, 404, "serviceaccounts \"x\" not found"),
        (r#"{"serviceAccount":{"namespace":"t","name":"app","uid":"u"},"expirationSeconds":1}"#, 409,
         "Operation cannot be fulfilled on TokenRequest.authentication.k8s.io \"app\": the UID in the token request (u) does not match the UID of the service account (sa-1)"),
        (r#"{"expirationSeconds":599,"pod":{"name":"x"}}"#, 422,
         "TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes"),
        (r#"{"expirationSeconds":4294967297,"cluster":{"maxTokenExpiration":3600}}"#, 422,
         "TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds"),
        (r#"{"pod":{"name":"x"}}"#, 404, "pods \"x\" not found"),
        (r#"{"secret":{"name":"x"}}"#, 404, "secrets \"x\" not found"),
        (r#"{"node":{"name":"x"}}"#, 404, "nodes \"x\" not found"),
        (r#"{"secret":{"name":"s","uid":"u"}}"#, 409,
         "Operation cannot be fulfilled on Secret \"s\": the UID in the bound object reference (u) does not match the UID in record. The object might have been deleted and then recreated"),
        (r#"{"serviceAccount":{"namespace":"t","name":"other"},"pod":{"name":"p","uid":"u"}}"#, 400,
         "cannot bind token for serviceaccount \"other\" to pod running with different serviceaccount name."),
        (r#"{"secret":{"name":"s"},"pod":{"name":"p"}}"#, 500, "internal error, token can only be bound to one object type"),
        (r#"{"expirationSeconds":600.5}"#, 400,
         "json: cannot unmarshal number 600.5 into Go struct field TokenRequestSpec.spec.expirationSeconds of type int64"),
    ];
    for (request, status, message) in table {
        let answer = ask(request);
        let error = answer.error.unwrap();
        assert_eq!((error.http_status, error.message.as_str()), (Some(status), message));
        assert!(answer.claims.is_none() && answer.reply.is_none(), "{request}");
    }
}

#[test]
fn kubelets() {
    const FORBIDDEN: &str = "serviceaccounts \"app\" is forbidden: ";
    #[rustfmt::skip]
    let table = [
        (r#"{}"#, "node requested token not bound to a pod"),
        (r#"{"secret":{"name":"s"}}"#, "node requested token not bound to a pod"),
        (r#"{"pod":{"name":"p"}}"#, "node requested token with a pod binding without a uid"),
        (r#"{"pod":{"name":"p","uid":"u"}}"#, "the UID in the bound object reference (u) does not match the UID in record. The object might have been deleted and then recreated"),
        (r#"{"pod":{"name":"waiting","uid":"pod-2"}}"#, "node requested token bound to a pod scheduled on a different node"),
        (r#"{"pod":{"name":"p","uid":"pod-1"},"audiences":["a","b"]}"#, "node may only request 0 or 1 audiences"),
        (r#"{"pod":{"name":"p","uid":"pod-1"},"audiences":["x"],"expirationSeconds":1}"#, "audience \"x\" not found in pod spec volume, system:node:n1 is not authorized to request tokens for this audience"),
        (r#"{"serviceAccount":{"namespace":"t","name":"other"}}"#, "User \"system:node:n1\" cannot create resource \"serviceaccounts/token\" in API group \"\" in the namespace \"t\": no relationship found between node 'n1' and this object"),
    ];
    for (request, reason) in table {
        let answer = ask(&with_kubelet(request, "[]"));
        let error = answer.error.unwrap();
        let expected = format!("{FORBIDDEN}{reason}");
        let expected =
            if request.contains("other") { expected.replace("app", "other") } else { expected };
        assert_eq!((error.code.as_str(), error.message.as_str()), ("Forbidden", expected.as_str()));
    }
    let unknown =
        ask(&with_kubelet(r#"{"pod":{"name":"nowhere","uid":"u"}}"#, "[]")).error.unwrap();
    assert_eq!(
        (unknown.http_status, unknown.message.as_str()),
        (Some(404), "pod \"nowhere\" not found")
    );
}

fn with_kubelet(request: &str, authorized: &str) -> String {
    let mut request: Value = serde_json::from_str(request).unwrap();
    let authorized: Value = serde_json::from_str(authorized).unwrap();
    request["kubelet"] = json!({ "node": "n1", "authorizedAudiences": authorized });
    request.to_string()
}

/// K88: a projection, a CSI driver behind a claim or an ephemeral volume, or RBAC; or nobody checks.
#[test]
fn audiences_that_a_kubelet_gets() {
    #[rustfmt::skip]
    let table = [
        (r#"["vault"]"#, "[]",      "{}", true),
        (r#"["csi"]"#,   "[]",      "{}", true),
        (r#"[""]"#,      "[]",      "{}", true),
        ("[]",           "[]",      "{}", true),
        (r#"["x"]"#,     r#"["x"]"#, "{}", true),
        (r#"["x"]"#,     "[]",      "{}", false),
        (r#"["x"]"#,     "[]",      r#"{"kubernetesVersion":"1.32"}"#, true),
        (r#"["x"]"#,     "[]",      r#"{"disableAdmissionPlugins":["NodeRestriction"]}"#, true),
    ];
    for (audiences, authorized, cluster, granted) in table {
        let request = format!(
            r#"{{"pod":{{"name":"p","uid":"pod-1"}},"audiences":{audiences},"cluster":{cluster}}}"#
        );
        let answer = ask(&with_kubelet(&request, authorized));
        assert_eq!(answer.error.is_none(), granted, "{audiences} {authorized} {cluster}");
    }
}

#[test]
fn claims_and_reply() {
    let answer = ask(r#"{"pod":{"name":"p"},"expirationSeconds":3607,"now":1000.9}"#);
    let text = serde_json::to_string(&answer.claims).unwrap();
    let issuer = "https://kubernetes.default.svc.cluster.local";
    assert_eq!(
        text,
        format!(
            r#"{{"aud":["{issuer}"],"exp":31537000,"iat":1000,"iss":"{issuer}","jti":"xxxxx","kubernetes.io":{{"namespace":"t","node":{{"name":"n1","uid":"node-1"}},"pod":{{"name":"p","uid":"pod-1"}},"serviceaccount":{{"name":"app","uid":"sa-1"}},"warnafter":4607}},"nbf":1000,"sub":"system:serviceaccount:t:app"}}"#
        )
    );
    let reply = serde_json::to_string(&answer.reply).unwrap();
    assert_eq!(reply, r#"{"expirationSeconds":3607,"expirationTimestamp":4607}"#);

    let old = ask(r#"{"pod":{"name":"p"},"cluster":{"kubernetesVersion":"1.28"}}"#).claims.unwrap();
    assert!(old.get("jti").is_none() && old["kubernetes.io"].get("node").is_none());

    let capped = ask(r#"{"expirationSeconds":90000,"cluster":{"maxTokenExpiration":86400}}"#);
    assert_eq!(
        capped.warnings,
        ["requested expiration of 90000 seconds shortened to 86400 seconds"]
    );
}

#[test]
fn what_nobody_pasted_is_as_asked_for() {
    let answer = ask(
        r#"{"cluster":{"objects":"","objectsComplete":false},"serviceAccount":{"namespace":"a","name":"b","uid":"c"},
            "pod":{"name":"d","uid":"e","nodeName":"f"},"node":{"name":"f","uid":"g"},"audiences":["x"],"kubelet":{"node":"f"}}"#,
    );
    let expected = json!({
        "namespace": "a", "node": { "name": "f", "uid": "g" }, "pod": { "name": "d", "uid": "e" },
        "serviceaccount": { "name": "b", "uid": "c" },
    });
    assert_eq!(answer.claims.unwrap()["kubernetes.io"], expected);
}

#[test]
fn headers_of_an_external_signer() {
    let long = "k".repeat(1025);
    #[rustfmt::skip]
    let table = [
        ("RS256", "k",    "JWT", None),
        ("RS256", "k",    "",    Some("bad type".to_owned())),
        ("RS256", "",     "JWT", Some("key id missing".to_owned())),
        ("RS256", &*long, "JWT", Some("key id longer than 1 kb".to_owned())),
        ("PS256", "k",    "JWT", Some("bad signing algorithm \"PS256\"".to_owned())),
        ("ES512", "gone", "JWT", Some("key used for signing JWT (kid: gone) is excluded from OIDC discovery docs".to_owned())),
    ];
    for (alg, kid, typ, problem) in table {
        let header = json!({ "alg": alg, "kid": kid, "typ": typ });
        let signer =
            json!({ "maxTokenExpiration": 3600, "header": header, "excludedKids": ["gone"] });
        let request = json!({ "cluster": { "externalSigner": signer } });
        let error = ask(&request.to_string()).error.map(|error| error.message);
        let expected = problem
            .map(|problem| format!("failed to generate token: while validating header: {problem}"));
        assert_eq!(error, expected);
    }
}

proptest! {
    #[test]
    fn never_panics(seconds: f64, now: f64, name in ".{0,5}", objects in ".{0,40}", complete: bool, node in ".{0,3}") {
        let cluster = Cluster { objects: Some(objects), objects_complete: Some(complete), ..Cluster::default() };
        let account = ServiceAccountRef { namespace: name.clone(), name: name.clone(), uid: Some(name.clone()) };
        let mut input = TokenRequestInput::new(cluster, account);
        input.expiration_seconds = Some(seconds);
        input.now = UnixTime(now);
        input.pod = Some(RequestedPod { name: name.clone(), uid: Some(name), node_name: None });
        input.kubelet = Some(AskingKubelet { node, authorized_audiences: Vec::new() });
        let answer = simulate_token_request(&input);
        prop_assert_eq!(answer.claims.is_some(), answer.error.is_none());
    }
}
