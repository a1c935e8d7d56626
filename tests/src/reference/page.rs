//! The reference as Markdown.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::answers::Answers;
use crate::codes::errors_in_source;
use crate::rules::{Cited, Rule, cited, ids, out_of_scope};

/// Families by letter: whose behaviour a rule is.
const FAMILIES: [(char, &str); 5] = [
    ('K', "Kubernetes: API server, admission, kubelet"),
    ('A', "AWS: STS, IAM, EKS Pod Identity and the webhook of EKS"),
    ('Z', "Azure: Entra ID and the webhook of Azure Workload Identity"),
    ('G', "Google: GKE's metadata server, Workload Identity Federation"),
    ('R', "other relying parties: Vault, AuthenticationConfiguration, Fulcio, any OIDC verifier"),
];

/// Statuses in the order in which they are shown.
const STATUSES: [&str; 5] = ["pass", "fail", "warn", "skip", "unknown"];

pub(crate) fn page(answers: &Answers) -> String {
    let mut out = String::from(HEAD);
    errors(&mut out, answers);
    checks(&mut out, answers);
    findings(&mut out, answers);
    rules(&mut out, answers);
    out
}

const HEAD: &str = "# Reference: error codes, checks, findings, rules\n\n\
Generated from the engine's source and from what it answers to the project's case files; do not edit. Codes and ids are public \
API: they stay. Titles are examples: they quote the input that they were made for.\n\n\
- [Error codes](#error-codes): what is thrown\n- [Checks](#checks): what is judged, one by one\n\
- [Findings](#findings): what is true whatever the verdict\n- [Rules](#rules): the behaviour of the real systems behind all of it\n";

fn errors(out: &mut String, answers: &Answers) {
    out.push_str("\n## Error codes\n\n`error.code` of a `PodpassError`. Those of jose where the meaning is the same.\n\n| code | meaning |\n| --- | --- |\n");
    let known = errors_in_source();
    let strange: Vec<_> = answers
        .errors
        .iter()
        .filter(|code| !known.contains_key(*code) && *code != "ERR_INVALID_OPTIONS")
        .collect();
    assert!(strange.is_empty(), "thrown, but not in errors.ts: {strange:?}");
    for (code, meaning) in known {
        assert!(!meaning.is_empty(), "no class of errors.ts says what {code} means");
        row(out, &[&format!("`{code}`"), &meaning]);
    }
    row(
        out,
        &[
            "`ERR_INVALID_OPTIONS`",
            "Of a `TypeError`: a call that makes no sense, such as an option that does not exist.",
        ],
    );
}

fn checks(out: &mut String, answers: &Answers) {
    out.push_str("\n## Checks\n\n`id` of a `Check`, with a title for each status that it can have. A status that is not listed was not seen.\n");
    let mut system = "";
    for (id, titles) in &answers.checks {
        let of = id.split('/').next().unwrap_or_default();
        if of != system {
            system = of;
            let _ = write!(out, "\n### {system}\n\n| id | titles |\n| --- | --- |\n");
        }
        let told: Vec<_> = STATUSES
            .iter()
            .filter_map(|status| Some(format!("*{status}*: {}", escaped(titles.get(*status)?))))
            .collect();
        let _ = writeln!(out, "| `{id}` | {} |", told.join("<br>"));
    }
}

fn findings(out: &mut String, answers: &Answers) {
    out.push_str("\n## Findings\n\n`code` of a `Finding`, each with an example. *error*: refused, or cannot work as meant. *security*: works, and lets in more than meant.\n");
    for (code, shown) in &answers.findings {
        let rule =
            shown.rule.as_ref().map(|rule| format!(", rule {}", linked(rule))).unwrap_or_default();
        let _ = write!(
            out,
            "\n### `{code}`\n\n*{}*{rule}. {}\n\n> {}\n",
            shown.severity,
            escaped(&shown.title),
            escaped(&shown.detail).replace('\n', "\n> ")
        );
    }
}

fn rules(out: &mut String, answers: &Answers) {
    out.push_str("\n## Rules\n\nA rule is one piece of behaviour of a real system, by letter and number: `rule` of checks and findings names it, the source \
cites it where it is implemented, with the public source that it was read from. What a rule could not be seen to do is `certainty: \"likely\"`.\n");
    let mut all: BTreeMap<Rule, Cited> = cited();
    let outside = out_of_scope();
    for rule in answers.rules.keys().flat_map(|rule| ids(rule)).chain(outside.keys().copied()) {
        all.entry(rule).or_default();
    }
    for (letter, family) in FAMILIES {
        let _ = write!(
            out,
            "\n### {letter}: {family}\n\n| rule | what it says | where |\n| --- | --- | --- |\n"
        );
        for (rule @ (_, number), cited) in all.iter().filter(|((of, _), _)| *of == letter) {
            let name = format!("{letter}{number}");
            let mut says: Vec<String> = cited.told().into_iter().map(escaped).collect();
            if says.is_empty() {
                says.extend(
                    answers
                        .rules
                        .get(&name)
                        .into_iter()
                        .flatten()
                        .take(2)
                        .map(|title| escaped(title)),
                );
            }
            says.extend(outside.get(rule).map(|why| format!("*Not modelled*: {}", escaped(why))));
            let files: Vec<_> = cited.files.iter().map(|file| format!("`{file}`")).collect();
            let _ = writeln!(
                out,
                "| <a id=\"{}\"></a>{name} | {} | {} |",
                name.to_lowercase(),
                says.join("<br>"),
                files.join(", ")
            );
        }
    }
}

fn linked(rule: &str) -> String {
    format!("[{rule}](#{})", rule.to_lowercase())
}

fn row(out: &mut String, cells: &[&str]) {
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}

/// Text in a table of Markdown: nothing of it is markup but code, and it keeps to its line.
fn escaped(text: &str) -> String {
    let balanced = text.matches('`').count().is_multiple_of(2);
    let (mut out, mut code) = (String::with_capacity(text.len()), false);
    for letter in text.chars() {
        match letter {
            '`' if balanced => {
                code = !code;
                out.push('`');
            }
            '|' | '`' => out.extend(['\\', letter]),
            '\\' | '*' | '_' | '<' | '>' | '[' | ']' if !code => out.extend(['\\', letter]),
            '\n' | '\r' | '\t' => out.push(' '),
            control if control.is_control() || ('\u{200b}'..='\u{202e}').contains(&control) => {
                let _ = write!(out, "U+{:04X}", u32::from(control));
            }
            _ => out.push(letter),
        }
    }
    out
}
