//! What the API server issues, publishes and keeps.

use podpass::{Cluster, DiscoveryInput, TokenRequestInput, TokenSecretOptions};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::door::{Answer, options, parsed};

/// What follows from the flags.
#[wasm_bindgen(js_name = inspectCluster)]
pub fn inspect_cluster(cluster: &str) -> Answer {
    let cluster: Cluster = options(cluster)?;
    parsed(&podpass::inspect_cluster(&cluster))
}

/// Whose legacy tokens there are, and what the cleaner does with them.
#[wasm_bindgen(js_name = inspectTokenSecrets)]
pub fn inspect_token_secrets(objects: &str, wanted: &str) -> Answer {
    let wanted: TokenSecretOptions = options(wanted)?;
    parsed(&podpass::inspect_token_secrets(objects, &wanted))
}

/// What GET of a discovery path answers.
#[wasm_bindgen(js_name = simulateDiscovery)]
pub fn simulate_discovery(request: &str) -> Answer {
    let request: DiscoveryInput = options(request)?;
    parsed(&podpass::simulate_discovery(&request))
}

/// What the API server would sign.
#[wasm_bindgen(js_name = simulateTokenRequest)]
pub fn simulate_token_request(request: &str) -> Answer {
    let request: TokenRequestInput = options(request)?;
    parsed(&podpass::simulate_token_request(&request))
}
