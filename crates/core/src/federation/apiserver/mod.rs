//! The API server that issued the token: what TokenReview would say of it.
//!
//! Source: Kubernetes v1.36 `pkg/serviceaccount/{jwt,claims,legacy}.go`, read in November 2026, and answers of a
//! real kube-apiserver v1.36.3. Rules K47 to K66, K94 to K96.

mod identity;
mod objects;

use serde_json::json;

use identity::{bound_claims, grant, legacy_claims};

use super::{FederationOutcome, KubernetesFacts, Ladder, Subject, System};
use crate::check::audience::strict_audiences;
use crate::check::lifetime::{LEEWAY, go_date};
use crate::claims::{Claims, LEGACY_ISSUER};
use crate::cluster::Cluster;
use crate::document::{Node, Text, parse_document};
use crate::jwk::Key;
use crate::jws::Jws;
use crate::signature::{Evidence, Judgement};
use crate::time::{UnixTime, duration};
use crate::trace::{Check, ProviderError, Status, Verdict};

const SYSTEM: System = System::Kubernetes;

/// What the rules look at.
struct Review<'a> {
    cluster: &'a Cluster,
    now: UnixTime,
    /// `spec.audiences`, else the API server's own (K52).
    audiences: Vec<String>,
}

pub(crate) fn evaluate(
    text: &Text<'_>,
    facts: &KubernetesFacts,
    subject: &Subject<'_>,
    cluster: &Cluster,
    now: UnixTime,
) -> FederationOutcome {
    let mut ladder = Ladder::new(SYSTEM);
    let asked = facts.audiences.clone().or_else(|| spec_audiences(text.text));
    let audiences = asked
        .filter(|asked| !asked.is_empty())
        .unwrap_or_else(|| cluster.effective_api_audiences());
    let review = Review { cluster, now, audiences };
    if subject.is_nobody() {
        ladder.push(ladder.check("format", Status::Unknown, "there is no token to review"));
        return ladder.conclude(SYSTEM.title());
    }
    // White space around the token and line breaks in it are ignored (K49).
    let cleaned = subject.evidence().and_then(without_white_space);
    match &cleaned {
        Some(evidence) => review.judge(&mut ladder, &Subject::Token(evidence)),
        None => review.judge(&mut ladder, subject),
    }
    let claims = cleaned
        .as_ref()
        .and_then(|evidence| evidence.jws.as_ref()?.claims())
        .or_else(|| subject.claims());
    let grant = (ladder.verdict() != Verdict::Deny).then(|| claims.and_then(grant)).flatten();
    let mut outcome = ladder.conclude(SYSTEM.title());
    outcome.grant = grant.filter(|_| outcome.verdict == Verdict::Allow);
    outcome
}

fn without_white_space(evidence: &Evidence) -> Option<Evidence> {
    let jws = evidence.jws.as_ref()?;
    let cleaned: String =
        jws.compact.trim().chars().filter(|character| !matches!(character, '\n' | '\r')).collect();
    (cleaned != jws.compact)
        .then(|| Evidence::with_keys(Jws::parse(&cleaned), evidence.keys.clone()))
}

/// `spec.audiences` of a TokenReview manifest.
fn spec_audiences(text: &str) -> Option<Vec<String>> {
    let review = parse_document(text).ok()?;
    let audiences = review.at(&["spec", "audiences"])?.elements();
    Some(audiences.iter().filter_map(Node::as_str).map(str::to_owned).collect())
}

/// The aggregate of `status.error` (K64): the first part is always there.
fn refused(reason: Option<&str>) -> ProviderError {
    let message = match reason {
        Some(reason) => format!("[invalid bearer token, {reason}]"),
        None => "invalid bearer token".to_owned(),
    };
    ProviderError::known("", message)
}

