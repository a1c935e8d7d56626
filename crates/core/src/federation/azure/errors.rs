//! What the token endpoint answers: AADSTS codes with their texts (Z34, Z37, Z38, Z42).
//!
//! Sources: the answers quoted in the public issues Azure/login#180, #453, #515, Azure/azure-workload-identity#605,
//! #616, #642, #1232, MicrosoftDocs/azure-docs#86916; MicrosoftDocs/entra-docs, reference-error-codes.md (read
//! 2026-11). Trace id, correlation id and timestamp, which follow each text, are left out.

use crate::time::UnixTime;
use crate::trace::{Alternative, ProviderError};

const PLEASE_CHECK: &str = "Please check your federated identity credential Subject, Audience and Issuer against the presented assertion.";
const CHECK: &str = "Check your federated identity credential Subject, Audience and Issuer against the presented assertion.";
const DOCS: &str = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation";

fn known(code: &'static str, status: u16, text: impl AsRef<str>) -> ProviderError {
    ProviderError::known(code, format!("{code}: {}", text.as_ref())).status(status)
}

/// The same refusal under another code.
fn or_code(mut error: ProviderError, code: &str, text: &str, when: &str) -> ProviderError {
    error.alternatives.push(Alternative {
        code: Some(code.to_owned()),
        message: Some(format!("{code}: {text}")),
        when: when.to_owned(),
    });
    error
}

pub(super) fn unknown_client(client: &str, tenant: &str) -> ProviderError {
    let text = format!(
        "Application with identifier '{client}' was not found in the directory '{tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."
    );
    known("AADSTS700016", 400, text)
}

pub(super) fn malformed() -> ProviderError {
    known("AADSTS50027", 400, "JWT token is invalid or malformed.")
}

pub(super) fn wrong_type() -> ProviderError {
    let text = "Invalid JWT header type specified. Allowed types: 'JWT','http://openid.net/specs/jwt/1.0'.";
    known("AADSTS5002727", 400, text)
}

/// Numbers as they stand in the token; a missing one is 0.
pub(super) fn lifetime(issued: f64, expires: f64) -> ProviderError {
    let text = format!(
        "External OIDC Provider token must have a lifetime of less than or equal to 1.01:00:00. Token issued at {issued}. Token expires on {expires}."
    );
    known("AADSTS70023", 400, text)
}

pub(super) fn out_of_time(now: UnixTime, not_before: UnixTime, expires: UnixTime) -> ProviderError {
    let text = format!(
        "Client assertion is not within its valid time range. Current time: {}, assertion valid from {}, expiry time of assertion {}. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
        instant(now),
        instant(not_before),
        instant(expires)
    );
    known("AADSTS700024", 401, text)
}

/// As .NET prints it: seven digits of a second.
fn instant(time: UnixTime) -> String {
    let ticks = ((time.0 - time.0.floor()) * 1e7).floor();
    let text = UnixTime(time.0.floor()).to_string();
    format!("{}.{ticks:07}Z", text.trim_end_matches('Z'))
}

pub(super) fn no_credentials(client: &str) -> ProviderError {
    let text = format!(
        "The client '{client}'(client-xxxxx) has no configured federated identity credentials."
    );
    known("AADSTS70025", 401, text)
}

/// What of the token the older text of a mismatch repeats.
pub(super) struct Presented<'a> {
    pub(super) issuer: &'a str,
    pub(super) subject: &'a str,
    pub(super) audience: &'a str,
}

impl Presented<'_> {
    pub(super) fn no_issuer(&self) -> ProviderError {
        self.no_match("AADSTS700211", "issuer", self.issuer)
    }

    pub(super) fn no_subject(&self) -> ProviderError {
        self.no_match("AADSTS700213", "subject", self.subject)
    }

    pub(super) fn no_audience(&self) -> ProviderError {
        self.no_match("AADSTS700212", "audience", self.audience)
    }

    fn no_match(&self, code: &'static str, what: &str, value: &str) -> ProviderError {
        let text = |check: &str| {
            format!(
                "No matching federated identity record found for presented assertion {what} '{value}'. {check} {DOCS}"
            )
        };
        let older = format!(
            "No matching federated identity record found for presented assertion. Assertion Issuer: '{}'. Assertion Subject: '{}'. Assertion Audience: '{}'. https://docs.microsoft.com/en-us/azure/active-directory/develop/workload-identity-federation",
            self.issuer, self.subject, self.audience
        );
        let error = known(code, 401, text(PLEASE_CHECK))
            .alternative(format!("{code}: {}", text(CHECK)), "since 2025");
        or_code(
            error,
            "AADSTS70021",
            &older,
            "until 2023, and for some minutes after a credential was made or changed",
        )
    }

    /// Z34.
    pub(super) fn other_case(&self) -> ProviderError {
        let text = format!(
            "No matching federated identity record found for presented assertion subject '{}'. The subject matches with case-insensitive comparison, but not with case-sensitive comparison. {CHECK} See documentation at: {DOCS}. See breaking change notification and remediation at: https://learn.microsoft.com/en-us/entra/identity-platform/reference-breaking-changes#august-2024.",
            self.subject
        );
        known("AADSTS7002138", 401, text)
    }
}

pub(super) fn issued_by_entra() -> ProviderError {
    known("AADSTS700222", 401, "AAD-issued tokens may not be used for federated identity flows.")
}

pub(super) fn unreachable() -> ProviderError {
    const TEXT: &str = "Request to External OIDC endpoint failed.";
    let error = known("AADSTS50166", 400, TEXT);
    let error = or_code(error, "AADSTS501661", TEXT, "seen as well, with no known difference");
    or_code(error, "AADSTS90061", TEXT, "in 2022")
}

pub(super) fn no_key(kid: &str, issuer: &str) -> ProviderError {
    let text = format!(
        "The certificate with identifier {kid} used to sign the federated credential could not be found in the metadata of identity provider {issuer}. Please validate that your Identity Provider's metadata exposes the key used to sign the incoming token."
    );
    known("AADSTS7000272", 401, text)
}

pub(super) fn unsupported_key() -> ProviderError {
    let text = "Invalid JWT token. Unsupported key for the signing algorithm.";
    known("AADSTS5002730", 400, text)
}

pub(super) fn bad_signature() -> ProviderError {
    let text = "Assertion failed signature validation. [Reason - The provided signature value did not match the expected signature value.]";
    known("AADSTS50013", 401, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_as_dotnet_prints_them() {
        assert_eq!(instant(UnixTime(0.0)), "1970-01-01T00:00:00.0000000Z");
        assert_eq!(instant(UnixTime(1.5)), "1970-01-01T00:00:01.5000000Z");
    }
}
