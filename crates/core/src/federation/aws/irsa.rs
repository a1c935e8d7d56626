//! IAM roles for service accounts: `sts:AssumeRoleWithWebIdentity`.
//!
//! The call in the order of its steps: request, region, format, claims, time, provider, audience, keys,
//! signature, trust policy, session tags, session (A1). The order of the steps between the format and the
//! trust policy is inferred; with several defects AWS may name another one first.
//! Source: AWS STS API reference, AssumeRoleWithWebIdentity (read 2026-11).

use serde_json::{Map, Value};

use super::context::Context;
use super::evaluate::{self, Call, Caller};
use super::policy::Role;
use super::provider::{Account, Providers};
use super::session::{NO_ROLES, OTHER_ROLES, Session};
use super::token::WebIdentity;
use super::trace::Stage;
use super::{ASSUME, Case, Run, SESSION_NAME, Scene, Trial};
use super::{errors, nobody, reach, request, steps, trace};
use crate::document::Text;
use crate::federation::{Grant, Ladder, System};
use crate::trace::{Check, Status, Verdict};

/// Judges the call step by step.
pub(super) fn run(text: &Text<'_>, case: &Case<'_>, role: Role, exists: bool) -> Run {
    let Case { facts, subject, now, .. } = *case;
    let nothing = Map::new();
    let last_of_twins = steps::last_of_twins(subject);
    let claims = subject.claims().map(|claims| claims.0).or(last_of_twins.as_ref());
    let identity = WebIdentity::new(claims.unwrap_or(&nothing));
    let session = Session::read(identity.claims());
    let account = Account::of(case.role_arn(&role), &role.policy, facts, identity.issuer());
    let providers = Providers::of(facts, &role.policy, account.as_ref());
    let provider = match (&account, identity.issuer()) {
        (Some(account), Some(issuer)) => Some(account.provider_arn(issuer)),
        _ => None,
    };
    let scene = Scene {
        text,
        case,
        facts,
        role: &role,
        account: account.as_ref(),
        providers: &providers,
        now,
    };
    let reach_of = |policy: &_| reach::of(policy, ASSUME);
    if subject.is_nobody() {
        let outcome = scene.judged(nobody(case, "format"), None, reach_of, exists);
        return Run { outcome, syntax: None, role, trial: None };
    }
    let context = Context {
        identity: &identity,
        session: &session,
        facts,
        provider: provider.as_deref(),
        account: account.as_ref().map(|account| account.id.as_str()),
        authorized_by_idp: authorized(&session, case.role_arn(&role)),
        now,
    };
    let call =
        |action| Call { action, caller: Caller::Provider(provider.as_deref()), context: &context };
    let judge = |action| evaluate::evaluate(&role.policy, &call(action));
    let mut ladder = Ladder::new(System::AwsIrsa);
    request::judge(&mut ladder, &scene, subject);
    steps::format(&mut ladder, subject);
    let evaluation = (exists && claims.is_some()).then(|| judge(ASSUME));
    if claims.is_some() {
        steps::identity(&mut ladder, &scene, subject, &identity);
        roles(&mut ladder, &session, case.role_arn(&role));
    }
    match &evaluation {
        Some(evaluation) => trace::add(&mut ladder, text, evaluation, &Stage::irsa(ASSUME)),
        None if !exists => ladder.fail(no_such_role(), errors::not_authorized(ASSUME)),
        None => {}
    }
    let actions = match &evaluation {
        Some(_) => session_tags(&mut ladder, text, &session, judge),
        None => Vec::new(),
    };
    request::judge_session(&mut ladder, &scene);
    // Of the policy alone, for `facts.action`.
    let decision = evaluation.as_ref().and_then(|evaluation| match facts.action.as_deref() {
        None | Some(ASSUME) => evaluation.outcome.decision(),
        Some(other) => evaluate::decide(&role.policy, &call(other)).decision(),
    });
    let grant = grant(&scene, &identity, &session, provider.as_deref());
    let mut outcome = scene.judged(ladder, decision, reach_of, exists);
    outcome.grant = grant.filter(|_| outcome.verdict == Verdict::Allow);
    let owned = |text: Option<std::borrow::Cow<'_, str>>| text.map(|text| text.into_owned());
    let (prefix, subject, audience) = (
        identity.key_prefix().map(str::to_owned),
        owned(identity.subject()),
        owned(identity.audience()),
    );
    let trial = evaluation.map(|evaluation| Trial {
        evaluation,
        actions,
        provider,
        prefix,
        subject,
        audience,
    });
    Run { outcome, syntax: None, role, trial }
}

