//! Lints of a file that the API server takes, and edits that were tried.

use serde_json::json;

use super::config::Authenticator;
use super::mapping::{self, User};
use crate::document::Text;
use crate::federation::FederationOutcome;
use crate::trace::{Finding, Fix, InputName, Severity, TextEdit};

/// A subject that must never be taken for a local one.
const FOREIGN: &str = "system:serviceaccount:kube-system:default";

/// What is noticed, whatever the token.
pub(super) fn of(text: &Text<'_>, authenticators: &[Authenticator<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for authenticator in authenticators {
        findings.extend(system_name(text, authenticator));
        findings.extend(system_groups(text, authenticator));
        findings.extend(empty_name(text, authenticator));
        findings.extend(claims_as_map(text, authenticator));
    }
    findings
}

/// R30: the other cluster's ServiceAccounts become this one's.
fn system_name(text: &Text<'_>, authenticator: &Authenticator<'_>) -> Option<Finding> {
    let claims = json!({
        "iss": authenticator.issuer, "aud": authenticator.audiences, "sub": FOREIGN,
        "kubernetes.io": {
            "namespace": "kube-system",
            "serviceaccount": {"name": "default", "uid": "0"},
            "pod": {"name": "pod", "uid": "0"},
            "node": {"name": "node", "uid": "0"}
        }
    });
    let user = mapping::user(authenticator, claims.as_object()?).ok()?;
    let lands = user.name.starts_with("system:")
        && mapping::claim_rules(authenticator, claims.as_object()?).is_ok()
        && mapping::user_rules(authenticator, &user).is_ok();
    let at = &authenticator.username.at;
    lands.then(|| {
        Finding::new(
            "authn-system-username",
            Severity::Security,
            "Subjects of this issuer become local `system:` users",
            format!(
                "A token of {} for {FOREIGN} is authenticated as {}, which RBAC cannot tell from this cluster's own. Give the claim a prefix, or refuse `system:` with a user rule",
                authenticator.issuer, user.name
            ),
        )
        .at(text.span(&at.range(), Some(&at.pointer)))
        .rule("R30")
    })
}

/// The same for groups: `system:masters` may do everything.
fn system_groups(text: &Text<'_>, authenticator: &Authenticator<'_>) -> Option<Finding> {
    let mapping = &authenticator.groups;
    if mapping.claim.is_empty() || !mapping.prefix.is_empty() {
        return None;
    }
    let user =
        User { name: "user".into(), groups: vec!["system:masters".into()], ..User::default() };
    mapping::user_rules(authenticator, &user).is_ok().then(|| {
        Finding::new(
            "authn-system-groups",
            Severity::Security,
            "The issuer may put its users into `system:masters`",
            format!(
                "Groups are taken from the claim {:?} as they are, so whoever writes that claim can name `system:masters`. Give the claim a prefix, or refuse `system:` with a user rule",
                mapping.claim
            ),
        )
        .at(text.span(&mapping.at.range(), Some(&mapping.at.pointer)))
        .rule("R30")
    })
}

/// R23: by claim, an empty name passes.
fn empty_name(text: &Text<'_>, authenticator: &Authenticator<'_>) -> Option<Finding> {
    let mapping = &authenticator.username;
    // Issuers have to give a subject.
    if mapping.claim.is_empty() || mapping.claim == "sub" {
        return None;
    }
    let user = User { name: mapping.prefix.to_owned(), ..User::default() };
    mapping::user_rules(authenticator, &user).is_ok().then(|| {
        Finding::new(
            "authn-empty-username",
            Severity::Security,
            "An empty claim makes a user without a name",
            format!(
                "If the claim {:?} is an empty text or null, the user name is {:?}. An expression refuses it; so does a user rule",
                mapping.claim, mapping.prefix
            ),
        )
        .at(text.span(&mapping.at.range(), Some(&mapping.at.pointer)))
        .rule("R23")
    })
}

/// R28: the claims are no map, so what loops over them does not see their names.
fn claims_as_map(text: &Text<'_>, authenticator: &Authenticator<'_>) -> Vec<Finding> {
    let rules = authenticator.claim_rules.iter().filter(|rule| rule.program.loops_over("claims"));
    rules
        .map(|rule| {
            let at = rule.at.child("expression");
            Finding::new(
                "authn-claims-loop",
                Severity::Security,
                "A loop over the claims does not see their names",
                "`claims.all(k, ..)` and `claims.exists(k, ..)` bind the values of the claims, not their names, so the rule does not say what it seems to. Use `has(claims.x)` or `claims.?x.hasValue()`",
            )
            .at(text.span(&at.range(), Some(&at.pointer)))
            .rule("R28")
        })
        .collect()
}

/// A finding's edit is offered only if the finding is gone in the edited file, and nobody is let in who was not before.
pub(super) fn fix(
    text: &Text<'_>,
    outcome: &mut FederationOutcome,
    again: &dyn Fn(&str) -> FederationOutcome,
) {
    let before = outcome.findings.clone();
    for finding in &mut outcome.findings {
        let prefix = match &*finding.code {
            "authn-system-username" => "username",
            "authn-system-groups" => "groups",
            _ => continue,
        };
        let Some((edited, edit)) = prefix_edit(text, finding) else { continue };
        let after = again(&edited);
        let gone = after.rejected.is_none()
            && after.findings.len() < before.len()
            && !after.findings.iter().any(|other| {
                other.code == finding.code
                    && other.span.as_ref().and_then(|span| span.pointer.as_ref())
                        == finding.span.as_ref().and_then(|span| span.pointer.as_ref())
            });
        if gone {
            finding.fixes.push(Fix {
                id: format!("kubernetes-jwt/{}", finding.code),
                title: format!("Give the {prefix} of this issuer a prefix of their own"),
                check: "kubernetes-jwt/mapping".into(),
                input: InputName::Trust,
                index: text.index,
                edits: vec![edit],
                verdict_after: Some(after.verdict),
                command: None,
            });
        }
    }
}

/// The empty text after `prefix` becomes one that names the issuer.
fn prefix_edit(text: &Text<'_>, finding: &Finding) -> Option<(String, TextEdit)> {
    let node = crate::document::parse_document(text.text).ok()?;
    let pointer = finding.span.as_ref()?.pointer.as_ref()?;
    let prefix = node.pointer(&format!("{pointer}/prefix"))?;
    let index = pointer.split('/').nth(2)?;
    let issuer = node.pointer(&format!("/jwt/{index}/issuer/url"))?.as_str()?;
    let host = issuer.strip_prefix("https://").unwrap_or(issuer).split('/').next()?;
    if prefix.as_str() != Some("") {
        return None;
    }
    let span = text.span(&prefix.range, None);
    let new = serde_json::Value::from(format!("{host}:")).to_string();
    let (before, after) =
        (text.text.get(..prefix.range.start)?, text.text.get(prefix.range.end..)?);
    let edited = format!("{before}{new}{after}");
    Some((edited, TextEdit { start: span.start, end: span.end, text: new }))
}
