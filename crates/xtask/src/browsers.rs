//! Chromium and Firefox with their drivers: those on PATH, else Debian's. Nothing else is downloaded.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};
use crate::shell::{Call, on_path};

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
        install(&missing)?;
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
            .by_hand(apt_line(&[package]))
    })
}

fn install(packages: &[&str]) -> Outcome {
    let names = packages.join(", ");
    let line = apt_line(packages);
    if !Path::new("/etc/debian_version").exists() || on_path("apt-get").is_none() {
        let what = format!(
            "missing: {names}. Put them on PATH; on Debian they would be installed for you"
        );
        return Err(Failure::new(what).by_hand(line));
    }
    if Call::new("id").arg("-u").read()?.trim() != "0" {
        return Err(
            Failure::new(format!("missing: {names}, and only root can install them")).by_hand(line)
        );
    }
    println!("   installing {names} from Debian");
    let apt = || Call::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive");
    apt().args(["update", "-q"]).run()?;
    apt().args(["install", "-q", "-y", "--no-install-recommends"]).args(packages).run()
}

fn apt_line(packages: &[&str]) -> String {
    format!(
        "sudo apt-get update && sudo apt-get install -y --no-install-recommends {}",
        packages.join(" ")
    )
}
