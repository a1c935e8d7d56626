//! [`crate::Verifier`] for a token that passes: everything but the signature is judged, and the answer is written for
//! the case that it is right.

use podpass_scan::Writer;

use super::{Claims, decoded, parts};
use crate::check::lifetime::LEEWAY;
use crate::time::UnixTime;
use crate::verify::VerifyOptions;

/// A header that was seen before, and what the full judgement made of it.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    /// As it stands in the token.
    pub(crate) segment: String,
    pub(crate) json: String,
    /// The one key that may have signed, its id if it has one, and the algorithm.
    pub(crate) key: usize,
    pub(crate) key_json: String,
}

/// What is left to do: to check the signature over the first `input` bytes with this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Foreseen {
    pub(crate) key: usize,
    pub(crate) input: usize,
}

/// Writes what a right signature makes of this token: `header`, `claims`, `kind` and `key`. Whatever else a verified token
/// holds stands in the claims, each of them of the type that it should have. The signature's bytes go to `signature`.
pub(crate) fn foresee(
    token: &str,
    known: &[Known],
    (options, now): (&VerifyOptions, UnixTime),
    (scratch, signature): (&mut Vec<u8>, &mut Vec<u8>),
    out: &mut String,
) -> Option<Foreseen> {
    out.clear();
    let (header, payload, signature_part) = parts(token)?;
    let known = known.iter().find(|known| known.segment == header)?;
    decoded(signature_part, signature)?;
    let payload_json = std::str::from_utf8(decoded(payload, scratch)?).ok()?;
    let claims = Claims::read(payload_json)?;
    let kind = judge(&claims, options, now)?;
    let mut writer = Writer(out);
    writer.json("{\"header\":", &known.json);
    writer.json(",\"claims\":", payload_json);
    writer.text(",\"kind\":\"", kind);
    writer.json(",\"key\":", &known.key_json);
    writer.json("}", "");
    Some(Foreseen { key: known.key, input: header.len() + 1 + payload.len() })
}

/// Every claim is as wanted, and plainly so: what the answer is put together of has the type that it should have.
/// Gives the token's kind.
fn judge(claims: &Claims<'_>, options: &VerifyOptions, now: UnixTime) -> Option<&'static str> {
    let (issuer, audiences) = (claims.text("iss")?, claims.audiences()?);
    let is_among = |accepted: &[String], found: &str| accepted.iter().any(|one| one == found);
    let trusted = options
        .issuer
        .as_ref()
        .is_none_or(|trusted| issuer.is_some_and(|issuer| is_among(trusted.as_slice(), issuer)));
    let meant = options.audience.as_ref().is_none_or(|accepted| {
        audiences.iter().any(|audience| is_among(accepted.as_slice(), audience))
    });
    let (namespace, account) = claims.account()?;
    let subject = claims.text("sub")??.strip_prefix("system:serviceaccount:")?;
    let agrees = subject.strip_prefix(namespace)?.strip_prefix(':')? == account.0;
    if !(trusted && meant && agrees && options.expect.is_none() && in_time(claims, options, now)?) {
        return None;
    }
    for name in ["pod", "node"] {
        claims.bound(name)?;
    }
    Some(Claims::kind(issuer, &audiences))
}

/// The borders of `check::lifetime`.
fn in_time(claims: &Claims<'_>, options: &VerifyOptions, now: UnixTime) -> Option<bool> {
    let (now, tolerance) = (now.0, options.clock_tolerance.unwrap_or(LEEWAY));
    let seconds = |claim: &str| match claims.date(claim)? {
        None => Some(None),
        Some(digits) => digits.parse::<f64>().ok().map(Some),
    };
    let (exp, nbf, iat) = (seconds("exp")??, seconds("nbf")?, seconds("iat")?);
    let begun = |date: Option<f64>| date.is_none_or(|date| now + tolerance >= date);
    let young = options
        .max_token_age
        .is_none_or(|most| iat.is_some_and(|iat| now - iat <= most + tolerance));
    Some(now - tolerance <= exp && begun(nbf) && begun(iat) && young)
}
