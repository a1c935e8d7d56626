//! What STS asks of the token's claims (A30-A36).
//!
//! Sources: the captured answers of STS, and the API reference of AssumeRoleWithWebIdentity (read 2026-11).

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::errors;
use crate::claims::LEGACY_ISSUER;
use crate::federation::Ladder;
use crate::time::UnixTime;
use crate::trace::{Check, ProviderError, Status};

/// STS' clock tolerance in seconds, for `exp`, `nbf` and `iat` (A35).
const TOLERANCE: f64 = 300.0;

/// The claims as STS reads them.
#[derive(Debug, Clone, Copy)]
pub(super) struct WebIdentity<'a> {
    claims: &'a Map<String, Value>,
}

impl<'a> WebIdentity<'a> {
    pub(super) fn new(claims: &'a Map<String, Value>) -> Self {
        Self { claims }
    }

    pub(super) fn claims(&self) -> &'a Map<String, Value> {
        self.claims
    }

    pub(super) fn issuer(&self) -> Option<&'a str> {
        self.claims.get("iss").and_then(Value::as_str)
    }

    /// A40: the issuer without `https://`, nothing else changed.
    pub(super) fn key_prefix(&self) -> Option<&'a str> {
        self.issuer().map(|issuer| issuer.strip_prefix("https://").unwrap_or(issuer))
    }

    /// A31: a number counts as its text.
    pub(super) fn subject(&self) -> Option<Cow<'a, str>> {
        self.claims.get("sub").and_then(text_form)
    }

    /// A32, A33: `azp` wins over `aud`, even if it is empty; `aud` counts if it is one.
    pub(super) fn audience(&self) -> Option<Cow<'a, str>> {
        if let Some(azp) = self.claims.get("azp").and_then(text_form) {
            return Some(azp);
        }
        match self.claims.get("aud")? {
            Value::Array(many) => match many.as_slice() {
                [only] => text_form(only),
                _ => None,
            },
            one => text_form(one),
        }
    }
}

/// The text of a claim that is a text, a number or a boolean.
pub(super) fn text_form(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Step 4.
pub(super) fn judge_claims(ladder: &mut Ladder, identity: &WebIdentity<'_>) {
    for name in ["iss", "sub", "aud", "exp", "iat"] {
        required(ladder, identity, name);
    }
    if identity.claims.contains_key("nbf") {
        timestamp(ladder, identity, "nbf");
    }
}

/// A30.
fn required(ladder: &mut Ladder, identity: &WebIdentity<'_>, name: &'static str) {
    let Some(value) = identity.claims.get(name) else {
        let check = claim(name, Status::Fail, format!("the token has no `{name}`"))
            .hint(missing_hint(identity, name))
            .rule("A30");
        return ladder.fail(check, errors::missing_claim(name));
    };
    match name {
        "aud" => audience_shape(ladder, identity, value),
        "exp" | "iat" => timestamp(ladder, identity, name),
        "sub" if value.is_null() => {
            let check = claim(name, Status::Fail, "`sub` is null").actual(Value::Null).rule("A31");
            ladder.fail(check, errors::internal_failure());
        }
        _ if text_form(value).is_none() => {
            let check = claim(name, Status::Fail, format!("`{name}` is no text"))
                .actual(value.clone())
                .rule("A30");
            ladder.fail(check, errors::missing_claim(name).likely());
        }
        _ => ladder.push(
            claim(name, Status::Pass, format!("`{name}` is there"))
                .actual(value.clone())
                .rule("A30"),
        ),
    }
}

fn missing_hint(identity: &WebIdentity<'_>, name: &str) -> Cow<'static, str> {
    if identity.issuer() == Some(LEGACY_ISSUER) {
        return Cow::Borrowed(
            "this is a token from a Secret: it has no audience and no end, and no provider can be made for its issuer; mount a projected serviceAccountToken with audience sts.amazonaws.com",
        );
    }
    Cow::Owned(format!("use a projected serviceAccountToken volume: its tokens have `{name}`"))
}

/// A32.
fn audience_shape(ladder: &mut Ladder, identity: &WebIdentity<'_>, value: &Value) {
    let check =
        |status, title: &'static str| claim("aud", status, title).actual(value.clone()).rule("A32");
    match value {
        Value::Array(many) if many.is_empty() => {
            ladder.fail(check(Status::Fail, "`aud` is an empty list"), errors::empty_audience());
        }
        Value::Array(many) if many.len() > 1 && !identity.claims.contains_key("azp") => {
            let check = check(Status::Fail, "the token has more than one audience")
                .expected("one audience, or `azp`")
                .hint("request a token for the one audience sts.amazonaws.com");
            ladder.fail(check, errors::several_audiences());
        }
        _ if identity.audience().is_none() => {
            ladder.fail(check(Status::Fail, "`aud` is no text"), errors::empty_audience().likely());
        }
        _ => ladder.push(check(Status::Pass, "the token has one audience")),
    }
}

/// A34.
fn timestamp(ladder: &mut Ladder, identity: &WebIdentity<'_>, name: &'static str) {
    let value = identity.claims.get(name).cloned().unwrap_or_default();
    match whole_number(&value) {
        Some(_) => ladder.push(
            claim(name, Status::Pass, format!("`{name}` is a whole number"))
                .actual(value)
                .rule("A34"),
        ),
        None => ladder.fail(
            claim(name, Status::Fail, format!("`{name}` is no whole number of seconds"))
                .actual(value)
                .rule("A34"),
            errors::invalid_timestamp(),
        ),
    }
}

/// A whole number, or one written as text.
fn whole_number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let fits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            fits.then(|| text.parse::<f64>().ok())??
        }
        _ => return None,
    };
    (number.fract() == 0.0 && number.is_finite()).then_some(number)
}

