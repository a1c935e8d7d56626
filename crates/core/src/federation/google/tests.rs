//! Members, policies with conditions, limits, and what is noticed.

use serde_json::{Value, json};

use super::member::{Caller, Federated, Match};
use super::policy::{Policy, Said, may_impersonate};
use super::{evaluate_gke, evaluate_wif};
use crate::cluster::Cluster;
use crate::document::Text;
use crate::federation::{Breadth, FederationOutcome, GcpWifFacts, GkeFacts, Subject};
use crate::time::UnixTime;
use crate::trace::{InputName, Verdict};

/// 2026-01-01T00:00:00Z.
const NOW: i64 = 1_767_225_600;
const POOL: &str = "iam.googleapis.com/projects/42/locations/global/workloadIdentityPools";

fn cart() -> Federated {
    Federated {
        number: Some("42".into()),
        pool: "acme-dev.svc.id.goog".into(),
        principals: vec![
            "subject/ns/shop/sa/cart".into(),
            "kubernetes.serviceaccount.uid/u".into(),
        ],
        sets: vec!["namespace/shop".into(), "kubernetes.cluster/https://c".into(), "*".into()],
        legacy: Some("serviceAccount:acme-dev.svc.id.goog[shop/cart]".into()),
    }
}

#[test]
fn members() {
    let caller = Caller::Federated(cart());
    let gke = format!("{POOL}/acme-dev.svc.id.goog");
    let table = [
        (format!("principal://{gke}/subject/ns/shop/sa/cart"), Match::Yes),
        (format!("principal://{gke}/subject/ns/shop/sa/Cart"), Match::No),
        (format!("principal://{gke}/kubernetes.serviceaccount.uid/u"), Match::Yes),
        (format!("principalSet://{gke}/namespace/shop"), Match::Yes),
        (format!("principalSet://{gke}/namespace/sho*"), Match::No),
        (format!("principalSet://{gke}/kubernetes.cluster/https://c"), Match::Yes),
        (format!("principalSet://{gke}/*"), Match::Yes),
        (format!("principal://{gke}/*"), Match::No),
        (gke.replace("42", "43"), Match::No),
        (
            format!("principal://{}/subject/ns/shop/sa/cart", gke.replace("42", "acme-dev")),
            Match::No,
        ),
        ("serviceAccount:acme-dev.svc.id.goog[shop/cart]".into(), Match::Yes),
        ("serviceAccount:acme-dev.svc.id.goog[shop/*]".into(), Match::No),
        ("allUsers".into(), Match::Yes),
        ("allAuthenticatedUsers".into(), Match::No),
        ("deleted:serviceAccount:acme-dev.svc.id.goog[shop/cart]?uid=1".into(), Match::No),
    ];
    for (member, expected) in table {
        assert_eq!(caller.matches(&member), expected, "{member}");
    }
    let unnumbered = Caller::Federated(Federated { number: None, ..cart() });
    let member = format!("principal://{gke}/subject/ns/shop/sa/cart");
    assert_eq!(unnumbered.matches(&member), Match::Unknown);
}

#[test]
fn conditions() {
    let said = |expression: &str| {
        let policy = json!({"version": 3, "bindings": [{
            "role": "roles/iam.workloadIdentityUser", "members": ["allUsers"],
            "condition": {"title": "t", "expression": expression}
        }]});
        let policy = Policy::read(&policy.to_string()).unwrap();
        policy.judge(&Caller::Federated(cart()), may_impersonate, "//x", UnixTime::from(NOW))
    };
    let table = [
        ("request.time < timestamp('2026-06-01T00:00:00Z')", Said::Granted(0)),
        ("request.time < timestamp('2025-06-01T00:00:00Z')", Said::Denied),
        ("request.time.getFullYear('+01:00') == 2026", Said::Granted(0)),
        ("resource.name.startsWith('//x')", Said::Granted(0)),
        ("resource.name.extract('//{n}') == 'x'", Said::Granted(0)),
        ("request.auth.claims.google.providerId == 'x'", Said::Denied),
        ("request.time <", Said::Denied),
    ];
    for (expression, expected) in table {
        assert_eq!(said(expression), expected, "{expression}");
    }
    for unknown in
        ["request.time.getHours('Europe/Berlin') == 1", "api.getAttribute('x', []) == []"]
    {
        assert!(matches!(said(unknown), Said::Unknown(_)), "{unknown}");
    }
}

