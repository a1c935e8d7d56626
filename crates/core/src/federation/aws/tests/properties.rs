//! Properties over random policies and tokens.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Every operator, some with prefix and suffix.
fn operators() -> impl Strategy<Value = String> {
    let base = prop::sample::select(vec![
        "StringEquals",
        "StringNotEquals",
        "StringEqualsIgnoreCase",
        "StringLike",
        "StringNotLike",
        "ArnLike",
        "ArnNotEquals",
        "NumericLessThan",
        "NumericNotEquals",
        "DateGreaterThanEquals",
        "DateNotEquals",
        "Bool",
        "BinaryEquals",
        "IpAddress",
        "NotIpAddress",
        "Null",
    ]);
    let set = prop::sample::select(vec!["", "", "", "ForAllValues:", "ForAnyValue:"]);
    (set, base, any::<bool>()).prop_map(|(set, base, if_exists)| {
        let suffix = if if_exists && base != "Null" { "IfExists" } else { "" };
        format!("{set}{base}{suffix}")
    })
}

/// Statements of every shape that matters, most of them about the caller.
fn statements() -> impl Strategy<Value = Vec<Value>> {
    let key = prop::sample::select(vec![
        "sub",
        "aud",
        "amr",
        "email",
        "nothing",
        "aws:SourceIp",
        "aws:CurrentTime",
        "aws:RequestTag/n",
        "aws:TagKeys",
    ]);
    let value = prop::sample::select(vec![
        SUBJECT,
        "sts.amazonaws.com",
        "*",
        "x",
        "10",
        "true",
        "false",
        "192.0.2.0/24",
        "2026-01-01T00:00:00Z",
        "arn:aws:iam::*:role/x",
        "QQ==",
        "${aws:RequestTag/n}",
        "${aws:SourceIp, 'x'}",
        "${a",
    ]);
    let values = prop::collection::vec(value, 0..3);
    let condition = (operators(), key, values).prop_map(|(operator, key, values)| {
        let key = if key.contains(':') { key.to_owned() } else { format!("{KEY}:{key}") };
        let values = if values.len() == 1 { json!(values[0]) } else { json!(values) };
        json!({operator: {key: values, "aws:PrincipalType": "User"}})
    });
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

/// Claims with tags and a list, so that every kind of key has a value.
fn rich_claims() -> Value {
    let mut claims = claims();
    claims["amr"] = json!(["pwd", "x"]);
    claims["https://aws.amazon.com/tags"] = json!({"principal_tags": {"n": ["10"]}});
    claims
}

/// The same policy, written in another way (A50-A62).
fn rewritten(statement: &Value) -> Value {
    let mut other = statement.clone();
    let object = other.as_object_mut().unwrap();
    let action = object["Action"].as_str().unwrap_or_default().to_uppercase();
    object.insert("Action".to_owned(), json!([action]));
    let federated = object["Principal"]["Federated"].clone();
    object.insert("Principal".to_owned(), json!({"Federated": [federated]}));
    let operators = object["Condition"].as_object().cloned().unwrap_or_default();
    let conditions = operators.into_iter().map(|(operator, keys)| {
        let keys = keys.as_object().cloned().unwrap_or_default();
        let keys = keys.into_iter().rev().map(|(key, values)| {
            let values = match values {
                Value::Array(mut many) => {
                    many.reverse();
                    json!(many)
                }
                one => json!([one]),
            };
            (key.to_uppercase(), values)
        });
        (operator, Value::Object(keys.collect()))
    });
    let conditions = Value::Object(conditions.collect());
    object.insert("Condition".to_owned(), conditions);
    other
}

proptest! {
    #[test]
    fn another_way_to_write_it_decides_alike(statements in statements()) {
        let others: Vec<Value> = statements.iter().rev().map(rewritten).collect();
        let judge = |statements: &[Value]| judge(&policy(statements), &rich_claims(), facts());
        let (one, other) = (judge(&statements), judge(&others));
        prop_assert_eq!(one.decision, other.decision);
        prop_assert_eq!(one.verdict, other.verdict);
        prop_assert_eq!(one.reach.breadth, other.reach.breadth);
    }

    #[test]
    fn parsed_once_it_decides_as_the_whole_evaluation(statements in statements()) {
        let (text, claims) = (policy(&statements), rich_claims());
        let whole = judge(&text, &claims, facts()).decision;
        let facts: AwsFacts = serde_json::from_value(facts()).unwrap();
        let parsed = TrustPolicy::parse(&text).unwrap();
        let now = UnixTime::from(NOW);
        prop_assert_eq!(parsed.decide(claims.as_object().unwrap(), &facts, now), whole);
    }

    #[test]
    fn random_policies_never_panic(operator in "\\PC{0,20}", key in "\\PC{0,30}", value in "\\PC{0,30}", version in any::<bool>()) {
        let version = if version { "2012-10-17" } else { "2008-10-17" };
        let mut statement = allow(json!({operator: {key.clone(): value.clone()}, "StringLike": {key: [value]}}));
        judge(&json!({"Version": version, "Statement": statement}).to_string(), &rich_claims(), facts());
        statement["Effect"] = "Deny".into();
        judge(&json!({"Version": version, "Statement": [statement]}).to_string(), &rich_claims(), facts());
    }

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
        let decide = |statements: &[Value]| judge(&policy(statements), &rich_claims(), facts()).verdict;
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
