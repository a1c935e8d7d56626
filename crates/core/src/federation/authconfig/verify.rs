//! The token itself: form, issuer, algorithm, keys, signature, audience, time (R25 to R27, R30a).
//!
//! Source: `k8s.io/apiserver/plugin/pkg/authenticator/token/oidc/oidc.go`; go-oidc v2.5.0 `verify.go`, `jwks.go`.

use serde_json::{Map, Value, json};

use super::config::Authenticator;
use super::{Presented, SYSTEM, refused, silent};
use crate::document::{Data, Node};
use crate::federation::Ladder;
use crate::federation::apiserver::peek_issuer;
use crate::go::{quoted, quoted_list};
use crate::jwk::{Key, Keys};
use crate::time::{UnixTime, duration};
use crate::trace::{Check, Status};

/// What the API server takes with a configuration file, in the order of its message.
const ALGORITHMS: [&str; 9] =
    ["ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"];
/// Seconds that `nbf` may lie ahead.
const LEEWAY: f64 = 60.0;
/// Google issues with and without a scheme.
const GOOGLE: &str = "https://accounts.google.com";

/// `iss` as the API server peeks at it.
pub(super) fn issuer_of(payload: &Node) -> Option<String> {
    let issuer = peek_issuer(payload).ok()?;
    Some(if issuer == "accounts.google.com" { GOOGLE.to_owned() } else { issuer })
}

/// What of the standard claims the verifier decodes.
#[derive(Debug, Default)]
pub(super) struct Standard {
    audience: Vec<String>,
    expiry: Option<f64>,
    not_before: Option<f64>,
}

/// The form of the token: what is no token at all is skipped without a word.
pub(super) fn format(ladder: &mut Ladder, presented: &Presented<'_>, known_issuer: bool) {
    let Some(token) = &presented.token else {
        let title = "claims were given, so there is no form to judge";
        return ladder.push(ladder.check("format", Status::Skip, title));
    };
    match &token.problem {
        None => {
            ladder.push(ladder.check("format", Status::Pass, "a JWS in compact form").rule("R26"))
        }
        Some(problem) => {
            let check = ladder.check("format", Status::Fail, problem.clone()).rule("R26");
            let said = token.go_problem.as_deref().unwrap_or(problem);
            let error = match known_issuer {
                true => refused(&format!("oidc: verify token: oidc: malformed jwt: {said}")),
                false => silent(),
            };
            ladder.fail(check, error);
        }
    }
}

/// R26: only these, whatever the key could do.
pub(super) fn algorithm(ladder: &mut Ladder, presented: &Presented<'_>) {
    let Some(token) = &presented.token else {
        let title = "claims were given, so there is no algorithm to judge";
        return ladder.push(ladder.check("algorithm", Status::Skip, title));
    };
    let Some(header) = &token.header else {
        let title = "the header could not be read";
        return ladder.push(ladder.check("algorithm", Status::Skip, title));
    };
    let good = ALGORITHMS.contains(&header.alg.as_str());
    let (status, title) = match good {
        true => (Status::Pass, "the API server takes this algorithm"),
        false => (Status::Fail, "the API server does not take this algorithm"),
    };
    let check = ladder
        .check("algorithm", status, title)
        .expected(json!(ALGORITHMS))
        .actual(header.alg.clone())
        .rule("R26");
    ladder.judge(check, || {
        let supported: Vec<String> = ALGORITHMS.iter().map(|name| (*name).to_owned()).collect();
        refused(&format!(
            "oidc: verify token: oidc: id token signed with unsupported algorithm, expected {} got {}",
            quoted_list(&supported),
            quoted(&header.alg)
        ))
    });
}

