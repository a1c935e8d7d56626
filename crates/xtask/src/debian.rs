//! Programs that Debian packages: put on PATH where they are missing. Nothing else is downloaded.

use std::path::Path;

use crate::failure::{Failure, Outcome};
use crate::shell::{Call, on_path};

/// Installs packages; where that cannot be done here, says what to run.
pub(crate) fn install(packages: &[&str]) -> Outcome {
    let names = packages.join(", ");
    let line = apt_line(packages);
    if !is_here() {
        let what = format!(
            "missing: {names}. Put them on PATH; on Debian they would be installed for you"
        );
        return Err(Failure::new(what).by_hand(line));
    }
    if !as_root()? {
        return Err(
            Failure::new(format!("missing: {names}, and only root can install them")).by_hand(line)
        );
    }
    println!("   installing {names} from Debian");
    let apt = || Call::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive");
    apt().args(["update", "-q"]).run()?;
    apt().args(["install", "-q", "-y", "--no-install-recommends"]).args(packages).run()
}

/// Whether [`install`] can do anything on this machine.
pub(crate) fn can_install() -> Outcome<bool> {
    Ok(is_here() && as_root()?)
}

/// The command that installs packages.
pub(crate) fn apt_line(packages: &[&str]) -> String {
    format!(
        "sudo apt-get update && sudo apt-get install -y --no-install-recommends {}",
        packages.join(" ")
    )
}

fn is_here() -> bool {
    Path::new("/etc/debian_version").exists() && on_path("apt-get").is_some()
}

/// Whether this is run by root.
pub(crate) fn as_root() -> Outcome<bool> {
    Ok(Call::new("id").arg("-u").read()?.trim() == "0")
}
