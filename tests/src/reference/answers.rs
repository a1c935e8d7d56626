//! What the case files make the engine say: every check, finding and error, once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use podpass_tests::{Case, call};
use serde_json::Value;

use crate::tree::{files, root};

/// One check: per status the first title that was seen.
pub(crate) type Titles = BTreeMap<String, String>;

/// One finding, as the first case shows it.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) severity: String,
    pub(crate) title: String,
    pub(crate) detail: String,
    pub(crate) rule: Option<String>,
}

/// All that was said.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// By id.
    pub(crate) checks: BTreeMap<String, Titles>,
    /// By code.
    pub(crate) findings: BTreeMap<String, Shown>,
    /// Codes of errors that are thrown.
    pub(crate) errors: BTreeSet<String>,
    /// By rule: titles of what rests on it.
    pub(crate) rules: BTreeMap<String, BTreeSet<String>>,
}

impl Answers {
    /// Makes every call of every case file.
    pub(crate) fn of_all_cases() -> Self {
        let mut answers = Self::default();
        for path in files(&root().join("tests/cases"), ".json") {
            let case = Case::parse(&fs::read_to_string(&path).unwrap()).unwrap();
            for one in &case.calls {
                if let Ok(answer) = call(&one.function, &one.arguments) {
                    answers.thrown(&answer);
                    answers.visit(&answer);
                }
            }
        }
        answers
    }

    fn thrown(&mut self, answer: &Value) {
        let code = answer.pointer("/error/code").and_then(Value::as_str);
        self.errors.extend(code.filter(|code| code.starts_with("ERR_")).map(str::to_owned));
    }

    fn visit(&mut self, value: &Value) {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        if let (Some(id), Some(status), Some(title)) = (text("id"), text("status"), text("title")) {
            let titles = self.checks.entry(id.to_owned()).or_default();
            titles.entry(status.to_owned()).or_insert_with(|| title.to_owned());
            self.cites(text("rule"), title);
        }
        let shown = (text("code"), text("severity"), text("title"), text("detail"));
        if let (Some(code), Some(severity), Some(title), Some(detail)) = shown {
            self.findings.entry(code.to_owned()).or_insert_with(|| Shown {
                severity: severity.to_owned(),
                title: title.to_owned(),
                detail: detail.to_owned(),
                rule: text("rule").map(str::to_owned),
            });
            self.cites(text("rule"), title);
        }
        match value {
            Value::Array(elements) => elements.iter().for_each(|element| self.visit(element)),
            Value::Object(members) => members.values().for_each(|member| self.visit(member)),
            _ => {}
        }
    }

    fn cites(&mut self, rule: Option<&str>, title: &str) {
        if let Some(rule) = rule {
            self.rules.entry(rule.to_owned()).or_default().insert(title.to_owned());
        }
    }
}
