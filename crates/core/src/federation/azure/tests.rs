//! Entra as a whole: which stage refuses, with which code; exactness; fixes.

use serde_json::{Value, json};

use super::*;
use crate::federation::{FederationInput, TrustDocument, evaluate_federation};

const ISSUER: &str = "https://westus.oic.prod-aks.azure.com/t/g/";
const SUBJECT: &str = "system:serviceaccount:shop:cart";
const AUDIENCE: &str = "api://AzureADTokenExchange";
const NOW: i64 = 1_780_000_000;

fn claims() -> Value {
    json!({"iss": ISSUER, "sub": SUBJECT, "aud": [AUDIENCE], "iat": NOW - 60, "nbf": NOW - 60, "exp": NOW + 3540})
}

fn credential() -> Value {
    json!({"name": "cart", "issuer": ISSUER, "subject": SUBJECT, "audiences": [AUDIENCE]})
}

fn with(mut value: Value, name: &str, member: Value) -> Value {
    value[name] = member;
    value
}

fn judge_text(text: &str, claims: Option<&Value>, facts: Value) -> FederationOutcome {
    let input = json!({"claims": claims, "trust": [{"system": "azure", "text": text, "facts": facts}], "now": NOW});
    let input: FederationInput = serde_json::from_value(input).unwrap();
    evaluate_federation(&input).remove(0)
}

fn judge(credentials: Value, claims: &Value) -> FederationOutcome {
    judge_text(&credentials.to_string(), Some(claims), json!({"clientId": "c"}))
}

fn told(outcome: &FederationOutcome) -> (String, String) {
    let code = outcome.error.as_ref().map(|error| error.code.clone()).unwrap_or_default();
    (outcome.stage.as_deref().unwrap_or_default().to_owned(), code)
}

#[test]
fn stages_and_codes() {
    let year = with(claims(), "exp", json!(NOW + 31_536_000));
    let table = [
        (json!([credential()]), claims(), "", ""),
        (json!({"value": [credential()]}), claims(), "", ""),
        (credential(), claims(), "", ""),
        (json!([{"name": "cart", "properties": credential()}]), claims(), "", ""),
        (json!([]), claims(), "credentials", "AADSTS70025"),
        (
            json!([with(credential(), "issuer", json!(ISSUER.trim_end_matches('/')))]),
            claims(),
            "issuer",
            "AADSTS700211",
        ),
        (
            json!([with(credential(), "subject", json!("system:serviceaccount:shop:Cart"))]),
            claims(),
            "subject",
            "AADSTS7002138",
        ),
        (
            json!([with(credential(), "subject", json!("system:serviceaccount:shop:web"))]),
            claims(),
            "subject",
            "AADSTS700213",
        ),
        (
            json!([with(credential(), "subject", json!("system:serviceaccount:shop:*"))]),
            claims(),
            "subject",
            "AADSTS700213",
        ),
        (json!([credential()]), with(claims(), "aud", json!([AUDIENCE, "b"])), "", ""),
        (
            json!([credential()]),
            with(claims(), "aud", json!("api://azureadtokenexchange")),
            "audience",
            "AADSTS700212",
        ),
        (
            json!([credential()]),
            with(year.clone(), "aud", json!(["https://kubernetes.default.svc"])),
            "lifetime",
            "AADSTS70023",
        ),
        (json!([credential()]), with(claims(), "exp", json!(NOW - 60 + 90_000)), "", ""),
        (
            json!([credential()]),
            with(claims(), "exp", json!(NOW - 60 + 90_001)),
            "lifetime",
            "AADSTS70023",
        ),
        (json!([credential()]), with(claims(), "iat", Value::Null), "lifetime", "AADSTS70023"),
        (json!([]), with(claims(), "exp", json!(NOW - 1)), "time", "AADSTS700024"),
        (json!([credential()]), with(claims(), "nbf", json!(NOW + 1)), "time", "AADSTS700024"),
        (
            json!([credential()]),
            with(claims(), "iss", json!("https://sts.windows.net/t/")),
            "issuer",
            "AADSTS700222",
        ),
    ];
    for (credentials, claims, stage, code) in table {
        let outcome = judge(credentials.clone(), &claims);
        assert_eq!(told(&outcome), (stage.into(), code.into()), "{credentials} {claims}");
        assert_eq!(outcome.grant.is_some(), stage.is_empty());
    }
    let facts = [
        (json!({"clientExists": false}), "client", "AADSTS700016"),
        (json!({"issuerReachable": false}), "discovery", "AADSTS50166"),
    ];
    for (facts, stage, code) in facts {
        let outcome = judge_text(&credential().to_string(), Some(&claims()), facts);
        assert_eq!(told(&outcome), (stage.into(), code.into()));
    }
}

