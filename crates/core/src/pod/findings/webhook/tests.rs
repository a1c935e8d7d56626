//! Which lints find what, and that their fixes are written as the manifests are.

use super::super::super::inspect_pods;
use super::super::trial::applied;
use crate::cluster::Cluster;
use crate::trace::Finding;

fn findings(manifests: &str, settings: &str) -> Vec<Finding> {
    let cluster: Cluster = serde_json::from_str(settings).unwrap();
    let report = inspect_pods(manifests, &cluster);
    assert_eq!(report.pods.len(), 1, "{manifests}");
    report.pods.into_iter().flat_map(|pod| pod.findings).collect()
}

/// An account and a pod that runs as it, both in block style.
fn manifests(account: &str, pod: &str, container: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: app\n{account}---\napiVersion: v1\nkind: Pod\nmetadata:\n  \
         name: web\n{pod}spec:\n  serviceAccountName: app\n  containers:\n    - name: main\n{container}"
    )
}

const ROLE: &str =
    "  annotations:\n    eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/app\n";
const CLIENT: &str = "  annotations:\n    azure.workload.identity/client-id: id\n";
const LABEL: &str = "  labels:\n    azure.workload.identity/use: \"true\"\n";

#[test]
fn finds_what_webhooks_do_not_see() {
    let of_pod = |annotation: &str| format!("  annotations:\n    {annotation}\n");
    let env = |names: &[&str]| {
        let list: String =
            names.iter().map(|n| format!("        - {{name: {n}, value: x}}\n")).collect();
        format!("      env:\n{list}")
    };
    let volume = |kind: &str| format!("  volumes:\n    - name: aws-iam-token\n{kind}");
    let token = |audience: &str| {
        format!(
            "      projected: {{sources: [{{serviceAccountToken: {{path: token, audience: {audience}}}}}]}}\n"
        )
    };
    #[rustfmt::skip]
    let table = [
        // account, pod, container, settings, codes
        (ROLE.to_owned(), String::new(), String::new(), "{}", ""),
        (CLIENT.to_owned(), LABEL.to_owned(), String::new(), "{}", ""),
        // Misplaced.
        (String::new(), ROLE.to_owned(), String::new(), "{}", "webhook-setting-misplaced"),
        (String::new(), ROLE.to_owned(), String::new(), r#"{"webhooks": {"eks": false}}"#, ""),
        (format!("{ROLE}    eks.amazonaws.com/skip-containers: main\n"), String::new(), String::new(), "{}", "webhook-setting-misplaced"),
        (ROLE.to_owned(), of_pod("eks.amazonaws.com/skip-pod-identity-webhook: \"true\""), String::new(), "{}", "webhook-setting-misplaced"),
        (CLIENT.to_owned(), format!("{LABEL}{}", of_pod("azure.workload.identity/tenant-id: t")), String::new(), "{}", "webhook-setting-misplaced"),
        // The label.
        (CLIENT.to_owned(), String::new(), String::new(), "{}", "azure-label-missing"),
        (CLIENT.to_owned(), LABEL.replace("true", "True"), String::new(), "{}", "azure-label-missing"),
        (CLIENT.to_owned(), LABEL.replace("true", "false"), String::new(), "{}", ""),
        (String::new(), of_pod("azure.workload.identity/use: \"true\""), String::new(), "{}", "azure-label-missing"),
        (CLIENT.to_owned(), String::new(), String::new(), r#"{"webhooks": {"azure": false}}"#, ""),
        // The client.
        (String::new(), LABEL.to_owned(), String::new(), "{}", "azure-client-id-missing"),
        (String::new(), LABEL.to_owned(), env(&["AZURE_CLIENT_ID"]), "{}", ""),
        (String::new(), format!("{LABEL}{}", of_pod("azure.workload.identity/skip-containers: main")), String::new(), "{}", "token-never-requested"),
        // Names to skip.
        (ROLE.to_owned(), of_pod("eks.amazonaws.com/skip-containers: \"side, main\""), String::new(), "{}", "skip-containers-unmatched"),
        (CLIENT.to_owned(), format!("{LABEL}{}", of_pod("azure.workload.identity/skip-containers: \"main,main\"")), String::new(), "{}", "skip-containers-unmatched"),
        (CLIENT.to_owned(), format!("{LABEL}{}", of_pod("azure.workload.identity/skip-containers: \" main ;\"")), String::new(), "{}", "token-never-requested"),
        // Seconds.
        (format!("{ROLE}    eks.amazonaws.com/token-expiration: \"1h\"\n"), String::new(), String::new(), "{}", "token-expiration-annotation"),
        (ROLE.to_owned(), of_pod("eks.amazonaws.com/token-expiration: \"60\""), String::new(), "{}", "token-expiration-annotation"),
        (ROLE.to_owned(), of_pod("eks.amazonaws.com/token-expiration: \"4294967297\""), String::new(), "{}", "token-expiration-out-of-range token-expiration-annotation"),
        (CLIENT.to_owned(), format!("{LABEL}{}", of_pod("azure.workload.identity/service-account-token-expiration: \"60\"")), String::new(), "{}", "token-expiration-annotation"),
        // The role.
        (ROLE.replace("arn:aws", "\"arn:aws").replace("/app\n", "/app \"\n"), String::new(), String::new(), "{}", "eks-role-arn-malformed"),
        (ROLE.replace("arn:aws:iam::111122223333:role/", ""), String::new(), String::new(), r#"{"webhooks": {"eks": {"composeRoleArn": {"partition": "aws", "accountId": "111122223333"}}}}"#, ""),
        (ROLE.to_owned(), "  labels:\n    eks.amazonaws.com/skip-pod-identity-webhook: \"\"\n".to_owned(), String::new(), "{}", "eks-role-unused"),
        (ROLE.to_owned(), String::new(), String::new(), r#"{"webhooks": {"eks": {"containerCredentials": {"identities": [{"namespace": "default", "serviceAccount": "app"}]}}}}"#, "eks-role-unused"),
        (ROLE.replace("role-arn", "role_arn"), String::new(), String::new(), "{}", "eks-annotation-unknown"),
        (ROLE.replace("eks.amazonaws.com/role-arn", "iam.amazonaws.com/role"), String::new(), String::new(), "{}", "eks-annotation-unknown"),
        (ROLE.to_owned(), String::new(), String::new(), r#"{"webhooks": {"eks": {"annotationPrefix": "iam.example"}}}"#, "eks-annotation-unknown"),
        // Variables.
        (ROLE.to_owned(), String::new(), env(&["AWS_ROLE_ARN"]), "{}", "eks-credentials-half-given"),
        (ROLE.to_owned(), String::new(), env(&["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]), "{}", "aws-static-keys-win"),
        // The token.
        (format!("{ROLE}    eks.amazonaws.com/audience: \"\"\n"), String::new(), String::new(), "{}", "eks-token-without-audience"),
        (String::new(), String::new(), String::new(), r#"{"webhooks": {"eks": {"configMap": {"default/app": {"RoleARN": "arn"}}}}}"#, "eks-token-without-audience"),
        (ROLE.to_owned(), String::new(), volume("      emptyDir: {}\n"), "{}", "eks-volume-taken"),
        (ROLE.to_owned(), String::new(), volume(&token("sts.amazonaws.com")), "{}", ""),
        (ROLE.to_owned(), String::new(), volume(&token("vault")), "{}", "aws-token-audience eks-volume-taken"),
        // A139.
        (ROLE.to_owned(), String::new(), "      securityContext: {runAsUser: 5}\n".to_owned(), r#"{"kubernetesVersion": "1.18"}"#, "token-unreadable"),
    ];
    for (account, pod, container, settings, expected) in table {
        let text = manifests(&account, &pod, &container);
        let codes: Vec<String> =
            findings(&text, settings).iter().map(|finding| finding.code.to_string()).collect();
        assert_eq!(codes.join(" "), expected, "{text}{settings}");
    }
}

#[test]
fn fixes_are_written_as_the_manifests_are() {
    let moved =
        "  annotations:\n    eks.amazonaws.com/role-arn: \"arn:aws:iam::111122223333:role/app\"\n";
    let json = |labels: &str| {
        format!(
            r#"{{"apiVersion": "v1", "kind": "List", "items": [
  {{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {{"name": "app", "annotations": {{"azure.workload.identity/client-id": "id"}}}}}},
  {{"apiVersion": "v1", "kind": "Pod", "metadata": {{"name": "web"{labels}}}, "spec": {{"serviceAccountName": "app", "containers": [{{"name": "c"}}]}}}}
]}}"#
        )
    };
    let skip = |names: &str| {
        manifests(
            ROLE,
            &format!("  annotations:\n    eks.amazonaws.com/skip-containers: {names}\n"),
            "    - name: side\n",
        )
    };
    let expiration = |value: &str| {
        manifests(
            CLIENT,
            &format!(
                "{LABEL}  annotations:\n    azure.workload.identity/service-account-token-expiration: {value} # odd\n"
            ),
            "",
        )
    };
    #[rustfmt::skip]
    let table = [
        // before, after
        (manifests("", ROLE, ""), manifests(moved, "  annotations:\n", "")),
        (manifests(CLIENT, "", ""), manifests(CLIENT, LABEL, "")),
        (manifests(CLIENT, "  labels: {}\n", ""), manifests(CLIENT, "  labels: {\"azure.workload.identity/use\": \"true\"}\n", "")),
        (manifests(CLIENT, "  labels:\n    app: web # mine\n", ""), manifests(CLIENT, "  labels:\n    app: web # mine\n    azure.workload.identity/use: \"true\"\n", "")),
        (manifests(CLIENT, &LABEL.replace("\"true\"", "'True'"), ""), manifests(CLIENT, LABEL, "")),
        (manifests(CLIENT, &LABEL.replace('"', ""), ""), manifests(CLIENT, LABEL, "")),
        (json(""), json(r#", "labels": {"azure.workload.identity/use": "true"}"#)),
        (json(r#", "labels": {"a": "b"}"#), json(r#", "labels": {"a": "b", "azure.workload.identity/use": "true"}"#)),
        (skip("' side'"), skip("\"side\"")),
        (expiration("\"60\""), expiration("\"3600\"")),
        (expiration("\"90000\""), expiration("\"86400\"")),
        (manifests(&ROLE.replace("role-arn", "roleArn"), "", ""), manifests(&ROLE.replace("eks.amazonaws.com/role-arn", "\"eks.amazonaws.com/role-arn\""), "", "")),
        (manifests(&ROLE.replace("/app\n", "/app\\\n"), "", ""), manifests(&ROLE.replace("arn:aws", "\"arn:aws").replace("/app\n", "/app\"\n"), "", "")),
    ];
    for (before, after) in table {
        let found = findings(&before, "{}");
        let fixes: Vec<_> = found.iter().flat_map(|finding| &finding.fixes).collect();
        assert_eq!(fixes.len(), 1, "{before}\n{found:?}");
        assert_eq!(applied(&before, fixes[0]), after);
    }
}
