//! Does the trust policy let the call in? Statement, principal, action, condition; then Deny before Allow.
//!
//! Each element is judged by itself and kept as a [`Leaf`], so that the answer can be shown as a trace.
//! What is not modelled is `Unknown`, and stays so only where it could decide. Source: IAM User Guide,
//! "Policy evaluation logic" and "Conditions with multiple context keys or values" (read 2026-11).

use serde_json::Value;

use super::condition;
use super::context::{Context, Lookup};
use super::policy::{Condition, Effect, Item, Place, Policy, Principal, Statement};
use crate::federation::Decision;

/// The call that is judged.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) action: &'a str,
    /// ARN of the caller's provider, if the account is known.
    pub(super) provider: Option<&'a str>,
    pub(super) context: &'a Context<'a>,
}

/// Whether an element fits the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Yes,
    No,
    /// Not modelled, or an input is missing.
    Unknown,
}

impl Holds {
    /// All must hold: one that does not settles it, whatever is unknown.
    fn all(mut each: impl Iterator<Item = Self> + Clone) -> Self {
        match () {
            () if each.clone().any(|holds| holds == Self::No) => Self::No,
            () if each.any(|holds| holds == Self::Unknown) => Self::Unknown,
            () => Self::Yes,
        }
    }
}

impl From<bool> for Holds {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// Which element of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    Principal,
    Action,
    Condition,
}

/// One element against the call.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) element: Element,
    pub(super) holds: Holds,
    /// What it is about, as the policy writes it: `StringEquals <key>`.
    pub(super) subject: String,
    pub(super) expected: Value,
    /// What the request has, if it is known.
    pub(super) actual: Option<Value>,
    /// The request has no such key (A69).
    pub(super) is_absent: bool,
    pub(super) place: Place,
    /// Why it is unknown, or what a reader should know.
    pub(super) reason: Option<String>,
    pub(super) rule: &'static str,
}

/// One statement against the call.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) effect: Effect,
    pub(super) effect_place: Place,
    pub(super) holds: Holds,
    pub(super) leaves: Vec<Leaf>,
}

impl Judged {
    /// Meant for this caller and action, whatever its conditions say.
    pub(super) fn is_addressed(&self) -> bool {
        self.leaves
            .iter()
            .all(|leaf| leaf.element == Element::Condition || leaf.holds == Holds::Yes)
    }
}

/// What the statements come to (A53).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Allowed,
    ExplicitDeny,
    ImplicitDeny,
    /// No Allow can apply, only whether a Deny does is unknown: refused either way.
    DeniedSomehow,
    /// What is unknown decides.
    Unknown,
}

/// The policy against the call.
#[derive(Debug)]
pub(super) struct Evaluation {
    pub(super) statements: Vec<Judged>,
    pub(super) outcome: Outcome,
}

impl Evaluation {
    pub(super) fn decision(&self) -> Option<Decision> {
        match self.outcome {
            Outcome::Allowed => Some(Decision::Allowed),
            Outcome::ExplicitDeny => Some(Decision::ExplicitDeny),
            Outcome::ImplicitDeny => Some(Decision::ImplicitDeny),
            Outcome::DeniedSomehow | Outcome::Unknown => None,
        }
    }

    /// Whether a statement of this effect comes out as said.
    pub(super) fn any(&self, effect: Effect, holds: Holds) -> bool {
        self.statements.iter().any(|one| one.effect == effect && one.holds == holds)
    }
}

/// Judges every statement.
pub(super) fn evaluate(policy: &Policy, call: &Call<'_>) -> Evaluation {
    let statements: Vec<Judged> =
        policy.statements.iter().map(|one| statement(policy, one, call)).collect();
    let mut evaluation = Evaluation { statements, outcome: Outcome::Unknown };
    evaluation.outcome = combine(&evaluation);
    evaluation
}

/// A53: an applying Deny wins in any order; then one applying Allow is enough.
fn combine(evaluation: &Evaluation) -> Outcome {
    let any = |effect, holds| evaluation.any(effect, holds);
    let may_allow = any(Effect::Allow, Holds::Yes) || any(Effect::Allow, Holds::Unknown);
    match () {
        () if any(Effect::Deny, Holds::Yes) => Outcome::ExplicitDeny,
        () if any(Effect::Deny, Holds::Unknown) && !may_allow => Outcome::DeniedSomehow,
        () if any(Effect::Deny, Holds::Unknown) => Outcome::Unknown,
        () if any(Effect::Allow, Holds::Yes) => Outcome::Allowed,
        () if may_allow => Outcome::Unknown,
        () => Outcome::ImplicitDeny,
    }
}

fn statement(policy: &Policy, statement: &Statement, call: &Call<'_>) -> Judged {
    let mut leaves = vec![principal(statement, call), action(statement, call)];
    leaves
        .extend(statement.conditions.iter().map(|one| judge_condition(policy, one, call.context)));
    Judged {
        effect: statement.effect,
        effect_place: statement.effect_place.clone(),
        holds: Holds::all(leaves.iter().map(|leaf| leaf.holds)),
        leaves,
    }
}

