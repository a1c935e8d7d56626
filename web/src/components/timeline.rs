//! Lanes over time, and the "now" that can be moved.

use podpass::{Lane, LaneEvent, LaneKind, LaneSpan, Reader, Scenario, Timeline, UnixTime};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlElement, HtmlSelectElement, PointerEvent, ResizeObserver};
use yew::prelude::*;

use crate::components::now_control::NowControl;
use crate::components::timeline_table::TimelineTable;
use crate::components::what_if::WhatIf;
use crate::geometry::{Scale, Zoom, is_narrow};
use crate::now::{self, Now};
use crate::words;

/// Pixels of one lane, and of its name above it where there is no room beside it.
const LANE: f64 = 26.0;
const NAME: f64 = 16.0;
const BAR: f64 = 18.0;
const TOP: f64 = 24.0;
/// Below the lanes: the handle of "now" and its time.
const BOTTOM: f64 = 30.0;
/// Width before the first measurement.
const FIRST_WIDTH: f64 = 820.0;

/// The report's timeline; none if nothing in the inputs has times.
#[derive(Properties, PartialEq)]
pub(crate) struct TimelineCardProps {
    pub(crate) timeline: Option<Timeline>,
    pub(crate) now: Now,
    pub(crate) scenario: Scenario,
    pub(crate) on_now: Callback<Now>,
    pub(crate) on_scenario: Callback<Scenario>,
}

/// The card: zoom, controls, drawing, table.
#[component]
pub(crate) fn TimelineCard(props: &TimelineCardProps) -> Html {
    let zoom = use_state(|| None::<Zoom>);
    let width = use_state_eq(|| FIRST_WIDTH);
    let place = use_node_ref();
    use_width(&place, width.clone());
    let now = props.now.time();
    let (from, to) =
        props.timeline.as_ref().map_or((now.plus(-3_600.0), now.plus(3_600.0)), borders);
    let chosen = zoom.unwrap_or_else(|| fitting(from, to));
    html! {
        <section class="card" id="timeline" aria-labelledby="timeline-title">
            <div class="bar"><h2 id="timeline-title">{ "Timeline" }</h2><span class="faint small">{ "UTC" }</span>
                <div class="tabs" role="group" aria-label="Zoom">for (value, label) in Zoom::ALL { { tab(value, label, chosen, &zoom) } }</div>
                { reader_choice(&props.scenario, &props.on_scenario) }
                <NowControl now={props.now} {from} {to} on_now={props.on_now.clone()}/>
            </div>
            <WhatIf scenario={props.scenario.clone()} {from} on_scenario={props.on_scenario.clone()}/>
            <div class="tl" ref={place}>
                if let Some(timeline) = &props.timeline {
                    <Drawing timeline={timeline.clone()} now={props.now} zoom={chosen} width={*width} on_now={props.on_now.clone()}/>
                    { failure(timeline, now) }
                    <TimelineTable timeline={timeline.clone()} {now}/>
                } else { <p class="dim">{ "No times yet: paste a token, or a pod with a token volume." }</p> }
            </div>
        </section>
    }
}

/// How the application reads its file: what it notices of a refresh hangs on this.
const READERS: [(&str, &str, Option<Reader>); 5] = [
    ("", "reader: as it is likely", None),
    ("rereads", "re-reads each time", Some(Reader::Rereads)),
    ("cached-at-start", "cached at start", Some(Reader::CachedAtStart)),
    ("client-go", "client-go", Some(Reader::ClientGo)),
    ("aws-sdk", "AWS SDK", Some(Reader::AwsSdk)),
];

fn reader_choice(scenario: &Scenario, on_scenario: &Callback<Scenario>) -> Html {
    let chosen = scenario.reader;
    let scenario = scenario.clone();
    let onchange = on_scenario.reform(move |event: Event| {
        let value = event.target_unchecked_into::<HtmlSelectElement>().value();
        let reader = READERS.iter().find(|(name, _, _)| *name == value);
        Scenario { reader: reader.and_then(|(_, _, reader)| *reader), ..scenario.clone() }
    });
    html! {
        <select class="reader-choice" aria-label="How the application reads the token file" {onchange}>
            for (name, label, reader) in READERS { <option value={name} selected={reader == chosen}>{ label }</option> }
        </select>
    }
}