/// R30a.
pub(super) fn signature(ladder: &mut Ladder, presented: &Presented<'_>) {
    let skip = |ladder: &mut Ladder, stage: &str, title: &'static str| {
        let check = ladder.check(stage, Status::Skip, title);
        ladder.push(check);
    };
    let (Some(token), Some(evidence)) = (&presented.token, presented.evidence) else {
        skip(ladder, "keys", "claims were given, so there is no signature to judge");
        return skip(ladder, "signature", "claims were given, so they count as verified");
    };
    let Some(header) = &token.header else {
        return skip(ladder, "keys", "without a readable header no key can be chosen");
    };
    let Some(keys) = &evidence.keys else {
        let hint = "paste the issuer's key set: what its jwks_uri answers";
        for stage in ["keys", "signature"] {
            let title = "without keys nobody can tell who signed this token";
            let check = ladder.check(stage, Status::Unknown, title).rule("R30a");
            ladder.push(check.hint(hint));
        }
        return;
    };
    const PREFIX: &str = "oidc: verify token: failed to verify signature:";
    if let Some(problem) = unusable(keys) {
        let check = ladder
            .check("keys", Status::Fail, "one bad key makes the whole set unusable")
            .actual(problem.clone())
            .rule("R30a");
        let message = format!("{PREFIX} fetching keys oidc: failed to decode keys: {problem}");
        ladder.fail(check, refused(&message));
        return skip(ladder, "signature", "there is no key to check the signature with");
    }
    let fits = |key: &Key| header.kid.is_empty() || key.info.kid.as_deref() == Some(&header.kid);
    let candidates = evidence.candidates(fits);
    let failed = || refused(&format!("{PREFIX} failed to verify id token signature"));
    let known: Vec<&str> = keys.keys.iter().filter_map(|key| key.info.kid.as_deref()).collect();
    if candidates.is_empty() {
        let check = ladder
            .check("keys", Status::Fail, "the key set has no key of this id")
            .expected(json!(known))
            .actual(header.kid.clone())
            .hint("the signing key was replaced, or the key set is another issuer's; a key without id never serves a token that names one")
            .rule("R30a");
        ladder.fail(check, failed());
        return skip(ladder, "signature", "there is no key to check the signature with");
    }
    let check = ladder.check("keys", Status::Pass, "the key set has a key to try");
    ladder.push(check.actual(header.kid.clone()).rule("R30a"));
    let good = candidates.iter().any(|at| token.is_signed_by(evidence, *at));
    let (status, title) = match good {
        true => (Status::Pass, "the signature is right"),
        false => (Status::Fail, "none of these keys made this signature"),
    };
    let check = ladder.check("signature", status, title).rule("R30a");
    ladder.judge(check, failed);
}

/// go-jose decodes all keys or none.
fn unusable(keys: &Keys) -> Option<String> {
    if keys.unreadable || keys.discovery.is_some() {
        return Some("the text is no key set".into());
    }
    let broken = keys.keys.iter().find(|key| key.public.is_none() && key.info.kty != "oct")?;
    let kty = &broken.info.kty;
    Some(match kty.as_str() {
        "RSA" | "EC" | "OKP" => format!("square/go-jose: invalid {kty} key"),
        _ => format!("square/go-jose: unknown json web key type '{kty}'"),
    })
}

/// The standard claims as Go decodes them, names in any case, the last of several counting.
pub(super) fn standard(ladder: &mut Ladder, payload: &Node) -> Option<Standard> {
    let mut standard = Standard::default();
    let mut fault: Option<(&str, String)> = None;
    for member in payload.members() {
        let name =
            member.name.replace('\u{17f}', "s").replace('\u{212a}', "k").to_ascii_lowercase();
        let result = match name.as_str() {
            "sub" | "nonce" | "at_hash"
                if member.value.as_str().is_none() && !member.value.is_null() =>
            {
                Err(("format/claims", mistyped(&member.value, &name, "string")))
            }
            "aud" => audience(&member.value).map(|found| standard.audience = found),
            "exp" => date(&member.value, "exp")
                .map(|found| standard.expiry = Some(found))
                .map_err(of("time/exp")),
            "iat" => date(&member.value, "iat").map(|_| ()).map_err(of("time/iat")),
            "nbf" if member.value.is_null() => {
                standard.not_before = None;
                Ok(())
            }
            "nbf" => date(&member.value, "nbf")
                .map(|found| standard.not_before = Some(found))
                .map_err(of("time/nbf")),
            "_claim_names" | "_claim_sources"
                if !member.value.is_object() && !member.value.is_null() =>
            {
                let of = if name == "_claim_names" { "string" } else { "oidc.claimSource" };
                Err(("format/claims", mistyped(&member.value, &name, &format!("map[string]{of}"))))
            }
            _ => Ok(()),
        };
        if let Err(found) = result {
            fault = fault.or(Some(found));
        }
    }
    let Some((stage, problem)) = fault else { return Some(standard) };
    let check =
        ladder.check(stage, Status::Fail, format!("the claims cannot be decoded: {problem}"));
    let message = format!("oidc: verify token: oidc: failed to unmarshal claims: {problem}");
    ladder.fail(check.rule("R26"), refused(&message));
    None
}

fn of(stage: &'static str) -> impl Fn(String) -> (&'static str, String) {
    move |problem| (stage, problem)
}

