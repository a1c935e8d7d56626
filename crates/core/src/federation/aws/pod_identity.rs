//! EKS Pod Identity: EKS Auth assumes the role that an association names, and hands its credentials to the pod.
//!
//! Sources: EKS User Guide, "EKS Pod Identities", "Create IAM role with trust policy required by EKS Pod
//! Identity" and "Grant pods access to AWS resources based on tags" (read 2026-11). What EKS Auth prints when it
//! refuses is not documented, so every error here is likely only.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::context::Context;
use super::evaluate::{self, Call, Caller, Evaluation};
use super::policy::Role;
use super::provider::{Account, Providers, RoleArn};
use super::session::Session;
use super::token::WebIdentity;
use super::trace::{self, Stage};
use super::{Case, Run, Scene, Trial, errors, nobody, reach};
use crate::claims::{Claims, ServiceAccountRef};
use crate::document::Text;
use crate::federation::{Association, AwsFacts, Grant, Ladder, OneOrMany, Subject, System};
use crate::signature::Judgement;
use crate::time::UnixTime;
use crate::trace::{Check, Status, Verdict};

/// The principal of every such role (A161).
pub(super) const SERVICE: &str = "pods.eks.amazonaws.com";
/// What the policy must allow (A161); the first is what `decision` is about.
pub(super) const ACTIONS: [&str; 2] = ["sts:AssumeRole", "sts:TagSession"];

/// Judges association, token and trust policy.
pub(super) fn run(text: &Text<'_>, case: &Case<'_>, role: Role, exists: bool) -> Run {
    let Case { facts, subject, now, .. } = *case;
    let association = facts.association.as_ref().and_then(Option::as_ref);
    let role_arn = case.role_arn(&role).or(association.map(|one| one.role_arn.as_str()));
    let account = role_arn.and_then(RoleArn::parse).map(Account::from);
    let providers = Providers::of(facts, &role.policy, account.as_ref());
    let scene = Scene {
        text,
        case,
        facts,
        role: &role,
        account: account.as_ref(),
        providers: &providers,
        now,
    };
    let Some(claims) = subject.claims().filter(|_| !subject.is_nobody()) else {
        let mut ladder = nobody(case, "association");
        token(&mut ladder, subject, now);
        let outcome = scene.judged(ladder, None, reach::of_pod_identity, exists);
        return Run { outcome, syntax: None, role, trial: None };
    };
    let session = session(claims, facts);
    let with_service = with_service_keys(facts);
    let nothing = Map::new();
    let context = Context {
        identity: &WebIdentity::new(&nothing),
        session: &session,
        facts: &with_service,
        provider: None,
        account: account.as_ref().map(|account| account.id.as_str()),
        authorized_by_idp: Some(false),
        now,
    };
    let call = |action| Call { action, caller: Caller::Service(SERVICE), context: &context };
    let mut ladder = Ladder::new(System::AwsPodIdentity);
    self::association(&mut ladder, facts, claims.service_account().as_ref(), case.role_arn(&role));
    token(&mut ladder, subject, now);
    audience(&mut ladder, claims);
    let judged: Vec<(&'static str, Evaluation)> = match exists {
        true => ACTIONS
            .into_iter()
            .map(|action| (action, evaluate::evaluate(&role.policy, &call(action))))
            .collect(),
        false => {
            let check = Check::new(
                "aws-pod-identity/trust-policy/role",
                Status::Fail,
                "there is no such role",
            )
            .hint("check the role's ARN in the association")
            .rule("A161");
            ladder.fail(check, errors::pod_identity_denied("sts:AssumeRole"));
            Vec::new()
        }
    };
    for (action, evaluation) in &judged {
        trace::add(&mut ladder, text, evaluation, &Stage::pod_identity(action));
    }
    let asked = facts.action.as_deref().unwrap_or("sts:AssumeRole");
    let decision =
        exists.then(|| evaluate::decide(&role.policy, &call(asked)).decision()).flatten();
    let grant = grant(&scene, claims, &session);
    let mut outcome = scene.judged(ladder, decision, reach::of_pod_identity, exists);
    outcome.grant = grant.filter(|_| outcome.verdict == Verdict::Allow);
    let mut judged = judged.into_iter();
    let trial = judged.next().map(|(_, evaluation)| Trial {
        evaluation,
        actions: judged.collect(),
        provider: None,
        prefix: None,
        subject: None,
        audience: None,
    });
    Run { outcome, syntax: None, role, trial }
}

