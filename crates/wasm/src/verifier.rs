//! Verification in two steps: the host checks signatures, the engine judges everything else.
//!
//! Verifiers stay here under a number; JavaScript holds the keys and options, and keeps them anew when the number has
//! been forgotten. A forgotten number answers `undefined`.

use std::cell::RefCell;
use std::collections::BTreeMap;

use podpass::{Scratch, UnixTime, Verifier, VerifyOptions};
use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::door::{Answer, options, parsed, plain, thrown};

/// Most verifiers that are kept; the oldest is forgotten.
const MOST_KEPT: usize = 256;
/// Room for a token on the short way; longer ones take the long one.
const ROOM: usize = 8 * 1024;

/// What outlives a call.
#[derive(Default)]
struct Kept {
    verifiers: BTreeMap<u32, Verifier>,
    last: u32,
    room: Vec<u8>,
    /// Of the last answer by the short way: key, bytes that are signed; then places and lengths in memory.
    told: Vec<u32>,
    scratch: Scratch,
}

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::default();
}

/// Keeps a verifier.
#[wasm_bindgen(js_name = keepVerifier)]
pub fn keep_verifier(keys: &str, wanted: &str) -> Result<u32, JsValue> {
    let wanted: VerifyOptions = options(wanted)?;
    let verifier = Verifier::new(keys, wanted).map_err(|error| thrown(&error))?;
    Ok(KEPT.with_borrow_mut(|kept| {
        kept.last = kept.last.wrapping_add(1);
        kept.verifiers.insert(kept.last, verifier);
        if kept.verifiers.len() > MOST_KEPT {
            kept.verifiers.pop_first();
        }
        kept.last
    }))
}

/// Forgets a verifier.
#[wasm_bindgen(js_name = releaseVerifier)]
pub fn release_verifier(number: u32) {
    KEPT.with_borrow_mut(|kept| kept.verifiers.remove(&number));
}

/// Its public keys, for the host to prepare.
#[wasm_bindgen(js_name = verifierKeys)]
pub fn verifier_keys(number: u32) -> Answer {
    asked(number, |verifier| plain(&verifier.jwks()))
}

/// What can be told before any key is sought: throws, or gives the issuer.
#[wasm_bindgen(js_name = introduceToken)]
pub fn introduce_token(number: u32, token: &str) -> Answer {
    asked(number, |verifier| Ok(verifier.introduce(token).map_err(|error| thrown(&error))?.into()))
}

/// What a signature request comes to.
#[derive(Serialize)]
struct Requested {
    request: Option<podpass::SignatureRequest>,
}

/// Which signature is to be checked.
#[wasm_bindgen(js_name = requestSignature)]
pub fn request_signature(number: u32, token: &str) -> Answer {
    asked(number, |verifier| plain(&Requested { request: verifier.request(token) }))
}

/// What follows from the verdicts on the signature; throws the first failing check.
#[wasm_bindgen(js_name = concludeVerification)]
pub fn conclude_verification(number: u32, token: &str, now: f64, verdicts: &str) -> Answer {
    let verdicts: Vec<(usize, bool)> = options(verdicts)?;
    asked(number, |verifier| {
        let verified = verifier.verify(token, UnixTime(now), &verdicts);
        parsed(&verified.map_err(|error| thrown(&error))?)
    })
}

/// The same with every check listed.
#[wasm_bindgen(js_name = concludeCheck)]
pub fn conclude_check(number: u32, token: &str, now: f64, verdicts: &str) -> Answer {
    let verdicts: Vec<(usize, bool)> = options(verdicts)?;
    asked(number, |verifier| parsed(&verifier.check(token, UnixTime(now), &verdicts)))
}

/// Where a token is to be written for the short way.
#[wasm_bindgen(js_name = shortWayRoom)]
pub fn short_way_room() -> u32 {
    KEPT.with_borrow_mut(|kept| {
        kept.room.resize(ROOM, 0);
        place(&kept.room)
    })
}

/// What was told of the last answer by the short way lies here: `tell` puts it there.
#[wasm_bindgen(js_name = shortWayTold)]
pub fn short_way_told() -> u32 {
    KEPT.with_borrow_mut(|kept| {
        kept.told.resize(TOLD, 0);
        place(&kept.told)
    })
}

/// Verifies the token in the room but for its signature. False says nothing of it.
#[wasm_bindgen(js_name = verifyShortWay)]
pub fn verify_short_way(number: u32, length: usize, now: f64) -> bool {
    KEPT.with_borrow_mut(|kept| {
        let foreseen = kept.verifiers.get(&number).and_then(|verifier| {
            let token = std::str::from_utf8(kept.room.get(..length)?).ok()?;
            verifier.foresee(token, UnixTime(now), &mut kept.scratch)
        });
        tell(kept, foreseen)
    })
}

/// Decodes the token in the room; instead of key and bytes, the ends of header and payload are told. False says nothing.
#[wasm_bindgen(js_name = decodeShortWay)]
pub fn decode_short_way(length: usize) -> bool {
    KEPT.with_borrow_mut(|kept| {
        let token = kept.room.get(..length).and_then(|room| std::str::from_utf8(room).ok());
        let ends = token.and_then(|token| podpass::decode_bare_token(token, &mut kept.scratch));
        tell(kept, ends)
    })
}

/// Numbers that are told.
const TOLD: usize = 6;

fn tell(kept: &mut Kept, found: Option<(usize, usize)>) -> bool {
    let Some((key, input)) = found else { return false };
    let (signature, json) = (&kept.scratch.signature, kept.scratch.json.as_bytes());
    let told: [u32; TOLD] = [
        number(key),
        number(input),
        place(signature),
        number(signature.len()),
        place(json),
        number(json.len()),
    ];
    kept.told.clear();
    kept.told.extend(told);
    true
}

/// Where a slice begins in memory.
fn place<T>(slice: &[T]) -> u32 {
    number(slice.as_ptr().addr())
}

/// Sizes and places are 32 bits wide on wasm32.
fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn asked(number: u32, ask: impl FnOnce(&Verifier) -> Answer) -> Answer {
    KEPT.with_borrow(|kept| kept.verifiers.get(&number).map_or(Ok(JsValue::UNDEFINED), ask))
}
