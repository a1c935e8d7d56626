//! House rules that no compiler knows: each is one function from the project's files to what is wrong.

mod cases;
mod core;
mod rules;
mod source;
mod versions;

use std::fs;

use crate::failure::{Failure, Outcome, While};
use crate::project;
use crate::shell::Call;

/// A text file of the project, as Git knows it.
#[derive(Debug)]
pub(crate) struct File {
    /// From the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// Whether the name ends with one of these.
    fn is(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.path.ends_with(ending))
    }
}

type Rule = fn(&[File]) -> Vec<String>;

const RULES: [Rule; 8] = [
    source::modules_say_what_they_are_for,
    source::files_stay_short,
    source::text_is_clean,
    source::nothing_names_the_workplace,
    cases::are_json_with_unique_ids,
    core::depends_on_no_javascript,
    rules::are_cited_or_out_of_scope,
    versions::agree,
];

pub(crate) fn run() -> Outcome {
    let files = files()?;
    print!("{}", rules::table(&files));
    let problems: Vec<_> = RULES.iter().flat_map(|rule| rule(&files)).collect();
    if problems.is_empty() {
        println!("   {} files, {} rules", files.len(), RULES.len());
        return Ok(());
    }
    Err(Failure::new(format!(
        "{} house rules are broken:\n  {}",
        problems.len(),
        problems.join("\n  ")
    )))
}

/// Every file that Git tracks or would add, unless it is binary.
fn files() -> Outcome<Vec<File>> {
    let list = Call::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .read()?;
    let mut files = Vec::new();
    for path in list.split('\0').filter(|path| !path.is_empty()) {
        let full = project::root().join(path);
        if !full.is_file() {
            continue; // Removed, but not yet from the index.
        }
        let bytes = fs::read(&full).while_doing(|| format!("reading {path}"))?;
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(File { path: path.to_owned(), text });
        }
    }
    Ok(files)
}

#[cfg(test)]
fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}
