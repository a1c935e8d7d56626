//! Each finding where it belongs and where it does not, and every fix that is offered.

use super::trial::applied;
use crate::cluster::Cluster;
use crate::pod::{PodsReport, inspect_pods};

fn inspect(manifests: &str, settings: &str) -> PodsReport {
    let cluster: Cluster = serde_json::from_str(settings).unwrap();
    inspect_pods(manifests, &cluster)
}

/// Codes of the first pod's findings.
fn codes(manifests: &str, settings: &str) -> String {
    let report = inspect(manifests, settings);
    let codes: Vec<&str> = report.pods[0].findings.iter().map(|f| f.code.as_ref()).collect();
    codes.join(" ")
}

fn pod(spec: &str) -> String {
    let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: app}\n---\n";
    format!(
        "{account}apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec: {{serviceAccountName: app, automountServiceAccountToken: false, {spec}}}\n"
    )
}

/// A pod whose only container `c` mounts one token at `/tok`.
fn with_token(pod_members: &str, container: &str, projected: &str, token: &str) -> String {
    pod(&format!(
        "{pod_members}containers: [{{name: c, {container}volumeMounts: [{{name: v, mountPath: /tok}}]}}], volumes: [{{name: v, projected: {{{projected}sources: [{{serviceAccountToken: {{path: t, audience: x{token}}}}}]}}}}]"
    ))
}

