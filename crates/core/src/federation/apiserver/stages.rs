//! The stages before any object is looked up: form, issuer, keys, signature, types, audience, time (K49 to K53).

use serde_json::json;

use super::Examination;
use super::decode::{DecodeError, decode, peek_issuer};
use super::steps::{Refusal, Steps};
use super::token::{Critical, Header};
use crate::algorithm::{Algorithm, AlgorithmName};
use crate::check::audience::strict_audiences;
use crate::check::lifetime::{LEEWAY, go_date};
use crate::claims::Claims;
use crate::error::quoted as shown;
use crate::go::{quoted, quoted_list};
use crate::jwk::Key;
use crate::time::{UnixTime, duration};
use crate::trace::{Check, Status};

/// go-jose's `ErrCryptoFailure`: whatever is wrong with a signature.
const CRYPTO_FAILURE: &str = "go-jose/go-jose: error in cryptographic primitive";

/// Whether keys were tried beside the one that made the signature.
#[derive(Debug, Default, Clone, Copy)]
struct Others {
    before: bool,
    after: bool,
}

impl Examination<'_> {
    /// K49: what is no token at all is skipped without a word.
    pub(super) fn format(&self, steps: &mut Steps) {
        let Some(token) = self.token else {
            let title = "claims were given, so there is no form to judge";
            steps.push(Steps::check("format", Status::Skip, title));
            return;
        };
        match &token.problem {
            Some(problem) => {
                let check = Steps::check("format", Status::Fail, problem.clone()).rule("K49");
                steps.judge(check, || Refusal::Silent);
            }
            None => {
                let check = Steps::check("format", Status::Pass, "a JWS in compact form");
                steps.push(match self.podpass_objects() {
                    Some(why) => check.hint(looser(&why)).rule("K9"),
                    None => check.rule("K49"),
                });
            }
        }
    }

    /// What podpass has against the form of a token that the API server reads.
    fn podpass_objects(&self) -> Option<String> {
        let problem = self.evidence?.jws.as_ref()?.problems.first()?;
        Some(problem.message.clone())
    }

    /// K49, K20, K47: each authenticator has its own issuers, and keeps silent about the tokens of others.
    pub(super) fn issuer(&self, steps: &mut Steps) {
        let accepted = self.cluster.accepted_issuers();
        let peeked = self.payload.and_then(|payload| peek_issuer(payload).ok());
        let good = peeked.as_deref().is_some_and(|issuer| self.accepts(issuer));
        let (status, title) = match good {
            true => (Status::Pass, "the issuer is one that the API server accepts"),
            false => (Status::Fail, "the API server accepts no such issuer"),
        };
        let mut check = Steps::check("issuer", status, title).expected(json!(accepted)).rule("K49");
        check.actual = self.claims().and_then(|claims| claims.0.get("iss").cloned());
        if self.cluster.issuers.is_none() {
            check = check.hint(
                "assumed: the default --service-account-issuer; name the cluster's own, `kubectl get --raw /.well-known/openid-configuration` tells it",
            );
        }
        steps.judge(check, || Refusal::Silent);
    }

    /// K50, K4: with a `kid` only keys of that id, else all of them; then the claims are decoded.
    pub(super) fn signature(&self, steps: &mut Steps) {
        let Some(token) = self.token else {
            let title = "claims were given, so there is no signature to judge";
            steps.push(Steps::check("keys", Status::Skip, title));
            let title = "claims were given, so they count as verified";
            steps.push(Steps::check("signature", Status::Skip, title));
            self.types(steps, Others::default());
            return;
        };
        let Some(header) = &token.header else {
            let title = "without a readable header no key can be chosen";
            steps.push(Steps::check("keys", Status::Skip, title));
            return;
        };
        let keys = self.evidence.and_then(|evidence| evidence.keys.as_ref());
        let Some(keys) = keys.filter(|keys| !keys.unreadable) else {
            let check = Steps::check("keys", Status::Unknown, "no key set was given");
            steps.push(
                check.hint("paste the output of `kubectl get --raw /openid/v1/jwks`").rule("K50"),
            );
            let title = "without keys nobody can tell who signed this token";
            steps.push(Steps::check("signature", Status::Unknown, title).rule("K50"));
            self.types(steps, Others::default());
            return;
        };
        let kid = header.kid.as_str();
        let fits = |key: &Key| {
            matches!(key.info.kty.as_str(), "RSA" | "EC")
                && key.public.is_some()
                && (kid.is_empty() || key.id() == Some(kid))
        };
        let candidates: Vec<usize> =
            (0..keys.keys.len()).filter(|at| keys.keys.get(*at).is_some_and(fits)).collect();
        if candidates.is_empty() {
            let known: Vec<&str> = keys.keys.iter().filter_map(Key::id).collect();
            let check = Steps::check("keys", Status::Fail, "the API server has no key of this id")
                .expected(json!(known))
                .actual(kid)
                .hint("the signing key was replaced and its public half is no longer in --service-account-key-file, or the token is another cluster's")
                .rule("K50");
            steps.judge(check, || Refusal::because("invalid signature, no keys found"));
            let title = "there is no key to check the signature with";
            steps.push(Steps::check("signature", Status::Skip, title).rule("K50"));
            self.types(steps, Others::default());
            return;
        }
        let title = "the API server has a key to try";
        steps.push(Steps::check("keys", Status::Pass, title).actual(kid).rule("K50"));
        self.try_keys(steps, &candidates);
    }

    /// Each key in order: one that made the signature but meets claims of the wrong type is no success either,
    /// and what the other keys say is told as well.
    fn try_keys(&self, steps: &mut Steps, candidates: &[usize]) {
        let made_it = candidates.iter().position(|at| self.is_signed_by(*at));
        match made_it.and_then(|place| candidates.get(place).map(|at| (place, *at))) {
            Some((place, at)) => {
                let check = Steps::check("signature", Status::Pass, "the signature is right");
                steps.push(match self.podpass_refuses(at) {
                    Some(why) => check.hint(looser(&why)).rule("K4"),
                    None => check.rule("K50"),
                });
                self.types(
                    steps,
                    Others { before: place > 0, after: place + 1 < candidates.len() },
                );
            }
            None => {
                let title = "the key did not make this signature";
                let check = Steps::check("signature", Status::Fail, title).rule("K50");
                let reason = match self.token.and_then(|token| token.header.as_ref()) {
                    Some(Header { critical: Critical::Unreadable(message), .. }) => message,
                    _ => CRYPTO_FAILURE,
                };
                steps.judge(check, || Refusal::because(reason));
                self.types(steps, Others::default());
            }
        }
    }

    fn is_signed_by(&self, at: usize) -> bool {
        self.token
            .zip(self.evidence)
            .is_some_and(|(token, evidence)| token.is_signed_by(evidence, at))
    }

    /// Why podpass would not use this key for this signature (K3).
    fn podpass_refuses(&self, at: usize) -> Option<String> {
        let key = self.evidence?.key(at)?;
        let alg = &self.token?.header.as_ref()?.alg;
        let AlgorithmName::Known(algorithm) = Algorithm::named(alg) else { return None };
        let public = key.public.as_ref()?;
        if !algorithm.fits(public) {
            let curve = public.curve().unwrap_or_default();
            return Some(format!("{} is no signature of a key on {curve}", shown(alg)));
        }
        let reason = key.info.reason.as_deref()?;
        Some(format!("the key is not used: {reason}"))
    }

    /// K54, K9, K53: the types of the claims, and the issuer as it was really decoded (K51).
    fn types(&self, steps: &mut Steps, others: Others) {
        let Some(payload) = self.payload else { return };
        if let Err(DecodeError { stage, message }) = decode(payload, self.legacy) {
            let title = match stage.as_str() {
                "audience" => "`aud` is neither a text nor a list of texts".to_owned(),
                "claims" => format!("the claims cannot be decoded: {message}"),
                date => format!("`{}` is not a number", date.trim_start_matches("time/")),
            };
            let check = Steps::check(&stage, Status::Fail, title).rule("K54");
            let crypto = |failed: bool| failed.then(|| CRYPTO_FAILURE.to_owned());
            let said = [crypto(others.before), Some(message), crypto(others.after)];
            steps.judge(check, || Refusal::Because(said.into_iter().flatten().collect()));
            return;
        }
        let issuer = self.claims().and_then(|claims| claims.text("iss")).unwrap_or_default();
        if !self.accepts(issuer) && steps.refusal.is_none() {
            let check = Steps::check(
                "issuer/decoded",
                Status::Fail,
                "`iss` is spelt in another case, so the verified claims have none",
            );
            let reason = format!("token issuer {} is invalid", quoted(issuer));
            steps.judge(check.rule("K51"), || Refusal::because(reason));
        }
    }

    /// K52: before time, and before any object is looked up.
    pub(super) fn audience(&self, steps: &mut Steps, claims: Claims<'_>) {
        // What has the wrong type has failed already.
        let Ok(found) = strict_audiences(claims.0.get("aud")) else { return };
        if found.is_empty() {
            steps.annotate("legacy-token", claims.text("sub").unwrap_or_default().to_owned());
        }
        let own = self.token_audiences(claims);
        let met = !self.met_audiences(claims).is_empty() || self.api_audiences.is_empty();
        let (status, title) = match (met, found.is_empty()) {
            (true, true) => {
                (Status::Pass, "the token names no audience, so it counts as the API server's")
            }
            (true, false) => (Status::Pass, "the token is meant for an audience that is asked for"),
            (false, _) => (Status::Fail, "the token is meant for somebody else"),
        };
        let check = Steps::check("audience", status, title)
            .expected(json!(self.audiences))
            .actual(json!(own))
            .rule("K52");
        steps.judge(check, || {
            Refusal::because(format!(
                "token audiences {} is invalid for the target audiences {}",
                quoted_list(&own),
                quoted_list(self.audiences)
            ))
        });
    }

    fn token_audiences(&self, claims: Claims<'_>) -> Vec<String> {
        let found = strict_audiences(claims.0.get("aud")).unwrap_or_default();
        if found.is_empty() { self.api_audiences.to_vec() } else { found }
    }

    /// K52: of those asked for, in that order, the token's.
    pub(super) fn met_audiences(&self, claims: Claims<'_>) -> Vec<String> {
        let own = self.token_audiences(claims);
        self.audiences.iter().filter(|wanted| own.contains(wanted)).cloned().collect()
    }

    /// K53, in this order.
    pub(super) fn time(&self, steps: &mut Steps, claims: Claims<'_>) {
        let table = [
            ("nbf", "service account token is not valid yet"),
            ("exp", "service account token has expired"),
            ("iat", "service account token is issued in the future"),
        ];
        for (claim, reason) in table {
            let check = match go_date(claims, claim) {
                // What has the wrong type has failed already.
                Err(_) => continue,
                Ok(None) => Steps::check(
                    &format!("time/{claim}"),
                    Status::Skip,
                    format!("the token has no `{claim}`"),
                ),
                Ok(Some(date)) => self.border(claim, date),
            };
            steps.judge(check.rule("K53"), || Refusal::because(reason));
        }
    }

    fn border(&self, claim: &str, date: UnixTime) -> Check {
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
        Steps::check(
            &format!("time/{claim}"),
            if good { Status::Pass } else { Status::Fail },
            title,
        )
        .expected(format!("{sign} {date}"))
        .actual(self.now.to_string())
    }

    /// K58: a token whose life was extended works on after `warnafter`, and is noted.
    pub(super) fn stale(&self, steps: &mut Steps, claims: Claims<'_>) {
        let warn_after =
            claims.kubernetes().and_then(|claim| go_date(Claims(claim), "warnafter").ok());
        let Some(warn_after) = warn_after.flatten().filter(|at| at.0 != 0.0 && self.now > *at)
        else {
            return;
        };
        let late = self.now.0.floor() - warn_after.0;
        let subject = claims.text("sub").unwrap_or_default();
        let noted = format!("subject: {subject}, seconds after warning threshold: {}", late as i64);
        steps.annotate("stale-token", noted);
        let title = format!("the token should have been replaced {} ago", duration(late));
        let check = Steps::check("time/warnafter", Status::Warn, title).rule("K58");
        steps.push(check.hint(
            "it is accepted and counted as stale: whoever holds it does not reread its file",
        ));
    }
}

/// K4: the difference is told, not hidden.
fn looser(why: &str) -> String {
    format!("the API server accepts this, podpass's own verification does not: {why}")
}
