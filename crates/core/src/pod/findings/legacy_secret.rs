//! `legacy-secret-token`: the pod uses the token of a Secret of type `kubernetes.io/service-account-token` (K93).

use std::collections::HashSet;

use super::super::spec::{Pod, list, member, text};
use super::Subject;
use crate::document::Node;
use crate::objects::Object;
use crate::trace::{Finding, Severity};

/// The type of Secrets that hold such a token.
const TYPE: &str = "kubernetes.io/service-account-token";
/// The key in which they hold it.
const KEY: &str = "token";

/// Once for each Secret, at the first place that names it.
pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let mut seen = HashSet::new();
    let places = uses(subject.pod).into_iter();
    places
        .filter(|(name, _)| is_token_secret(subject, name) && seen.insert(*name))
        .map(|(name, pointer)| {
            let title = format!("Uses the legacy token of Secret {name}");
            let detail = "Such a token has no expiry, no audience and no pod: it works until the Secret or \
                the ServiceAccount is deleted, wherever a copy of it has gone. A serviceAccountToken \
                projection gives the pod a token that is renewed and ends with the pod; for outside callers \
                ask TokenRequest for a short one.";
            Finding::new("legacy-secret-token", Severity::Security, title, detail)
                .at(subject.template.span(&pointer))
                .rule("K93")
        })
        .collect()
}

fn is_token_secret(subject: &Subject<'_>, name: &str) -> bool {
    let namespace = subject.pod.metadata("namespace");
    let manifests = subject.manifests;
    let mut known = [&manifests.objects, &manifests.live].into_iter();
    let secret: Option<&Object> = known.find_map(|objects| objects.find("Secret", namespace, name));
    secret.and_then(|secret| secret.node.get("type")).and_then(Node::as_str) == Some(TYPE)
}

/// The Secrets whose key `token` comes into a container, and the JSON pointers of their names.
fn uses(pod: Pod<'_>) -> Vec<(&str, String)> {
    let takes_token = |source| {
        let items = list(source, "items");
        items.is_empty() || items.iter().any(|item| text(item, "key") == KEY)
    };
    let mut uses = Vec::new();
    for volume in pod.volumes() {
        let at = volume.pointer();
        if let Some(secret) = member(volume.value, "secret").filter(|secret| takes_token(secret)) {
            uses.push((text(secret, "secretName"), format!("{at}/secret/secretName")));
        }
        for (index, source) in volume.sources().iter().enumerate() {
            if let Some(secret) = member(source, "secret").filter(|secret| takes_token(secret)) {
                let pointer = format!("{at}/projected/sources/{index}/secret/name");
                uses.push((text(secret, "name"), pointer));
            }
        }
    }
    for container in pod.containers() {
        let at = container.pointer();
        for (index, variable) in list(container.value, "env").iter().enumerate() {
            let reference = variable.pointer("/valueFrom/secretKeyRef");
            if let Some(key) = reference.filter(|key| text(key, "key") == KEY) {
                let pointer = format!("{at}/env/{index}/valueFrom/secretKeyRef/name");
                uses.push((text(key, "name"), pointer));
            }
        }
        for (index, source) in list(container.value, "envFrom").iter().enumerate() {
            if let Some(secret) = member(source, "secretRef") {
                let pointer = format!("{at}/envFrom/{index}/secretRef/name");
                uses.push((text(secret, "name"), pointer));
            }
        }
    }
    uses
}
