//! Pods from the manifest to the report. The real API server's and kubelet's answers are case files; here stand
//! the rules one by one, and the places.

use proptest::prelude::*;

use super::*;
use crate::cluster::Cluster;
use crate::trace::Status;

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

fn rejected(manifests: &str, settings: &str) -> Option<String> {
    only(manifests, settings).rejected.map(|error| error.message)
}

#[test]
fn every_kind_with_pods_is_found() {
    #[rustfmt::skip]
    let table = [
        // apiVersion, kind,               where the template stands,   name in errors
        ("v1",       "ReplicationController", "spec: {template: TEMPLATE}", "a-xxxxx"),
        ("v1",       "PodTemplate",           "template: TEMPLATE", "a-xxxxx"),
        ("apps/v1",  "Deployment",            "spec: {template: TEMPLATE}", "a-xxxxx"),
        ("apps/v1",  "DaemonSet",             "spec: {template: TEMPLATE}", "a-xxxxx"),
        ("apps/v1",  "ReplicaSet",            "spec: {template: TEMPLATE}", "a-xxxxx"),
        ("apps/v1",  "StatefulSet",           "spec: {template: TEMPLATE}", "a-0"),
        ("batch/v1", "Job",                   "spec: {template: TEMPLATE}", "a-xxxxx"),
        ("batch/v1", "CronJob",               "spec: {jobTemplate: {spec: {template: TEMPLATE}}}", "a-xxxxx"),
    ];
    let template = "{metadata: {name: ignored}, spec: {containers: [{name: c, volumeMounts: [{name: none, mountPath: /x}]}]}}";
    for (version, kind, body, name) in table {
        let body = body.replace("TEMPLATE", template);
        let manifest = format!(
            "apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a, namespace: x}}\n{body}\n"
        );
        let report = only(&manifest, "{}");
        assert_eq!(
            (report.workload.kind.as_str(), report.workload.namespace.as_str()),
            (kind, "x")
        );
        let message = report.rejected.unwrap().message;
        let expected = format!(
            "Pod \"{name}\" is invalid: spec.containers[0].volumeMounts[0].name: Not found: \"none\""
        );
        assert_eq!(message, expected, "{kind}");
    }
}

#[test]
fn admission_forbids() {
    let secret = "{secret: {secretName: s}, name: v}";
    let mirror = |spec: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, annotations: {{kubernetes.io/config.mirror: x}}}}\nspec: {spec}\n"
        )
    };
    let enforced = |spec: &str| {
        format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: default, annotations: {{kubernetes.io/enforce-mountable-secrets: \"true\"}}}}\nsecrets: [{{name: ok}}]\nimagePullSecrets: [{{name: pull}}]\n---\n{}",
            pod(spec)
        )
    };
    let complete = r#"{"objectsComplete": true}"#;
    #[rustfmt::skip]
    let table = [
        (pod("{serviceAccountName: app, containers: [{name: c}]}"), complete, "error looking up service account default/app: serviceaccount \"app\" not found"),
        (pod("{serviceAccount: old, containers: [{name: c}]}"), complete, "error looking up service account default/old: serviceaccount \"old\" not found"),
        (mirror("{serviceAccountName: app, containers: [{name: c}]}"), "{}", "a mirror pod may not reference service accounts"),
        (mirror(&format!("{{containers: [{{name: c}}], volumes: [{secret}]}}")), "{}", "a mirror pod may not reference secrets"),
        (mirror("{containers: [{name: c, envFrom: [{secretRef: {name: s}}]}]}"), "{}", "a mirror pod may not reference secrets"),
        (mirror("{containers: [{name: c}], volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t}}]}}]}"), "{}", "a mirror pod may not use ServiceAccountToken volume projections"),
        (enforced(&format!("{{containers: [{{name: c}}], volumes: [{secret}]}}")), "{}", "volume with secret.secretName=\"s\" is not allowed because service account default does not reference that secret"),
        (enforced("{containers: [{name: c, env: [{name: E, valueFrom: {secretKeyRef: {name: s, key: k}}}]}]}"), "{}", "container c with envVar E referencing secret.secretName=\"s\" is not allowed because service account default does not reference that secret"),
        (enforced("{containers: [{name: c}], initContainers: [{name: i, envFrom: [{secretRef: {name: s}}]}]}"), "{}", "init container i with envFrom referencing secret.secretName=\"s\" is not allowed because service account default does not reference that secret"),
        (enforced("{containers: [{name: c}], imagePullSecrets: [{name: pull}, {name: p}]}"), "{}", "imagePullSecrets[1].name=\"p\" is not allowed because service account default does not reference that imagePullSecret"),
    ];
    for (manifest, settings, text) in table {
        let found = rejected(&manifest, settings);
        assert_eq!(found, Some(format!("pods \"web\" is forbidden: {text}")), "{manifest}");
    }
}

