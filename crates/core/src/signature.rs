//! A token, a key set, and what has been found out about the two: each signature is judged once.
//!
//! Systems differ in which keys they would try; what a key says of a signature does not depend on them, nor
//! on the time. So fixes and another `now` cost no second verification.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::algorithm::{Algorithm, AlgorithmName, verify};
use crate::jwk::{Key, Keys};
use crate::jws::Jws;

/// A token and the keys that may have signed it.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    pub(crate) jws: Option<Jws>,
    /// `None`: no key set was given.
    pub(crate) keys: Option<Keys>,
    judged: RefCell<BTreeMap<usize, bool>>,
}

/// What some candidate keys say of the token's signature.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Judgement {
    /// None of them made it.
    Invalid,
    /// There was none to try.
    NoCandidate,
    /// No key set was given.
    NoKeys,
    /// This one made it: its place in the set.
    Valid(usize),
}

impl Evidence {
    pub(crate) fn new(token: Option<&str>, keys: Option<&str>) -> Self {
        Self { jws: token.map(Jws::parse), keys: keys.map(Keys::parse), judged: RefCell::default() }
    }

    /// With keys that were read before.
    pub(crate) fn with_keys(token: &str, keys: Keys) -> Self {
        Self { jws: Some(Jws::parse(token)), keys: Some(keys), judged: RefCell::default() }
    }

    /// With what others found out: places of keys, and whether each made the signature.
    pub(crate) fn told(self, verdicts: &[(usize, bool)]) -> Self {
        self.judged.borrow_mut().extend(verdicts.iter().copied());
        self
    }

    /// The algorithm that the header names.
    pub(crate) fn algorithm(&self) -> Option<Algorithm> {
        match Algorithm::named(self.jws.as_ref()?.alg()?) {
            AlgorithmName::Known(algorithm) => Some(algorithm),
            _ => None,
        }
    }

    /// Tries the keys at these places, in this order.
    pub(crate) fn judge(&self, candidates: &[usize]) -> Judgement {
        if self.keys.is_none() {
            return Judgement::NoKeys;
        }
        if candidates.is_empty() {
            return Judgement::NoCandidate;
        }
        match candidates.iter().find(|index| self.is_signed_by(**index)) {
            Some(index) => Judgement::Valid(*index),
            None => Judgement::Invalid,
        }
    }

    /// The places of the keys that a system would try.
    pub(crate) fn candidates(&self, wanted: impl Fn(&Key) -> bool) -> Vec<usize> {
        let keys = self.keys.iter().flat_map(|keys| &keys.keys).enumerate();
        keys.filter(|(_, key)| wanted(key)).map(|(index, _)| index).collect()
    }

    pub(crate) fn key(&self, index: usize) -> Option<&Key> {
        self.keys.as_ref()?.keys.get(index)
    }

    fn is_signed_by(&self, index: usize) -> bool {
        if let Some(known) = self.judged.borrow().get(&index) {
            return *known;
        }
        let judged = self.verify_with(index).unwrap_or(false);
        self.judged.borrow_mut().insert(index, judged);
        judged
    }

    fn verify_with(&self, index: usize) -> Option<bool> {
        let jws = self.jws.as_ref()?;
        let public = self.key(index)?.public.as_ref()?;
        Some(verify(self.algorithm()?, public, jws.signing_input(), jws.signature.as_ref()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_now_costs_no_cryptography() {
        // An Ed25519 key and a token that it did not sign: judged once, then remembered.
        let keys =
            r#"{"kty":"OKP","crv":"Ed25519","x":"cf6dpM7Czir2iP_8xsoTCTKvY7yO3zFWZIelIq3CQUQ"}"#;
        let evidence = Evidence::new(Some("eyJhbGciOiJFZERTQSJ9.e30.c2ln"), Some(keys));
        assert_eq!(evidence.judge(&[0]), Judgement::Invalid);
        assert_eq!(evidence.judged.borrow().get(&0), Some(&false));
        evidence.judged.borrow_mut().insert(0, true);
        assert_eq!(evidence.judge(&[0]), Judgement::Valid(0));
    }
}
