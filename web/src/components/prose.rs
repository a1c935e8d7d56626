//! Sentences of the engine: what stands between backticks is text of an input.

use yew::prelude::*;

use crate::words;

/// A sentence with its quoted parts as code. Text only: nothing in it is markup.
pub(crate) fn prose(text: &str) -> Html {
    let shown = words::visible(text);
    if !shown.contains('`') {
        return html! { { shown } };
    }
    let parts: Vec<&str> = shown.split('`').collect();
    // Without a partner the last backtick is a letter like any other.
    let paired = parts.len() % 2 == 1;
    parts
        .iter()
        .enumerate()
        .map(|(at, part)| {
            let part = (*part).to_owned();
            let code = at % 2 == 1 && (paired || at + 1 < parts.len());
            if code {
                html! { <code>{ part }</code> }
            } else {
                html! { { part } }
            }
        })
        .collect()
}