fn borders(timeline: &Timeline) -> (UnixTime, UnixTime) {
    (timeline.from, timeline.to)
}

/// A year is not drawn whole at first: its first two hours would be one pixel.
fn fitting(from: UnixTime, to: UnixTime) -> Zoom {
    if to.since(from) > 30.0 * 86_400.0 { Zoom::Day } else { Zoom::Everything }
}

fn tab(
    value: Zoom,
    label: &'static str,
    chosen: Zoom,
    zoom: &UseStateHandle<Option<Zoom>>,
) -> Html {
    let zoom = zoom.clone();
    let on = value == chosen;
    let onclick = Callback::from(move |_: MouseEvent| zoom.set(Some(value)));
    html! { <button key={label} type="button" class={classes!(on.then_some("on"))} aria-pressed={on.to_string()} {onclick}>{ label }</button> }
}

fn failure(timeline: &Timeline, now: UnixTime) -> Html {
    let Some(failure) = &timeline.first_failure else { return Html::default() };
    html! {
        <p class="first-failure"><b>{ "First failing call: " }</b>{ format!("{} UTC ({}): {}", words::date_time(failure.at), words::relative(failure.at, now), words::visible(&failure.reason)) }
            if let Some(error) = &failure.error { { " " }<code>{ words::visible(&error.message) }</code> }</p>
    }
}

/// Follows the width of the drawing's place.
#[hook]
fn use_width(place: &NodeRef, width: UseStateHandle<f64>) {
    let place = place.clone();
    use_effect_with((), move |()| {
        let measured = place.clone();
        let measure = Closure::<dyn FnMut()>::new(move || {
            if let Some(element) = measured.cast::<HtmlElement>() {
                // The padding on both sides.
                width.set(f64::from(element.client_width()) - 28.0);
            }
        });
        let observer = ResizeObserver::new(measure.as_ref().unchecked_ref()).ok();
        if let (Some(observer), Some(element)) = (&observer, place.cast::<Element>()) {
            observer.observe(&element);
        }
        move || {
            if let Some(observer) = observer {
                observer.disconnect();
            }
            drop(measure);
        }
    });
}

/// The drawing alone; also for tests.
#[derive(Properties, PartialEq)]
pub(crate) struct DrawingProps {
    pub(crate) timeline: Timeline,
    pub(crate) now: Now,
    pub(crate) zoom: Zoom,
    pub(crate) width: f64,
    pub(crate) on_now: Callback<Now>,
}

