//! What the API server refuses in a reference to a member of the pod.
//!
//! Source: `pkg/apis/core/validation/validation.go` `validateObjectFieldSelector`,
//! `validateContainerResourceFieldSelector`; `pkg/apis/core/pods/helpers.go` `ConvertDownwardAPIFieldLabel`.

use serde_json::Value;

use super::field_error::FieldErrors;
use crate::pod::spec::{member, text};

/// What may be referred to at all.
const KNOWN: [&str; 14] = [
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.serviceAccountName",
    "spec.schedulerName",
    "status.phase",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
const IN_VARIABLES: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
const IN_VOLUMES: [&str; 5] = [
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
];
const RESOURCES: [&str; 6] = [
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

pub(super) fn field_in_variable(source: &Value, field: &str, errors: &mut FieldErrors) {
    validate_field(source, field, &IN_VARIABLES, errors);
}

pub(super) fn field_in_volume(source: &Value, field: &str, errors: &mut FieldErrors) {
    validate_field(source, field, &IN_VOLUMES, errors);
}

fn validate_field(source: &Value, field: &str, allowed: &[&str], errors: &mut FieldErrors) {
    let path_field = format!("{field}.fieldPath");
    let path = text(source, "fieldPath");
    if path.is_empty() {
        errors.required(&path_field);
        return;
    }
    let converting = |why: String| format!("error converting fieldPath: {why}");
    let version = text(source, "apiVersion");
    if !matches!(version, "" | "v1") {
        let why = converting(format!("unsupported pod version: {version}"));
        errors.invalid(&path_field, path, &why);
        return;
    }
    if let Some((parent, _)) = subscripted(path) {
        if !matches!(parent, "metadata.annotations" | "metadata.labels") {
            let why = converting(format!("field label does not support subscript: {path}"));
            errors.invalid(&path_field, path, &why);
        }
        return;
    }
    // What old clients sent.
    let path = if path == "spec.host" { "spec.nodeName" } else { path };
    if !KNOWN.contains(&path) {
        let why = converting(format!("field label not supported: {path}"));
        errors.invalid(&path_field, path, &why);
    } else if !allowed.contains(&path) {
        errors.not_supported(&path_field, path, allowed);
    }
}

/// `metadata.labels['app']`.
fn subscripted(path: &str) -> Option<(&str, &str)> {
    path.strip_suffix("']")?.split_once("['").filter(|(parent, _)| !parent.is_empty())
}

pub(super) fn resource_in_variable(source: &Value, field: &str, errors: &mut FieldErrors) {
    validate_resource(source, field, errors);
}

/// In a volume nobody else tells whose resource is meant.
pub(super) fn resource_in_volume(source: &Value, field: &str, errors: &mut FieldErrors) {
    if member(source, "containerName").is_none() || text(source, "containerName").is_empty() {
        errors.required(&format!("{field}.containerName"));
        return;
    }
    validate_resource(source, field, errors);
}

fn validate_resource(source: &Value, field: &str, errors: &mut FieldErrors) {
    let field = format!("{field}.resource");
    let resource = text(source, "resource");
    let huge = ["limits.hugepages-", "requests.hugepages-"];
    if resource.is_empty() {
        errors.required(&field);
    } else if !RESOURCES.contains(&resource) && !huge.iter().any(|huge| resource.starts_with(huge))
    {
        errors.not_supported(&field, resource, &RESOURCES);
    }
}