fn check(detail: &str, status: Status, title: impl Into<String>) -> Check {
    Check::new(format!("aws-pod-identity/{detail}"), status, title.into())
}

/// A160: which role EKS Auth would assume. Only the cluster knows, so without the fact nothing is concluded.
fn association(
    ladder: &mut Ladder,
    facts: &AwsFacts,
    account: Option<&ServiceAccountRef>,
    role: Option<&str>,
) {
    let check = |status, title: String| check("association", status, title).rule("A160");
    let shown = |one: &Association| {
        format!("{}/{} -> {}", one.namespace, one.service_account, one.role_arn)
    };
    let of_token = account.map(|one| format!("{}/{}", one.namespace, one.name));
    match &facts.association {
        None => ladder.push(
            check(Status::Unknown, "whether an association links this ServiceAccount to the role is not known".to_owned())
                .hint("paste what `aws eks list-pod-identity-associations --cluster-name CLUSTER` and `aws eks describe-pod-identity-association` print"),
        ),
        Some(None) => ladder.fail(
            check(Status::Fail, "no association links this ServiceAccount to a role".to_owned())
                .hint("make one: `aws eks create-pod-identity-association --cluster-name CLUSTER --namespace NS --service-account SA --role-arn ROLE`, then restart the pod"),
            errors::no_association(),
        ),
        Some(Some(one)) => {
            let is_of = account.is_some_and(|account| {
                account.namespace == one.namespace && account.name == one.service_account
            });
            let check = |status, title: &str| {
                let check = check(status, title.to_owned()).actual(shown(one));
                match &of_token {
                    Some(of_token) => check.expected(of_token.as_str()),
                    None => check,
                }
            };
            match role {
                _ if !is_of => ladder.fail(
                    check(Status::Fail, "the association is another ServiceAccount's")
                        .hint("namespace and name must be equal: an association takes no patterns"),
                    errors::no_association(),
                ),
                Some(role) if role != one.role_arn => ladder.fail(
                    check(Status::Fail, "the association names another role").expected(role).hint(
                        "update the association: `aws eks update-pod-identity-association --role-arn ROLE`",
                    ),
                    errors::pod_identity_denied("sts:AssumeRole"),
                ),
                _ => ladder.push(check(Status::Pass, "an association links this ServiceAccount to the role")),
            }
        }
    }
}

/// EKS Auth verifies the token that the agent hands on.
fn token(ladder: &mut Ladder, subject: &Subject<'_>, now: UnixTime) {
    let Some(evidence) = subject.evidence() else { return };
    if let Some(problem) = subject.format_problem() {
        let check = check("association/format", Status::Fail, problem.message.clone()).rule("A160");
        return ladder.fail(check, errors::pod_identity_token());
    }
    if let Some(expires) = subject.claims().and_then(|claims| claims.date("exp")) {
        let is_over = now >= expires;
        let title = if is_over { "the token has expired" } else { "the token has not expired" };
        let status = if is_over { Status::Fail } else { Status::Pass };
        let check = check("association/time", status, title).actual(expires.to_string());
        ladder.judge(check.rule("A160"), errors::pod_identity_token);
    }
    let all = evidence.candidates(|key| key.public.is_some());
    let check = |status, title: &str| check("association/signature", status, title).rule("A160");
    match evidence.judge(&all) {
        Judgement::Valid(_) => {
            ladder.push(check(Status::Pass, "a key of the cluster made the signature"))
        }
        Judgement::Invalid => ladder.fail(
            check(Status::Fail, "no key of the cluster made the signature"),
            errors::pod_identity_token(),
        ),
        Judgement::NoCandidate | Judgement::NoKeys => ladder.push(
            check(Status::Unknown, "the signature was not verified: there are no keys")
                .hint("paste the cluster's JWKS: `kubectl get --raw /openid/v1/jwks`"),
        ),
    }
}