#[test]
fn later_failures_are_told_too() {
    let both = with(with(credential(), "issuer", json!("https://x/")), "subject", json!("y"));
    let outcome = judge(json!([both]), &with(claims(), "aud", json!(["z"])));
    let failed: Vec<&str> = outcome
        .checks
        .iter()
        .filter(|one| one.status == Status::Fail)
        .map(|one| one.id.as_ref())
        .collect();
    assert_eq!(failed, ["azure/issuer", "azure/subject", "azure/audience"]);
}

#[test]
fn any_change_of_one_character_denies() {
    for (name, text) in [("issuer", ISSUER), ("subject", SUBJECT), ("audience", AUDIENCE)] {
        for at in 0..text.len() {
            for new in ["", "x", "/", " ", "*", "?"] {
                let changed = format!("{}{new}{}", &text[..at], &text[at + 1..]);
                let value = if name == "audience" { json!([changed]) } else { json!(changed) };
                let member = if name == "audience" { "audiences" } else { name };
                let outcome = judge(json!([with(credential(), member, value)]), &claims());
                assert_eq!(outcome.verdict == Verdict::Allow, changed == text, "{changed}");
            }
        }
    }
}

#[test]
fn what_is_not_stored() {
    let flexible = |issuer: &str, value: &str| json!([{"name": "flex", "issuer": issuer, "audiences": [AUDIENCE], "claimsMatchingExpression": {"value": value, "languageVersion": 1}}]);
    let github = "https://token.actions.githubusercontent.com";
    let sub = "claims['sub'] matches 'repo:o/*'";
    let mut many: Vec<Value> =
        (0..21).map(|n| with(credential(), "subject", json!(format!("s{n}")))).collect();
    let table = [
        (
            json!([with(credential(), "audiences", json!([AUDIENCE, "b"]))]),
            "Federated identity credentials must have exactly one audience.",
        ),
        (
            json!([with(credential(), "audiences", json!([]))]),
            "Federated identity credentials must have exactly one audience.",
        ),
        (
            json!([with(credential(), "subject", json!(""))]),
            "Federated Identity Credential from HTTP body has empty properties",
        ),
        (
            json!([with(credential(), "audiences", Value::Null)]),
            "Federated Identity Credential from HTTP body has empty properties",
        ),
        (
            json!([with(credential(), "name", json!("a b"))]),
            "Federated Identity Credential name 'a b' is invalid.",
        ),
        (
            json!([with(credential(), "name", json!("-ab"))]),
            "Federated Identity Credential name '-ab' is invalid.",
        ),
        (
            json!([credential(), with(credential(), "audiences", json!(["b"]))]),
            "Issuer and subject combination already exists for this Managed Identity.",
        ),
        (
            json!(many.clone()),
            "an identity has at most 20 federated identity credentials, here are 21",
        ),
        (
            flexible(ISSUER, "claims['sub'] matches 'system:serviceaccount:shop:*'"),
            "claimsMatchingExpression is not supported for the issuer https://westus.oic.prod-aks.azure.com/t/g/",
        ),
        (
            flexible(github, "claims['actor'] eq 'x'"),
            "the claim actor is not supported for this issuer",
        ),
    ];
    many.truncate(20);
    for (credentials, message) in &table {
        let outcome = judge_text(&credentials.to_string(), None, json!({}));
        assert_eq!(
            outcome.rejected.as_ref().map(|it| it.message.as_str()),
            Some(*message),
            "{credentials}"
        );
        assert_eq!(
            (outcome.verdict, outcome.stage.as_deref()),
            (Verdict::Unknown, Some("document"))
        );
    }
    for credentials in [json!(many), flexible(github, sub), json!([])] {
        assert_eq!(
            judge_text(&credentials.to_string(), None, json!({})).rejected,
            None,
            "{credentials}"
        );
    }
}

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

