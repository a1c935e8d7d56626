//! The sequence from request to answer, as a drawing and as a list that opens to what is sent and how to do it by hand.

use std::rc::Rc;

use yew::prelude::*;

use crate::components::copy_button::CopyButton;
use crate::components::prose::prose;
use crate::flow::{Course, Lane, Step};
use crate::words;

const WIDTH: f64 = 780.0;
const TOP: f64 = 26.0;
const ROW: f64 = 32.0;

/// The steps, and what the last lane is called.
#[derive(Properties, PartialEq)]
pub(crate) struct FlowProps {
    pub(crate) steps: Vec<Step>,
    pub(crate) party: String,
}

/// A card.
#[component]
pub(crate) fn Flow(props: &FlowProps) -> Html {
    html! {
        <section class="card" id="flow" aria-labelledby="flow-title">
            <div class="bar"><h2 id="flow-title">{ "Flow" }</h2><span class="faint small">{ "each step opens to what is sent and the command that does it by hand" }</span></div>
            { drawing(props) }
            <ol class="steps">
                for (at, step) in props.steps.iter().enumerate() { <li key={at} class={class(step.course)}>{ detail(step) }</li> }
            </ol>
        </section>
    }
}

const fn class(course: Course) -> &'static str {
    match course {
        Course::Done => "done",
        Course::Fails => "fails",
        Course::Unknown => "open-end",
    }
}

fn x(lane: Lane) -> f64 {
    let index = match lane {
        Lane::ApiServer => 0.0,
        Lane::Kubelet => 1.0,
        Lane::Pod => 2.0,
        Lane::Party => 3.0,
    };
    90.0 + index * (WIDTH - 180.0) / 3.0
}

fn drawing(props: &FlowProps) -> Html {
    let lanes = [
        (Lane::ApiServer, "API server"),
        (Lane::Kubelet, "kubelet"),
        (Lane::Pod, "pod · app"),
        (Lane::Party, props.party.as_str()),
    ];
    let bottom = TOP + props.steps.len() as f64 * ROW + 8.0;
    html! {
        <svg class="sequence" viewBox={format!("0 0 {WIDTH} {bottom}")} width={WIDTH.to_string()} aria-hidden="true">
            for (lane, name) in lanes {
                <path class="life" d={format!("M{0:.1} {TOP}V{bottom:.1}", x(lane))}/>
                <text class="strong" x={format!("{:.1}", x(lane))} y="15" text-anchor="middle">{ name.to_owned() }</text>
            }
            for (at, step) in props.steps.iter().enumerate() { { arrow(step, TOP + (at as f64 + 0.8) * ROW) } }
        </svg>
    }
}

/// The head is drawn with the line: a marker would need an address, and take no colour of its own.
fn arrow(step: &Step, y: f64) -> Html {
    let (from, to) = (x(step.from), x(step.to));
    let back = if to > from { -6.0 } else { 6.0 };
    let end = to + back / 3.0;
    let path = format!("M{from:.1} {y:.1}H{end:.1}m{back} -4L{end:.1} {y:.1}l{back} 4");
    let label = fitted(&words::visible(&step.label));
    html! {
        <g class={classes!("arrow", class(step.course))}>
            <path d={path}/>
            <text x={format!("{:.1}", (from + to) / 2.0)} y={format!("{:.1}", y - 6.0)} text-anchor="middle">{ label }</text>
        </g>
    }
}

/// What has room between two lanes.
fn fitted(label: &str) -> String {
    const ROOM: usize = 30;
    if label.chars().count() <= ROOM {
        return label.to_owned();
    }
    label.chars().take(ROOM - 1).chain(['…']).collect()
}

fn detail(step: &Step) -> Html {
    let json = step.json.as_ref().and_then(|json| serde_json::to_string_pretty(json).ok());
    let head = html! { <><b>{ words::visible(&step.label) }</b><span class="dim">{ prose(&step.sentence) }</span></> };
    if json.is_none() && step.command.is_none() {
        return html! { <div class="head">{ head }</div> };
    }
    html! {
        <details>
            <summary class="head">{ head }</summary>
            if let Some(command) = &step.command { <p class="command"><code>{ command.clone() }</code><CopyButton text={Rc::<str>::from(command.as_str())} what="the command"/></p> }
            if let Some(json) = json { <pre tabindex="0" role="group" aria-label={format!("{} as JSON", step.label)}>{ words::visible(&json) }</pre> }
        </details>
    }
}
