//! `iss` is one of the issuers that the verifier trusts (RFC 7519 §4.1.1), byte for byte.

use serde_json::{Value, json};

use super::Judged;
use crate::claims::Claims;
use crate::error::{ErrorCode, PodpassError, quoted};
use crate::trace::{Check, Status};

const ID: &str = "token/iss";

pub(crate) fn issuer(claims: Claims<'_>, trusted: Option<&[String]>) -> Judged {
    let Some(trusted) = trusted else {
        return Judged::ok(
            Check::new(ID, Status::Skip, "the issuer is not checked, as asked for")
                .hint("name the issuer: without it, whoever's key is in the set is trusted for everything"),
        );
    };
    match claims.0.get("iss") {
        None | Some(Value::Null) => {
            failed("the token has no `iss`", "missing", trusted, Value::Null)
        }
        Some(Value::String(found)) if trusted.contains(found) => Judged::ok(
            Check::new(ID, Status::Pass, "the issuer is trusted")
                .expected(one_or_many(trusted))
                .actual(found.as_str()),
        ),
        Some(Value::String(found)) => untrusted(found, trusted),
        Some(other) => failed("the token's `iss` is not a text", "invalid", trusted, other.clone()),
    }
}

fn untrusted(found: &str, trusted: &[String]) -> Judged {
    let message =
        format!("the token's issuer {} is not among those that are trusted", quoted(found));
    let mut error = PodpassError::new(ErrorCode::IssuerUnknown, message)
        .with("issuer", found)
        .with("configured", json!(trusted));
    let near = trusted.iter().find_map(|wanted| Some((wanted, difference(found, wanted)?)));
    let mut hint = "trust this issuer, or use a token of the cluster that is trusted".to_owned();
    if let Some((wanted, difference)) = near {
        error = error.with("nearest", wanted.as_str());
        hint = format!(
            "it differs from {} by {difference} only; issuers are compared byte for byte",
            quoted(wanted)
        );
    }
    Judged::fail(ID, error)
        .map(|check| check.expected(one_or_many(trusted)).actual(found).hint(hint))
}

fn failed(message: &str, reason: &str, trusted: &[String], actual: Value) -> Judged {
    let error = PodpassError::new(ErrorCode::ClaimValidationFailed, message)
        .with("claim", "iss")
        .with("reason", reason)
        .with("expected", json!(trusted))
        .with("actual", actual.clone());
    Judged::fail(ID, error).map(|check| check.expected(one_or_many(trusted)).actual(actual))
}

/// A list of one reads better as its element.
pub(crate) fn one_or_many(values: &[String]) -> Value {
    match values {
        [one] => json!(one),
        many => json!(many),
    }
}

/// The usual ways in which two spellings of one thing differ.
pub(crate) fn difference(found: &str, wanted: &str) -> Option<&'static str> {
    fn without_slash(text: &str) -> &str {
        text.strip_suffix('/').unwrap_or(text)
    }
    fn without_scheme(text: &str) -> &str {
        text.split_once("://").map_or(text, |(_, rest)| rest)
    }
    match () {
        () if without_slash(found) == without_slash(wanted) => Some("a trailing slash"),
        () if found.trim() == wanted.trim() => Some("white space around it"),
        () if found.eq_ignore_ascii_case(wanted) => Some("letter case"),
        () if without_scheme(found) == without_scheme(wanted) => Some("the scheme"),
        () if found.replace(":443", "") == wanted.replace(":443", "") => Some("the port"),
        () => None,
    }
}
