//! Rules about versions that are written in more than one place.

use serde_json::Value;

use super::File;
use crate::tools::WASM_BINDGEN;

/// The npm package has the version of the workspace, and Trunk is told of the wasm-bindgen that is installed.
pub(super) fn agree(files: &[File]) -> Vec<String> {
    let text =
        |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.as_str());
    let package = text("crates/wasm/npm/package.json").and_then(version_of_package);
    let bindgen = text("Trunk.toml").and_then(|text| value_of(text, "wasm_bindgen"));
    let workspace = text("Cargo.toml").and_then(|text| value_of(text, "version"));
    let pairs = [
        ("crates/wasm/npm/package.json: version", package, workspace, "Cargo.toml"),
        (
            "Trunk.toml: wasm_bindgen",
            bindgen,
            Some(WASM_BINDGEN.version.to_owned()),
            "crates/xtask/src/tools.rs",
        ),
    ];
    let apart = pairs.into_iter().filter(|(_, found, expected, _)| found != expected);
    apart.map(|(what, found, expected, place)| disagreement(what, found, expected, place)).collect()
}

fn disagreement(
    what: &str,
    found: Option<String>,
    expected: Option<String>,
    place: &str,
) -> String {
    let shown = |version: Option<String>| version.unwrap_or_else(|| "none".into());
    format!("{what} is {}, {place} has {}", shown(found), shown(expected))
}

fn version_of_package(text: &str) -> Option<String> {
    Some(serde_json::from_str::<Value>(text).ok()?.get("version")?.as_str()?.to_owned())
}

/// The first `key = "value"` of a manifest.
fn value_of(manifest: &str, key: &str) -> Option<String> {
    let value = |line: &str| {
        Some(
            line.strip_prefix(key)?
                .trim_start()
                .strip_prefix("= \"")?
                .split('"')
                .next()?
                .to_owned(),
        )
    };
    manifest.lines().find_map(value)
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn versions_that_differ_are_told_with_both_sides() {
        let manifest = file("Cargo.toml", "[workspace.package]\nversion = \"0.2.0\"\n");
        let trunk =
            file("Trunk.toml", &format!("[tools]\nwasm_bindgen = \"{}\"\n", WASM_BINDGEN.version));
        let package = file("crates/wasm/npm/package.json", r#"{"version": "0.1.0"}"#);
        let problems = agree(&[manifest, trunk, package]);
        assert_eq!(
            problems,
            ["crates/wasm/npm/package.json: version is 0.1.0, Cargo.toml has 0.2.0"]
        );
    }
}
