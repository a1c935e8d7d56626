//! Where that goes which takes long to build and never changes.

use std::path::PathBuf;

use crate::failure::{Failure, Outcome};

/// `$PODPASS_CACHE`, or `~/.cache/podpass`: outside the checkout, since every CI run is a fresh clone.
pub(crate) fn dir() -> Outcome<PathBuf> {
    if let Some(dir) = std::env::var_os("PODPASS_CACHE").filter(|dir| !dir.is_empty()) {
        return std::path::absolute(&dir)
            .map_err(|error| Failure::new(format!("PODPASS_CACHE is no path: {error}")));
    }
    let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
    home.map(|home| home.join(".cache/podpass")).ok_or_else(|| {
        Failure::new("no home directory for the cache of tools")
            .by_hand("export PODPASS_CACHE=/a/folder")
    })
}
