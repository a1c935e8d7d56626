//! What is wrong with a name, in the API server's words.
//!
//! Source: `staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go` (Kubernetes 1.36).

use super::field_error::FieldErrors;
use crate::go;

/// Longest label, subdomain and name of a port, bytes.
const LABEL: usize = 63;
const SUBDOMAIN: usize = 253;
const PORT_NAME: usize = 15;

/// Every problem of a name becomes an error of the field.
pub(super) fn judge(
    problems: fn(&str) -> Vec<String>,
    name: &str,
    field: &str,
    errors: &mut FieldErrors,
) {
    for problem in problems(name) {
        errors.invalid(field, name, &problem);
    }
}

fn too_long(name: &str, most: usize) -> Option<String> {
    (name.len() > most).then(|| format!("must be no more than {most} characters"))
}

/// `IsDNS1123Label`.
pub(super) fn label(name: &str) -> Vec<String> {
    const DETAIL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or \
        '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex \
        used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
    let shape = match (go::is_label(name), name.split('.').all(go::is_label)) {
        (true, _) => None,
        (false, true) => Some("must not contain dots".to_owned()),
        (false, false) => Some(DETAIL.to_owned()),
    };
    too_long(name, LABEL).into_iter().chain(shape).collect()
}

/// `IsDNS1123Subdomain`.
pub(super) fn subdomain(name: &str) -> Vec<String> {
    const DETAIL: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' \
        or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
        '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    let shape = (!name.split('.').all(go::is_label)).then(|| DETAIL.to_owned());
    too_long(name, SUBDOMAIN).into_iter().chain(shape).collect()
}

/// `IsValidPortName`.
pub(super) fn port(name: &str) -> Vec<String> {
    let bytes = name.as_bytes();
    let charset = bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-');
    let letter = bytes.iter().any(u8::is_ascii_lowercase);
    let ends = name.starts_with('-') || name.ends_with('-');
    let table = [
        (!charset, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"),
        (!letter, "must contain at least one letter (a-z)"),
        (name.contains("--"), "must not contain consecutive hyphens"),
        (ends, "must not begin or end with a hyphen"),
    ];
    let problems = table.into_iter().filter(|(wrong, _)| *wrong).map(|(_, text)| text.to_owned());
    too_long(name, PORT_NAME).into_iter().chain(problems).collect()
}

/// `IsRelaxedEnvVarName`, which counts by default since 1.32.
pub(super) fn variable(name: &str) -> Vec<String> {
    let good = name.chars().all(|c| matches!(c, ' '..='~') && c != '=');
    let problem = "a valid environment variable name must consist only of printable ASCII characters other than '='";
    (!good).then(|| problem.to_owned()).into_iter().collect()
}

/// `IsConfigMapKey`, for keys of Secrets as well.
pub(super) fn key(name: &str) -> Vec<String> {
    const DETAIL: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' \
        (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
    let good = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    let dots = match name {
        "." => Some("must not be '.'"),
        ".." => Some("must not be '..'"),
        _ if name.starts_with("..") => Some("must not start with '..'"),
        _ => None,
    };
    let problems = [(!good).then_some(DETAIL), dots];
    let problems = problems.into_iter().flatten().map(str::to_owned);
    too_long(name, SUBDOMAIN).into_iter().chain(problems).collect()
}
