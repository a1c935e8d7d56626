//! Form, keys and signature, for relying parties that read tokens to the letter.

use serde_json::json;

use super::{Ladder, Subject};
use crate::algorithm::{Algorithm, AlgorithmName};
use crate::jwk::Key;
use crate::signature::Judgement;
use crate::trace::{Check, ProviderError, Status};

/// The form; claims alone have none. `Err`: nothing of the token can be read.
pub(crate) fn format(
    ladder: &mut Ladder,
    subject: &Subject<'_>,
    rule: &'static str,
    error: impl FnOnce(&str) -> ProviderError,
) {
    let check = match (subject.jws(), subject.format_problem()) {
        (None, _) => {
            let title = "claims were given, so there is no form to judge";
            ladder.check("format", Status::Skip, title)
        }
        (_, None) => ladder.check("format", Status::Pass, "a JWS in compact form"),
        (_, Some(problem)) => {
            let check = ladder.check("format", Status::Fail, problem.message.clone()).rule(rule);
            return ladder.judge(check, || error(&problem.message));
        }
    };
    ladder.push(check.rule(rule));
}

/// `alg` is among these.
pub(crate) fn algorithm(
    ladder: &mut Ladder,
    subject: &Subject<'_>,
    allowed: &[Algorithm],
    rule: &'static str,
    error: impl FnOnce(&str) -> ProviderError,
) {
    let Some(jws) = subject.jws() else {
        let title = "claims were given, so there is no algorithm to judge";
        return ladder.push(ladder.check("algorithm", Status::Skip, title).rule(rule));
    };
    let name = jws.alg().unwrap_or_default();
    let good =
        matches!(Algorithm::named(name), AlgorithmName::Known(known) if allowed.contains(&known));
    let names: Vec<&str> = allowed.iter().map(|algorithm| algorithm.name()).collect();
    let (status, title) = match good {
        true => (Status::Pass, "the algorithm is one that is accepted"),
        false => (Status::Fail, "the algorithm is none that is accepted"),
    };
    let check =
        ladder.check("algorithm", status, title).expected(json!(names)).actual(name).rule(rule);
    ladder.judge(check, || error(name));
}

/// Which keys are tried, and whether one of them made the signature.
pub(crate) fn signature(
    ladder: &mut Ladder,
    subject: &Subject<'_>,
    rule: &'static str,
    usable: impl Fn(&Key) -> bool,
    error: impl Fn() -> ProviderError,
) {
    let check = |ladder: &Ladder, stage: &str, status, title: &'static str| -> Check {
        ladder.check(stage, status, title).rule(rule)
    };
    let (Some(evidence), Some(jws)) = (subject.evidence(), subject.jws()) else {
        let title = "claims were given, so there is no signature to judge";
        ladder.push(check(ladder, "keys", Status::Skip, title));
        let title = "claims were given, so they count as verified";
        return ladder.push(check(ladder, "signature", Status::Skip, title));
    };
    let Some(keys) = &evidence.keys else {
        for stage in ["keys", "signature"] {
            let title = "without keys nobody can tell who signed this token";
            let unknown = check(ladder, stage, Status::Unknown, title);
            ladder.push(unknown.hint("paste the issuer's key set: what its jwks_uri answers"));
        }
        return;
    };
    let no_key = "there is no key to check the signature with";
    let Some(algorithm) = evidence.algorithm() else {
        let title = "without an algorithm no key can be chosen";
        ladder.push(check(ladder, "keys", Status::Skip, title));
        return ladder.push(check(ladder, "signature", Status::Skip, no_key));
    };
    let kid = jws.kid().filter(|kid| !kid.is_empty());
    let candidates = evidence.candidates(|key| {
        key.public.as_ref().is_some_and(|public| algorithm.fits(public))
            && usable(key)
            && kid.is_none_or(|kid| key.id() == Some(kid))
    });
    if candidates.is_empty() {
        let known: Vec<&str> = keys.keys.iter().filter_map(Key::id).collect();
        let failed = check(ladder, "keys", Status::Fail, "no key of the set fits this token")
            .expected(json!(known))
            .actual(kid)
            .hint(
                "the signing key was rotated, or the key set is another issuer's: fetch it again",
            );
        ladder.judge(failed, &error);
        return ladder.push(check(ladder, "signature", Status::Skip, no_key));
    }
    ladder.push(check(ladder, "keys", Status::Pass, "the key set has a key to try").actual(kid));
    let good = matches!(evidence.judge(&candidates), Judgement::Valid(_));
    let judged = match good {
        true => check(ladder, "signature", Status::Pass, "the signature is right"),
        false => check(ladder, "signature", Status::Fail, "none of these keys made this signature"),
    };
    ladder.judge(judged, &error);
}
