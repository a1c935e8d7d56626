//! The registered claims, judged alike by both methods (R3, R5 to R7).
//!
//! Source: `github.com/hashicorp/cap` v0.12.0 `jwt/jwt.go`; go-jose v3.0.4 `jwt/claims.go`.

use serde_json::{Map, Value};

use super::Judge;
use crate::federation::difference::difference;
use crate::time::UnixTime;
use crate::trace::{Check, Status};

/// Seconds: of the clock's skew, and of a missing `exp` or `nbf`.
const SKEW: i64 = 60;
const LEEWAY: i64 = 150;

/// What a role and a mount ask for.
#[derive(Debug, Default)]
pub(super) struct Expected {
    /// Empty: not compared.
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) audiences: Vec<String>,
    /// Seconds; 0 stands for the default, less for none.
    pub(super) not_before_leeway: i64,
    pub(super) expiration_leeway: i64,
    pub(super) clock_skew_leeway: i64,
    /// A token without any time passes.
    pub(super) timeless: bool,
}

/// The claims as Go's decoder has them: names in any case, the one that sorts last counts.
#[derive(Debug, Default)]
struct Registered {
    issuer: String,
    subject: String,
    audiences: Vec<String>,
    expires: i64,
    not_before: i64,
    issued: i64,
}

const NO_DATE: &str = "go-jose/go-jose/jwt: expected number value to unmarshal NumericDate";
const NO_AUDIENCE: &str =
    "go-jose/go-jose/jwt: expected string or array value to unmarshal to Audience";

/// `Err`: stage and message.
fn read(claims: &Map<String, Value>) -> Result<Registered, (&'static str, String)> {
    let mut found = Registered::default();
    let mut mistyped = None;
    let mut names: Vec<&String> = claims.keys().collect();
    names.sort();
    for name in names {
        let Some(value) = claims.get(name) else { continue };
        // Go folds the long s (U+017F) too.
        let folded = name.replace('\u{17f}', "s").to_ascii_lowercase();
        match (folded.as_str(), value) {
            ("aud", value) => {
                found.audiences = audiences(value).ok_or(("audience", NO_AUDIENCE.to_owned()))?
            }
            (_, Value::Null) => {}
            ("exp", value) => found.expires = date(value)?,
            ("nbf", value) => found.not_before = date(value)?,
            ("iat", value) => found.issued = date(value)?,
            ("iss", value) => text(value, "iss", "issuer", &mut found.issuer, &mut mistyped),
            ("sub", value) => text(value, "sub", "subject", &mut found.subject, &mut mistyped),
            ("jti", value) => text(value, "jti", "format", &mut String::new(), &mut mistyped),
            _ => {}
        }
    }
    mistyped.map_or(Ok(found), Err)
}

