//! The folders of this checkout, and what its manifests say.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::failure::{Failure, Outcome, While};
use crate::shell::Call;

/// The root of the checkout: two folders above this crate.
pub(crate) fn root() -> PathBuf {
    let manifest =
        std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let crate_dir = PathBuf::from(manifest);
    crate_dir.ancestors().nth(2).map_or_else(|| crate_dir.clone(), Path::to_path_buf)
}

/// The folder of the npm package.
pub(crate) fn npm() -> PathBuf {
    root().join("crates/wasm/npm")
}

/// The comparison with real servers, and the Go module of what it needs.
pub(crate) fn real() -> PathBuf {
    root().join("tests/real")
}

/// A script of this crate that Node runs.
pub(crate) fn script(name: &str) -> PathBuf {
    root().join("crates/xtask/js").join(name)
}

/// Cargo's target folder, wherever the user's configuration puts it.
pub(crate) fn target() -> Outcome<PathBuf> {
    let metadata = metadata()?;
    let target = metadata.get("target_directory").and_then(Value::as_str);
    target
        .map(PathBuf::from)
        .ok_or_else(|| Failure::new("cargo metadata names no target directory"))
}

/// What `cargo metadata` tells of the workspace members.
pub(crate) fn metadata() -> Outcome<Value> {
    let text = Call::cargo().args(["metadata", "--format-version=1", "--no-deps"]).read()?;
    serde_json::from_str(&text).while_doing(|| "reading cargo metadata".into())
}

/// The version of a package in Cargo.lock.
pub(crate) fn locked_version(package: &str) -> Outcome<String> {
    let path = root().join("Cargo.lock");
    let lock = fs::read_to_string(&path).while_doing(|| format!("reading {}", path.display()))?;
    version_in(&lock, package)
        .ok_or_else(|| Failure::new(format!("Cargo.lock holds no package `{package}`")))
}

fn version_in(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name).skip(1);
    Some(lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::version_in;

    #[test]
    fn a_version_is_the_one_below_the_exact_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"1.0.0\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(version_in(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(version_in(lock, "yew"), None);
    }
}