/// `UnmarshalTypeError` of the verifier's own struct.
fn mistyped(value: &Node, field: &str, wanted: &str) -> String {
    let found = match value.data {
        Data::Null => "null",
        Data::Bool(_) => "bool",
        Data::Number(_) => "number",
        Data::String(_) => "string",
        Data::Array(_) => "array",
        Data::Object(_) => "object",
    };
    format!("json: cannot unmarshal {found} into Go struct field idToken.{field} of type {wanted}")
}

/// A text or a list of texts; null counts as an empty text.
fn audience(value: &Node) -> Result<Vec<String>, (&'static str, String)> {
    match &value.data {
        Data::Null => Ok(vec![String::new()]),
        Data::String(text) => Ok(vec![text.clone()]),
        Data::Array(elements) => elements
            .iter()
            .map(|element| match &element.data {
                Data::String(text) => Ok(text.clone()),
                Data::Null => Ok(String::new()),
                _ => Err(("audience", mistyped(element, "aud", "string"))),
            })
            .collect(),
        _ => Err(("audience", mistyped(value, "aud", "[]string"))),
    }
}

/// A number, or a text that is one; fractions are cut, and what no 64 bits hold becomes the farthest past.
fn date(value: &Node, field: &str) -> Result<f64, String> {
    let number = match &value.data {
        Data::Number(number) => number.as_f64(),
        Data::String(text) => {
            let item = quoted(&Value::String(text.clone()).to_string());
            let number = serde_json::from_str::<serde_json::Number>(text).ok();
            return match number.and_then(|number| number.as_f64()) {
                Some(number) => Ok(seconds(number)),
                None => Err(format!(
                    "json: invalid number literal, trying to unmarshal {item} into Number"
                )),
            };
        }
        Data::Null => return Err("strconv.ParseFloat: parsing \"\": invalid syntax".into()),
        _ => return Err(mistyped(value, field, "json.Number")),
    };
    // f64::MAX stands for a number that no double holds.
    let number = number.filter(|number| number.abs() < f64::MAX);
    number.map(seconds).ok_or_else(|| "strconv.ParseFloat: value out of range".to_owned())
}

/// `int64(f)` as amd64 has it, and then the years that `time.Unix` counts from 1 on: both overflow into the past.
fn seconds(number: f64) -> f64 {
    /// From year 1 to 1970.
    const EPOCH: f64 = 62_135_596_800.0;
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    let whole = number.trunc();
    let held = (-LIMIT..LIMIT).contains(&whole) && whole + EPOCH < LIMIT;
    if held { whole } else { FARTHEST_PAST }
}

/// The smallest number of 64 bits.
const FARTHEST_PAST: f64 = -9_223_372_036_854_775_808.0;

/// R30a: claims that are elsewhere.
pub(super) fn distributed(ladder: &mut Ladder, claims: &Map<String, Value>) {
    let Some(Value::Object(names)) = claims.get("_claim_names") else { return };
    let sources = claims.get("_claim_sources").and_then(Value::as_object);
    for source in names.values().filter_map(Value::as_str) {
        let problem = match source {
            "" => "failed to obtain source from claim name",
            name if sources.is_none_or(|sources| !sources.contains_key(name)) => {
                "source does not exist"
            }
            _ => continue,
        };
        let check = ladder.check(
            "format/claims",
            Status::Fail,
            "a claim is said to be elsewhere, but the place is missing",
        );
        ladder.fail(
            check.actual(source).rule("R30a"),
            refused(&format!("oidc: verify token: oidc: {problem}")),
        );
        return;
    }
}

/// R26: with one audience before time, with several after it.
pub(super) fn audience_and_time(
    ladder: &mut Ladder,
    authenticator: &Authenticator<'_>,
    standard: &Standard,
    now: UnixTime,
) {
    let one = authenticator.audiences.len() == 1;
    if one {
        meant_for(ladder, authenticator, standard);
    }
    expiry(ladder, standard, now);
    not_before(ladder, standard, now);
    if !one {
        meant_for(ladder, authenticator, standard);
    }
}

