//! The chips that load an example.

use yew::prelude::*;

use crate::presets::{PRESETS, Preset};

/// How many are shown before "more".
const FIRST: usize = 6;

/// Which example is shown.
#[derive(Properties, PartialEq)]
pub(crate) struct ExamplesProps {
    pub(crate) chosen: Option<&'static str>,
    pub(crate) on_choose: Callback<Preset>,
}

/// A row of chips; the rest opens on demand.
#[component]
pub(crate) fn Examples(props: &ExamplesProps) -> Html {
    let open = use_state(|| false);
    let chosen_at = PRESETS.iter().position(|preset| Some(preset.id) == props.chosen);
    let all = *open || chosen_at.is_some_and(|at| at >= FIRST);
    let toggle = {
        let open = open.clone();
        Callback::from(move |_: MouseEvent| open.set(!all))
    };
    html! {
        <nav class="try" id="examples" aria-label="Examples, minted by a simulated issuer in this page">
            <span class="faint small">{ "Try" }</span>
            for preset in PRESETS.iter().take(if all { PRESETS.len() } else { FIRST }) {
                { chip(*preset, props) }
            }
            <button type="button" class="chip more" aria-expanded={all.to_string()} onclick={toggle}>
                { if all { "fewer".to_owned() } else { format!("{} more", PRESETS.len() - FIRST) } }
            </button>
        </nav>
    }
}

fn chip(preset: Preset, props: &ExamplesProps) -> Html {
    let on = props.chosen == Some(preset.id);
    let onclick = props.on_choose.reform(move |_: MouseEvent| preset);
    html! {
        <button key={preset.id} type="button" class={classes!("chip", on.then_some("on"))} aria-pressed={on.to_string()}
            data-example={preset.id} {onclick}>{ preset.label }</button>
    }
}