#[test]
fn admission_injects_once_and_only_where_it_is_missing() {
    let fixed = "/var/run/secrets/kubernetes.io/serviceaccount";
    let mounted = format!("volumeMounts: [{{name: v, mountPath: {fixed}}}]");
    let slash = format!("volumeMounts: [{{name: v, mountPath: {fixed}/}}]");
    let volumes = "volumes: [{name: v, emptyDir: {}}]";
    #[rustfmt::skip]
    let table = [
        // spec,                                                                        patched paths
        ("{containers: [{name: c}]}".to_owned(),                                        "/spec/serviceAccountName /spec/containers/0/volumeMounts /spec/volumes"),
        ("{serviceAccountName: default, containers: [{name: c}]}".to_owned(),           "/spec/containers/0/volumeMounts /spec/volumes"),
        ("{automountServiceAccountToken: false, containers: [{name: c}]}".to_owned(),   "/spec/serviceAccountName"),
        (format!("{{containers: [{{name: c, {mounted}}}], {volumes}}}"),                "/spec/serviceAccountName"),
        (format!("{{containers: [{{name: c, {slash}}}], {volumes}}}"),                  "/spec/serviceAccountName /spec/containers/0/volumeMounts/- /spec/volumes/-"),
        (format!("{{containers: [{{name: c, {mounted}}}], initContainers: [{{name: i}}], {volumes}}}"), "/spec/serviceAccountName /spec/initContainers/0/volumeMounts /spec/volumes/-"),
        ("{containers: [{name: c}], volumes: [{name: kube-api-access-abc}]}".to_owned(), "/spec/serviceAccountName /spec/containers/0/volumeMounts"),
    ];
    for (spec, paths) in table {
        let report = only(&pod(&spec), "{}");
        assert_eq!(report.rejected, None, "{spec}");
        let operations = report.injected.iter().flat_map(|injection| &injection.patch);
        let found: Vec<&str> = operations.map(|op| op["path"].as_str().unwrap()).collect();
        assert_eq!(found.join(" "), paths, "{spec}");
    }
    let off = only(
        &pod("{containers: [{name: c}]}"),
        r#"{"disableAdmissionPlugins": ["ServiceAccount"]}"#,
    );
    assert!(off.injected.is_empty() && off.tokens.is_empty() && !off.service_account.defaulted);
}

#[test]
fn the_account_gives_pull_secrets_and_the_last_word_on_automount() {
    let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default}\nautomountServiceAccountToken: false\nimagePullSecrets: [{name: a, more: x}]\n---\n";
    let report = only(&format!("{account}{}", pod("{containers: [{name: c}]}")), "{}");
    assert_eq!(report.admitted["spec"]["imagePullSecrets"], serde_json::json!([{ "name": "a" }]));
    assert!(report.tokens.is_empty());
    let own = pod(
        "{containers: [{name: c}], imagePullSecrets: [{name: b}], automountServiceAccountToken: true}",
    );
    let report = only(&format!("{account}{own}"), "{}");
    assert_eq!(report.admitted["spec"]["imagePullSecrets"], serde_json::json!([{ "name": "b" }]));
    assert_eq!(report.tokens.len(), 1);
}

