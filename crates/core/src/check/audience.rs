//! `aud` holds an audience that the verifier answers to (RFC 7519 §4.1.3, K52), byte for byte.

use serde_json::{Value, json};

use super::Judged;
use super::issuer::{difference, one_or_many};
use crate::claims::Claims;
use crate::error::{ErrorCode, PodpassError, quoted};
use crate::trace::{Check, Status};

const ID: &str = "token/aud";

pub(crate) fn audience(claims: Claims<'_>, accepted: Option<&[String]>) -> Judged {
    let Some(accepted) = accepted else {
        return Judged::ok(
            Check::new(ID, Status::Skip, "the audience is not checked, as asked for")
                .hint("name your audience: without it, a token meant for another service is as good as yours"),
        );
    };
    let found = match strict_audiences(claims.0.get("aud")) {
        Ok(found) => found,
        Err(actual) => {
            return failed(
                "the token's `aud` is neither a text nor a list of texts",
                "invalid",
                accepted,
                actual,
            );
        }
    };
    if found.is_empty() {
        return failed("the token has no `aud`", "missing", accepted, Value::Null);
    }
    if found.iter().any(|audience| accepted.contains(audience)) {
        return Judged::ok(
            Check::new(ID, Status::Pass, "the token is meant for this audience")
                .expected(one_or_many(accepted))
                .actual(one_or_many(&found))
                .rule("K52"),
        );
    }
    let shown: Vec<String> = found.iter().map(|audience| quoted(audience)).collect();
    let message = format!("the token is meant for {}, not for this audience", shown.join(", "));
    let near =
        found.iter().find_map(|found| accepted.iter().find_map(|wanted| difference(found, wanted)));
    let hint = near.map_or_else(
        || "ask for a token with this audience: `audience` of the projected volume's serviceAccountToken source".to_owned(),
        |difference| format!("the two differ by {difference} only; audiences are compared byte for byte"),
    );
    failed(&message, "check_failed", accepted, one_or_many(&found)).map(|check| check.hint(hint))
}

/// The audiences; a value of another type is an error (K9).
pub(crate) fn strict_audiences(aud: Option<&Value>) -> Result<Vec<String>, Value> {
    match aud {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(one)) => Ok(vec![one.clone()]),
        Some(Value::Array(many)) => {
            let texts: Option<Vec<String>> =
                many.iter().map(|item| item.as_str().map(str::to_owned)).collect();
            texts.ok_or_else(|| json!(many))
        }
        Some(other) => Err(other.clone()),
    }
}

fn failed(message: &str, reason: &str, accepted: &[String], actual: Value) -> Judged {
    let error = PodpassError::new(ErrorCode::ClaimValidationFailed, message)
        .with("claim", "aud")
        .with("reason", reason)
        .with("expected", json!(accepted))
        .with("actual", actual.clone());
    Judged::fail(ID, error)
        .map(|check| check.expected(one_or_many(accepted)).actual(actual).rule("K52"))
}
