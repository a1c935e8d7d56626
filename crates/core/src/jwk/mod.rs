//! Key sets: JWKS, a single JWK, PEM, certificates, discovery documents.

mod json;
mod pem;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::algorithm::PublicKey;
use crate::document::{MAX_DOCUMENT, Text, parse_document};
use crate::trace::{Check, InputName, Status};

pub(crate) use pem::certificate;

/// Every key of a text, used or ignored with the reason, in the text's order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeySet {
    /// The keys.
    pub keys: Vec<KeyInfo>,
    /// What was noticed while reading.
    pub checks: Vec<Check>,
    /// Set if the text is an OIDC discovery document; then `keys` is empty.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub discovery: Option<Discovery>,
}

/// One key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyInfo {
    /// As written.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kid: Option<String>,
    /// `RSA`, `EC`, `OKP`, `oct`, or whatever is written.
    pub kty: String,
    /// As written.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub alg: Option<String>,
    /// Size of an RSA modulus.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bits: Option<usize>,
    /// `P-256`, `Ed25519`, ...
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub curve: Option<String>,
    /// Whether podpass would use it.
    #[serde(rename = "use")]
    pub usage: KeyUse,
    /// Why it is ignored.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// K2, for every RSA and EC key; it serves as kid where there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub derived_kid: Option<String>,
}

/// Whether podpass would use a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyUse {
    /// It would not.
    Ignored,
    /// It would.
    Used,
}

/// What a discovery document says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Discovery {
    /// `issuer`.
    pub issuer: String,
    /// `jwks_uri`.
    pub jwks_uri: String,
}

/// A key with what systems other than podpass ask of it.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) info: KeyInfo,
    /// `None` if the key makes no sense, or is symmetric or of a kind that nobody here verifies with.
    pub(crate) public: Option<PublicKey>,
    /// Members of the JWK as written, for systems with key rules of their own (A39).
    pub(crate) written: serde_json::Map<String, serde_json::Value>,
}

impl Key {
    /// The id by which a token names it: as written, else derived (K2).
    pub(crate) fn id(&self) -> Option<&str> {
        self.info.kid.as_deref().filter(|kid| !kid.is_empty()).or(self.info.derived_kid.as_deref())
    }

    /// A key that podpass uses.
    fn used(public: PublicKey, kid: Option<String>, alg: Option<String>) -> Self {
        let info = KeyInfo {
            kid,
            kty: public.kty().to_owned(),
            alg,
            bits: public.bits(),
            curve: public.curve().map(str::to_owned),
            usage: KeyUse::Used,
            reason: None,
            derived_kid: public.derived_kid(),
        };
        Self { info, public: Some(public), written: serde_json::Map::new() }
    }

    fn ignored(mut self, reason: String) -> Self {
        self.info.usage = KeyUse::Ignored;
        self.info.reason = Some(reason);
        self
    }
}

/// A key set as read, with the keys themselves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys {
    pub(crate) keys: Vec<Key>,
    pub(crate) checks: Vec<Check>,
    pub(crate) discovery: Option<Discovery>,
    /// The text is no key set at all.
    pub(crate) unreadable: bool,
}

/// Smallest RSA key that podpass trusts (NIST SP 800-131A, RFC 7518 §3.3).
const SMALLEST_RSA: usize = 2_048;

/// Reads a key set: JWKS, a single JWK, PEM blocks (K10), an OIDC discovery document.
///
/// Keys that podpass would not use stay in the list with the reason; the rest of the set is not affected.
///
/// # Examples
///
/// ```
/// use podpass::{KeyUse, Status, parse_keys};
///
/// let set = parse_keys(r#"{"keys":[{"kty":"oct","kid":"s","k":"c2VjcmV0"}]}"#);
/// assert_eq!(set.keys[0].usage, KeyUse::Ignored);
///
/// assert_eq!(parse_keys("hello").checks[0].status, Status::Fail);
/// ```
pub fn parse_keys(text: &str) -> KeySet {
    Keys::parse(text).describe()
}

