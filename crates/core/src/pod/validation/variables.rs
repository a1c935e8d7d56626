//! What the API server refuses in a container's environment.
//!
//! Source: `pkg/apis/core/validation/validation.go` `ValidateEnv`, `ValidateEnvFrom`.

use serde_json::Value;

use super::field_error::FieldErrors;
use super::object_meta::masked;
use super::{names, selectors};
use crate::pod::spec::{Container, list, member, text};

/// Of a list of sources more than one.
const SEVERAL: &str = "may not have more than one field specified at a time";

/// `env`, then `envFrom`.
pub(super) fn validate(container: Container<'_>, errors: &mut FieldErrors) {
    for (at, variable) in list(container.value, "env").iter().enumerate() {
        let field = format!("{}.env[{at}]", container.field());
        match text(variable, "name") {
            "" => errors.required(&format!("{field}.name")),
            name => names::judge(names::variable, name, &format!("{field}.name"), errors),
        }
        validate_source(variable, &format!("{field}.valueFrom"), errors);
    }
    let field = format!("{}.envFrom", container.field());
    for (at, from) in list(container.value, "envFrom").iter().enumerate() {
        validate_from(from, &field, at, errors);
    }
}

/// `validateEnvVarValueFrom`. A webhook that does not know `fileKeyRef` leaves no source (Z19).
fn validate_source(variable: &Value, field: &str, errors: &mut FieldErrors) {
    const NONE: &str = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or \
        `fileKeyRef`";
    type Judge = fn(&Value, &str, &mut FieldErrors);
    const SOURCES: [(&str, Judge); 5] = [
        ("fieldRef", selectors::field_in_variable),
        ("resourceFieldRef", selectors::resource_in_variable),
        ("configMapKeyRef", key_of_object),
        ("secretKeyRef", key_of_object),
        ("fileKeyRef", |_, _, _| {}),
    ];
    let Some(from) = member(variable, "valueFrom") else { return };
    let mut count = 0;
    for (name, judge) in SOURCES {
        if let Some(source) = member(from, name) {
            count += 1;
            judge(source, &format!("{field}.{name}"), errors);
        }
    }
    match count {
        0 => errors.invalid(field, "", NONE),
        _ if !text(variable, "value").is_empty() => {
            errors.invalid(field, "", "may not be specified when `value` is not empty");
        }
        1 => {}
        _ => errors.invalid(field, "", SEVERAL),
    }
}

/// `validateSecretKeySelector`.
fn key_of_object(source: &Value, field: &str, errors: &mut FieldErrors) {
    names::judge(names::subdomain, text(source, "name"), &format!("{field}.name"), errors);
    match text(source, "key") {
        "" => errors.required(&format!("{field}.key")),
        key => names::judge(names::key, key, &format!("{field}.key"), errors),
    }
}

/// One of `envFrom`. How many sources there are is told of the list.
fn validate_from(from: &Value, field: &str, at: usize, errors: &mut FieldErrors) {
    match text(from, "prefix") {
        "" => {}
        prefix => names::judge(names::variable, prefix, &format!("{field}[{at}].prefix"), errors),
    }
    let mut count = 0;
    for kind in ["configMapRef", "secretRef"] {
        let Some(source) = member(from, kind) else { continue };
        count += 1;
        let name_field = format!("{field}[{at}].{kind}.name");
        match text(source, "name") {
            "" => errors.required(&name_field),
            // Judged as a prefix, which a dash may end.
            name => {
                for problem in names::subdomain(&masked(name)) {
                    errors.invalid(&name_field, name, &problem);
                }
            }
        }
    }
    match count {
        0 => errors.invalid(field, "", "must specify one of: `configMapRef` or `secretRef`"),
        1 => {}
        _ => errors.invalid(field, "", SEVERAL),
    }
}