/// A54, A55: the provider's ARN as a whole, with case, without wildcards.
fn principal(statement: &Statement, call: &Call<'_>) -> Leaf {
    let hit = statement
        .principals
        .iter()
        .find(|one| one.kind == "Federated" && Some(one.value.text.as_str()) == call.provider);
    let place = match (hit, statement.principals.as_slice()) {
        (Some(one), _) | (None, [one]) => one.value.place.clone(),
        _ => statement.principal_place.clone(),
    };
    let written = statement.principals.iter().map(|one| match one.kind.as_str() {
        "Federated" | "" => one.value.text.clone(),
        kind => format!("{kind}: {}", one.value.text),
    });
    // A56 is known of Allow alone: what `*` means to a Deny no source tells.
    let is_everybody =
        |one: &Principal| matches!(one.kind.as_str(), "AWS" | "") && one.value.text == "*";
    let open = hit.is_none()
        && statement.effect == Effect::Deny
        && statement.principals.iter().any(is_everybody);
    // Without an account no ARN is known, and then no principal names an OIDC provider either.
    Leaf {
        element: Element::Principal,
        holds: if open { Holds::Unknown } else { Holds::from(hit.is_some()) },
        subject: "Principal".to_owned(),
        expected: one_or_list(written.collect()),
        actual: call.provider.map(Value::from),
        is_absent: false,
        place,
        reason: open
            .then(|| "whether a Deny of `*` takes in web identities is not known".to_owned()),
        rule: "A54",
    }
}

/// A57: names ignore case, `*` and `?` are wildcards; `NotAction` is the rest.
fn action(statement: &Statement, call: &Call<'_>) -> Leaf {
    let wanted = call.action.to_ascii_lowercase();
    let hit = statement
        .actions
        .iter()
        .find(|one| condition::like(&one.text.to_ascii_lowercase(), &wanted));
    let place = match (hit, statement.actions.as_slice()) {
        (Some(one), _) | (None, [one]) => one.place.clone(),
        _ => statement.action_place.clone(),
    };
    Leaf {
        element: Element::Action,
        holds: Holds::from(hit.is_some() != statement.not_action),
        subject: if statement.not_action { "NotAction" } else { "Action" }.to_owned(),
        expected: texts(&statement.actions),
        actual: Some(Value::from(call.action)),
        is_absent: false,
        place,
        reason: None,
        rule: "A57",
    }
}

/// One key under one operator (A60).
fn judge_condition(policy: &Policy, condition: &Condition, context: &Context<'_>) -> Leaf {
    let found = context.lookup(&condition.key.text);
    let (holds, reason) = compare(policy, condition, &found);
    let actual = match &found {
        Lookup::One(value) => Some(Value::from(value.as_str())),
        Lookup::Many(values) => Some(Value::from(values.clone())),
        Lookup::Absent | Lookup::Unknown(_) => None,
    };
    // An absent key is the key's fault, not its value's.
    let place = match found {
        Lookup::Absent => condition.key.place.clone(),
        _ => match condition.values.as_slice() {
            [only] => only.place.clone(),
            _ => condition.place.clone(),
        },
    };
    Leaf {
        element: Element::Condition,
        holds,
        subject: format!("{} {}", condition.operator_name, condition.key.text),
        expected: texts(&condition.values),
        actual,
        is_absent: found == Lookup::Absent,
        place,
        reason,
        rule: rule_of(condition, &found),
    }
}

fn rule_of(condition: &Condition, found: &Lookup) -> &'static str {
    match found {
        Lookup::Absent => "A69",
        Lookup::Many(_) => "A72",
        _ if condition.operator.compare().is_some() => "A63",
        _ => "A60",
    }
}

/// The comparison itself, with the reason why it is unknown.
fn compare(policy: &Policy, condition: &Condition, found: &Lookup) -> (Holds, Option<String>) {
    let operator = condition.operator;
    let unknown = |reason: String| (Holds::Unknown, Some(reason));
    let Some(matches) = operator.compare() else {
        return unknown(format!("podpass does not model {} yet", condition.operator_name));
    };
    if condition.twin {
        return unknown("the operator has two keys that differ in case only".to_owned());
    }
    let value = match found {
        Lookup::Unknown(reason) => return unknown((*reason).to_owned()),
        // A69.
        Lookup::Absent => return (Holds::from(operator.kind.negated), None),
        // A72: a plain operator on a multivalued key. What one value does is not known.
        Lookup::Many(values) if values.len() == 1 => {
            return unknown(
                "how AWS judges a plain operator on a one-element list is not known".to_owned(),
            );
        }
        Lookup::Many(_) => return (Holds::No, None),
        Lookup::One(value) => value,
    };
    // A73: no values, no match, negated or not.
    if condition.values.is_empty() {
        return (Holds::No, None);
    }
    let is_variable =
        |item: &Item| policy.variables && operator.kind.variables && item.text.contains("${");
    let (variables, plain): (Vec<&Item>, Vec<&Item>) =
        condition.values.iter().partition(|item| is_variable(item));
    if plain.iter().any(|item| matches(&item.text, value)) {
        return (Holds::from(!operator.kind.negated), None);
    }
    if !variables.is_empty() {
        return unknown("podpass does not model policy variables (${...}) yet".to_owned());
    }
    (Holds::from(operator.kind.negated), None)
}

fn texts(items: &[Item]) -> Value {
    one_or_list(items.iter().map(|item| item.text.clone()).collect())
}

fn one_or_list(mut texts: Vec<String>) -> Value {
    match texts.len() {
        1 => Value::from(texts.remove(0)),
        _ => Value::from(texts),
    }
}
