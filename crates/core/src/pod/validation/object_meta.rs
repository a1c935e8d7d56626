//! What the API server refuses in a pod's metadata: names, labels, and a mirror pod without its node.
//!
//! Source: `staging/src/k8s.io/apimachinery/pkg/api/validation/objectmeta.go`, `pkg/api/validate/content/{dns,kube}.go`;
//! `pkg/apis/core/validation/validation.go` `ValidatePodSpecificAnnotations` (Kubernetes 1.36).

use serde_json::Value;

use super::field_error::FieldErrors;
use crate::go;
use crate::pod::spec::{Pod, text};

/// Longest value of a label.
const LONGEST_LABEL: usize = 63;
/// Longest name of a pod.
const LONGEST_NAME: usize = 253;

/// In the API server's order.
pub(super) fn validate(pod: Pod<'_>, errors: &mut FieldErrors) {
    let (name, prefix) = (pod.metadata("name"), pod.metadata("generateName"));
    if !prefix.is_empty() {
        validate_name(&masked(prefix), prefix, "metadata.generateName", errors);
    }
    match name {
        "" if prefix.is_empty() => {
            errors.required_because("metadata.name", "name or generateName is required");
        }
        "" => {
            let name = pod.final_name();
            validate_name(&name, &name, "metadata.name", errors);
        }
        _ => validate_name(name, name, "metadata.name", errors),
    }
    let labels = pod.0.pointer("/metadata/labels").and_then(Value::as_object);
    for value in labels.into_iter().flatten().filter_map(|(_, value)| value.as_str()) {
        validate_label(value, errors);
    }
    validate_mirror(pod, errors);
}

/// A dash at the end is followed by what is generated: the last two characters count as one letter.
pub(super) fn masked(prefix: &str) -> String {
    let start = prefix.strip_suffix('-').filter(|start| !start.is_empty());
    let start =
        start.and_then(|start| start.char_indices().next_back().map(|(at, _)| start.get(..at)));
    match start.flatten() {
        Some(start) => format!("{start}a"),
        None => prefix.to_owned(),
    }
}

/// RFC 1123 subdomain; `given` is what the error names.
fn validate_name(name: &str, given: &str, field: &str, errors: &mut FieldErrors) {
    const DETAIL: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' \
        or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
        '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    if name.len() > LONGEST_NAME {
        errors.invalid(field, given, &format!("must be no more than {LONGEST_NAME} bytes"));
    }
    // The length has its own error.
    if !name.split('.').all(go::is_label) {
        errors.invalid(field, given, DETAIL);
    }
}

fn validate_label(value: &str, errors: &mut FieldErrors) {
    const FIELD: &str = "metadata.labels";
    const DETAIL: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or \
        '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex \
        used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
    if value.len() > LONGEST_LABEL {
        errors.invalid(FIELD, value, &format!("must be no more than {LONGEST_LABEL} bytes"));
    }
    let bytes = value.as_bytes();
    let outer = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
    let inner = bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte));
    if !(inner && outer(bytes.first()) && outer(bytes.last())) {
        errors.invalid(FIELD, value, DETAIL);
    }
}

/// K76.
fn validate_mirror(pod: Pod<'_>, errors: &mut FieldErrors) {
    const KEY: &str = "kubernetes.io/config.mirror";
    let value = pod.annotation(KEY).filter(|_| text(pod.spec(), "nodeName").is_empty());
    if let Some(value) = value {
        let field = format!("metadata.annotations[{KEY}]");
        errors.invalid(&field, value, "must set spec.nodeName if mirror pod annotation is set");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_and_labels() {
        let long = "a".repeat(64);
        #[rustfmt::skip]
        let table = [
            (json!({ "name": "web.v1-2" }),                                     None),
            (json!({ "generateName": "web-" }),                                 None),
            (json!({}),                                                         Some("Required value: name or generateName is required")),
            (json!({ "name": "Web" }),                                          Some("metadata.name: Invalid value: \"Web\": a lowercase RFC 1123 subdomain")),
            (json!({ "generateName": "web_" }),                                 Some("metadata.generateName: Invalid value: \"web_\": a lowercase")),
            (json!({ "name": "a".repeat(254) }),                                Some("must be no more than 253 bytes")),
            (json!({ "name": "a", "labels": { "k": "", "l": "A_b.c-1" } }),     None),
            (json!({ "name": "a", "labels": { "k": " true" } }),                Some("metadata.labels: Invalid value: \" true\": a valid label must be")),
            (json!({ "name": "a", "labels": { "k": long } }),                   Some("must be no more than 63 bytes")),
            (json!({ "name": "a", "annotations": { "kubernetes.io/config.mirror": "x" } }), Some("metadata.annotations[kubernetes.io/config.mirror]: Invalid value: \"x\": must set spec.nodeName")),
        ];
        for (metadata, expected) in table {
            let pod = json!({ "metadata": metadata });
            let mut errors = FieldErrors::default();
            validate(Pod(&pod), &mut errors);
            let message = errors.into_error("p").map(|error| error.message);
            match expected {
                None => assert_eq!(message, None, "{pod}"),
                Some(text) => {
                    assert!(message.as_ref().is_some_and(|m| m.contains(text)), "{message:?}");
                }
            }
        }
    }
}
