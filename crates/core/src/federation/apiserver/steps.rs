//! What one authenticator judges, step by step, and why it says no.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::trace::{Check, Status, Verdict};

/// Why an authenticator does not accept a token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Refusal {
    /// It does not say (K49).
    Silent,
    /// These messages, in its order.
    Because(Vec<String>),
}

impl Refusal {
    pub(super) fn because(message: impl Into<String>) -> Self {
        Self::Because(vec![message.into()])
    }
}

/// The checks of one authenticator; the first failure's refusal is the one that counts.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub(super) checks: Vec<Check>,
    pub(super) refusal: Option<Refusal>,
    /// Of the audit event of a request made with the token (K58, K96).
    pub(super) annotations: BTreeMap<String, String>,
}

impl Steps {
    pub(super) fn check(stage: &str, status: Status, title: impl Into<Cow<'static, str>>) -> Check {
        Check::new(format!("kubernetes/{stage}"), status, title)
    }

    /// A check that refuses nothing.
    pub(super) fn push(&mut self, check: Check) {
        self.checks.push(check);
    }

    /// A check, and what the authenticator says if it fails.
    pub(super) fn judge(&mut self, check: Check, refusal: impl FnOnce() -> Refusal) {
        if check.status == Status::Fail && self.refusal.is_none() {
            self.refusal = Some(refusal());
        }
        self.checks.push(check);
    }

    /// An annotation, if the authenticator gets that far.
    pub(super) fn annotate(&mut self, key: &str, value: String) {
        if self.refusal.is_none() {
            self.annotations.insert(format!("authentication.k8s.io/{key}"), value);
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        Verdict::of(&self.checks)
    }
}
