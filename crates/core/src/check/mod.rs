//! What a verifier asks of a token's claims: one question a file.

pub(crate) mod audience;
pub(crate) mod binding;
pub(crate) mod issuer;
pub(crate) mod kind;
pub(crate) mod lifetime;

use crate::error::PodpassError;
use crate::trace::{Check, Status};

/// A check, and the error that verification throws for it.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    pub(crate) check: Check,
    pub(crate) error: Option<PodpassError>,
}

impl Judged {
    /// A check that throws nothing.
    pub(crate) fn ok(check: Check) -> Self {
        Self { check, error: None }
    }

    /// A failing check: its title is the error's message.
    pub(crate) fn fail(id: &'static str, error: PodpassError) -> Self {
        let check = Check::new(id, Status::Fail, error.to_string());
        Self { check, error: Some(error) }
    }

    /// Changes the check.
    #[must_use]
    pub(crate) fn map(mut self, change: impl FnOnce(Check) -> Check) -> Self {
        self.check = change(self.check);
        self
    }
}
