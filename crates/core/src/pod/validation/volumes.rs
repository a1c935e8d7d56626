//! What the API server refuses in a pod's volumes.
//!
//! Source: `pkg/apis/core/validation/validation.go` `ValidateVolumes`, `validateVolumeSource`. Of kinds that hold
//! neither tokens nor files from objects only what every one of them has is judged.

use std::collections::HashSet;

use serde_json::Value;

use super::field_error::FieldErrors;
use super::mounts::Volumes;
use super::{names, projection, selectors};
use crate::pod::spec::{Pod, Volume, list, member, text};

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

/// The volumes without error; only these count as found, and only their names as taken (K79).
pub(super) fn validate<'a>(pod: Pod<'a>, errors: &mut FieldErrors) -> Volumes<'a> {
    let mut valid = Volumes::new();
    for volume in pod.volumes() {
        let before = errors.len();
        let field = format!("spec.volumes[{}]", volume.at);
        validate_source(volume, &field, errors);
        let name_field = format!("{field}.name");
        if volume.name().is_empty() {
            errors.required(&name_field);
        } else {
            names::judge(names::label, volume.name(), &name_field, errors);
        }
        if valid.contains_key(volume.name()) {
            errors.duplicate(&name_field, volume.name());
        }
        if errors.len() == before {
            valid.insert(volume.name(), volume);
        }
    }
    valid
}

/// One kind per volume.
fn validate_source(volume: Volume<'_>, field: &str, errors: &mut FieldErrors) {
    let mut found = false;
    for (kind, named) in VOLUME_KINDS {
        let Some(source) = member(volume.value, kind) else { continue };
        let source_field = format!("{field}.{named}");
        if std::mem::replace(&mut found, true) {
            errors.forbidden(&source_field, "may not specify more than 1 volume type");
            continue;
        }
        match kind {
            "projected" => projection::validate(volume, &source_field, errors),
            "secret" => of_object(source, "secretName", &source_field, errors),
            "configMap" => of_object(source, "name", &source_field, errors),
            "downwardAPI" => of_pod(source, &format!("{field}.downwardAPI"), errors),
            "hostPath" => on_host(source, &source_field, errors),
            "persistentVolumeClaim" if text(source, "claimName").is_empty() => {
                errors.required(&format!("{source_field}.claimName"));
            }
            _ => {}
        }
    }
}

/// `validateSecretVolumeSource`, `validateConfigMapVolumeSource`.
fn of_object(source: &Value, name: &str, field: &str, errors: &mut FieldErrors) {
    if text(source, name).is_empty() {
        errors.required(&format!("{field}.{name}"));
    }
    validate_mode(source, "defaultMode", field, errors);
    for (at, item) in list(source, "items").iter().enumerate() {
        key_to_path(item, &format!("{field}.items[{at}]"), errors);
    }
}

/// `validateDownwardAPIVolumeSource`.
fn of_pod(source: &Value, field: &str, errors: &mut FieldErrors) {
    validate_mode(source, "defaultMode", field, errors);
    list(source, "items").iter().for_each(|file| downward_file(file, field, errors));
}

/// `validateHostPathVolumeSource`.
fn on_host(source: &Value, field: &str, errors: &mut FieldErrors) {
    let path = text(source, "path");
    let field = format!("{field}.path");
    if path.is_empty() {
        errors.required(&field);
    } else if !no_backsteps(path) {
        errors.invalid(&field, path, "must not contain '..'");
    }
}

/// `validateKeyToPath`.
pub(super) fn key_to_path(item: &Value, field: &str, errors: &mut FieldErrors) {
    if text(item, "key").is_empty() {
        errors.required(&format!("{field}.key"));
    }
    let path = text(item, "path");
    if path.is_empty() {
        errors.required(&format!("{field}.path"));
    }
    local_path(path, &format!("{field}.path"), errors);
    validate_mode(item, "mode", field, errors);
}

/// `validateDownwardAPIVolumeFile`; errors name the source, not the file.
pub(super) fn downward_file(file: &Value, field: &str, errors: &mut FieldErrors) {
    let path = text(file, "path");
    if path.is_empty() {
        errors.required(&format!("{field}.path"));
    }
    local_path(path, &format!("{field}.path"), errors);
    match (member(file, "fieldRef"), member(file, "resourceFieldRef")) {
        (Some(reference), resource) => {
            selectors::field_in_volume(reference, &format!("{field}.fieldRef"), errors);
            if resource.is_some() {
                let detail = "fieldRef and resourceFieldRef can not be specified simultaneously";
                errors.invalid(field, "resource", detail);
            }
        }
        (None, Some(resource)) => {
            selectors::resource_in_volume(resource, &format!("{field}.resourceFieldRef"), errors);
        }
        (None, None) => {
            errors.required_because(field, "one of fieldRef and resourceFieldRef is required");
        }
    }
    validate_mode(file, "mode", field, errors);
}

/// K82: 0 to 0777.
pub(super) fn validate_mode(source: &Value, name: &str, field: &str, errors: &mut FieldErrors) {
    let given = member(source, name);
    let within = |mode: &&Value| mode.as_i64().is_some_and(|mode| (0..=0o777).contains(&mode));
    if let Some(mode) = given.filter(|mode| !within(mode)) {
        let detail = "must be a number between 0 and 0777 (octal), both inclusive";
        errors.invalid_number(&format!("{field}.{name}"), mode, detail);
    }
}

/// `ValidateLocalNonReservedPath` (K79).
pub(super) fn local_path(path: &str, field: &str, errors: &mut FieldErrors) {
    descending_path(path, field, errors);
    if path.starts_with("..") && !path.starts_with("../") {
        errors.invalid(field, path, "must not start with '..'");
    }
}

/// `validateLocalDescendingPath`: relative, and no element `..`.
pub(super) fn descending_path(path: &str, field: &str, errors: &mut FieldErrors) {
    if path.starts_with('/') {
        errors.invalid(field, path, "must be a relative path");
    }
    if !no_backsteps(path) {
        errors.invalid(field, path, "must not contain '..'");
    }
}

/// `validatePathNoBacksteps`.
pub(super) fn no_backsteps(path: &str) -> bool {
    path.split('/').all(|element| element != "..")
}

/// Paths that another source of a projected volume has already (K81).
#[derive(Debug, Default)]
pub(super) struct Taken<'a>(HashSet<&'a str>);

impl<'a> Taken<'a> {
    /// The error names `culprit`: the object, or the path.
    pub(super) fn take(
        &mut self,
        path: &'a str,
        (field, culprit): (&str, &str),
        errors: &mut FieldErrors,
    ) {
        if !self.0.insert(path) {
            errors.invalid(field, culprit, "conflicting duplicate paths");
        }
    }
}
