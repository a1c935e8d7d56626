//! Which key of the issuer's JWKS STS takes (A28, A37-A39): its own rules, not podpass's policy.
//!
//! Sources: the API reference of AssumeRoleWithWebIdentity (read 2026-11), and captured answers of STS.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::algorithm::PublicKey;
use crate::jwk::certificate;

/// Most keys of a kind that STS reads (A28).
const MAX_KEYS: usize = 100;
/// What STS verifies (A37).
pub(super) const ALGORITHMS: [&str; 6] = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];

/// A key as the issuer publishes it.
#[derive(Debug, Clone, Copy)]
pub(super) struct IssuerKey<'a> {
    pub(super) kid: Option<&'a str>,
    /// `RSA`, `EC`, ...
    pub(super) kty: &'a str,
    /// The JWK's members; none if it was pasted in another form.
    pub(super) jwk: Option<&'a Map<String, Value>>,
    /// What is known of its public key, to hold its certificate against.
    pub(super) public: Option<&'a PublicKey>,
}

impl IssuerKey<'_> {
    /// Why STS cannot use it.
    fn unusable(&self) -> Option<&'static str> {
        let has = |name: &str| self.jwk.is_some_and(|jwk| jwk.contains_key(name));
        let text = |name: &str| self.jwk.and_then(|jwk| jwk.get(name)).and_then(Value::as_str);
        match () {
            () if self.kid.is_none() => Some("it has no `kid`"),
            () if !matches!(self.kty, "RSA" | "EC") => Some("it is neither RSA nor EC"),
            () if text("use") == Some("enc") => Some("its `use` is `enc`"),
            () if has("key_ops") => Some("it has `key_ops`"),
            () if self.kty == "RSA" && self.jwk.is_some() && !has("n") => {
                Some("it has no modulus `n`")
            }
            () if self.certificate_differs() => Some("its certificate is of another key"),
            () => None,
        }
    }
}

impl IssuerKey<'_> {
    /// A39: the first certificate of `x5c` must be of this key.
    fn certificate_differs(&self) -> bool {
        let (Some(public), Some(chain)) = (self.public, self.jwk.and_then(|jwk| jwk.get("x5c")))
        else {
            return false;
        };
        let first = chain.get(0).and_then(Value::as_str);
        let certified = first
            .and_then(|text| STANDARD.decode(text).ok())
            .and_then(|der| certificate(&der).ok());
        certified.is_none_or(|certified| certified.derived_kid() != public.derived_kid())
    }
}

/// Why no key was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoKey {
    pub(super) title: String,
    pub(super) hint: &'static str,
    pub(super) rule: &'static str,
    /// Which of STS' two texts: that of A4 is known for `key_ops`, that of A6 otherwise.
    pub(super) folded: bool,
}

/// The index of the key that STS takes for a token's `kid`.
///
/// # Errors
///
/// What keeps every key from being taken.
pub(super) fn choose(keys: &[IssuerKey<'_>], kid: Option<&str>, alg: &str) -> Result<usize, NoKey> {
    let of_kind = |kty| keys.iter().filter(|key| key.kty == kty).count();
    if alg.starts_with("RS") && of_kind("RSA") > MAX_KEYS
        || alg.starts_with("ES") && of_kind("EC") > MAX_KEYS
    {
        return Err(NoKey {
            title: format!("the key set has more than {MAX_KEYS} keys of one kind"),
            hint: "withdraw old keys: STS reads 100 RSA and 100 EC keys",
            rule: "A28",
            folded: false,
        });
    }
    let usable = || keys.iter().enumerate().filter(|(_, key)| key.unusable().is_none());
    let Some(kid) = kid else {
        let mut each = usable();
        return match (each.next(), each.next()) {
            (Some((index, _)), None) => Ok(index),
            _ => Err(NoKey {
                title: format!(
                    "the token names no key, and there are {} to choose from",
                    usable().count()
                ),
                hint: "STS takes a token without `kid` only if the issuer has exactly one usable key",
                rule: "A38",
                folded: false,
            }),
        };
    };
    // A38: a later key with the same `kid` replaces the earlier.
    if let Some((index, _)) = usable().rfind(|(_, key)| key.kid == Some(kid)) {
        return Ok(index);
    }
    let reason = keys.iter().filter(|key| key.kid == Some(kid)).find_map(IssuerKey::unusable);
    Err(match reason {
        Some(reason) => NoKey {
            title: format!("STS cannot use the key `{}`: {reason}", kid.escape_debug()),
            hint: "publish the key with kty, kid, alg, use: sig and its numbers alone",
            rule: "A39",
            folded: reason.contains("key_ops"),
        },
        None => NoKey {
            title: format!("no key has the token's `kid` `{}`", kid.escape_debug()),
            hint: "is the key set this issuer's, and current? STS asks the issuer itself; around a key rotation a retry helps",
            rule: "A38",
            folded: false,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn chosen(keys: &Value, kid: Option<&str>, alg: &str) -> Option<usize> {
        let keys: Vec<IssuerKey<'_>> = keys
            .as_array()
            .unwrap()
            .iter()
            .map(|key| IssuerKey {
                kid: key["kid"].as_str(),
                kty: key["kty"].as_str().unwrap_or_default(),
                jwk: key.as_object(),
                public: None,
            })
            .collect();
        choose(&keys, kid, alg).ok()
    }

    #[test]
    fn key_choice() {
        let rsa = |kid: &str| json!({"kty": "RSA", "kid": kid, "n": "x", "e": "AQAB"});
        let with = |kid: &str, name: &str, value: Value| {
            let mut key = rsa(kid);
            key[name] = value;
            key
        };
        let many: Vec<Value> = (0..101).map(|index| rsa(&index.to_string())).collect();
        let table = [
            (json!([rsa("a"), rsa("b")]), Some("b"), Some(1)),
            (json!([rsa("a"), rsa("b"), rsa("a")]), Some("a"), Some(2)),
            (json!([rsa("a")]), Some("z"), None),
            (json!([rsa("a")]), None, Some(0)),
            (json!([rsa("a"), rsa("b")]), None, None),
            (json!([rsa("a"), with("b", "use", json!("enc"))]), None, Some(0)),
            (json!([with("a", "key_ops", json!(["verify"]))]), Some("a"), None),
            (json!([with("a", "alg", json!("ES256"))]), Some("a"), Some(0)),
            (json!([{"kty": "RSA", "kid": "a", "x5c": ["M"]}]), Some("a"), None),
            (json!([{"kty": "RSA", "n": "x"}]), None, None),
            (Value::from(many), Some("5"), None),
        ];
        for (keys, kid, index) in table {
            assert_eq!(chosen(&keys, kid, "RS256"), index, "{kid:?} {keys}");
        }
    }
}
