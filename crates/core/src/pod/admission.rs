//! The ServiceAccount admission plugin on CREATE of a pod: which account, whether its token is mounted, and
//! what it forbids. One function a step, in the plugin's order.
//!
//! The plugin, not the kubelet, adds the volume: it is in the Pod that is stored and not in the template that
//! the Pod is made of, and a later edit is not looked at again (K73).
//!
//! Source: `plugin/pkg/admission/serviceaccount/admission.go` (Kubernetes 1.36).

use serde_json::{Value, json};

use super::manifest::Account;
use super::patch::Patcher;
use super::secrets;
use super::spec::{ContainerList, Pod, list, member, text};
use crate::trace::ProviderError;

/// How `injected` calls this plugin.
pub(crate) const NAME: &str = "serviceaccount-admission";
/// Where the injected token is mounted (`DefaultAPITokenMountPath`).
pub(super) const TOKEN_MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// How the injected volume's name begins (`ServiceAccountVolumeName`).
const VOLUME_PREFIX: &str = "kube-api-access-";
/// Five characters that chance draws (K70).
const GENERATED: &str = "xxxxx";
/// Seconds the injected token is asked for: the number that the API server may extend to a year (K17, K69).
const INJECTED_EXPIRATION: u32 = 3607;

/// What became of the pod.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) patch: Vec<Value>,
    pub(super) rejected: Option<ProviderError>,
}

/// Runs the plugin over `pod`; `account` looks a ServiceAccount of the pod's namespace up by name.
pub(super) fn admit<'a>(pod: &mut Value, account: impl Fn(&str) -> Account<'a>) -> Outcome {
    if Pod(pod).is_mirror() {
        let rejected = mirror_pod_refusal(Pod(pod)).map(|text| forbidden(Pod(pod), text));
        return Outcome { patch: Vec::new(), rejected };
    }
    let mut patcher = Patcher::new(pod);
    default_account(&mut patcher);
    let account = account(Pod(patcher.pod()).service_account());
    if matches!(account, Account::Missing) {
        let rejected = missing_account(Pod(patcher.pod()));
        return Outcome { patch: patcher.into_operations(), rejected: Some(rejected) };
    }
    if should_automount(Pod(patcher.pod()), account) {
        mount_token(&mut patcher);
    }
    copy_pull_secrets(&mut patcher, account);
    let pod = Pod(patcher.pod());
    let rejected = secrets::limit(pod, account).map(|text| forbidden(pod, text));
    Outcome { patch: patcher.into_operations(), rejected }
}

/// `NewForbidden`: a generated name does not exist yet, so its prefix is named.
fn forbidden(pod: Pod<'_>, text: String) -> ProviderError {
    let message = format!("pods \"{}\" is forbidden: {text}", pod.name_or_prefix());
    ProviderError::known("Forbidden", message).status(403)
}

/// K67: a pod that names no account gets `default`.
fn default_account(patcher: &mut Patcher<'_>) {
    if Pod(patcher.pod()).service_account().is_empty() {
        patcher.set("/spec", "serviceAccountName", json!("default"));
    }
}

/// K67.
fn missing_account(pod: Pod<'_>) -> ProviderError {
    let (namespace, name) = (pod.metadata("namespace"), pod.service_account());
    let text = format!(
        "error looking up service account {namespace}/{name}: serviceaccount \"{name}\" not found"
    );
    forbidden(pod, text)
}

/// K68: the pod decides, then the account, else yes.
pub(super) fn should_automount(pod: Pod<'_>, account: Account<'_>) -> bool {
    let of = |value: &Value| member(value, "automountServiceAccountToken").and_then(Value::as_bool);
    of(pod.spec()).or_else(|| account.automount()).unwrap_or(true)
}

/// Every init and regular container gets the mount unless it has one at that very path (K71); the volume is
/// added if one got it (K72), and a volume whose name begins alike is taken for it whatever it holds (K70).
fn mount_token(patcher: &mut Patcher<'_>) {
    let pod = Pod(patcher.pod());
    let existing = pod.volumes().map(|volume| volume.name().to_owned());
    let existing = existing.into_iter().find(|name| name.starts_with(VOLUME_PREFIX));
    let name = existing.clone().unwrap_or_else(|| format!("{VOLUME_PREFIX}{GENERATED}"));
    let targets: Vec<String> = [ContainerList::Init, ContainerList::Regular]
        .into_iter()
        .flat_map(|list| pod.containers_of(list))
        .filter(|container| !container.mounts().any(|mount| mount.path() == TOKEN_MOUNT_PATH))
        .map(|container| container.pointer())
        .collect();
    for container in &targets {
        let mount = json!({ "name": name, "readOnly": true, "mountPath": TOKEN_MOUNT_PATH });
        patcher.append(container, "volumeMounts", mount);
    }
    if existing.is_none() && !targets.is_empty() {
        patcher.append("/spec", "volumes", token_volume(&name));
    }
}

/// K69.
fn token_volume(name: &str) -> Value {
    let namespace = json!({ "apiVersion": "v1", "fieldPath": "metadata.namespace" });
    json!({
        "name": name,
        "projected": {
            "defaultMode": 0o644,
            "sources": [
                { "serviceAccountToken": { "expirationSeconds": INJECTED_EXPIRATION, "path": "token" } },
                { "configMap": { "name": "kube-root-ca.crt", "items": [{ "key": "ca.crt", "path": "ca.crt" }] } },
                { "downwardAPI": { "items": [{ "path": "namespace", "fieldRef": namespace }] } },
            ],
        },
    })
}

/// K75: only for a pod without any; names only.
fn copy_pull_secrets(patcher: &mut Patcher<'_>, account: Account<'_>) {
    if !list(Pod(patcher.pod()).spec(), "imagePullSecrets").is_empty() {
        return;
    }
    let secrets: Vec<Value> =
        account.pull_secrets().into_iter().map(|name| json!({ "name": name })).collect();
    if !secrets.is_empty() {
        patcher.set("/spec", "imagePullSecrets", Value::Array(secrets));
    }
}

/// K76: why a mirror pod is refused.
fn mirror_pod_refusal(pod: Pod<'_>) -> Option<String> {
    let projects_token = || pod.volumes().any(|volume| volume.token_sources().next().is_some());
    let refusal = match () {
        () if !text(pod.spec(), "serviceAccountName").is_empty() => "reference service accounts",
        () if secrets::references_any(pod) => "reference secrets",
        () if projects_token() => "use ServiceAccountToken volume projections",
        () => return None,
    };
    Some(format!("a mirror pod may not {refusal}"))
}
