//! What the API server refuses in a container's mounts and devices.
//!
//! Source: `pkg/apis/core/validation/validation.go` `ValidateVolumeMounts`, `ValidateVolumeDevices`.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::field_error::FieldErrors;
use super::volumes::{descending_path, no_backsteps};
use crate::pod::spec::{Container, Mount, Volume, list, member, text};

/// The volumes without error, by name.
pub(super) type Volumes<'a> = HashMap<&'a str, Volume<'a>>;

/// In order: every mount, then every device.
pub(super) fn validate(container: Container<'_>, volumes: &Volumes<'_>, errors: &mut FieldErrors) {
    let devices = list(container.value, "volumeDevices");
    let mut paths = HashSet::new();
    for mount in container.mounts() {
        let field = format!("{}.volumeMounts[{}]", container.field(), mount.at);
        validate_place(mount, &field, volumes, &mut paths, errors);
        beside_devices(mount, &field, devices, errors);
        validate_sub_paths(mount, &field, errors);
        validate_modes(mount, errors);
    }
    validate_devices(container, devices, volumes, errors);
}

fn validate_place<'a>(
    mount: Mount<'a>,
    field: &str,
    volumes: &Volumes<'_>,
    paths: &mut HashSet<&'a str>,
    errors: &mut FieldErrors,
) {
    if mount.volume().is_empty() {
        errors.required(&format!("{field}.name"));
    }
    if !volumes.contains_key(mount.volume()) {
        errors.not_found(&format!("{field}.name"), mount.volume());
    }
    let path_field = format!("{field}.mountPath");
    if mount.path().is_empty() {
        errors.required(&path_field);
    }
    if !paths.insert(mount.path()) {
        errors.invalid(&path_field, mount.path(), "must be unique");
    }
}

fn beside_devices(mount: Mount<'_>, field: &str, devices: &[Value], errors: &mut FieldErrors) {
    if devices.iter().any(|device| text(device, "name") == mount.volume()) {
        let detail = "must not already exist in volumeDevices";
        errors.invalid(&format!("{field}.name"), mount.volume(), detail);
    }
    if last_of_name(devices, "devicePath").any(|path| path == mount.path()) {
        let detail = "must not already exist as a path in volumeDevices";
        errors.invalid(&format!("{field}.mountPath"), mount.path(), detail);
    }
}

/// Of elements with one name the last one's member counts: the API server keeps them in a map.
fn last_of_name<'a>(elements: &'a [Value], name: &'a str) -> impl Iterator<Item = &'a str> {
    let mut by_name = HashMap::new();
    for element in elements {
        by_name.insert(text(element, "name"), text(element, name));
    }
    by_name.into_values()
}

/// The errors of a bad subPath name the list, not the mount.
fn validate_sub_paths(mount: Mount<'_>, field: &str, errors: &mut FieldErrors) {
    let (path, expression) = (mount.sub_path(), mount.sub_path_expr());
    if !path.is_empty() {
        descending_path(path, &of_list(mount, "subPath"), errors);
    }
    if !expression.is_empty() {
        if !path.is_empty() {
            let detail = "subPathExpr and subPath are mutually exclusive";
            errors.invalid(&format!("{field}.subPathExpr"), expression, detail);
        }
        descending_path(expression, &of_list(mount, "subPathExpr"), errors);
    }
}

fn of_list(mount: Mount<'_>, name: &str) -> String {
    format!("{}.volumeMounts.{name}", mount.container.field())
}

/// `validateMountPropagation`, `validateMountRecursiveReadOnly`; they name the list as well.
fn validate_modes(mount: Mount<'_>, errors: &mut FieldErrors) {
    const PROPAGATIONS: [&str; 3] = ["Bidirectional", "HostToContainer", "None"];
    const RECURSIVE: [&str; 3] = ["Disabled", "Enabled", "IfPossible"];
    let given = |name| member(mount.value, name).and_then(Value::as_str);
    let propagation = given("mountPropagation");
    if let Some(propagation) = propagation {
        let field = of_list(mount, "mountPropagation");
        if !PROPAGATIONS.contains(&propagation) {
            errors.not_supported(&field, propagation, &PROPAGATIONS);
        }
        let privileged = mount.container.value.pointer("/securityContext/privileged");
        if propagation == "Bidirectional" && privileged.and_then(Value::as_bool) != Some(true) {
            let detail =
                "Bidirectional mount propagation is available only to privileged containers";
            errors.forbidden(&field, detail);
        }
    }
    let field = of_list(mount, "recursiveReadOnly");
    match given("recursiveReadOnly") {
        None | Some("Disabled") => {}
        Some("Enabled" | "IfPossible") => {
            if member(mount.value, "readOnly").and_then(Value::as_bool) != Some(true) {
                errors.forbidden(&field, "may only be specified when readOnly is true");
            }
            if propagation.is_some_and(|propagation| propagation != "None") {
                let detail = "may only be specified when mountPropagation is None or not specified";
                errors.forbidden(&field, detail);
            }
        }
        Some(other) => errors.not_supported(&field, other, &RECURSIVE),
    }
}

fn validate_devices(
    container: Container<'_>,
    devices: &[Value],
    volumes: &Volumes<'_>,
    errors: &mut FieldErrors,
) {
    let mounts = list(container.value, "volumeMounts");
    let (mut paths, mut names) = (HashSet::new(), HashSet::new());
    for (at, device) in devices.iter().enumerate() {
        let field = format!("{}.volumeDevices[{at}]", container.field());
        let (name_field, path_field) = (format!("{field}.name"), format!("{field}.devicePath"));
        let (name, path) = (text(device, "name"), text(device, "devicePath"));
        if name.is_empty() {
            errors.required(&name_field);
        }
        if names.contains(name) {
            errors.invalid(&name_field, name, "must be unique");
        }
        match volumes.get(name) {
            None => errors.not_found(&name_field, name),
            Some(volume) if !is_claim(*volume) => {
                let detail = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                errors.invalid(&name_field, name, detail);
            }
            Some(_) => {}
        }
        if path.is_empty() {
            errors.required(&path_field);
        }
        if paths.contains(path) {
            errors.invalid(&path_field, path, "must be unique");
        }
        if no_backsteps(path) {
            paths.insert(path);
        } else {
            errors.invalid(&path_field, path, "can not contain backsteps ('..')");
        }
        if mounts.iter().any(|mount| text(mount, "name") == name) {
            errors.invalid(&name_field, name, "must not already exist in volumeMounts");
        }
        if last_of_name(mounts, "mountPath").any(|mounted| mounted == path) {
            errors.invalid(&path_field, path, "must not already exist as a path in volumeMounts");
        }
        if !name.is_empty() {
            names.insert(name);
        }
    }
}

fn is_claim(volume: Volume<'_>) -> bool {
    ["persistentVolumeClaim", "ephemeral"].iter().any(|kind| member(volume.value, kind).is_some())
}
