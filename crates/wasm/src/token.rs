//! Tokens and keys.

use podpass::VerifyOptions;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::door::{Answer, options, parsed, thrown};

/// Reads a token, wrapped or bare. Never fails.
#[wasm_bindgen(js_name = decodeToken)]
pub fn decode_token(text: &str) -> Answer {
    parsed(&podpass::decode_token(text))
}

/// Reads a key set. Never fails.
#[wasm_bindgen(js_name = parseKeys)]
pub fn parse_keys(text: &str) -> Answer {
    parsed(&podpass::parse_keys(text))
}

/// Verifies a token; throws the first failing check.
#[wasm_bindgen(js_name = verifyServiceAccountToken)]
pub fn verify_service_account_token(token: &str, keys: &str, wanted: &str) -> Answer {
    let verified = podpass::verify_service_account_token(token, keys, &options(wanted)?);
    parsed(&verified.map_err(|error| thrown(&error))?)
}

/// The same judgement with every check listed.
#[wasm_bindgen(js_name = checkServiceAccountToken)]
pub fn check_service_account_token(token: &str, keys: &str, wanted: &str) -> Answer {
    let wanted: VerifyOptions = options(wanted)?;
    wanted.validate().map_err(|error| thrown(&error))?;
    parsed(&podpass::check_service_account_token(token, keys, &wanted))
}
