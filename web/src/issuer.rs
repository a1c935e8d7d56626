//! A simulated issuer, for the samples only: a key made when the page starts, and tokens as a real API server
//! words them. It stands outside the engine, which never signs anything.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePublicKey;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// One signing key with its name.
#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    key: SigningKey,
    kid: String,
}

impl Issuer {
    /// An issuer with a key that nobody had before; `None` if the browser gives no randomness.
    pub(crate) fn generate() -> Option<Self> {
        let mut secret = [0_u8; 32];
        // One in 2^32 numbers is too large for the curve: drawn again.
        (0..4).find_map(|_| {
            getrandom::getrandom(&mut secret).ok()?;
            Self::from_secret(&secret)
        })
    }

    /// An issuer with a known key, for tests.
    pub(crate) fn from_secret(secret: &[u8; 32]) -> Option<Self> {
        let key = SigningKey::from_bytes(secret.into()).ok()?;
        let spki = key.verifying_key().to_public_key_der().ok()?;
        // K2: as the API server names its keys.
        let kid = URL_SAFE_NO_PAD.encode(Sha256::digest(spki.as_bytes()));
        Some(Self { key, kid })
    }

    /// What `kubectl get --raw /openid/v1/jwks` would print.
    pub(crate) fn jwks(&self) -> Value {
        let point = self.key.verifying_key().to_encoded_point(false);
        let coordinate = |bytes: Option<&p256::FieldBytes>| {
            bytes.map(|bytes| URL_SAFE_NO_PAD.encode(bytes)).unwrap_or_default()
        };
        json!({ "keys": [{
            "use": "sig", "kty": "EC", "kid": self.kid, "crv": "P-256", "alg": "ES256",
            "x": coordinate(point.x()), "y": coordinate(point.y()),
        }] })
    }

    /// A signed token with these claims.
    pub(crate) fn mint(&self, claims: &Value) -> String {
        let signed = unsigned(&json!({ "alg": "ES256", "kid": self.kid }), claims);
        let signature: Signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }
}

/// Header and claims, encoded, without a signature.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_verify_with_the_published_key() {
        let issuer = Issuer::from_secret(&[7; 32]).unwrap();
        let token = issuer.mint(&json!({ "iss": "https://samples.example" }));
        let input = podpass::ExplainInput {
            token: Some(token),
            jwks: Some(issuer.jwks().to_string()),
            now: podpass::UnixTime(1_800_000_000.0),
            ..Default::default()
        };
        let report = podpass::explain(&input);
        let signature = report.verification.iter().find(|check| check.id == "token/signature");
        assert_eq!(signature.unwrap().status, podpass::Status::Pass);
    }
}
