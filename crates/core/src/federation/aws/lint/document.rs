//! Lints of the document as a whole.

use super::Lint;
use crate::trace::Severity;

/// A role's quota unless AWS raised it (A25).
const QUOTA: usize = 2048;

/// What IAM would not save.
pub(super) fn refusals(lint: &mut Lint<'_>) {
    let run = lint.run;
    for refusal in &run.role.refusals {
        let detail = format!(
            "IAM does not save this policy ({}: {}). What to do: {}.",
            refusal.code, refusal.message, refusal.hint
        );
        let title = refusal.title.clone();
        lint.add("policy-not-saved", Severity::Error, refusal.rule, &refusal.place, title, detail);
    }
}

/// Version, size, members and statements that stand twice.
pub(super) fn whole(lint: &mut Lint<'_>) {
    version(lint);
    size(lint);
    repeated(lint);
    redundant_statements(lint);
    empty_sids(lint);
    empty_blocks(lint);
}

/// A125.
fn version(lint: &mut Lint<'_>) {
    let policy = lint.policy;
    if policy.statements.is_empty() {
        return;
    }
    if policy.version.is_none() {
        let place = policy.place.clone();
        lint.add(
            "version-missing",
            Severity::Info,
            "A125",
            &place,
            "Version is missing: the policy counts as 2008-10-17",
            "Without it policy variables (${...}) stand for themselves. Add \"Version\": \"2012-10-17\".",
        );
    }
    if policy.variables {
        return;
    }
    let values = policy.statements.iter().flat_map(|one| &one.conditions);
    for condition in values.filter(|one| one.operator.kind.compare.takes_variables()) {
        for value in condition.values.iter().filter(|value| value.text.contains("${")) {
            lint.add(
                "variable-without-version",
                Severity::Error,
                "A125",
                &value.place,
                "A policy variable, but the policy's Version is not 2012-10-17",
                "Here the text counts to the letter, so it equals no value that a request has. Set \"Version\": \"2012-10-17\".",
            );
        }
    }
}

/// A127.
fn size(lint: &mut Lint<'_>) {
    let size = lint.policy.size;
    if size <= QUOTA * 9 / 10 || lint.policy.statements.is_empty() {
        return;
    }
    let title = format!("{size} characters of a trust policy's {QUOTA}");
    let detail = "White space does not count. AWS raises the quota of a role to at most 4096 characters. A pattern under StringLike, or a role per workload, needs less.";
    let place = lint.policy.place.clone();
    lint.add("policy-near-quota", Severity::Info, "A127", &place, title, detail);
}

fn repeated(lint: &mut Lint<'_>) {
    let policy = lint.policy;
    for member in &policy.repeated {
        let title = format!("`{}` stands twice in one object", member.text.escape_debug());
        let detail = "Readers of JSON keep one of the two, mostly the last, and the other tests nothing. Merge them.";
        lint.add("member-twice", Severity::Warning, "A61", &member.place, title, detail);
    }
}

/// Access Analyzer's suggestion "redundant statement".
fn redundant_statements(lint: &mut Lint<'_>) {
    let policy = lint.policy;
    let print = |statement: &super::Statement| {
        let mut conditions: Vec<String> = statement
            .conditions
            .iter()
            .map(|one| {
                let mut values: Vec<&str> = one.values.iter().map(|v| v.text.as_str()).collect();
                values.sort_unstable();
                format!("{} {} {values:?}", one.operator_name, one.key.text.to_ascii_lowercase())
            })
            .collect();
        conditions.sort_unstable();
        let mut actions: Vec<String> =
            statement.actions.iter().map(|one| one.text.to_ascii_lowercase()).collect();
        actions.sort_unstable();
        let mut principals: Vec<String> = statement
            .principals
            .iter()
            .map(|one| format!("{} {}", one.kind, one.value.text))
            .collect();
        principals.sort_unstable();
        format!(
            "{:?} {} {principals:?} {actions:?} {conditions:?}",
            statement.effect, statement.not_action
        )
    };
    let mut seen = std::collections::HashSet::new();
    for statement in &policy.statements {
        if !seen.insert(print(statement)) {
            lint.add(
                "redundant-statement",
                Severity::Info,
                "A53",
                &statement.place,
                "Another statement says the same",
                "One of the two can go.",
            );
        }
    }
}

/// Access Analyzer's suggestion "empty Sid value".
fn empty_sids(lint: &mut Lint<'_>) {
    let policy = lint.policy;
    for sid in policy.statements.iter().filter_map(|one| one.sid.as_ref()) {
        if sid.text.is_empty() {
            let title = "An empty Sid";
            let detail = "It names nothing; remove it, or give the statement a name.";
            lint.add("sid-empty", Severity::Info, "A51", &sid.place, title, detail);
        }
    }
}

/// A73. Access Analyzer's suggestion "empty object condition".
fn empty_blocks(lint: &mut Lint<'_>) {
    let policy = lint.policy;
    for place in policy.statements.iter().flat_map(|one| &one.empty_blocks) {
        let title = "An empty condition tests nothing";
        let detail = "Fill it in, or remove it.";
        lint.add("condition-empty", Severity::Info, "A73", place, title, detail);
    }
}
