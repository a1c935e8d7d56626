//! Patterns, findings and fixes.

use serde_json::json;

use super::{evaluate, matches};
use crate::document::Text;
use crate::federation::{Breadth, FederationOutcome, IssuerFacts, Subject};
use crate::time::UnixTime;
use crate::trace::{InputName, Verdict};

fn judged(text: &str) -> FederationOutcome {
    let claims = json!({
        "iss": "https://a.example", "aud": ["x", "hub"], "sub": "system:serviceaccount:a:b", "exp": 100
    });
    let text = Text::new(InputName::Trust, text).with_index(0);
    let subject = Subject::Claims(claims.as_object().unwrap());
    evaluate(&text, &IssuerFacts::default(), &subject, UnixTime::from(50))
}

#[test]
fn globs() {
    let table = [
        ("a", "a", true),
        ("a", "ab", false),
        ("*", "", true),
        ("a*", "a", true),
        ("a*c", "abc", true),
        ("a*c", "ac", true),
        ("a*c", "acd", false),
        ("a*b*c", "axbyc", true),
        ("a*b*c", "acb", false),
        ("a**", "a", true),
        ("ab*ba", "aba", false),
        ("?", "a", false),
    ];
    for (pattern, text, expected) in table {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
}

#[test]
fn findings_reach_and_fixes() {
    let file = |issuer: &str, subject: &str| {
        format!("{{\"issuer\": {issuer:?}, \"audience\": \"hub\"{subject}}}")
    };
    let issuer = "https://a.example";
    let table = [
        (file(issuer, ""), Verdict::Allow, Breadth::Cluster, Some("oidc-any-subject")),
        (
            file(issuer, ", \"subject\": \"system:serviceaccount:a:b\""),
            Verdict::Allow,
            Breadth::One,
            None,
        ),
        (
            file(issuer, ", \"subject\": \"system:serviceaccount:a:*\""),
            Verdict::Allow,
            Breadth::Namespace,
            None,
        ),
        (
            file(issuer, ", \"subject\": \"system:serviceaccount:*:b\""),
            Verdict::Allow,
            Breadth::Cluster,
            Some("oidc-wide-subject"),
        ),
        (
            file(issuer, ", \"subject\": \"b\""),
            Verdict::Deny,
            Breadth::One,
            Some("oidc-subject-no-service-account"),
        ),
    ];
    for (text, verdict, breadth, finding) in table {
        let outcome = judged(&text);
        let found = outcome.findings.first().map(|finding| &*finding.code);
        assert_eq!(
            (outcome.verdict, outcome.reach.breadth, found),
            (verdict, breadth, finding),
            "{text}"
        );
    }
    for text in [
        file("https://a.example/", ""),
        file(issuer, ", \"subject\": \"system:serviceaccount:a:c\""),
    ] {
        let fix = &judged(&text).fixes[0];
        let edit = &fix.edits[0];
        let edited = format!("{}{}{}", &text[..edit.start], edit.text, &text[edit.end..]);
        assert_eq!(fix.verdict_after, Some(Verdict::Allow), "{text}");
        assert_eq!(judged(&edited).verdict, Verdict::Allow, "{edited}");
    }
    assert!(judged("{\"issuer\": 1}").rejected.is_some());
    assert!(judged("{").rejected.is_some());
}
