//! Does the trust policy let the call in? Statement, principal, action, condition; then Deny before Allow.
//!
//! [`decide`] only answers. [`evaluate`] keeps each element as a [`Leaf`] as well, so that the answer can be
//! shown as a trace. Source: IAM User Guide, "Policy evaluation logic" (read 2026-11).

use std::borrow::Cow;

use serde_json::Value;

use super::compare::{Compare, like};
use super::context::{Context, Lookup};
use super::judge::{self, Hit, Holds, Judgement};
use super::policy::{Condition, Effect, Item, Place, Policy, Principal, Statement};
use crate::federation::Decision;

/// Who calls.
#[derive(Debug, Clone, Copy)]
pub(super) enum Caller<'a> {
    /// A web identity: the ARN of its provider, if the account is known (A54).
    Provider(Option<&'a str>),
    /// An AWS service (A161).
    Service(&'a str),
}

/// The call that is judged.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) action: &'a str,
    pub(super) caller: Caller<'a>,
    pub(super) context: &'a Context<'a>,
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
    /// False where AWS' own texts conflict or are silent.
    pub(super) certain: bool,
    /// What it is about, as the policy writes it: `StringEquals <key>`.
    pub(super) subject: String,
    pub(super) expected: Value,
    /// What the request has, if it is known.
    pub(super) actual: Option<Value>,
    /// The request has no such key (A69).
    pub(super) is_absent: bool,
    pub(super) place: Place,
    /// Why it is unknown or uncertain.
    pub(super) reason: Option<String>,
    pub(super) rule: &'static str,
    /// Each value of the policy against each of the request.
    pub(super) values: Vec<ValueLeaf>,
}

/// One value of a condition against one of the request.
#[derive(Debug)]
pub(super) struct ValueLeaf {
    pub(super) matches: bool,
    pub(super) wanted: String,
    pub(super) actual: String,
    pub(super) place: Place,
    /// Why it cannot match at all.
    pub(super) reason: Option<String>,
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

