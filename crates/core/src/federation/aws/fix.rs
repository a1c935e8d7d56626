//! Edits of the trust document that let the token in, each tried before it is offered.
//!
//! None widens trust beyond the ServiceAccount in question: a pattern is replaced by the one subject, an
//! audience only by that of STS, and the edited policy must not reach further than before.

use std::ops::Range;

use super::compare::Compare;
use super::evaluate::{Element, Judged, Outcome};
use super::judge::Holds;
use super::policy::{Condition, Effect, Item, Statement};
use super::provider::{ProviderArn, RoleArn};
use super::{ASSUME, Case, Run, Trial};
use crate::claims::ServiceAccountRef;
use crate::document::{SyntaxError, Text};
use crate::federation::{Breadth, FederationOutcome};
use crate::trace::{Check, Fix, InputName, Status, TextEdit};

/// Audiences of STS itself, in the two partitions that have one of their own.
const STS_AUDIENCES: [&str; 2] = ["sts.amazonaws.com", "sts.amazonaws.com.cn"];

/// Longest text that fixes are tried on, in bytes: each statement costs an evaluation of all of it.
/// A policy has at most 4096 characters beside white space.
const MAX_TEXT: usize = 1 << 16;

/// A replacement of some bytes.
struct Edit {
    bytes: Range<usize>,
    text: String,
    /// What it is for, as an instruction.
    title: String,
}

impl Edit {
    /// Replaces an element by a JSON text, which is YAML as well.
    fn replace(item: &Item, text: &str, title: String) -> Self {
        Self { bytes: item.place.bytes(), text: serde_json::Value::from(text).to_string(), title }
    }
}

/// What to offer for an outcome.
pub(super) fn propose(text: &Text<'_>, case: &Case<'_>, run: &Run) -> Vec<Fix> {
    if let Some(error) = &run.syntax {
        return comma(text, case, error).into_iter().collect();
    }
    let Some(trial) = run.trial.as_ref().filter(|_| text.text.len() <= MAX_TEXT) else {
        return Vec::new();
    };
    let attempt = Attempt { text, case, run, trial };
    let mut offers = attempt.admissions();
    offers.extend(attempt.further_actions());
    // The statement that comes closest first.
    offers.sort_by_key(|(edits, _)| *edits);
    offers.into_iter().map(|(_, fix)| fix).collect()
}

/// What edits are tried on.
struct Attempt<'a> {
    text: &'a Text<'a>,
    case: &'a Case<'a>,
    run: &'a Run,
    trial: &'a Trial,
}

