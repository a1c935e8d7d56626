//! `exp`, `nbf`, `iat` with the API server's borders (K53), and a limit on age.

use serde_json::{Value, json};

use super::Judged;
use crate::claims::{Claims, TokenKind};
use crate::error::{ErrorCode, PodpassError};
use crate::time::{UnixTime, duration};
use crate::trace::{Check, Status};

/// Leeway of the API server: go-jose `jwt.DefaultLeeway` (K53).
pub(crate) const LEEWAY: f64 = 60.0;

/// A NumericDate as a Go `time.Time` has it (K53, K9).
///
/// `Ok(None)`: absent or null, so not checked. Fractions are dropped. What no int64 holds overflows to long ago.
///
/// # Errors
///
/// The value, if it is no number.
pub(crate) fn go_date(claims: Claims<'_>, name: &str) -> Result<Option<UnixTime>, Value> {
    // 2^63 less the seconds from year 1 to 1970, which time.Unix adds.
    const LARGEST: f64 = 9_223_371_974_719_179_007.0;
    match claims.0.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let seconds = value.as_f64().ok_or_else(|| value.clone())?.trunc();
            Ok(Some(UnixTime(if seconds.abs() >= LARGEST { f64::MIN } else { seconds })))
        }
    }
}

/// What the time checks need to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    pub(crate) now: UnixTime,
    pub(crate) tolerance: f64,
}

/// The time checks, in the order in which they are thrown.
pub(crate) fn lifetime(claims: Claims<'_>, clock: Clock, max_age: Option<f64>) -> Vec<Judged> {
    let mut judged =
        vec![expiry(claims, clock), not_before(claims, clock), issued_at(claims, clock)];
    judged.extend(max_age.map(|max_age| age(claims, clock, max_age)));
    judged
}

fn expiry(claims: Claims<'_>, clock: Clock) -> Judged {
    const ID: &str = "token/exp";
    let exp = match go_date(claims, "exp") {
        Err(actual) => return mistyped(ID, "exp", actual),
        // Bound tokens always have one (K5); a legacy token never does (K7).
        Ok(None) if matches!(claims.kind(), TokenKind::Bound | TokenKind::External) => {
            let error =
                claim_error("exp", "missing", "the token has no `exp`: it would never expire");
            return Judged::fail(ID, error).map(|check| check.rule("K5"));
        }
        Ok(None) => {
            let check = Check::new(ID, Status::Skip, "the token has no `exp`: it never expires");
            return Judged::ok(check.rule("K96"));
        }
        Ok(Some(exp)) => exp,
    };
    let expected = format!("now - {} s <= {exp}", clock.tolerance);
    let left = exp.since(clock.now);
    if clock.now.0 - clock.tolerance > exp.0 {
        let error = PodpassError::new(
            ErrorCode::Expired,
            format!("the token expired {} ago", duration(left)),
        )
        .with("claim", "exp")
        .with("reason", "check_failed")
        .with("expiredAt", json!(exp))
        .with("now", json!(clock.now));
        let hint =
            "get a fresh token: read the file again, the kubelet replaces it before it expires";
        return Judged::fail(ID, error).map(|check| border(check, expected, clock).hint(hint));
    }
    let title = if left >= 0.0 {
        format!("the token is good for another {}", duration(left))
    } else {
        format!("the token expired {} ago, within the tolerance", duration(left))
    };
    Judged::ok(border(Check::new(ID, Status::Pass, title), expected, clock))
}

fn not_before(claims: Claims<'_>, clock: Clock) -> Judged {
    const ID: &str = "token/nbf";
    let nbf = match go_date(claims, "nbf") {
        Err(actual) => return mistyped(ID, "nbf", actual),
        Ok(None) => return Judged::ok(Check::new(ID, Status::Skip, "the token has no `nbf`")),
        Ok(Some(nbf)) => nbf,
    };
    let expected = format!("now + {} s >= {nbf}", clock.tolerance);
    if clock.now.0 + clock.tolerance < nbf.0 {
        let message =
            format!("the token is not valid yet: it will be in {}", duration(nbf.since(clock.now)));
        let hint =
            "compare the clocks: of this machine, and of the API server that issued the token";
        return Judged::fail(ID, early("nbf", message, nbf, clock))
            .map(|check| border(check, expected, clock).hint(hint));
    }
    Judged::ok(border(Check::new(ID, Status::Pass, "the token is already valid"), expected, clock))
}

