//! Everything at once.

use podpass::{ExplainInput, Report};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::door::{Answer, mistake, options, parsed};

/// Explains everything that was pasted.
#[wasm_bindgen]
pub fn explain(input: &str) -> Answer {
    let input: ExplainInput = options(input)?;
    parsed(&podpass::explain(&input))
}

/// A report as Markdown.
#[wasm_bindgen(js_name = reportToMarkdown)]
pub fn report_to_markdown(report: &str) -> Answer {
    let report = Report::from_json(report).map_err(|error| mistake(&error))?;
    Ok(podpass::report_to_markdown(&report).into())
}
