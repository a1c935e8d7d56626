//! Relying parties.

use podpass::FederationInput;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::door::{Answer, options, parsed};

/// One outcome per trust document.
#[wasm_bindgen(js_name = evaluateFederation)]
pub fn evaluate_federation(input: &str) -> Answer {
    let input: FederationInput = options(input)?;
    parsed(&podpass::evaluate_federation(&input))
}
