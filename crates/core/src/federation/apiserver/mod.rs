//! The API server that issued the token: what it makes of it, step by step.
//!
//! One judgement, two answers: the `kubernetes` column of federation outcomes, and the status of a TokenReview.
//! Source: Kubernetes v1.36 `pkg/serviceaccount/{jwt,claims,legacy}.go`, read in November 2026, and answers of a
//! real kube-apiserver v1.36.3. Rules K47 to K66, K94 to K99.
//! Not modelled: the other authenticators of the chain (K47: token file, bootstrap tokens, OIDC, webhook), which may
//! accept what these two refuse, and the ten seconds for which an API server remembers a success (K61).

mod bearer;
mod decode;
mod identity;
mod objects;
mod stages;
mod steps;
#[cfg(test)]
mod tests;
mod token;

use serde_json::{Map, Value};

use bearer::{Bearer, bearer};
pub(super) use decode::peek_issuer;
use identity::{bound_claims, legacy_claims};
use steps::{Refusal, Steps};
pub(super) use token::Token;

use super::{FederationOutcome, KubernetesFacts, Ladder, Subject, System};
use crate::claims::{Claims, LEGACY_ISSUER};
use crate::cluster::Cluster;
use crate::document::{Duplicates, Node, Text, parse_document, parse_json};
use crate::go::aggregate;
use crate::objects::Objects;
use crate::review::{ReviewedUser, TokenReviewAnswer, TokenReviewInput, TokenReviewStatus};
use crate::signature::Evidence;
use crate::time::UnixTime;
use crate::trace::{Check, ProviderError, Status, Verdict};

const SYSTEM: System = System::Kubernetes;
/// What every token that is not the API server's own loopback token is told first (K64).
const FOREIGN: &str = "invalid bearer token";

/// What is presented to the authenticators, and what they know.
struct Examination<'a> {
    cluster: &'a Cluster,
    now: UnixTime,
    /// `spec.audiences`, else the API server's own (K52, K65).
    audiences: &'a [String],
    api_audiences: &'a [String],
    objects: &'a Objects,
    /// `None`: claims count as verified.
    token: Option<&'a Token>,
    evidence: Option<&'a Evidence>,
    payload: Option<&'a Node>,
    claims: Option<&'a Map<String, Value>>,
    /// By the authenticator of legacy tokens, else by that of bound ones.
    legacy: bool,
}

/// What the authenticators found.
struct Examined<'a> {
    by: Examination<'a>,
    steps: Steps,
}

/// A token or claims, and what is asked.
struct Presented<'a> {
    cluster: &'a Cluster,
    now: UnixTime,
    audiences: Vec<String>,
    api_audiences: Vec<String>,
    objects: Objects,
    token: Option<Token>,
    evidence: Option<&'a Evidence>,
    payload: Option<Node>,
    claims: Option<Map<String, Value>>,
}

impl<'a> Presented<'a> {
    fn new(cluster: &'a Cluster, now: UnixTime, asked: Option<&[String]>) -> Self {
        let api_audiences = api_audiences(cluster);
        let asked = asked.filter(|asked| !asked.is_empty());
        Self {
            cluster,
            now,
            audiences: asked.map_or_else(|| api_audiences.clone(), <[String]>::to_vec),
            api_audiences,
            objects: Objects::read(
                cluster.objects.as_deref().unwrap_or_default(),
                cluster.default_namespace(),
            ),
            token: None,
            evidence: None,
            payload: None,
            claims: None,
        }
    }

    fn with_token(mut self, text: &str, evidence: &'a Evidence) -> Self {
        let mut token = Token::read(text);
        let payload = token.payload.take();
        (self.token, self.evidence) = (Some(token), Some(evidence));
        self.with_payload(payload)
    }

    fn with_claims(self, claims: &Map<String, Value>) -> Self {
        let text = Value::Object(claims.clone()).to_string();
        self.with_payload(parse_json(&text, Duplicates::JudgedByDecoder).ok())
    }

    fn with_payload(mut self, payload: Option<Node>) -> Self {
        self.claims = match payload.as_ref().map(Node::to_json) {
            Some(Value::Object(claims)) => Some(claims),
            _ => None,
        };
        self.payload = payload;
        self
    }

