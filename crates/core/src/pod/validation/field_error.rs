//! How the API server words what is wrong with a field, and how it joins several.
//!
//! Source: `staging/src/k8s.io/apimachinery/pkg/util/validation/field/errors.go`, `pkg/util/errors/errors.go`.

use std::collections::HashSet;

use serde_json::Value;

use crate::go::quoted;
use crate::trace::ProviderError;

/// Field errors, in the order of judgement.
#[derive(Debug, Default)]
pub(super) struct FieldErrors(Vec<String>);

impl FieldErrors {
    pub(super) fn invalid(&mut self, field: &str, value: &str, detail: &str) {
        self.0.push(format!("{field}: Invalid value: {}: {detail}", quoted(value)));
    }

    pub(super) fn invalid_number(&mut self, field: &str, value: &Value, detail: &str) {
        self.0.push(format!("{field}: Invalid value: {value}: {detail}"));
    }

    pub(super) fn required(&mut self, field: &str) {
        self.0.push(format!("{field}: Required value"));
    }

    pub(super) fn required_because(&mut self, field: &str, detail: &str) {
        self.0.push(format!("{field}: Required value: {detail}"));
    }

    pub(super) fn not_found(&mut self, field: &str, value: &str) {
        self.0.push(format!("{field}: Not found: {}", quoted(value)));
    }

    pub(super) fn duplicate(&mut self, field: &str, value: &str) {
        self.0.push(format!("{field}: Duplicate value: {}", quoted(value)));
    }

    pub(super) fn not_supported(&mut self, field: &str, value: &str, supported: &[&str]) {
        let supported: Vec<String> = supported.iter().map(|value| quoted(value)).collect();
        let supported = supported.join(", ");
        let value = quoted(value);
        self.0.push(format!("{field}: Unsupported value: {value}: supported values: {supported}"));
    }

    pub(super) fn forbidden(&mut self, field: &str, detail: &str) {
        self.0.push(format!("{field}: Forbidden: {detail}"));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Equal errors are given once; one alone stands without brackets.
    pub(super) fn into_error(self, name: &str) -> Option<ProviderError> {
        let mut seen = HashSet::new();
        let distinct: Vec<&str> =
            self.0.iter().map(String::as_str).filter(|error| seen.insert(*error)).collect();
        let joined = match distinct.as_slice() {
            [] => return None,
            [only] => (*only).to_owned(),
            several => format!("[{}]", several.join(", ")),
        };
        let message = format!("Pod {} is invalid: {joined}", quoted(name));
        Some(ProviderError::known("Invalid", message).status(422))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_as_the_api_server_does() {
        let message = |errors: FieldErrors| errors.into_error("app").map(|error| error.message);
        assert_eq!(message(FieldErrors::default()), None);
        let mut errors = FieldErrors::default();
        errors.required("spec.a");
        errors.required("spec.a");
        assert_eq!(message(errors).unwrap(), "Pod \"app\" is invalid: spec.a: Required value");
        let mut errors = FieldErrors::default();
        errors.not_found("spec.a", "x\n\"y\"");
        errors.forbidden("spec.b", "no");
        assert_eq!(
            message(errors).unwrap(),
            "Pod \"app\" is invalid: [spec.a: Not found: \"x\\n\\\"y\\\"\", spec.b: Forbidden: no]"
        );
    }
}
