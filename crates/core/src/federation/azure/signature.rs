//! The token's key and signature (Z38, Z46, Z47).

use std::borrow::Cow;

use super::errors;
use crate::federation::{Ladder, Subject};
use crate::jwk::Key;
use crate::signature::{Evidence, Judgement};
use crate::trace::{Check, Status};

/// The only algorithm that Microsoft supports (Z38).
const SUPPORTED: &str = "RS256";
/// Also RSA: these may work.
const UNTESTED: [&str; 5] = ["RS384", "RS512", "PS256", "PS384", "PS512"];

fn check(stage: &str, status: Status, title: impl Into<Cow<'static, str>>) -> Check {
    Check::new(format!("azure/{stage}"), status, title)
}

pub(super) fn judge(ladder: &mut Ladder, subject: &Subject<'_>, issuer: &str) {
    let Some(evidence) = subject.evidence() else {
        for (stage, title) in [
            ("keys", "there is no key to choose"),
            ("signature", "there is no signature to verify"),
        ] {
            ladder.push(
                check(stage, Status::Skip, title)
                    .hint("claims were given instead of a token; they count as verified"),
            );
        }
        return;
    };
    algorithm(ladder, subject);
    let Some(candidates) = key(ladder, subject, evidence, issuer) else { return };
    signature(ladder, evidence.judge(&candidates));
}

/// Z38.
fn algorithm(ladder: &mut Ladder, subject: &Subject<'_>) {
    let alg = subject.jws().and_then(|jws| jws.alg()).unwrap_or_default();
    let judged = |status, title: &'static str| {
        check("keys/algorithm", status, title).expected(SUPPORTED).actual(alg).rule("Z38")
    };
    match alg {
        SUPPORTED => ladder.push(judged(Status::Pass, "the token is signed with RS256")),
        _ if UNTESTED.contains(&alg) => ladder.push(
            judged(Status::Unknown, "Entra supports RS256 alone; others may work")
                .hint("let the issuer sign with an RSA key: the API server then uses RS256"),
        ),
        _ => ladder.fail(
            judged(Status::Fail, "Entra does not take this algorithm")
                .hint("let the issuer sign with an RSA key: the API server then uses RS256"),
            errors::unsupported_key().likely(),
        ),
    }
}

/// The key that the header names; `None`: there is nothing to verify with.
fn key(
    ladder: &mut Ladder,
    subject: &Subject<'_>,
    evidence: &Evidence,
    issuer: &str,
) -> Option<Vec<usize>> {
    let keys = evidence.keys.as_ref().filter(|keys| !keys.keys.is_empty());
    let Some(keys) = keys else {
        ladder.push(
            check("signature", Status::Unknown, "the signature was not verified: there are no keys")
                .hint("paste the issuer's JWKS: `kubectl get --raw /openid/v1/jwks`, or fetch its jwks_uri")
                .rule("Z46"),
        );
        return None;
    };
    let kid = subject.header().and_then(|header| header.get("kid")?.as_str()).unwrap_or_default();
    let published: Vec<&str> = keys.keys.iter().filter_map(published_id).collect();
    let judged = |status, title: &'static str| {
        check("keys", status, title).expected(published.clone()).actual(kid).rule("Z47")
    };
    let candidates = evidence.candidates(|key| !kid.is_empty() && published_id(key) == Some(kid));
    if candidates.is_empty() {
        let check = judged(Status::Fail, "the issuer publishes no key of this id").hint(
            "after a key change upload the JWKS again; Entra caches keys for 20 to 30 minutes, and a token of another cluster never fits",
        );
        ladder.fail(check, errors::no_key(kid, issuer));
        return None;
    }
    ladder.push(judged(Status::Pass, "the issuer publishes the token's key"));
    Some(candidates)
}

/// As it stands in a JWKS; a PEM key stands for the JWK that the API server makes of it (K2).
fn published_id(key: &Key) -> Option<&str> {
    if key.written.is_empty() {
        return key.id();
    }
    key.info.kid.as_deref().filter(|kid| !kid.is_empty())
}

fn signature(ladder: &mut Ladder, judgement: Judgement) {
    let judged = |status, title: &'static str| check("signature", status, title).rule("Z42");
    match judgement {
        Judgement::Valid(_) => {
            ladder.push(judged(Status::Pass, "the token's key made the signature"));
        }
        Judgement::Invalid => ladder.fail(
            judged(Status::Fail, "the token's key did not make the signature").hint(
                "the token was changed, or is of another cluster; send it as it is in the file",
            ),
            errors::bad_signature(),
        ),
        Judgement::NoCandidate | Judgement::NoKeys => ladder.push(
            judged(Status::Unknown, "podpass cannot verify with this key")
                .hint("paste the key as a JWK with its public members"),
        ),
    }
}