/// The first text of the wrong type is told at the end.
fn text(
    value: &Value,
    name: &str,
    stage: &'static str,
    into: &mut String,
    mistyped: &mut Option<(&'static str, String)>,
) {
    let found = match value {
        Value::String(text) => return text.clone_into(into),
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Null => "null",
    };
    mistyped.get_or_insert_with(|| {
        let message = format!(
            "json: cannot unmarshal {found} into Go struct field Claims.{name} of type string"
        );
        (stage, message)
    });
}

fn audiences(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(many) => many.iter().map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

/// Cut to whole seconds.
fn date(value: &Value) -> Result<i64, (&'static str, String)> {
    value.as_f64().map(|number| number as i64).ok_or(("time", NO_DATE.to_owned()))
}

/// R3: issuer, subject, audience, times; `false`: the claims could not be read.
pub(super) fn judge(
    judge: &mut Judge<'_>,
    claims: &Map<String, Value>,
    expected: &Expected,
) -> bool {
    let found = match read(claims) {
        Ok(found) => found,
        Err((stage, message)) => {
            let check = judge.check(
                &format!("{stage}/type"),
                Status::Fail,
                "a registered claim has the wrong type",
            );
            let rule = if stage == "audience" { "R7" } else { "R5" };
            judge.refuse(check.rule(rule), &message);
            return false;
        }
    };
    issuer(judge, &found, expected);
    subject(judge, &found, expected);
    audience(judge, &found, expected);
    times(judge, &found, expected);
    true
}

fn issuer(judge: &mut Judge<'_>, found: &Registered, expected: &Expected) {
    if expected.issuer.is_empty() {
        let check = judge.check("issuer", Status::Skip, "no issuer is compared");
        let rule = judge.rules.issuer;
        return judge.push(check.actual(found.issuer.clone()).rule(rule));
    }
    let holds = found.issuer == expected.issuer;
    let title = if holds { "the issuer is the bound one" } else { "the issuer is another" };
    let check = judge.check("issuer", status(holds), title);
    let mut check = check
        .expected(expected.issuer.clone())
        .actual(found.issuer.clone())
        .rule(judge.rules.issuer);
    if !holds {
        check = check.hint(difference("the configuration", &expected.issuer, &found.issuer));
    }
    judge.told(check, "invalid issuer (iss) claim");
}

fn subject(judge: &mut Judge<'_>, found: &Registered, expected: &Expected) {
    if expected.subject.is_empty() {
        return;
    }
    let holds = found.subject == expected.subject;
    let title = if holds { "the subject is the bound one" } else { "the subject is another" };
    let mut check = judge
        .check("subject", status(holds), title)
        .expected(expected.subject.clone())
        .actual(found.subject.clone())
        .rule("R8");
    if !holds {
        check = check.hint(match expected.subject.contains('*') {
            true => "bound_subject is exact even with bound_claims_type glob: use bound_claims {\"sub\": ...} for a pattern".to_owned(),
            false => difference("the role", &expected.subject, &found.subject),
        });
    }
    judge.told(check, "invalid subject (sub) claim");
}

fn audience(judge: &mut Judge<'_>, found: &Registered, expected: &Expected) {
    if expected.audiences.is_empty() {
        return;
    }
    let holds = expected.audiences.iter().any(|one| found.audiences.contains(one));
    let title = match holds {
        true => "the token has an audience that the role takes",
        false => "the token has no audience that the role takes",
    };
    let mut check = judge
        .check("audience", status(holds), title)
        .expected(expected.audiences.clone())
        .actual(found.audiences.clone())
        .rule(judge.rules.audience);
    if !holds {
        let wanted = expected.audiences.first().map_or("", String::as_str);
        check = check.hint(format!(
            "mount a projected serviceAccountToken with audience {wanted}, or change the role"
        ));
    }
    judge.told(
        check,
        "invalid audience (aud) claim: audience claim does not match any expected audience",
    );
}

/// R5, R6: `nbf`, `exp`, `iat`, in this order; equality passes.
fn times(judge: &mut Judge<'_>, found: &Registered, expected: &Expected) {
    if found.expires == 0 && found.not_before == 0 && found.issued == 0 {
        let status = if expected.timeless { Status::Pass } else { Status::Fail };
        let check = judge.check("time", status, "the token has neither iat, nbf nor exp");
        let message =
            "no issued at (iat), not before (nbf), or expiration time (exp) claims in token";
        return judge.told(check.rule("R5"), message);
    }
    let or = |given: i64, default: i64| match given {
        0 => default,
        seconds => seconds.max(0),
    };
    let expires = match found.expires {
        0 => found
            .issued
            .max(found.not_before)
            .saturating_add(or(expected.expiration_leeway, LEEWAY)),
        given => given,
    };
    let not_before = match (found.not_before, found.issued) {
        (0, 0) => expires.saturating_sub(or(expected.not_before_leeway, LEEWAY)),
        (0, issued) => issued,
        (given, _) => given,
    };
    let skew = or(expected.clock_skew_leeway, SKEW) as f64;
    let now = judge.now;
    let instants = [
        (
            "nbf",
            not_before,
            now.0 + skew < not_before as f64,
            now.0 < not_before as f64,
            "invalid not before (nbf) claim: token not yet valid",
        ),
        (
            "exp",
            expires,
            now.0 - skew > expires as f64,
            now.0 > expires as f64,
            "invalid expiration time (exp) claim: token is expired",
        ),
        (
            "iat",
            found.issued,
            now.0 + skew < found.issued as f64,
            now.0 < found.issued as f64,
            "invalid issued at (iat) claim: token issued in the future",
        ),
    ];
    for (name, at, fails, late, message) in instants {
        if name == "iat" && at == 0 {
            continue;
        }
        let instant = UnixTime::from(at);
        let (status, title) = match (fails, late) {
            (true, _) => (Status::Fail, format!("`{name}` {instant} is more than {skew} s away")),
            (false, true) => (
                Status::Warn,
                format!("`{name}` {instant} holds only with the tolerance of {skew} s"),
            ),
            (false, false) => (Status::Pass, format!("`{name}` is {instant}")),
        };
        let mut check: Check = judge
            .check(&format!("time/{name}"), status, title)
            .actual(instant.to_string())
            .rule("R5");
        if status == Status::Fail {
            check = check.hint(match name {
                "exp" => "read the token file again at every login: the kubelet replaces it long before it expires",
                _ => "compare the clocks of the issuer and of Vault",
            });
        }
        judge.told(check, message);
    }
}

fn status(holds: bool) -> Status {
    if holds { Status::Pass } else { Status::Fail }
}
