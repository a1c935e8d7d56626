//! Lints of operators: set prefixes, `IfExists`, `Null`, and what an absent key does to them (A119-A121, A126).

use super::super::compare::Compare;
use super::super::condition::Set;
use super::super::policy::{Condition, Effect, Statement};
use super::key::{is_in, is_multivalued, is_never_there};
use super::{Asked, Lint, Severity, asked, asks_for};

/// What keys hold, where it is no text. Source: IAM User Guide, "AWS global condition context keys" (read 2026-11).
const ADDRESSES: &[&str] = &["aws:SourceIp", "aws:VpcSourceIp"];
const ARNS: &[&str] = &["aws:PrincipalArn", "aws:SourceArn", "aws:SourceVpcArn"];
const BOOLEANS: &[&str] = &[
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalIsAWSService",
    "aws:SecureTransport",
    "aws:ViaAWSService",
    "sts:RoleAuthorizedByIdp",
];
const DATES: &[&str] = &["aws:CurrentTime", "aws:EpochTime", "aws:TokenIssueTime"];
const NUMBERS: &[&str] = &["aws:EpochTime", "aws:MultiFactorAuthAge", "sts:DurationSeconds"];

pub(super) fn check(lint: &mut Lint<'_>, statement: &Statement, condition: &Condition) {
    if condition.operator.is_null() {
        return null(lint, condition);
    }
    kind(lint, statement, condition);
    set(lint, statement, condition);
    if_exists(lint, statement, condition);
    without_set(lint, statement, condition);
    deny(lint, statement, condition);
}

/// A63-A66. Access Analyzer's warning "type mismatch": the operator compares something else than the key holds.
fn kind(lint: &mut Lint<'_>, statement: &Statement, condition: &Condition) {
    let key = condition.key.text.as_str();
    let is = |keys: &[&str]| is_in(keys, key);
    let (fits, wanted) = match condition.operator.kind.compare {
        // Tags hold whatever their texts say.
        _ if is(&["aws:RequestTag/", "aws:PrincipalTag/", "aws:ResourceTag/"]) => return,
        Compare::Text { .. } => (
            !is(ADDRESSES) && !is(BOOLEANS) && !is(DATES) && !is(NUMBERS),
            "text, which holds of an address, a date, a number or a boolean only if it is written alike",
        ),
        Compare::Arn => (is(ARNS) || asked(statement, condition) == Asked::Other, "ARNs"),
        Compare::Bool => (is(BOOLEANS), "booleans"),
        Compare::Date(_) => (is(DATES), "dates"),
        Compare::Number(_) => (is(NUMBERS), "numbers"),
        Compare::Ip => (is(ADDRESSES), "addresses"),
        Compare::Binary | Compare::Null => return,
    };
    if !fits && (asked(statement, condition) != Asked::Other) {
        let title = format!("{} does not fit `{}`", condition.operator_name, key.escape_debug());
        let detail = format!("The operator compares {wanted}. Use one for what the key holds.");
        let place = condition.operator_place.clone();
        lint.add("operator-of-wrong-type", Severity::Warning, "A63", &place, title, detail);
    }
}

/// A68, A126. Access Analyzer's suggestion "null with qualifier".
fn null(lint: &mut Lint<'_>, condition: &Condition) {
    let Some(set) = condition.operator.set else { return };
    let always = if set == Set::All { "true" } else { "false" };
    let title = format!("{} is always {always}", condition.operator_name);
    let detail = "Null asks whether the key is there; a set prefix makes it the same for every request. Write Null.";
    let place = condition.operator_place.clone();
    lint.add("null-with-set", Severity::Error, "A126", &place, title, detail);
}

