//! One table row per `alg`: its family, its curve or padding, its hash. The only module that names a crypto crate.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::verify as verify_with_jsonwebtoken;
use jsonwebtoken::{Algorithm as Jwt, DecodingKey};
use p521::ecdsa::signature::Verifier as _;
use p521::ecdsa::signature::hazmat::PrehashVerifier as _;
use rsa::pkcs8::{AssociatedOid, EncodePublicKey};
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPublicKey};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// A signature algorithm that podpass verifies (RFC 7518 §3.1, RFC 8037 §3.1). Never a symmetric one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Algorithm {
    EdDsa,
    Es256,
    Es384,
    Es512,
    Ps256,
    Ps384,
    Ps512,
    Rs256,
    Rs384,
    Rs512,
}

/// What an algorithm asks of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Ec(Curve),
    Ed25519,
    Rsa { pss: bool },
}

/// The curves of RFC 7518 §6.2.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    const TABLE: [(Self, &'static str, usize); 3] =
        [(Self::P256, "P-256", 32), (Self::P384, "P-384", 48), (Self::P521, "P-521", 66)];

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// Bytes of a coordinate.
    pub(crate) const fn width(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// All there is to know of an algorithm: name, family, how jsonwebtoken calls it.
const TABLE: [(Algorithm, &str, Family, Option<Jwt>); 10] = [
    (Algorithm::Rs256, "RS256", Family::Rsa { pss: false }, Some(Jwt::RS256)),
    (Algorithm::Rs384, "RS384", Family::Rsa { pss: false }, Some(Jwt::RS384)),
    (Algorithm::Rs512, "RS512", Family::Rsa { pss: false }, Some(Jwt::RS512)),
    (Algorithm::Ps256, "PS256", Family::Rsa { pss: true }, Some(Jwt::PS256)),
    (Algorithm::Ps384, "PS384", Family::Rsa { pss: true }, Some(Jwt::PS384)),
    (Algorithm::Ps512, "PS512", Family::Rsa { pss: true }, Some(Jwt::PS512)),
    (Algorithm::Es256, "ES256", Family::Ec(Curve::P256), Some(Jwt::ES256)),
    (Algorithm::Es384, "ES384", Family::Ec(Curve::P384), Some(Jwt::ES384)),
    // API servers sign with it (K3); jsonwebtoken does not know it.
    (Algorithm::Es512, "ES512", Family::Ec(Curve::P521), None),
    (Algorithm::EdDsa, "EdDSA", Family::Ed25519, Some(Jwt::EdDSA)),
];

/// What a header's `alg` turns out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AlgorithmName {
    Known(Algorithm),
    /// `none` in any case: no signature at all.
    None,
    /// HS256 and its kin: whoever can verify can forge.
    Symmetric,
    Unknown,
}

impl Algorithm {
    /// Every algorithm, in the order in which options name them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.0)
    }

    pub(crate) fn named(name: &str) -> AlgorithmName {
        if let Some(row) = TABLE.iter().find(|row| row.1 == name) {
            return AlgorithmName::Known(row.0);
        }
        match name {
            _ if name.eq_ignore_ascii_case("none") => AlgorithmName::None,
            "HS256" | "HS384" | "HS512" => AlgorithmName::Symmetric,
            _ => AlgorithmName::Unknown,
        }
    }

    fn row(self) -> Option<&'static (Self, &'static str, Family, Option<Jwt>)> {
        TABLE.iter().find(|row| row.0 == self)
    }

    pub(crate) fn name(self) -> &'static str {
        self.row().map_or("", |row| row.1)
    }

    pub(crate) fn family(self) -> Family {
        self.row().map_or(Family::Ed25519, |row| row.2)
    }

    /// Whether a key can make signatures of this algorithm.
    pub(crate) fn fits(self, key: &PublicKey) -> bool {
        match (self.family(), key) {
            (Family::Rsa { .. }, PublicKey::Rsa(_)) | (Family::Ed25519, PublicKey::Ed25519(_)) => {
                true
            }
            (Family::Ec(wanted), PublicKey::Ec { curve, .. }) => wanted == *curve,
            _ => false,
        }
    }
}

/// A public key whose parts make sense: an RSA modulus and exponent, a point on its curve.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PublicKey {
    Ec { curve: Curve, x: Vec<u8>, y: Vec<u8> },
    Ed25519([u8; 32]),
    Rsa(RsaPublicKey),
}

/// Largest RSA modulus that is verified, in bits: an answer within milliseconds, and more than anybody uses.
const MAX_RSA_BITS: usize = 16_384;
/// Largest that jsonwebtoken takes.
const JSONWEBTOKEN_RSA_BITS: usize = 4_096;

impl PublicKey {
    /// An RSA key from its big-endian parts.
    ///
    /// # Errors
    ///
    /// What is wrong with them.
    pub(crate) fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, String> {
        let (n, e) = (BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(exponent));
        if n.bits() > MAX_RSA_BITS {
            return Err(format!(
                "the modulus has {} bits, at most {MAX_RSA_BITS} are read",
                n.bits()
            ));
        }
        RsaPublicKey::new_with_max_size(n, e, MAX_RSA_BITS)
            .map(Self::Rsa)
            .map_err(|error| format!("no usable RSA key: {error}"))
    }

