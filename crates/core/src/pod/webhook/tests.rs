//! Where webhooks act, that their patches and the admitted pod agree, and where what they moved was pasted. What each
//! of them injects is in case files.

use serde_json::Value;

use super::super::manifest::Manifests;
use super::super::spec::Pod;
use super::super::{PodReport, inspect_pods};
use super::azure::Layout;
use crate::cluster::Cluster;

fn cluster(json: &str) -> Cluster {
    serde_json::from_str(json).unwrap()
}

/// The only pod of some manifests.
fn only(manifests: &str, settings: &str) -> PodReport {
    let report = inspect_pods(manifests, &cluster(settings));
    assert_eq!(report.pods.len(), 1, "{manifests}\n{:?}", report.checks);
    report.pods.into_iter().next().unwrap()
}

fn pod(spec: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec: {spec}\n")
}

/// An account and its annotations, before what uses it.
fn account(annotations: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: app, annotations: {annotations}}}\n---\n"
    )
}

#[test]
fn webhooks_act_where_they_are_called_for() {
    let role = account("{eks.amazonaws.com/role-arn: arn}");
    let plain = "{serviceAccountName: app, containers: [{name: c}]}";
    #[rustfmt::skip]
    let table = [
        (format!("{role}{}", pod(plain)),                      "{}",                                                               true),
        (format!("{role}{}", pod(plain)),                      r#"{"webhooks": {"eks": false}}"#,                                  false),
        (format!("{}{}", account("{eks.amazonaws.com/role-arn: \"\"}"), pod(plain)), "{}",                                         false),
        (format!("{}{}", account("{x/role-arn: r}"), pod(plain)), r#"{"webhooks": {"eks": {"annotationPrefix": "x"}}}"#,           true),
        (pod(plain),                                           r#"{"webhooks": {"eks": {"configMap": {"*/app": {"RoleARN": "r"}}}}}"#, true),
        (pod(plain),                                           r#"{"webhooks": {"eks": {"configMap": {"*/app/x": {"RoleARN": "r"}}}}}"#, true),
        (pod(plain),                                           r#"{"webhooks": {"eks": {"containerCredentials": {"identities": [{"namespace": "default", "serviceAccount": "app"}]}}}}"#, true),
    ];
    for (manifests, settings, acts) in table {
        let pod = only(&manifests, settings);
        let by: Vec<&str> = pod.injected.iter().map(|injection| injection.by.as_str()).collect();
        assert_eq!(by.contains(&"eks-pod-identity-webhook"), acts, "{manifests} {settings}");
    }
}

/// What a patch makes of a pod.
fn patched(mut pod: Value, patch: &[Value]) -> Value {
    for operation in patch {
        let path = operation["path"].as_str().unwrap();
        let (parent, last) = path.rsplit_once('/').unwrap();
        let last = last.replace("~1", "/").replace("~0", "~");
        let value = operation["value"].clone();
        match (pod.pointer_mut(parent).unwrap(), operation["op"].as_str().unwrap()) {
            (Value::Array(list), "add") if last == "-" => list.push(value),
            (Value::Array(list), "add") => list.insert(last.parse().unwrap(), value),
            (Value::Array(list), _) => list[last.parse::<usize>().unwrap()] = value,
            (parent, "remove") => drop(parent.as_object_mut().unwrap().remove(&last).unwrap()),
            (parent, _) => parent[last] = value,
        }
    }
    pod
}

#[test]
fn patches_lead_from_the_pasted_pod_to_the_admitted_one() {
    let metadata = |annotations: &str| {
        format!(
            "{{name: web, labels: {{azure.workload.identity/use: 'true'}}, annotations: {annotations}}}"
        )
    };
    let spec = "{serviceAccountName: app, hostnameOverride: h, initContainers: [{name: i, env: [{name: A}]}], \
                containers: [{name: c, volumeMounts: [{name: v, mountPath: /v}]}], volumes: [{name: v, projected: \
                {sources: [{serviceAccountToken: {path: t, audience: x}}]}}]}";
    let role = account("{eks.amazonaws.com/role-arn: arn}");
    let identity = r#"{"webhooks": {"eks": {"containerCredentials": {"identities": [{"namespace": "default", "serviceAccount": "app"}]}}}}"#;
    let settings = [
        "{}",
        r#"{"webhooks": {"eks": {"defaultRegion": "r"}, "azure": false}}"#,
        r#"{"webhooks": {"eks": false, "azure": {"version": "1.5", "nativeSidecar": false}}}"#,
        identity,
    ];
    for annotations in ["{}", "{azure.workload.identity/inject-proxy-sidecar: ''}"] {
        for settings in settings {
            let pod = format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {}\nspec: {spec}\n",
                metadata(annotations)
            );
            let manifests = format!("{role}{pod}");
            let cluster = cluster(settings);
            let read = Manifests::parse(&manifests, &cluster);
            let report = only(&manifests, settings);
            assert_eq!(report.rejected, None, "{settings}");
            let patch: Vec<Value> =
                report.injected.iter().flat_map(|injection| injection.patch.clone()).collect();
            assert_eq!(patched(read.templates()[0].pod(), &patch), report.admitted, "{settings}");
            // Spans are those of what was pasted, though a webhook's volume comes first.
            let own = report.tokens.iter().find(|token| token.volume == "v").unwrap();
            let pointer = own.span.as_ref().and_then(|span| span.pointer.as_deref());
            assert_eq!(pointer, Some("/spec/volumes/0/projected/sources/0/serviceAccountToken"));
            assert_eq!(own.injected_by, None);
        }
    }
}

#[test]
fn a_volume_that_nobody_can_name_beforehand() {
    let template = "{metadata: {labels: {azure.workload.identity/use: 'true'}}, spec: {containers: [{name: c}]}}";
    let digest = |name: &str| {
        let pod = serde_json::json!({ "metadata": { "name": name } });
        let name = Layout::New.volume(Some(Pod(&pod)));
        name.rsplit('-').next().unwrap().to_owned()
    };
    #[rustfmt::skip]
    let table = [
        ("apps/v1", "Deployment",  "",                          "xxxxx".to_owned()),
        ("apps/v1", "DaemonSet",   "",                          digest("a- (prefix)")),
        ("apps/v1", "StatefulSet", "",                          digest("a-0")),
        ("batch/v1", "Job",        "",                          digest("a- (prefix)")),
        ("batch/v1", "Job",        "completionMode: Indexed, ", "xxxxx".to_owned()),
    ];
    for (version, kind, more, end) in table {
        let manifests = format!(
            "apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{{more}template: {template}}}\n"
        );
        let report = only(&manifests, "{}");
        let expected = format!("azure-workload-identity-reserved-{end}");
        assert!(report.tokens.iter().any(|token| token.volume == expected), "{kind} {more}");
    }
}

#[test]
fn what_a_webhook_was_assumed_to_be_told_is_said() {
    let azure = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {azure.workload.identity/use: 'true'}}\nspec: \
                 {containers: [{name: c}]}\n";
    let role = account("{eks.amazonaws.com/role-arn: arn}");
    let eks = format!("{role}{}", pod("{serviceAccountName: app, containers: [{name: c}]}"));
    #[rustfmt::skip]
    let table = [
        (eks.as_str(), "{}",                                            "manifests/webhooks/eks"),
        (eks.as_str(), r#"{"webhooks": {"eks": {}}}"#,                  ""),
        (eks.as_str(), r#"{"webhooks": {"eks": false}}"#,               ""),
        (azure,        "{}",                                            "manifests/webhooks/azure"),
        (azure,        r#"{"webhooks": {"azure": {}}}"#,                "manifests/webhooks/azure"),
        (azure,        r#"{"webhooks": {"azure": {"tenantId": "t"}}}"#, ""),
    ];
    for (manifests, settings, expected) in table {
        let checks = inspect_pods(manifests, &cluster(settings)).checks;
        let ids: Vec<&str> = checks.iter().map(|check| check.id.as_ref()).collect();
        let ids: Vec<&str> = ids.into_iter().filter(|id| id.contains("webhooks")).collect();
        assert_eq!(ids.join(" "), expected, "{manifests} {settings}");
    }
}
