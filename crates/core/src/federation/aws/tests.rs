//! Whole evaluations, as tables.

mod fixes;
mod properties;
mod token;

use serde_json::{Value, json};

use super::*;
use crate::federation::Breadth;
use crate::trace::InputName;

const ISSUER: &str = "https://oidc.eks.eu-central-1.amazonaws.com/id/AAAA1111";
const KEY: &str = "oidc.eks.eu-central-1.amazonaws.com/id/AAAA1111";
const PROVIDER: &str =
    "arn:aws:iam::222233334444:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/AAAA1111";
const SUBJECT: &str = "system:serviceaccount:payments:ledger";
const NOW: i64 = 1_789_124_000;

fn claims() -> Value {
    json!({"iss": ISSUER, "sub": SUBJECT, "aud": ["sts.amazonaws.com"], "iat": NOW - 60, "nbf": NOW - 60, "exp": NOW + 3540})
}

fn allow(condition: Value) -> Value {
    json!({"Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": ASSUME, "Condition": condition})
}

fn deny(condition: Value) -> Value {
    let mut statement = allow(condition);
    statement["Effect"] = "Deny".into();
    statement
}

fn policy(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

/// Sub and aud pinned, as EKS documents it.
fn pinned() -> Value {
    allow(
        json!({"StringEquals": {format!("{KEY}:sub"): SUBJECT, format!("{KEY}:aud"): "sts.amazonaws.com"}}),
    )
}

fn on_sub(operator: &str, value: Value) -> Value {
    json!({operator: {format!("{KEY}:sub"): value}})
}

fn judge(text: &str, claims: &Value, facts: Value) -> FederationOutcome {
    let facts: AwsFacts = serde_json::from_value(facts).unwrap();
    let text = Text::new(InputName::Trust, text).with_index(0);
    evaluate(
        System::AwsIrsa,
        &text,
        &facts,
        &Subject::Claims(claims.as_object().unwrap()),
        UnixTime::from(NOW),
    )
}

/// All that the document leaves out.
fn facts() -> Value {
    json!({
        "roleArn": "arn:aws:iam::222233334444:role/team/app",
        "roleSessionName": "session",
        "providers": [{"arn": PROVIDER, "clientIDList": ["sts.amazonaws.com"]}],
    })
}

fn summary(outcome: &FederationOutcome) -> (Verdict, &str, Option<Decision>) {
    (outcome.verdict, outcome.stage.as_deref().unwrap_or("-"), outcome.decision)
}

#[test]
fn statements_and_conditions() {
    use Decision::{Allowed, ExplicitDeny, ImplicitDeny};
    use Verdict::{Allow, Deny, Unknown};
    let equals = |value: &str| on_sub("StringEquals", json!(value));
    let like = |value: &str| on_sub("StringLike", json!(value));
    let untold = json!({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}});
    let both = |mut left: Value, right: &Value| {
        left.as_object_mut().unwrap().extend(right.as_object().unwrap().clone());
        left
    };
    let elsewhere = json!({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"});
    let table = [
        ("pinned", vec![pinned()], Allow, "-", Some(Allowed)),
        (
            "wildcard under equals",
            vec![allow(equals("system:serviceaccount:payments:*"))],
            Deny,
            "trust-policy",
            Some(ImplicitDeny),
        ),
        (
            "wildcard under like",
            vec![allow(like("system:serviceaccount:payments:*"))],
            Allow,
            "-",
            Some(Allowed),
        ),
        (
            "one of several values",
            vec![allow(on_sub("StringEquals", json!(["x", SUBJECT])))],
            Allow,
            "-",
            Some(Allowed),
        ),
        (
            "no values",
            vec![allow(on_sub("StringEquals", json!([])))],
            Deny,
            "trust-policy",
            Some(ImplicitDeny),
        ),
        (
            "path lost",
            vec![allow(
                json!({"StringEquals": {"oidc.eks.eu-central-1.amazonaws.com:sub": SUBJECT}}),
            )],
            Deny,
            "trust-policy",
            Some(ImplicitDeny),
        ),
        (
            "key in capitals",
            vec![allow(json!({"StringEquals": {format!("{KEY}:SUB").to_uppercase(): SUBJECT}}))],
            Allow,
            "-",
            Some(Allowed),
        ),
        (
            "value in capitals",
            vec![allow(equals(&SUBJECT.to_uppercase()))],
            Deny,
            "trust-policy",
            Some(ImplicitDeny),
        ),
        ("either of two", vec![allow(equals("x")), pinned()], Allow, "-", Some(Allowed)),
        (
            "beside another caller's",
            vec![elsewhere.clone(), allow(equals("x"))],
            Deny,
            "trust-policy",
            Some(ImplicitDeny),
        ),
        ("another caller's alone", vec![elsewhere], Deny, "trust-policy", Some(ImplicitDeny)),
        (
            "deny wins",
            vec![pinned(), deny(equals(SUBJECT))],
            Deny,
            "trust-policy",
            Some(ExplicitDeny),
        ),
        ("deny of others", vec![pinned(), deny(equals("x"))], Allow, "-", Some(Allowed)),
        (
            "deny all but one",
            vec![allow(json!({})), deny(on_sub("StringNotEquals", json!(SUBJECT)))],
            Allow,
            "-",
            Some(Allowed),
        ),
        (
            "deny on a misspelt key",
            vec![pinned(), deny(json!({"StringNotEquals": {format!("{KEY}:subject"): SUBJECT}}))],
            Deny,
            "trust-policy",
            Some(ExplicitDeny),
        ),
        ("untold in the only allow", vec![allow(untold.clone())], Unknown, "-", None),
        (
            "untold, but it fails anyway",
            vec![allow(both(equals("x"), &untold))],
            Deny,
            "trust-policy",
            Some(ImplicitDeny),
        ),
        (
            "untold, but another allows",
            vec![allow(untold.clone()), pinned()],
            Allow,
            "-",
            Some(Allowed),
        ),
        ("untold in a deny", vec![pinned(), deny(untold.clone())], Unknown, "-", None),
        (
            "untold in a deny, another denies",
            vec![pinned(), deny(untold.clone()), deny(equals(SUBJECT))],
            Deny,
            "trust-policy",
            Some(ExplicitDeny),
        ),
        (
            "untold in a deny that fails anyway",
            vec![pinned(), deny(both(equals("x"), &untold))],
            Allow,
            "-",
            Some(Allowed),
        ),
        ("untold in a deny, nothing allows", vec![deny(untold)], Deny, "trust-policy", None),
        ("a variable that is not told", vec![allow(equals("${aws:SourceIp}"))], Unknown, "-", None),
        (
            "a variable beside the value",
            vec![allow(on_sub("StringEquals", json!(["${aws:SourceIp}", SUBJECT])))],
            Allow,
            "-",
            Some(Allowed),
        ),
        (
            "a value that is not told",
            vec![allow(json!({"StringEquals": {"aws:SourceIp": "x"}}))],
            Unknown,
            "-",
            None,
        ),
        (
            "a key that is never there",
            vec![allow(json!({"StringLike": {"aws:PrincipalArn": "*"}}))],
            Deny,
            "trust-policy",
            Some(ImplicitDeny),
        ),
    ];
    for (name, statements, verdict, stage, decision) in table {
        let outcome = judge(&policy(&statements), &claims(), facts());
        assert_eq!(summary(&outcome), (verdict, stage, decision), "{name}: {:#?}", outcome.checks);
    }
}

#[test]
fn without_version_2012_a_variable_is_plain_text() {
    let text = json!({"Statement": allow(on_sub("StringEquals", json!("${a}")))}).to_string();
    let mut claims = claims();
    claims["sub"] = "${a}".into();
    assert_eq!(judge(&text, &claims, facts()).decision, Some(Decision::Allowed));
}

#[test]
fn principals_and_actions() {
    let with = |name: &str, value: Value| {
        let mut statement = allow(json!({}));
        statement[name] = value;
        policy(&[statement])
    };
    let not_action = |value: Value| {
        let mut statement = allow(json!({}));
        statement.as_object_mut().unwrap().shift_remove("Action");
        statement["NotAction"] = value;
        policy(&[statement])
    };
    let table = [
        (with("Principal", json!({"Federated": ["accounts.google.com", PROVIDER]})), true),
        (with("Principal", json!({"Federated": PROVIDER, "AWS": "111122223333"})), true),
        (with("Principal", json!({"AWS": PROVIDER})), false),
        (with("Principal", json!({"AWS": "*"})), false),
        (with("Principal", json!("*")), false),
        (with("Principal", json!({"Federated": format!("{PROVIDER}/")})), false),
        (
            with(
                "Principal",
                json!({"Federated": PROVIDER.to_uppercase().replace("ARN:AWS:IAM", "arn:aws:iam").replace("OIDC-PROVIDER", "oidc-provider")}),
            ),
            false,
        ),
        (
            with(
                "Principal",
                json!({"Federated": PROVIDER.replace("222233334444", "555566667777")}),
            ),
            false,
        ),
        (with("Principal", json!({"Federated": KEY})), false),
        (with("Principal", json!({"Federated": PROVIDER.replace("AAAA1111", "*")})), false),
        (with("Action", json!("STS:assumerolewithwebidentity")), true),
        (with("Action", json!("sts:AssumeRole*")), true),
        (with("Action", json!(["sts:TagSession", "sts:AssumeRoleWith?ebIdentity"])), true),
        (with("Action", json!("*")), true),
        (with("Action", json!("sts:AssumeRole")), false),
        (not_action(json!("sts:TagSession")), true),
        (not_action(json!("sts:*")), false),
    ];
    for (text, allowed) in table {
        let decision = if allowed { Decision::Allowed } else { Decision::ImplicitDeny };
        assert_eq!(judge(&text, &claims(), facts()).decision, Some(decision), "{text}");
    }
}

/// The pinned policy with other claims and facts: stage, and all the wordings of the error.
fn stage(claims: &Value, facts: Value) -> (String, Vec<String>) {
    let outcome = judge(&policy(&[pinned()]), claims, facts);
    let mut texts = Vec::new();
    if let Some(error) = outcome.error {
        texts.push(format!("{} {}: {}", error.code, error.http_status.unwrap(), error.message));
        texts.extend(error.alternatives.into_iter().filter_map(|one| one.message));
    }
    (outcome.stage.unwrap_or_default().into_owned(), texts)
}

fn with(mut value: Value, name: &str, member: Value) -> Value {
    value[name] = member;
    value
}

#[test]
fn every_stage_has_its_error() {
    let folded = "InvalidIdentityToken 400: The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for requirements.";
    let none =
        |issuer: &str| format!("No OpenIDConnect provider found in your account for {issuer}");
    let other = format!("{ISSUER}/");
    let providers = |arn: &str, audiences: Value| json!([{"arn": arn, "clientIDList": audiences}]);
    #[rustfmt::skip]
    let table: Vec<(Value, Value, &str, Vec<&str>)> = vec![
        (claims(), with(facts(), "roleArn", json!("arn:aws:iam::222233334444:role\\app")), "request", vec!["ValidationError 400: Request ARN is invalid"]),
        (claims(), with(facts(), "roleSessionName", json!("a:b")), "request", vec!["ValidationError 400: 1 validation error detected: Value 'a:b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"]),
        (claims(), with(facts(), "durationSeconds", json!(100)), "request", vec!["ValidationError 400: 1 validation error detected: Value '100' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"]),
        (claims(), with(facts(), "durationSeconds", json!(43201)), "request", vec!["ValidationError 400: 1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200"]),
        (claims(), with(facts(), "stsActiveInRegion", json!(false)), "region", vec!["RegionDisabledException 403: STS is not activated in this region for account:222233334444. Your account administrator can activate STS in this region using the IAM Console."]),
        (with(claims(), "aud", json!([])), facts(), "claims", vec!["InvalidIdentityToken 400: Claim is not allowed to be empty: aud"]),
        (with(claims(), "exp", json!(NOW - 301)), facts(), "time", vec!["ExpiredTokenException 400: Token expired: current date/time 1789123700 must be before the expiration date/time 1789123699", "Token expired: current date/time 1789123700 must be before the expiration date/time1789123699"]),
        (with(claims(), "iss", json!(other)), facts(), "provider", vec![folded, none(&other).leak()]),
        (claims(), with(facts(), "providers", json!([])), "provider", vec![folded, none(ISSUER).leak()]),
        (claims(), with(facts(), "providers", providers(&PROVIDER.replace("222233334444", "555566667777"), json!(["sts.amazonaws.com"]))), "provider", vec![folded, none(ISSUER).leak()]),
        (with(claims(), "aud", json!("api")), facts(), "audience", vec![folded, "Incorrect token audience"]),
        (claims(), with(facts(), "providers", providers(PROVIDER, json!([]))), "audience", vec![folded, "Incorrect token audience"]),
        (claims(), with(facts(), "issuerReachable", json!(false)), "keys", vec!["InvalidIdentityToken 400: Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"]),
        (with(claims(), "sub", json!("system:serviceaccount:payment:ledger")), facts(), "trust-policy", vec!["AccessDenied 403: Not authorized to perform sts:AssumeRoleWithWebIdentity"]),
        (claims(), with(facts(), "roleExists", json!(false)), "trust-policy", vec!["AccessDenied 403: Not authorized to perform sts:AssumeRoleWithWebIdentity"]),
        (claims(), with(facts(), "durationSeconds", json!(7200)), "session", vec!["ValidationError 400: The requested DurationSeconds exceeds the MaxSessionDuration set for this role."]),
        (claims(), facts(), "", vec![]),
    ];
    for (claims, facts, expected, texts) in table {
        let shown = format!("{claims} {facts}");
        let texts: Vec<String> = texts.into_iter().map(str::to_owned).collect();
        assert_eq!(stage(&claims, facts), (expected.to_owned(), texts), "{shown}");
    }
}

#[test]
fn the_first_failure_is_the_error_and_the_rest_is_judged() {
    let bad = with(with(claims(), "exp", json!(NOW - 900)), "sub", json!("x"));
    let outcome = judge(&policy(&[pinned()]), &bad, facts());
    assert_eq!(summary(&outcome), (Verdict::Deny, "time", Some(Decision::ImplicitDeny)));
    let failed: Vec<&str> = outcome
        .checks
        .iter()
        .filter(|check| check.status == Status::Fail)
        .map(|check| check.id.as_ref())
        .collect();
    let expected =
        ["aws-irsa/time/exp", "aws-irsa/trust-policy/condition", "aws-irsa/trust-policy/decision"];
    assert_eq!(failed, expected);
}

#[test]
fn what_is_not_told_is_assumed_and_said() {
    let outcome = judge(&policy(&[pinned()]), &claims(), json!({}));
    assert_eq!(outcome.verdict, Verdict::Allow);
    for id in ["aws-irsa/provider", "aws-irsa/audience", "aws-irsa/keys/issuer", "aws-irsa/region"]
    {
        let check = outcome.checks.iter().find(|check| check.id == id).unwrap();
        assert_eq!(check.status, Status::Skip, "{id}");
        assert!(check.hint.as_deref().unwrap().starts_with("assumed"), "{id}");
    }
    let principal = outcome.grant.unwrap().principal;
    assert_eq!(principal, "arn:aws:sts::222233334444:assumed-role/role-xxxxx/session-xxxxx");
}

#[test]
fn another_clusters_provider_in_the_policy_alone() {
    let stale = policy(&[allow(json!({}))]).replace("AAAA1111", "BBBB2222");
    let outcome = judge(&stale, &claims(), json!({}));
    assert_eq!(summary(&outcome), (Verdict::Deny, "provider", Some(Decision::ImplicitDeny)));
    let error = outcome.error.unwrap();
    assert_eq!(error.alternatives.last().unwrap().code.as_deref(), Some("AccessDenied"));
    let principal = outcome.checks.iter().find(|check| check.id.ends_with("/principal")).unwrap();
    assert_eq!(principal.status, Status::Fail);
    assert!(principal.hint.as_deref().unwrap().contains("another cluster"), "{principal:?}");
}

#[test]
fn the_grant() {
    let facts =
        with(with(facts(), "durationSeconds", json!(7200)), "maxSessionDuration", json!(7200));
    let grant = judge(&policy(&[pinned()]), &claims(), facts).grant.unwrap();
    assert_eq!(grant.principal, "arn:aws:sts::222233334444:assumed-role/app/session");
    assert_eq!(grant.expires_at, Some(UnixTime::from(NOW + 7200)));
    let detail = json!({"SubjectFromWebIdentityToken": SUBJECT, "Audience": "sts.amazonaws.com", "Provider": PROVIDER});
    assert_eq!(Value::Object(grant.detail), detail);
}

#[test]
fn documents_that_iam_refuses() {
    let outcome = judge("{\"Version\": \"2012-10-17\"\n  \"Statement\": []}", &claims(), facts());
    assert_eq!(summary(&outcome), (Verdict::Unknown, "document", None));
    let span = outcome.checks[0].span.clone().unwrap();
    assert_eq!((span.line, span.column), (2, 3));
    assert_eq!(outcome.rejected.unwrap().message, "This policy contains invalid Json");

    // `aws iam get-role` never printed this, so IAM never saw it.
    let outcome = judge("{\"AssumeRolePolicyDocument\": {]}", &claims(), facts());
    assert_eq!((outcome.stage.as_deref(), outcome.rejected), (Some("document"), None));

    let text = policy(&[with(pinned(), "NotPrincipal", json!({}))]);
    let outcome = judge(&text, &claims(), facts());
    assert_eq!(summary(&outcome), (Verdict::Unknown, "document", None));
    assert_eq!(outcome.rejected.unwrap().code, "MalformedPolicyDocument");
}

#[test]
fn without_a_token_only_the_document_is_judged() {
    let text = policy(&[pinned()]);
    let text = Text::new(InputName::Trust, &text);
    let outcome = evaluate(
        System::AwsIrsa,
        &text,
        &AwsFacts::default(),
        &Subject::Nobody,
        UnixTime::from(NOW),
    );
    assert_eq!(summary(&outcome), (Verdict::Unknown, "-", None));
    assert_eq!(outcome.reach.breadth, Breadth::One);
}

#[test]
fn empty_text_is_no_role() {
    let outcome = judge("", &claims(), facts());
    assert_eq!(summary(&outcome), (Verdict::Deny, "trust-policy", None));
    assert_eq!(outcome.reach.breadth, Breadth::None);
}

#[test]
fn reach() {
    let sub = |operator: &str, value: Value| vec![allow(on_sub(operator, value))];
    let account = "system:serviceaccount:payments:";
    let mut narrowed = on_sub("StringLike", json!("system:serviceaccount:payments:*"));
    narrowed["StringEquals"] =
        on_sub("StringEquals", json!([SUBJECT, "system:serviceaccount:x:y"]))["StringEquals"]
            .clone();
    #[rustfmt::skip]
    let table: Vec<(&str, Vec<Value>, Breadth, Vec<String>)> = vec![
        ("pinned", vec![pinned()], Breadth::One, vec![SUBJECT.into()]),
        ("two", sub("StringEquals", json!([SUBJECT, "system:serviceaccount:a:b"])), Breadth::One, vec![SUBJECT.into(), "system:serviceaccount:a:b".into()]),
        ("literal star", sub("StringEquals", json!(format!("{account}*"))), Breadth::None, vec![]),
        ("namespace", sub("StringLike", json!(format!("{account}*"))), Breadth::Namespace, vec![format!("{account}*")]),
        ("name prefix", sub("StringLike", json!(format!("{account}api-*"))), Breadth::Namespace, vec![format!("{account}api-*")]),
        ("namespace prefix", sub("StringLike", json!("system:serviceaccount:pay*")), Breadth::Cluster, vec!["system:serviceaccount:pay*".into()]),
        ("star", sub("StringLike", json!("*")), Breadth::Cluster, vec!["*".into()]),
        ("no such pattern", sub("StringLike", json!("payments:*")), Breadth::None, vec![]),
        ("no sub", vec![allow(json!({"StringEquals": {format!("{KEY}:aud"): "sts.amazonaws.com"}}))], Breadth::Cluster, vec!["*".into()]),
        ("all but", sub("StringNotLike", json!("system:serviceaccount:kube-system:*")), Breadth::Cluster, vec!["*".into()]),
        ("both", vec![allow(narrowed)], Breadth::One, vec![SUBJECT.into()]),
        ("misspelt key", vec![allow(json!({"StringEquals": {"x:sub": SUBJECT}}))], Breadth::None, vec![]),
        ("a variable", vec![pinned(), allow(on_sub("StringLike", json!("${aws:userid}")))], Breadth::Unknown, vec![SUBJECT.into()]),
        ("a global key", vec![allow(json!({"Bool": {"aws:SecureTransport": "true"}}))], Breadth::Cluster, vec!["*".into()]),
        ("set prefix, misspelt key", vec![allow(json!({"ForAllValues:StringEquals": {format!("{KEY}:subject"): SUBJECT}}))], Breadth::Cluster, vec!["*".into()]),
        ("set prefix", sub("ForAllValues:StringEquals", json!(SUBJECT)), Breadth::One, vec![SUBJECT.into()]),
        ("no such key", vec![allow(json!({"Null": {format!("{KEY}:sub"): "true"}}))], Breadth::None, vec![]),
        ("everybody", vec![json!({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"})], Breadth::Anyone, vec!["*".into()]),
        ("denied to all", vec![pinned(), deny(json!({}))], Breadth::None, vec![]),
        ("denied to some", vec![pinned(), deny(on_sub("StringEquals", json!("x")))], Breadth::One, vec![SUBJECT.into()]),
        ("denied to all but another", vec![pinned(), deny(on_sub("StringNotEquals", json!("x")))], Breadth::None, vec![]),
        ("denied to all but one", vec![allow(json!({})), deny(on_sub("StringNotEquals", json!(SUBJECT)))], Breadth::One, vec![SUBJECT.into()]),
        ("denied somehow", vec![pinned(), deny(json!({"StringNotEquals": {"aws:PrincipalType": "x"}}))], Breadth::Unknown, vec![]),
        ("another action", vec![with(pinned(), "Action", json!("sts:AssumeRole"))], Breadth::None, vec![]),
    ];
    for (name, statements, breadth, patterns) in table {
        let reach = judge(&policy(&statements), &claims(), facts()).reach;
        let found: Vec<String> = reach.subjects.iter().map(|one| one.pattern.clone()).collect();
        assert_eq!((reach.breadth, found), (breadth, patterns), "{name}");
    }
}
