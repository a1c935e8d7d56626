//! What the API server refuses in a projected volume.
//!
//! Source: `pkg/apis/core/validation/validation.go` `validateProjectedVolumeSource`, `validateProjectionSources`.

use std::collections::HashSet;

use serde_json::Value;

use super::field_error::FieldErrors;
use super::spec::{Volume, list, member, text};
use super::validation::{descending_path, within};

/// Smallest and largest life that may be asked for, seconds (K13).
const EXPIRATION: (f64, f64) = (600.0, 4_294_967_296.0);
/// 0777, the largest mode (K82).
const MAX_MODE: i64 = 0o777;
/// One kind per source.
const SOURCE_KINDS: [&str; 6] = [
    "clusterTrustBundle",
    "configMap",
    "downwardAPI",
    "podCertificate",
    "secret",
    "serviceAccountToken",
];

/// K78 to K82; `field` is `spec.volumes[0].projected`.
pub(super) fn validate(volume: Volume<'_>, field: &str, errors: &mut FieldErrors) {
    let Some(projected) = volume.projected() else { return };
    let mode = member(projected, "defaultMode");
    if let Some(mode) = mode.filter(|mode| !within(Some(mode), 0, MAX_MODE)) {
        let detail = "must be a number between 0 and 0777 (octal), both inclusive";
        errors.invalid_number(&format!("{field}.defaultMode"), mode, detail);
    }
    let mut paths = HashSet::new();
    for (at, source) in volume.sources().iter().enumerate() {
        let source_field = format!("{field}.sources[{at}]");
        for kind in ["secret", "configMap"] {
            if let Some(named) = member(source, kind) {
                let source_field = format!("{source_field}.{kind}");
                validate_named(named, (&source_field, field), &mut paths, errors);
            }
        }
        if let Some(downward) = member(source, "downwardAPI") {
            duplicate_items(downward, field, &mut paths, errors);
        }
        if let Some(token) = member(source, "serviceAccountToken") {
            let token_field = format!("{source_field}.serviceAccountToken");
            validate_expiration(token, &token_field, errors);
            validate_path(text(token, "path"), &format!("{field}.path"), errors);
        }
        if SOURCE_KINDS.iter().filter(|kind| member(source, kind).is_some()).count() > 1 {
            let detail = "may not specify more than 1 volume type per source";
            errors.forbidden(&source_field, detail);
        }
    }
}

/// A Secret or ConfigMap source: its name, and paths that another source has already (K81).
fn validate_named<'a>(
    source: &'a Value,
    (source_field, field): (&str, &str),
    paths: &mut HashSet<&'a str>,
    errors: &mut FieldErrors,
) {
    let name = text(source, "name");
    if name.is_empty() {
        errors.required(&format!("{source_field}.name"));
    }
    for item in list(source, "items") {
        let path = text(item, "path");
        if !path.is_empty() && !paths.insert(path) {
            errors.invalid(field, name, "conflicting duplicate paths");
        }
    }
}

/// K81 for a downward API source: the error names the path.
fn duplicate_items<'a>(
    source: &'a Value,
    field: &str,
    paths: &mut HashSet<&'a str>,
    errors: &mut FieldErrors,
) {
    for item in list(source, "items") {
        let path = text(item, "path");
        if !path.is_empty() && !paths.insert(path) {
            errors.invalid(field, path, "conflicting duplicate paths");
        }
    }
}

/// K13, K78.
fn validate_expiration(token: &Value, field: &str, errors: &mut FieldErrors) {
    let field = format!("{field}.expirationSeconds");
    let Some((value, seconds)) =
        member(token, "expirationSeconds").and_then(|value| Some((value, value.as_f64()?)))
    else {
        return;
    };
    if seconds < EXPIRATION.0 {
        let detail = "may not specify a duration less than 10 minutes";
        errors.invalid_number(&field, value, detail);
    }
    if seconds > EXPIRATION.1 {
        let detail = "may not specify a duration larger than 2^32 seconds";
        errors.invalid_number(&field, value, detail);
    }
}

/// K79; the field is that of the volume, one level above the source.
fn validate_path(path: &str, field: &str, errors: &mut FieldErrors) {
    if path.is_empty() {
        errors.required(field);
        return;
    }
    descending_path(path, field, errors);
    if path.starts_with("..") && !path.starts_with("../") {
        errors.invalid(field, path, "must not start with '..'");
    }
}
