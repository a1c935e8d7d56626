//! The token is a ServiceAccount's, of a kind that the verifier takes, and its `sub` agrees with the rest.

use super::Judged;
use crate::claims::{Claims, TokenKind};
use crate::error::{ErrorCode, PodpassError, quoted};
use crate::trace::{Check, Status};

pub(crate) fn kind(claims: Claims<'_>, allow_legacy: bool) -> Judged {
    const ID: &str = "token/kind";
    let pass = |status, title| Judged::ok(Check::new(ID, status, title));
    match claims.kind() {
        TokenKind::NotKubernetes => no_account(
            ID,
            claims,
            "this is no ServiceAccount token: it has no `kubernetes.io` claim",
        ),
        TokenKind::LegacySecret if !allow_legacy => legacy(ID, claims),
        _ if claims.service_account().is_none() => {
            no_account(ID, claims, "the token's private claims name no ServiceAccount")
        }
        TokenKind::LegacySecret => {
            pass(Status::Warn, "a legacy token from a Secret: it never expires by itself")
                .map(|check| check.rule("K7"))
        }
        TokenKind::Bound => {
            pass(Status::Pass, "a bound token for the API server").map(|check| check.rule("K6"))
        }
        TokenKind::External => pass(Status::Pass, "a bound token for an audience of its own")
            .map(|check| check.rule("K6")),
    }
}

fn no_account(id: &'static str, claims: Claims<'_>, message: &str) -> Judged {
    let error = PodpassError::new(ErrorCode::NotServiceAccount, message);
    let error = match claims.text("sub") {
        Some(subject) => error.with("sub", subject),
        None => error,
    };
    Judged::fail(id, error).map(|check| check.rule("K6"))
}

fn legacy(id: &'static str, claims: Claims<'_>) -> Judged {
    let message = "this is a legacy token from a Secret: it names no audience and never expires";
    let error = PodpassError::new(ErrorCode::LegacyToken, message);
    let error = match claims.legacy("secret.name") {
        Some(name) => error.with("secretName", name),
        None => error,
    };
    Judged::fail(id, error).map(|check| {
        check.rule("K7").hint("use a projected token, or allow legacy tokens on purpose")
    })
}

/// The API server would not mind a `sub` that contradicts the private claims (K57); whoever reads only `sub` would.
pub(crate) fn subject(claims: Claims<'_>) -> Judged {
    const ID: &str = "token/sub";
    let Some(account) = claims.service_account() else {
        return Judged::ok(Check::new(
            ID,
            Status::Skip,
            "there is no account to compare `sub` with",
        ));
    };
    let wanted = account.subject();
    let found = claims.text("sub");
    if found == Some(wanted.as_str()) {
        let check =
            Check::new(ID, Status::Pass, "`sub` names the same account as the private claims");
        return Judged::ok(check.expected(wanted.clone()).actual(wanted));
    }
    let (message, reason) = match found {
        Some(found) => (
            format!("`sub` is {}, but the private claims name {}", quoted(found), quoted(&wanted)),
            "check_failed",
        ),
        None => ("the token has no `sub`".to_owned(), "missing"),
    };
    let error = PodpassError::new(ErrorCode::ClaimValidationFailed, message)
        .with("claim", "sub")
        .with("reason", reason)
        .with("expected", wanted.as_str())
        .with("actual", found);
    Judged::fail(ID, error).map(|mut check| {
        check.actual = found.map(Into::into);
        check.expected(wanted).rule("K57")
    })
}
