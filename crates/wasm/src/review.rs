//! TokenReview.

use podpass::TokenReviewInput;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::door::{Answer, options, parsed};

/// What the API server answers about a token.
#[wasm_bindgen(js_name = simulateTokenReview)]
pub fn simulate_token_review(review: &str) -> Answer {
    let review: TokenReviewInput = options(review)?;
    parsed(&podpass::simulate_token_review(&review))
}
