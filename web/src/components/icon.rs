//! The handful of symbols. Each differs in shape, not only in colour.

use yew::prelude::*;

use crate::words::Tone;

/// Defines the symbols once for the page.
#[component]
pub(crate) fn Symbols() -> Html {
    html! {
        <svg class="symbols" width="0" height="0" aria-hidden="true"><defs>
            <symbol id="s-pass" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="currentColor" opacity=".16"/><path d="M4.6 8.3 7 10.6l4.5-5" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/></symbol>
            <symbol id="s-fail" viewBox="0 0 16 16"><path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="currentColor" opacity=".16"/><path d="m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"/></symbol>
            <symbol id="s-warn" viewBox="0 0 16 16"><path d="M8 1.6 15.2 14H.8z" fill="currentColor" opacity=".16"/><path d="M8 6v4" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"/><circle cx="8" cy="12.2" r=".9" fill="currentColor"/></symbol>
            <symbol id="s-unknown" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.6" fill="none" stroke="currentColor" stroke-width="1.3" stroke-dasharray="2.6 2"/><path d="M6.2 6.2a1.9 1.9 0 1 1 2.6 1.8c-.6.3-.8.6-.8 1.3" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round"/><circle cx="8" cy="11.6" r=".9" fill="currentColor"/></symbol>
            <symbol id="s-skip" viewBox="0 0 16 16"><path d="M4 8h8" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"/></symbol>
            <symbol id="s-logo" viewBox="0 0 24 24"><rect x="3" y="2.5" width="18" height="19" rx="3" fill="none" stroke="currentColor" stroke-width="1.8"/><path fill="var(--accent)" d="M12 6.2 16.2 8.6v4.8L12 15.8l-4.2-2.4V8.6z"/><path d="M8 18.6h8" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"/></symbol>
            <symbol id="s-play" viewBox="0 0 16 16"><path d="M5 3.2v9.6L13 8z" fill="currentColor"/></symbol>
            <symbol id="s-pause" viewBox="0 0 16 16"><path d="M5.5 3.5v9m5-9v9" stroke="currentColor" stroke-width="2" stroke-linecap="round"/></symbol>
        </defs></svg>
    }
}

/// A symbol by name, without words.
pub(crate) fn symbol(name: &str) -> Html {
    let href = format!("#s-{name}");
    html! { <svg class={classes!("ic", name.to_owned())} viewBox="0 0 16 16" aria-hidden="true" focusable="false"><use {href}/></svg> }
}

/// A tone's symbol, with its word for whoever does not see it.
pub(crate) fn tone_symbol(tone: Tone) -> Html {
    html! { <>{ symbol(tone.name()) }<span class="hidden">{ tone.word() }</span></> }
}
