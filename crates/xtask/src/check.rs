//! `cargo xtask check`: format, lints for host and wasm32, house rules.

use crate::failure::Outcome;
use crate::shell::Call;
use crate::steps::Steps;
use crate::tools::WASM_TARGET;
use crate::{tidy, tools};

const DENY_WARNINGS: [&str; 3] = ["--", "-D", "warnings"];

pub(crate) fn run(_: &[String]) -> Outcome {
    let mut steps = Steps::default();
    let result = all(&mut steps);
    println!("\ncheck: {}", steps.table());
    result
}

fn all(steps: &mut Steps) -> Outcome {
    steps.run("tidy", tidy::run)?;
    steps.run("fmt", || Call::cargo().args(["fmt", "--all", "--check"]).run())?;
    steps.run("clippy", || clippy(&["--workspace", "--all-targets"]))?;
    steps.run("core for wasm32", || {
        tools::wasm_target()?;
        // Alone: in a workspace build another crate's features would hide what the core lacks there.
        Call::cargo().args(["check", "-p", "podpass", "--target", WASM_TARGET]).run()
    })?;
    steps.run("clippy for wasm32", || {
        clippy(&["-p", "podpass-wasm", "-p", "podpass-web", "--target", WASM_TARGET])
    })
}

fn clippy(what: &[&str]) -> Outcome {
    Call::cargo().arg("clippy").args(what).args(DENY_WARNINGS).run()
}
