//! Copies one thing, and says that it did.

use std::rc::Rc;

use gloo::timers::callback::Timeout;
use yew::prelude::*;

use crate::clipboard;

/// What is copied, and what the button is called.
#[derive(Properties, PartialEq)]
pub(crate) struct CopyButtonProps {
    pub(crate) text: Rc<str>,
    /// Names the button's target: `copy the token`.
    pub(crate) what: AttrValue,
    #[prop_or(AttrValue::Static("copy"))]
    pub(crate) label: AttrValue,
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
    html! {
        <button type="button" class="act" {onclick} aria-label={format!("copy {}", props.what)}>
            { said.map_or(props.label.clone(), AttrValue::Static) }
        </button>
    }
}