fn gke(policy: &str, annotation: Option<&str>, cluster: Value, facts: Value) -> FederationOutcome {
    let claims = json!({
        "iss": "https://container.googleapis.com/v1/projects/acme-dev/locations/l/clusters/c",
        "sub": "system:serviceaccount:shop:cart",
        "kubernetes.io": {"namespace": "shop", "serviceaccount": {"name": "cart", "uid": "u"}, "pod": {"name": "p", "uid": "p"}}
    });
    let annotations =
        annotation.map_or(json!({}), |email| json!({"iam.gke.io/gcp-service-account": email}));
    let objects = json!({"kind": "List", "items": [
        {"kind": "ServiceAccount", "metadata": {"name": "cart", "namespace": "shop", "annotations": annotations}},
        {"kind": "Pod", "metadata": {"name": "p", "namespace": "shop"}, "spec": {}}
    ]});
    let mut settings = json!({"gke": {"projectNumber": "42", "metadataMode": "GKE_METADATA"}});
    settings["gke"].as_object_mut().unwrap().extend(cluster.as_object().unwrap().clone());
    settings["objects"] = objects.to_string().into();
    let cluster: Cluster = serde_json::from_value(settings).unwrap();
    let facts: GkeFacts = serde_json::from_value(facts).unwrap();
    let text = Text::new(InputName::Trust, policy);
    evaluate_gke(
        &text,
        &facts,
        &Subject::Claims(claims.as_object().unwrap()),
        &cluster,
        UnixTime::from(NOW),
    )
}

fn binding(role: &str, member: &str) -> String {
    json!({"bindings": [{"role": role, "members": [member]}]}).to_string()
}

#[test]
fn gke_from_pod_to_resource() {
    let legacy = "serviceAccount:acme-dev.svc.id.goog[shop/cart]";
    let user = "roles/iam.workloadIdentityUser";
    let email = Some("a@acme-dev.iam.gserviceaccount.com");
    let direct = json!({"resource": {"name": "//r", "policy": binding("roles/viewer", &format!("principalSet://{POOL}/acme-dev.svc.id.goog/namespace/shop"))}});
    let plain = json!({});
    let table = [
        (binding(user, legacy), email, plain.clone(), plain.clone(), Verdict::Allow, None),
        (
            binding("roles/iam.serviceAccountUser", legacy),
            email,
            plain.clone(),
            plain.clone(),
            Verdict::Deny,
            Some("impersonation"),
        ),
        (
            binding("projects/p/roles/own", legacy),
            email,
            plain.clone(),
            plain.clone(),
            Verdict::Unknown,
            None,
        ),
        (
            binding(user, legacy),
            email,
            json!({"metadataMode": "GCE_METADATA", "nodeServiceAccount": "n"}),
            plain.clone(),
            Verdict::Deny,
            Some("metadata-server"),
        ),
        (
            binding(user, legacy),
            email,
            json!({"metadataMode": null}),
            plain.clone(),
            Verdict::Unknown,
            None,
        ),
        (
            binding(user, legacy),
            email,
            plain.clone(),
            json!({"serviceAccount": {"exists": false}}),
            Verdict::Deny,
            Some("impersonation"),
        ),
        (String::new(), None, plain.clone(), direct.clone(), Verdict::Allow, None),
        // G10: a leftover annotation.
        (String::new(), email, plain.clone(), direct, Verdict::Deny, Some("impersonation")),
        (binding(user, legacy), None, plain.clone(), plain.clone(), Verdict::Unknown, None),
    ];
    for (policy, annotation, cluster, facts, verdict, stage) in table {
        let outcome = gke(&policy, annotation, cluster.clone(), facts.clone());
        assert_eq!(
            (outcome.verdict, outcome.stage.as_deref()),
            (verdict, stage),
            "{policy} {annotation:?} {cluster} {facts}"
        );
    }
    let grant = gke(
        "",
        None,
        json!({}),
        json!({"resource": {"name": "//r", "policy": binding("r", "allUsers")}}),
    )
    .grant
    .unwrap();
    assert_eq!(grant.detail["email"], "acme-dev.svc.id.goog");
}

