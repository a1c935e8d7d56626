//! One input: a plain textarea with what it was recognised as, its problems, and how to obtain what belongs there.
//!
//! The text is drawn twice: by the textarea, which is what one types into, and below it by a layer that colours the
//! parts and marks the places that checks point at. The textarea is not bound to the state: it takes a text over only
//! when that was set from outside, so that the browser's own undo and cursor stay intact.

use std::rc::Rc;

use podpass::Span;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{HtmlElement, HtmlTextAreaElement};
use yew::prelude::*;

use crate::components::copy_button::CopyButton;
use crate::components::icon;
use crate::components::prose::prose;
use crate::marks::{Mark, pieces};
use crate::state::{Edit, Field};
use crate::words::Tone;

/// Longer texts are drawn by the textarea alone: colouring them would slow down typing.
const MAX_DRAWN: usize = 64 * 1024;

/// What an empty input says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Obtain {
    pub(crate) what: &'static str,
    pub(crate) command: &'static str,
}

/// Something about this input that the user should see.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    pub(crate) tone: Tone,
    pub(crate) text: String,
    pub(crate) span: Option<Span>,
}

/// A place to go to; `turn` differs each time, so that the same place can be gone to twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Picked {
    pub(crate) field: Field,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) turn: u32,
}

/// One input and what is known of it.
#[derive(Properties, PartialEq)]
pub(crate) struct InputBoxProps {
    pub(crate) field: Field,
    pub(crate) label: AttrValue,
    pub(crate) text: Rc<str>,
    pub(crate) revision: u32,
    pub(crate) recognised: String,
    pub(crate) marks: Vec<Mark>,
    pub(crate) picked: Option<Picked>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) obtain: Obtain,
    pub(crate) on_edit: Callback<Edit>,
    pub(crate) on_jump: Callback<Span>,
    /// Stands under the problems.
    #[prop_or_default]
    pub(crate) below: Html,
    #[prop_or_default]
    pub(crate) children: Html,
}

/// A labelled box.
#[component]
pub(crate) fn InputBox(props: &InputBoxProps) -> Html {
    let area = use_node_ref();
    let layer = use_node_ref();
    let over = use_state(|| false);
    use_text_from_outside(&area, props);
    use_picked(&area, &layer, props);
    use_first_hit(&area, &layer, props);
    let (id, field) = (props.field.id(), props.field);
    let big = props.text.len() > MAX_DRAWN;
    let oninput = props.on_edit.reform(move |event: InputEvent| {
        Edit::Type(field, event.target_unchecked_into::<HtmlTextAreaElement>().value().into())
    });
    let ondragover = {
        let over = over.clone();
        Callback::from(move |event: DragEvent| {
            event.prevent_default();
            over.set(true);
        })
    };
    let ondragleave = {
        let over = over.clone();
        Callback::from(move |_: DragEvent| over.set(false))
    };
    let ondrop = dropped(field, over.clone(), props.on_edit.clone());
    html! {
        <section class={classes!("box", over.then_some("over"))} {ondragover} {ondragleave} {ondrop}>
            { bar(props, &id) }
            <div class={classes!("well", big.then_some("big"), props.text.is_empty().then_some("empty"))}>
                if !big { <div class="layer" aria-hidden="true" ref={layer}>{ drawn(props) }{ "\n" }</div> }
                <textarea id={id.clone()} ref={area} {oninput} rows="1" spellcheck="false" autocomplete="off" autocapitalize="off"
                    autocorrect="off" wrap="soft" data-gramm="false" aria-describedby={format!("{id}-notes")}/>
            </div>
            <div id={format!("{id}-notes")}>
                if props.text.trim().is_empty() { { obtain(props.obtain) } }
                { problems(&props.problems, &props.on_jump) }
            </div>
            { props.below.clone() }
        </section>
    }
}

/// Gives the textarea a text that was set by an example, Undo, Clear or a fix.
#[hook]
fn use_text_from_outside(area: &NodeRef, props: &InputBoxProps) {
    let (area, text) = (area.clone(), props.text.clone());
    use_effect_with((props.revision, props.field), move |_| {
        if let Some(area) = area.cast::<HtmlTextAreaElement>() {
            area.set_value(&text);
        }
    });
}

/// Goes to a place: focus, selection, and the place is scrolled into view.
#[hook]
fn use_picked(area: &NodeRef, layer: &NodeRef, props: &InputBoxProps) {
    let (area, layer) = (area.clone(), layer.clone());
    let picked = props.picked.filter(|picked| picked.field == props.field);
    use_effect_with(picked, move |picked| {
        let (Some(picked), Some(area)) = (picked, area.cast::<HtmlTextAreaElement>()) else {
            return;
        };
        // Refused only for other kinds of element.
        let _ = area.set_selection_range(picked.start as u32, picked.end as u32);
        let _ = area.focus();
        show(&area, &layer, ".picked");
        area.scroll_into_view_with_scroll_into_view_options(&nearest());
    });
}

