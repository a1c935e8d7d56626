//! Rules about what the core may know.

use super::File;

/// The core knows no JavaScript: its manifest names none of these, nor their families.
const JAVASCRIPT: [&str; 5] = ["wasm-bindgen", "js-sys", "web-sys", "yew", "gloo"];

const MANIFEST: &str = "crates/core/Cargo.toml";

pub(super) fn depends_on_no_javascript(files: &[File]) -> Vec<String> {
    let Some(manifest) = files.iter().find(|file| file.path == MANIFEST) else {
        return vec![format!("{MANIFEST} is missing")];
    };
    let named = dependencies(&manifest.text).into_iter().filter(|name| is_javascript(name));
    named.map(|name| format!("{MANIFEST}: the core must not depend on `{name}`")).collect()
}

fn is_javascript(name: &str) -> bool {
    JAVASCRIPT.iter().any(|known| {
        name.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}

/// The keys of every table of dependencies, those for one target among them.
fn dependencies(manifest: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut inside = false;
    for line in manifest.lines() {
        if let Some(table) = line.strip_prefix('[') {
            let table = table.trim_end_matches(']');
            inside = table.ends_with("dependencies");
            names.extend(table.split_once("dependencies.").map(|(_, name)| name));
        } else if inside {
            names.extend(
                line.split(['=', '.', ' '])
                    .next()
                    .filter(|name| !name.is_empty() && !name.starts_with('#')),
            );
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::{MANIFEST, depends_on_no_javascript};

    #[test]
    fn javascript_is_found_in_every_kind_of_table() {
        #[rustfmt::skip]
        let table = [
            ("[dependencies]\nserde = \"1\"\n# yew\n[features]\nyew = []\n", None),
            ("[dependencies]\njs-sys.workspace = true\n", Some("js-sys")),
            ("[target.'cfg(x)'.dependencies]\ngloo-timers = \"1\"\n", Some("gloo-timers")),
            ("[dev-dependencies]\nwasm-bindgen-test = \"0.3\"\n", Some("wasm-bindgen-test")),
            ("[dependencies.web-sys]\nversion = \"1\"\n", Some("web-sys")),
        ];
        for (text, named) in table {
            let expected: Vec<_> = named
                .iter()
                .map(|name| format!("{MANIFEST}: the core must not depend on `{name}`"))
                .collect();
            assert_eq!(depends_on_no_javascript(&[file(MANIFEST, text)]), expected, "{text}");
        }
    }
}
