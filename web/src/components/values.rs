//! Expected and actual, side by side, with what differs marked.

use serde_json::Value;
use yew::prelude::*;

use crate::diff::{self, Run};
use crate::words;

/// Below this likeness two texts have nothing to do with each other, and marking letters is noise.
const RELATED: f64 = 0.4;

/// What would have passed and what was there.
#[derive(Properties, PartialEq)]
pub(crate) struct ComparisonProps {
    pub(crate) expected: Option<Value>,
    pub(crate) actual: Option<Value>,
}

/// Two rows; the marks show the characters that only one side has.
#[component]
pub(crate) fn Comparison(props: &ComparisonProps) -> Html {
    let (left, right) = match (&props.expected, &props.actual) {
        (Some(expected), Some(actual)) => compared(expected, actual),
        (expected, actual) => (plain(expected.as_ref()), plain(actual.as_ref())),
    };
    html! {
        <dl class="cmp">
            if props.expected.is_some() { <dt>{ "expected" }</dt><dd>{ marked(&left, "ins") }</dd> }
            if props.actual.is_some() { <dt>{ "actual" }</dt><dd>{ marked(&right, "del") }</dd> }
        </dl>
    }
}

fn plain(value: Option<&Value>) -> Vec<Run> {
    value.map(|value| Run { text: words::value_text(value), same: true }).into_iter().collect()
}

/// Texts are compared character by character; of several expected ones, the nearest.
fn compared(expected: &Value, actual: &Value) -> (Vec<Run>, Vec<Run>) {
    let one_actual = single(actual);
    let nearest = match (expected, &one_actual) {
        (Value::Array(items), Some(actual)) => nearest(items, actual),
        _ => None,
    };
    let wanted = nearest.unwrap_or_else(|| words::value_text(expected));
    let got = one_actual.unwrap_or_else(|| words::value_text(actual));
    if wanted == got || diff::likeness(&wanted, &got) < RELATED {
        return (plain(Some(expected)), plain(Some(actual)));
    }
    let (mut left, right) = diff::diff(&wanted, &got);
    let others = expected.as_array().map_or(0, |items| items.len().saturating_sub(1));
    if others > 0 {
        left.push(Run { text: format!("  (or {})", words::count(others, "other")), same: true });
    }
    (left, right)
}

fn single(value: &Value) -> Option<String> {
    match value {
        Value::String(_) => Some(words::value_text(value)),
        Value::Array(items) if items.len() == 1 => items.first().map(words::value_text),
        _ => None,
    }
}

fn nearest(items: &[Value], actual: &str) -> Option<String> {
    let texts = items.iter().filter(|item| item.is_string()).map(words::value_text);
    texts.max_by(|a, b| diff::likeness(a, actual).total_cmp(&diff::likeness(b, actual)))
}

fn marked(runs: &[Run], tag: &'static str) -> Html {
    runs.iter()
        .map(|run| match (run.same, tag) {
            (true, _) => html! { <>{ &run.text }</> },
            (false, "ins") => html! { <ins>{ &run.text }</ins> },
            (false, _) => html! { <del>{ &run.text }</del> },
        })
        .collect()
}