/// Shows the first place that fails, unless somebody is typing here.
#[hook]
fn use_first_hit(area: &NodeRef, layer: &NodeRef, props: &InputBoxProps) {
    let (area, layer) = (area.clone(), layer.clone());
    let hit = props.marks.iter().find(|mark| mark.class == "hit").map(|mark| mark.start);
    use_effect_with((hit, props.revision), move |(hit, _)| {
        let Some(area) = area.cast::<HtmlTextAreaElement>().filter(|_| hit.is_some()) else {
            return;
        };
        let focused = area.matches(":focus").unwrap_or(false);
        if !focused {
            show(&area, &layer, ".hit");
        }
    });
}

/// Scrolls the box so that the layer's first such mark is in sight.
fn show(area: &HtmlTextAreaElement, layer: &NodeRef, mark: &str) {
    let layer = layer.cast::<HtmlElement>();
    let mark = layer.and_then(|layer| layer.query_selector(mark).ok().flatten());
    if let (Some(mark), Some(well)) = (mark, area.parent_element()) {
        let down = mark.get_bounding_client_rect().top() - well.get_bounding_client_rect().top();
        well.set_scroll_top(well.scroll_top() + down as i32 - well.client_height() / 3);
    }
}

fn nearest() -> web_sys::ScrollIntoViewOptions {
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Nearest);
    options
}

fn bar(props: &InputBoxProps, id: &str) -> Html {
    let field = props.field;
    let clear = props.on_edit.reform(move |_: MouseEvent| Edit::Clear(field));
    let what = format!("the {} input", props.label.to_lowercase());
    html! {
        <div class="bar">
            <h2><label for={id.to_owned()}>{ &props.label }</label></h2>
            <span class="what" title={props.recognised.clone()}>{ &props.recognised }</span>
            <span class="acts">
                { props.children.clone() }
                if !props.text.is_empty() {
                    <CopyButton text={props.text.clone()} what={what.clone()}/>
                    <button type="button" class="act" aria-label={format!("clear {what}")} onclick={clear}>{ "clear" }</button>
                }
            </span>
        </div>
    }
}

fn drawn(props: &InputBoxProps) -> Html {
    let mut marks = props.marks.clone();
    if let Some(picked) = props.picked.filter(|picked| picked.field == props.field) {
        marks.push(Mark { start: picked.start, end: picked.end, class: "picked" });
    }
    pieces(&props.text, &marks)
        .into_iter()
        .map(|piece| {
            let text = piece.text.to_owned();
            if piece.classes.is_empty() {
                html! { { text } }
            } else {
                html! { <span class={classes!(piece.classes)}>{ text }</span> }
            }
        })
        .collect()
}

fn obtain(obtain: Obtain) -> Html {
    html! {
        <div class="note obtain">
            <span>{ obtain.what }{ " Or drop a file here." }</span>
            <span class="command"><code>{ obtain.command }</code><CopyButton text={Rc::from(obtain.command)} what="the command"/></span>
        </div>
    }
}

fn problems(problems: &[Problem], on_jump: &Callback<Span>) -> Html {
    if problems.is_empty() {
        return Html::default();
    }
    html! {
        <ul class="problems">
            for (at, problem) in problems.iter().enumerate() {
                <li key={at} class="note">
                    { icon::tone_symbol(problem.tone) }<span class="grow">{ prose(&problem.text) }</span>
                    if let Some(span) = &problem.span { { go_to(span, on_jump) } }
                </li>
            }
        </ul>
    }
}

fn go_to(span: &Span, on_jump: &Callback<Span>) -> Html {
    let line = span.line;
    let span = span.clone();
    let onclick = on_jump.reform(move |_: MouseEvent| span.clone());
    html! { <button type="button" class="link" {onclick}>{ format!("go to line {line}") }</button> }
}

/// Reads a dropped file. Dragged text is left to the textarea itself.
fn dropped(
    field: Field,
    over: UseStateHandle<bool>,
    on_edit: Callback<Edit>,
) -> Callback<DragEvent> {
    Callback::from(move |event: DragEvent| {
        over.set(false);
        let files = event.data_transfer().and_then(|data| data.files());
        let Some(file) = files.and_then(|files| files.get(0)) else { return };
        event.prevent_default();
        let on_edit = on_edit.clone();
        let promise = file.unchecked_ref::<web_sys::Blob>().text();
        spawn_local(async move {
            let text = JsFuture::from(promise).await.ok().and_then(|text| text.as_string());
            if let Some(text) = text {
                on_edit.emit(Edit::Replace(field, text.into()));
            }
        });
    })
}
