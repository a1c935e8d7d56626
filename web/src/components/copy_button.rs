//! Copies one thing, and says that it did.

use std::rc::Rc;

use gloo::timers::callback::Timeout;
use yew::prelude::*;

use crate::clipboard;

/// What is copied, and what the button is called.
#[derive(Properties, PartialEq)]
pub(crate) struct CopyButtonProps {
    pub(crate) text: Rc<str>,
    /// Names the target of a button that says just `copy`: `the token`.
    #[prop_or_default]
    pub(crate) what: AttrValue,
    #[prop_or(AttrValue::Static("copy"))]
    pub(crate) label: AttrValue,
    #[prop_or("act")]
    pub(crate) class: &'static str,
}

/// A quiet button.
#[component]
pub(crate) fn CopyButton(props: &CopyButtonProps) -> Html {
    let said = use_state(|| None::<&'static str>);
    let timer = use_mut_ref(|| None::<Timeout>);
    let onclick = {
        let (said, text) = (said.clone(), props.text.clone());
        Callback::from(move |_: MouseEvent| {
            let (said, timer) = (said.clone(), timer.clone());
            let done = Callback::from(move |worked: bool| {
                said.set(Some(if worked { "copied" } else { "not allowed" }));
                let said = said.clone();
                *timer.borrow_mut() = Some(Timeout::new(1_600, move || said.set(None)));
            });
            clipboard::copy(&text, done);
        })
    };
    // A name that differs from what is written has to begin with it (WCAG 2.5.3).
    let name = (props.label == "copy").then(|| format!("copy {}", props.what));
    html! {
        <button type="button" class={props.class} {onclick} aria-label={name}>
            { said.map_or(props.label.clone(), AttrValue::Static) }
        </button>
    }
}
