//! A trust policy that is read once and asked many times.

use serde_json::{Map, Value};

use super::ASSUME;
use super::context::Context;
use super::evaluate::{Call, Caller, decide};
use super::policy::{self, Document, Role};
use super::provider::{Account, RoleArn};
use super::session::Session;
use super::token::WebIdentity;
use crate::document::Text;
use crate::federation::{AwsFacts, Decision};
use crate::time::UnixTime;
use crate::trace::InputName;

/// A role trust policy, read once: for whoever asks about many tokens.
///
/// It only decides, as `decision` of a [`FederationOutcome`](crate::FederationOutcome) does; why, and what the
/// steps before the policy say, [`evaluate_federation`](crate::evaluate_federation) tells.
///
/// # Examples
///
/// ```
/// use podpass::{AwsFacts, Decision, TrustPolicy};
///
/// let policy = TrustPolicy::parse(
///     r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
///         "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.example"},
///         "Action": "sts:AssumeRoleWithWebIdentity",
///         "Condition": {"StringEquals": {"oidc.example:sub": "system:serviceaccount:shop:till"}}}}"#,
/// )
/// .ok_or("IAM would not save this policy")?;
/// let claims = serde_json::from_str(
///     r#"{"iss": "https://oidc.example", "sub": "system:serviceaccount:shop:till", "aud": "sts.amazonaws.com"}"#,
/// )?;
/// let decision = policy.decide(&claims, &AwsFacts::default(), 1_780_000_000.into());
/// assert_eq!(decision, Some(Decision::Allowed));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TrustPolicy {
    role: Box<Role>,
}

impl TrustPolicy {
    /// Reads a bare policy or what `aws iam get-role` prints; `None` if IAM would not save it, or it is no JSON.
    pub fn parse(text: &str) -> Option<Self> {
        match policy::parse(&Text::new(InputName::Trust, text)) {
            Document::Role(role) if role.refusals.is_empty() => Some(Self { role }),
            _ => None,
        }
    }

    /// What it decides about a web identity's claims, for `facts.action`; `None`: what is not given decides.
    pub fn decide(
        &self,
        claims: &Map<String, Value>,
        facts: &AwsFacts,
        now: UnixTime,
    ) -> Option<Decision> {
        let identity = WebIdentity::new(claims);
        let session = Session::read(claims);
        let role = facts.role_arn.as_deref().or(self.role.arn.as_deref());
        let account = Account::of(role, &self.role.policy, facts, identity.issuer());
        let provider = match (&account, identity.issuer()) {
            (Some(account), Some(issuer)) => Some(account.provider_arn(issuer)),
            _ => None,
        };
        let role_is_named = |roles: &Vec<String>| {
            role.filter(|role| RoleArn::parse(role).is_some())
                .map(|role| roles.iter().any(|one| one == role))
        };
        let context = Context {
            identity: &identity,
            session: &session,
            facts,
            provider: provider.as_deref(),
            account: account.as_ref().map(|account| account.id.as_str()),
            authorized_by_idp: session.roles.as_ref().map_or(Some(false), role_is_named),
            now,
        };
        let call = Call {
            action: facts.action.as_deref().unwrap_or(ASSUME),
            caller: Caller::Provider(provider.as_deref()),
            context: &context,
        };
        decide(&self.role.policy, &call).decision()
    }
}
