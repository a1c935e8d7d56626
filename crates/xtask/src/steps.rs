//! Named steps with their times.

use std::time::Duration;

use crate::clock::{Seconds, Stopwatch};
use crate::failure::Outcome;

/// The steps that were run so far, in order.
#[derive(Debug, Default)]
pub(crate) struct Steps(Vec<(String, Duration)>);

impl Steps {
    /// Runs one step under its name, and notes how long it took.
    pub(crate) fn run(&mut self, name: &str, step: impl FnOnce() -> Outcome) -> Outcome {
        println!("== {name}");
        let watch = Stopwatch::start();
        let result = step();
        let word = if result.is_ok() { "done" } else { "FAILED" };
        println!("== {name}: {word} in {watch}");
        self.0.push((name.to_owned(), watch.elapsed()));
        result
    }

    /// One line: every step with its time.
    pub(crate) fn table(&self) -> String {
        let cells: Vec<_> =
            self.0.iter().map(|(name, time)| format!("{name} {}", Seconds(*time))).collect();
        cells.join(" | ")
    }
}
