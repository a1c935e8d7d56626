//! AWS: IAM roles for service accounts, `sts:AssumeRoleWithWebIdentity`.
//!
//! The call in the order of its steps: request, region, format, claims, time, provider, audience, keys,
//! signature, trust policy, session tags, session (A1). The order of the steps between the format and the
//! trust policy is inferred; with several defects AWS may name another one first.
//! Source: AWS STS API reference, AssumeRoleWithWebIdentity (read 2026-11).

mod condition;
mod context;
mod errors;
mod evaluate;
mod fix;
mod hints;
mod keys;
mod percent;
mod policy;
mod provider;
mod reach;
mod request;
mod steps;
mod token;
mod trace;

use serde_json::Map;

use self::context::Context;
use self::evaluate::{Call, Evaluation};
use self::policy::{Document, Policy, Refusal, Role};
use self::provider::{Account, Providers, RoleArn};
use self::token::WebIdentity;
use super::{AwsFacts, Decision, FederationOutcome, Grant, Ladder, Reach, Subject, System};
use crate::document::{SyntaxError, Text};
use crate::time::UnixTime;
use crate::trace::{Check, ProviderError, Status, Verdict};

/// What a pod's SDK asks STS for.
const ASSUME: &str = "sts:AssumeRoleWithWebIdentity";
/// Of what a session's name or a role's is not told.
const SESSION_NAME: &str = "session-xxxxx";
const ROLE_NAME: &str = "role-xxxxx";

/// Would STS give this token's bearer the role?
pub(crate) fn evaluate(
    text: &Text<'_>,
    facts: &AwsFacts,
    subject: &Subject<'_>,
    now: UnixTime,
) -> FederationOutcome {
    let case = Case { facts, subject, now };
    let mut run = case.run(text);
    run.outcome.fixes = fix::propose(text, &case, &run);
    run.outcome
}

/// All of the input but the document's text: what fixes are tried with.
struct Case<'a> {
    facts: &'a AwsFacts,
    subject: &'a Subject<'a>,
    now: UnixTime,
}

/// An outcome, and what fixes start from.
struct Run {
    outcome: FederationOutcome,
    /// Set if the text is no JSON.
    syntax: Option<SyntaxError>,
    /// Set if the policy was evaluated.
    trial: Option<Trial>,
}

/// An evaluated policy.
struct Trial {
    policy: Policy,
    evaluation: Evaluation,
    /// ARN of the caller's provider, the issuer's key prefix, `sub` and `aud`.
    provider: Option<String>,
    prefix: Option<String>,
    subject: Option<String>,
    audience: Option<String>,
}

impl Case<'_> {
    fn run(&self, text: &Text<'_>) -> Run {
        let only = |outcome| Run { outcome, syntax: None, trial: None };
        match policy::parse(text) {
            Document::Unreadable(error) => Run {
                outcome: unreadable(text, self.facts, &error),
                syntax: Some(error),
                trial: None,
            },
            Document::NoRole => run(text, self, Role::default(), false),
            Document::Role(role) if role.refusals.is_empty() => run(text, self, role, true),
            Document::Role(role) => only(refused(text, self.facts, &role)),
        }
    }
}

/// The role in question: facts before the document.
fn role_arn<'a>(facts: &'a AwsFacts, role: &'a Role) -> Option<&'a str> {
    facts.role_arn.as_deref().or(role.arn.as_deref())
}

fn title(facts: &AwsFacts, role: &Role) -> String {
    let name = role_arn(facts, role).and_then(RoleArn::parse).map(|arn| arn.name);
    match name.or(role.name.as_deref()) {
        Some(name) => format!("role/{name}"),
        None => "IAM role".to_owned(),
    }
}

/// An outcome about the document alone.
fn of_document(
    text: &Text<'_>,
    title: String,
    checks: Vec<Check>,
    rejected: Option<ProviderError>,
) -> FederationOutcome {
    let mut ladder = Ladder::new(System::AwsIrsa);
    for check in checks {
        ladder.push(check);
    }
    FederationOutcome {
        document: text.index,
        verdict: Verdict::Unknown,
        rejected,
        ..ladder.conclude(title)
    }
}

/// Text that is no JSON: IAM says so of a policy, but never saw what `get-role` printed.
fn unreadable(text: &Text<'_>, facts: &AwsFacts, error: &SyntaxError) -> FederationOutcome {
    let span = text.point(error.at);
    let place = format!("line {}, column {}", span.line, span.column);
    let check =
        Check::new("aws-irsa/document", Status::Fail, format!("{place}: {}", error.message))
            .at(span)
            .hint(syntax_hint(&error.message))
            .rule("A50");
    let rejected = (!policy::is_wrapped(text.text)).then(|| {
        let (code, message) = policy::invalid_json();
        ProviderError::known(code, message).status(400)
    });
    of_document(text, title(facts, &Role::default()), vec![check], rejected)
}

/// What to do about the usual slips.
fn syntax_hint(message: &str) -> &'static str {
    match () {
        () if message.starts_with("expected `,`") => {
            "put a comma after the element before this place, or close its bracket"
        }
        () if message.starts_with("expected a member name") => {
            "remove the comma before this place, or put the name in double quotes"
        }
        () if message.contains("found the end of the text") => {
            "the text ends too early: copy all of it"
        }
        () => "correct the text here; IAM takes strict JSON, without comments or trailing commas",
    }
}

