//! Rule ids: where the core cites each rule of Kubernetes, and which it leaves out.

use std::collections::{BTreeMap, BTreeSet};

use super::File;

/// `K1` to `K99`.
const RULES: std::ops::RangeInclusive<u32> = 1..=99;

const CORE: &str = "crates/core/src/";
const LIST: &str = "ARCHITECTURE.md";
const HEADING: &str = "## Rules out of scope";

/// Every rule is cited at the code that implements it, or listed as out of scope with the reason.
pub(super) fn are_cited_or_out_of_scope(files: &[File]) -> Vec<String> {
    let (cited, listed) = (cited(files), listed(files));
    let mut problems = Vec::new();
    for rule in RULES {
        let reason = listed.get(&rule);
        if reason.is_some_and(|reason| reason.is_empty()) {
            problems.push(format!("{LIST}: K{rule} is out of scope without a reason"));
        } else if reason.is_none() && !cited.contains_key(&rule) {
            problems.push(format!(
                "K{rule} is neither cited under {CORE} nor listed in {LIST} under \"{HEADING}\""
            ));
        }
    }
    problems
}

/// A line for each rule: the files that cite it, and whether it is out of scope.
pub(super) fn table(files: &[File]) -> String {
    let (cited, listed) = (cited(files), listed(files));
    let line = |rule| {
        let places = cited.get(&rule).map(|places| places.iter().copied().collect::<Vec<_>>());
        let scope = listed.get(&rule).map(|reason| format!("out of scope: {reason}"));
        let parts: Vec<String> = places.map(|p| p.join(" ")).into_iter().chain(scope).collect();
        format!("   K{rule:<3} {}\n", parts.join("; "))
    };
    RULES.map(line).collect()
}

/// The files that cite each rule. Tests do not count, nor does a table of versions, nor a range: that is a
/// heading, and what stands below it has ids of its own.
fn cited(files: &[File]) -> BTreeMap<u32, BTreeSet<&str>> {
    let mut cited: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
    for file in files {
        let Some(path) = file.path.strip_prefix(CORE).filter(|path| !only_names(path)) else {
            continue;
        };
        let code = file.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for rule in code.lines().flat_map(|line| ids(line, Ranges::Skipped)) {
            cited.entry(rule).or_default().insert(path);
        }
    }
    cited
}

fn only_names(path: &str) -> bool {
    !path.ends_with(".rs")
        || path == "version.rs"
        || path.ends_with("tests.rs")
        || path.contains("tests/")
}

/// The rows of the list: `| K38, K40 | reason |`.
fn listed(files: &[File]) -> BTreeMap<u32, &str> {
    let text = files.iter().find(|file| file.path == LIST).map_or("", |file| &file.text);
    let section = text.split_once(HEADING).map_or("", |(_, after)| after);
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| K"));
    rows.filter_map(|row| row.split_once('|'))
        .flat_map(|(names, reason)| {
            let reason = reason.trim_matches(['|', ' ']);
            ids(&format!("K{names}"), Ranges::Whole).into_iter().map(move |rule| (rule, reason))
        })
        .collect()
}

/// What `K94 to K96` and `K70-K72` stand for.
#[derive(Clone, Copy, PartialEq)]
enum Ranges {
    Skipped,
    Whole,
}

/// The rules that a line names.
fn ids(line: &str, ranges: Ranges) -> Vec<u32> {
    let mut found: Vec<u32> = Vec::new();
    let mut after_id = false;
    let mut rest = line;
    while let Some(at) = rest.find('K') {
        let (before, from) = rest.split_at(at);
        let after = from.strip_prefix('K').unwrap_or_default();
        let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (digits, next) = after.split_at(end);
        let starts = before.is_empty() || before.ends_with(|c: char| !c.is_alphanumeric());
        let stops = !next.starts_with(|c: char| c.is_alphanumeric());
        let id = digits.parse().ok().filter(|id| starts && stops && RULES.contains(id));
        let first = found.last().copied().filter(|_| after_id && matches!(before, " to " | "-"));
        match (id, first, ranges) {
            (Some(id), Some(first), Ranges::Whole) => found.extend(first + 1..=id),
            (Some(_), Some(_), Ranges::Skipped) => drop(found.pop()),
            (Some(id), None, _) => found.push(id),
            (None, ..) => {}
        }
        after_id = id.is_some();
        rest = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn ids_are_words_and_ranges_count_in_the_list_alone() {
        #[rustfmt::skip]
        let table: [(&str, &[u32], &[u32]); 8] = [
            ("/// K16; with a signer K21.",   &[16, 21],         &[16, 21]),
            (".rule(\"K42\")",                &[42],             &[42]),
            ("// K94 to K96, K99",            &[94, 95, 96, 99], &[99]),
            ("(K70-K72)",                     &[70, 71, 72],     &[]),
            ("K1 and K3",                     &[1, 3],           &[1, 3]),
            ("RK4 K100 K0 K5s Kubernetes K",  &[],               &[]),
            ("K",                             &[],               &[]),
            ("",                              &[],               &[]),
        ];
        for (line, whole, alone) in table {
            assert_eq!(ids(line, Ranges::Whole), whole, "{line}");
            assert_eq!(ids(line, Ranges::Skipped), alone, "{line}");
        }
    }

    #[test]
    fn a_rule_that_nobody_cites_is_told() {
        let all: String = (1..=97).map(|rule| format!("//! K{rule}.\n")).collect();
        let code = format!("{all}#[cfg(test)]\nmod tests {{\n    // K99\n}}\n");
        let list = |row: &str| {
            file(
                LIST,
                &format!(
                    "{HEADING}\n\n| rule | why |\n|---|---|\n{row}\n\n## More\n\n| K99 | no |\n"
                ),
            )
        };
        let files = |row: &str| {
            vec![
                file("crates/core/src/a.rs", &code),
                file("crates/core/src/a/tests.rs", "// K98\n"),
                list(row),
            ]
        };
        let problems = are_cited_or_out_of_scope(&files("| K98, K99 | nobody asks |"));
        assert_eq!(problems, Vec::<String>::new());
        let problems = are_cited_or_out_of_scope(&files("| K98 |  |"));
        assert_eq!(
            problems,
            [
                "ARCHITECTURE.md: K98 is out of scope without a reason",
                "K99 is neither cited under crates/core/src/ nor listed in ARCHITECTURE.md under \"## Rules out of scope\"",
            ]
        );
    }

    #[test]
    fn the_table_names_files_and_reasons() {
        let files = [
            file("crates/core/src/pod/a.rs", "//! K1.\n"),
            file(LIST, &format!("{HEADING}\n\n| K2 | no need |\n")),
        ];
        let table = table(&files);
        assert!(table.starts_with("   K1   pod/a.rs\n   K2   out of scope: no need\n"), "{table}");
        assert_eq!(table.lines().count(), 99);
    }
}
