//! Another API server, by AuthenticationConfiguration: what keeps it from starting with the file, and what it makes
//! of a token (R20 to R30a).
//!
//! Source: `k8s.io/apiserver` v0.36.3 `pkg/apis/apiserver/validation`, `plugin/pkg/authenticator/token/oidc`,
//! read in November 2026 and compared with both, run on the same files and tokens.
//! Not modelled: claims that are fetched from other endpoints, and what the API server cannot reach.

mod config;
mod document;
mod findings;
mod mapping;
mod reach;
mod schema;
#[cfg(test)]
mod tests;
mod validation;
mod verify;

use serde_json::{Map, Value, json};

use config::Authenticator;
use document::Refusal;
use mapping::{Refused, User};
use schema::At;

use super::apiserver::Token;
use super::{FederationOutcome, Grant, KubernetesJwtFacts, Ladder, Reach, Subject, System};
use crate::document::{Duplicates, Node, Text, parse_json};
use crate::signature::Evidence;
use crate::time::UnixTime;
use crate::trace::{Check, ProviderError, Status, Verdict};

const SYSTEM: System = System::KubernetesJwt;
const DOCS: &str = "https://kubernetes.io/docs/reference/access-authn-authz/authentication/#using-authentication-configuration";

/// R27: what the log says, and the client gets a bare 401.
fn refused(message: &str) -> ProviderError {
    ProviderError::known("Unauthorized", format!("[invalid bearer token, {message}]"))
        .status(401)
        .alternative(
            "Unauthorized",
            "the client of the request: the reason is in the API server's log, and in the answer of a TokenReview",
        )
}

/// A token that no authenticator looks at.
fn silent() -> ProviderError {
    ProviderError::known("Unauthorized", "invalid bearer token").status(401)
}

/// A token or claims.
struct Presented<'a> {
    token: Option<Token>,
    evidence: Option<&'a Evidence>,
    payload: Option<Node>,
    claims: Option<Map<String, Value>>,
}

impl<'a> Presented<'a> {
    fn new(subject: &Subject<'a>) -> Option<Self> {
        let (token, payload) = match (subject.evidence(), subject.claims()) {
            (Some(evidence), _) if evidence.jws.is_some() => {
                let compact = evidence.jws.as_ref().map_or("", |jws| jws.compact.trim());
                let mut token = Token::read(compact);
                let payload = token.payload.take();
                (Some(token), payload)
            }
            (_, Some(claims)) => {
                let text = Value::Object(claims.0.clone()).to_string();
                (None, parse_json(&text, Duplicates::JudgedByDecoder).ok())
            }
            _ => return None,
        };
        // By exact name the last of several counts.
        let claims = match payload.as_ref().map(Node::to_json) {
            Some(Value::Object(claims)) => Some(claims),
            _ => None,
        };
        Some(Self { token, evidence: subject.evidence(), payload, claims })
    }
}

/// The `kubernetes-jwt` column.
pub(crate) fn evaluate(
    text: &Text<'_>,
    facts: &KubernetesJwtFacts,
    subject: &Subject<'_>,
    now: UnixTime,
) -> FederationOutcome {
    let mut outcome = judge(text, facts, subject, now);
    let again = |edited: &str| {
        let edited = Text::new(text.input, edited);
        judge(
            &text.index.map_or(edited.clone(), |index| edited.with_index(index)),
            facts,
            subject,
            now,
        )
    };
    findings::fix(text, &mut outcome, &again);
    outcome
}

fn judge(
    text: &Text<'_>,
    facts: &KubernetesJwtFacts,
    subject: &Subject<'_>,
    now: UnixTime,
) -> FederationOutcome {
    let own = facts.service_account_issuers.clone().unwrap_or_default();
    let node = match document::decode(text) {
        Ok(node) => node,
        Err(refusal) => return rejected(text, &[refusal], false),
    };
    let refusals = validation::validate(&node, &own);
    if !refusals.is_empty() {
        return rejected(text, &refusals, true);
    }
    let authenticators: Vec<Authenticator<'_>> =
        At::root(&node).child("jwt").elements().into_iter().map(Authenticator::read).collect();
    let mut ladder = Ladder::new(SYSTEM);
    let user = match Presented::new(subject) {
        Some(presented) => examine(&mut ladder, text, &authenticators, &presented, now),
        None => {
            let check =
                ladder.check("document", Status::Pass, "the API server starts with this file");
            ladder.push(check.rule("R20").docs(DOCS));
            let check = ladder.check("format", Status::Unknown, "there is no token to judge");
            ladder.push(check.hint("paste the pod's token"));
            None
        }
    };
    let verdict = ladder.verdict();
    FederationOutcome {
        document: text.index,
        grant: user.filter(|_| verdict == Verdict::Allow).map(grant),
        reach: reach::of(&authenticators),
        findings: findings::of(text, &authenticators),
        ..ladder.conclude(title(&authenticators))
    }
}

