//! Doors of podpass for JavaScript: options in, plain objects out, failures as one plain shape.
//!
//! Every export takes text: pasted documents as they are, options as JSON, so that JavaScript meets the very
//! types that Rust does, unknown members refused. The facade in `npm/` puts the types, the clock and real
//! `Error`s around it; nothing else is meant to call this.

mod cluster;
mod door;
mod federation;
mod pods;
mod report;
mod review;
mod token;

use wasm_bindgen::prelude::wasm_bindgen;

pub use cluster::{
    inspect_cluster, inspect_token_secrets, simulate_discovery, simulate_token_request,
};
pub use federation::evaluate_federation;
pub use pods::{inspect_pods, kubelet_refresh, rotation_timeline};
pub use report::{explain, report_to_markdown};
pub use review::simulate_token_review;
pub use token::{
    check_service_account_token, decode_token, parse_keys, verify_service_account_token,
};

/// The version of the engine.
#[wasm_bindgen]
pub fn version() -> String {
    podpass::version().to_owned()
}
