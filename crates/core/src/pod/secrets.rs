//! Which Secrets a pod names, and the limit that an account may set on them.
//!
//! Source: `plugin/pkg/admission/serviceaccount/admission.go` `limitSecretReferences`,
//! `pkg/api/pod/util.go` `VisitPodSecretNames`.

use std::collections::HashSet;

use serde_json::Value;

use super::manifest::Account;
use super::spec::{Container, ContainerList, Pod, list, member, text};

/// Where a volume may name a Secret: the path of the name in the volume.
const IN_VOLUMES: [&[&str]; 10] = [
    &["azureFile", "secretName"],
    &["cephfs", "secretRef", "name"],
    &["cinder", "secretRef", "name"],
    &["csi", "nodePublishSecretRef", "name"],
    &["flexVolume", "secretRef", "name"],
    &["iscsi", "secretRef", "name"],
    &["rbd", "secretRef", "name"],
    &["scaleIO", "secretRef", "name"],
    &["secret", "secretName"],
    &["storageos", "secretRef", "name"],
];

/// Whether the pod names a Secret anywhere (K76); an empty name is none (`skipEmptyNames`).
pub(super) fn references_any(pod: Pod<'_>) -> bool {
    let named =
        |value: Option<&Value>| value.and_then(Value::as_str).is_some_and(|n| !n.is_empty());
    let in_volume = |volume: &Value| {
        IN_VOLUMES
            .iter()
            .any(|path| named(path.iter().try_fold(volume, |value, name| member(value, name))))
    };
    let in_container = |container: &Container<'_>| {
        let env = list(container.value, "env").iter();
        let keys = env.filter_map(|variable| variable.pointer("/valueFrom/secretKeyRef/name"));
        let sources = list(container.value, "envFrom").iter();
        let whole = sources.filter_map(|source| source.pointer("/secretRef/name"));
        keys.chain(whole).any(|name| named(Some(name)))
    };
    list(pod.spec(), "imagePullSecrets").iter().any(|secret| named(member(secret, "name")))
        || pod.containers().iter().any(in_container)
        || pod.volumes().any(|volume| {
            let mut sources = volume.sources().iter();
            in_volume(volume.value) || sources.any(|s| named(s.pointer("/secret/name")))
        })
}

/// K77: an account annotated `kubernetes.io/enforce-mountable-secrets` allows only the Secrets it lists.
/// The first one beyond that.
pub(super) fn limit(pod: Pod<'_>, account: Account<'_>) -> Option<String> {
    if !account.enforces_mountable_secrets() {
        return None;
    }
    let allowed: HashSet<&str> = account.secrets().into_iter().collect();
    let beyond = |name: &str| !allowed.contains(name);
    let tail = format!(
        "is not allowed because service account {} does not reference that",
        account.name()
    );
    let secret =
        |what: &str, name: &str| format!("{what} secret.secretName=\"{name}\" {tail} secret");
    for volume in pod.volumes() {
        let source = member(volume.value, "secret").map(|secret| text(secret, "secretName"));
        if let Some(name) = source.filter(|name| beyond(name)) {
            return Some(secret("volume with", name));
        }
    }
    for (list_kind, what) in
        [(ContainerList::Init, "init container"), (ContainerList::Regular, "container")]
    {
        for container in pod.containers_of(list_kind) {
            if let Some((how, name)) = references(container).into_iter().find(|(_, n)| beyond(n)) {
                return Some(secret(
                    &format!("{what} {} with {how} referencing", container.name()),
                    name,
                ));
            }
        }
    }
    let pull: HashSet<&str> = account.pull_secrets().into_iter().collect();
    let names = list(pod.spec(), "imagePullSecrets").iter().map(|secret| text(secret, "name"));
    let (at, name) = names.enumerate().find(|(_, name)| !pull.contains(name))?;
    Some(format!("imagePullSecrets[{at}].name=\"{name}\" {tail} imagePullSecret"))
}

/// How a container names Secrets, and which: variables first.
fn references<'a>(container: Container<'a>) -> Vec<(String, &'a str)> {
    let variables = list(container.value, "env").iter().filter_map(|variable| {
        let reference = member(member(variable, "valueFrom")?, "secretKeyRef")?;
        Some((format!("envVar {}", text(variable, "name")), text(reference, "name")))
    });
    let sources = list(container.value, "envFrom").iter().filter_map(|source| {
        Some(("envFrom".to_owned(), text(member(source, "secretRef")?, "name")))
    });
    variables.chain(sources).collect()
}