/// IAM would not save this policy.
fn refused(text: &Text<'_>, facts: &AwsFacts, role: &Role) -> FederationOutcome {
    let check = |refusal: &Refusal| {
        Check::new("aws-irsa/document", Status::Fail, refusal.title.clone())
            .at(refusal.place.span(text))
            .hint(refusal.hint)
            .rule(refusal.rule)
    };
    let rejected = role.refusals.first().map(|first| ProviderError {
        code: first.code.to_owned(),
        message: first.message.clone().into_owned(),
        http_status: Some(if first.code == "LimitExceeded" { 409 } else { 400 }),
        certainty: first.certainty,
        alternatives: Vec::new(),
    });
    let checks = role.refusals.iter().map(check).collect();
    of_document(text, title(facts, role), checks, rejected)
}

/// What the steps look at.
struct Scene<'a> {
    text: &'a Text<'a>,
    facts: &'a AwsFacts,
    role: &'a Role,
    account: Option<&'a Account>,
    providers: &'a Providers<'a>,
    now: UnixTime,
}

fn run(text: &Text<'_>, case: &Case<'_>, role: Role, exists: bool) -> Run {
    let Case { facts, subject, now } = *case;
    let exists = exists && facts.role_exists != Some(false);
    let nothing = Map::new();
    let claims = subject.claims();
    let identity = WebIdentity::new(claims.map_or(&nothing, |claims| claims.0));
    let account = Account::of(role_arn(facts, &role), &role.policy, facts, identity.issuer());
    let providers = Providers::of(facts, &role.policy, account.as_ref());
    let provider = match (&account, identity.issuer()) {
        (Some(account), Some(issuer)) => Some(account.provider_arn(issuer)),
        _ => None,
    };
    let scene =
        Scene { text, facts, role: &role, account: account.as_ref(), providers: &providers, now };
    if subject.is_nobody() {
        let outcome = judged(&scene, nobody(), None, exists);
        return Run { outcome, syntax: None, trial: None };
    }
    let context = Context {
        identity: &identity,
        facts,
        provider: provider.as_deref(),
        account: account.as_ref().map(|account| account.id.as_str()),
        now,
    };
    let mut ladder = Ladder::new(System::AwsIrsa);
    request::judge(&mut ladder, &scene, subject);
    steps::format(&mut ladder, subject);
    let judge = |action| {
        evaluate::evaluate(
            &role.policy,
            &Call { action, provider: provider.as_deref(), context: &context },
        )
    };
    let evaluation = (exists && claims.is_some()).then(|| judge(ASSUME));
    if claims.is_some() {
        steps::identity(&mut ladder, &scene, subject, &identity);
    }
    match &evaluation {
        Some(evaluation) => trace::add(&mut ladder, text, evaluation, ASSUME),
        None if !exists => ladder.fail(no_such_role(), errors::not_authorized(ASSUME)),
        None => {}
    }
    if claims.is_some() {
        steps::session_tags(&mut ladder, &identity);
    }
    request::judge_session(&mut ladder, &scene);
    // Of the policy alone, for `facts.action`.
    let decision = evaluation.as_ref().and_then(|evaluation| match facts.action.as_deref() {
        None | Some(ASSUME) => evaluation.decision(),
        Some(other) => judge(other).decision(),
    });
    let grant = grant(&scene, &identity, provider.as_deref());
    let mut outcome = judged(&scene, ladder, decision, exists);
    outcome.grant = grant.filter(|_| outcome.verdict == Verdict::Allow);
    let (prefix, subject, audience) =
        (identity.key_prefix().map(str::to_owned), identity.subject(), identity.audience());
    let trial = evaluation.map(|evaluation| Trial {
        policy: role.policy,
        evaluation,
        provider,
        prefix,
        subject,
        audience,
    });
    Run { outcome, syntax: None, trial }
}

/// Without a token there is no call, only a document that IAM would save.
fn nobody() -> Ladder {
    let mut ladder = Ladder::new(System::AwsIrsa);
    ladder.push(Check::new("aws-irsa/document", Status::Pass, "IAM saves this policy").rule("A51"));
    let title = "there is no token to judge";
    ladder
        .push(Check::new("aws-irsa/format", Status::Unknown, title).hint("paste the pod's token"));
    ladder
}

fn judged(
    scene: &Scene<'_>,
    ladder: Ladder,
    decision: Option<Decision>,
    exists: bool,
) -> FederationOutcome {
    FederationOutcome {
        document: scene.text.index,
        decision,
        reach: if exists {
            reach::of(&scene.role.policy, ASSUME)
        } else {
            Reach { subjects: Vec::new(), breadth: super::Breadth::None, admitted: None }
        },
        ..ladder.conclude(title(scene.facts, scene.role))
    }
}

/// A5: STS does not tell a role that is not there from one that refuses.
fn no_such_role() -> Check {
    Check::new("aws-irsa/trust-policy/role", Status::Fail, "there is no such role")
        .hint("check the ARN in the ServiceAccount's annotation; if the role was made seconds ago, wait: IAM takes some seconds to propagate")
        .rule("A5")
}

/// A105.
fn grant(scene: &Scene<'_>, identity: &WebIdentity<'_>, provider: Option<&str>) -> Option<Grant> {
    let account = scene.account?;
    let role = role_arn(scene.facts, scene.role)
        .and_then(RoleArn::parse)
        .map(|arn| arn.name)
        .or(scene.role.name.as_deref())
        .unwrap_or(ROLE_NAME);
    let session = scene.facts.role_session_name.as_deref().unwrap_or(SESSION_NAME);
    let mut detail = Map::new();
    let mut tell = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            detail.insert(name.to_owned(), value.into());
        }
    };
    tell("SubjectFromWebIdentityToken", identity.subject());
    tell("Audience", identity.audience());
    tell("Provider", provider.map(str::to_owned));
    Some(Grant {
        principal: format!(
            "arn:{}:sts::{}:assumed-role/{role}/{session}",
            account.partition, account.id
        ),
        expires_at: Some(scene.now.plus(request::duration(scene.facts))),
        detail,
    })
}

#[cfg(test)]
mod tests;