#[test]
fn validation_words_and_order() {
    let label = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
    let token = |members: &str| {
        format!(
            "{{containers: [{{name: c, volumeMounts: [{{name: v, mountPath: /v}}]}}], volumes: [{{name: v, projected: {{sources: [{{serviceAccountToken: {{{members}}}}}]}}}}]}}"
        )
    };
    let volume = |volume: &str| format!("{{containers: [{{name: c}}], volumes: [{volume}]}}");
    let mounts = |mounts: &str| {
        format!("{{containers: [{{name: c, volumeMounts: [{mounts}]}}], volumes: [{{name: v}}]}}")
    };
    let lost = "spec.containers[0].volumeMounts[0].name: Not found: \"v\"";
    let path = "spec.volumes[0].projected.path";
    let seconds = "spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds";
    let mount = "spec.containers[0].volumeMounts";
    #[rustfmt::skip]
    let table = [
        (token("path: t, expirationSeconds: 599"), format!("[{seconds}: Invalid value: 599: may not specify a duration less than 10 minutes, {lost}]")),
        (token("path: t, expirationSeconds: 4294967297"), format!("[{seconds}: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds, {lost}]")),
        (token("audience: a"), format!("[{path}: Required value, {lost}]")),
        (token("path: /t"), format!("[{path}: Invalid value: \"/t\": must be a relative path, {lost}]")),
        (token("path: a/../t"), format!("[{path}: Invalid value: \"a/../t\": must not contain '..', {lost}]")),
        (token("path: .."), format!("[{path}: Invalid value: \"..\": must not contain '..', {path}: Invalid value: \"..\": must not start with '..', {lost}]")),
        (token("path: ../t"), format!("[{path}: Invalid value: \"../t\": must not contain '..', {lost}]")),
        (volume("{name: V}"), format!("spec.volumes[0].name: Invalid value: \"V\": {label}")),
        (volume("{emptyDir: {}}"), "spec.volumes[0].name: Required value".to_owned()),
        (volume("{name: v, projected: {sources: [{serviceAccountToken: {path: t}, secret: {name: s}}]}}"), "spec.volumes[0].projected.sources[0]: Forbidden: may not specify more than 1 volume type per source".to_owned()),
        (mounts("{name: v, mountPath: /a}, {name: v, mountPath: /a}"), format!("{mount}[1].mountPath: Invalid value: \"/a\": must be unique")),
        (mounts("{name: v}"), format!("{mount}[0].mountPath: Required value")),
        (mounts("{name: v, mountPath: /a, subPath: /b}"), format!("{mount}.subPath: Invalid value: \"/b\": must be a relative path")),
        ("{containers: [{name: c}], ephemeralContainers: [{name: e}]}".to_owned(), "spec.ephemeralContainers: Forbidden: cannot be set on create".to_owned()),
        ("{}".to_owned(), "spec.containers: Required value".to_owned()),
    ];
    for (spec, errors) in table {
        let found = rejected(&pod(&spec), "{}");
        assert_eq!(found, Some(format!("Pod \"web\" is invalid: {errors}")), "{spec}");
    }
    let nameless = "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: c}]}\n";
    let text =
        "Pod \"\" is invalid: metadata.name: Required value: name or generateName is required";
    assert_eq!(rejected(nameless, "{}").as_deref(), Some(text));
}

