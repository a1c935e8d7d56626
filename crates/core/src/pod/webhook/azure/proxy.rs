//! The proxy that answers an application's calls to the instance metadata service: an init container that redirects
//! them, and the sidecar (Z21 to Z24).

use serde_json::{Value, json};

use crate::cluster::{AzureWebhook, Cluster};
use crate::go;
use crate::pod::patch::Patcher;
use crate::pod::spec::{ContainerList, Pod, member};
use crate::version::Version;

/// Asks for the proxy, whatever its value (Z21).
const INJECT: &str = "azure.workload.identity/inject-proxy-sidecar";
const PORT: &str = "azure.workload.identity/proxy-sidecar-port";
const DEFAULT_PORT: i64 = 8000;
const INIT_NAME: &str = "azwi-proxy-init";
const NAME: &str = "azwi-proxy";
/// Where upstream publishes the proxy's images, and the newest release.
const REGISTRY: &str = "mcr.microsoft.com/oss/azure/workload-identity";
const NEWEST: &str = "v1.6.0";
/// The log level of upstream's manifests; the proxy takes over the webhook's.
const LOG_LEVEL: &str = "info";
/// The first API server that gets a native sidecar (Z23).
const NATIVE_SIDECARS: Version = Version::new(1, 32);

/// The port of the proxy that the pod asks for, `None` if it asks for none; the error denies the pod (Z22).
pub(super) fn wanted(pod: Pod<'_>) -> Result<Option<i64>, String> {
    if pod.annotation(INJECT).is_none() {
        return Ok(None);
    }
    let host_network = member(pod.spec(), "hostNetwork").and_then(Value::as_bool);
    if host_network == Some(true) {
        return Err("hostNetwork is set to true, cannot inject proxy sidecar".to_owned());
    }
    let Some(text) = pod.annotation(PORT) else { return Ok(Some(DEFAULT_PORT)) };
    // No range is checked but that of 32 bits.
    let port = go::parse_int(text).and_then(|port| match i32::try_from(port) {
        Ok(_) => Ok(port),
        Err(_) => Err(go::NotANumber::Range),
    });
    let refused = |error: go::NotANumber| {
        format!("failed to parse proxy sidecar port: {}", error.message(text))
    };
    port.map(Some).map_err(refused)
}

/// Adds both, each unless the list it goes into has one of that name (Z23).
pub(super) fn add(
    patcher: &mut Patcher<'_>,
    settings: &AzureWebhook,
    cluster: &Cluster,
    port: i64,
) {
    let has = |patcher: &Patcher<'_>, list, name| {
        Pod(patcher.pod()).containers_of(list).iter().any(|container| container.name() == name)
    };
    if !has(patcher, ContainerList::Init, INIT_NAME) {
        patcher.append("/spec", ContainerList::Init.member(), init_container(settings, port));
    }
    let native = is_native(settings, cluster);
    let list = if native { ContainerList::Init } else { ContainerList::Regular };
    if !has(patcher, list, NAME) {
        patcher.insert("/spec", list.member(), 0, sidecar(settings, port, native));
    }
}

/// Z23: told by the version of the API server.
fn is_native(settings: &AzureWebhook, cluster: &Cluster) -> bool {
    settings.native_sidecar.unwrap_or_else(|| cluster.version() >= NATIVE_SIDECARS)
}

fn image(given: &Option<String>, settings: &AzureWebhook, name: &str) -> String {
    match given.as_deref() {
        Some(image) if !image.is_empty() => image.to_owned(),
        _ => format!("{REGISTRY}/{name}:{}", release(settings)),
    }
}

/// The tag of the webhook's own release.
fn release(settings: &AzureWebhook) -> String {
    match settings.version.as_deref().map(|version| version.trim_start_matches('v')) {
        None | Some("1.6" | "") => NEWEST.to_owned(),
        Some("1.5") => "v1.5.1".to_owned(),
        Some(version) => format!("v{version}"),
    }
}

/// Z24.
fn init_container(settings: &AzureWebhook, port: i64) -> Value {
    json!({
        "name": INIT_NAME,
        "image": image(&settings.proxy_init_image, settings, "proxy-init"),
        "env": [{ "name": "PROXY_PORT", "value": port.to_string() }],
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {
            "capabilities": { "add": ["NET_ADMIN"], "drop": ["ALL"] },
            "privileged": true,
            "runAsUser": 0,
            "runAsNonRoot": false,
        },
    })
}

/// Z24.
fn sidecar(settings: &AzureWebhook, port: i64, native: bool) -> Value {
    let level = settings.log_level.as_deref().unwrap_or(LOG_LEVEL);
    let (port_flag, level_flag) = (format!("--proxy-port={port}"), format!("--log-level={level}"));
    let command = json!(["/proxy", port_flag, "--probe", level_flag]);
    let mut container = json!({
        "name": NAME,
        "image": image(&settings.proxy_image, settings, "proxy"),
        "args": [port_flag, level_flag],
        "ports": [{ "containerPort": port }],
        "imagePullPolicy": "IfNotPresent",
        "lifecycle": { "postStart": { "exec": { "command": command } } },
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": { "drop": ["ALL"] },
            "privileged": false,
            "readOnlyRootFilesystem": true,
            "runAsNonRoot": true,
        },
    });
    if let (true, Some(members)) = (native, container.as_object_mut()) {
        members.insert("restartPolicy".to_owned(), json!("Always"));
    }
    container
}
