//! Verification in two steps, for whoever checks signatures elsewhere: what is to be checked, then what follows.

use std::cell::RefCell;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{TokenCheck, Verification, VerifiedToken, VerifyOptions, answer, listed, signature};
use crate::check::issuer;
use crate::error::PodpassError;
use crate::federation::OneOrMany;
use crate::jwk::Keys;
use crate::jws::Jws;
use crate::lean::{self, Known};
use crate::signature::Evidence;
use crate::time::UnixTime;

/// Most headers that are remembered: one a signing key, and a rotation or two.
const MOST_KNOWN: usize = 4;

/// Keys and options that are read once and asked many times.
///
/// Which key may have signed, which algorithms count and what the claims must say is judged here; only the arithmetic
/// of the signature can be done elsewhere, and its verdict is passed in. A key without a verdict is tried here.
///
/// ```
/// use podpass::{Verifier, VerifyOptions};
///
/// let options = VerifyOptions::new("https://issuer.example", "vault", 0.into());
/// let verifier = Verifier::new(r#"{"keys":[]}"#, options)?;
/// let token = "eyJhbGciOiJub25lIn0.e30.";
/// assert_eq!(verifier.request(token), None);
/// let error = verifier.verify(token, 1_700_000_000.into(), &[]).unwrap_err();
/// assert_eq!(error.code(), "ERR_JOSE_ALG_NOT_ALLOWED");
/// # Ok::<(), podpass::PodpassError>(())
/// ```
#[derive(Debug)]
pub struct Verifier {
    keys: Keys,
    options: VerifyOptions,
    known: RefCell<Vec<Known>>,
}

/// Which signature is to be checked, and with which keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignatureRequest {
    /// The algorithm.
    pub alg: String,
    /// Bytes of the token that are signed; after one more, a dot, the signature follows as base64url.
    pub input: usize,
    /// Places in the key set, to be tried in this order.
    pub keys: Vec<usize>,
}

/// Room that [`Verifier::foresee`] and [`decode_bare_token`] use anew each time.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The answer, as JSON.
    pub json: String,
    /// The signature's bytes.
    pub signature: Vec<u8>,
    payload: Vec<u8>,
}

impl Verifier {
    /// Reads the keys. The options' `now` is of no account.
    ///
    /// # Errors
    ///
    /// Named `TypeError`, for options that make no sense.
    pub fn new(keys: &str, options: VerifyOptions) -> Result<Self, PodpassError> {
        options.validate()?;
        Ok(Self { keys: Keys::parse(keys), options, known: RefCell::default() })
    }

    /// The public keys as JWKs, by their places; `None` for those that nobody verifies with.
    pub fn jwks(&self) -> Vec<Option<Map<String, Value>>> {
        let jwk = |public: &crate::algorithm::PublicKey| {
            let mut jwk = Map::new();
            jwk.insert("kty".into(), json!(public.kty()));
            if let Some(curve) = public.curve() {
                jwk.insert("crv".into(), json!(curve));
            }
            jwk.extend(
                public.jwk_members().into_iter().map(|(name, value)| (name.into(), value.into())),
            );
            jwk
        };
        self.keys.keys.iter().map(|key| key.public.as_ref().map(jwk)).collect()
    }

    /// Which signature is to be checked; `None` if the token is refused whatever its signature says.
    pub fn request(&self, token: &str) -> Option<SignatureRequest> {
        let evidence = Evidence::with_keys(token, self.keys.clone());
        let keys = signature::candidates(&evidence, &self.options.allowed());
        let jws = evidence.jws.as_ref()?;
        let alg = jws.alg()?.to_owned();
        if let ([key], Some(header), Some(text)) =
            (&*keys, &jws.header, jws.parts.first().and_then(|part| token.get(part.clone())))
        {
            self.remember(text, header, *key, &alg);
        }
        let request = SignatureRequest { alg, input: jws.signing_input().len(), keys };
        (!request.keys.is_empty()).then_some(request)
    }

