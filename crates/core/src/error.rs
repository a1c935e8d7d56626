//! Errors that reach JavaScript: a class name, a stable code, one sentence.

use serde_json::{Map, Value};

/// Why a token was refused, or why a call makes no sense.
///
/// The message never holds the token; what it quotes of claims is escaped and cut.
///
/// ```
/// use podpass::{VerifyOptions, verify_service_account_token};
///
/// let options = VerifyOptions::new("https://issuer.example", "vault", 1_700_000_000.into());
/// let error = verify_service_account_token("abc", "{\"keys\":[]}", &options).unwrap_err();
/// assert_eq!(error.code(), "ERR_JWS_INVALID");
/// assert_eq!(error.to_string(), "expected three parts separated by dots, found no dot");
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct PodpassError {
    code: ErrorCode,
    message: String,
    details: Map<String, Value>,
}

impl PodpassError {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Map::new() }
    }

    /// With a member that the JavaScript error carries, such as `claim` or `kid`.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// The stable code; messages may change, codes not.
    pub const fn code(&self) -> &'static str {
        self.code.text()
    }

    /// The name of the JavaScript class.
    pub const fn name(&self) -> &'static str {
        self.code.class()
    }

    /// What else the JavaScript error carries.
    pub const fn details(&self) -> &Map<String, Value> {
        &self.details
    }
}

/// Declares the codes as one table: variant, code, class, meaning.
macro_rules! codes {
    ($($(#[doc = $doc:literal])* $variant:ident $text:literal $class:literal;)*) => {
        /// The codes; those of jose where the meaning is the same.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum ErrorCode { $($(#[doc = $doc])* $variant,)* }

        impl ErrorCode {
            const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            const fn class(self) -> &'static str {
                match self { $(Self::$variant => $class,)* }
            }
        }
    };
}

codes! {
    /// The algorithm is known, but not allowed.
    AlgNotAllowed "ERR_JOSE_ALG_NOT_ALLOWED" "AlgorithmNotAllowedError";
    /// The token is bound to something else than expected.
    BindingMismatch "ERR_SA_BINDING_MISMATCH" "BindingMismatchError";
    /// A claim is missing or not as wanted.
    ClaimValidationFailed "ERR_JWT_CLAIM_VALIDATION_FAILED" "ClaimValidationError";
    /// The token has expired.
    Expired "ERR_JWT_EXPIRED" "TokenExpiredError";
    /// The call's options make no sense.
    InvalidOptions "ERR_INVALID_OPTIONS" "TypeError";
    /// The issuer is none of those that are trusted.
    IssuerUnknown "ERR_SA_ISSUER_UNKNOWN" "IssuerUnknownError";
    /// The text is no key set.
    JwksInvalid "ERR_JWKS_INVALID" "KeySetInvalidError";
    /// Header, signature or the whole are malformed.
    JwsInvalid "ERR_JWS_INVALID" "TokenInvalidError";
    /// The payload is malformed.
    JwtInvalid "ERR_JWT_INVALID" "TokenInvalidError";
    /// A legacy Secret token where none is wanted.
    LegacyToken "ERR_SA_LEGACY_TOKEN" "LegacyTokenError";
    /// More keys fit than are tried.
    MultipleMatchingKeys "ERR_JWKS_MULTIPLE_MATCHING_KEYS" "MultipleMatchingKeysError";
    /// No key fits.
    NoMatchingKey "ERR_JWKS_NO_MATCHING_KEY" "NoMatchingKeyError";
    /// Not a ServiceAccount token.
    NotServiceAccount "ERR_SA_NOT_SERVICE_ACCOUNT" "NotServiceAccountError";
    /// Something that podpass does not implement.
    NotSupported "ERR_JOSE_NOT_SUPPORTED" "NotSupportedError";
    /// The signature is wrong.
    SignatureFailed "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" "SignatureVerificationError";
}

/// A value from the outside as a message may quote it: escaped, and cut at 120 characters.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 120;
    let mut quoted: String = text.chars().take(LONGEST).flat_map(escape).collect();
    if text.chars().nth(LONGEST).is_some() {
        quoted.push('…');
    }
    format!("`{quoted}`")
}

/// Control and bidirectional characters would let a claim rewrite the sentence around it.
fn escape(character: char) -> Vec<char> {
    let hidden = character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    if hidden {
        format!("\\u{{{:x}}}", character as u32).chars().collect()
    } else {
        vec![character]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_harmless() {
        assert_eq!(quoted("a\u{202e}b\n"), "`a\\u{202e}b\\u{a}`");
        assert_eq!(quoted(&"x".repeat(200)).chars().count(), 123);
    }
}