impl Attempt<'_> {
    /// Of an implicit deny: each Allow, edited until it fits.
    fn admissions(&self) -> Vec<(usize, Fix)> {
        if self.trial.evaluation.outcome != Outcome::ImplicitDeny {
            return Vec::new();
        }
        let statements =
            self.run.role.policy.statements.iter().zip(&self.trial.evaluation.statements);
        let allows = statements.enumerate().filter(|(_, (one, _))| one.effect == Effect::Allow);
        allows
            .filter_map(|(index, (statement, judged))| {
                self.offer(index, "admit", admit(self.trial, statement, judged)?)
            })
            .collect()
    }

    /// A101, A102, A161: an Allow that lets the caller in, but forgets a further action.
    fn further_actions(&self) -> Vec<(usize, Fix)> {
        let mut missing =
            self.trial.actions.iter().filter(|(_, one)| one.outcome == Outcome::ImplicitDeny);
        let (Some((action, _)), Outcome::Allowed) = (missing.next(), self.trial.evaluation.outcome)
        else {
            return Vec::new();
        };
        let statements =
            self.run.role.policy.statements.iter().zip(&self.trial.evaluation.statements);
        let admits = |(_, (one, judged)): &(usize, (&Statement, &Judged))| {
            one.effect == Effect::Allow && judged.holds == Holds::Yes && !one.not_action
        };
        statements
            .enumerate()
            .filter(admits)
            .filter_map(|(index, (statement, _))| {
                self.offer(index, "add-action", vec![add_action(statement, action)?])
            })
            .collect()
    }

    /// Tries edits of one statement.
    fn offer(&self, index: usize, what: &str, edits: Vec<Edit>) -> Option<(usize, Fix)> {
        let (check, after) = self.tried(&edits)?;
        let id = self.case.id(&format!("statement-{}/{what}", index + 1));
        let titles: Vec<&str> = edits.iter().map(|edit| edit.title.as_str()).collect();
        let title = format!("In statement {}: {}", index + 1, titles.join("; "));
        let mut fix = fix(self.text, &edits, id, title, check, &after);
        fix.command = Some(self.command());
        Some((edits.len(), fix))
    }

    /// Stores the edited policy.
    fn command(&self) -> String {
        let name = self.case.role_arn(&self.run.role).and_then(RoleArn::parse).map(|arn| arn.name);
        let name = name.or(self.run.role.name.as_deref()).unwrap_or("ROLE");
        format!(
            "aws iam update-assume-role-policy --role-name {name} --policy-document file://trust-policy.json"
        )
    }

    /// Whether the edited document lets the token in, and nobody else beside; the check that then passes.
    fn tried(&self, edits: &[Edit]) -> Option<(String, FederationOutcome)> {
        let edited = apply(self.text.text, edits)?;
        let before = &self.run.outcome;
        let after = self.case.run(&Text::new(InputName::Trust, &edited)).outcome;
        let is = |outcome: &FederationOutcome, id: &str, status| {
            outcome.checks.iter().any(|check| check.id == id && check.status == status)
        };
        let failed = |check: &&Check| check.status == Status::Fail;
        let is_ours = |id: &str| {
            let stage = id.split('/').nth(1).unwrap_or_default();
            matches!(stage, "provider" | "trust-policy" | "session-tags")
        };
        let target = before
            .checks
            .iter()
            .filter(failed)
            .map(|check| check.id.as_ref())
            .find(|id| is_ours(id) && !is(&after, id, Status::Fail))?;
        let spoils =
            after.checks.iter().filter(failed).any(|check| !is(before, &check.id, Status::Fail));
        // Whoever is new is this one account.
        let is_narrow = after.reach.breadth != Breadth::Unknown
            && after.reach.subjects.iter().all(|one| {
                before.reach.subjects.contains(one)
                    || Some(&one.pattern) == self.trial.subject.as_ref()
            });
        let decision = self.case.id("trust-policy/decision");
        let admits = is(&after, &decision, Status::Pass) && !is(&after, &decision, Status::Fail);
        let target = target.to_owned();
        (is_narrow && admits && !spoils).then_some((target, after))
    }
}

/// One more action beside those that are there.
fn add_action(statement: &Statement, action: &str) -> Option<Edit> {
    let title = format!("allow {action} as well");
    let json = |text: &str| serde_json::Value::from(text).to_string();
    let last = statement.actions.last()?;
    let is_list = last.place != statement.action_place;
    Some(match is_list {
        true => {
            let end = last.place.bytes().end;
            Edit { bytes: end..end, text: format!(", {}", json(action)), title }
        }
        false => {
            let text = format!("[{}, {}]", json(&last.text), json(action));
            Edit { bytes: last.place.bytes(), text, title }
        }
    })
}

/// The edits that make every element of an Allow fit; `None` if one of them has no safe edit.
fn admit(trial: &Trial, statement: &Statement, judged: &Judged) -> Option<Vec<Edit>> {
    let (fixed, conditions) = judged.leaves.split_at_checked(2)?;
    let mut edits = Vec::new();
    for leaf in fixed.iter().filter(|leaf| leaf.holds == Holds::No) {
        edits.push(match leaf.element {
            Element::Principal => principal(trial, statement)?,
            _ => action(statement)?,
        });
    }
    for (leaf, condition) in conditions.iter().zip(&statement.conditions) {
        if leaf.holds != Holds::Yes {
            edits.extend(self::condition(trial, condition)?);
        }
    }
    (!edits.is_empty()).then_some(edits)
}

/// A23, A55: the one provider that is named becomes the token's.
fn principal(trial: &Trial, statement: &Statement) -> Option<Edit> {
    let [only] = statement.principals.as_slice() else { return None };
    let wanted = trial.provider.as_deref().filter(|arn| ProviderArn::parse(arn).is_some())?;
    (only.kind == "Federated")
        .then(|| Edit::replace(&only.value, wanted, "name this token's provider".to_owned()))
}

