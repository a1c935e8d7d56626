//! Lints of `Action` (A57, A114, A126, A161).

use super::super::ASSUME;
use super::super::evaluate::{action_holds, covers};
use super::super::judge::Holds;
use super::super::pod_identity;
use super::super::policy::{Effect, Item, Statement};
use super::super::spelling::is_near;
use super::{Lint, Severity, providers};

/// Actions of STS. Source: Service Authorization Reference, "AWS Security Token Service" (read 2026-11).
const STS_ACTIONS: &[&str] = &[
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "AssumeRoot",
    "DecodeAuthorizationMessage",
    "GetAccessKeyInfo",
    "GetCallerIdentity",
    "GetDelegatedAccessToken",
    "GetFederationToken",
    "GetServiceBearerToken",
    "GetSessionToken",
    "GetWebIdentityToken",
    "SetContext",
    "SetSourceIdentity",
    "TagGetWebIdentityToken",
    "TagSession",
];
/// What a trust policy can allow.
const FOR_TRUST: &[&str] = &[
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "SetContext",
    "SetSourceIdentity",
    "TagSession",
];
const SAML: &str = "sts:AssumeRoleWithSAML";

pub(super) fn check(lint: &mut Lint<'_>, statement: &Statement) {
    for action in &statement.actions {
        name(lint, action);
    }
    redundant(lint, statement);
    of_principal(lint, statement);
    not_action(lint, statement);
}

/// A114: misspelt names, other services, wildcards in the service.
fn name(lint: &mut Lint<'_>, action: &Item) {
    let text = action.text.as_str();
    let Some((service, name)) = text.split_once(':') else { return };
    let (code, severity, title, detail): (_, _, String, String) = match () {
        () if text.contains("${") => (
            "variable-in-element",
            Severity::Error,
            "A policy variable in Action".to_owned(),
            "Variables work in the values of String and ARN conditions only.".to_owned(),
        ),
        () if service.contains(['*', '?']) => (
            "action-wildcard-service",
            Severity::Info,
            format!("A wildcard in the service of `{text}`"),
            "Name the service: sts.".to_owned(),
        ),
        () if !service.eq_ignore_ascii_case("sts") => (
            "action-of-another-service",
            Severity::Error,
            format!("`{}` is no action of STS", text.escape_debug()),
            "IAM refuses it in a trust policy: AssumeRole policy may only specify STS AssumeRole actions. What the role may do belongs into its permissions policy.".to_owned(),
        ),
        () if name.contains(['*', '?']) => return,
        () => match STS_ACTIONS.iter().find(|known| known.eq_ignore_ascii_case(name)) {
            Some(known) if FOR_TRUST.contains(known) => return,
            Some(known) => (
                "action-without-effect",
                Severity::Warning,
                format!("sts:{known} has no effect in a trust policy"),
                "A trust policy is asked about assuming the role, tagging the session and setting its source identity.".to_owned(),
            ),
            None => {
                let near = FOR_TRUST.iter().find(|known| is_near(known, name));
                let meant = near.map(|known| format!(" Did you mean sts:{known}?"));
                (
                    "action-unknown",
                    Severity::Error,
                    format!("STS has no action `{}`", name.escape_debug()),
                    format!("It allows nothing.{}", meant.unwrap_or_default()),
                )
            }
        },
    };
    lint.add(code, severity, "A114", &action.place, title, detail);
}

/// Access Analyzer's suggestion "redundant action".
fn redundant(lint: &mut Lint<'_>, statement: &Statement) {
    for (index, action) in statement.actions.iter().enumerate() {
        let by_other = statement.actions.iter().enumerate().any(|(other, pattern)| {
            let is_wider = !action.text.eq_ignore_ascii_case(&pattern.text) || other < index;
            other != index && is_wider && covers(pattern, &action.text)
        });
        if by_other {
            let title = format!("`{}` is covered by another action", action.text.escape_debug());
            let detail = "It can go.";
            lint.add("redundant-action", Severity::Info, "A57", &action.place, title, detail);
        }
    }
}

/// A114, A126, A161: does the action fit who is named?
fn of_principal(lint: &mut Lint<'_>, statement: &Statement) {
    if statement.effect != Effect::Allow {
        return;
    }
    let allows = |action: &str| action_holds(statement, action) == Holds::Yes;
    let names = |action: &str| {
        statement.actions.iter().any(|one| one.text.eq_ignore_ascii_case(action))
            && !statement.not_action
    };
    let is_saml =
        statement.principals_of("Federated").any(|one| one.value.text.contains(":saml-provider/"));
    let is_oidc = !providers(statement).is_empty();
    let is_pods =
        statement.principals_of("Service").any(|one| one.value.text == pod_identity::SERVICE);
    let place = statement.action_place.clone();
    let mut mismatch = |action: &str, whom: &str| {
        let title = format!("{action} is not for {whom}");
        let detail = format!(
            "An OIDC provider's identities call {ASSUME}, a SAML provider's {SAML}, services and callers with AWS credentials sts:AssumeRole."
        );
        lint.add("action-not-for-principal", Severity::Error, "A126", &place, title, detail);
    };
    if is_oidc && !is_saml && names(SAML) {
        mismatch(SAML, "an OIDC provider");
    }
    if !is_oidc && names(ASSUME) && (is_saml || is_pods) {
        mismatch(ASSUME, if is_saml { "a SAML provider" } else { "a service" });
    }
    if is_oidc && !allows(ASSUME) && !statement.actions.is_empty() {
        let title = format!("The statement names an OIDC provider, but does not allow {ASSUME}");
        let detail = match allows("sts:AssumeRole") {
            true => {
                "sts:AssumeRole is for callers with AWS credentials; a token needs sts:AssumeRoleWithWebIdentity."
            }
            false => {
                "A token's bearer calls sts:AssumeRoleWithWebIdentity; whatever else is allowed comes on top."
            }
        };
        // A statement of its own for tags or source identity is fine beside one that lets tokens in.
        let beside = lint.policy.statements.iter().any(super::admits_tokens);
        let is_extra = beside && (allows("sts:TagSession") || allows("sts:SetSourceIdentity"));
        if !is_extra {
            lint.add("action-without-web-identity", Severity::Error, "A114", &place, title, detail);
        }
    }
    if is_pods {
        let all = lint.policy.statements.iter().filter(|one| one.effect == Effect::Allow);
        let missing: Vec<&str> = pod_identity::ACTIONS
            .into_iter()
            .filter(|action| !all.clone().any(|one| action_holds(one, action) == Holds::Yes))
            .collect();
        if !missing.is_empty() {
            let title = format!("EKS Pod Identity also needs {}", missing.join(" and "));
            let detail = "EKS Auth assumes the role with session tags: both sts:AssumeRole and sts:TagSession must be allowed.";
            lint.add("pod-identity-action", Severity::Error, "A161", &place, title, detail);
        }
    }
}

/// A57.
fn not_action(lint: &mut Lint<'_>, statement: &Statement) {
    if statement.not_action && statement.effect == Effect::Allow {
        let title = "NotAction with Allow grants everything that is not listed";
        let detail = "That takes in actions which AWS adds later. List what is meant under Action.";
        let place = statement.action_place.clone();
        lint.add("not-action-with-allow", Severity::Security, "A57", &place, title, detail);
    }
}