/// A70, A119.
fn set(lint: &mut Lint<'_>, statement: &Statement, condition: &Condition) {
    let Some(set) = condition.operator.set else { return };
    let is_single = !is_multivalued(statement, condition);
    let place = condition.key.place.clone();
    let key = condition.key.text.as_str();
    let is_guarded = statement.conditions.iter().any(|one| {
        one.operator.is_null()
            && one.key.text.eq_ignore_ascii_case(key)
            && one.values.iter().any(|value| value.text.eq_ignore_ascii_case("false"))
    });
    match (set, statement.effect) {
        (Set::All, Effect::Allow) if is_guarded && !is_single => {}
        (Set::All, Effect::Allow) => {
            let title = format!("{} is open when the key is absent", condition.operator_name);
            let detail = match is_single {
                true => format!("`{key}` holds one value, so the prefix does nothing but let in requests without the key, a misspelt key included. Drop `ForAllValues:`."),
                false => "Requests without the key pass. Add a Null condition: {\"Null\": {\"KEY\": \"false\"}}.".to_owned(),
            };
            lint.add("for-all-values", Severity::Security, "A119", &place, title, detail);
        }
        (Set::All, Effect::Deny) => {
            let title = format!("{} denies requests without the key", condition.operator_name);
            let detail = "ForAllValues holds of a key that is absent.";
            lint.add("for-all-values-deny", Severity::Warning, "A119", &place, title, detail);
        }
        (Set::Any, _) if is_single => {
            let title =
                format!("`{key}` holds one value; {} is for lists", condition.operator_name);
            let detail = "On a single value the prefix acts as on a list of one. Drop it.";
            lint.add("set-on-single-value", Severity::Warning, "A70", &place, title, detail);
        }
        (Set::Any, _) => {}
    }
}

/// A120.
fn if_exists(lint: &mut Lint<'_>, statement: &Statement, condition: &Condition) {
    let is_tokens = ["sub", "aud"].iter().any(|claim| asks_for(statement, condition, claim))
        || condition.key.text.ends_with(":sub")
        || condition.key.text.ends_with(":aud");
    if condition.operator.if_exists && is_tokens && statement.effect == Effect::Allow {
        let title = format!("{} is open when the key is absent", condition.operator_name);
        let detail = "Every token has `sub` and `aud`, so IfExists does nothing but let everybody in once the key is misspelt. Drop it.";
        let place = condition.operator_place.clone();
        lint.add("if-exists-on-token-key", Severity::Security, "A120", &place, title, detail);
    }
}

/// A72, A126. Access Analyzer's error "missing qualifier".
fn without_set(lint: &mut Lint<'_>, statement: &Statement, condition: &Condition) {
    if condition.operator.set.is_none() && is_multivalued(statement, condition) {
        let title = format!("`{}` holds several values", condition.key.text.escape_debug());
        let detail = "A plain operator matches no list. Put ForAnyValue: or ForAllValues: before the operator.";
        let place = condition.key.place.clone();
        lint.add("multivalued-without-set", Severity::Error, "A126", &place, title, detail);
    }
}

/// A121.
fn deny(lint: &mut Lint<'_>, statement: &Statement, condition: &Condition) {
    if statement.effect != Effect::Deny {
        return;
    }
    let place = condition.key.place.clone();
    let key = condition.key.text.escape_debug();
    let never = is_never_there(statement, condition);
    let always = matches!(asked(statement, condition), Asked::Claim(name)
        if ["sub", "aud"].iter().any(|known| known.eq_ignore_ascii_case(name)));
    if condition.operator.holds_for_absent() {
        if never {
            let title = format!("No request has `{key}`, so this Deny takes everybody");
            let detail = "A negated operator, IfExists and ForAllValues hold of an absent key. Correct the key.";
            lint.add("deny-everybody", Severity::Error, "A121", &place, title, detail);
        }
    } else if never || !always {
        let title = format!("The Deny does nothing when `{key}` is absent");
        let detail = "A positive operator does not hold of an absent key, so the request is not denied. Use the negated operator on what is allowed, or a Null condition beside it.";
        lint.add("deny-on-optional-key", Severity::Security, "A121", &place, title, detail);
    }
}
