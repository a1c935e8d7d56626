//! Rule ids: where the core cites each rule of Kubernetes, AWS and Azure, and which it leaves out.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::File;

/// A family of rules by its letter, and the numbers that it has.
struct Family {
    letter: char,
    numbers: &'static [RangeInclusive<u32>],
}

/// Kubernetes, AWS, Azure, Google, other relying parties but for Vault. The second's numbers have gaps.
const FAMILIES: &[Family] = &[
    Family { letter: 'K', numbers: &[1..=99] },
    Family {
        letter: 'A',
        numbers: &[
            1..=8,
            10..=14,
            20..=28,
            30..=45,
            50..=57,
            60..=74,
            90..=95,
            100..=105,
            110..=127,
            130..=142,
            160..=163,
            170..=174,
            210..=211,
        ],
    },
    Family { letter: 'Z', numbers: &[1..=48] },
    Family { letter: 'G', numbers: &[1..=38] },
    Family { letter: 'R', numbers: &[20..=37] },
];

/// One rule, `K16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rule {
    letter: char,
    number: u32,
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("{}{}", self.letter, self.number))
    }
}

/// Every rule there is, family by family.
fn all() -> impl Iterator<Item = Rule> {
    FAMILIES.iter().flat_map(|family| {
        let numbers = family.numbers.iter().cloned().flatten();
        numbers.map(|number| Rule { letter: family.letter, number })
    })
}

const CORE: &str = "crates/core/src/";
const LIST: &str = "ARCHITECTURE.md";
const HEADING: &str = "## Rules out of scope";

/// Every rule is cited at the code that implements it, or listed as out of scope with the reason.
pub(super) fn are_cited_or_out_of_scope(files: &[File]) -> Vec<String> {
    let (cited, listed) = (cited(files), listed(files));
    let mut problems = Vec::new();
    for rule in all() {
        let reason = listed.get(&rule);
        if reason.is_some_and(|reason| reason.is_empty()) {
            problems.push(format!("{LIST}: {rule} is out of scope without a reason"));
        } else if reason.is_none() && !cited.contains_key(&rule) {
            problems.push(format!(
                "{rule} is neither cited under {CORE} nor listed in {LIST} under \"{HEADING}\""
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
        format!("   {rule:<4} {}\n", parts.join("; "))
    };
    all().map(line).collect()
}

/// The files that cite each rule. Tests do not count, nor does a table of versions, nor a range: that is a
/// heading, and what stands below it has ids of its own.
fn cited(files: &[File]) -> BTreeMap<Rule, BTreeSet<&str>> {
    let mut cited: BTreeMap<Rule, BTreeSet<&str>> = BTreeMap::new();
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
fn listed(files: &[File]) -> BTreeMap<Rule, &str> {
    let text = files.iter().find(|file| file.path == LIST).map_or("", |file| &file.text);
    let section = text.split_once(HEADING).map_or("", |(_, after)| after);
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| "));
    rows.filter_map(|row| row.split_once('|'))
        .flat_map(|(names, reason)| {
            let reason = reason.trim_matches(['|', ' ']);
            ids(names, Ranges::Whole).into_iter().map(move |rule| (rule, reason))
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
fn ids(line: &str, ranges: Ranges) -> Vec<Rule> {
    let mut found: Vec<Rule> = Vec::new();
    let mut after_id = false;
    // Whether what stood before `rest` was a letter or a digit.
    let mut glued = false;
    let mut rest = line;
    let is_letter = |c: char| FAMILIES.iter().any(|family| family.letter == c);
    while let Some(at) = rest.find(is_letter) {
        let (before, from) = rest.split_at(at);
        let mut characters = from.chars();
        let letter = characters.next().unwrap_or_default();
        let after = characters.as_str();
        let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (digits, next) = after.split_at(end);
        let starts = match before.chars().next_back() {
            Some(last) => !last.is_alphanumeric(),
            None => !glued,
        };
        let stops = !next.starts_with(|c: char| c.is_alphanumeric());
        let number = digits.parse().unwrap_or_default();
        let id = Rule { letter, number };
        let id = Some(id).filter(|id| starts && stops && all().any(|rule| rule == *id));
        let is_range = after_id && matches!(before, " to " | "-");
        let first = found.last().copied().filter(|first| is_range && first.letter == letter);
        match (id, first, ranges) {
            (Some(id), Some(first), Ranges::Whole) => {
                found.extend(all().filter(|rule| (first..=id).contains(rule) && *rule != first));
            }
            (Some(_), Some(_), Ranges::Skipped) => drop(found.pop()),
            (Some(id), None, _) => found.push(id),
            (None, ..) => {}
        }
        (after_id, glued) = (id.is_some(), true);
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
        let table = [
            ("/// K16; with a signer K21.",   "K16 K21",          "K16 K21"),
            (".rule(\"K42\")",                "K42",              "K42"),
            ("// K94 to K96, K99",            "K94 K95 K96 K99",  "K99"),
            ("(K70-K72)",                     "K70 K71 K72",      ""),
            ("K1 and A3",                     "K1 A3",            "K1 A3"),
            ("A7 to A10 have a gap",          "A7 A8 A10",        ""),
            ("K1-A3 is no range",             "K1 A3",            "K1 A3"),
            ("RK4 K100 K0 K5s A9 AWS A K",    "",                 ""),
            ("",                              "",                 ""),
        ];
        let shown = |line, ranges| {
            ids(line, ranges).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        for (line, whole, alone) in table {
            assert_eq!(shown(line, Ranges::Whole), whole, "{line}");
            assert_eq!(shown(line, Ranges::Skipped), alone, "{line}");
        }
    }

    #[test]
    fn a_rule_that_nobody_cites_is_told() {
        let cited = all().filter(|rule| rule.letter != 'K' || rule.number < 98);
        let cited: String = cited.map(|rule| format!("//! {rule}.\n")).collect();
        let code = format!("{cited}#[cfg(test)]\nmod tests {{\n    // K99\n}}\n");
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
        assert_eq!(table.lines().count(), all().count());
    }
}
