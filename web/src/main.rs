//! The playground: paste what you have, see where the chain breaks. Nothing leaves the page.
//!
//! One module serves the page and its worker: in the worker there is no window, and nothing is mounted.

mod app;
mod clipboard;
mod clock;
mod comparison;
mod components;
mod diff;
mod engine;
mod facts;
mod flow;
mod geometry;
mod issuer;
mod marks;
mod now;
mod parties;
mod presets;
mod state;
mod trust;
mod words;

use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

thread_local! {
    /// The worker's: a token's signature is judged once, however often "now" moves.
    static EXPLAINER: RefCell<podpass::Explainer> = RefCell::default();
}

/// What the worker calls: a request as JSON in, a report as JSON out; or, if the request cannot be read, why.
#[wasm_bindgen]
#[must_use]
pub fn explain(request: &str) -> String {
    match serde_json::from_str(request) {
        Ok(input) => EXPLAINER.with_borrow_mut(|explainer| {
            serde_json::to_string(&explainer.explain(&input)).unwrap_or_default()
        }),
        Err(error) => error.to_string(),
    }
}

fn main() {
    let document = web_sys::window().and_then(|window| window.document());
    if let Some(place) = document.and_then(|document| document.get_element_by_id("app")) {
        place.replace_children_with_node_0();
        yew::Renderer::<app::App>::with_root(place).render();
    }
}