#[test]
fn fixes_let_the_token_in() {
    let changes = [
        ("issuer", json!(ISSUER.trim_end_matches('/')), "correct"),
        ("subject", json!("system:serviceaccount:shop:Cart"), "correct"),
        ("subject", json!("system:serviceaccount:shop:web"), "add"),
        ("audiences", json!(["api://AzureADTokenExchangeChina"]), "correct"),
    ];
    for (member, value, what) in changes {
        let text =
            serde_json::to_string_pretty(&json!([with(credential(), member, value)])).unwrap();
        let outcome = judge_text(&text, Some(&claims()), json!({}));
        let fix = &outcome.fixes[0];
        assert!(fix.id.contains(what), "{}", fix.id);
        assert!(
            fix.command
                .as_ref()
                .is_some_and(|command| command.starts_with("az identity federated-credential "))
        );
        let edited = applied(&text, &outcome).unwrap();
        let after = judge_text(&edited, Some(&claims()), json!({}));
        assert_eq!(
            (after.verdict, fix.verdict_after),
            (Verdict::Allow, Some(Verdict::Allow)),
            "{edited}"
        );
    }
    // The API server's own token is not for Entra, whatever the credentials say.
    let other = with(claims(), "aud", json!(["https://kubernetes.default.svc"]));
    assert!(judge(json!([credential()]), &other).fixes.is_empty());
}

#[test]
fn findings() {
    let codes = |credential: Value, facts: Value| -> Vec<String> {
        let outcome = judge_text(&json!([credential]).to_string(), None, facts);
        outcome.findings.iter().map(|finding| finding.code.to_string()).collect()
    };
    let table = [
        (credential(), json!({}), vec![]),
        (
            with(credential(), "issuer", json!(ISSUER.trim_end_matches('/'))),
            json!({}),
            vec!["issuer-without-slash"],
        ),
        (
            with(credential(), "issuer", json!("https://kubernetes.default.svc")),
            json!({}),
            vec!["issuer-in-cluster"],
        ),
        (with(credential(), "issuer", json!("http://x")), json!({}), vec!["issuer-not-https"]),
        (
            with(credential(), "subject", json!("system:serviceaccount:shop:*")),
            json!({}),
            vec!["subject-wildcard"],
        ),
        (
            with(credential(), "subject", json!("system:serviceaccount:shop:Cart")),
            json!({}),
            vec!["subject-upper-case"],
        ),
        (
            with(credential(), "subject", json!(format!("{SUBJECT} "))),
            json!({}),
            vec!["credential-white-space"],
        ),
        (with(credential(), "name", json!("f1")), json!({}), vec!["credential-name-short"]),
        (credential(), json!({"cloud": "AzureChinaCloud"}), vec!["audience-of-another-cloud"]),
        (with(credential(), "audiences", json!([])), json!({}), vec!["credential-not-stored"]),
    ];
    for (credential, facts, expected) in table {
        assert_eq!(codes(credential.clone(), facts), expected, "{credential}");
    }
}

#[test]
fn recognised_without_being_told() {
    let text = json!([credential()]).to_string();
    assert_eq!(TrustDocument::Text(text).recognised(), Some(System::Azure));
}
