//! Why a command stopped, and the command that a person would run next.

use std::fmt;

/// What every part of a command answers.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// What was expected, what was found, and how to go on by hand.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    by_hand: Option<String>,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), by_hand: None }
    }

    /// The command that provides what is missing, or that shows the failure alone.
    pub(crate) fn by_hand(mut self, command: impl Into<String>) -> Self {
        self.by_hand = Some(command.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.by_hand {
            Some(command) => write!(f, "\n  by hand: {command}"),
            None => Ok(()),
        }
    }
}

/// Says what was being done when the system refused.
pub(crate) trait While<T> {
    fn while_doing(self, doing: impl FnOnce() -> String) -> Outcome<T>;
}

impl<T, E: fmt::Display> While<T> for Result<T, E> {
    fn while_doing(self, doing: impl FnOnce() -> String) -> Outcome<T> {
        self.map_err(|error| Failure::new(format!("{}: {error}", doing())))
    }
}