    /// Whether what it comes to rests on what is known of AWS.
    fn is_certain(&self) -> bool {
        let mut leaves = self.leaves.iter();
        match self.holds {
            Holds::No => leaves.any(|leaf| leaf.holds == Holds::No && leaf.certain),
            Holds::Yes | Holds::Unknown => leaves.all(|leaf| leaf.certain),
        }
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

impl Outcome {
    pub(super) fn decision(self) -> Option<Decision> {
        match self {
            Self::Allowed => Some(Decision::Allowed),
            Self::ExplicitDeny => Some(Decision::ExplicitDeny),
            Self::ImplicitDeny => Some(Decision::ImplicitDeny),
            Self::DeniedSomehow | Self::Unknown => None,
        }
    }

    /// A53: an applying Deny wins in any order; then one applying Allow is enough.
    fn of(statements: impl Iterator<Item = (Effect, Holds)>) -> Self {
        let (mut allow, mut deny) = (Holds::No, Holds::No);
        for (effect, holds) in statements {
            let so_far = if effect == Effect::Allow { &mut allow } else { &mut deny };
            match (*so_far, holds) {
                (Holds::Yes, _) | (_, Holds::No) => {}
                (_, better) => *so_far = better,
            }
        }
        match (deny, allow) {
            (Holds::Yes, _) => Self::ExplicitDeny,
            (Holds::Unknown, Holds::No) => Self::DeniedSomehow,
            (Holds::Unknown, _) | (Holds::No, Holds::Unknown) => Self::Unknown,
            (Holds::No, Holds::Yes) => Self::Allowed,
            (Holds::No, Holds::No) => Self::ImplicitDeny,
        }
    }
}

/// The policy against the call.
#[derive(Debug)]
pub(super) struct Evaluation {
    pub(super) statements: Vec<Judged>,
    pub(super) outcome: Outcome,
}

impl Evaluation {
    /// Whether a statement of this effect comes out as said.
    pub(super) fn any(&self, effect: Effect, holds: Holds) -> bool {
        self.statements.iter().any(|one| one.effect == effect && one.holds == holds)
    }

    /// Whether the outcome rests on what is known of AWS.
    pub(super) fn is_certain(&self) -> bool {
        let of = |effect| self.statements.iter().filter(move |one| one.effect == effect);
        let applies = |one: &Judged| one.holds == Holds::Yes && one.is_certain();
        match self.outcome {
            Outcome::ExplicitDeny => of(Effect::Deny).any(applies),
            Outcome::Allowed => {
                of(Effect::Allow).any(applies) && of(Effect::Deny).all(Judged::is_certain)
            }
            _ => of(Effect::Allow).all(Judged::is_certain),
        }
    }
}

/// Only the answer, without a trace.
pub(super) fn decide(policy: &Policy, call: &Call<'_>) -> Outcome {
    let holds = |statement: &Statement| {
        let fixed = [principal_holds(statement, call), action_holds(statement, call.action)];
        let conditions = statement
            .conditions
            .iter()
            .map(|condition| judge::condition(policy, condition, call.context).holds);
        Holds::all(fixed.into_iter().chain(conditions))
    };
    Outcome::of(policy.statements.iter().map(|one| (one.effect, holds(one))))
}

/// Judges every element of every statement.
pub(super) fn evaluate(policy: &Policy, call: &Call<'_>) -> Evaluation {
    let statements: Vec<Judged> =
        policy.statements.iter().map(|one| statement(policy, one, call)).collect();
    let outcome = Outcome::of(statements.iter().map(|one| (one.effect, one.holds)));
    Evaluation { statements, outcome }
}

fn statement(policy: &Policy, statement: &Statement, call: &Call<'_>) -> Judged {
    let mut leaves = vec![principal(statement, call), action(statement, call)];
    leaves.extend(statement.conditions.iter().map(|one| condition(policy, one, call.context)));
    Judged {
        effect: statement.effect,
        effect_place: statement.effect_place.clone(),
        holds: Holds::all(leaves.iter().map(|leaf| leaf.holds)),
        leaves,
    }
}

/// A54, A55: the provider's ARN as a whole, with case, without wildcards.
fn named<'s>(statement: &'s Statement, call: &Call<'_>) -> Option<&'s Principal> {
    let (kind, name) = match call.caller {
        Caller::Provider(arn) => ("Federated", arn?),
        Caller::Service(name) => ("Service", name),
    };
    statement.principals.iter().find(|one| one.kind == kind && one.value.text == name)
}

fn principal_holds(statement: &Statement, call: &Call<'_>) -> Holds {
    named(statement, call).is_some().into()
}

fn principal(statement: &Statement, call: &Call<'_>) -> Leaf {
    let hit = named(statement, call);
    let place = match (hit, statement.principals.as_slice()) {
        (Some(one), _) | (None, [one]) => one.value.place.clone(),
        _ => statement.principal_place.clone(),
    };
    let written = statement.principals.iter().map(|one| match one.kind.as_str() {
        "Federated" | "" => one.value.text.clone(),
        kind => format!("{kind}: {}", one.value.text),
    });
    // A56 was seen of an Allow alone: what `*` means to a Deny no source tells.
    let open = hit.is_none()
        && statement.effect == Effect::Deny
        && statement.principals.iter().any(Principal::is_everybody);
    let actual = match call.caller {
        Caller::Provider(arn) => arn,
        Caller::Service(name) => Some(name),
    };
    Leaf {
        element: Element::Principal,
        holds: principal_holds(statement, call),
        certain: !open,
        subject: "Principal".to_owned(),
        expected: one_or_list(written.collect()),
        actual: actual.map(Value::from),
        is_absent: false,
        place,
        reason: open.then(|| {
            "AWS does not say whether a Deny of `*` takes in web identities; an Allow of `*` was seen not to".to_owned()
        }),
        rule: if open { "A56" } else { "A54" },
        values: Vec::new(),
    }
}

/// A57: names ignore case, `*` and `?` are wildcards; `NotAction` is the rest.
pub(super) fn action_holds(statement: &Statement, action: &str) -> Holds {
    let named = statement.actions.iter().any(|pattern| covers(pattern, action));
    (named != statement.not_action).into()
}

/// Whether a pattern names an action.
pub(super) fn covers(pattern: &Item, action: &str) -> bool {
    pattern.text.eq_ignore_ascii_case(action)
        || pattern.text.contains(['*', '?'])
            && like(&pattern.text.to_ascii_lowercase(), &action.to_ascii_lowercase())
}

fn action(statement: &Statement, call: &Call<'_>) -> Leaf {
    let hit = statement.actions.iter().find(|one| covers(one, call.action));
    let place = match (hit, statement.actions.as_slice()) {
        (Some(one), _) | (None, [one]) => one.place.clone(),
        _ => statement.action_place.clone(),
    };
    Leaf {
        element: Element::Action,
        holds: action_holds(statement, call.action),
        certain: true,
        subject: if statement.not_action { "NotAction" } else { "Action" }.to_owned(),
        expected: texts(&statement.actions),
        actual: Some(Value::from(call.action)),
        is_absent: false,
        place,
        reason: None,
        rule: "A57",
        values: Vec::new(),
    }
}

/// One key under one operator (A60).
fn condition(policy: &Policy, condition: &Condition, context: &Context<'_>) -> Leaf {
    let Judgement { holds, certain, found, note } = judge::condition(policy, condition, context);
    let actual = match &found {
        Lookup::One(value) => Some(Value::from(value.as_ref())),
        Lookup::Many(values) => Some(values.iter().map(AsRef::as_ref).collect()),
        Lookup::Absent | Lookup::Unknown { .. } => None,
    };
    let values = values(policy, condition, context, &found);
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
        certain,
        subject: format!("{} {}", condition.operator_name, condition.key.text),
        expected: texts(&condition.values),
        actual,
        is_absent: found == Lookup::Absent,
        place,
        reason: note.map(str::to_owned).or_else(|| match values.as_slice() {
            [only] => only.reason.clone(),
            _ => None,
        }),
        rule: rule_of(condition, &found),
        values,
    }
}

fn rule_of(condition: &Condition, found: &Lookup<'_>) -> &'static str {
    match (found, condition.operator.set, condition.operator.kind.compare) {
        (_, _, Compare::Null) => "A68",
        (_, Some(_), _) => "A70",
        (Lookup::Absent, ..) if condition.operator.if_exists => "A67",
        (Lookup::Absent, ..) => "A69",
        (Lookup::Many(_), ..) => "A72",
        (_, _, Compare::Text { .. }) => "A63",
        (_, _, Compare::Arn) => "A64",
        (_, _, Compare::Number(_) | Compare::Date(_)) => "A65",
        (_, _, Compare::Bool | Compare::Binary | Compare::Ip) => "A66",
    }
}

/// Each value of the policy against each of the request.
fn values(
    policy: &Policy,
    condition: &Condition,
    context: &Context<'_>,
    found: &Lookup<'_>,
) -> Vec<ValueLeaf> {
    let actual: &[Cow<'_, str>] = match found {
        Lookup::One(value) => std::slice::from_ref(value),
        Lookup::Many(values) if condition.operator.set.is_some() => values,
        _ => &[],
    };
    if condition.operator.is_null() || condition.twin {
        return Vec::new();
    }
    let pairs = actual
        .iter()
        .flat_map(|actual| condition.values.iter().enumerate().map(move |one| (actual, one)));
    pairs
        .map(|(actual, (index, item))| {
            let hit = judge::hit(policy, condition, index, actual, context);
            let reason = match hit {
                Hit::Yes | Hit::No => None,
                Hit::WrongType => Some(format!(
                    "a side is not {}, so it matches nothing",
                    condition.operator.kind.compare.wants()
                )),
                Hit::NoValue(key) => {
                    Some(format!("the request has no `{key}`, so the value is equal to nothing"))
                }
                Hit::Unknown(reason) => Some(reason.to_owned()),
            };
            ValueLeaf {
                matches: hit == Hit::Yes,
                wanted: item.text.clone(),
                actual: actual.as_ref().to_owned(),
                place: item.place.clone(),
                reason,
            }
        })
        .collect()
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
