//! Decoded, signature, claims, federation: four states, never one tick.

use yew::prelude::*;

use crate::components::icon;
use crate::parties::{FourthState, Party};

/// The four states and which of them was chosen.
#[derive(Properties, PartialEq)]
pub(crate) struct StatesProps {
    pub(crate) states: [FourthState; 4],
    pub(crate) on_choose: Callback<Party>,
}

/// A row of four; each opens the ladder that tells more.
#[component]
pub(crate) fn States(props: &StatesProps) -> Html {
    html! {
        <ul class="states" aria-label="Four states">
            for state in props.states.iter() {
                <li key={state.name} class={state.tone.name()}>{ one(state, &props.on_choose) }</li>
            }
        </ul>
    }
}

fn one(state: &FourthState, on_choose: &Callback<Party>) -> Html {
    let inner = html! {
        <>{ icon::tone_symbol(state.tone) }<span class="name">{ state.name }</span><span class="dim">{ &state.words }</span></>
    };
    match state.party {
        Some(party) => {
            let onclick = on_choose.reform(move |_: MouseEvent| party);
            html! { <button type="button" {onclick}>{ inner }</button> }
        }
        None => html! { <span class="still">{ inner }</span> },
    }
}
