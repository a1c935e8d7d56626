//! Fixes: offered only where they work, and never for more than the one ServiceAccount.

use serde_json::{Value, json};

use super::*;

/// The text after the first fix, as a reader would apply it.
fn applied(text: &str, outcome: &FederationOutcome) -> Option<String> {
    let fix = outcome.fixes.first()?;
    let mut units: Vec<u16> = text.encode_utf16().collect();
    let mut edits = fix.edits.clone();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.start));
    for edit in edits {
        units.splice(edit.start..edit.end, edit.text.encode_utf16());
    }
    Some(String::from_utf16(&units).unwrap())
}

/// Applies the first fix and judges again; `None`: none is offered.
fn fixed(text: &str, facts: &Value) -> Option<(String, FederationOutcome)> {
    let outcome = judge(text, &claims(), facts.clone());
    let edited = applied(text, &outcome)?;
    let after = judge(&edited, &claims(), facts.clone());
    let fix = &outcome.fixes[0];
    assert_eq!(fix.verdict_after, Some(after.verdict), "{edited}");
    let fails = |check: &&Check| check.id == fix.check && check.status == Status::Fail;
    assert!(outcome.checks.iter().any(|check| fails(&check)), "{fix:?}");
    assert!(!after.checks.iter().any(|check| fails(&check)), "{edited}");
    Some((edited, after))
}

#[test]
fn what_is_offered() {
    let sub = |value: Value| allow(on_sub("StringEquals", value));
    let key = |key: &str| allow(json!({"StringEquals": {key: SUBJECT}}));
    let stale = policy(&[pinned()]).replace("AAAA1111", "BBBB2222");
    let table = [
        ("typo", policy(&[sub(json!("system:serviceaccount:payment:ledger"))])),
        ("pattern under StringEquals", policy(&[sub(json!("system:serviceaccount:payments:*"))])),
        (
            "a list",
            policy(&[sub(json!(["system:serviceaccount:a:b", "system:serviceaccount:c:d"]))]),
        ),
        ("audience", policy(&[pinned()]).replace("\"sts.amazonaws.com\"", "\"sts.amazon.com\"")),
        ("https in the key", policy(&[key(&format!("{ISSUER}:sub"))])),
        ("path lost", policy(&[key("oidc.eks.eu-central-1.amazonaws.com:sub")])),
        ("ARN as key", policy(&[key(&format!("{PROVIDER}:sub"))])),
        ("another cluster's", stale),
        (
            "trailing slash",
            policy(&[with(pinned(), "Principal", json!({"Federated": format!("{PROVIDER}/")}))]),
        ),
        ("wrong action", policy(&[with(pinned(), "Action", json!("sts:AssumeRole"))])),
        ("comma missing", policy(&[pinned()]).replacen(',', " ", 1)),
        ("comma too many", policy(&[pinned()]).replace("}]", "},]")),
        ("text before it", format!("{{\"Id\": \"🚀\",{}", &policy(&[sub(json!("x"))])[1..])),
    ];
    for (name, text) in table {
        let (edited, after) =
            fixed(&text, &json!({})).unwrap_or_else(|| panic!("{name}: no fix for {text}"));
        assert_eq!(after.verdict, Verdict::Allow, "{name}: {edited}");
        assert_eq!(after.reach.breadth, Breadth::One, "{name}: {edited}");
    }
}

#[test]
fn what_is_not_offered() {
    let wide = allow(json!({"StringEquals": {format!("{KEY}:aud"): "sts.amazonaws.com"}}));
    let table = [
        ("it is allowed", policy(&[pinned()]), json!({})),
        ("a Deny", policy(&[pinned(), deny(json!({}))]), json!({})),
        ("another cluster would be let in whole", policy(&[wide]).replace("AAAA1111", "BBBB2222").replace(":aud", ":subject"), json!({})),
        ("a namespace of another cluster", policy(&[allow(on_sub("StringLike", json!("system:serviceaccount:payments:*")))]).replace("AAAA1111", "BBBB2222"), json!({})),
        ("AWS principals need the action", policy(&[with(with(pinned(), "Action", json!("sts:AssumeRole")), "Principal", json!({"Federated": PROVIDER, "AWS": "111122223333"}))]), json!({})),
        ("encoded text has no place to edit", json!({"AssumeRolePolicyDocument": policy(&[allow(on_sub("StringEquals", json!("x")))])}).to_string(), json!({})),
        ("what is not told beside it", policy(&[allow(json!({"StringEquals": {format!("{KEY}:sub"): "x"}, "IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}))]), json!({})),
        ("no JSON at all", "Statement: [".to_owned(), json!({})),
    ];
    for (name, text, facts) in table {
        assert_eq!(judge(&text, &claims(), facts).fixes, [], "{name}");
    }
    let mut other = claims();
    other["aud"] = "api".into();
    assert_eq!(
        judge(&policy(&[pinned()]), &other, json!({})).fixes,
        [],
        "an audience that is not STS'"
    );
}
