//! Doors of podpass for JavaScript: options in, plain objects out, failures as one plain shape.
//!
//! Every export takes text: pasted documents as they are, options as JSON, so that JavaScript meets the very
//! types that Rust does, unknown members refused. The facade in `npm/` puts the types, the clock and real
//! `Error`s around it; nothing else is meant to call this.

mod door;
mod federation;
mod pods;
mod report;
mod token;

use wasm_bindgen::prelude::wasm_bindgen;

/// The version of the engine.
#[wasm_bindgen]
pub fn version() -> String {
    podpass::version().to_owned()
}