#[test]
fn findings_are_true_and_not_noisy() {
    let run_as = "securityContext: {runAsUser: 1000}, ";
    let env = |name: &str, value: &str| format!("env: [{{name: {name}, value: {value}}}], ");
    let decode = |script: &str| format!("command: [sh, -c, \"{script}\"], ");
    #[rustfmt::skip]
    let table = [
        (with_token("", "", "", ""),                                          "{}", ""),
        // K16
        (with_token("", "", "", ", expirationSeconds: 7200"),                 r#"{"maxTokenExpiration": 3600}"#, "token-expiration-capped"),
        (with_token("", "", "", ", expirationSeconds: 7200"),                 r#"{"maxTokenExpiration": 7200}"#, ""),
        (with_token("", "", "", ", expirationSeconds: 7200"),                 r#"{"maxTokenExpiration": 0}"#, ""),
        (with_token("", "", "", ""),                                          r#"{"externalSigner": {"maxTokenExpiration": 1200}}"#, "token-expiration-capped"),
        // K42
        (with_token("", run_as, "defaultMode: 0400, ", ""),                   "{}", "token-default-mode-ignored"),
        (with_token("", run_as, "defaultMode: 0600, ", ""),                   "{}", ""),
        (with_token("", run_as, "defaultMode: 420, ", ""),                    "{}", ""),
        (with_token("", "", "defaultMode: 0444, ", ""),                       "{}", ""),
        (with_token("securityContext: {runAsNonRoot: true}, ", "", "defaultMode: 0400, ", ""), "{}", "token-unreadable"),
        (with_token("securityContext: {runAsNonRoot: true}, ", "", "", ""),   "{}", ""),
        (with_token("securityContext: {runAsNonRoot: true}, ", "", "defaultMode: 0440, ", ""), "{}", ""),
        (with_token("initContainers: [{name: i}], ", run_as, "defaultMode: 0400, ", ""), "{}", "token-unreadable"),
        (with_token("securityContext: {fsGroup: 5}, initContainers: [{name: i}], ", run_as, "defaultMode: 0400, ", ""), "{}", "token-default-mode-ignored"),
        (with_token("", run_as, "", ""),                                      r#"{"kubernetesVersion": "1.18"}"#, "token-unreadable"),
        (with_token("", "", "", ""),                                          r#"{"kubernetesVersion": "1.18"}"#, ""),
        (pod("containers: [{name: c, securityContext: {runAsUser: 5}}]").replace("automountServiceAccountToken: false, ", ""), r#"{"kubernetesVersion": "1.18"}"#, ""),
        (with_token("os: {name: windows}, securityContext: {runAsNonRoot: true}, ", "", "defaultMode: 0400, ", ""), "{}", ""),
        // K39
        (with_token("", &env("VAULT_TOKEN_FILE", "/tok/token"), "", ""),      "{}", "token-env-without-file"),
        (with_token("", &env("VAULT_TOKEN_FILE", "/tok"), "", ""),            "{}", "token-env-without-file"),
        (with_token("", &env("VAULT_TOKEN_FILE", "/tok/t"), "", ""),          "{}", ""),
        (with_token("", &env("VAULT_TOKEN_FILE", "/elsewhere/t"), "", ""),    "{}", ""),
        (with_token("", &env("GOOGLE_APPLICATION_CREDENTIALS", "/etc/g.json"), "", ""), "{}", ""),
        (with_token("", &env("GOOGLE_APPLICATION_CREDENTIALS", "/tok/g.json"), "", ""), "{}", "token-env-without-file"),
        (with_token("", &env("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token"), "", ""), "{}", "token-env-without-file"),
        (with_token("", &env("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"), "", ""), "{}", "token-env-without-file"),
        (with_token("", &env("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"), "", "").replace("kind: ServiceAccount", "kind: ConfigMap"), "{}", ""),
        // Section 14's decoding.
        (with_token("", &decode("cut -d. -f2 /tok/token | base64 -d"), "", ""), "{}", "token-plain-base64"),
        (with_token("", &decode("cut -d. -f2 /tok/token | tr _- /+ | base64 -d"), "", ""), "{}", ""),
    ];
    for (manifests, settings, expected) in table {
        assert_eq!(codes(&manifests, settings), expected, "{manifests} {settings}");
    }
}

#[test]
fn a_token_secret_is_found_wherever_it_is_used() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ntype: kubernetes.io/service-account-token\n---\n";
    let other = secret.replace("service-account-token", "tls");
    #[rustfmt::skip]
    let table = [
        ("containers: [{name: c}], volumes: [{name: v, secret: {secretName: s}}]",                                     true),
        ("containers: [{name: c}], volumes: [{name: v, secret: {secretName: s, items: [{key: ca.crt, path: c}]}}]",    false),
        ("containers: [{name: c}], volumes: [{name: v, projected: {sources: [{secret: {name: s}}]}}]",                 true),
        ("containers: [{name: c, env: [{name: E, valueFrom: {secretKeyRef: {name: s, key: token}}}]}]",                true),
        ("containers: [{name: c, env: [{name: E, valueFrom: {secretKeyRef: {name: s, key: namespace}}}]}]",            false),
        ("containers: [{name: c, envFrom: [{secretRef: {name: s}}]}]",                                                 true),
        ("containers: [{name: c, envFrom: [{secretRef: {name: unknown}}]}]",                                           false),
    ];
    for (spec, found) in table {
        let expected = if found { "legacy-secret-token" } else { "" };
        // The Pod stands last; `codes` reads the only pod.
        assert_eq!(codes(&format!("{secret}{}", pod(spec)), "{}"), expected, "{spec}");
        assert_eq!(codes(&format!("{other}{}", pod(spec)), "{}"), "", "{spec}");
        let live = serde_json::json!({ "objects": secret }).to_string();
        assert_eq!(codes(&pod(spec), &live), expected, "{spec}");
    }
}

#[test]
fn what_admission_adds_beside_ones_own() {
    let fixed = "/var/run/secrets/kubernetes.io/serviceaccount";
    let files = "{configMap: {name: kube-root-ca.crt}}, {downwardAPI: {items: [{path: namespace, fieldRef: {fieldPath: metadata.namespace}}]}}";
    let spec = |mount: &str, audience: &str| {
        format!(
            "serviceAccountName: app, containers: [{{name: c, volumeMounts: [{{name: v, mountPath: {mount}}}]}}], volumes: [{{name: v, projected: {{sources: [{{serviceAccountToken: {{path: token{audience}}}}}, {files}]}}}}]"
        )
    };
    let on = |spec: &str| {
        pod(spec).replace("serviceAccountName: app, automountServiceAccountToken: false, ", "")
    };
    #[rustfmt::skip]
    let table = [
        (on(&spec("/tok", "")),                      "api-token-injected-as-well"),
        (on(&spec("/tok", ", audience: vault")),     ""),
        (on(&spec(fixed, "")),                       ""),
        (on(&spec(&format!("{fixed}/"), ", audience: x")), "api-token-mounted-twice"),
        (pod(&spec("/tok", "").replace("serviceAccountName: app, ", "")), "api-token-elsewhere"),
    ];
    for (manifests, expected) in table {
        assert_eq!(codes(&manifests, "{}"), expected, "{manifests}");
    }
}

#[test]
fn a_cap_below_3607_ends_the_extension_once_for_all_pods() {
    let pods = "kind: Pod\napiVersion: v1\nmetadata: {name: a}\nspec: {serviceAccountName: app, containers: [{name: c}]}\n---\n";
    let two = format!("{pods}{}", pods.replace("name: a", "name: b"));
    #[rustfmt::skip]
    let table = [
        (r#"{"maxTokenExpiration": 3600}"#,                                    1),
        (r#"{"maxTokenExpiration": 3607}"#,                                    0),
        (r#"{"maxTokenExpiration": 3600, "extendTokenExpiration": false}"#,    0),
        ("{}",                                                                 0),
    ];
    for (settings, expected) in table {
        let report = inspect(&two, settings);
        assert_eq!(report.findings.len(), expected, "{settings}");
        assert!(report.findings.iter().all(|f| f.code == "token-extension-disabled"));
    }
}

/// Manifest, code, and what the only fix makes of the manifest; empty if there is none.
#[test]
fn fixes_keep_the_formatting_and_work() {
    let yaml = |mount: &str, source: &str| {
        format!(
            "# pod\napiVersion: v1\nkind: Pod\nmetadata:\n  name: web # näme\nspec:\n  serviceAccountName: app\n  containers:\n    - name: c\n      volumeMounts:\n{mount}  volumes:\n    - name: v\n      projected:\n        defaultMode: 0400 # tight\n        sources:\n{source}"
        )
    };
    let mount = "        - name: v\n          mountPath: /tok\n";
    let source =
        "          - serviceAccountToken:\n              path: t\n              audience: x\n";
    let seconds = |n: &str| format!("{source}              expirationSeconds: {n} # life\n");
    let file = "        - mountPath: /var/run/tokens/t\n          subPath: t # one file\n          name: v\n";
    let fixed =
        "        - name: v\n          mountPath: /var/run/secrets/kubernetes.io/serviceaccount\n";
    let added = format!(
        "{source}          - configMap:\n              name: kube-root-ca.crt\n              items:\n                - key: ca.crt\n                  path: ca.crt\n          - downwardAPI:\n              items:\n                - path: namespace\n                  fieldRef:\n                    apiVersion: v1\n                    fieldPath: metadata.namespace\n"
    );
    #[rustfmt::skip]
    let table = [
        (yaml(mount, &seconds("60")),       "token-expiration-out-of-range", yaml(mount, &seconds("600"))),
        (yaml(mount, &seconds("1e12")),     "token-expiration-out-of-range", yaml(mount, &seconds("86400"))),
        (yaml(file, source),                "token-sub-path",                yaml("        - mountPath: /var/run/tokens\n          name: v\n", source)),
        (yaml(&file.replace("/var/run/tokens/t", "/etc/t"), source), "token-sub-path", String::new()),
        (yaml(fixed, source),               "api-token-without-ca",          yaml(fixed, &added)),
        (yaml(mount, source).replace("  containers:", "  securityContext: {runAsUser: 5}\n  containers:"), "token-default-mode-ignored",
            yaml(mount, source).replace("  containers:", "  securityContext: {runAsUser: 5}\n  containers:").replace("        defaultMode: 0400 # tight\n", "")),
        (yaml(mount, source).replace("  containers:", "  securityContext: {runAsNonRoot: true}\n  containers:"), "token-unreadable",
            yaml(mount, source).replace("  containers:", "  securityContext: {runAsNonRoot: true}\n  containers:").replace("0400", "0644")),
        (with_token("", "env: [{name: A_TOKEN_FILE, value: '/tok/token'}], ", "", ""), "token-env-without-file",
            with_token("", "env: [{name: A_TOKEN_FILE, value: '/tok/t'}], ", "", "")),
    ];
    for (before, code, after) in table {
        let report = inspect(&before, "{}");
        let finding = report.pods[0].findings.iter().find(|finding| finding.code == code).unwrap();
        let made: Vec<String> = finding.fixes.iter().map(|fix| applied(&before, fix)).collect();
        let expected: Vec<String> = (!after.is_empty()).then_some(after).into_iter().collect();
        assert_eq!(made, expected, "{code}");
    }
}

#[test]
fn fixes_in_json_are_json() {
    let spec = serde_json::json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "web" },
        "spec": {
            "serviceAccountName": "app",
            "containers": [{ "name": "c", "volumeMounts": [
                { "name": "v", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount" },
                { "name": "w", "mountPath": "/run/x/t", "subPath": "t" }
            ] }],
            "volumes": [
                { "name": "v", "projected": { "sources": [{ "serviceAccountToken": { "path": "token" } }] } },
                { "name": "w", "projected": { "sources": [{ "serviceAccountToken": { "path": "t", "audience": "x", "expirationSeconds": 700 } }] } }
            ]
        }
    });
    for text in [spec.to_string(), serde_json::to_string_pretty(&spec).unwrap()] {
        let report = inspect(&text, r#"{"maxTokenExpiration": 3600}"#);
        let fixes: Vec<_> = report.pods[0].findings.iter().flat_map(|f| &f.fixes).collect();
        assert_eq!(fixes.len(), 2, "{:?}", report.pods[0].findings);
        for fix in fixes {
            let edited = applied(&text, fix);
            assert!(serde_json::from_str::<serde_json::Value>(&edited).is_ok(), "{edited}");
        }
    }
}

#[test]
fn several_lives_out_of_range_are_mended_at_once() {
    let text = with_token("", "", "", ", expirationSeconds: 60").replace(
        "sources: [",
        "sources: [{serviceAccountToken: {path: u, audience: z, expirationSeconds: 9000000000}}, ",
    );
    let report = inspect(&text, "{}");
    let fixes: Vec<_> = report.pods[0].findings.iter().flat_map(|f| &f.fixes).collect();
    assert_eq!(fixes.len(), 2);
    for fix in fixes {
        let edited = text.replace(": 9000000000", ": 86400").replace(": 60}", ": 600}");
        assert_eq!(applied(&text, fix), edited);
    }
}

#[test]
fn a_container_without_the_mount_that_another_has_is_told_so() {
    let sidecar =
        "initContainers: [{name: i, env: [{name: AWS_WEB_IDENTITY_TOKEN_FILE, value: /tok/t}]}], ";
    let report = inspect(&with_token(sidecar, "", "", ""), "{}");
    let [finding] = report.pods[0].findings.as_slice() else { panic!("{report:?}") };
    assert!(finding.detail.contains("Container c mounts it"), "{}", finding.detail);
    assert!(finding.fixes.is_empty());
}

#[test]
fn a_fix_that_leaves_the_pod_refused_is_not_offered() {
    let broken = with_token("", "ports: [{containerPort: 0}], ", "", ", expirationSeconds: 60");
    let report = inspect(&broken, "{}");
    let finding = &report.pods[0].findings[0];
    assert_eq!((finding.code.as_ref(), finding.fixes.len()), ("token-expiration-out-of-range", 0));
}