/// Step 5 (A35, A36). The numbers in STS' texts are its clock, moved by the tolerance.
pub(super) fn judge_time(ladder: &mut Ladder, identity: &WebIdentity<'_>, now: UnixTime) {
    let clock = now.0.floor();
    let date = |name: &str| identity.claims.get(name).and_then(whole_number);
    if let Some(expires) = date("exp") {
        let earliest = clock - TOLERANCE;
        let verdict = Instant {
            name: "exp",
            at: expires,
            clock,
            holds: earliest < expires,
            strict: clock < expires,
        };
        verdict.judge(ladder, errors::expired(earliest, expires));
    }
    if let Some(not_before) = date("nbf") {
        let latest = clock + TOLERANCE;
        let verdict = Instant {
            name: "nbf",
            at: not_before,
            clock,
            holds: latest >= not_before,
            strict: clock >= not_before,
        };
        verdict.judge(ladder, errors::not_yet_valid(latest, not_before));
    }
    if let Some(issued) = date("iat") {
        let verdict = Instant {
            name: "iat",
            at: issued,
            clock,
            holds: clock + TOLERANCE >= issued,
            strict: clock >= issued,
        };
        verdict.judge(ladder, errors::issued_in_future(issued));
    }
}

/// One of the token's instants against the clock.
struct Instant {
    name: &'static str,
    at: f64,
    clock: f64,
    /// With the tolerance.
    holds: bool,
    /// Without it.
    strict: bool,
}

impl Instant {
    fn judge(self, ladder: &mut Ladder, error: ProviderError) {
        let Self { name, at, clock, holds, strict } = self;
        let (at_time, past) = (UnixTime(at), at < clock);
        let distance = (clock - at).abs();
        let said = match (name, strict) {
            ("exp", true) => format!("expires in {distance} s, at {at_time}"),
            ("exp", false) => format!("expired {distance} s ago, at {at_time}"),
            ("nbf", true) => format!("valid since {at_time}"),
            ("nbf", false) => format!("valid only in {distance} s, at {at_time}"),
            (_, true) => format!("issued at {at_time}"),
            (_, false) => format!("issued {distance} s in the future, at {at_time}"),
        };
        let status = match (holds, strict) {
            (false, _) => Status::Fail,
            (true, true) => Status::Pass,
            (true, false) => Status::Warn,
        };
        let id = format!("aws-irsa/time/{name}");
        let mut check = Check::new(id, status, said)
            .expected(match name {
                "exp" => format!("after {}", UnixTime(clock - TOLERANCE)),
                _ => format!("not after {}", UnixTime(clock + TOLERANCE)),
            })
            .actual(at_time.to_string())
            .rule("A35");
        check.hint = match (status, past) {
            (Status::Warn, _) => Some(Cow::Borrowed(
                "within the five minutes that STS tolerates; other systems refuse it",
            )),
            (Status::Fail, true) => Some(Cow::Borrowed(
                "read the token file again at every use: the kubelet replaces it long before it expires",
            )),
            (Status::Fail, false) => {
                Some(Cow::Borrowed("compare the clocks of the issuer and of this machine"))
            }
            _ => None,
        };
        match status {
            Status::Fail => ladder.fail(check, error),
            _ => ladder.push(check),
        }
    }
}