impl Keys {
    pub(crate) fn parse(text: &str) -> Self {
        let source = Text::new(InputName::Jwks, text);
        if text.len() > MAX_DOCUMENT {
            let message =
                format!("the key set has {} bytes, at most {MAX_DOCUMENT} are read", text.len());
            return Self::not_a_key_set(&source, message, 0);
        }
        if text.contains("-----BEGIN ") {
            return pem::read(&source);
        }
        match parse_document(text) {
            Ok(node)
                if node.is_object() || matches!(node.data, crate::document::Data::Array(_)) =>
            {
                json::read(&source, &node)
            }
            Ok(_) => Self::not_a_key_set(&source, "the text is neither JSON nor PEM", 0),
            Err(error) => {
                let trimmed = text.trim_start();
                let message = if trimmed.is_empty() {
                    "the text is empty".to_owned()
                } else if trimmed.starts_with(['{', '[']) {
                    format!("the text is not valid JSON: {}", error.message)
                } else {
                    format!("the text is neither JSON nor PEM: {}", error.message)
                };
                Self::not_a_key_set(&source, message, error.at)
            }
        }
    }

    fn not_a_key_set(
        source: &Text<'_>,
        message: impl Into<std::borrow::Cow<'static, str>>,
        at: usize,
    ) -> Self {
        let check = Check::new("keys/format", Status::Fail, message)
            .at(source.point(at))
            .hint("paste the output of `kubectl get --raw /openid/v1/jwks`, a JWK, or PEM blocks");
        Self { checks: vec![check], unreadable: true, ..Self::default() }
    }

    pub(crate) fn describe(&self) -> KeySet {
        KeySet {
            keys: self.keys.iter().map(|key| key.info.clone()).collect(),
            checks: self.checks.clone(),
            discovery: self.discovery.clone(),
        }
    }

    /// Adds the key, and a warning if it is ignored.
    fn push(
        &mut self,
        key: Key,
        source: &Text<'_>,
        range: &std::ops::Range<usize>,
        pointer: Option<&str>,
    ) {
        let index = self.keys.len();
        if let Some(reason) = &key.info.reason {
            let check = Check::new(
                "keys/ignored",
                Status::Warn,
                format!("key {} is not used: {reason}", index + 1),
            );
            self.checks.push(check.at(source.span(range, pointer)));
        }
        self.keys.push(key);
    }

    /// The check that says how many keys are usable, once all are read.
    fn conclude(&mut self) {
        self.mixed_up();
        let used = self.keys.iter().filter(|key| key.info.usage == KeyUse::Used).count();
        let title = format!("{used} of {} keys can verify tokens", self.keys.len());
        let status = if used == 0 { Status::Fail } else { Status::Pass };
        self.checks.push(Check::new("keys/usable", status, title));
    }
}

impl Keys {
    /// K2: an id that is the hash of another key of the set. API servers never give such a one; external signers
    /// choose ids of their own.
    fn mixed_up(&mut self) {
        let derived: HashMap<&str, usize> = (0..)
            .zip(&self.keys)
            .filter_map(|(at, key)| Some((key.info.derived_kid.as_deref()?, at)))
            .collect();
        let mixed = (1..).zip(&self.keys).filter_map(|(number, key)| {
            let (kid, own) = (key.info.kid.as_deref()?, key.info.derived_kid.as_deref()?);
            let other = derived.get(kid).filter(|_| kid != own)?;
            let title = format!("the id of key {number} is the hash of key {}", other + 1);
            let check = Check::new("keys/kid", Status::Warn, title).expected(own).actual(kid);
            Some(
                check
                    .rule("K2")
                    .hint("the ids are mixed up, so signatures are tried with the wrong key"),
            )
        });
        let mixed: Vec<Check> = mixed.collect();
        self.checks.extend(mixed);
    }
}

/// What podpass asks of any key; `None`: nothing against it.
fn objection(public: &PublicKey) -> Option<String> {
    public.bits().filter(|bits| *bits < SMALLEST_RSA).map(|bits| {
        format!("RSA with {bits} bits is too small, at least {SMALLEST_RSA} are wanted")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_set_past_the_limit_is_refused_whatever_its_form() {
        for start in ["{", "-----BEGIN PUBLIC KEY-----\n"] {
            let set = parse_keys(&format!("{start}{}", " ".repeat(MAX_DOCUMENT)));
            assert!(set.keys.is_empty());
            assert!(set.checks[0].title.ends_with("at most 1048576 are read"), "{start}");
        }
    }
}