    /// An elliptic-curve key from the coordinates of its point.
    ///
    /// # Errors
    ///
    /// What is wrong with them.
    pub(crate) fn ec(curve: Curve, x: &[u8], y: &[u8]) -> Result<Self, String> {
        let width = curve.width();
        if x.len() != width || y.len() != width {
            return Err(format!(
                "coordinates of {} have {width} bytes, these have {} and {}",
                curve.name(),
                x.len(),
                y.len()
            ));
        }
        let point = sec1_point(x, y);
        let on_curve = match curve {
            Curve::P256 => p256::PublicKey::from_sec1_bytes(&point).is_ok(),
            Curve::P384 => p384::PublicKey::from_sec1_bytes(&point).is_ok(),
            Curve::P521 => p521::PublicKey::from_sec1_bytes(&point).is_ok(),
        };
        if !on_curve {
            return Err(format!("the point is not on {}", curve.name()));
        }
        Ok(Self::Ec { curve, x: x.to_vec(), y: y.to_vec() })
    }

    /// From an uncompressed SEC 1 point.
    ///
    /// # Errors
    ///
    /// If it is no such point of the curve.
    pub(crate) fn ec_point(curve: Curve, point: &[u8]) -> Result<Self, String> {
        match point.split_first() {
            Some((4, coordinates)) if coordinates.len() == 2 * curve.width() => {
                let (x, y) = coordinates.split_at(curve.width());
                Self::ec(curve, x, y)
            }
            _ => Err(format!("no uncompressed point of {}", curve.name())),
        }
    }

    pub(crate) const fn kty(&self) -> &'static str {
        match self {
            Self::Ec { .. } => "EC",
            Self::Ed25519(_) => "OKP",
            Self::Rsa(_) => "RSA",
        }
    }

    pub(crate) const fn curve(&self) -> Option<&'static str> {
        match self {
            Self::Ec { curve, .. } => Some(curve.name()),
            Self::Ed25519(_) => Some("Ed25519"),
            Self::Rsa(_) => None,
        }
    }

    /// Size of an RSA modulus.
    pub(crate) fn bits(&self) -> Option<usize> {
        match self {
            Self::Rsa(key) => Some(key.n().bits()),
            _ => None,
        }
    }

    /// What a JWK holds of an RSA or elliptic-curve key (RFC 7518 §6.2.1, §6.3.1).
    pub(crate) fn jwk_members(&self) -> Vec<(&'static str, String)> {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Rsa(key) => {
                vec![("n", text(&key.n().to_bytes_be())), ("e", text(&key.e().to_bytes_be()))]
            }
            Self::Ec { x, y, .. } => vec![("x", text(x)), ("y", text(y))],
            Self::Ed25519(bytes) => vec![("x", text(bytes))],
        }
    }

    /// The key id that the API server derives: base64url of SHA-256 over the DER `SubjectPublicKeyInfo` (K2).
    pub(crate) fn derived_kid(&self) -> Option<String> {
        let der = match self {
            Self::Rsa(key) => key.to_public_key_der().ok()?,
            Self::Ed25519(_) => return None,
            Self::Ec { curve, x, y } => {
                let point = sec1_point(x, y);
                match curve {
                    Curve::P256 => {
                        p256::PublicKey::from_sec1_bytes(&point).ok()?.to_public_key_der().ok()?
                    }
                    Curve::P384 => {
                        p384::PublicKey::from_sec1_bytes(&point).ok()?.to_public_key_der().ok()?
                    }
                    Curve::P521 => {
                        p521::PublicKey::from_sec1_bytes(&point).ok()?.to_public_key_der().ok()?
                    }
                }
            }
        };
        Some(URL_SAFE_NO_PAD.encode(Sha256::digest(der.as_bytes())))
    }
}

fn sec1_point(x: &[u8], y: &[u8]) -> Vec<u8> {
    [&[4], x, y].concat()
}

/// Whether `key` made `signature` over `message`. False as well where key and algorithm do not fit.
pub(crate) fn verify(
    algorithm: Algorithm,
    key: &PublicKey,
    message: &[u8],
    signature: &[u8],
) -> bool {
    match key {
        PublicKey::Ec { curve: Curve::P521, x, y } if algorithm == Algorithm::Es512 => {
            verify_es512(&sec1_point(x, y), message, signature)
        }
        PublicKey::Rsa(key) if key.n().bits() > JSONWEBTOKEN_RSA_BITS => {
            verify_large_rsa(algorithm, key, message, signature)
        }
        _ => verify_by_factory(algorithm, key, message, signature),
    }
}