#[test]
fn findings_and_reach_of_policies() {
    let user = "roles/iam.workloadIdentityUser";
    let gke_pool = format!("{POOL}/acme-dev.svc.id.goog");
    let table = [
        (binding(user, "allUsers"), Some("gcp-anybody-impersonates"), Breadth::Anyone),
        (binding(user, "deleted:serviceAccount:a?uid=1"), Some("gcp-deleted-member"), Breadth::None),
        (binding(user, &format!("principal://{gke_pool}/subject/system:serviceaccount:shop:cart")), Some("gke-subject-form"), Breadth::One),
        (binding(user, &format!("principalSet://{}/namespace/shop", gke_pool.replace("42", "acme-dev"))), Some("gcp-project-number"), Breadth::Namespace),
        (binding("roles/iam.serviceAccountUser", "serviceAccount:acme-dev.svc.id.goog[shop/cart]"), Some("gcp-role-does-not-impersonate"), Breadth::None),
        (binding(user, &format!("principalSet://{gke_pool}/*")), None, Breadth::Anyone),
        (binding(user, "serviceAccount:acme-dev.svc.id.goog[shop/cart]"), None, Breadth::One),
        (json!({"bindings": [{"role": "r", "members": [], "condition": {"expression": "true"}}]}).to_string(), Some("gcp-policy-version"), Breadth::None),
    ];
    for (policy, code, breadth) in table {
        let outcome = gke(&policy, Some("a@b"), json!({}), json!({}));
        let found = outcome.findings.first().map(|finding| &*finding.code);
        assert_eq!((found, outcome.reach.breadth), (code, breadth), "{policy}");
    }
}

const NAME: &str = "projects/42/locations/global/workloadIdentityPools/pool/providers/prov";

fn wif(change: Value, claims: Value, facts: Value) -> FederationOutcome {
    let mut provider = json!({
        "name": NAME, "oidc": {"issuerUri": "https://a.example"},
        "attributeMapping": {"google.subject": "assertion.sub"}
    });
    provider.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let mut token = json!({
        "iss": "https://a.example", "aud": format!("https://iam.googleapis.com/{NAME}"),
        "sub": "system:serviceaccount:shop:cart", "iat": NOW - 60, "exp": NOW + 60
    });
    token.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    let facts: GcpWifFacts = serde_json::from_value(facts).unwrap();
    let provider = provider.to_string();
    let text = Text::new(InputName::Trust, &provider);
    evaluate_wif(&text, &facts, &Subject::Claims(token.as_object().unwrap()), UnixTime::from(NOW))
}

