//! Does one condition hold for a request? The truth table, and nothing about how it is told (A60-A73).
//!
//! Nothing is allocated where the request's value is plain text. Where sources conflict or are silent the
//! judgement says so: `certain` is false. Source: IAM User Guide, "Conditions with multiple context keys or
//! values", "Single-valued vs. multivalued context keys" and "IAM policy elements: Variables and tags".

use std::borrow::Cow;

use super::compare::boolean;
use super::condition::Set;
use super::context::{Context, Lookup};
use super::policy::{Condition, Policy};
use super::variables::{Expanded, expand};

/// Whether an element fits the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Yes,
    No,
    /// An input is missing.
    Unknown,
}

impl Holds {
    /// All must hold: one that does not settles it, whatever is unknown.
    pub(super) fn all(each: impl Iterator<Item = Self>) -> Self {
        let mut all = Self::Yes;
        for holds in each {
            match holds {
                Self::No => return Self::No,
                Self::Unknown => all = Self::Unknown,
                Self::Yes => {}
            }
        }
        all
    }

    /// One is enough.
    fn any(each: impl Iterator<Item = Self>) -> Self {
        Self::all(each.map(Self::opposite)).opposite()
    }

    fn opposite(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Holds {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// One value of the policy against one of the request, before any negation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hit<'p> {
    Yes,
    No,
    /// A side is not of the operator's type: no match, negated or not (A65).
    WrongType,
    /// A variable without a value is equal to nothing (A93).
    NoValue(&'p str),
    /// A variable's value is not given.
    Unknown(&'static str),
}

/// How a condition came out.
#[derive(Debug)]
pub(super) struct Judgement<'c> {
    pub(super) holds: Holds,
    /// False where AWS' own texts conflict or are silent.
    pub(super) certain: bool,
    pub(super) found: Lookup<'c>,
    /// Why it is unknown or uncertain.
    pub(super) note: Option<&'static str>,
}

/// One key under one operator.
pub(super) fn condition<'c>(
    policy: &Policy,
    condition: &Condition,
    context: &Context<'c>,
) -> Judgement<'c> {
    let found = context.lookup(&condition.key.text);
    let (holds, note) = match (&found, condition.operator.set) {
        _ if condition.twin => {
            (Holds::Unknown, Some("the operator has two keys that differ in case only"))
        }
        _ if condition.operator.is_null() => null(condition, &found),
        (Lookup::Unknown { reason, .. }, _) => (Holds::Unknown, Some(*reason)),
        (_, None) => plain(policy, condition, context, &found),
        (_, Some(Set::All)) => for_all_values(policy, condition, context, &found),
        (_, Some(Set::Any)) => for_any_value(policy, condition, context, &found),
    };
    Judgement { holds, certain: note.is_none() || holds == Holds::Unknown, found, note }
}

type Answer = (Holds, Option<&'static str>);

/// A68. With a set prefix AWS says that it is always the same.
fn null(condition: &Condition, found: &Lookup<'_>) -> Answer {
    let (absent, note) = match (condition.operator.set, found) {
        (Some(Set::All), _) => return (Holds::Yes, None),
        (Some(Set::Any), _) => return (Holds::No, None),
        (None, Lookup::Absent) => (true, None),
        (None, Lookup::Many(values)) if values.is_empty() => {
            (true, Some("whether an empty list counts as absent is not documented"))
        }
        (None, Lookup::One(value)) if value.is_empty() => {
            (false, Some("whether an empty text counts as absent is not documented"))
        }
        (None, Lookup::One(_) | Lookup::Many(_) | Lookup::Unknown { present: true, .. }) => {
            (false, None)
        }
        (None, Lookup::Unknown { reason, .. }) => return (Holds::Unknown, Some(*reason)),
    };
    let holds = condition.values.iter().any(|value| boolean(&value.text) == Some(absent));
    (holds.into(), note)
}

/// A60, A69, A72, A73: an operator without a prefix.
fn plain(
    policy: &Policy,
    condition: &Condition,
    context: &Context<'_>,
    found: &Lookup<'_>,
) -> Answer {
    let operator = condition.operator;
    let no_values = "how AWS judges an empty list of values is not documented consistently";
    match found {
        Lookup::Absent if condition.values.is_empty() && !operator.if_exists => {
            (Holds::No, Some(no_values))
        }
        Lookup::Absent => (operator.holds_for_absent().into(), None),
        Lookup::One(_) if condition.values.is_empty() => {
            (Holds::No, (!operator.if_exists).then_some(no_values))
        }
        Lookup::One(value) => (one(policy, condition, context, value), None),
        Lookup::Many(values) => (
            Holds::No,
            (values.len() == 1).then_some(
                "how AWS judges a plain operator on a list of one value is not documented",
            ),
        ),
        Lookup::Unknown { reason, .. } => (Holds::Unknown, Some(*reason)),
    }
}

/// A70: also true without any value.
fn for_all_values(
    policy: &Policy,
    condition: &Condition,
    context: &Context<'_>,
    found: &Lookup<'_>,
) -> Answer {
    match values(found) {
        [] => (Holds::Yes, None),
        // A73: with no values asked for, only an absent key fits.
        _ if condition.values.is_empty() => (Holds::No, None),
        values => {
            (Holds::all(values.iter().map(|value| one(policy, condition, context, value))), None)
        }
    }
}

/// A70, A71: never true without any value.
fn for_any_value(
    policy: &Policy,
    condition: &Condition,
    context: &Context<'_>,
    found: &Lookup<'_>,
) -> Answer {
    let either = "AWS' texts on IfExists and on ForAnyValue disagree about an absent key";
    match values(found) {
        [] => (
            Holds::No,
            (condition.operator.if_exists && *found == Lookup::Absent).then_some(either),
        ),
        _ if condition.values.is_empty() => (Holds::No, None),
        values => {
            (Holds::any(values.iter().map(|value| one(policy, condition, context, value))), None)
        }
    }
}

/// The request's values as a set; an empty text is no value (A70).
fn values<'l>(found: &'l Lookup<'_>) -> &'l [Cow<'l, str>] {
    match found {
        Lookup::One(value) if !value.is_empty() => std::slice::from_ref(value),
        Lookup::Many(values) if values.iter().any(|value| !value.is_empty()) => values,
        _ => &[],
    }
}

/// One value of the request: one of the policy's must match, of a negated operator none may (A60).
fn one(policy: &Policy, condition: &Condition, context: &Context<'_>, actual: &str) -> Holds {
    let negated = condition.operator.kind.negated;
    let mut unknown = false;
    let mut wrong_type = false;
    for index in 0..condition.values.len() {
        match hit(policy, condition, index, actual, context) {
            Hit::Yes => return (!negated).into(),
            Hit::Unknown(_) => unknown = true,
            Hit::WrongType => wrong_type = true,
            Hit::No | Hit::NoValue(_) => {}
        }
    }
    match () {
        () if negated && wrong_type => Holds::No,
        () if unknown => Holds::Unknown,
        () => negated.into(),
    }
}

/// A90-A94: a value of the policy, its variables put in, against one of the request.
pub(super) fn hit<'p>(
    policy: &Policy,
    condition: &'p Condition,
    index: usize,
    actual: &str,
    context: &Context<'_>,
) -> Hit<'p> {
    let Some(wanted) = condition.values.get(index) else { return Hit::No };
    let compare = condition.operator.kind.compare;
    let is_template = policy.variables && compare.takes_variables() && wanted.text.contains("${");
    let matches = match is_template {
        false => compare.matches(&wanted.text, actual),
        true => match expand(&wanted.text, context) {
            Expanded::Glyphs(glyphs) => compare.matches_glyphs(&glyphs, actual),
            Expanded::NoValue(key) => return Hit::NoValue(key),
            Expanded::Unknown(reason) => return Hit::Unknown(reason),
        },
    };
    match matches {
        Some(true) => Hit::Yes,
        Some(false) => Hit::No,
        None => Hit::WrongType,
    }
}