/// A160: the agent's token is for EKS Auth, not for STS.
fn audience(ladder: &mut Ladder, claims: Claims<'_>) {
    let audiences = claims.audiences();
    let fits = audiences.iter().any(|audience| audience == SERVICE);
    let (status, title) = match fits {
        true => (Status::Pass, "the token is for EKS Auth"),
        false => (Status::Fail, "the token is not for EKS Auth"),
    };
    let mut check = check("association/audience", status, title)
        .expected(SERVICE)
        .actual(audiences)
        .rule("A160");
    if !fits {
        check = check.hint("the webhook mounts such a token once there is an association: recreate the pod; AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names its file");
    }
    ladder.judge(check, errors::pod_identity_token);
}

/// A162: the tags that EKS Auth puts on the session, every one of them transitive.
fn session(claims: Claims<'_>, facts: &AwsFacts) -> Session {
    let account = claims.service_account();
    let pod = claims.bound("pod");
    let cluster = facts.cluster_arn.as_deref();
    let name = cluster.and_then(|arn| Some(arn.rsplit_once(":cluster/")?.1));
    let account = account.as_ref();
    let pod = pod.as_ref();
    let told = [
        ("eks-cluster-arn", cluster),
        ("eks-cluster-name", name),
        ("kubernetes-namespace", account.map(|one| one.namespace.as_str())),
        ("kubernetes-service-account", account.map(|one| one.name.as_str())),
        ("kubernetes-pod-name", pod.map(|one| one.name.as_str())),
        ("kubernetes-pod-uid", pod.and_then(|one| one.uid.as_deref())),
    ];
    let mut session = Session::default();
    for (key, value) in told {
        session.transitive.push(key.to_owned());
        match value {
            Some(value) => session.tags.push((key.to_owned(), value.to_owned())),
            None => session.untold.push(key),
        }
    }
    session
}

/// What a request of a service has beside the tags; `facts.requestContext` overrides.
fn with_service_keys(facts: &AwsFacts) -> AwsFacts {
    let mut keys: BTreeMap<String, OneOrMany> = facts.request_context.clone().unwrap_or_default();
    let account = facts.cluster_arn.as_deref().and_then(|arn| arn.split(':').nth(4));
    let own = [
        ("aws:PrincipalIsAWSService", Some("true")),
        ("aws:PrincipalServiceName", Some(SERVICE)),
        ("aws:SourceAccount", account),
    ];
    for (key, value) in own {
        let is_given = keys.keys().any(|given| given.eq_ignore_ascii_case(key));
        if let Some(value) = value.filter(|_| !is_given) {
            keys.insert(key.to_owned(), OneOrMany::One(value.to_owned()));
        }
    }
    AwsFacts { request_context: Some(keys), ..facts.clone() }
}

/// The assumed role; its session is named after cluster and pod.
fn grant(scene: &Scene<'_>, claims: Claims<'_>, session: &Session) -> Option<Grant> {
    let tag = |name: &str| {
        let found = session.tags.iter().find(|(key, _)| key == name);
        found.map_or("xxxxx", |(_, value)| value.as_str())
    };
    let pod = claims.bound("pod").map_or_else(|| "xxxxx".to_owned(), |pod| pod.name);
    let name = format!("eks-{}-{pod}-xxxxx", tag("eks-cluster-name"));
    let tags = session.tags.iter().cloned().map(|(key, value)| (key, Value::from(value)));
    let mut detail = Map::new();
    detail.insert("Tags".to_owned(), Value::Object(tags.collect()));
    detail.insert("TransitiveTagKeys".to_owned(), session.transitive.clone().into());
    Some(Grant { principal: scene.principal(scene.account?, &name), expires_at: None, detail })
}
