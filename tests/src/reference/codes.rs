//! Codes as the source writes them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::tree::{files, root};

/// What stands before the code of a finding.
const BEFORE: [&str; 3] = ["Finding::new(", ".add(", "const CODE: &str ="];

/// The codes of findings that the core can make, as far as they are written where a finding is made.
pub(crate) fn findings_in_source() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for path in files(&root().join("crates/core/src"), ".rs") {
        if path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for start in BEFORE.iter().flat_map(|before| code.split(before).skip(1)) {
            let literal =
                start.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
            codes.extend(literal.filter(|word| word.contains('-')).map(str::to_owned));
        }
    }
    codes
}

/// Codes of errors with their meaning: classes of `src/errors.ts`, and the comments above them.
pub(crate) fn errors_in_source() -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join("crates/wasm/npm/src/errors.ts")).unwrap();
    let union =
        text.split("export type ErrorCode =").nth(1).and_then(|rest| rest.split(';').next());
    let mut meanings: BTreeMap<String, String> = union
        .unwrap_or_default()
        .lines()
        .filter_map(|line| Some((line.split('"').nth(1)?.to_owned(), String::new())))
        .collect();
    for block in text.split("/** ").skip(1) {
        let Some((comment, rest)) = block.split_once("*/") else { continue };
        let comment =
            comment.split_whitespace().filter(|word| *word != "*").collect::<Vec<_>>().join(" ");
        if !rest.trim_start().starts_with("export class") {
            continue;
        }
        let class = rest.split("\n}").next().unwrap_or_default();
        let own = class.split("code = \"").nth(1).and_then(|rest| rest.split('"').next());
        for (code, meaning) in &mut meanings {
            if own == Some(code) || (own.is_none() && comment.contains(&format!("`{code}`"))) {
                meaning.clone_from(&comment);
            }
        }
    }
    meanings
}