fn issued_at(claims: Claims<'_>, clock: Clock) -> Judged {
    const ID: &str = "token/iat";
    let iat = match go_date(claims, "iat") {
        Err(actual) => return mistyped(ID, "iat", actual),
        Ok(None) => return Judged::ok(Check::new(ID, Status::Skip, "the token has no `iat`")),
        Ok(Some(iat)) => iat,
    };
    let expected = format!("now + {} s >= {iat}", clock.tolerance);
    if clock.now.0 + clock.tolerance < iat.0 {
        let message =
            format!("the token is issued {} in the future", duration(iat.since(clock.now)));
        return Judged::fail(ID, early("iat", message, iat, clock))
            .map(|check| border(check, expected, clock));
    }
    Judged::ok(border(
        Check::new(ID, Status::Pass, "the token is not from the future"),
        expected,
        clock,
    ))
}

/// Not thrown before the age is really known: a token without `iat` counts as too old.
fn age(claims: Claims<'_>, clock: Clock, max_age: f64) -> Judged {
    const ID: &str = "token/age";
    let expected = format!("now - iat <= {} s", max_age + clock.tolerance);
    let error = |message: String, reason: &str| {
        PodpassError::new(ErrorCode::Expired, message)
            .with("claim", "iat")
            .with("reason", reason)
            .with("now", json!(clock.now))
    };
    let Ok(Some(iat)) = go_date(claims, "iat") else {
        let error = error("the token has no `iat`, so its age is unknown".into(), "missing");
        return Judged::fail(ID, error).map(|check| check.expected(expected));
    };
    let old = clock.now.since(iat);
    if old > max_age + clock.tolerance {
        let message = format!(
            "the token is {} old, at most {} are allowed",
            duration(old),
            duration(max_age)
        );
        return Judged::fail(ID, error(message, "check_failed"))
            .map(|check| check.expected(expected).actual(old));
    }
    Judged::ok(
        Check::new(ID, Status::Pass, "the token is young enough").expected(expected).actual(old),
    )
}

fn border(check: Check, expected: String, clock: Clock) -> Check {
    check.expected(expected).actual(clock.now.to_string()).rule("K53")
}

fn claim_error(claim: &str, reason: &str, message: impl Into<String>) -> PodpassError {
    PodpassError::new(ErrorCode::ClaimValidationFailed, message)
        .with("claim", claim)
        .with("reason", reason)
}

fn early(claim: &str, message: String, date: UnixTime, clock: Clock) -> PodpassError {
    claim_error(claim, "check_failed", message)
        .with("expected", json!(date))
        .with("actual", json!(clock.now))
}

fn mistyped(id: &'static str, claim: &str, actual: Value) -> Judged {
    let error = claim_error(claim, "invalid", format!("the token's `{claim}` is not a number"))
        .with("actual", actual.clone());
    Judged::fail(id, error)
        .map(|check| check.expected("a number of seconds since 1970").actual(actual).rule("K53"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_are_those_of_the_api_server() {
        let claims = json!({"kubernetes.io": {}, "iat": 1000, "nbf": 1000, "exp": 1600});
        let claims = Claims(claims.as_object().unwrap());
        let failing = |now: f64| -> Vec<String> {
            lifetime(claims, Clock { now: UnixTime(now), tolerance: LEEWAY }, None)
                .into_iter()
                .filter(|judged| judged.check.status == Status::Fail)
                .map(|judged| judged.check.id.into_owned())
                .collect()
        };
        assert_eq!(failing(939.0), ["token/nbf", "token/iat"]);
        assert_eq!(failing(940.0), [""; 0]);
        assert_eq!(failing(1660.0), [""; 0]);
        assert_eq!(failing(1660.001), ["token/exp"]);
    }

    #[test]
    fn odd_dates_are_read_as_go_reads_them() {
        let table = [
            (json!(1e300), Ok(Some(f64::MIN))),
            (json!(1.9), Ok(Some(1.0))),
            (json!(-1.9), Ok(Some(-1.0))),
            (json!(null), Ok(None)),
            (json!("1"), Err(json!("1"))),
        ];
        for (value, expected) in table {
            let claims = json!({ "exp": value });
            let date = go_date(Claims(claims.as_object().unwrap()), "exp");
            assert_eq!(date.map(|date| date.map(|date| date.0)), expected);
        }
    }
}
