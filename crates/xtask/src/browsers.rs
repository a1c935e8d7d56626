//! Chromium and Firefox with their drivers: those on PATH, else Debian's. Nothing else is downloaded.

use std::path::PathBuf;

use crate::debian;
use crate::failure::{Failure, Outcome};
use crate::shell::on_path;

/// What is needed: any of the names, and Debian's package for it.
const NEEDED: [(&[&str], &str); 3] = [
    (&["chromium", "chromium-browser", "google-chrome"], "chromium"),
    (&["chromedriver"], "chromium-driver"),
    (&["firefox", "firefox-esr"], "firefox-esr"),
];

/// The browsers of this machine.
#[derive(Debug)]
pub(crate) struct Browsers {
    pub(crate) chromium: PathBuf,
    pub(crate) firefox: PathBuf,
}

/// Finds the browsers, and installs those that are missing where the system is Debian's.
pub(crate) fn ready() -> Outcome<Browsers> {
    let missing = missing();
    if !missing.is_empty() {
        debian::install(&missing)?;
    }
    let [chromium, _, firefox] = NEEDED;
    Ok(Browsers { chromium: found(chromium)?, firefox: found(firefox)? })
}

fn missing() -> Vec<&'static str> {
    let absent =
        NEEDED.iter().filter(|(names, _)| !names.iter().any(|name| on_path(name).is_some()));
    absent.map(|(_, package)| *package).collect()
}

fn found((names, package): (&[&str], &str)) -> Outcome<PathBuf> {
    let program = names.iter().find_map(|name| on_path(name));
    program.ok_or_else(|| {
        Failure::new(format!("none of {} is on PATH", names.join(", ")))
            .by_hand(debian::apt_line(&[package]))
    })
}