#[test]
fn stages_and_errors_of_the_exchange() {
    let none = json!({});
    let long = format!("system:serviceaccount:shop:{}", "c".repeat(101));
    let fits = format!("system:serviceaccount:shop:{}", "c".repeat(100));
    let table = [
        (none.clone(), none.clone(), none.clone(), None, ""),
        (
            none.clone(),
            none.clone(),
            json!({"requestAudience": format!("https://iam.googleapis.com/{NAME}")}),
            Some("request"),
            "invalid_request",
        ),
        (
            none.clone(),
            none.clone(),
            json!({"requestAudience": format!("//iam.googleapis.com/{}", NAME.replace("42", "acme"))}),
            Some("request"),
            "invalid_request",
        ),
        (json!({"disabled": true}), none.clone(), none.clone(), Some("provider"), "invalid_target"),
        (
            json!({"state": "DELETED"}),
            none.clone(),
            none.clone(),
            Some("provider"),
            "invalid_target",
        ),
        (
            none.clone(),
            none.clone(),
            json!({"providerExists": false}),
            Some("provider"),
            "invalid_target",
        ),
        (
            none.clone(),
            json!({"iss": "https://a.example/"}),
            none.clone(),
            Some("issuer"),
            "invalid_grant",
        ),
        (
            json!({"oidc": {"issuerUri": "https://a.example", "allowedAudiences": ["lab-gcp"]}}),
            none.clone(),
            none.clone(),
            Some("audience"),
            "invalid_grant",
        ),
        (
            none.clone(),
            json!({"aud": format!("//iam.googleapis.com/{NAME}")}),
            none.clone(),
            None,
            "",
        ),
        (none.clone(), json!({"exp": NOW}), none.clone(), Some("time"), "invalid_grant"),
        (none.clone(), json!({"iat": NOW + 1}), none.clone(), Some("time"), ""),
        (
            none.clone(),
            json!({"iat": NOW, "exp": NOW + 86_401}),
            none.clone(),
            Some("lifetime"),
            "",
        ),
        (none.clone(), json!({"iat": NOW, "exp": NOW + 86_400}), none.clone(), None, ""),
        (
            none.clone(),
            none.clone(),
            json!({"issuerReachable": false}),
            Some("discovery"),
            "invalid_grant",
        ),
        (none.clone(), json!({"sub": long}), none.clone(), Some("mapping"), "invalid_request"),
        (none.clone(), json!({"sub": fits}), none.clone(), None, ""),
        (
            json!({"attributeMapping": {"google.subject": "assertions.sub"}}),
            none.clone(),
            none.clone(),
            Some("mapping"),
            "",
        ),
        (
            json!({"attributeMapping": {"google.subject": "assertion.nope"}}),
            none.clone(),
            none.clone(),
            Some("mapping"),
            "",
        ),
        (
            json!({"attributeCondition": "attribute.namespace == 'shop'"}),
            none.clone(),
            none.clone(),
            Some("condition"),
            "",
        ),
        (
            json!({"attributeCondition": "google.subject.endsWith(':cart')"}),
            none.clone(),
            none.clone(),
            None,
            "",
        ),
        (
            json!({"attributeCondition": "google.subject == 'x'"}),
            none.clone(),
            none.clone(),
            Some("condition"),
            "unauthorized_client",
        ),
        (
            none.clone(),
            none.clone(),
            json!({"impersonate": {"email": "e", "policy": ""}}),
            Some("impersonation"),
            "IAM_PERMISSION_DENIED",
        ),
        (
            none.clone(),
            none.clone(),
            json!({"impersonate": {"email": "e", "exists": false}}),
            Some("impersonation"),
            "NOT_FOUND",
        ),
    ];
    for (change, claims, facts, stage, code) in table {
        let outcome = wif(change.clone(), claims.clone(), facts.clone());
        let verdict = if stage.is_some() { Verdict::Deny } else { Verdict::Allow };
        let found = outcome.error.as_ref().map_or("", |error| error.code.as_str());
        assert_eq!(
            (outcome.verdict, outcome.stage.as_deref(), found),
            (verdict, stage, code),
            "{change} {claims} {facts}"
        );
    }
    let unknown = wif(
        json!({"attributeMapping": {"google.subject": "assertion.sub.magic()"}}),
        none.clone(),
        none.clone(),
    );
    assert_eq!(unknown.verdict, Verdict::Unknown);
    let mapped = wif(
        json!({"attributeMapping": {"google.subject": "assertion.sub.extract('system:serviceaccount:{id}')"}}),
        none.clone(),
        none,
    );
    assert!(mapped.grant.unwrap().principal.ends_with("/pool/subject/shop:cart"));
}

#[test]
fn what_google_does_not_store() {
    let mapping = |name: &str, expression: &str| json!({"attributeMapping": {"google.subject": "assertion.sub", name: expression}});
    let table = [
        json!({"attributeMapping": {"attribute.ns": "assertion.sub"}}),
        json!({"oidc": {"issuerUri": "http://a.example"}}),
        json!({"oidc": {"issuerUri": "https://a.example", "allowedAudiences": vec!["a"; 11]}}),
        json!({"oidc": {"issuerUri": "https://a.example", "allowedAudiences": ["a".repeat(257)]}}),
        json!({"name": NAME.replace("pool", &"a".repeat(33))}),
        json!({"name": NAME.replace("pool", "gcp-pool")}),
        json!({"attributeCondition": "assertion.sub =="}),
        json!({"attributeCondition": "'x'"}),
        json!({"attributeCondition": format!("{}true", " ".repeat(4093))}),
        mapping("attribute.Upper", "assertion.sub"),
        mapping("other", "assertion.sub"),
        mapping("attribute.x", &format!("{}'x'", " ".repeat(2046))),
    ];
    for change in table {
        let outcome = wif(change.clone(), json!({}), json!({}));
        assert!(outcome.rejected.is_some(), "{change}");
        assert_eq!(
            (outcome.verdict, outcome.stage.as_deref()),
            (Verdict::Unknown, Some("document"))
        );
    }
}

proptest::proptest! {
    #[test]
    fn never_panics(text in ".{0,80}", lines in "[a-z:\\-{}\\[\\]\" \n]{0,60}") {
        for text in [text.as_str(), lines.as_str()] {
            let _ = gke(text, Some("a@b"), json!({}), json!({}));
            let source = Text::new(InputName::Trust, text);
            let _ = evaluate_wif(&source, &GcpWifFacts::default(), &Subject::Nobody, UnixTime::from(NOW));
        }
    }
}