fn claim(name: &str, status: Status, title: impl Into<Cow<'static, str>>) -> Check {
    Check::new(format!("aws-irsa/claims/{name}"), status, title)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::federation::System;
    use serde_json::json;

    fn first(claims: &Value, now: i64) -> (String, String) {
        let mut ladder = Ladder::new(System::AwsIrsa);
        let identity = WebIdentity::new(claims.as_object().unwrap());
        judge_claims(&mut ladder, &identity);
        judge_time(&mut ladder, &identity, UnixTime::from(now));
        let outcome = ladder.conclude("");
        let message = outcome.error.map(|error| error.message).unwrap_or_default();
        (outcome.stage.unwrap_or_default().into_owned(), message)
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = json!({"iss": "https://i", "sub": "s", "aud": ["a"], "exp": 2000, "iat": 1000, "nbf": 1000});
        claims[name] = value;
        claims
    }

    #[test]
    fn claims_and_times() {
        let timestamp = "Invalid timestamp in token claims.";
        let table = [
            (with("aud", json!("a")), 1000, "", ""),
            (with("aud", json!([])), 1000, "claims", "Claim is not allowed to be empty: aud"),
            (
                with("aud", json!(["a", "b"])),
                1000,
                "claims",
                "Token audience contains more than one audience while authorized party is not present",
            ),
            (with("exp", json!("2000")), 1000, "", ""),
            (with("exp", json!(2000.5)), 1000, "claims", timestamp),
            (with("nbf", Value::Null), 1000, "claims", timestamp),
            (with("iat", json!("soon")), 1000, "claims", timestamp),
            (with("sub", json!("")), 1000, "", ""),
            (with("sub", json!(7)), 1000, "", ""),
            (
                with("sub", Value::Null),
                1000,
                "claims",
                "Unknown error validating third-party token",
            ),
            (with("exp", json!(2000)), 2299, "", ""),
            (
                with("exp", json!(2000)),
                2300,
                "time",
                "Token expired: current date/time 2000 must be before the expiration date/time 2000",
            ),
            (with("nbf", json!(1300)), 1000, "", ""),
            (
                with("nbf", json!(1301)),
                1000,
                "time",
                "Token not yet valid: current date/time 1300 must be after or equal to the not-before date/time 1301",
            ),
            (with("iat", json!(1301)), 1000, "time", "Token issued in the future: 1301"),
        ];
        for (claims, now, stage, message) in table {
            assert_eq!(first(&claims, now), (stage.into(), message.into()), "{claims}");
        }
        assert_eq!(
            first(&json!({"iss": LEGACY_ISSUER, "sub": "s"}), 0),
            ("claims".into(), "Missing a required claim: aud".into())
        );
    }

    #[test]
    fn the_authorized_party_wins() {
        let table = [
            (json!({"aud": ["a", "b"], "azp": "c"}), Some("c")),
            (json!({"aud": "a", "azp": ""}), Some("")),
            (json!({"aud": ["a"]}), Some("a")),
            (json!({"aud": ["a", "b"]}), None),
            (json!({}), None),
        ];
        for (claims, audience) in table {
            let identity = WebIdentity::new(claims.as_object().unwrap());
            assert_eq!(identity.audience().as_deref(), audience, "{claims}");
        }
    }
}