#[test]
fn tokens_are_followed_to_files_and_variables() {
    let spec = "
  securityContext: {fsGroup: 3000}
  automountServiceAccountToken: false
  containers:
  - name: whole
    env: [{name: B, value: /var/tok//a/token}, {name: A, value: $(DIR)/a/token}, {name: DIR, value: /var/tok}]
    volumeMounts: [{name: v, mountPath: /var/tok/}]
  - {name: file, volumeMounts: [{name: v, mountPath: /t, subPath: a/token}]}
  - {name: directory, volumeMounts: [{name: v, mountPath: /d, subPath: a}]}
  - {name: elsewhere, volumeMounts: [{name: v, mountPath: /e, subPath: b}]}
  - name: expression
    env: [{name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
    volumeMounts: [{name: w, mountPath: rel, subPathExpr: $(POD)}]
  - {name: open, volumeMounts: [{name: w, mountPath: /o, subPathExpr: $(NOBODY)}]}
  volumes:
  - {name: v, projected: {sources: [{serviceAccountToken: {path: ./a/token, audience: x, expirationSeconds: 600}}]}}
  - {name: w, projected: {sources: [{serviceAccountToken: {path: web/t, audience: x, expirationSeconds: 600}}]}}
";
    let report = only(&pod(spec), "{}");
    assert_eq!(report.rejected, None);
    let files: Vec<String> = report
        .tokens
        .iter()
        .flat_map(|token| &token.mounts)
        .map(|m| {
            format!(
                "{} {} {} {}:{} {} {:?}",
                m.container, m.file, m.mode, m.uid, m.gid, m.refreshed, m.env
            )
        })
        .collect();
    assert_eq!(
        files,
        [
            r#"whole /var/tok/a/token 0640 0:3000 true ["A", "B"]"#,
            "file /t 0640 0:3000 false []",
            "directory /d/token 0640 0:3000 false []",
            "expression /rel/t 0640 0:3000 false []",
        ]
    );
    assert_eq!(report.tokens[0].cache_key, report.tokens[1].cache_key);
    let span = report.tokens[0].span.clone().unwrap();
    assert_eq!(
        span.pointer.as_deref(),
        Some("/spec/volumes/0/projected/sources/0/serviceAccountToken")
    );
}

#[test]
fn a_sub_path_that_the_manifest_does_not_tell_is_unknown() {
    let spec = "{containers: [{name: c, volumeMounts: [{name: v, mountPath: /v, subPathExpr: $(X)}]}], volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t}}]}}]}";
    let report = inspect_pods(&pod(spec), &Cluster::default());
    let open = report.checks.iter().find(|check| check.status == Status::Unknown).unwrap();
    assert_eq!(open.id, "manifests/sub-path-expr");
    let pointer = open.span.as_ref().and_then(|span| span.pointer.as_deref());
    assert_eq!(pointer, Some("/spec/containers/0/volumeMounts/0/subPathExpr"));
}

#[test]
fn some_pods_are_admitted_and_never_start() {
    let mounted = |paths: &[&str]| {
        let sources: Vec<String> =
            paths.iter().map(|path| format!("{{serviceAccountToken: {{path: {path}}}}}")).collect();
        pod(&format!(
            "{{containers: [{{name: c, volumeMounts: [{{name: v, mountPath: /v}}]}}], volumes: [{{name: v, projected: {{sources: [{}]}}}}]}}",
            sources.join(", ")
        ))
    };
    let long = "x".repeat(256);
    #[rustfmt::skip]
    let table: [(&[&str], Option<&str>); 6] = [
        (&["token"],        None),
        (&["ab", "a"],      None),
        (&["."],            Some("is a directory")),
        (&["a", "a/b"],     Some("/a: is a directory")),
        (&["x/y/z", "x/y"], Some("/x/y: is a directory")),
        (&[&long],          Some("invalid path: filenames must be less than or equal to 255 characters")),
    ];
    for (paths, end) in table {
        let stuck = only(&mounted(paths), "{}").stuck.map(|error| error.message);
        match end {
            None => assert_eq!(stuck, None, "{paths:?}"),
            Some(end) => {
                assert!(stuck.as_deref().is_some_and(|text| text.ends_with(end)), "{stuck:?}")
            }
        }
    }
}

#[test]
fn findings_and_their_places() {
    let token =
        |name: &str, paths: &str| format!("{{name: {name}, projected: {{sources: [{paths}]}}}}");
    let one = "{serviceAccountToken: {path: t, audience: x}}";
    let fixed = "/var/run/secrets/kubernetes.io/serviceaccount";
    #[rustfmt::skip]
    let table = [
        ("{containers: [{name: c}]}".to_owned(), "default-service-account /spec"),
        ("{serviceAccountName: app, containers: [{name: c}]}".to_owned(), ""),
        (format!("{{serviceAccountName: app, containers: [{{name: c}}], volumes: [{}]}}", token("v", one)), "token-never-requested /spec/volumes/0"),
        (format!("{{serviceAccountName: app, containers: [{{name: c, volumeMounts: [{{name: v, mountPath: /v, subPath: t}}]}}], volumes: [{}]}}", token("v", one)), "token-sub-path /spec/containers/0/volumeMounts/0"),
        (format!("{{serviceAccountName: app, containers: [{{name: c, volumeMounts: [{{name: v, mountPath: /v}}]}}], volumes: [{}]}}", token("v", &format!("{one}, {{serviceAccountToken: {{path: ./t, audience: x}}}}"))), "token-overwritten /spec/volumes/0/projected/sources/0/serviceAccountToken"),
        (format!("{{serviceAccountName: app, containers: [{{name: c, volumeMounts: [{{name: v, mountPath: {fixed}}}]}}], volumes: [{}]}}", token("v", one)), "api-token-without-ca /spec/containers/0/volumeMounts/0"),
        (format!("{{serviceAccountName: app, containers: [{{name: c, volumeMounts: [{{name: v, mountPath: /v}}]}}], volumes: [{}]}}", token("v", "{serviceAccountToken: {path: t, audience: x, expirationSeconds: 60}}")), "token-expiration-out-of-range /spec/volumes/0/projected/sources/0/serviceAccountToken/expirationSeconds"),
    ];
    for (spec, expected) in table {
        let found: Vec<String> = only(&pod(&spec), "{}")
            .findings
            .iter()
            .map(|finding| {
                let span = finding.span.as_ref().and_then(|span| span.pointer.as_deref());
                format!("{} {}", finding.code, span.unwrap_or("nowhere"))
            })
            .collect();
        assert_eq!(found.join(", "), expected, "{spec}");
    }
}

#[test]
fn what_cannot_be_read_is_said_with_its_place() {
    #[rustfmt::skip]
    let table = [
        // text, failing or warning checks as id, line, column
        ("kind: Pod\napiVersion: v1\nmetadata: {name: a}\nspec:\n  containers: []\n   x: 1\n", "manifests/syntax 6:4"),
        ("{\"kind\": \"Pod\",}",                                              "manifests/syntax 1:16"),
        ("a: 1\n",                                                             "manifests/kind 1:1, manifests/pods"),
        ("",                                                                   "manifests/pods"),
        ("kind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c}]}\n",  "manifests/api-version 1:1"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: web}\n", "manifests/types 4:20"),
        ("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: no}\n",       "manifests/name 1:1, manifests/types 3:18"),
        ("apiVersion: iam.example.com/v1\nkind: ServiceAccount\nmetadata: {name: a}\n", "manifests/api-version 1:1, manifests/pods"),
        ("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 1}\n", "manifests/template 1:1"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: a}\n",               "manifests/pods"),
    ];
    for (text, expected) in table {
        let report = inspect_pods(text, &Cluster::default());
        let bad = report.checks.iter().filter(|c| matches!(c.status, Status::Fail | Status::Warn));
        let found: Vec<String> = bad
            .map(|check| match &check.span {
                Some(span) => format!("{} {}:{}", check.id, span.line, span.column),
                None => check.id.to_string(),
            })
            .collect();
        assert_eq!(found.join(", "), expected, "{text}");
    }
    let large = " ".repeat((1 << 20) + 1);
    let report = inspect_pods(&large, &Cluster::default());
    assert!(report.checks[0].title.contains("at most 1048576 are read"), "{:?}", report.checks);
}

#[test]
fn an_undecodable_workload_gives_the_api_servers_answer() {
    let text = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{name: c, env: [{name: A, value: true}]}]}}}}}\n";
    let error = only(text, "{}").rejected.unwrap();
    assert_eq!(error.code, "BadRequest");
    assert_eq!(
        error.message,
        "CronJob in version \"v1\" cannot be handled as a CronJob: json: cannot unmarshal bool into Go struct field EnvVar.spec.jobTemplate.spec.template.spec.containers.env.value of type string"
    );
}