fn title(authenticators: &[Authenticator<'_>]) -> String {
    match authenticators {
        [only] => format!("AuthenticationConfiguration for {}", only.issuer),
        _ => SYSTEM.title().to_owned(),
    }
}

/// R20: the API server does not start, or goes on with the file it had.
fn rejected(text: &Text<'_>, refusals: &[Refusal], valid_form: bool) -> FederationOutcome {
    let mut ladder = Ladder::new(SYSTEM);
    for refusal in refusals {
        let span = refusal.place.as_ref().map(|(range, pointer)| text.span(range, Some(pointer)));
        let check = ladder
            .check("document", Status::Fail, refusal.message.clone())
            .at(span)
            .hint("the API server does not start with this file; one that runs keeps the last good one")
            .docs(DOCS)
            .rule("R20");
        ladder.push(check);
    }
    let messages: Vec<String> = refusals.iter().map(|refusal| refusal.message.clone()).collect();
    let joined = crate::go::aggregate(&messages);
    // The cluster's own issuers are found when the authenticators are made: nothing stands before that.
    let of_validation = valid_form && !joined.starts_with("issuer.url: ");
    let message = match of_validation {
        true => format!("invalid authentication configuration: {joined}"),
        false => joined,
    };
    FederationOutcome {
        document: text.index,
        verdict: Verdict::Unknown,
        rejected: Some(ProviderError::known("Invalid", message)),
        reach: Reach { subjects: Vec::new(), breadth: super::Breadth::None, admitted: None },
        ..ladder.conclude(SYSTEM.title())
    }
}

/// R26, in its order. After a failure the later stages are still judged where they can be.
fn examine(
    ladder: &mut Ladder,
    text: &Text<'_>,
    authenticators: &[Authenticator<'_>],
    presented: &Presented<'_>,
    now: UnixTime,
) -> Option<User> {
    let issuer = presented.payload.as_ref().and_then(verify::issuer_of);
    let known = authenticators.iter().any(|one| issuer.as_deref() == Some(one.issuer));
    verify::format(ladder, presented, known);
    let (Some(payload), Some(claims)) = (&presented.payload, &presented.claims) else {
        if presented.token.as_ref().is_some_and(|token| token.problem.is_none()) {
            let title = "the payload is JSON, but not an object";
            ladder.fail(ladder.check("format", Status::Fail, title).rule("R26"), silent());
        }
        ladder.push(ladder.check("issuer", Status::Skip, "the claims could not be read"));
        return None;
    };
    let picked = verify::issuer(ladder, authenticators, presented);
    verify::algorithm(ladder, presented);
    verify::signature(ladder, presented);
    // Of a single authenticator it is worth knowing what else it would mind.
    let authenticator = match (picked, authenticators) {
        (Some(picked), _) => picked,
        (None, [only]) => only,
        _ => return None,
    };
    let standard = verify::standard(ladder, payload)?;
    verify::distributed(ladder, claims);
    verify::audience_and_time(ladder, authenticator, &standard, now);
    map(ladder, text, authenticator, claims)
}

/// Mapping, claim rules, user rules.
fn map(
    ladder: &mut Ladder,
    text: &Text<'_>,
    authenticator: &Authenticator<'_>,
    claims: &Map<String, Value>,
) -> Option<User> {
    let user = mapping::user(authenticator, claims);
    let mapped = user.as_ref().map(|_| ()).map_err(Clone::clone);
    let at = authenticator.at.child("claimMappings");
    let check = told(ladder, text, "mapping", &at, mapped.as_ref(), "the claims give a user");
    let check = match &user {
        Ok(user) => {
            check.actual(json!({ "username": user.name, "uid": user.uid, "groups": user.groups }))
        }
        Err(_) => check,
    };
    judge_step(ladder, check.rule("R29"), mapped);
    let rules = mapping::claim_rules(authenticator, claims);
    let at = authenticator.at.child("claimValidationRules");
    let check = told(ladder, text, "claim-rules", &at, rules.as_ref(), "every claim rule holds");
    judge_step(ladder, check.rule("R22"), rules);
    let user = user.ok()?;
    let rules = mapping::user_rules(authenticator, &user);
    let at = authenticator.at.child("userValidationRules");
    let check = told(ladder, text, "user-rules", &at, rules.as_ref(), "every user rule holds");
    judge_step(ladder, check.rule("R24"), rules);
    Some(user)
}

fn told(
    ladder: &Ladder,
    text: &Text<'_>,
    stage: &str,
    at: &At<'_>,
    result: Result<&(), &Refused>,
    good: &str,
) -> Check {
    let (status, title) = match result {
        Ok(()) => (Status::Pass, good.to_owned()),
        Err(Refused::Because(message) | Refused::Likely(message)) => {
            (Status::Fail, message.clone())
        }
        Err(Refused::Unknown(what)) => (Status::Unknown, format!("podpass does not model {what}")),
    };
    let span = at.node.map(|node| text.span(&node.range, Some(&at.pointer)));
    ladder.check(stage, status, title).at(span)
}

fn judge_step(ladder: &mut Ladder, check: Check, result: Result<(), Refused>) {
    ladder.judge(check, || match result {
        Err(Refused::Likely(message)) => refused(&message).likely(),
        Err(Refused::Because(message)) => refused(&message),
        _ => silent(),
    });
}

/// R29: everybody who is somebody is also `system:authenticated`.
fn grant(user: User) -> Grant {
    let mut groups = user.groups;
    let named = ["system:authenticated", "system:unauthenticated"];
    let has_one = groups.iter().any(|group| named.contains(&group.as_str()));
    if user.name != "system:anonymous" && !has_one {
        groups.push("system:authenticated".to_owned());
    }
    let detail = json!({ "uid": user.uid, "groups": groups, "extra": user.extra });
    Grant {
        principal: user.name,
        expires_at: None,
        detail: detail.as_object().cloned().unwrap_or_default(),
    }
}
