//! The evaluation as checks: every element of every statement, with what it asks for and what was there.
//!
//! A check is `fail` or `unknown` only where it bears on the answer; an element of a statement that is
//! not needed is `skip`. So the verdict follows from the checks alone.

use std::borrow::Cow;

use super::errors;
use super::evaluate::{Element, Evaluation, Judged, Leaf, Outcome, ValueLeaf};
use super::hints;
use super::judge::Holds;
use super::policy::Effect;
use crate::document::Text;
use crate::federation::Ladder;
use crate::trace::{Check, ProviderError, Status};

const LOGIC: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html";

/// Whose trace it is.
pub(super) struct Stage {
    /// What the ids of its checks begin with.
    id: &'static str,
    action: &'static str,
    /// Whom a principal must name.
    caller: &'static str,
    /// What the system says when it refuses.
    error: fn(&str) -> ProviderError,
}

impl Stage {
    /// Step 10 of the call.
    pub(super) const fn irsa(action: &'static str) -> Self {
        Self::web_identity("aws-irsa/trust-policy", action)
    }

    /// Step 11 (A101, A102).
    pub(super) const fn session_tags(action: &'static str) -> Self {
        Self::web_identity("aws-irsa/session-tags", action)
    }

    /// EKS Pod Identity's only step on the policy (A161).
    pub(super) const fn pod_identity(action: &'static str) -> Self {
        Self {
            id: "aws-pod-identity/trust-policy",
            action,
            caller: "pods.eks.amazonaws.com",
            error: errors::pod_identity_denied,
        }
    }

    const fn web_identity(id: &'static str, action: &'static str) -> Self {
        Self { id, action, caller: "the token's provider", error: errors::not_authorized }
    }
}

/// Adds the trace of an evaluation, then its outcome.
pub(super) fn add(ladder: &mut Ladder, text: &Text<'_>, evaluation: &Evaluation, stage: &Stage) {
    let mut push = |check: Check| match check.status {
        Status::Fail => {
            let error = (stage.error)(stage.action);
            ladder.fail(check, if evaluation.is_certain() { error } else { error.likely() });
        }
        _ => ladder.push(check),
    };
    for (index, statement) in evaluation.statements.iter().enumerate() {
        let label = match evaluation.statements.len() {
            1 => "the statement".to_owned(),
            _ => format!("statement {}", index + 1),
        };
        for leaf in &statement.leaves {
            let check = leaf_check(text, evaluation, statement, leaf, &label, stage);
            let status = check.status;
            push(check);
            // One value against one is the check above.
            if leaf.values.len() > 1 {
                leaf.values
                    .iter()
                    .for_each(|one| push(value_check(text, leaf, one, status, stage)));
            }
        }
    }
    push(outcome_check(text, evaluation, stage));
}

/// One of several values: the level below the key.
fn value_check(
    text: &Text<'_>,
    leaf: &Leaf,
    one: &ValueLeaf,
    of_leaf: Status,
    stage: &Stage,
) -> Check {
    let (operator, key) = leaf.subject.split_once(' ').unwrap_or_default();
    let status = match (one.matches, of_leaf) {
        (true, Status::Pass | Status::Warn) => Status::Pass,
        // Of a condition that fails, each value that does not fit has its part in it.
        (false, Status::Fail) => Status::Fail,
        _ => Status::Skip,
    };
    let title = match one.matches {
        true => format!("`{}` matches", one.wanted.escape_debug()),
        false => format!("`{}` does not match", one.wanted.escape_debug()),
    };
    let check = Check::new(format!("{}/condition/value", stage.id), status, title)
        .expected(one.wanted.as_str())
        .actual(one.actual.as_str())
        .at(one.place.span(text))
        .rule(leaf.rule);
    let reason = match (&one.reason, one.matches) {
        (Some(reason), _) => Some(reason.clone()),
        (None, true) => None,
        (None, false) => hints::value(operator, key, &one.wanted, &one.actual),
    };
    match reason {
        Some(reason) => check.hint(reason),
        None => check,
    }
}

fn leaf_check(
    text: &Text<'_>,
    evaluation: &Evaluation,
    statement: &Judged,
    leaf: &Leaf,
    label: &str,
    stage: &Stage,
) -> Check {
    let detail = match leaf.element {
        Element::Principal => "principal",
        Element::Action => "action",
        Element::Condition => "condition",
    };
    // What AWS does not say is never told as a plain pass.
    let status = match status_of(evaluation, statement, leaf) {
        Status::Pass if !leaf.certain => Status::Warn,
        status => status,
    };
    let mut check = Check::new(
        format!("{}/{detail}", stage.id),
        status,
        title(statement, leaf, label, stage.caller),
    )
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

fn title(statement: &Judged, leaf: &Leaf, label: &str, caller: &str) -> String {
    let said = match (leaf.element, leaf.holds) {
        (Element::Principal, Holds::Yes) => format!("names {caller}"),
        (Element::Principal, _) => format!("does not name {caller}"),
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
        (Holds::Yes, true) if operator.ends_with("Null") => {
            format!("wants no `{name}`, and there is none ({operator})")
        }
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
    if let Some(reason) = &leaf.reason {
        let uncertain = if leaf.certain { "" } else { "uncertain: " };
        return Some(format!("{uncertain}{reason}"));
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
fn outcome_check(text: &Text<'_>, evaluation: &Evaluation, stage: &Stage) -> Check {
    let action = stage.action;
    let denies = |one: &&Judged| one.effect == Effect::Deny && one.holds == Holds::Yes;
    let allows = |one: &&Judged| one.effect == Effect::Allow && one.holds == Holds::Yes;
    let place = |one: Option<&Judged>| one.map(|one| one.effect_place.span(text));
    let statements = || evaluation.statements.iter();
    let (status, title, span) = match evaluation.outcome {
        Outcome::Allowed => (
            if evaluation.is_certain() { Status::Pass } else { Status::Warn },
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
            format!("whether the trust policy allows {action} hinges on what is not given"),
            None,
        ),
    };
    let check = Check::new(format!("{}/decision", stage.id), status, title)
        .at(span)
        .rule("A53")
        .docs(LOGIC);
    match status {
        // A5.
        Status::Fail => check.hint(
            "if the policy was changed seconds ago, wait: IAM takes some seconds to propagate, and STS gives the same error until then",
        ),
        Status::Warn => check.hint("AWS' texts do not settle this; test the policy on AWS"),
        Status::Unknown => check.hint("give what the elements marked unknown ask for; they decide"),
        _ => check,
    }
}
