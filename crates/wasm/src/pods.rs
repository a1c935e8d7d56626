//! Pods and the life of their tokens.

use podpass::{TimelineOptions, UnixTime};
use serde::Deserialize;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::door::{Answer, options, parsed, plain};

/// CREATE of every pod in the manifests.
#[wasm_bindgen(js_name = inspectPods)]
pub fn inspect_pods(manifests: &str, cluster: &str) -> Answer {
    parsed(&podpass::inspect_pods(manifests, &options(cluster)?))
}

/// The reply to a TokenRequest, as far as the kubelet's schedule goes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Reply {
    expiration_timestamp: UnixTime,
    #[serde(default)]
    expiration_seconds: Option<f64>,
}

/// The kubelet's schedule for a token.
#[wasm_bindgen(js_name = kubeletRefresh)]
pub fn kubelet_refresh(token: &str) -> Answer {
    let reply: Reply = options(token)?;
    plain(&podpass::kubelet_refresh(reply.expiration_timestamp, reply.expiration_seconds))
}

/// The life of a pod's token.
#[wasm_bindgen(js_name = rotationTimeline)]
pub fn rotation_timeline(wanted: &str) -> Answer {
    let wanted: TimelineOptions = options(wanted)?;
    parsed(&podpass::rotation_timeline(&wanted))
}
