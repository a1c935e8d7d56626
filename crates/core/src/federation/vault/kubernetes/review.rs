//! The API server's word: TokenReview, as Vault asks for it and reads the answer (R13, R15, R17, R19).
//!
//! Source: vault-plugin-auth-kubernetes v0.23.1 `token_review.go`, `path_login.go` `lookup`.

use super::config::{Config, Reviewer};
use super::login::Account;
use super::role::Role;
use crate::document::Text;
use crate::federation::KubernetesFacts;
use crate::federation::apiserver;
use crate::federation::vault::{Case, Judge, permission_denied};
use crate::review::TokenReviewStatus;
use crate::trace::{Check, InputName, Status, Verdict};

pub(super) fn judge(
    case: &Case<'_>,
    judge: &mut Judge<'_>,
    role: &Role,
    config: &Config,
    account: &Account,
) {
    // R15: without `audience` the token's own are asked for, so any of the cluster's is accepted.
    let wanted = match role.audience.is_empty() {
        true => account.audiences.clone(),
        false => vec![role.audience.clone()],
    };
    if let Some(given) = &case.facts.token_review {
        let met = given.audiences.clone().unwrap_or_else(|| wanted.clone());
        let problem = match () {
            () if !given.authenticated => {
                Some("lookup failed: service account jwt not valid".to_owned())
            }
            () => missed(&met, &wanted).or_else(|| no_uid(account)),
        };
        return told(judge, problem, "the API server was asked");
    }
    if case.cluster.issuers.is_none() {
        let check = check(judge, Status::Skip, "what the API server answers is not told");
        let check =
            check.hint("assumed: it accepts the token; give the cluster's issuers, or the answer");
        judge.push(check);
        return if let Some(problem) = no_uid(account) {
            told(judge, Some(problem), "")
        };
    }
    if own_token(case, judge, config, account) {
        return;
    }
    let text = Text::new(InputName::Trust, "");
    let facts = KubernetesFacts { audiences: Some(wanted.clone()) };
    let answer = apiserver::evaluate(&text, &facts, case.subject, case.cluster, case.now);
    let status = answer.token_review.unwrap_or_default();
    let problem = refused(&status, &wanted, account);
    match answer.verdict {
        Verdict::Unknown if problem.is_none() => {
            let open = answer.checks.iter().find(|one| one.status == Status::Unknown);
            let why = open.map_or("", |one| one.title.as_ref()).to_owned();
            let check = check(
                judge,
                Status::Unknown,
                "whether the API server accepts the token is not known",
            );
            judge.push(check.hint(why));
        }
        Verdict::Deny => {
            let said = status.error.unwrap_or_default();
            told(judge, Some(format!("lookup failed: {said}")), "");
        }
        _ => told(judge, problem, "the API server accepts the token"),
    }
}

fn check(judge: &Judge<'_>, status: Status, title: &'static str) -> Check {
    judge.check("token-review", status, title).rule("R13")
}

/// Every failure is a bare `permission denied`; the reason is in Vault's debug log.
fn told(judge: &mut Judge<'_>, problem: Option<String>, title: &'static str) {
    match problem {
        None => {
            let check = check(judge, Status::Pass, title);
            judge.push(check);
        }
        Some(problem) => {
            let check = check(judge, Status::Fail, "the review does not let the token in")
                .actual(problem)
                .hint("Vault tells the reason in its log at level debug only");
            judge.ladder.fail(check, permission_denied());
        }
    }
}

/// R19: the client's own token asks for its review, which needs the API server's audience and the right to ask.
fn own_token(case: &Case<'_>, judge: &mut Judge<'_>, config: &Config, account: &Account) -> bool {
    if config.reviewer != Reviewer::Client {
        return false;
    }
    let accepted = case
        .cluster
        .api_audiences
        .clone()
        .filter(|audiences| !audiences.is_empty())
        .unwrap_or_else(|| case.cluster.accepted_issuers());
    let is_legacy = account.audiences.is_empty();
    let hint = "write token_reviewer_jwt, or let Vault use its own token; the client's needs the API server's audience and the ClusterRole system:auth-delegator";
    if !is_legacy && !account.audiences.iter().any(|one| accepted.contains(one)) {
        let check = check(
            judge,
            Status::Fail,
            "the client's own token asks for the review, and the API server does not take it",
        )
        .expected(accepted)
        .actual(account.audiences.clone())
        .hint(hint)
        .rule("R19");
        judge.ladder.fail(check, permission_denied());
        return true;
    }
    let check = check(
        judge,
        Status::Unknown,
        "the client's own token asks for the review: whether its account may is not told",
    );
    judge.push(check.hint(hint).rule("R19"));
    false
}

/// What Vault makes of a status.
fn refused(status: &TokenReviewStatus, wanted: &[String], account: &Account) -> Option<String> {
    if let Some(error) = &status.error {
        return Some(format!("lookup failed: {error}"));
    }
    if !status.authenticated {
        return Some("lookup failed: service account jwt not valid".to_owned());
    }
    if let Some(problem) = missed(&status.audiences, wanted) {
        return Some(problem);
    }
    let user = status.user.as_ref()?;
    let parts: Vec<&str> = user.username.split(':').collect();
    let &[system, kind, namespace, name] = parts.as_slice() else {
        return Some("lookup failed: unexpected username format".to_owned());
    };
    let no_account = "lookup failed: username returned is not a service account";
    match () {
        () if system != "system" || kind != "serviceaccount" => Some(no_account.to_owned()),
        () if name != account.name => Some("JWT names did not match".to_owned()),
        () if account.uid.is_empty() => no_uid(account),
        () if user.uid != account.uid => Some("JWT UIDs did not match".to_owned()),
        () if namespace != account.namespace => Some("JWT namepaces did not match".to_owned()),
        () => None,
    }
}

fn no_uid(account: &Account) -> Option<String> {
    account.uid.is_empty().then(|| "could not parse UID from claims".to_owned())
}

/// R15: an answer must name one of the audiences that were asked for.
fn missed(met: &[String], wanted: &[String]) -> Option<String> {
    if wanted.is_empty() || wanted.iter().any(|one| met.contains(one)) {
        return None;
    }
    Some(format!(
        "lookup failed: service account jwt valid for audience(s) [{}], but wanted [{}]",
        met.join(" "),
        wanted.join(" ")
    ))
}
