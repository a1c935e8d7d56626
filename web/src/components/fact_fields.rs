//! Fields for what no document says; each tells what is assumed when it is empty.

use std::rc::Rc;

use web_sys::{HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};
use yew::prelude::*;

use crate::facts::{Fact, Kind, Typed};

/// The fields of one form.
#[derive(Properties, PartialEq)]
pub(crate) struct FactFieldsProps {
    /// Begins the fields' ids.
    pub(crate) prefix: String,
    pub(crate) facts: &'static [Fact],
    pub(crate) typed: Typed,
    /// Of each field: why it cannot be taken.
    pub(crate) problems: Vec<Option<String>>,
    pub(crate) on_typed: Callback<Typed>,
}

/// One field a row.
#[component]
pub(crate) fn FactFields(props: &FactFieldsProps) -> Html {
    let problems = props.problems.iter().cloned().chain(std::iter::repeat(None));
    html! { for (fact, problem) in props.facts.iter().zip(problems) { { field(props, fact, problem) } } }
}

fn field(props: &FactFieldsProps, fact: &'static Fact, problem: Option<String>) -> Html {
    let id = format!("{}-{}", props.prefix, fact.name.replace('.', "-"));
    let value = props.typed.get(fact.name);
    let set = {
        let (typed, name) = (props.typed.clone(), fact.name);
        props.on_typed.reform(move |text: Rc<str>| typed.clone().with(name, text))
    };
    let assumed = format!("{id}-assumed");
    let wrong = problem.is_some().to_string();
    let control = match fact.kind {
        Kind::Document | Kind::Json | Kind::Lines => area(&id, &assumed, &value, wrong, set),
        Kind::Number | Kind::Text => line(&id, &assumed, &value, wrong, fact.kind, set),
        Kind::Switch => switch(&id, &assumed, &value, set),
        Kind::Tick => return tick(&id, fact, &value, set),
    };
    html! {
        <div class="field" key={fact.name}><label for={id}>{ fact.label }</label>
            { control }
            if let Some(problem) = problem { <small class="fail">{ problem }</small> }
            <small id={assumed}>{ fact.assumed }</small></div>
    }
}

fn area(id: &str, assumed: &str, value: &str, wrong: String, set: Callback<Rc<str>>) -> Html {
    let oninput = set.reform(|event: InputEvent| {
        event.target_unchecked_into::<HtmlTextAreaElement>().value().into()
    });
    html! {
        <textarea id={id.to_owned()} rows="2" spellcheck="false" autocomplete="off" autocapitalize="off" aria-invalid={wrong}
            aria-describedby={assumed.to_owned()} value={value.to_owned()} {oninput}/>
    }
}

fn line(
    id: &str,
    assumed: &str,
    value: &str,
    wrong: String,
    kind: Kind,
    set: Callback<Rc<str>>,
) -> Html {
    let oninput = set.reform(|event: InputEvent| {
        event.target_unchecked_into::<HtmlInputElement>().value().into()
    });
    let mode = if kind == Kind::Number { "numeric" } else { "text" };
    html! {
        <input id={id.to_owned()} type="text" inputmode={mode} spellcheck="false" autocomplete="off" autocapitalize="off" aria-invalid={wrong}
            aria-describedby={assumed.to_owned()} value={value.to_owned()} {oninput}/>
    }
}

fn switch(id: &str, assumed: &str, value: &str, set: Callback<Rc<str>>) -> Html {
    let onchange = set
        .reform(|event: Event| event.target_unchecked_into::<HtmlSelectElement>().value().into());
    html! {
        <select id={id.to_owned()} aria-describedby={assumed.to_owned()} {onchange}>
            for (option, label) in [("", "not said"), ("true", "yes"), ("false", "no")] {
                <option value={option} selected={option == value}>{ label }</option>
            }
        </select>
    }
}

fn tick(id: &str, fact: &Fact, value: &str, set: Callback<Rc<str>>) -> Html {
    let onchange = set.reform(|event: Event| {
        let ticked = event.target_unchecked_into::<HtmlInputElement>().checked();
        if ticked { "true".into() } else { "".into() }
    });
    let assumed = format!("{id}-assumed");
    html! {
        <div class="field check" key={fact.name}><label><input id={id.to_owned()} type="checkbox" checked={value == "true"} aria-describedby={assumed.clone()} {onchange}/>{ " " }{ fact.label }</label>
            <small id={assumed}>{ fact.assumed }</small></div>
    }
}
