//! The commands of the project: `cargo xtask help` lists them.
//!
//! Each command sets up what it needs, says what it does and how long it took, skips what is
//! already done, and fails with the command to run by hand.

mod browsers;
mod cache;
mod check;
mod clock;
mod cluster;
mod debian;
mod failure;
mod kept;
mod node;
mod npm;
mod page;
mod project;
mod redis;
mod serve;
mod shell;
mod steps;
mod tally;
mod test;
mod tidy;
mod tools;
mod wasm;

use std::process::ExitCode;

use failure::{Failure, Outcome};

/// A command: its name, its arguments, what it is for, and what it does with the words after its name.
struct Verb {
    name: &'static str,
    arguments: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Outcome,
}

#[rustfmt::skip]
const VERBS: &[Verb] = &[
    Verb { name: "serve", arguments: "[--port N] [--release]", about: "build the page and serve it on 127.0.0.1", run: serve::run },
    Verb { name: "test", arguments: "[STEP]...", about: "everything that CI runs, or the steps named", run: test::run },
    Verb { name: "check", arguments: "", about: "format, lints for host and wasm32, house rules", run: check::run },
    Verb { name: "npm", arguments: "", about: "build the npm package into target/npm", run: npm::run },
    Verb { name: "page", arguments: "", about: "build the page for release into dist", run: page::run },
    Verb { name: "cluster", arguments: "[OPTION]...", about: "a real API server on etcd, until Ctrl-C", run: cluster::run },
    Verb { name: "help", arguments: "", about: "this text", run: help },
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (name, rest) =
        words.split_first().map_or(("help", &[][..]), |(name, rest)| (name.as_str(), rest));
    let result = match VERBS.iter().find(|verb| verb.name == name) {
        Some(verb) => (verb.run)(rest),
        None => Err(Failure::new(format!("`{name}` is no command")).by_hand("cargo xtask help")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nerror: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn help(_: &[String]) -> Outcome {
    println!("cargo xtask COMMAND\n");
    for verb in VERBS {
        println!("  {:<32}{}", format!("{} {}", verb.name, verb.arguments), verb.about);
    }
    println!("\nSteps of `test`:\n");
    for step in test::STEPS {
        println!("  {:<32}{}", step.name, step.about);
    }
    println!("\nOptions of `cluster`:\n");
    for option in cluster::OPTIONS {
        println!("  {:<32}{}", format!("{} {}", option.name, option.value), option.about);
    }
    println!("\nTools are built once into $PODPASS_CACHE (default ~/.cache/podpass).");
    Ok(())
}
