//! Issuers that serve many customers: IAM saves no trust policy for them that lets everybody in (A111).
//!
//! Source: IAM User Guide, "Identity-provider controls for shared OIDC providers" (read 2026-11); the text is
//! that of captured refusals of `CreateRole`.

use super::{Effect, Item, Statement};
use crate::federation::aws::compare::Compare;
use crate::federation::aws::evaluate::action_holds;
use crate::federation::aws::judge::Holds;
use crate::federation::aws::provider::ProviderArn;

/// Issuer, and the claims of which one must be asked for.
const ISSUERS: &[(&str, &[&str])] = &[
    ("agent.buildkite.com", &["sub"]),
    ("api.pulumi.com/oidc", &["aud"]),
    ("app.terraform.io", &["sub"]),
    ("cognito-identity.amazonaws.com", &["aud"]),
    ("gitlab.com", &["sub"]),
    ("oidc-configuration.audit-log.githubusercontent.com", &["sub"]),
    ("oidc.codefresh.io", &["sub"]),
    ("oidc.vercel.com", &["aud"]),
    ("proidc.upbound.io", &["sub"]),
    ("scalr.io", &["sub"]),
    ("studio.datachain.ai/api", &["sub"]),
    ("token.actions.githubusercontent.com", &["sub", "job_workflow_ref"]),
    ("tokens.cloud.shisho.dev", &["sub"]),
    ("vstoken.actions.githubusercontent.com", &["sub"]),
];

/// Whether an issuer has many customers.
pub(in super::super) fn is_shared(url: &str) -> bool {
    ISSUERS.iter().any(|(issuer, _)| *issuer == url)
}

/// What IAM says of an Allow that is open to all of a shared issuer's customers, and of which principal.
pub(super) fn refusal(statement: &Statement) -> Option<(String, &Item)> {
    let web_identity = "sts:AssumeRoleWithWebIdentity";
    if statement.effect != Effect::Allow || action_holds(statement, web_identity) != Holds::Yes {
        return None;
    }
    statement.principals_of("Federated").find_map(|principal| {
        let text = principal.value.text.as_str();
        let url = ProviderArn::parse(text).map_or(text, |arn| arn.url);
        let (issuer, claims) = ISSUERS.iter().find(|(issuer, _)| *issuer == url)?;
        let keys: Vec<String> = claims.iter().map(|claim| format!("{issuer}:{claim}")).collect();
        let message = format!(
            "Trust policy with trusted principal {text} must evaluate, using StringEquals, StringLike or StringEqualsIgnoreCase, {} which is not scoped to all.",
            keys.join(" or ")
        );
        (!keys.iter().any(|key| asks(statement, key))).then_some((message, &principal.value))
    })
}

/// IAM looks at the first value of a list alone.
fn asks(statement: &Statement, key: &str) -> bool {
    statement.conditions.iter().any(|condition| {
        let operator = condition.operator;
        let is_positive = matches!(operator.kind.compare, Compare::Text { .. })
            && !operator.kind.negated
            && operator.set.is_none()
            && !operator.if_exists;
        let is_scoped = condition.values.first().is_some_and(|value| value.text != "*");
        is_positive && is_scoped && condition.key.text.eq_ignore_ascii_case(key)
    })
}