/// As go-jose verifies for the API server (K4): RSA keys as everybody does, elliptic curves by the algorithm's
/// signature length and hash with whatever curve the key has. Other keys verify nothing.
pub(crate) fn verify_as_go_jose(
    algorithm: Algorithm,
    key: &PublicKey,
    message: &[u8],
    signature: &[u8],
) -> bool {
    match (algorithm.family(), key) {
        (Family::Rsa { .. }, PublicKey::Rsa(_)) => verify(algorithm, key, message, signature),
        (Family::Ec(named), PublicKey::Ec { .. }) if algorithm.fits(key) => {
            signature.len() == 2 * named.width() && verify(algorithm, key, message, signature)
        }
        (Family::Ec(named), PublicKey::Ec { curve, x, y }) => {
            let hash = match named {
                Curve::P256 => Sha256::digest(message).to_vec(),
                Curve::P384 => Sha384::digest(message).to_vec(),
                Curve::P521 => Sha512::digest(message).to_vec(),
            };
            signature.len() == 2 * named.width()
                && resized(signature, named.width(), curve.width()).is_some_and(|signature| {
                    verify_hash(*curve, &sec1_point(x, y), &hash, &signature)
                })
        }
        _ => false,
    }
}

/// `r` and `s` with the width of another curve; `None` if one does not fit: then it exceeds the curve's order.
fn resized(signature: &[u8], from: usize, to: usize) -> Option<Vec<u8>> {
    let (r, s) = signature.split_at_checked(from)?;
    let resize = |number: &[u8]| {
        let spare = number.len().saturating_sub(to);
        let (leading, rest) = number.split_at_checked(spare)?;
        let padding = vec![0; to.saturating_sub(rest.len())];
        leading.iter().all(|byte| *byte == 0).then(|| [padding, rest.to_vec()].concat())
    };
    Some([resize(r)?, resize(s)?].concat())
}

/// Go's `hashToNat`: the leftmost bytes of a hash that is too long, the number itself of one that is short.
fn verify_hash(curve: Curve, point: &[u8], hash: &[u8], signature: &[u8]) -> bool {
    let width = curve.width();
    let kept = hash.get(..width.min(hash.len())).unwrap_or_default();
    let hash = [vec![0; width.saturating_sub(kept.len())], kept.to_vec()].concat();
    macro_rules! elliptic_curve {
        ($library:ident) => {
            match (
                $library::ecdsa::VerifyingKey::from_sec1_bytes(point),
                $library::ecdsa::Signature::from_slice(signature),
            ) {
                (Ok(key), Ok(signature)) => key.verify_prehash(&hash, &signature).is_ok(),
                _ => false,
            }
        };
    }
    match curve {
        Curve::P256 => elliptic_curve!(p256),
        Curve::P384 => elliptic_curve!(p384),
        Curve::P521 => elliptic_curve!(p521),
    }
}

fn verify_by_factory(
    algorithm: Algorithm,
    key: &PublicKey,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let Some((_, _, _, Some(jwt))) = algorithm.row() else { return false };
    if !algorithm.fits(key) {
        return false;
    }
    let decoding_key = match key {
        PublicKey::Rsa(key) => {
            Ok(DecodingKey::from_rsa_raw_components(&key.n().to_bytes_be(), &key.e().to_bytes_be()))
        }
        PublicKey::Ec { x, y, .. } => {
            DecodingKey::from_ec_components(&URL_SAFE_NO_PAD.encode(x), &URL_SAFE_NO_PAD.encode(y))
        }
        PublicKey::Ed25519(x) => DecodingKey::from_ed_components(&URL_SAFE_NO_PAD.encode(x)),
    };
    decoding_key
        .and_then(|key| {
            verify_with_jsonwebtoken(&URL_SAFE_NO_PAD.encode(signature), message, &key, *jwt)
        })
        .unwrap_or(false)
}

fn verify_es512(point: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(point);
    let signature = p521::ecdsa::Signature::from_slice(signature);
    match (key, signature) {
        (Ok(key), Ok(signature)) => key.verify(message, &signature).is_ok(),
        _ => false,
    }
}

fn verify_large_rsa(
    algorithm: Algorithm,
    key: &RsaPublicKey,
    message: &[u8],
    signature: &[u8],
) -> bool {
    fn with<
        H: Digest
            + AssociatedOid
            + Clone
            + sha2::digest::FixedOutputReset
            + sha2::digest::Reset
            + Send
            + Sync
            + 'static,
    >(
        pss: bool,
        key: &RsaPublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let digest = H::digest(message);
        let outcome = if pss {
            key.verify(Pss::new::<H>(), &digest, signature)
        } else {
            key.verify(Pkcs1v15Sign::new::<H>(), &digest, signature)
        };
        outcome.is_ok()
    }
    match algorithm {
        Algorithm::Ps256 => with::<Sha256>(true, key, message, signature),
        Algorithm::Ps384 => with::<Sha384>(true, key, message, signature),
        Algorithm::Ps512 => with::<Sha512>(true, key, message, signature),
        Algorithm::Rs256 => with::<Sha256>(false, key, message, signature),
        Algorithm::Rs384 => with::<Sha384>(false, key, message, signature),
        Algorithm::Rs512 => with::<Sha512>(false, key, message, signature),
        _ => false,
    }
}
