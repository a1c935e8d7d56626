//! What no document says of the cluster that issued the token.

use yew::prelude::*;

use crate::components::fact_fields::FactFields;
use crate::facts::{CLUSTER, CLUSTER_MORE, Typed};
use crate::state::Edit;

/// What was filled in.
#[derive(Properties, PartialEq)]
pub(crate) struct FactsFormProps {
    pub(crate) facts: Typed,
    pub(crate) on_edit: Callback<Edit>,
}

/// A box that opens to a form; what is rarely needed opens within it.
#[component]
pub(crate) fn FactsForm(props: &FactsFormProps) -> Html {
    let facts = &props.facts;
    let on_typed = props.on_edit.reform(Edit::Facts);
    let rare = facts.filled(&CLUSTER_MORE);
    html! {
        <details class="box facts">
            <summary class="bar"><h2>{ "Cluster facts" }</h2><span class="what">{ summary(facts) }</span></summary>
            <div class="form">
                <FactFields prefix="fact" facts={&CLUSTER[..]} typed={facts.clone()} problems={facts.problems(&CLUSTER)} on_typed={on_typed.clone()}/>
                <details class="more-facts">
                    <summary>{ if rare == 0 { "more: legacy lookup, signer, webhooks, GKE".to_owned() } else { format!("more: {rare} given") } }</summary>
                    <div class="form"><FactFields prefix="fact" facts={&CLUSTER_MORE[..]} typed={facts.clone()} problems={facts.problems(&CLUSTER_MORE)} {on_typed}/></div>
                </details>
            </div>
        </details>
    }
}

fn summary(facts: &Typed) -> String {
    if facts.is_empty() {
        return "all assumed: extension on, no cap".to_owned();
    }
    let issuers = facts.get("issuers");
    let first = issuers.lines().map(str::trim).find(|line| !line.is_empty());
    first.map_or_else(|| "some given".to_owned(), |issuer| format!("issuer {issuer}"))
}
