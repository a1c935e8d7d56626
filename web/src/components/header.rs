//! The top line: name, what this is for, and the promise with how to check it.

use std::rc::Rc;

use podpass::{Report, report_to_markdown, version};
use yew::prelude::*;

use crate::components::copy_button::CopyButton;
use crate::components::icon;
use crate::state::Edit;

/// What the buttons can do.
#[derive(Properties, PartialEq)]
pub(crate) struct HeaderProps {
    pub(crate) can_undo: bool,
    pub(crate) report: Option<Rc<Report>>,
    pub(crate) on_edit: Callback<Edit>,
}

/// Sticks to the top.
#[component]
pub(crate) fn Header(props: &HeaderProps) -> Html {
    let undo = props.on_edit.reform(|_: MouseEvent| Edit::Undo);
    let clear = props.on_edit.reform(|_: MouseEvent| Edit::ClearAll);
    html! {
        <header>
            <h1 class="logo"><svg class="mark" viewBox="0 0 24 24" aria-hidden="true"><use href="#s-logo"/></svg>{ "podpass" }</h1>
            <span class="dim tagline">{ "Will this pod's token be accepted, and until when?" }</span>
            <div class="right">
                <Seal/>
                if let Some(report) = &props.report {
                    <CopyButton text={Rc::<str>::from(report_to_markdown(report))} label="copy report" class="btn ghost wide"/>
                }
                <button type="button" class="btn ghost" disabled={!props.can_undo} onclick={undo}>{ "Undo" }</button>
                <button type="button" class="btn" onclick={clear}>{ "Clear all" }</button>
            </div>
        </header>
    }
}

/// "Nothing leaves this page", and how to check that without believing it.
#[component]
fn Seal() -> Html {
    html! {
        <details class="seal">
            <summary>{ icon::symbol("pass") }<span>{ "Nothing leaves this page" }</span></summary>
            <div class="sheet">
                <h2>{ "How to check this yourself" }</h2>
                <ol>
                    <li>{ "Open the developer tools, panel Network, and paste something: no line appears." }</li>
                    <li>{ "In the console, try " }<code>{ "fetch(location.href)" }</code>{ ": the page's own policy (" }<code>{ "connect-src 'none'" }</code>{ ") refuses it. The engine runs in a worker that inherits this policy." }</li>
                    <li>{ "Switch the network off after the page has loaded: everything still works." }</li>
                    <li>{ "Storage is empty: no cookie, no local storage, nothing in the address." }</li>
                </ol>
                <p class="dim">{ "The examples are signed by a simulated issuer: a key that is published with podpass, for samples only. No real system may trust it. " }{ format!("Engine {}.", version()) }</p>
            </div>
        </details>
    }
}
