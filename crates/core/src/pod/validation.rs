//! What the API server refuses in a pod, as far as its tokens are concerned: volumes, projections, mounts,
//! and what stands in their way. In its order: volumes, containers, init containers; within a container
//! ports, then variables, then mounts (K81).
//!
//! Source: `pkg/apis/core/validation/validation.go` (Kubernetes 1.36).

use std::collections::HashSet;

use serde_json::Value;

use super::field_error::FieldErrors;
use super::spec::{Container, ContainerList, Mount, Pod, Volume, list, member, text};
use super::{object_meta, projection};
use crate::trace::ProviderError;

/// Volume kinds in the order in which they are looked at, each as its error names it (the API server
/// misspells one). The first that is there counts; every further one is refused.
const VOLUME_KINDS: [(&str, &str); 30] = [
    ("emptyDir", "emptyDir"),
    ("hostPath", "hostPath"),
    ("gitRepo", "gitRepo"),
    ("gcePersistentDisk", "gcePersistentDisk"),
    ("awsElasticBlockStore", "awsElasticBlockStore"),
    ("secret", "secret"),
    ("nfs", "nfs"),
    ("iscsi", "iscsi"),
    ("glusterfs", "glusterfs"),
    ("flocker", "flocker"),
    ("persistentVolumeClaim", "persistentVolumeClaim"),
    ("rbd", "rbd"),
    ("cinder", "cinder"),
    ("cephfs", "cephFS"),
    ("quobyte", "quobyte"),
    ("downwardAPI", "downwarAPI"),
    ("fc", "fc"),
    ("flexVolume", "flexVolume"),
    ("configMap", "configMap"),
    ("azureFile", "azureFile"),
    ("vsphereVolume", "vsphereVolume"),
    ("photonPersistentDisk", "photonPersistentDisk"),
    ("portworxVolume", "portworxVolume"),
    ("azureDisk", "azureDisk"),
    ("storageos", "storageos"),
    ("projected", "projected"),
    ("scaleIO", "scaleIO"),
    ("csi", "csi"),
    ("ephemeral", "ephemeral"),
    ("image", "image"),
];

/// The first refusal: all field errors in one message, or `None`.
pub(super) fn validate(pod: Pod<'_>) -> Option<ProviderError> {
    let mut errors = FieldErrors::default();
    object_meta::validate(pod, &mut errors);
    let volumes = valid_volumes(pod, &mut errors);
    if pod.containers_of(ContainerList::Regular).is_empty() {
        errors.required("spec.containers");
    }
    let mut names = HashSet::new();
    for list in [ContainerList::Regular, ContainerList::Init] {
        for container in pod.containers_of(list) {
            validate_ports(container, &mut errors);
            validate_variables(container, &mut errors);
            validate_mounts(container, &volumes, &mut errors);
            validate_devices(container, &mut errors);
            validate_container_name(container, &mut names, &mut errors);
        }
    }
    validate_windows(pod, &mut errors);
    token_without_account(pod, &mut errors);
    if !pod.containers_of(ContainerList::Ephemeral).is_empty() {
        errors.forbidden("spec.ephemeralContainers", "cannot be set on create");
    }
    errors.into_error(&pod.final_name())
}

/// `ValidateVolumes`: the names of the volumes without error; only these count as found (K79).
fn valid_volumes<'a>(pod: Pod<'a>, errors: &mut FieldErrors) -> HashSet<&'a str> {
    let mut names = HashSet::new();
    for volume in pod.volumes() {
        let before = errors.len();
        let field = format!("spec.volumes[{}]", volume.at);
        validate_source(volume, &field, errors);
        let name_field = format!("{field}.name");
        if volume.name().is_empty() {
            errors.required(&name_field);
        } else {
            validate_label(volume.name(), &name_field, errors);
        }
        if names.contains(volume.name()) {
            errors.duplicate(&name_field, volume.name());
        }
        if errors.len() == before {
            names.insert(volume.name());
        }
    }
    names
}

