//! PEM blocks as the API server reads them (K10; client-go `keyutil`): public keys, certificates, private keys.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::pkcs8::ObjectIdentifier;
use rsa::pkcs8::spki::SubjectPublicKeyInfoRef;
use rsa::traits::PublicKeyParts as _;
use rsa::{RsaPrivateKey, pkcs1};
use x509_cert::der::Decode as _;
use x509_cert::der::referenced::OwnedToRef as _;

use super::{Key, KeyInfo, KeyUse, Keys, objection};
use crate::algorithm::{Curve, PublicKey};
use crate::document::Text;
use crate::trace::{Check, Status};

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// RFC 5480 §2.1.1.1.
const CURVES: [(ObjectIdentifier, Curve); 3] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"), Curve::P256),
    (ObjectIdentifier::new_unwrap("1.3.132.0.34"), Curve::P384),
    (ObjectIdentifier::new_unwrap("1.3.132.0.35"), Curve::P521),
];

struct Block<'a> {
    label: &'a str,
    body: &'a str,
    range: Range<usize>,
}

pub(super) fn read(source: &Text<'_>) -> Keys {
    let mut keys = Keys::default();
    let blocks = blocks(source.text);
    for block in &blocks {
        read_block(&mut keys, source, block);
    }
    if keys.keys.is_empty() {
        let message = if blocks.is_empty() {
            "a PEM block begins but never ends: the text is cut off"
        } else {
            "none of the PEM blocks holds a key"
        };
        keys.checks.push(
            Check::new("keys/format", Status::Fail, message)
                .at(source.point(source.text.find("-----BEGIN ").unwrap_or(0)))
                .rule("K10"),
        );
        keys.unreadable = true;
        return keys;
    }
    keys.conclude();
    keys
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    const BEGIN: &str = "-----BEGIN ";
    let mut blocks = Vec::new();
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find(BEGIN)) {
        let start = at + found;
        at = start + BEGIN.len();
        let Some((label, rest)) = text.get(at..).and_then(|rest| rest.split_once("-----")) else {
            break;
        };
        let end_line = format!("-----END {label}-----");
        let Some(length) = rest.find(&end_line) else { continue };
        let body_start = at + label.len() + "-----".len();
        let range = start..body_start + length + end_line.len();
        at = range.end;
        blocks.push(Block { label, body: rest.get(..length).unwrap_or_default(), range });
    }
    blocks
}

fn read_block(keys: &mut Keys, source: &Text<'_>, block: &Block<'_>) {
    // Header lines of old encrypted blocks (`Proc-Type:`) are no base64 and make the block unreadable, as in Go.
    let packed: String = block.body.split_whitespace().collect();
    let material = match (STANDARD.decode(packed), block.label) {
        (Err(_), _) => Err("its content is not base64".to_owned()),
        (Ok(der), "PUBLIC KEY") => subject_public_key_info(&der),
        (Ok(der), "RSA PUBLIC KEY") => rsa_public_key(&der),
        (Ok(der), "CERTIFICATE") => certificate(&der),
        (Ok(der), "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY") => private_key(&der),
        (Ok(_), label) => {
            let title = format!("a PEM block `{label}` holds no key and is skipped");
            keys.checks.push(
                Check::new("keys/skipped", Status::Skip, title)
                    .at(source.span(&block.range, None))
                    .rule("K10"),
            );
            return;
        }
    };
    if block.label.contains("PRIVATE") {
        keys.checks.push(
            Check::new("keys/private", Status::Warn, "this key is private: only its public half is used, and nothing of it is kept")
                .at(source.span(&block.range, None))
                .hint("treat it as leaked if it came from anywhere but your own disk, and paste public keys only")
                .rule("K10"),
        );
    }
    let key = match material {
        Ok(public) => {
            let reason = objection(&public);
            let key = Key::used(public, None, None);
            match reason {
                Some(reason) => key.ignored(reason),
                None => key,
            }
        }
        Err(reason) => unreadable(block.label).ignored(reason),
    };
    keys.push(key, source, &block.range, None);
}

