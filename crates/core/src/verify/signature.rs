//! The first half of verification: form, algorithm, key, signature (RFC 7515 §5.2, RFC 8725 §3.1).

use serde_json::json;

use crate::algorithm::{Algorithm, AlgorithmName, verify_as_go_jose};
use crate::check::Judged;
use crate::error::{ErrorCode, PodpassError, quoted};
use crate::jwk::{Key, KeyUse};
use crate::jws::Jws;
use crate::signature::{Evidence, Judgement};
use crate::trace::{Check, Status};

/// Most keys that are tried for one token: more would let a sender choose how long a verification takes.
const MOST_CANDIDATES: usize = 4;

/// The checks so far, and the key that made the signature, if one did.
pub(super) struct SignatureChecks {
    pub(super) judged: Vec<Judged>,
    pub(super) key: Option<usize>,
}

pub(super) fn signature(evidence: &Evidence, allowed: &[Algorithm]) -> SignatureChecks {
    let Some(jws) = &evidence.jws else { return SignatureChecks { judged: Vec::new(), key: None } };
    let mut judged = form(jws, allowed);
    let refused = judged.iter().any(|judged| judged.error.is_some());
    let (key_check, candidates) = key(evidence, jws, allowed);
    judged.push(key_check);
    // A token that podpass does not take is not worth the arithmetic, and its signature says nothing.
    let judgement = if refused { Judgement::NoCandidate } else { evidence.judge(&candidates) };
    judged.push(signed(evidence, &judgement, &candidates));
    SignatureChecks {
        judged,
        key: match judgement {
            Judgement::Valid(index) => Some(index),
            _ => None,
        },
    }
}

/// Form and algorithm alone.
pub(super) fn form(jws: &Jws, allowed: &[Algorithm]) -> Vec<Judged> {
    vec![format(jws), algorithm(jws, allowed)]
}

/// The keys that are tried for this token, in order; none if it is refused whatever its signature says.
pub(super) fn candidates(evidence: &Evidence, allowed: &[Algorithm]) -> Vec<usize> {
    let taken = |jws: &&Jws| form(jws, allowed).iter().all(|judged| judged.error.is_none());
    evidence.jws.as_ref().filter(taken).map_or(Vec::new(), |jws| key(evidence, jws, allowed).1)
}

fn format(jws: &Jws) -> Judged {
    const ID: &str = "token/format";
    match jws.problems.first() {
        Some(problem) => Judged::fail(ID, problem.error()),
        None => Judged::ok(Check::new(ID, Status::Pass, "a JWS in compact form")),
    }
}

/// `alg` is one that the verifier takes; the token only picks among them.
fn algorithm(jws: &Jws, allowed: &[Algorithm]) -> Judged {
    const ID: &str = "token/alg";
    let names: Vec<&str> = allowed.iter().map(|algorithm| algorithm.name()).collect();
    let Some(name) = jws.alg() else {
        if jws.header.is_none() {
            return Judged::ok(Check::new(ID, Status::Skip, "the header could not be read"));
        }
        let error =
            PodpassError::new(ErrorCode::JwsInvalid, "the header names no algorithm (`alg`)");
        return Judged::fail(ID, error).map(|check| check.expected(json!(names)));
    };
    let refuse = |code, message: String| {
        let error =
            PodpassError::new(code, message).with("alg", name).with("allowed", json!(names));
        Judged::fail(ID, error).map(|check| check.expected(json!(names)).actual(name))
    };
    match Algorithm::named(name) {
        AlgorithmName::Known(algorithm) if allowed.contains(&algorithm) => Judged::ok(
            Check::new(ID, Status::Pass, format!("signed with {name}"))
                .expected(json!(names))
                .actual(name),
        ),
        AlgorithmName::Known(_) => {
            refuse(ErrorCode::AlgNotAllowed, format!("the algorithm {name} is not allowed here"))
        }
        AlgorithmName::None => refuse(
            ErrorCode::AlgNotAllowed,
            "the token is not signed at all (`alg` is \"none\")".into(),
        ),
        AlgorithmName::Symmetric => refuse(
            ErrorCode::AlgNotAllowed,
            format!("{name} is symmetric: with it, whoever knows the public key could make tokens"),
        ),
        AlgorithmName::Unknown => refuse(
            ErrorCode::NotSupported,
            format!("podpass does not know the algorithm {}", quoted(name)),
        ),
    }
}

/// The keys that may have made the signature: of the header's `kid` if it has one, else all that fit.
fn key(evidence: &Evidence, jws: &Jws, allowed: &[Algorithm]) -> (Judged, Vec<usize>) {
    const ID: &str = "token/key";
    let Some(keys) = &evidence.keys else {
        let check = Check::new(ID, Status::Unknown, "no key set was given");
        return (
            Judged::ok(check.hint("paste the output of `kubectl get --raw /openid/v1/jwks`")),
            Vec::new(),
        );
    };
    if keys.unreadable {
        let reason = keys.checks.iter().find(|check| check.status == Status::Fail);
        let message = reason.map_or("the text is no key set", |check| &*check.title).to_owned();
        return (Judged::fail(ID, PodpassError::new(ErrorCode::JwksInvalid, message)), Vec::new());
    }
    let Some(algorithm) = evidence.algorithm().filter(|algorithm| allowed.contains(algorithm))
    else {
        return (
            Judged::ok(Check::new(ID, Status::Skip, "without an algorithm no key can be chosen")),
            Vec::new(),
        );
    };
    let kid = jws.kid();
    let candidates = evidence.candidates(|key| {
        key.info.usage == KeyUse::Used
            && fits(key, algorithm)
            && kid.is_none_or(|kid| key.id() == Some(kid))
    });
    let judged = match candidates.len() {
        0 => no_key(evidence, jws, algorithm),
        count if count > MOST_CANDIDATES => {
            let message = format!(
                "{count} keys could have signed this token, at most {MOST_CANDIDATES} are tried"
            );
            let error =
                PodpassError::new(ErrorCode::MultipleMatchingKeys, message).with("kid", kid);
            let hint = "give fewer keys, or use tokens that name theirs (`kid`)";
            Judged::fail(ID, error).map(|check| check.hint(hint))
        }
        1 if kid.is_some() => {
            Judged::ok(Check::new(ID, Status::Pass, "the token names a key of the set").actual(kid))
        }
        count => Judged::ok(
            Check::new(ID, Status::Pass, format!("{count} keys of the set fit")).actual(kid),
        ),
    };
    let candidates = if judged.error.is_some() { Vec::new() } else { candidates };
    (judged, candidates)
}

