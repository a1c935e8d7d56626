//! Properties over random policies and tokens.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Statements of every shape that matters, most of them about the caller.
fn statements() -> impl Strategy<Value = Vec<Value>> {
    let operator = prop::sample::select(vec![
        "StringEquals",
        "StringLike",
        "StringNotEquals",
        "ForAllValues:StringLike",
        "BoolIfExists",
        "Null",
    ]);
    let key = prop::sample::select(vec!["sub", "aud", "email", "nothing"]);
    let value = prop::sample::select(vec![SUBJECT, "sts.amazonaws.com", "*", "x", "${a}"]);
    let condition = (operator, key, value)
        .prop_map(|(operator, key, value)| json!({operator: {format!("{KEY}:{key}"): value}}));
    let condition = prop_oneof![Just(json!({})), condition];
    let provider = prop::sample::select(vec![PROVIDER, PROVIDER, PROVIDER, "accounts.google.com"]);
    let action = prop::sample::select(vec![ASSUME, "sts:*", "sts:AssumeRole"]);
    let statement = (any::<bool>(), provider, action, condition).prop_map(
        |(is_allow, provider, action, condition)| {
            json!({
                "Effect": if is_allow { "Allow" } else { "Deny" },
                "Principal": {"Federated": provider},
                "Action": action,
                "Condition": condition,
            })
        },
    );
    prop::collection::vec(statement, 1..5)
}

proptest! {
    #[test]
    fn random_text_never_panics(text in "\\PC{0,200}") {
        judge(&text, &claims(), facts());
    }

    #[test]
    fn a_broken_policy_never_panics(at in 0usize..400, by in "[\\PC\n]{0,3}") {
        let mut text = policy(&[pinned(), deny(on_sub("StringLike", json!("x*")))]);
        let at = at.min(text.len());
        let end = (at + 1).min(text.len());
        text.replace_range(at..end, &by);
        judge(&text, &claims(), facts());
    }

    #[test]
    fn an_allow_never_denies_and_a_deny_never_allows(before in statements(), more in statements()) {
        let decide = |statements: &[Value]| judge(&policy(statements), &claims(), facts()).verdict;
        let verdict = decide(&before);
        for statement in more {
            let is_allow = statement["Effect"] == "Allow";
            let mut after = before.clone();
            after.push(statement);
            match decide(&after) {
                Verdict::Deny if is_allow => prop_assert_eq!(verdict, Verdict::Deny),
                Verdict::Allow if !is_allow => prop_assert_eq!(verdict, Verdict::Allow),
                _ => {}
            }
        }
    }

    #[test]
    fn the_verdict_and_the_decision_agree(statements in statements()) {
        let outcome = judge(&policy(&statements), &claims(), facts());
        match outcome.decision {
            Some(Decision::Allowed) => prop_assert_eq!(outcome.verdict, Verdict::Allow),
            Some(_) => prop_assert_eq!(outcome.verdict, Verdict::Deny),
            None => prop_assert_ne!(outcome.verdict, Verdict::Allow),
        }
        prop_assert_eq!(outcome.error.is_some(), outcome.verdict == Verdict::Deny);
    }

    #[test]
    fn one_changed_character_denies(claim in prop::sample::select(vec!["iss", "sub", "aud"]), at in 0usize..80, by in "[ -~]") {
        let mut claims = claims();
        let text = match claim { "iss" => ISSUER, "sub" => SUBJECT, _ => "sts.amazonaws.com" };
        let at = at % text.len();
        let mut changed = text.to_owned();
        changed.replace_range(at..=at, &by);
        prop_assume!(changed != text);
        claims[claim] = changed.into();
        let outcome = judge(&policy(&[pinned()]), &claims, json!({"roleArn": "arn:aws:iam::222233334444:role/app"}));
        prop_assert_eq!(outcome.verdict, Verdict::Deny);
    }
}
