//! The checks of one system in its order, and what follows from them.

use std::borrow::Cow;

use super::{FederationOutcome, Reach, System};
use crate::trace::{Certainty, Check, ProviderError, Status, Verdict};

/// Collects checks; the first failure's error is the predicted one.
#[derive(Debug)]
pub(crate) struct Ladder {
    system: System,
    checks: Vec<Check>,
    error: Option<ProviderError>,
}

impl Ladder {
    pub(crate) const fn new(system: System) -> Self {
        Self { system, checks: Vec::new(), error: None }
    }

    /// A check that throws nothing; its id is `<system>/<stage>[/<detail>]`.
    pub(crate) fn push(&mut self, check: Check) {
        self.checks.push(check);
    }

    /// A check, and what the system prints if it fails.
    pub(crate) fn judge(&mut self, check: Check, error: impl FnOnce() -> ProviderError) {
        if check.status == Status::Fail && self.first_failure().is_none() {
            self.error = Some(error());
        }
        self.checks.push(check);
    }

    /// A check that failed, and what the system prints.
    pub(crate) fn fail(&mut self, check: Check, error: ProviderError) {
        self.judge(check, || error);
    }

    /// A new check of a stage.
    pub(crate) fn check(
        &self,
        stage: &str,
        status: Status,
        title: impl Into<Cow<'static, str>>,
    ) -> Check {
        Check::new(format!("{}/{stage}", self.system.name()), status, title)
    }

    pub(crate) fn first_failure(&self) -> Option<&Check> {
        self.checks.iter().find(|check| check.status == Status::Fail)
    }

    /// The predicted error is one of several that the real system may print.
    pub(crate) fn doubt(&mut self) {
        if let Some(error) = &mut self.error {
            error.certainty = Certainty::Likely;
        }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        Verdict::of(&self.checks)
    }

    /// The outcome so far, without grant, reach, findings or fixes.
    pub(crate) fn conclude(self, title: impl Into<String>) -> FederationOutcome {
        let stage =
            self.first_failure().and_then(|check| check.id.split('/').nth(1)).map(str::to_owned);
        FederationOutcome {
            system: self.system,
            document: None,
            title: title.into(),
            verdict: self.verdict(),
            decision: None,
            stage: stage.map(Cow::Owned),
            checks: self.checks,
            error: self.error,
            rejected: None,
            grant: None,
            token_review: None,
            reach: Reach::unknown(),
            findings: Vec::new(),
            fixes: Vec::new(),
        }
    }
}