fn unreadable(label: &str) -> Key {
    let kty = match label {
        _ if label.starts_with("RSA") => "RSA",
        _ if label.starts_with("EC") => "EC",
        _ => "",
    };
    let info = KeyInfo {
        kid: None,
        kty: kty.to_owned(),
        alg: None,
        bits: None,
        curve: None,
        usage: KeyUse::Ignored,
        reason: None,
        derived_kid: None,
    };
    Key { info, public: None, written: serde_json::Map::new() }
}

fn subject_public_key_info(der: &[u8]) -> Result<PublicKey, String> {
    let info = SubjectPublicKeyInfoRef::try_from(der)
        .map_err(|error| format!("it is no SubjectPublicKeyInfo: {error}"))?;
    from_info(&info)
}

fn from_info(info: &SubjectPublicKeyInfoRef<'_>) -> Result<PublicKey, String> {
    let bytes = info.subject_public_key.raw_bytes();
    match info.algorithm.oid {
        RSA_ENCRYPTION => rsa_public_key(bytes),
        EC_PUBLIC_KEY => {
            let oid =
                info.algorithm.parameters_oid().map_err(|_| "its curve is not named".to_owned())?;
            let curve = CURVES.iter().find(|row| row.0 == oid).map(|row| row.1);
            PublicKey::ec_point(
                curve.ok_or_else(|| format!("the curve {oid} is not verified with here"))?,
                bytes,
            )
        }
        ED25519 => bytes
            .try_into()
            .map(PublicKey::Ed25519)
            .map_err(|_| "an Ed25519 key has 32 bytes".to_owned()),
        oid => Err(format!("the key type {oid} is unknown")),
    }
}

fn rsa_public_key(der: &[u8]) -> Result<PublicKey, String> {
    let key = pkcs1::RsaPublicKey::try_from(der)
        .map_err(|error| format!("it is no RSAPublicKey: {error}"))?;
    PublicKey::rsa(key.modulus.as_bytes(), key.public_exponent.as_bytes())
}

/// The public key of an X.509 certificate.
pub(crate) fn certificate(der: &[u8]) -> Result<PublicKey, String> {
    let certificate = x509_cert::Certificate::from_der(der)
        .map_err(|error| format!("it is no X.509 certificate: {error}"))?;
    from_info(&certificate.tbs_certificate.subject_public_key_info.owned_to_ref())
}

/// PKCS #8, PKCS #1 or SEC 1: the label is not trusted, as in Go, where every parser is tried.
fn private_key(der: &[u8]) -> Result<PublicKey, String> {
    if let Ok(key) = RsaPrivateKey::from_pkcs8_der(der)
        .or_else(|_| RsaPrivateKey::from_pkcs1_der(der).map_err(|_| ()))
    {
        return PublicKey::rsa(&key.n().to_bytes_be(), &key.e().to_bytes_be());
    }
    if let Ok(key) = ed25519_dalek::SigningKey::from_pkcs8_der(der) {
        return Ok(PublicKey::Ed25519(key.verifying_key().to_bytes()));
    }
    macro_rules! elliptic_curve {
        ($library:ident, $curve:expr) => {{
            use $library::pkcs8::DecodePrivateKey as _;
            if let Ok(key) = $library::SecretKey::from_pkcs8_der(der)
                .or_else(|_| $library::SecretKey::from_sec1_der(der).map_err(|_| ()))
            {
                return PublicKey::ec_point($curve, &key.public_key().to_sec1_bytes());
            }
        }};
    }
    elliptic_curve!(p256, Curve::P256);
    elliptic_curve!(p384, Curve::P384);
    elliptic_curve!(p521, Curve::P521);
    Err("it is no private key that podpass reads".into())
}
