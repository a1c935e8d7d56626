//! "now", typed and played; every verdict on the page follows it.

use gloo::timers::callback::Interval;
use podpass::UnixTime;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::clock;
use crate::components::icon;
use crate::now::{self, Now};
use crate::words;

/// Milliseconds between two steps of play, and how many it takes from one border to the other.
const SMOOTH: (u32, f64) = (100, 200.0);
/// Whoever asked for reduced motion gets a few steps, one each second and a half.
const REDUCED: (u32, f64) = (1_500, 12.0);

/// The now, and the borders that play runs between.
#[derive(Properties, PartialEq)]
pub(crate) struct NowControlProps {
    pub(crate) now: Now,
    pub(crate) from: UnixTime,
    pub(crate) to: UnixTime,
    pub(crate) on_now: Callback<Now>,
}

/// A field, "live" and "play".
#[component]
pub(crate) fn NowControl(props: &NowControlProps) -> Html {
    let wrong = use_state(|| false);
    let playing = use_state(|| false);
    use_play(props, playing.clone());
    let now = props.now.time();
    let onchange = {
        let (wrong, on_now) = (wrong.clone(), props.on_now.clone());
        Callback::from(move |event: Event| {
            let field: HtmlInputElement = event.target_unchecked_into();
            let typed = now::parse(&field.value(), now);
            wrong.set(typed.is_none());
            if let Some(at) = typed {
                field.set_value(&words::date_time(at));
                on_now.emit(Now::At(at));
            }
        })
    };
    let live = {
        let (wrong, playing, on_now) = (wrong.clone(), playing.clone(), props.on_now.clone());
        Callback::from(move |_: MouseEvent| {
            wrong.set(false);
            playing.set(false);
            on_now.emit(Now::Live(clock::now()));
        })
    };
    let play = {
        let playing = playing.clone();
        Callback::from(move |_: MouseEvent| playing.set(!*playing))
    };
    html! {
        <div class="acts now-control">
            <label for="now-field">{ "now" }</label>
            <input id="now-field" type="text" class={classes!("m", wrong.then_some("wrong"))} value={words::date_time(now)} spellcheck="false" autocomplete="off" {onchange}
                aria-invalid={wrong.to_string()} aria-describedby="now-help" title="2026-11-25 14:19, 14:19:05, seconds since 1970, +1h30m, -5s; all UTC"/>
            <span id="now-help" class="hidden">{ if *wrong { "Not a time. " } else { "" } }{ "A date and time in UTC, a time of this day, seconds since 1970, or plus or minus a length such as +1h30m." }</span>
            <button type="button" class="btn" disabled={props.now.is_live()} onclick={live}>{ "live" }</button>
            <button type="button" class="btn icon" aria-pressed={playing.to_string()} aria-label={if *playing { "stop playing" } else { "play: move now through the timeline" }} onclick={play}>
                { icon::symbol(if *playing { "pause" } else { "play" }) }</button>
        </div>
    }
}

/// While playing, moves "now" on; at the end it stops.
#[hook]
fn use_play(props: &NowControlProps, playing: UseStateHandle<bool>) {
    let (from, to, now, on_now) = (props.from, props.to, props.now.time(), props.on_now.clone());
    let position = use_mut_ref(|| now);
    *position.borrow_mut() = now;
    let begin = props.now;
    let runs = *playing;
    use_effect_with((runs, from.0 as i64, to.0 as i64), move |_| {
        let interval = runs.then(|| {
            let (pause, steps) = if reduced_motion() { REDUCED } else { SMOOTH };
            let length = (to.since(from) / steps).max(1.0);
            if begin.time() >= to {
                on_now.emit(Now::At(from));
            }
            Interval::new(pause, move || {
                let next = UnixTime(position.borrow().plus(length).0.min(to.0).round());
                on_now.emit(Now::At(next));
                if next >= to {
                    playing.set(false);
                }
            })
        });
        move || drop(interval)
    });
}

fn reduced_motion() -> bool {
    let query = web_sys::window()
        .and_then(|window| window.match_media("(prefers-reduced-motion: reduce)").ok().flatten());
    query.is_some_and(|query| query.matches())
}