/// The JWK's own `alg`, if it has one, must be the header's.
fn fits(key: &Key, algorithm: Algorithm) -> bool {
    key.public.as_ref().is_some_and(|public| algorithm.fits(public))
        && key.info.alg.as_deref().is_none_or(|alg| alg == algorithm.name())
}

fn no_key(evidence: &Evidence, jws: &Jws, algorithm: Algorithm) -> Judged {
    let kid = jws.kid();
    let keys = evidence.keys.iter().flat_map(|keys| &keys.keys);
    let known: Vec<&str> = keys.clone().filter_map(Key::id).collect();
    let named: Vec<&Key> = keys.clone().filter(|key| kid.is_some() && key.id() == kid).collect();
    let (message, hint) = match (kid, named.first()) {
        (None, _) => (
            format!("the token names no key, and none of the set can do {}", algorithm.name()),
            "the key set is probably another issuer's".to_owned(),
        ),
        (Some(kid), None) => (
            format!("no key of the set has the id {}", quoted(kid)),
            other_name(evidence, kid).unwrap_or_else(|| {
                "the signing key was rotated, or the key set is another cluster's: fetch it again"
                    .to_owned()
            }),
        ),
        (Some(_), Some(Key { info, .. })) if info.usage == KeyUse::Ignored => (
            format!(
                "the key that the token names is not used: {}",
                info.reason.as_deref().unwrap_or_default()
            ),
            "see what is said of the key set".to_owned(),
        ),
        (Some(_), Some(_)) => (
            format!("the key that the token names cannot do {}", algorithm.name()),
            "header and key disagree: the token did not come from this issuer".to_owned(),
        ),
    };
    let looser = named.iter().take(MOST_CANDIDATES).any(|key| {
        let signature = jws.signature.as_deref().unwrap_or_default();
        let made = |public| verify_as_go_jose(algorithm, public, jws.signing_input(), signature);
        key.public.as_ref().is_some_and(made)
    });
    let hint = if looser {
        format!("the API server would accept this signature, podpass does not, because {message}")
    } else {
        hint
    };
    let error = PodpassError::new(ErrorCode::NoMatchingKey, message)
        .with("kid", kid)
        .with("knownKids", json!(known));
    Judged::fail("token/key", error).map(|check| {
        check.expected(json!(known)).actual(kid).hint(hint).rule(if looser { "K4" } else { "K50" })
    })
}

/// K2: the key that the API server calls so, where the set calls it otherwise.
fn other_name(evidence: &Evidence, kid: &str) -> Option<String> {
    let mut keys = evidence.keys.iter().flat_map(|keys| &keys.keys);
    let key = keys.find(|key| key.info.derived_kid.as_deref() == Some(kid))?;
    let given = quoted(key.id().unwrap_or_default());
    Some(format!(
        "the key is there as {given}: the API server's id of it, which the token names, is the hash of the key, and \
         whoever wrote the set gave it another"
    ))
}

fn signed(evidence: &Evidence, judgement: &Judgement, candidates: &[usize]) -> Judged {
    const ID: &str = "token/signature";
    match judgement {
        Judgement::Valid(index) => {
            let id = evidence.key(*index).and_then(Key::id);
            Judged::ok(Check::new(ID, Status::Pass, "the signature is right").actual(id))
        }
        Judgement::NoKeys => Judged::ok(Check::new(
            ID,
            Status::Unknown,
            "without keys nobody can tell who signed this token",
        )),
        Judgement::NoCandidate => {
            Judged::ok(Check::new(ID, Status::Skip, "there is no key to check the signature with"))
        }
        Judgement::Invalid => {
            let kid = candidates.first().and_then(|index| evidence.key(*index)).and_then(Key::id);
            let message = "the signature was not made with this key over this header and payload";
            let error = PodpassError::new(ErrorCode::SignatureFailed, message).with("kid", kid);
            let named = evidence.jws.as_ref().and_then(Jws::kid);
            let hint = named.and_then(|kid| of_another_key(evidence, kid, candidates));
            let hint = hint.unwrap_or_else(|| "the token was changed or cut after signing, or another cluster's key has the same id".to_owned());
            Judged::fail(ID, error).map(|check| check.hint(hint))
        }
    }
}

/// K2: the id that a key is tried for is the hash of another key of the set.
fn of_another_key(evidence: &Evidence, kid: &str, tried: &[usize]) -> Option<String> {
    let keys = &evidence.keys.as_ref()?.keys;
    let derived = |at: usize| keys.get(at).and_then(|key| key.info.derived_kid.as_deref());
    let of_tried = tried.iter().any(|at| derived(*at) == Some(kid));
    let other = (0..keys.len()).find(|at| derived(*at) == Some(kid)).filter(|_| !of_tried)?;
    Some(format!(
        "the id is the hash of key {} of the set, not of this one: the ids are mixed up",
        other + 1
    ))
}