/// One kind per volume.
fn validate_source(volume: Volume<'_>, field: &str, errors: &mut FieldErrors) {
    let present = VOLUME_KINDS.iter().filter(|(kind, _)| member(volume.value, kind).is_some());
    for (at, (kind, named)) in present.enumerate() {
        if at > 0 {
            errors
                .forbidden(&format!("{field}.{named}"), "may not specify more than 1 volume type");
        } else if *kind == "projected" {
            projection::validate(volume, &format!("{field}.projected"), errors);
        }
    }
}

/// RFC 1123 label.
fn validate_label(name: &str, field: &str, errors: &mut FieldErrors) {
    const MAX: usize = 63;
    const DETAIL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or \
        '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex \
        used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
    if name.len() > MAX {
        errors.invalid(field, name, "must be no more than 63 bytes");
    }
    let outer =
        |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = name.as_bytes();
    let inner = bytes.iter().all(|byte| outer(Some(byte)) || *byte == b'-');
    if !(inner && outer(bytes.first()) && outer(bytes.last())) {
        errors.invalid(field, name, DETAIL);
    }
}

/// `validateContainerPorts`, the numbers only.
fn validate_ports(container: Container<'_>, errors: &mut FieldErrors) {
    for (at, port) in list(container.value, "ports").iter().enumerate() {
        let field = format!("{}.ports[{at}].containerPort", container.field());
        match member(port, "containerPort") {
            None => errors.required(&field),
            Some(value) => match value.as_i64() {
                Some(0) => errors.required(&field),
                Some(1..=65_535) => {}
                _ => {
                    let detail = "must be between 1 and 65535, inclusive";
                    errors.invalid_number(&field, value, detail);
                }
            },
        }
    }
}

/// `validateEnvVarValueFrom`: from where a value comes. A webhook that does not know `fileKeyRef` leaves none (Z19).
fn validate_variables(container: Container<'_>, errors: &mut FieldErrors) {
    const SOURCES: [&str; 5] =
        ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];
    const NONE: &str = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or \
        `fileKeyRef`";
    for (at, variable) in list(container.value, "env").iter().enumerate() {
        let Some(from) = member(variable, "valueFrom") else { continue };
        let field = format!("{}.env[{at}].valueFrom", container.field());
        match SOURCES.iter().filter(|source| member(from, source).is_some()).count() {
            0 => errors.invalid(&field, "", NONE),
            _ if !text(variable, "value").is_empty() => {
                errors.invalid(&field, "", "may not be specified when `value` is not empty");
            }
            1 => {}
            _ => errors.invalid(&field, "", "may not have more than one field specified at a time"),
        }
    }
}

/// `validateWindows`, the containers: what a proxy that a webhook adds has cannot be set there (Z24).
fn validate_windows(pod: Pod<'_>, errors: &mut FieldErrors) {
    const LINUX_ONLY: [&str; 10] = [
        "appArmorProfile",
        "seLinuxOptions",
        "seccompProfile",
        "capabilities",
        "readOnlyRootFilesystem",
        "privileged",
        "allowPrivilegeEscalation",
        "procMount",
        "runAsUser",
        "runAsGroup",
    ];
    if member(pod.spec(), "os").is_none_or(|os| text(os, "name") != "windows") {
        return;
    }
    for container in pod.containers() {
        let Some(security) = member(container.value, "securityContext") else { continue };
        for name in LINUX_ONLY.iter().filter(|name| member(security, name).is_some()) {
            let field = format!("{}.securityContext.{name}", container.field());
            errors.forbidden(&field, "cannot be set for a windows pod");
        }
    }
}

