//! The evaluation as checks: every element of every statement, with what it asks for and what was there.
//!
//! A check is `fail` or `unknown` only where it bears on the answer; an element of a statement that is
//! not needed is `skip`. So the verdict follows from the checks alone.

use std::borrow::Cow;

use super::errors;
use super::evaluate::{Element, Evaluation, Holds, Judged, Leaf, Outcome};
use super::hints;
use super::policy::Effect;
use crate::document::Text;
use crate::federation::Ladder;
use crate::trace::{Check, Status};

const LOGIC: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html";

/// Adds the trace of an evaluation, then its outcome.
pub(super) fn add(ladder: &mut Ladder, text: &Text<'_>, evaluation: &Evaluation, action: &str) {
    for (index, statement) in evaluation.statements.iter().enumerate() {
        let label = match evaluation.statements.len() {
            1 => "the statement".to_owned(),
            _ => format!("statement {}", index + 1),
        };
        for leaf in &statement.leaves {
            push(ladder, leaf_check(text, evaluation, statement, leaf, &label), action);
        }
    }
    push(ladder, outcome_check(text, evaluation, action), action);
}

fn push(ladder: &mut Ladder, check: Check, action: &str) {
    match check.status {
        Status::Fail => ladder.fail(check, errors::not_authorized(action)),
        _ => ladder.push(check),
    }
}

fn leaf_check(
    text: &Text<'_>,
    evaluation: &Evaluation,
    statement: &Judged,
    leaf: &Leaf,
    label: &str,
) -> Check {
    let id = match leaf.element {
        Element::Principal => "aws-irsa/trust-policy/principal",
        Element::Action => "aws-irsa/trust-policy/action",
        Element::Condition => "aws-irsa/trust-policy/condition",
    };
    let status = status_of(evaluation, statement, leaf);
    let mut check = Check::new(id, status, title(statement, leaf, label))
        .expected(leaf.expected.clone())
        .at(leaf.place.span(text))
        .rule(leaf.rule)
        .docs(LOGIC);
    check.actual = leaf.actual.clone();
    check.hint = hint(statement, leaf).map(Cow::Owned);
    check
}

/// What an element means for the answer.
fn status_of(evaluation: &Evaluation, statement: &Judged, leaf: &Leaf) -> Status {
    match statement.effect {
        Effect::Allow => allow_status(evaluation, statement, leaf),
        Effect::Deny => deny_status(evaluation, statement, leaf),
    }
}

fn allow_status(evaluation: &Evaluation, statement: &Judged, leaf: &Leaf) -> Status {
    let allowed = evaluation.any(Effect::Allow, Holds::Yes);
    let open = evaluation.any(Effect::Allow, Holds::Unknown);
    // Another statement is meant for this caller: this one is beside the point.
    let beside = !statement.is_addressed()
        && evaluation
            .statements
            .iter()
            .any(|one| one.effect == Effect::Allow && one.is_addressed());
    match leaf.holds {
        Holds::Yes => Status::Pass,
        Holds::No if allowed || open || beside => Status::Skip,
        Holds::No => Status::Fail,
        Holds::Unknown if !allowed && statement.holds == Holds::Unknown => Status::Unknown,
        Holds::Unknown => Status::Skip,
    }
}

fn deny_status(evaluation: &Evaluation, statement: &Judged, leaf: &Leaf) -> Status {
    let denied = evaluation.any(Effect::Deny, Holds::Yes);
    match (statement.holds, leaf.holds) {
        (Holds::Yes, _) if leaf.element == Element::Condition => Status::Fail,
        // Of a Deny without conditions the action is what bites.
        (Holds::Yes, _) if leaf.element == Element::Action && has_no_condition(statement) => {
            Status::Fail
        }
        (Holds::Yes, _) => Status::Skip,
        (Holds::No, Holds::No) => Status::Pass,
        (Holds::Unknown, Holds::Unknown) if !denied => Status::Unknown,
        _ => Status::Skip,
    }
}

fn has_no_condition(statement: &Judged) -> bool {
    statement.leaves.iter().all(|leaf| leaf.element != Element::Condition)
}

