//! amazon-eks-pod-identity-webhook: IAM roles for ServiceAccounts, and EKS Pod Identity.
//!
//! Source: `github.com/aws/amazon-eks-pod-identity-webhook` at 3bf80a34, `pkg/handler/handler.go`.

mod csv;
mod settings;

use serde_json::{Value, json};

pub(in crate::pod) use self::csv::first_record;
pub(in crate::pod) use self::settings::{Injects, Mode, annotation, injects};
use crate::cluster::EksWebhook;
use crate::pod::manifest::Account;
use crate::pod::patch::Patcher;
use crate::pod::path::clean;
use crate::pod::spec::{Container, ContainerList, Pod, list, member, text};

/// How `injected` calls it.
pub(in crate::pod) const NAME: &str = "eks-pod-identity-webhook";
/// The pod's way out, a label with any value; its domain is fixed (A131).
pub(in crate::pod) const OPT_OUT: &str = "eks.amazonaws.com/skip-pod-identity-webhook";
/// The label that marks a pod of EKS Pod Identity (A160).
const POD_IDENTITY: &str = "eks.amazonaws.com/pod-identity";

/// A call on CREATE: the patch, empty if nothing is to change. It never denies (A130).
///
/// The webhook replaces both lists of containers as a whole (A140); here each change is an operation of its own,
/// which comes to the same.
pub(super) fn call(flags: &EksWebhook, account: Account<'_>, pod: &mut Value) -> Vec<Value> {
    if Pod(pod).label(OPT_OUT).is_some() {
        return Vec::new();
    }
    let Some(injects) = injects(flags, Pod(pod), account) else { return Vec::new() };
    let mut patcher = Patcher::new(pod);
    add_volume(&mut patcher, &injects);
    let file = token_file(&injects, Pod(patcher.pod()));
    add_to_containers(&mut patcher, &injects, &file);
    if matches!(injects.mode, Mode::PodIdentity(_)) {
        add_label(&mut patcher);
    }
    patcher.into_operations()
}

/// A136: first in the list, unless a volume of that name is there, whatever it is.
fn add_volume(patcher: &mut Patcher<'_>, injects: &Injects) {
    if Pod(patcher.pod()).volumes().any(|volume| volume.name() == injects.volume) {
        return;
    }
    let mut token = json!({
        "audience": injects.audience,
        "expirationSeconds": injects.expiration,
        "path": injects.token_path,
    });
    if let (true, Some(token)) = (injects.audience.is_empty(), token.as_object_mut()) {
        token.remove("audience");
    }
    let sources = json!([{ "serviceAccountToken": token }]);
    let volume = json!({ "name": injects.volume, "projected": { "sources": sources } });
    patcher.insert("/spec", "volumes", 0, volume);
}

/// The value of the token variable (A135): a cleaned path, on Windows with backslashes behind a blind `C:` (A138).
fn token_file(injects: &Injects, pod: Pod<'_>) -> String {
    let file = if injects.mount_path.is_empty() {
        clean(&injects.token_path)
    } else {
        clean(&format!("{}/{}", injects.mount_path, injects.token_path))
    };
    if is_windows(pod) { format!("C:{}", file.replace('/', "\\")) } else { file }
}

/// A138: by the node selector alone.
fn is_windows(pod: Pod<'_>) -> bool {
    let selector = member(pod.spec(), "nodeSelector").unwrap_or(&Value::Null);
    ["kubernetes.io/os", "beta.kubernetes.io/os"].iter().any(|key| text(selector, key) == "windows")
}

/// A137, for every container that is not skipped: init containers too, ephemeral ones not.
fn add_to_containers(patcher: &mut Patcher<'_>, injects: &Injects, file: &str) {
    let pod = Pod(patcher.pod());
    let additions: Vec<Additions> = [ContainerList::Regular, ContainerList::Init]
        .into_iter()
        .flat_map(|list| pod.containers_of(list))
        .filter(|container| !injects.skip.contains(container.name()))
        .filter_map(|container| Additions::to(container, injects, file))
        .collect();
    for Additions { container, variables, mount } in additions {
        for (name, value) in variables {
            patcher.append(&container, "env", json!({ "name": name, "value": value }));
        }
        if let Some(mount) = mount {
            patcher.append(&container, "volumeMounts", mount);
        }
    }
}

/// What is appended to one container.
struct Additions {
    /// JSON pointer in the pod.
    container: String,
    variables: Vec<(&'static str, String)>,
    mount: Option<Value>,
}

impl Additions {
    /// `None` for a container that has all it needs, which is then left wholly alone.
    fn to(container: Container<'_>, injects: &Injects, file: &str) -> Option<Self> {
        let variables = variables(container, injects, file)?;
        // Equal paths are not looked for.
        let is_mounted = container.mounts().any(|mount| mount.volume() == injects.volume);
        let mount = (!is_mounted).then(
            || json!({ "name": injects.volume, "readOnly": true, "mountPath": injects.mount_path }),
        );
        Some(Self { container: container.pointer(), variables, mount })
    }
}

/// What is appended to the variables, of which only the names are looked at.
fn variables(
    container: Container<'_>,
    injects: &Injects,
    file: &str,
) -> Option<Vec<(&'static str, String)>> {
    let given = |names: &[&str]| {
        list(container.value, "env").iter().any(|variable| names.contains(&text(variable, "name")))
    };
    let (names, source) = match &injects.mode {
        Mode::Role(role) => (["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"], role),
        Mode::PodIdentity(address) => (
            ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"],
            address,
        ),
    };
    let (credentials, region, endpoints) = (
        given(&names),
        given(&["AWS_REGION", "AWS_DEFAULT_REGION"]),
        given(&["AWS_STS_REGIONAL_ENDPOINTS"]),
    );
    if credentials && region && endpoints {
        return None;
    }
    let mut added = Vec::new();
    if injects.regional && !endpoints {
        added.push(("AWS_STS_REGIONAL_ENDPOINTS", "regional".to_owned()));
    }
    if !injects.region.is_empty() && !region {
        added.extend(["AWS_DEFAULT_REGION", "AWS_REGION"].map(|n| (n, injects.region.clone())));
    }
    // One of the pair suppresses both.
    if !credentials {
        added.extend(names.into_iter().zip([source.clone(), file.to_owned()]));
    }
    Some(added)
}

/// A160: it overwrites, and is set even if every container is skipped.
fn add_label(patcher: &mut Patcher<'_>) {
    let pod = Pod(patcher.pod());
    if pod.label(POD_IDENTITY) == Some("enabled") {
        return;
    }
    if patcher.pod().pointer("/metadata/labels").is_some_and(Value::is_object) {
        patcher.set("/metadata/labels", POD_IDENTITY, json!("enabled"));
    } else {
        patcher.set("/metadata", "labels", json!({ POD_IDENTITY: "enabled" }));
    }
}
