//! redis-server for the npm package's tests: the one on PATH, else Debian's. Nothing else is downloaded.

use std::path::PathBuf;

use crate::debian;
use crate::failure::{Failure, Outcome};
use crate::shell::on_path;

/// The program, and Debian's package for it.
const SERVER: &str = "redis-server";

/// Finds the server, and installs it where it is missing and the system is Debian's.
pub(crate) fn ready() -> Outcome<PathBuf> {
    if on_path(SERVER).is_none() {
        debian::install(&[SERVER])?;
    }
    on_path(SERVER).ok_or_else(|| {
        Failure::new(format!("{SERVER} is not on PATH")).by_hand(debian::apt_line(&[SERVER]))
    })
}
