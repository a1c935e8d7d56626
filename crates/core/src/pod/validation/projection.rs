//! What the API server refuses in a projected volume.
//!
//! Source: `pkg/apis/core/validation/validation.go` `validateProjectedVolumeSource`, `validateProjectionSources`.

use serde_json::Value;

use super::field_error::FieldErrors;
use super::volumes::{Taken, downward_file, key_to_path, local_path, validate_mode};
use crate::pod::spec::{Volume, list, member, text};

/// Smallest and largest life that may be asked for, seconds (K13).
const EXPIRATION: (f64, f64) = (600.0, 4_294_967_296.0);
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
    validate_mode(projected, "defaultMode", field, errors);
    let mut taken = Taken::default();
    for (at, source) in volume.sources().iter().enumerate() {
        let source_field = format!("{field}.sources[{at}]");
        for kind in ["secret", "configMap"] {
            if let Some(named) = member(source, kind) {
                let source_field = format!("{source_field}.{kind}");
                validate_named(named, (&source_field, field), &mut taken, errors);
            }
        }
        if let Some(downward) = member(source, "downwardAPI") {
            validate_downward(downward, (&source_field, field), &mut taken, errors);
        }
        if let Some(token) = member(source, "serviceAccountToken") {
            let token_field = format!("{source_field}.serviceAccountToken");
            validate_expiration(token, &token_field, errors);
            match text(token, "path") {
                "" => errors.required(&format!("{field}.path")),
                // K79; the field is that of the volume, one level above the source.
                path => local_path(path, &format!("{field}.path"), errors),
            }
        }
        validate_certificates(source, (&source_field, field), &mut taken, errors);
        if SOURCE_KINDS.iter().filter(|kind| member(source, kind).is_some()).count() > 1 {
            let detail = "may not specify more than 1 volume type per source";
            errors.forbidden(&source_field, detail);
        }
    }
}

/// A Secret or ConfigMap source: its name, its items, and paths that another source has already (K81).
fn validate_named<'a>(
    source: &'a Value,
    (source_field, field): (&str, &str),
    taken: &mut Taken<'a>,
    errors: &mut FieldErrors,
) {
    let name = text(source, "name");
    if name.is_empty() {
        errors.required(&format!("{source_field}.name"));
    }
    for (at, item) in list(source, "items").iter().enumerate() {
        key_to_path(item, &format!("{source_field}.items[{at}]"), errors);
        let path = text(item, "path");
        if !path.is_empty() {
            taken.take(path, (field, name), errors);
        }
    }
}

/// A downward API source: the error of a taken path names the path (K81).
fn validate_downward<'a>(
    source: &'a Value,
    (source_field, field): (&str, &str),
    taken: &mut Taken<'a>,
    errors: &mut FieldErrors,
) {
    for file in list(source, "items") {
        downward_file(file, &format!("{source_field}.downwardAPI"), errors);
        let path = text(file, "path");
        if !path.is_empty() {
            taken.take(path, (field, path), errors);
        }
    }
}

/// Trust bundles and pod certificates: their paths only (K81).
fn validate_certificates<'a>(
    source: &'a Value,
    (source_field, field): (&str, &str),
    taken: &mut Taken<'a>,
    errors: &mut FieldErrors,
) {
    if let Some(bundle) = member(source, "clusterTrustBundle") {
        let path = text(bundle, "path");
        let path_field = format!("{source_field}.clusterTrustBundle.path");
        if path.is_empty() {
            errors.required(&path_field);
        }
        local_path(path, &path_field, errors);
        taken.take(path, (field, path), errors);
    }
    let Some(certificate) = member(source, "podCertificate") else { return };
    for name in ["credentialBundlePath", "keyPath", "certificateChainPath"] {
        let path = text(certificate, name);
        if !path.is_empty() {
            local_path(path, &format!("{source_field}.podCertificate.{name}"), errors);
            taken.take(path, (field, path), errors);
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
