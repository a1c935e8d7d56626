//! What no document says of the cluster. Every field says what is assumed when it is empty.

use std::rc::Rc;

use web_sys::{HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};
use yew::prelude::*;

use crate::state::{Edit, Facts};

/// What was filled in.
#[derive(Properties, PartialEq)]
pub(crate) struct FactsFormProps {
    pub(crate) facts: Facts,
    pub(crate) on_edit: Callback<Edit>,
}

/// A box that opens to a small form.
#[component]
pub(crate) fn FactsForm(props: &FactsFormProps) -> Html {
    let facts = &props.facts;
    let set = |change: fn(&mut Facts, Rc<str>)| {
        let (facts, on_edit) = (facts.clone(), props.on_edit.clone());
        Callback::from(move |text: Rc<str>| {
            let mut facts = facts.clone();
            change(&mut facts, text);
            on_edit.emit(Edit::Facts(facts));
        })
    };
    html! {
        <details class="box facts">
            <summary class="bar"><h2>{ "Cluster facts" }</h2><span class="what">{ summary(facts) }</span></summary>
            <div class="form">
                { many("fact-issuers", "Issuers, one a line", "empty: the checks of issuer and audience are skipped; the API server is assumed to sign as https://kubernetes.default.svc.cluster.local", &facts.issuers, set(|facts, text| facts.issuers = text)) }
                { many("fact-audiences", "API audiences, one a line", "empty: the issuers", &facts.api_audiences, set(|facts, text| facts.api_audiences = text)) }
                { one("fact-max", "Maximum token expiration, seconds", "empty: no cap", "numeric", &facts.max_token_expiration, set(|facts, text| facts.max_token_expiration = text)) }
                { one("fact-namespace", "Namespace of manifests that name none", "empty: default", "text", &facts.namespace, set(|facts, text| facts.namespace = text)) }
                { extension(facts, set(|facts, text| facts.extension = match &*text { "on" => Some(true), "off" => Some(false), _ => None })) }
                { complete(facts, set(|facts, text| facts.objects_complete = &*text == "true")) }
            </div>
        </details>
    }
}

fn summary(facts: &Facts) -> String {
    if *facts == Facts::default() {
        return "all assumed: extension on, no cap".to_owned();
    }
    let first = facts.issuers.lines().map(str::trim).find(|line| !line.is_empty());
    first.map_or_else(|| "some given".to_owned(), |issuer| format!("issuer {issuer}"))
}

fn many(
    id: &'static str,
    label: &'static str,
    assumed: &'static str,
    value: &Rc<str>,
    set: Callback<Rc<str>>,
) -> Html {
    let oninput = set.reform(|event: InputEvent| {
        event.target_unchecked_into::<HtmlTextAreaElement>().value().into()
    });
    html! {
        <div class="field"><label for={id}>{ label }</label>
            <textarea {id} rows="2" spellcheck="false" autocomplete="off" autocapitalize="off" aria-describedby={format!("{id}-assumed")} value={value.to_string()} {oninput}/>
            <small id={format!("{id}-assumed")}>{ assumed }</small></div>
    }
}

fn one(
    id: &'static str,
    label: &'static str,
    assumed: &'static str,
    mode: &'static str,
    value: &Rc<str>,
    set: Callback<Rc<str>>,
) -> Html {
    let oninput = set.reform(|event: InputEvent| {
        event.target_unchecked_into::<HtmlInputElement>().value().into()
    });
    html! {
        <div class="field"><label for={id}>{ label }</label>
            <input {id} type="text" inputmode={mode} spellcheck="false" autocomplete="off" autocapitalize="off" aria-describedby={format!("{id}-assumed")} value={value.to_string()} {oninput}/>
            <small id={format!("{id}-assumed")}>{ assumed }</small></div>
    }
}

fn extension(facts: &Facts, set: Callback<Rc<str>>) -> Html {
    let onchange = set
        .reform(|event: Event| event.target_unchecked_into::<HtmlSelectElement>().value().into());
    let option = |value: &'static str, label: &'static str, chosen: bool| {
        html! { <option {value} selected={chosen}>{ label }</option> }
    };
    html! {
        <div class="field"><label for="fact-extension">{ "Extended expiration" }</label>
            <select id="fact-extension" aria-describedby="fact-extension-assumed" {onchange}>
                { option("", "not said", facts.extension.is_none()) }
                { option("on", "on", facts.extension == Some(true)) }
                { option("off", "off", facts.extension == Some(false)) }
            </select>
            <small id="fact-extension-assumed">{ "not said: on, as the API server has it" }</small></div>
    }
}

fn complete(facts: &Facts, set: Callback<Rc<str>>) -> Html {
    let onchange = set.reform(|event: Event| {
        event.target_unchecked_into::<HtmlInputElement>().checked().to_string().into()
    });
    html! {
        <div class="field check"><label><input type="checkbox" checked={facts.objects_complete} aria-describedby="fact-complete-assumed" {onchange}/>{ " The manifests are all there is" }</label>
            <small id="fact-complete-assumed">{ "not ticked: what is not pasted is unknown, not absent" }</small></div>
    }
}
