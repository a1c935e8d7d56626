//! What STS says when it refuses: codes, statuses and texts to the letter (A1, A3, A4).
//!
//! Sources: the API reference of AssumeRoleWithWebIdentity (read 2026-11); captured answers of STS for
//! the wordings. `likely` marks what is inferred.

use crate::trace::{Alternative, ProviderError};

/// A4: one text for "no provider", "wrong audience" and "bad signature".
const FOLDED: &str = "The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for requirements.";
/// A6; two spaces after the comma.
const NO_KEY: &str = "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";
/// When the texts before A4 were seen.
const BEFORE_FOLDING: &str = "until about mid-2026";

/// Most refusals of a token.
pub(super) fn invalid_token(message: impl Into<String>) -> ProviderError {
    ProviderError::known("InvalidIdentityToken", message).status(400)
}

fn validation(message: impl Into<String>) -> ProviderError {
    ProviderError::known("ValidationError", message).status(400)
}

/// A11, A12, A14: a field out of its bounds.
pub(super) fn constraint(value: Option<&str>, field: &str, constraint: &str) -> ProviderError {
    let value = value.map(|value| format!(" '{value}'")).unwrap_or_default();
    validation(format!(
        "1 validation error detected: Value{value} at '{field}' failed to satisfy constraint: {constraint}"
    ))
}

/// A10.
pub(super) fn invalid_arn() -> ProviderError {
    validation("Request ARN is invalid")
}

/// A10: which of the two checks comes first is not known.
pub(super) fn arn_length(arn: &str, broken: &str) -> ProviderError {
    constraint(Some(arn), "roleArn", broken)
        .likely()
        .alternative("Request ARN is invalid", "if the form is checked first")
}

/// A7.
pub(super) fn provider_id(id: &str) -> ProviderError {
    match id {
        // What Facebook says of a token that is not its own is not known.
        "graph.facebook.com" => {
            ProviderError::known("IDPRejectedClaim", "The identity provider rejected the token")
                .status(403)
                .likely()
        }
        "www.amazon.com" => invalid_token("Provided Token is not a Login With Amazon token"),
        _ => ProviderError::known(
            "AccessDenied",
            "Unrecognized OAuth provider. Do not include a provider parameter when submitting OpenIDConnect ID tokens",
        )
        .status(403),
    }
}

/// Step 2.
pub(super) fn region_disabled(account: &str) -> ProviderError {
    let message = format!(
        "STS is not activated in this region for account:{account}. Your account administrator can activate STS in this region using the IAM Console."
    );
    ProviderError::known("RegionDisabledException", message).status(403)
}

/// Step 3.
pub(super) fn not_a_jwt() -> ProviderError {
    invalid_token(
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
    )
}

/// A30.
pub(super) fn missing_claim(name: &str) -> ProviderError {
    invalid_token(format!("Missing a required claim: {name}"))
}

/// A32.
pub(super) fn empty_audience() -> ProviderError {
    invalid_token("Claim is not allowed to be empty: aud")
}

/// A32.
pub(super) fn several_audiences() -> ProviderError {
    invalid_token(
        "Token audience contains more than one audience while authorized party is not present",
    )
}

/// A34.
pub(super) fn invalid_timestamp() -> ProviderError {
    invalid_token("Invalid timestamp in token claims.")
}

/// A8, A31.
pub(super) fn internal_failure() -> ProviderError {
    ProviderError::known("InternalFailure", "Unknown error validating third-party token")
        .status(500)
}

/// A36; older captures glue `time` and the number together.
pub(super) fn expired(clock: f64, expires: f64) -> ProviderError {
    let message = format!(
        "Token expired: current date/time {clock} must be before the expiration date/time {expires}"
    );
    ProviderError::known("ExpiredTokenException", message).status(400).alternative(
        format!("Token expired: current date/time {clock} must be before the expiration date/time{expires}"),
        "in older captures",
    )
}

/// A36.
pub(super) fn not_yet_valid(clock: f64, not_before: f64) -> ProviderError {
    invalid_token(format!(
        "Token not yet valid: current date/time {clock} must be after or equal to the not-before date/time {not_before}"
    ))
}

/// A36.
pub(super) fn issued_in_future(issued: f64) -> ProviderError {
    invalid_token(format!("Token issued in the future: {issued}"))
}

/// Step 6.
pub(super) fn no_provider(issuer: &str) -> ProviderError {
    let older = format!("No OpenIDConnect provider found in your account for {issuer}");
    invalid_token(FOLDED).alternative(older, BEFORE_FOLDING)
}

/// Only the policy told of providers: there may be one for the issuer that the policy does not name.
pub(super) fn or_refused_by_policy(mut error: ProviderError) -> ProviderError {
    let refused = not_authorized(super::ASSUME);
    error.alternatives.push(Alternative {
        code: Some(refused.code),
        message: Some(refused.message),
        when: "the account has a provider for this issuer, and only the policy names another"
            .to_owned(),
    });
    error
}

/// Step 7.
pub(super) fn wrong_audience() -> ProviderError {
    invalid_token(FOLDED).alternative("Incorrect token audience", BEFORE_FOLDING)
}

/// Step 8.
pub(super) fn no_key() -> ProviderError {
    invalid_token(NO_KEY)
}

/// Step 8, A4, A39: there is a key, and STS does not use it.
pub(super) fn unusable_key() -> ProviderError {
    invalid_token(FOLDED).alternative(NO_KEY, BEFORE_FOLDING)
}

/// Step 8, A39: the same where no capture tells which text it is.
pub(super) fn no_key_or_unusable() -> ProviderError {
    invalid_token(NO_KEY).alternative(FOLDED, "which of the two is not known").likely()
}

/// Step 8: nothing answers. STS tells the two apart by what went wrong, which is not documented.
pub(super) fn unreachable() -> ProviderError {
    let mut error = invalid_token(NO_KEY);
    error.alternatives.push(Alternative {
        code: Some("IDPCommunicationError".to_owned()),
        message: None,
        when: "the issuer answers, but not in time or with an error".to_owned(),
    });
    error
}

/// Step 8, A26.
pub(super) fn thumbprint() -> ProviderError {
    invalid_token("OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint")
}

/// Step 9. There is no older text: before A4 it was another wording that no capture has kept.
pub(super) fn bad_signature() -> ProviderError {
    invalid_token(FOLDED)
}

/// Steps 10 and 11.
pub(super) fn not_authorized(action: &str) -> ProviderError {
    ProviderError::known("AccessDenied", format!("Not authorized to perform {action}")).status(403)
}

/// A161. EKS Auth hands on what STS says; its own words are not documented.
pub(super) fn pod_identity_denied(action: &str) -> ProviderError {
    let message =
        format!("Service pods.eks.amazonaws.com is not authorized to perform {action} on the role");
    ProviderError::known("AccessDeniedException", message).status(400).likely().alternative(
        "Trust policy of the role provided is invalid",
        "when the association is made (InvalidParameterException of CreatePodIdentityAssociation)",
    )
}

/// A160: the agent has nothing to hand out.
pub(super) fn no_association() -> ProviderError {
    ProviderError::known(
        "ResourceNotFoundException",
        "No pod identity association for this namespace and ServiceAccount",
    )
    .status(404)
    .likely()
}

/// A160: EKS Auth takes tokens for its own audience only.
pub(super) fn pod_identity_token() -> ProviderError {
    ProviderError::known("InvalidTokenException", "Audience of the token is not accepted")
        .status(400)
        .likely()
}

/// Step 12.
pub(super) fn duration_over_maximum() -> ProviderError {
    validation("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
}
