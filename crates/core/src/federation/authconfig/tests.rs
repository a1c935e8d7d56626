//! Findings, their fixes, reach, and what a stricter file means.

use serde_json::json;

use super::evaluate;
use crate::document::Text;
use crate::federation::{Breadth, FederationOutcome, KubernetesJwtFacts, Subject};
use crate::time::UnixTime;
use crate::trace::{InputName, Verdict};

/// A file with one authenticator; the lines stand below it.
fn file(lines: &str) -> String {
    format!(
        "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\njwt:\n- issuer:\n    url: https://a.example\n    audiences: [hub]\n{lines}"
    )
}

fn judged(text: &str, sub: &str) -> FederationOutcome {
    let claims = json!({"iss": "https://a.example", "aud": "hub", "sub": sub, "exp": 100});
    let claims = claims.as_object().unwrap();
    let text = Text::new(InputName::Trust, text).with_index(0);
    evaluate(&text, &KubernetesJwtFacts::default(), &Subject::Claims(claims), UnixTime::from(50))
}

fn codes(outcome: &FederationOutcome) -> Vec<&str> {
    outcome.findings.iter().map(|finding| &*finding.code).collect()
}

const UNPREFIXED: &str = "  claimMappings:\n    username: {claim: sub, prefix: \"\"}\n";

#[test]
fn findings_where_they_belong() {
    let table: [(&str, &[&str]); 8] = [
        (UNPREFIXED, &["authn-system-username"]),
        ("  claimMappings:\n    username: {claim: sub, prefix: \"b:\"}\n", &[]),
        ("  claimMappings:\n    username: {expression: claims.sub}\n", &["authn-system-username"]),
        ("  claimMappings:\n    username: {expression: \"'b:' + claims.sub\"}\n", &[]),
        (
            "  claimMappings:\n    username: {claim: sub, prefix: \"\"}\n  userValidationRules:\n  - expression: \"!user.username.startsWith('system:')\"\n",
            &[],
        ),
        (
            "  claimMappings:\n    username: {claim: sub, prefix: \"b:\"}\n    groups: {claim: groups, prefix: \"\"}\n",
            &["authn-system-groups"],
        ),
        (
            "  claimMappings:\n    username: {claim: who, prefix: \"b:\"}\n",
            &["authn-empty-username"],
        ),
        (
            "  claimMappings:\n    username: {claim: sub, prefix: \"b:\"}\n  claimValidationRules:\n  - expression: \"claims.all(k, k != 'admin')\"\n",
            &["authn-claims-loop"],
        ),
    ];
    for (lines, expected) in table {
        assert_eq!(codes(&judged(&file(lines), "x")), expected, "{lines}");
    }
}

#[test]
fn a_prefix_is_offered_and_keeps_the_rest() {
    let text = file(UNPREFIXED);
    let outcome = judged(&text, "system:serviceaccount:kube-system:default");
    assert_eq!(
        outcome.grant.as_ref().unwrap().principal,
        "system:serviceaccount:kube-system:default"
    );
    let fix = &outcome.findings[0].fixes[0];
    let edit = &fix.edits[0];
    let edited = format!("{}{}{}", &text[..edit.start], edit.text, &text[edit.end..]);
    assert!(edited.ends_with("prefix: \"a.example:\"}\n"), "{edited}");
    let after = judged(&edited, "system:serviceaccount:kube-system:default");
    assert_eq!(codes(&after), [""; 0]);
    assert_eq!(fix.verdict_after, Some(Verdict::Allow));
}

#[test]
fn breadth() {
    let rule = |rule: &str| file(&format!("{UNPREFIXED}  claimValidationRules:\n  - {rule}\n"));
    let table = [
        (file(UNPREFIXED), Breadth::Cluster),
        (rule("{claim: sub, requiredValue: x}"), Breadth::One),
        (rule("{claim: hd, requiredValue: x}"), Breadth::Cluster),
        (rule("expression: claims.sub == 'x'"), Breadth::One),
        (
            rule("expression: \"claims.sub.startsWith('system:serviceaccount:a:')\""),
            Breadth::Namespace,
        ),
        (rule("expression: claims.kubernetes__dot__io.namespace == 'a'"), Breadth::Namespace),
        (rule("expression: claims.sub == 'x' || claims.sub == 'y'"), Breadth::Cluster),
    ];
    for (text, breadth) in table {
        assert_eq!(judged(&text, "x").reach.breadth, breadth, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn never_panics(text in ".{0,80}", lines in "[a-z:\\-{}\\[\\]\" \n]{0,60}") {
        let _ = (judged(&text, "x"), judged(&file(&lines), "x"));
    }

    /// R25, R26: byte for byte.
    #[test]
    fn any_other_issuer_or_audience_is_refused(at in 0_usize..17, letter in "[a-z/]") {
        let url = "https://a.example";
        let mut other = url.to_owned();
        other.replace_range(at..at + 1, &letter);
        let text = file("  claimMappings:\n    username: {claim: sub, prefix: \"b:\"}\n");
        for (iss, aud) in [(other.as_str(), "hub"), (url, other.as_str())] {
            let claims = json!({"iss": iss, "aud": aud, "sub": "x", "exp": 100});
            let claims = claims.as_object().unwrap();
            let text = Text::new(InputName::Trust, &text);
            let facts = KubernetesJwtFacts::default();
            let outcome = evaluate(&text, &facts, &Subject::Claims(claims), UnixTime::from(50));
            let same = iss == url && aud == "hub";
            proptest::prop_assert_eq!(outcome.verdict == Verdict::Allow, same);
        }
    }
}