fn meant_for(ladder: &mut Ladder, authenticator: &Authenticator<'_>, standard: &Standard) {
    let mut wanted: Vec<String> =
        authenticator.audiences.iter().map(|audience| (*audience).to_owned()).collect();
    wanted.sort_unstable();
    let met = standard.audience.iter().any(|audience| wanted.contains(audience));
    let (status, title) = match met {
        true => (Status::Pass, "the token is meant for this API server"),
        false => (Status::Fail, "the token is meant for somebody else"),
    };
    let mut check = ladder
        .check("audience", status, title)
        .expected(json!(wanted))
        .actual(json!(standard.audience))
        .rule("R26");
    if !met {
        check = check.hint("ask for a token with this audience: `audience` of the projected volume's serviceAccountToken source");
    }
    ladder.judge(check, || {
        let found = quoted_list(&standard.audience);
        let expected = match wanted.as_slice() {
            [only] => quoted(only),
            several => format!("in {}", quoted_list(several)),
        };
        refused(&format!("oidc: verify token: oidc: expected audience {expected} got {found}"))
    });
}

fn expiry(ladder: &mut Ladder, standard: &Standard, now: UnixTime) {
    let good = standard.expiry.is_some_and(|exp| exp >= now.0);
    let title = match standard.expiry {
        None => "the token has no `exp`, so it counts as expired".to_owned(),
        Some(exp) if good => format!("the token expires in {}", duration(exp - now.0)),
        Some(exp) => format!("the token expired {} ago", duration(now.0 - exp)),
    };
    let check = ladder
        .check("time/exp", if good { Status::Pass } else { Status::Fail }, title)
        .expected(format!(">= {now}, without leeway"))
        .actual(standard.expiry.map_or(Value::Null, |exp| UnixTime(exp).to_string().into()))
        .rule("R26");
    ladder.judge(check, || {
        let shown = go_time(standard.expiry);
        refused(&format!("oidc: verify token: oidc: token is expired (Token Expiry: {shown})"))
    });
}

fn not_before(ladder: &mut Ladder, standard: &Standard, now: UnixTime) {
    let Some(nbf) = standard.not_before else {
        let check = ladder.check("time/nbf", Status::Skip, "the token has no `nbf`").rule("R26");
        return ladder.push(check);
    };
    let good = now.0 + LEEWAY >= nbf;
    let title = match good {
        true => "`nbf` lies in the past, or within the leeway of 60 s".to_owned(),
        false => format!("`nbf` lies {} in the future", duration(nbf - now.0)),
    };
    let check = ladder
        .check("time/nbf", if good { Status::Pass } else { Status::Fail }, title)
        .expected(format!("<= {now} + 60 s"))
        .actual(UnixTime(nbf).to_string())
        .rule("R26");
    ladder.judge(check, || {
        refused(&format!(
            "oidc: verify token: oidc: current time {} before the nbf (not before) time: {}",
            go_time(Some(now.0)),
            go_time(Some(nbf))
        ))
    });
}

/// Go's `time.Time`, printed where the clock is UTC; none is the year 1.
fn go_time(seconds: Option<f64>) -> String {
    let Some(seconds) = seconds else { return "0001-01-01 00:00:00 +0000 UTC".into() };
    if seconds <= FARTHEST_PAST {
        return "292277026596-12-04 15:30:08 +0000 UTC".into(); // its calendar overflows as well
    }
    let printed = UnixTime(seconds.trunc()).to_string();
    format!("{} +0000 UTC", printed.trim_end_matches('Z').replace('T', " "))
}

/// R25: `iss` picks the authenticator, byte for byte.
pub(super) fn issuer<'a, 'd>(
    ladder: &mut Ladder,
    authenticators: &'a [Authenticator<'d>],
    presented: &Presented<'_>,
) -> Option<&'a Authenticator<'d>> {
    let found = presented.payload.as_ref().and_then(issuer_of);
    let picked = authenticators.iter().find(|one| found.as_deref() == Some(one.issuer));
    let (status, title) = match (picked, authenticators) {
        (Some(_), _) => (Status::Pass, "an authenticator answers for this issuer"),
        (None, []) => (Status::Fail, "the file has no authenticators"),
        (None, _) => (Status::Fail, "no authenticator answers for this issuer"),
    };
    let known: Vec<&str> = authenticators.iter().map(|one| one.issuer).collect();
    let mut check = Check::new(format!("{}/issuer", SYSTEM.name()), status, title)
        .expected(json!(known))
        .actual(found.clone().map_or(Value::Null, Value::from))
        .rule("R25");
    if let (None, Some(found)) = (picked, &found) {
        let near = known.iter().find_map(|known| crate::check::issuer::difference(found, known));
        check = check.hint(near.map_or_else(
            || "the token is another issuer's; the API server skips it without a word".to_owned(),
            |difference| {
                format!("the two differ by {difference} only; issuers are compared byte for byte")
            },
        ));
    }
    ladder.judge(check, silent);
    picked
}