impl Review<'_> {
    /// The stages in the API server's order.
    fn judge(&self, ladder: &mut Ladder, subject: &Subject<'_>) {
        self.format(ladder, subject);
        let Some(claims) = subject.claims() else {
            ladder.push(ladder.check("claims", Status::Skip, "the claims could not be read"));
            return;
        };
        let legacy = claims.text("iss") == Some(LEGACY_ISSUER);
        self.issuer(ladder, claims);
        self.signature(ladder, subject);
        self.audience(ladder, claims);
        if legacy {
            legacy_claims(ladder, claims);
            ladder.push(
                ladder
                    .check("time", Status::Skip, "times of legacy tokens are never checked")
                    .rule("K96"),
            );
        } else {
            bound_claims(ladder, claims);
            self.time(ladder, claims);
        }
        self.objects(ladder, claims, legacy, subject.jws());
    }

    /// K49: what is no token at all is skipped without a word.
    fn format(&self, ladder: &mut Ladder, subject: &Subject<'_>) {
        if subject.jws().is_none() {
            ladder.push(ladder.check(
                "format",
                Status::Skip,
                "claims were given, so there is no form to judge",
            ));
            return;
        }
        match subject.format_problem() {
            None => ladder
                .push(ladder.check("format", Status::Pass, "a JWS in compact form").rule("K49")),
            Some(problem) => {
                let check =
                    ladder.check("format", Status::Fail, problem.message.clone()).rule("K49");
                ladder.judge(check, || refused(None));
            }
        }
    }

    /// K49, K20: `iss` is one of `--service-account-issuer`, or the fixed issuer of legacy tokens.
    fn issuer(&self, ladder: &mut Ladder, claims: Claims<'_>) {
        let accepted = self.cluster.accepted_issuers();
        let found = claims.text("iss");
        let legacy = found == Some(LEGACY_ISSUER);
        let good =
            legacy || found.is_some_and(|found| accepted.iter().any(|issuer| issuer == found));
        let (status, title) = if good {
            (Status::Pass, "the issuer is one that the API server accepts")
        } else {
            (Status::Fail, "the API server accepts no such issuer")
        };
        let mut check = ladder.check("issuer", status, title).expected(json!(accepted)).rule("K49");
        check.actual = claims.0.get("iss").cloned();
        if self.cluster.issuers.is_none() {
            check = check.hint(
                "assumed: the default --service-account-issuer; name the cluster's own, `kubectl get --raw /.well-known/openid-configuration` tells it",
            );
        }
        ladder.judge(check, || refused(None));
    }

    /// K50: with a `kid` only keys of that id, else all of them.
    fn signature(&self, ladder: &mut Ladder, subject: &Subject<'_>) {
        let Some(jws) = subject.jws() else {
            ladder.push(ladder.check(
                "keys",
                Status::Skip,
                "claims were given, so there is no signature to judge",
            ));
            ladder.push(ladder.check(
                "signature",
                Status::Skip,
                "claims were given, so they count as verified",
            ));
            return;
        };
        let kid = jws.kid();
        let judgement = subject
            .judge(|key: &Key| key.public.is_some() && kid.is_none_or(|kid| key.id() == Some(kid)));
        let (keys, signature) = match judgement {
            None | Some(Judgement::NoKeys) => (
                ladder
                    .check("keys", Status::Unknown, "no key set was given")
                    .hint("paste the output of `kubectl get --raw /openid/v1/jwks`"),
                ladder.check(
                    "signature",
                    Status::Unknown,
                    "without keys nobody can tell who signed this token",
                ),
            ),
            Some(Judgement::NoCandidate) => (
                ladder
                    .check("keys", Status::Fail, "the API server has no key of this id")
                    .actual(kid),
                ladder.check(
                    "signature",
                    Status::Skip,
                    "there is no key to check the signature with",
                ),
            ),
            Some(Judgement::Invalid) => (
                ladder.check("keys", Status::Pass, "the API server has a key to try").actual(kid),
                ladder.check("signature", Status::Fail, "the key did not make this signature"),
            ),
            Some(Judgement::Valid(_)) => (
                ladder.check("keys", Status::Pass, "the API server has a key to try").actual(kid),
                ladder.check("signature", Status::Pass, "the signature is right"),
            ),
        };
        ladder.judge(keys.rule("K50"), || refused(Some("invalid signature, no keys found")));
        ladder.judge(signature.rule("K50"), || {
            refused(Some("go-jose/go-jose: error in cryptographic primitive"))
        });
    }

    /// K52: before time, and before any object is looked up.
    fn audience(&self, ladder: &mut Ladder, claims: Claims<'_>) {
        let found = match strict_audiences(claims.0.get("aud")) {
            Ok(found) => found,
            Err(actual) => {
                let check = ladder.check(
                    "audience",
                    Status::Fail,
                    "`aud` is neither a text nor a list of texts",
                );
                ladder.judge(check.actual(actual).rule("K9"), || {
                    refused(Some("go-jose/go-jose/jwt: expected string or array value to unmarshal to Audience"))
                });
                return;
            }
        };
        let own =
            if found.is_empty() { self.cluster.effective_api_audiences() } else { found.clone() };
        let met = self.audiences.iter().any(|wanted| own.contains(wanted));
        let (status, title) = match (met, found.is_empty()) {
            (true, true) => {
                (Status::Pass, "the token names no audience, so it counts as the API server's")
            }
            (true, false) => (Status::Pass, "the token is meant for an audience that is asked for"),
            (false, _) => (Status::Fail, "the token is meant for somebody else"),
        };
        let check = ladder
            .check("audience", status, title)
            .expected(json!(self.audiences))
            .actual(json!(own))
            .rule("K52");
        ladder.judge(check, || {
            let reason = format!(
                "token audiences {} is invalid for the target audiences {}",
                go_list(&own),
                go_list(&self.audiences)
            );
            refused(Some(&reason))
        });
    }

    /// K53, in this order.
    fn time(&self, ladder: &mut Ladder, claims: Claims<'_>) {
        let table = [
            ("nbf", "service account token is not valid yet"),
            ("exp", "service account token has expired"),
            ("iat", "service account token is issued in the future"),
        ];
        for (claim, reason) in table {
            let check = match go_date(claims, claim) {
                Err(actual) => {
                    let title = format!("`{claim}` is not a number");
                    let check = ladder
                        .check(&format!("time/{claim}"), Status::Fail, title)
                        .actual(actual)
                        .rule("K53");
                    ladder.judge(check, || {
                        refused(Some(
                            "go-jose/go-jose/jwt: expected number value to unmarshal NumericDate",
                        ))
                    });
                    continue;
                }
                Ok(None) => ladder.check(
                    &format!("time/{claim}"),
                    Status::Skip,
                    format!("the token has no `{claim}`"),
                ),
                Ok(Some(date)) => self.border(ladder, claim, date),
            };
            ladder.judge(check.rule("K53"), || refused(Some(reason)));
        }
    }

    fn border(&self, ladder: &Ladder, claim: &str, date: UnixTime) -> Check {
        let late = claim == "exp";
        let good = if late { self.now.0 - LEEWAY <= date.0 } else { self.now.0 + LEEWAY >= date.0 };
        let apart = duration(self.now.since(date));
        let title = match (late, good, self.now.0 > date.0) {
            (true, true, false) => format!("the token expires in {apart}"),
            (true, true, true) => {
                format!("the token expired {apart} ago, within the leeway of {LEEWAY} s")
            }
            (true, false, _) => format!("the token expired {apart} ago"),
            (false, true, _) => {
                format!("`{claim}` lies in the past, or within the leeway of {LEEWAY} s")
            }
            (false, false, _) => format!("`{claim}` lies {apart} in the future"),
        };
        let sign = if late { "now - 60 s <=" } else { "now + 60 s >=" };
        ladder
            .check(&format!("time/{claim}"), if good { Status::Pass } else { Status::Fail }, title)
            .expected(format!("{sign} {date}"))
            .actual(self.now.to_string())
    }
}

/// Go's `%q` of a list of strings.
fn go_list(values: &[String]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
    format!("[{}]", quoted.join(" "))
}
