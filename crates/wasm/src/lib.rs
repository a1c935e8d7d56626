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
mod verifier;

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

pub use verifier::{
    conclude_check, conclude_verification, decode_short_way, introduce_token, keep_verifier,
    release_verifier, request_signature, short_way_room, short_way_told, verifier_keys,
    verify_short_way,
};

/// The version of the engine.
#[wasm_bindgen]
pub fn version() -> String {
    podpass::version().to_owned()
}