/// One SVG; its "now" is a slider.
#[component]
pub(crate) fn Drawing(props: &DrawingProps) -> Html {
    let svg = use_node_ref();
    // The scale is held still while "now" is dragged: else the lanes would run away under the pointer.
    let held = use_mut_ref(|| None::<Scale>);
    let timeline = &props.timeline;
    let now = props.now.time();
    let (from, to) = props.zoom.window(timeline.from, timeline.to, now);
    let fresh = Scale::new(from, to, props.width);
    let scale = held.borrow().unwrap_or(fresh);
    let narrow = is_narrow(props.width);
    let step = if narrow { LANE + NAME } else { LANE };
    let lanes = timeline.lanes.len() as f64 * step;
    let (width, height) = (scale.right + 12.0, TOP + lanes + BOTTOM);
    let to_time = {
        let svg = svg.clone();
        move |event: &PointerEvent| {
            let left =
                svg.cast::<Element>().map_or(0.0, |svg| svg.get_bounding_client_rect().left());
            Now::At(scale.time(f64::from(event.client_x()) - left))
        }
    };
    let onpointerdown = {
        let (held, svg, to_time, on_now) =
            (held.clone(), svg.clone(), to_time.clone(), props.on_now.clone());
        Callback::from(move |event: PointerEvent| {
            if let Some(svg) = svg.cast::<Element>() {
                // Without capture a drag ends at the border; nothing worse.
                let _ = svg.set_pointer_capture(event.pointer_id());
            }
            *held.borrow_mut() = Some(scale);
            on_now.emit(to_time(&event));
        })
    };
    let onpointermove = {
        let (held, on_now) = (held.clone(), props.on_now.clone());
        Callback::from(move |event: PointerEvent| {
            if held.borrow().is_some() {
                on_now.emit(to_time(&event));
            }
        })
    };
    let release = Callback::from(move |_: PointerEvent| *held.borrow_mut() = None);
    html! {
        <svg ref={svg} class="lanes" width={width.to_string()} height={height.to_string()} viewBox={format!("0 0 {width} {height}")}
            role="group" aria-label="Timeline; the same as a table follows"
            {onpointerdown} {onpointermove} onpointerup={release.clone()} onpointercancel={release}>
            { grid(scale, TOP + lanes) }
            for (at, lane) in timeline.lanes.iter().enumerate() {
                { lane_view(lane, scale, TOP + at as f64 * step, narrow) }
            }
            { now_handle(props, scale, TOP + lanes) }
        </svg>
    }
}

fn grid(scale: Scale, bottom: f64) -> Html {
    let label = |at: UnixTime| {
        let text = words::date_time(at);
        let part = if scale.spans_days() { text.get(..10) } else { text.get(11..16) };
        part.unwrap_or(&text).to_owned()
    };
    html! {
        <g class="grid" aria-hidden="true">
            for at in scale.ticks() {
                <path key={at.0 as i64} d={format!("M{0:.1} 18V{bottom:.1}", scale.x(at))}/>
                { text("", scale.x(at), 12.0, "middle", &label(at)) }
            }
        </g>
    }
}

/// `text` is a word of Rust's own in `html!` only by its attributes: one place builds it.
fn text(class: &'static str, x: f64, y: f64, anchor: &'static str, words: &str) -> Html {
    html! { <text {class} x={format!("{x:.1}")} y={format!("{y:.1}")} text-anchor={anchor}>{ words.to_owned() }</text> }
}

const fn lane_class(kind: LaneKind) -> &'static str {
    match kind {
        LaneKind::File => "file",
        LaneKind::Pod => "podlane",
        LaneKind::Reader => "reader",
        LaneKind::Session => "session",
        LaneKind::Token => "token",
    }
}

fn lane_view(lane: &Lane, scale: Scale, top: f64, narrow: bool) -> Html {
    let (bar, name_y) = if narrow { (top + NAME, top + 11.0) } else { (top + 3.0, top + 16.0) };
    let name_x = if narrow { scale.left } else { 0.0 };
    html! {
        <g key={lane.id.clone()} class={classes!("lane", lane_class(lane.kind))} aria-hidden="true">
            { text("name", name_x, name_y, "start", &fitted(&lane.label, if narrow { 400.0 } else { scale.left - 6.0 }, 6.4)) }
            for span in lane.spans.iter() { { span_view(span, scale, bar) } }
            for event in lane.events.iter() { { event_view(event, scale, bar) } }
        </g>
    }
}

fn span_view(span: &LaneSpan, scale: Scale, top: f64) -> Html {
    let (from, to) = (scale.clamped(span.from), scale.clamped(span.to));
    if to - from < 0.5 {
        return Html::default();
    }
    let state = span.state.clone();
    html! {
        <>
            <rect class={classes!("span", format!("is-{state}"))} x={format!("{from:.1}")} y={format!("{top:.1}")} width={format!("{:.1}", (to - from - 1.0).max(0.5))} height={BAR.to_string()} rx="3"/>
            { text("strong", from + 7.0, top + 13.0, "start", &fitted(&span.label, to - from - 12.0, 7.0)) }
        </>
    }
}