/// A114: `sts:AssumeRole` and misspellings, where nobody but tokens needs the statement.
fn action(statement: &Statement) -> Option<Edit> {
    let tokens_only = statement.principals.iter().all(|one| one.kind == "Federated");
    let near = |one: &&Item| one.text.to_ascii_lowercase().starts_with("sts:assumerole");
    let item = statement.actions.iter().find(near)?;
    (tokens_only && !statement.not_action)
        .then(|| Edit::replace(item, ASSUME, format!("allow {ASSUME}")))
}

/// A63, A112: the key of the token's issuer, and the value that the token has.
fn condition(trial: &Trial, condition: &Condition) -> Option<Vec<Edit>> {
    let kind = condition.operator.kind;
    if kind.negated || condition.twin || !matches!(kind.compare, Compare::Text { .. }) {
        return None;
    }
    let (_, claim) = condition.key.text.rsplit_once(':')?;
    let value = match claim.to_ascii_lowercase().as_str() {
        "sub" => {
            trial.subject.clone().filter(|sub| ServiceAccountRef::from_subject(sub).is_some())?
        }
        "aud" => trial.audience.clone().filter(|aud| STS_AUDIENCES.contains(&aud.as_str()))?,
        _ => return None,
    };
    let key = format!("{}:{claim}", trial.prefix.as_deref()?);
    let mut edits = Vec::new();
    if !key.eq_ignore_ascii_case(&condition.key.text) {
        edits.push(Edit::replace(
            &condition.key,
            &key,
            format!("use the key of this token's issuer for `{claim}`"),
        ));
    }
    let fits = |wanted: &Item| kind.compare.matches(&wanted.text, &value) == Some(true);
    if !condition.values.iter().any(fits) {
        edits.push(admit_value(condition, claim, &value)?);
    }
    Some(edits)
}

/// One value is replaced, a list gets one more.
fn admit_value(condition: &Condition, claim: &str, value: &str) -> Option<Edit> {
    match condition.values.as_slice() {
        [only] => Some(Edit::replace(only, value, format!("ask for the {claim} {value}"))),
        [.., last] => {
            let end = last.place.bytes().end;
            let text = format!(", {}", serde_json::Value::from(value));
            Some(Edit { bytes: end..end, text, title: format!("take the {claim} {value} as well") })
        }
        [] => None,
    }
}

/// The usual slips of JSON: a comma that is missing, one too many.
fn comma(text: &Text<'_>, case: &Case<'_>, error: &SyntaxError) -> Option<Fix> {
    let before = text.text.get(..error.at)?.trim_end();
    let (bytes, new, title) = if error.message.starts_with("expected `,`") {
        (before.len()..before.len(), ",", "Insert the missing comma")
    } else {
        let at = before.strip_suffix(',')?.len();
        (at..at + 1, "", "Remove the comma too many")
    };
    let edit = Edit { bytes, text: new.to_owned(), title: title.to_owned() };
    let edited = apply(text.text, std::slice::from_ref(&edit))?;
    let after = case.run(&Text::new(InputName::Trust, &edited)).outcome;
    let check = case.id("document");
    (after.stage.as_deref() != Some("document"))
        .then(|| fix(text, &[edit], format!("{check}/comma"), title.to_owned(), check, &after))
}

fn fix(
    text: &Text<'_>,
    edits: &[Edit],
    id: String,
    title: String,
    check: String,
    after: &FederationOutcome,
) -> Fix {
    let edits = edits.iter().map(|edit| {
        let span = text.span(&edit.bytes, None);
        TextEdit { start: span.start, end: span.end, text: edit.text.clone() }
    });
    Fix {
        id,
        title,
        check,
        input: InputName::Trust,
        index: text.index,
        edits: edits.collect(),
        verdict_after: Some(after.verdict),
        command: None,
    }
}

/// The text with the edits made; `None` if two of them overlap.
fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| edit.bytes.start);
    let mut edited = String::with_capacity(text.len());
    let mut at = 0;
    for edit in sorted {
        edited.push_str(text.get(at..edit.bytes.start)?);
        edited.push_str(&edit.text);
        at = edit.bytes.end;
    }
    edited.push_str(text.get(at..)?);
    Some(edited)
}
