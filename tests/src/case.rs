//! The shape of a case file.

use serde::Deserialize;
use serde_json::Value;

use crate::call::call;
use crate::compare::differ;

/// One file under `cases/`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Unique, and stable.
    pub id: String,
    /// What is tried: `decode`, `verify`, `explain`, ...
    pub kind: String,
    /// The rule or the situation behind it.
    pub why: String,
    /// At least one.
    pub calls: Vec<Call>,
}

/// One call and what it must answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// A function of the package; `try:NAME`: what it throws or returns, as `{ error }` or `{ value }`.
    pub function: String,
    /// As JavaScript would pass them.
    pub arguments: Vec<Value>,
    /// See [`differ`].
    pub expected: Value,
}

impl Case {
    /// Reads a case file.
    ///
    /// ```
    /// let text = r#"{"id": "x", "kind": "k", "why": "w", "calls": [], "skip": true}"#;
    /// assert!(podpass_tests::Case::parse(text).unwrap_err().contains("unknown field `skip`"));
    /// ```
    pub fn parse(text: &str) -> Result<Self, String> {
        let case: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if case.calls.is_empty() {
            return Err(format!("{}: no calls", case.id));
        }
        Ok(case)
    }

    /// Makes every call; the first one that differs is the error.
    pub fn run(&self) -> Result<(), String> {
        for (index, Call { function, arguments, expected }) in self.calls.iter().enumerate() {
            let told = |what: String| {
                format!("{} ({}): call {index}, {function}: {what}", self.id, self.why)
            };
            let answer = call(function, arguments).map_err(told)?;
            if let Some(difference) = differ(expected, Some(&answer)) {
                return Err(told(difference.to_string()));
            }
        }
        Ok(())
    }
}
