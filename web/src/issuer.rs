//! A simulated issuer, for the samples only: keys that are published with podpass, and tokens as a real API server
//! words and signs them (RS256). It stands outside the engine, which never signs anything.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePublicKey};
use rsa::signature::{SignatureEncoding, Signer};
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, RsaPrivateKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// One signing key with its name.
#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    key: RsaPrivateKey,
    kid: String,
}

impl Issuer {
    /// The samples' own cluster.
    pub(crate) fn cluster() -> Option<Self> {
        Self::from_pem(include_str!("../../tests/keys/cluster-rsa.pem"))
    }

    /// A cluster that no sample trusts.
    pub(crate) fn stranger() -> Option<Self> {
        Self::from_pem(include_str!("../../tests/keys/other-rsa.pem"))
    }

    fn from_pem(pem: &str) -> Option<Self> {
        let key = RsaPrivateKey::from_pkcs8_pem(pem).ok()?;
        let spki = key.to_public_key().to_public_key_der().ok()?;
        // K2: as the API server names its keys.
        let kid = URL_SAFE_NO_PAD.encode(Sha256::digest(spki.as_bytes()));
        Some(Self { key, kid })
    }

    /// What `kubectl get --raw /openid/v1/jwks` would print.
    pub(crate) fn jwks(&self) -> Value {
        let number = |number: &BigUint| URL_SAFE_NO_PAD.encode(number.to_bytes_be());
        json!({ "keys": [{
            "use": "sig", "kty": "RSA", "kid": self.kid, "alg": "RS256",
            "n": number(self.key.n()), "e": number(self.key.e()),
        }] })
    }

    /// A signed token with these claims.
    pub(crate) fn mint(&self, claims: &Value) -> String {
        let signed = unsigned(&json!({ "alg": "RS256", "kid": self.kid }), claims);
        let signature = SigningKey::<Sha256>::new(self.key.clone()).sign(signed.as_bytes());
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
        let issuer = Issuer::cluster().unwrap();
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