/// A window is drawn as a window, an instant as a line.
fn event_view(event: &LaneEvent, scale: Scale, top: f64) -> Html {
    let (from, to) =
        event.window.map_or((event.at, event.at), |window| (window.earliest, window.latest));
    if !scale.shows(from) && !scale.shows(to) {
        return Html::default();
    }
    let (left, right) = (scale.clamped(from), scale.clamped(to));
    let least = if event.window.is_some() { 5.0 } else { 2.0 };
    let title = format!("{}: {}", words::date_time(event.at), event.label);
    html! {
        <rect class={classes!("event", format!("ev-{}", event.kind))} x={format!("{left:.1}")} y={format!("{:.1}", top - 2.0)} width={format!("{:.1}", (right - left).max(least))} height={(BAR + 4.0).to_string()} rx="1.5"><title>{ title }</title></rect>
    }
}

/// As much of a text as fits; nothing if that is next to nothing. `letter`: the pixels of one.
fn fitted(text: &str, room: f64, letter: f64) -> String {
    let letters = (room / letter).floor().max(0.0) as usize;
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    if letters < 6 {
        return String::new();
    }
    text.chars().take(letters - 1).chain(['…']).collect()
}

fn now_handle(props: &DrawingProps, scale: Scale, bottom: f64) -> Html {
    let now = props.now.time();
    let (from, to) = (props.timeline.from, props.timeline.to);
    let x = scale.clamped(now);
    let onkeydown = props.on_now.clone();
    let onkeydown = Callback::from(move |event: KeyboardEvent| {
        if let Some(at) = now::step(&event.key(), event.shift_key(), now, from, to) {
            event.prevent_default();
            onkeydown.emit(Now::At(at));
        }
    });
    let right_half = x > (scale.left + scale.right) / 2.0;
    let (anchor, offset) = if right_half { ("end", -11.0) } else { ("start", 11.0) };
    let label = if scale.spans_days() { words::date_time(now) } else { words::time_of_day(now) };
    html! {
        <g class="now" role="slider" tabindex="0" aria-label="now" aria-valuemin={from.0.to_string()} aria-valuemax={to.0.to_string()}
            aria-valuenow={now.0.to_string()} aria-valuetext={format!("{} UTC", words::date_time(now))} {onkeydown}>
            <path class="line" d={format!("M{x:.1} 16V{:.1}", bottom + 6.0)}/>
            <circle class="grip" cx={format!("{x:.1}")} cy={format!("{:.1}", bottom + 12.0)} r="12"/>
            <circle class="knob" cx={format!("{x:.1}")} cy={format!("{:.1}", bottom + 12.0)} r="6"/>
            { text("now-time", x + offset, bottom + 17.0, anchor, &format!("now {label}")) }
        </g>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::testing::{Shown, show};
    use podpass::TimelineOptions;

    fn drawing(width: f64, now: f64) -> String {
        let now = UnixTime(now);
        let timeline = podpass::rotation_timeline(&TimelineOptions {
            expiration_seconds: Some(3_600.0),
            issued_at: Some(UnixTime(1_795_615_200.0)),
            now,
            ..TimelineOptions::default()
        });
        let Shown(html) = show::<Drawing>(DrawingProps {
            timeline,
            now: Now::At(now),
            zoom: Zoom::Everything,
            width,
            on_now: Callback::noop(),
        });
        html
    }

    #[test]
    fn now_is_a_slider_with_words() {
        let html = drawing(820.0, 1_795_616_345.0);
        for part in [
            "role=\"slider\"",
            "aria-valuenow=\"1795616345\"",
            "2026-11-25 14:19:05 UTC",
            "now 14:19:05",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn a_narrow_drawing_has_fewer_times_not_smaller_ones() {
        let times =
            |width| drawing(width, 1_795_616_345.0).matches("text-anchor=\"middle\"").count();
        assert!(times(292.0) < times(820.0));
        assert!(drawing(292.0, 1_795_616_345.0).contains("width=\"292\""));
    }
}