/// `ValidateVolumeMounts`.
fn validate_mounts(container: Container<'_>, volumes: &HashSet<&str>, errors: &mut FieldErrors) {
    let mut paths = HashSet::new();
    let devices = list(container.value, "volumeDevices");
    let of_devices =
        |member| devices.iter().map(|device| text(device, member)).collect::<HashSet<_>>();
    let (device_names, device_paths) = (of_devices("name"), of_devices("devicePath"));
    for mount in container.mounts() {
        let field = format!("{}.volumeMounts[{}]", container.field(), mount.at);
        if mount.volume().is_empty() {
            errors.required(&format!("{field}.name"));
        }
        if !volumes.contains(mount.volume()) {
            errors.not_found(&format!("{field}.name"), mount.volume());
        }
        let path_field = format!("{field}.mountPath");
        if mount.path().is_empty() {
            errors.required(&path_field);
        }
        if !paths.insert(mount.path()) {
            errors.invalid(&path_field, mount.path(), "must be unique");
        }
        if device_names.contains(mount.volume()) {
            let detail = "must not already exist in volumeDevices";
            errors.invalid(&format!("{field}.name"), mount.volume(), detail);
        }
        if device_paths.contains(mount.path()) {
            let detail = "must not already exist as a path in volumeDevices";
            errors.invalid(&path_field, mount.path(), detail);
        }
        validate_sub_paths(mount, &field, errors);
    }
}

/// The errors of a bad subPath name the list, not the mount.
fn validate_sub_paths(mount: Mount<'_>, field: &str, errors: &mut FieldErrors) {
    let of_list = |member: &str| format!("{}.volumeMounts.{member}", mount.container.field());
    let (path, expression) = (mount.sub_path(), mount.sub_path_expr());
    if !path.is_empty() {
        descending_path(path, &of_list("subPath"), errors);
    }
    if !expression.is_empty() {
        if !path.is_empty() {
            let detail = "subPathExpr and subPath are mutually exclusive";
            errors.invalid(&format!("{field}.subPathExpr"), expression, detail);
        }
        descending_path(expression, &of_list("subPathExpr"), errors);
    }
}

/// `validateLocalDescendingPath`: relative, and no element `..`.
pub(super) fn descending_path(path: &str, field: &str, errors: &mut FieldErrors) {
    if path.starts_with('/') {
        errors.invalid(field, path, "must be a relative path");
    }
    if path.split('/').any(|element| element == "..") {
        errors.invalid(field, path, "must not contain '..'");
    }
}

/// `ValidateVolumeDevices`, as far as it meets mounts.
fn validate_devices(container: Container<'_>, errors: &mut FieldErrors) {
    let mounted: HashSet<&str> = container.mounts().map(Mount::path).collect();
    for (at, device) in list(container.value, "volumeDevices").iter().enumerate() {
        let path = text(device, "devicePath");
        if mounted.contains(path) {
            let field = format!("{}.volumeDevices[{at}].devicePath", container.field());
            errors.invalid(&field, path, "must not already exist as a path in volumeMounts");
        }
    }
}

/// Names are unique among regular and init containers together.
fn validate_container_name<'a>(
    container: Container<'a>,
    names: &mut HashSet<&'a str>,
    errors: &mut FieldErrors,
) {
    if !names.insert(container.name()) {
        errors.duplicate(&format!("{}.name", container.field()), container.name());
    }
}

/// K82: only reachable with the admission plugin off.
fn token_without_account(pod: Pod<'_>, errors: &mut FieldErrors) {
    if !pod.service_account().is_empty() {
        return;
    }
    for source in pod.volumes().flat_map(Volume::token_sources) {
        let (volume, at) = (source.volume.at, source.at);
        let field = format!("spec.volumes[{volume}].projected.sources[{at}].serviceAccountToken");
        errors.forbidden(&field, "must not be specified when serviceAccountName is not set");
    }
}

/// Whether a value is a number that is whole and within bounds; absent counts as within.
pub(super) fn within(value: Option<&Value>, low: i64, high: i64) -> bool {
    value.is_none_or(|value| value.as_i64().is_some_and(|number| (low..=high).contains(&number)))
}