/// A5: STS does not tell a role that is not there from one that refuses.
fn no_such_role() -> Check {
    Check::new("aws-irsa/trust-policy/role", Status::Fail, "there is no such role")
        .hint("check the ARN in the ServiceAccount's annotation; if the role was made seconds ago, wait: IAM takes some seconds to propagate")
        .rule("A5")
}

/// A44: what `sts:RoleAuthorizedByIdp` says; `None`: the role is not known.
fn authorized(session: &Session, role: Option<&str>) -> Option<bool> {
    match (&session.roles, role) {
        (None, _) => Some(false),
        (Some(roles), Some(role)) => Some(roles.iter().any(|one| one == role)),
        (Some(_), None) => None,
    }
}

/// A103: a token may say which roles it is for.
fn roles(ladder: &mut Ladder, session: &Session, role: Option<&str>) {
    let Some(roles) = &session.roles else { return };
    let check = |status, title| {
        let check = Check::new("aws-irsa/claims/roles", status, title).rule("A103");
        match role {
            Some(role) => check.expected(role).actual(roles.clone()),
            None => check.actual(roles.clone()),
        }
    };
    if roles.is_empty() {
        let check = check(Status::Fail, "the token's roles claim names no role")
            .hint("list ARNs of roles in https://aws.amazon.com/roles, or leave the claim out");
        return ladder.fail(check, errors::invalid_token(NO_ROLES));
    }
    match authorized(session, role) {
        Some(true) => ladder.push(check(Status::Pass, "the token's roles claim names this role")),
        Some(false) => {
            let check = check(Status::Fail, "the token's roles claim names other roles only")
                .hint("assume a role that the issuer lists, or have it list this one");
            ladder.fail(check, errors::invalid_token(OTHER_ROLES));
        }
        None => ladder.push(
            check(Status::Unknown, "whether the token's roles claim names the role is not known")
                .hint("give the role's ARN"),
        ),
    }
}

/// Step 11: what the token asks for beyond the role, and whether the policy allows that too (A100-A102).
fn session_tags(
    ladder: &mut Ladder,
    text: &Text<'_>,
    session: &Session,
    judge: impl Fn(&'static str) -> evaluate::Evaluation,
) -> Vec<(&'static str, evaluate::Evaluation)> {
    let check = |status, title: &'static str| Check::new("aws-irsa/session-tags", status, title);
    if let Some(flaw) = session.flaw {
        let check = check(Status::Fail, "a claim about the session is not in the form STS takes")
            .expected("a list of exactly one text per nested tag, a text per flat tag, at most 50 tags; a text as source identity")
            .actual(flaw.claim)
            .rule(flaw.rule);
        let error = errors::invalid_token(flaw.message);
        ladder.fail(check, if flaw.is_known { error } else { error.likely() });
        return Vec::new();
    }
    let actions = session.actions();
    if actions.is_empty() {
        let title = "the token asks for no session tags";
        ladder.push(check(Status::Pass, title).rule("A101"));
    }
    let judged = actions.into_iter().map(|action| {
        let evaluation = judge(action);
        trace::add(ladder, text, &evaluation, &Stage::session_tags(action));
        (action, evaluation)
    });
    judged.collect()
}

/// A105.
fn grant(
    scene: &Scene<'_>,
    identity: &WebIdentity<'_>,
    session: &Session,
    provider: Option<&str>,
) -> Option<Grant> {
    let account = scene.account?;
    let name = scene.facts.role_session_name.as_deref().unwrap_or(SESSION_NAME);
    let mut detail = Map::new();
    let mut tell = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            detail.insert(name.to_owned(), value);
        }
    };
    tell("SubjectFromWebIdentityToken", identity.subject().map(Value::from));
    tell("Audience", identity.audience().map(Value::from));
    tell("Provider", provider.map(Value::from));
    tell("SourceIdentity", session.source_identity.clone().map(Value::from));
    let tags = || session.tags.iter().cloned().map(|(key, value)| (key, value.into()));
    tell("Tags", (!session.tags.is_empty()).then(|| Value::Object(tags().collect())));
    let transitive = (!session.transitive.is_empty()).then(|| session.transitive.clone().into());
    tell("TransitiveTagKeys", transitive);
    Some(Grant {
        principal: scene.principal(account, name),
        expires_at: Some(scene.now.plus(request::duration(scene.facts))),
        detail,
    })
}
