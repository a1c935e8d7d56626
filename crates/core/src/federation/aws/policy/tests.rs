//! What statements of a role trust policy decide, as tables.

use serde_json::{Value, json};

use super::refusals::MAX_POLICY;
use super::*;
use crate::trace::InputName;

const FEDERATED: &str = "Federated principals must be valid domain names or SAML metadata ARNs";
const SYNTAX: &str = "Syntax errors in policy.";
const VENDOR: &str = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
const ACTIONS: &str = "Policy statement must contain actions.";

const NOBODY: &str = "Invalid principal in policy: com.amazon.balsa.error.InvalidPolicyException: The passed in policy has a statement with no principals!";

fn role(text: &str) -> Role {
    match parse(&Text::new(InputName::Trust, text)) {
        Document::Role(role) => *role,
        other => panic!("{other:?}"),
    }
}

fn statement() -> Value {
    json!({
        "Effect": "Allow",
        "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/i.example"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {"i.example:sub": ["a", 1, true]}},
    })
}

fn policy(statement: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

fn wrapped(document: &Value) -> String {
    json!({"Role": {
        "RoleName": "app",
        "Arn": "arn:aws:iam::111122223333:role/app",
        "MaxSessionDuration": 7200,
        "AssumeRolePolicyDocument": document,
    }})
    .to_string()
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Pointer and text of the condition's first value.
fn first_value(text: &str) -> (String, String) {
    let role = role(text);
    assert!(role.refusals.is_empty(), "{:?}", role.refusals);
    let place = &role.policy.statements[0].conditions[0].values[0].place;
    (place.pointer.clone(), text[place.range.clone()].to_owned())
}

#[test]
fn places_count_wrappers_and_stay_outside_of_encoded_text() {
    let bare = policy(&statement());
    let tail = "/Statement/0/Condition/StringEquals/i.example:sub/0";
    assert_eq!(first_value(&bare.to_string()), (tail.to_owned(), "\"a\"".to_owned()));

    let object = wrapped(&bare);
    let pointer = format!("/Role/AssumeRolePolicyDocument{tail}");
    assert_eq!(first_value(&object), (pointer, "\"a\"".to_owned()));

    let code = encoded(&bare.to_string());
    let text = wrapped(&Value::from(code.as_str()));
    let pointer = "/Role/AssumeRolePolicyDocument".to_owned();
    assert_eq!(first_value(&text), (pointer, format!("\"{code}\"")));

    let role = role(&text);
    assert_eq!(role.arn.as_deref(), Some("arn:aws:iam::111122223333:role/app"));
    assert_eq!(role.max_session_duration, Some(7200.0));
}

#[test]
fn a_key_with_a_slash_is_escaped_in_the_pointer() {
    let mut one = statement();
    one["Condition"] = json!({"StringLike": {"oidc/id/A:sub": "x"}});
    let (pointer, _) = first_value(&policy(&one).to_string());
    assert_eq!(pointer, "/Statement/0/Condition/StringLike/oidc~1id~1A:sub");
}

#[test]
fn roles_of_other_tools() {
    let bare = policy(&statement());
    let tail = "/Statement/0/Condition/StringEquals/i.example:sub/0";
    let list = json!({"Roles": [{"RoleName": "a", "AssumeRolePolicyDocument": bare}]});
    let resource =
        json!({"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": bare}});
    let template = json!({"Resources": {"Bucket": {"Properties": {}}, "Role": resource}});
    let state = json!({"arn": "arn:aws:iam::111122223333:role/app", "assume_role_policy": bare.to_string()});
    let hcl = format!(
        "resource \"aws_iam_role\" \"app\" {{\n  assume_role_policy = jsonencode({bare})\n}}\n"
    );
    let heredoc = format!("assume_role_policy = <<EOF\n{bare}\nEOF\n");
    let table = [
        (list.to_string(), format!("/Roles/0/AssumeRolePolicyDocument{tail}"), "\"a\"".to_owned()),
        (
            resource.to_string(),
            format!("/Properties/AssumeRolePolicyDocument{tail}"),
            "\"a\"".to_owned(),
        ),
        (
            template.to_string(),
            format!("/Resources/Role/Properties/AssumeRolePolicyDocument{tail}"),
            "\"a\"".to_owned(),
        ),
        (state.to_string(), "/assume_role_policy".to_owned(), json!(bare.to_string()).to_string()),
        (heredoc, tail.to_owned(), "\"a\"".to_owned()),
        (hcl, tail.to_owned(), "\"a\"".to_owned()),
    ];
    for (text, pointer, value) in table {
        assert_eq!(first_value(&text), (pointer, value), "{text}");
    }
    assert_eq!(role(&state.to_string()).arn.as_deref(), Some("arn:aws:iam::111122223333:role/app"));
}

#[test]
fn values_count_by_their_text_and_yaml_is_read() {
    let values = |text: &str| -> Vec<String> {
        let role = role(text);
        role.policy.statements[0].conditions[0].values.iter().map(|one| one.text.clone()).collect()
    };
    assert_eq!(values(&policy(&statement()).to_string()), ["a", "1", "true"]);
    let yaml = "Version: '2012-10-17'\nStatement:\n- Effect: Allow\n  Principal:\n    Federated: arn:aws:iam::111122223333:oidc-provider/i\n  Action: sts:AssumeRoleWithWebIdentity\n  Condition:\n    StringEquals:\n      i:sub: b\n";
    assert_eq!(values(yaml), ["b"]);
}

/// A statement with one member replaced (or removed, by null): what IAM says, and where.
fn refused(name: &str, value: Value) -> (String, String) {
    let mut one = statement();
    match value {
        Value::Null => drop(one.as_object_mut().unwrap().shift_remove(name)),
        value => one[name] = value,
    }
    let role = role(&policy(&one).to_string());
    let refusal =
        role.refusals.first().map(|one| (one.message.to_string(), one.place.pointer.clone()));
    refusal.unwrap_or_default()
}

#[test]
fn what_iam_does_not_save() {
    let table = [
        ("Effect", json!("allow"), "The policy failed legacy parsing", "/Statement/0/Effect"),
        ("Effect", json!("Permit"), SYNTAX, "/Statement/0/Effect"),
        ("Effect", Value::Null, SYNTAX, "/Statement/0"),
        ("Action", Value::Null, ACTIONS, "/Statement/0"),
        ("Action", json!([]), ACTIONS, "/Statement/0/Action"),
        (
            "Action",
            json!("sts:Assume:Role"),
            "Actions/Condition can contain only one colon.",
            "/Statement/0/Action",
        ),
        ("Principal", Value::Null, "Missing required field Principal", "/Statement/0"),
        ("NotAction", json!("sts:*"), SYNTAX, "/Statement/0/NotAction"),
        ("Resource", json!("*"), "Has prohibited field Resource", "/Statement/0/Resource"),
        (
            "NotPrincipal",
            json!({}),
            "Has prohibited field NotPrincipal",
            "/Statement/0/NotPrincipal",
        ),
        ("Action", json!("AssumeRoleWithWebIdentity"), VENDOR, "/Statement/0/Action"),
        (
            "Principal",
            json!({"Federated": "https://i.example"}),
            FEDERATED,
            "/Statement/0/Principal/Federated",
        ),
        ("Principal", json!({"Federated": ""}), FEDERATED, "/Statement/0/Principal/Federated"),
        (
            "Principal",
            json!({"Federated": "arn:aws:iam::111122223333:oidc-providr/i"}),
            FEDERATED,
            "/Statement/0/Principal/Federated",
        ),
        ("Principal", json!({}), NOBODY, "/Statement/0/Principal"),
        ("Principal", json!({"Federated": []}), NOBODY, "/Statement/0/Principal"),
        ("Principal", json!({"Web": "x"}), SYNTAX, "/Statement/0/Principal/Web"),
        ("Principal", json!("i.example"), SYNTAX, "/Statement/0/Principal"),
        ("Condition", json!({"StringEqual": {}}), SYNTAX, "/Statement/0/Condition/StringEqual"),
        ("Condition", json!({"NullIfExists": {}}), SYNTAX, "/Statement/0/Condition/NullIfExists"),
        (
            "Condition",
            json!({"StringLike": {"a:b": [null]}}),
            SYNTAX,
            "/Statement/0/Condition/StringLike/a:b/0",
        ),
        ("Condition", json!([]), SYNTAX, "/Statement/0/Condition"),
        ("Comment", json!("x"), SYNTAX, "/Statement/0/Comment"),
        (
            "Sid",
            json!("a b"),
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
            "/Statement/0/Sid",
        ),
    ];
    for (name, value, message, pointer) in table {
        let shown = format!("{name} {value}");
        assert_eq!(refused(name, value), (message.to_owned(), pointer.to_owned()), "{shown}");
    }
}

#[test]
fn shared_issuers_need_a_condition() {
    const GITHUB: &str = "token.actions.githubusercontent.com";
    let arn = format!("arn:aws:iam::111122223333:oidc-provider/{GITHUB}");
    let refused = format!(
        "Trust policy with trusted principal {arn} must evaluate, using StringEquals, StringLike or StringEqualsIgnoreCase, {GITHUB}:sub or {GITHUB}:job_workflow_ref which is not scoped to all."
    );
    let on = |operator: &str, claim: &str, values: Value| json!({operator: {format!("{GITHUB}:{claim}"): values}});
    let table = [
        (json!({}), false),
        (on("StringEquals", "aud", json!("sts.amazonaws.com")), false),
        (on("StringLike", "sub", json!("*")), false),
        (on("StringLike", "sub", json!(["*", "repo:acme/x"])), false),
        (on("StringNotEquals", "sub", json!("repo:acme/x")), false),
        (on("ForAllValues:StringLike", "sub", json!("repo:acme/x")), false),
        (on("StringLike", "sub", json!(["repo:acme/x", "*"])), true),
        (on("StringLike", "sub", json!(["repo:acme/*"])), true),
        (on("StringEqualsIgnoreCase", "job_workflow_ref", json!("acme/x")), true),
    ];
    for (condition, is_saved) in table {
        let mut one = statement();
        one["Principal"] = json!({"Federated": arn});
        one["Condition"] = condition.clone();
        let role = role(&policy(&one).to_string());
        let messages: Vec<&str> = role.refusals.iter().map(|one| one.message.as_ref()).collect();
        let expected = if is_saved { vec![] } else { vec![refused.as_str()] };
        assert_eq!(messages, expected, "{condition}");
    }
}

#[test]
fn what_iam_saves() {
    let table = [
        ("Sid", json!("")),
        ("Sid", json!("Irsa1")),
        ("Principal", json!("*")),
        ("Principal", json!({"AWS": "*", "Federated": ["accounts.google.com"]})),
        ("Principal", json!({"Federated": "arn:aws:iam::111122223333:saml-provider/x"})),
        ("Principal", json!({"Federated": "arn:aws:iam::111122223:oidc-provider/x"})),
        ("Action", json!("*")),
        ("Action", json!("s*:Assume*")),
        ("Condition", json!({"StringEquals": {}})),
        ("Condition", json!({})),
        ("Condition", json!({"StringEquals": {"sub": "a"}})),
        ("Condition", json!({"ForAllValues:ArnLikeIfExists": {"a:b": []}})),
    ];
    for (name, value) in table {
        let shown = format!("{name} {value}");
        assert_eq!(refused(name, value), Default::default(), "{shown}");
    }
}

#[test]
fn documents() {
    assert!(matches!(parse(&Text::new(InputName::Trust, " \n")), Document::NoRole));
    assert!(matches!(parse(&Text::new(InputName::Trust, "{\"a\": 1,}")), Document::Unreadable(_)));
    let messages = |text: &str| -> Vec<String> {
        role(text).refusals.iter().map(|one| one.message.to_string()).collect()
    };
    let table = [
        ("[]", vec![SYNTAX]),
        ("{}", vec![SYNTAX]),
        ("{\"Version\": \"2012-10-17\", \"Statement\": \"x\"}", vec![SYNTAX]),
        ("{\"Version\": \"2012\", \"Statement\": []}", vec![SYNTAX, SYNTAX]),
        ("{\"AssumeRolePolicyDocument\": \"%7B\"}", vec![INVALID_JSON]),
        ("{\"AssumeRolePolicyDocument\": \"%7\"}", vec![INVALID_JSON]),
    ];
    for (text, expected) in table {
        assert_eq!(messages(text), expected, "{text}");
    }
    let twice = json!({"Statement": [
        {"Sid": "a", "Effect": "Deny", "Principal": "*", "Action": "*"},
        {"Sid": "a", "Effect": "Deny", "Principal": "*", "Action": "*"},
    ]});
    assert_eq!(
        messages(&twice.to_string()),
        ["Statement IDs (SID) in a single policy must be unique."]
    );
    let mut long = statement();
    long["Condition"] = json!({"StringLike": {"a:b": "x".repeat(MAX_POLICY)}});
    assert_eq!(role(&policy(&long).to_string()).refusals[0].code, "LimitExceeded");
}
