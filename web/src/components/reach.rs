//! Who else a trust document lets in, in sentences.

use podpass::{Breadth, FederationOutcome};
use yew::prelude::*;

use crate::words;

/// One outcome.
#[derive(Properties, PartialEq)]
pub(crate) struct ReachViewProps {
    pub(crate) outcome: FederationOutcome,
}

/// The class of a breadth and its words.
const fn breadth(breadth: Breadth) -> (&'static str, &'static str) {
    match breadth {
        Breadth::None => ("skip", "nobody"),
        Breadth::One => ("pass", "one ServiceAccount"),
        Breadth::Namespace => ("warn", "a whole namespace"),
        Breadth::Cluster => ("warn", "a whole cluster"),
        Breadth::Anyone => ("fail", "anyone"),
        Breadth::Unknown => ("unknown", "not computed"),
    }
}

/// A card.
#[component]
pub(crate) fn ReachView(props: &ReachViewProps) -> Html {
    let reach = &props.outcome.reach;
    let (class, words) = breadth(reach.breadth);
    html! {
        <section class="card" id="reach" aria-labelledby="reach-title">
            <div class="bar"><h2 id="reach-title">{ "Who else could pass" }</h2><span class={classes!("chip", class)}>{ words }</span></div>
            <ul class="reach">
                for (at, subject) in reach.subjects.iter().enumerate() {
                    <li key={at}>{ words::visible(&subject.meaning) }<br/><code class="dim">{ words::visible(&subject.pattern) }</code></li>
                }
                for account in reach.admitted.iter().flatten() {
                    <li key={account.subject()}>{ "Of your manifests: " }<code>{ format!("{}/{}", account.namespace, account.name) }</code></li>
                }
            </ul>
        </section>
    }
}