    fn examination(&self, legacy: bool) -> Examination<'_> {
        Examination {
            cluster: self.cluster,
            now: self.now,
            audiences: &self.audiences,
            api_audiences: &self.api_audiences,
            objects: &self.objects,
            token: self.token.as_ref(),
            evidence: self.evidence,
            payload: self.payload.as_ref(),
            claims: self.claims.as_ref(),
            legacy,
        }
    }

    /// K47, K99: the authenticator of legacy tokens first, then that of bound ones; one that accepts is enough,
    /// else both are heard. Where neither looks at the token, the one that comes closest tells why.
    fn examine(&self) -> Examined<'_> {
        let issuer = self.payload.as_ref().and_then(|payload| peek_issuer(payload).ok());
        let looks = |legacy: bool| {
            issuer.as_deref().is_some_and(|issuer| self.examination(legacy).accepts(issuer))
        };
        match (looks(true), looks(false)) {
            (true, true) => {
                let first = self.examination(true).examine();
                if first.steps.verdict() != Verdict::Deny {
                    return first;
                }
                let mut second = self.examination(false).examine();
                if second.steps.verdict() == Verdict::Deny {
                    second.steps.also_refused(first.steps);
                }
                second
            }
            (legacy, _) => self.examination(legacy).examine(),
        }
    }
}

/// K22; an empty list counts as none.
fn api_audiences(cluster: &Cluster) -> Vec<String> {
    let named = cluster.api_audiences.clone().filter(|audiences| !audiences.is_empty());
    named.unwrap_or_else(|| cluster.accepted_issuers())
}

impl<'a> Examination<'a> {
    fn claims(&self) -> Option<Claims<'a>> {
        self.claims.map(Claims)
    }

    /// K49: the issuers of this authenticator.
    fn accepts(&self, issuer: &str) -> bool {
        match self.legacy {
            true => issuer == LEGACY_ISSUER,
            false => self.cluster.accepted_issuers().iter().any(|accepted| accepted == issuer),
        }
    }

    /// What a TokenReview shows: the user, or why there is none.
    fn status(&self, error: Option<String>) -> TokenReviewStatus {
        if error.is_some() {
            return TokenReviewStatus { error, ..TokenReviewStatus::default() };
        }
        TokenReviewStatus {
            authenticated: true,
            user: self.user(),
            audiences: self.claims().map(|claims| self.met_audiences(claims)).unwrap_or_default(),
            error: None,
        }
    }

    /// The stages in the API server's order. After the first failure the later ones are still judged where they
    /// can be: they tell what else is wrong.
    fn examine(self) -> Examined<'a> {
        let mut steps = Steps::default();
        self.format(&mut steps);
        let Some(claims) = self.claims() else {
            let title = "the claims could not be read";
            if self.payload.is_some() && steps.refusal.is_none() {
                let check =
                    Steps::check("format", Status::Fail, "the payload is JSON, but not an object");
                steps.judge(check.rule("K49"), || Refusal::Silent);
            }
            steps.push(Steps::check("claims", Status::Skip, title));
            return Examined { by: self, steps };
        };
        self.issuer(&mut steps);
        self.signature(&mut steps);
        self.audience(&mut steps, claims);
        if self.legacy {
            legacy_claims(&mut steps, claims);
            let title = "times of legacy tokens are never checked";
            steps.push(Steps::check("time", Status::Skip, title).rule("K96"));
            self.legacy_objects(&mut steps, claims);
        } else {
            self.time(&mut steps, claims);
            bound_claims(&mut steps, claims);
            self.bound_objects(&mut steps, claims);
            self.stale(&mut steps, claims);
        }
        Examined { by: self, steps }
    }
}

impl Steps {
    /// K99: what an authenticator before this one said comes first.
    fn also_refused(&mut self, first: Self) {
        let mut said = Vec::new();
        for refusal in [first.refusal, self.refusal.take()] {
            if let Some(Refusal::Because(messages)) = refusal {
                said.extend(messages);
            }
        }
        self.refusal = Some(if said.is_empty() { Refusal::Silent } else { Refusal::Because(said) });
        self.checks = [first.checks, std::mem::take(&mut self.checks)].concat();
        for (key, value) in first.annotations {
            self.annotations.insert(key, value);
        }
    }

    /// The aggregate of `status.error` (K64).
    fn error(&self) -> Option<String> {
        let mut messages = vec![FOREIGN.to_owned()];
        match self.refusal.as_ref()? {
            Refusal::Silent => {}
            Refusal::Because(said) => messages.extend(said.iter().cloned()),
        }
        Some(aggregate(&messages))
    }
}