fn title(statement: &Judged, leaf: &Leaf, label: &str) -> String {
    let said = match (leaf.element, leaf.holds) {
        (Element::Principal, Holds::Yes) => "names the token's provider".to_owned(),
        (Element::Principal, Holds::No) => "does not name the token's provider".to_owned(),
        (Element::Principal, Holds::Unknown) => "may be meant for this token".to_owned(),
        (Element::Action, Holds::Yes) => "is about this action".to_owned(),
        (Element::Action, _) => "is not about this action".to_owned(),
        (Element::Condition, holds) => condition_title(leaf, holds),
    };
    let consequence = match (statement.effect, statement.holds) {
        (Effect::Deny, Holds::Yes) => ": it denies the call",
        (Effect::Deny, Holds::No) if leaf.holds == Holds::No => ": it denies nothing here",
        _ => "",
    };
    let effect = if statement.effect == Effect::Deny { " (Deny)" } else { "" };
    format!("{label}{effect} {said}{consequence}")
}

/// `wants another sub (StringEquals)`: the claim alone where the key is the token's own.
fn condition_title(leaf: &Leaf, holds: Holds) -> String {
    let (operator, key) = leaf.subject.split_once(' ').unwrap_or_default();
    let name = match key.rsplit_once(':') {
        Some((prefix, claim)) if prefix.contains('.') && leaf.actual.is_some() => claim,
        _ => key,
    };
    match (holds, leaf.is_absent) {
        (Holds::Yes, false) => format!("wants the `{name}` that is there ({operator})"),
        (Holds::No, false) => format!("wants another `{name}` ({operator})"),
        (Holds::Yes, true) => format!("holds for want of `{name}` ({operator})"),
        (Holds::No, true) => {
            format!("wants `{name}`, which the request does not have ({operator})")
        }
        (Holds::Unknown, _) => format!("hinges on `{name}` ({operator}), which is unknown"),
    }
}

fn hint(statement: &Judged, leaf: &Leaf) -> Option<String> {
    if leaf.reason.is_some() {
        return leaf.reason.clone();
    }
    if statement.effect == Effect::Deny {
        return (statement.holds == Holds::Yes)
            .then(|| "a Deny wins over every Allow; narrow it or remove it".to_owned());
    }
    match (leaf.holds, leaf.element) {
        (Holds::No, Element::Principal) => Some(hints::principal(leaf)),
        (Holds::No, Element::Action) => Some(hints::action(leaf)),
        (Holds::No, Element::Condition) => hints::condition(leaf),
        _ => None,
    }
}

/// The stage as a whole.
fn outcome_check(text: &Text<'_>, evaluation: &Evaluation, action: &str) -> Check {
    let denies = |one: &&Judged| one.effect == Effect::Deny && one.holds == Holds::Yes;
    let allows = |one: &&Judged| one.effect == Effect::Allow && one.holds == Holds::Yes;
    let place = |one: Option<&Judged>| one.map(|one| one.effect_place.span(text));
    let statements = || evaluation.statements.iter();
    let (status, title, span) = match evaluation.outcome {
        Outcome::Allowed => (
            Status::Pass,
            format!("the trust policy allows {action}"),
            place(statements().find(allows)),
        ),
        Outcome::ExplicitDeny => {
            (Status::Fail, format!("a Deny applies to {action}"), place(statements().find(denies)))
        }
        Outcome::ImplicitDeny => (Status::Fail, format!("no Allow applies to {action}"), None),
        Outcome::DeniedSomehow => (
            Status::Fail,
            format!("no Allow applies to {action}; whether a Deny does is unknown"),
            None,
        ),
        Outcome::Unknown => (
            Status::Unknown,
            format!("whether the trust policy allows {action} hinges on what is not modelled"),
            None,
        ),
    };
    let check = Check::new("aws-irsa/trust-policy/decision", status, title)
        .at(span)
        .rule("A53")
        .docs(LOGIC);
    match status {
        // A5.
        Status::Fail => check.hint(
            "if the policy was changed seconds ago, wait: IAM takes some seconds to propagate, and STS gives the same error until then",
        ),
        Status::Unknown => check.hint("test the policy on AWS; the elements marked unknown decide"),
        _ => check,
    }
}
