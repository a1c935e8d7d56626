//! Beside a trust document: whose it is, and what it does not say.

use podpass::System;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::components::fact_fields::FactFields;
use crate::facts::{self, Fact, Typed};
use crate::state::Edit;
use crate::trust::Trust;
use crate::words;

/// Every system, in the order of its name.
const SYSTEMS: [System; 11] = [
    System::AwsIrsa,
    System::AwsPodIdentity,
    System::Azure,
    System::Fulcio,
    System::GcpWif,
    System::Gke,
    System::Kubernetes,
    System::KubernetesJwt,
    System::Oidc,
    System::VaultJwt,
    System::VaultKubernetes,
];

/// One trust box, and the system that its text was recognised as.
#[derive(Properties, PartialEq)]
pub(crate) struct TrustFactsProps {
    pub(crate) index: usize,
    pub(crate) trust: Trust,
    pub(crate) recognised: Option<System>,
    pub(crate) on_edit: Callback<Edit>,
}

/// A line that opens to a form.
#[component]
pub(crate) fn TrustFacts(props: &TrustFactsProps) -> Html {
    let (index, trust) = (props.index, &props.trust);
    let system = trust.system.or(props.recognised);
    let fields = system.map_or(&[][..], facts::of_system);
    let filled = trust.facts.filled(fields);
    let read = |fact: &Fact| facts::unreadable(fact.kind, &trust.facts.get(fact.name));
    let problems: Vec<_> = fields.iter().map(read).collect();
    let on_typed = props.on_edit.reform(move |typed: Typed| Edit::TrustFacts(index, typed));
    let onchange = props.on_edit.reform(move |event: Event| {
        let chosen = event.target_unchecked_into::<HtmlSelectElement>().value();
        Edit::TrustSystem(index, SYSTEMS.into_iter().find(|system| system.name() == chosen))
    });
    let id = format!("trust-{index}-system");
    html! {
        <details class="more-facts in-box">
            <summary><span class="nowrap">{ "what it does not say" }</span><span class="faint">{ said(trust, filled) }</span></summary>
            <div class="form">
                <div class="field"><label for={id.clone()}>{ "Relying party" }</label>
                    <select {id} {onchange}>
                        <option value="" selected={trust.system.is_none()}>{ props.recognised.map_or("recognised by its text".to_owned(), |system| format!("recognised: {}", words::system_name(system))) }</option>
                        for system in SYSTEMS { <option value={system.name()} selected={trust.system == Some(system)}>{ system.title() }</option> }
                    </select>
                    <small>{ "chosen with an empty text: there is no such document" }</small></div>
                <FactFields prefix={format!("trust-{index}")} facts={fields} typed={trust.facts.clone()} {problems} {on_typed}/>
            </div>
        </details>
    }
}

fn said(trust: &Trust, filled: usize) -> String {
    let chosen = trust.system.map(|system| format!("read as {}", words::system_name(system)));
    let given = match filled {
        0 => "all assumed".to_owned(),
        some => format!("{some} given"),
    };
    chosen.map_or_else(|| given.clone(), |chosen| format!("{chosen}, {given}"))
}