/// The `kubernetes` column: what a TokenReview for `facts.audiences` would say.
pub(crate) fn evaluate(
    text: &Text<'_>,
    facts: &KubernetesFacts,
    subject: &Subject<'_>,
    cluster: &Cluster,
    now: UnixTime,
) -> FederationOutcome {
    let mut ladder = Ladder::new(SYSTEM);
    let asked = facts.audiences.clone().or_else(|| spec_audiences(text.text));
    let presented = Presented::new(cluster, now, asked.as_deref());
    let presented = match (subject.evidence(), subject.claims()) {
        // White space around the token is ignored (K49).
        (Some(evidence), _) if evidence.jws.is_some() => {
            let compact = evidence.jws.as_ref().map_or("", |jws| jws.compact.trim());
            presented.with_token(compact, evidence)
        }
        (_, Some(claims)) => presented.with_claims(claims.0),
        _ => {
            ladder.push(ladder.check("format", Status::Unknown, "there is no token to review"));
            return ladder.conclude(SYSTEM.title());
        }
    };
    let examined = presented.examine();
    let error = examined.steps.error();
    let status = examined.by.status(error.clone());
    for check in examined.steps.checks {
        ladder.judge(check, || refused(error.clone().unwrap_or_default()));
    }
    let mut outcome = ladder.conclude(SYSTEM.title());
    outcome.grant = examined.by.grant().filter(|_| outcome.verdict == Verdict::Allow);
    outcome.token_review = Some(status);
    outcome
}

/// `spec.audiences` of a TokenReview manifest.
fn spec_audiences(text: &str) -> Option<Vec<String>> {
    let review = parse_document(text).ok()?;
    let audiences = review.at(&["spec", "audiences"])?.elements();
    Some(audiences.iter().filter_map(Node::as_str).map(str::to_owned).collect())
}

/// K4: whether the API server would take the signature of a token that podpass may refuse.
pub(crate) fn takes_signature(evidence: &Evidence, cluster: &Cluster, now: UnixTime) -> bool {
    let Some(jws) = &evidence.jws else { return false };
    let presented = Presented::new(cluster, now, None).with_token(jws.compact.trim(), evidence);
    let mut steps = Steps::default();
    presented.examination(false).signature(&mut steps);
    let signed = |check: &Check| check.id == "kubernetes/signature" && check.status == Status::Pass;
    steps.checks.iter().any(signed)
}

/// K62: a request made with the token learns less than a TokenReview about it.
fn refused(message: String) -> ProviderError {
    ProviderError::known("", message).alternative(
        "Unauthorized",
        "the token is used for a request (401): the reason is in the API server's log only; 403 would mean that it was accepted and lacks permission",
    )
}

/// What TokenReview, or a request with that header, would get.
pub(crate) fn review(input: &TokenReviewInput) -> TokenReviewAnswer {
    let presented = Presented::new(&input.cluster, input.now, input.audiences.as_deref());
    let header = match (&input.authorization, input.token.as_deref().unwrap_or_default()) {
        (Some(header), _) => header.clone(),
        (None, "") => {
            let check = Steps::check("format", Status::Fail, "spec.token is empty").rule("K63");
            let error = "token is required for TokenReview in authentication";
            return unauthenticated(vec![check], Some(error.to_owned()));
        }
        // The TokenReview endpoint makes such a header of the token and asks as a request would.
        (None, token) => format!("Bearer {token}"),
    };
    let token = match bearer(&header) {
        Bearer::Token(token) => token,
        none => return anonymous(input, &presented, &none),
    };
    let evidence = Evidence::new(Some(token), Some(&input.keys));
    let presented = presented.with_token(token, &evidence);
    let examined = presented.examine();
    let error = examined.steps.error();
    TokenReviewAnswer {
        verdict: examined.steps.verdict(),
        status: examined.by.status(error),
        audit_annotations: examined.steps.annotations,
        checks: examined.steps.checks,
    }
}

fn unauthenticated(checks: Vec<Check>, error: Option<String>) -> TokenReviewAnswer {
    TokenReviewAnswer {
        verdict: Verdict::Deny,
        status: TokenReviewStatus { error, ..TokenReviewStatus::default() },
        audit_annotations: std::collections::BTreeMap::new(),
        checks,
    }
}

/// K48: no token at all is no bad token. A TokenReview then answers for whoever asks without one, by default the
/// anonymous user; a request has nobody to show for.
fn anonymous(
    input: &TokenReviewInput,
    presented: &Presented<'_>,
    found: &Bearer<'_>,
) -> TokenReviewAnswer {
    let title = match found {
        Bearer::BlankBefore => "a blank stands before the token, so the API server sees none",
        _ => "the API server sees no bearer token",
    };
    let check = |status| {
        let check = Steps::check("format", status, title).rule("K48");
        check.hint("the header is `Authorization: Bearer TOKEN`, with one blank")
    };
    if input.authorization.is_some() {
        return unauthenticated(vec![check(Status::Fail)], None);
    }
    TokenReviewAnswer {
        verdict: Verdict::Allow,
        status: TokenReviewStatus {
            authenticated: true,
            user: Some(ReviewedUser {
                username: "system:anonymous".into(),
                groups: vec!["system:unauthenticated".into()],
                ..ReviewedUser::default()
            }),
            audiences: presented.audiences.clone(),
            error: None,
        },
        audit_annotations: std::collections::BTreeMap::new(),
        checks: vec![check(Status::Warn)],
    }
}
