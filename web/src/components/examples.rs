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
    let all = *open;
    let shown = |at: usize, preset: &Preset| all || at < FIRST || Some(preset.id) == props.chosen;
    let shown: Vec<_> =
        PRESETS.iter().enumerate().filter(|(at, preset)| shown(*at, preset)).collect();
    let hidden = PRESETS.len() - shown.len();
    let toggle = {
        let open = open.clone();
        Callback::from(move |_: MouseEvent| open.set(!all))
    };
    html! {
        <nav class="try" id="examples" aria-label="Examples, minted by a simulated issuer in this page">
            <span class="faint small">{ "Try" }</span>
            for (_, preset) in shown {
                { chip(*preset, props) }
            }
            <button type="button" class="chip more" aria-expanded={all.to_string()} onclick={toggle}>
                { if all { "fewer".to_owned() } else { format!("{hidden} more") } }
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