    /// What can be told of a token before any key is sought: its form, its algorithm, its issuer, in this order.
    /// Gives the issuer.
    ///
    /// # Errors
    ///
    /// The first of them that fails.
    pub fn introduce(&self, token: &str) -> Result<String, PodpassError> {
        let jws = Jws::parse(token);
        let trusted = self.options.issuer.as_ref().map(OneOrMany::as_slice);
        let mut judged = signature::form(&jws, &self.options.allowed());
        judged.extend(jws.claims().map(|claims| issuer::issuer(claims, trusted)));
        match judged.into_iter().find_map(|judged| judged.error) {
            Some(error) => Err(error),
            None => Ok(jws
                .claims()
                .and_then(|claims| claims.text("iss"))
                .unwrap_or_default()
                .to_owned()),
        }
    }

    /// As [`crate::verify_service_account_token`], with verdicts on the signature: places of keys, and whether each made it.
    ///
    /// # Errors
    ///
    /// The first failing check, in the same order.
    pub fn verify(
        &self,
        token: &str,
        now: UnixTime,
        verdicts: &[(usize, bool)],
    ) -> Result<VerifiedToken, PodpassError> {
        let evidence = Evidence::with_keys(token, self.keys.clone()).told(verdicts);
        answer(&evidence, &Verification::of(&evidence, &self.at(now)))
    }

    /// As [`crate::check_service_account_token`], with verdicts on the signature.
    pub fn check(&self, token: &str, now: UnixTime, verdicts: &[(usize, bool)]) -> TokenCheck {
        let evidence = Evidence::with_keys(token, self.keys.clone()).told(verdicts);
        listed(&evidence, &Verification::of(&evidence, &self.at(now)))
    }

    /// The short way: if the token passes once its signature is found right, `header`, `claims`, `kind` and `key` of the
    /// answer for that case (into `scratch.json`; the rest stands in the claims, as plain as it should), and what is left to check:
    /// key and signed bytes. `None` says nothing: ask [`Self::request`].
    ///
    /// The answer counts for nothing before the signature was checked.
    pub fn foresee(
        &self,
        token: &str,
        now: UnixTime,
        scratch: &mut Scratch,
    ) -> Option<(usize, usize)> {
        let known = self.known.borrow();
        let room = (&mut scratch.payload, &mut scratch.signature);
        let (options, json) = (&self.options, &mut scratch.json);
        let foreseen = lean::foresee(token, &known, (options, now), room, json)?;
        Some((foreseen.key, foreseen.input))
    }

    fn at(&self, now: UnixTime) -> VerifyOptions {
        VerifyOptions { now, ..self.options.clone() }
    }

    /// Remembers a header that one key answers to; the oldest is forgotten.
    fn remember(&self, segment: &str, header: &Map<String, Value>, key: usize, alg: &str) {
        let mut known = self.known.borrow_mut();
        if known.iter().any(|known| known.segment == segment) {
            return;
        }
        let kid = self.keys.keys.get(key).and_then(crate::jwk::Key::id);
        let of_key = super::VerifiedKey { kid: kid.map(str::to_owned), alg: alg.to_owned() };
        let (Ok(json), Ok(key_json)) =
            (serde_json::to_string(header), serde_json::to_string(&of_key))
        else {
            return;
        };
        if known.len() >= MOST_KNOWN {
            known.remove(0);
        }
        known.push(Known { segment: segment.to_owned(), json, key, key_json });
    }
}

/// [`crate::decode_token`] by the short way, for a bare token as API servers issue them: writes the answer into
/// `scratch.json`, without `compact`, `segments` and `checks`: they are the same for all such tokens but for where header
/// and payload end, which is returned. `None` says nothing.
///
/// ```
/// let mut scratch = podpass::Scratch::default();
/// assert_eq!(podpass::decode_bare_token("Bearer a.b.c", &mut scratch), None);
/// ```
pub fn decode_bare_token(token: &str, scratch: &mut Scratch) -> Option<(usize, usize)> {
    lean::decode(token, &mut scratch.payload, &mut scratch.json)
}
