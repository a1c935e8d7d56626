//! Rules about source text.

use super::File;

/// What people write, as against data, locks and what a program writes.
const SOURCE: [&str; 9] = [".rs", ".mjs", ".cjs", ".js", ".ts", ".css", ".html", ".toml", ".sh"];

/// Past this a file holds more than one thing.
const LONGEST: usize = 500;

/// Where the design lives while this is built; a reader of the project cannot open it. In two parts: this file is read too.
const WORKPLACE: [&str; 2] = [concat!("/work/", "shared"), concat!("../", "shared")];

fn sources(files: &[File]) -> impl Iterator<Item = &File> {
    let data =
        |file: &&File| file.path.starts_with("tests/cases/") || file.path.contains("/generated/");
    files.iter().filter(|file| file.is(&SOURCE)).filter(move |file| !data(file))
}

/// Every Rust file starts with the sentence that says what it is for.
pub(super) fn modules_say_what_they_are_for(files: &[File]) -> Vec<String> {
    let silent =
        files.iter().filter(|file| file.is(&[".rs"])).filter(|file| !starts_with_docs(&file.text));
    silent.map(|file| format!("{}:1: a module starts with `//!`", file.path)).collect()
}

fn starts_with_docs(text: &str) -> bool {
    text.starts_with("//!") || text.starts_with("#![doc")
}

/// Declarations are spared: the public API is read in one piece, and holds no logic to split.
pub(super) fn files_stay_short(files: &[File]) -> Vec<String> {
    let lines = |file: &File| file.text.lines().count();
    let long = sources(files).filter(|file| !file.is(&[".d.ts"]) && lines(file) > LONGEST);
    long.map(|file| {
        format!("{}: {} lines, {LONGEST} at most: split it by noun", file.path, lines(file))
    })
    .collect()
}

/// No blanks at the end of a line, no tab, no mark of an unfinished merge, one line feed at the end.
pub(super) fn text_is_clean(files: &[File]) -> Vec<String> {
    let mut problems = Vec::new();
    for file in sources(files) {
        for (number, line) in (1..).zip(file.text.lines()) {
            if let Some(problem) = unclean(line) {
                problems.push(format!("{}:{number}: {problem}", file.path));
            }
        }
        if !file.text.is_empty() && (!file.text.ends_with('\n') || file.text.ends_with("\n\n")) {
            problems.push(format!("{}: a file ends with one line feed", file.path));
        }
    }
    problems
}

fn unclean(line: &str) -> Option<&'static str> {
    if line.ends_with([' ', '\t', '\r']) {
        return Some("blanks at the end of the line");
    }
    if line.contains('\t') {
        return Some("a tab; write \\t where it is meant");
    }
    let merge = line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ");
    merge.then_some("a mark of an unfinished merge")
}

pub(super) fn nothing_names_the_workplace(files: &[File]) -> Vec<String> {
    let named = files.iter().flat_map(|file| {
        (1..).zip(file.text.lines()).map(move |(number, line)| (file, number, line))
    });
    let named = named.filter(|(_, _, line)| WORKPLACE.iter().any(|place| line.contains(place)));
    named
        .map(|(file, number, _): (_, usize, _)| {
            format!("{}:{number}: names a folder that readers do not have", file.path)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_module_without_docs_is_told() {
        let files = [file("a.rs", "//! What.\n"), file("b.rs", "use a;\n"), file("c.mjs", "x\n")];
        assert_eq!(modules_say_what_they_are_for(&files), ["b.rs:1: a module starts with `//!`"]);
    }

    #[test]
    fn a_long_source_is_told_and_long_data_is_not() {
        let long = "x\n".repeat(LONGEST + 1);
        let files = [file("a.rs", &long), file("b.json", &long), file("tests/cases/c.js", &long)];
        assert_eq!(files_stay_short(&files), ["a.rs: 501 lines, 500 at most: split it by noun"]);
    }

    #[test]
    fn unclean_text_is_told_with_its_line() {
        let files = [
            file("a.rs", "//! A.\nlet a; \n"),
            file("b.rs", "\tb"),
            file("c.css", "<<<<<<< HEAD\n"),
        ];
        let problems = text_is_clean(&files);
        assert_eq!(problems.len(), 4, "{problems:?}");
        assert_eq!(problems[0], "a.rs:2: blanks at the end of the line");
    }

    #[test]
    fn the_workplace_is_named_nowhere() {
        let files = [file("README.md", &format!("see\n{}/x\n", WORKPLACE[0]))];
        assert_eq!(
            nothing_names_the_workplace(&files),
            ["README.md:2: names a folder that readers do not have"]
        );
    }
}