#[test]
fn a_small_text_that_asks_for_millions_of_files_is_cut() {
    let sources: String =
        (0..40).map(|at| format!("{{serviceAccountToken: {{path: t{at}}}}},")).collect();
    let volumes = format!("{{name: v, projected: {{sources: [{sources}]}}}}");
    let mounts = "{name: v, mountPath: /v},".repeat(40);
    let spec =
        format!("{{containers: [{{name: c, volumeMounts: [{mounts}]}}], volumes: [{volumes}]}}");
    let report = inspect_pods(&pod(&spec), &Cluster::default());
    assert_eq!(report.pods[0].tokens.iter().map(|token| token.mounts.len()).sum::<usize>(), 1000);
    assert!(report.checks.iter().any(|check| check.id == "manifests/token-files"));
}

/// Scalars and shapes that manifests put where something else belongs.
fn anything() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::json;
    let leaf = prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        Just(json!(-1)),
        Just(json!(1e30)),
        Just(json!("v")),
        Just(json!("../$(A)/ü")),
        Just(json!([])),
        Just(json!({})),
    ];
    let names = prop_oneof![
        Just("metadata"),
        Just("name"),
        Just("namespace"),
        Just("annotations"),
        Just("labels"),
        Just("spec"),
        Just("containers"),
        Just("initContainers"),
        Just("volumes"),
        Just("volumeMounts"),
        Just("projected"),
        Just("sources"),
        Just("serviceAccountToken"),
        Just("path"),
        Just("subPath"),
        Just("mountPath"),
        Just("expirationSeconds"),
        Just("template"),
        Just("items"),
        Just("env"),
        Just("value"),
        Just("ports"),
        Just("serviceAccountName"),
        Just("securityContext"),
        Just("imagePullSecrets"),
        Just("kind"),
    ];
    leaf.prop_recursive(6, 64, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::Array),
            prop::collection::vec((names.clone(), inner), 0..5).prop_map(|members| {
                members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        inspect_pods(&text, &Cluster::default());
    }

    #[test]
    fn no_shape_panics(spec in anything(), metadata in anything(), kind in 0..3_usize) {
        let kind = ["Pod", "Deployment", "ServiceAccount"][kind];
        let version = if kind == "Deployment" { "apps/v1" } else { "v1" };
        let manifest = serde_json::json!({ "apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec });
        let text = manifest.to_string();
        let report = inspect_pods(&text, &Cluster::default());
        for span in report.checks.iter().filter_map(|check| check.span.as_ref()) {
            prop_assert!(span.end <= text.encode_utf16().count());
        }
    }
}
