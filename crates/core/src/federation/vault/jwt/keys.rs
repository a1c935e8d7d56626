//! Whose signature it is (R3): static keys are all tried, published ones by their id.
//!
//! Source: `github.com/hashicorp/cap` v0.12.0 `jwt/keyset.go`; go-oidc v3 `jwks.go`.

use super::config::{ALGORITHMS, Config, Source};
use crate::federation::vault::Judge;
use crate::federation::vault::presented::Presented;
use crate::jwk::{Key, Keys};
use crate::signature::Evidence;
use crate::trace::{Check, Status};

const PREFIX: &str = "error verifying token signature: ";

/// Whether the claims can be judged: signed by a known key, or nothing known against it.
pub(super) fn judge(judge: &mut Judge<'_>, config: &Config, presented: &Presented<'_>) {
    let Some(evidence) = presented.evidence else {
        for stage in ["format", "keys", "signature"] {
            let check = judge.check(stage, Status::Skip, "claims were given instead of a token");
            judge.push(check.hint("they count as verified"));
        }
        return;
    };
    let stated = Keys::parse(&config.public_keys.join("\n"));
    let keys = match config.source {
        Source::Static => Some(&stated),
        _ => evidence.keys.as_ref(),
    };
    // A PEM key has no JWK: it stands for `jwt_validation_pubkeys`.
    let published = match config.source {
        Source::Static => false,
        Source::Published => true,
        Source::Untold => {
            keys.is_some_and(|keys| keys.keys.iter().any(|key| !key.written.is_empty()))
        }
    };
    if let Some(problem) = presented.malformed() {
        let prefix = if published { "oidc: malformed jwt: " } else { "" };
        let title =
            presented.token.as_ref().and_then(|token| token.problem.clone()).unwrap_or_default();
        let check = judge.check("format", Status::Fail, title).rule("R3");
        return judge.refuse(check, &format!("{PREFIX}{prefix}{problem}"));
    }
    if published && !ALGORITHMS.contains(&presented.alg()) {
        let allowed: Vec<String> = ALGORITHMS.iter().map(|name| (*name).to_owned()).collect();
        let message = format!(
            "{PREFIX}oidc: malformed jwt: unexpected signature algorithm {}; expected {}",
            crate::go::quoted(presented.alg()),
            crate::go::quoted_list(&allowed)
        );
        let check =
            judge.check("signature", Status::Fail, "no published key verifies this algorithm");
        return judge.refuse(check.actual(presented.alg().to_owned()).rule("R3"), &message);
    }
    let check = judge.check("format", Status::Pass, "the token has three parts").rule("R3");
    judge.push(check);
    let Some(keys) = keys.filter(|keys| !keys.keys.is_empty()) else {
        let check = judge.check(
            "signature",
            Status::Unknown,
            "the signature was not verified: there are no keys",
        );
        return judge.push(
            check
                .hint("paste the issuer's key set, or the configuration with its public keys")
                .rule("R3"),
        );
    };
    match published {
        true => by_published(judge, presented, evidence, keys),
        false if config.source == Source::Static => {
            let own = Evidence::new(Some(&presented.compact), None);
            by_static(judge, presented, &with_keys(own, stated.clone()), &stated);
        }
        false => by_static(judge, presented, evidence, keys),
    }
}

fn with_keys(mut evidence: Evidence, keys: Keys) -> Evidence {
    evidence.keys = Some(keys);
    evidence
}

/// R3: `kid` does not matter, all are tried.
fn by_static(judge: &mut Judge<'_>, presented: &Presented<'_>, evidence: &Evidence, keys: &Keys) {
    let signed = presented
        .token
        .as_ref()
        .is_some_and(|token| (0..keys.keys.len()).any(|at| token.is_signed_by(evidence, at)));
    let readable = presented.claims().is_some() && !presented.has_twins();
    let (status, title) = match (signed, readable) {
        (true, true) => (Status::Pass, "one of the keys made the signature"),
        (true, false) => (Status::Fail, "the claims are no object, or a name stands twice"),
        (false, _) => (Status::Fail, "none of the keys made the signature"),
    };
    let check = judge.check("signature", status, title).rule("R3");
    judge.told(check, &format!("{PREFIX}no known key successfully validated the token signature"));
}

/// R3: a `kid` must match; a key without one never serves a token that has one.
fn by_published(
    judge: &mut Judge<'_>,
    presented: &Presented<'_>,
    evidence: &Evidence,
    keys: &Keys,
) {
    if let Some(problem) = unusable(keys) {
        let check = judge.check("keys", Status::Fail, "one bad key makes the whole set unusable");
        let message = format!("{PREFIX}fetching keys oidc: failed to decode keys: {problem}");
        return judge.refuse(check.actual(problem).rule("R1"), &message);
    }
    let Some(token) = &presented.token else { return };
    let kid = token.header.as_ref().map_or("", |header| &header.kid);
    let fits = |key: &Key| kid.is_empty() || published_id(key) == Some(kid);
    let candidates = evidence.candidates(fits);
    let known: Vec<&str> = keys.keys.iter().filter_map(published_id).collect();
    let failed = format!("{PREFIX}failed to verify id token signature");
    let check = |judge: &Judge<'_>, status, title: &'static str| -> Check {
        judge.check("keys", status, title).expected(known.clone()).actual(kid.to_owned()).rule("R3")
    };
    if candidates.is_empty() {
        let check = check(judge, Status::Fail, "the issuer publishes no key of this id")
            .hint("the signing key was replaced, or the token is another cluster's");
        return judge.refuse(check, &failed);
    }
    let found = check(judge, Status::Pass, "the issuer publishes a key to try");
    judge.push(found);
    let signed = candidates.iter().any(|at| token.is_signed_by(evidence, *at));
    let (status, title) = match signed {
        true => (Status::Pass, "a published key made the signature"),
        false => (Status::Fail, "no published key made the signature"),
    };
    let check = judge.check("signature", status, title).rule("R3");
    judge.told(check, &failed);
    if signed && presented.claims().is_none() {
        let check = judge.check("signature/claims", Status::Fail, "the claims are no object");
        judge.refuse(check.rule("R3"), &format!("{PREFIX}json: cannot unmarshal array into Go value of type map[string]interface {{}}"));
    }
}

fn published_id(key: &Key) -> Option<&str> {
    match key.written.is_empty() {
        true => key.id(),
        false => key.info.kid.as_deref().filter(|kid| !kid.is_empty()),
    }
}

/// R1: go-jose decodes all keys or none.
pub(super) fn unusable(keys: &Keys) -> Option<String> {
    let broken = keys.keys.iter().find(|key| key.public.is_none() && key.info.kty != "oct")?;
    let kty = &broken.info.kty;
    Some(match kty.as_str() {
        "RSA" | "EC" | "OKP" => format!("go-jose/go-jose: invalid {kty} key"),
        _ => format!("go-jose/go-jose: unknown json web key type '{kty}'"),
    })
}
