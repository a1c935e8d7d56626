//! The timeline as a table: the same rows, for whoever does not see the drawing.

use podpass::{Timeline, UnixTime};
use yew::prelude::*;

use crate::words;

/// The same as the drawing has.
#[derive(Properties, PartialEq)]
pub(crate) struct TimelineTableProps {
    pub(crate) timeline: Timeline,
    pub(crate) now: UnixTime,
}

struct Row {
    at: UnixTime,
    until: Option<UnixTime>,
    lane: String,
    what: String,
    rule: String,
}

fn rows(timeline: &Timeline) -> Vec<Row> {
    let mut rows = Vec::new();
    for lane in &timeline.lanes {
        rows.extend(lane.spans.iter().map(|span| Row {
            at: span.from,
            until: Some(span.to),
            lane: lane.label.clone(),
            what: if span.label.is_empty() { span.state.clone() } else { span.label.clone() },
            rule: String::new(),
        }));
        rows.extend(lane.events.iter().map(|event| Row {
            at: event.window.map_or(event.at, |window| window.earliest),
            until: event.window.map(|window| window.latest),
            lane: lane.label.clone(),
            what: event.label.clone(),
            rule: event.rule.clone().unwrap_or_default(),
        }));
    }
    rows.sort_by(|a, b| a.at.0.total_cmp(&b.at.0));
    rows
}

/// In order of time; opened on demand.
#[component]
pub(crate) fn TimelineTable(props: &TimelineTableProps) -> Html {
    html! {
        <details class="as-table"><summary>{ "The same as a table" }</summary>
            <div class="scroll"><table>
                <caption class="hidden">{ "Timeline, in order of time, UTC" }</caption>
                <thead><tr><th scope="col">{ "From" }</th><th scope="col">{ "To" }</th><th scope="col">{ "Seen from now" }</th><th scope="col">{ "Lane" }</th><th scope="col">{ "What" }</th><th scope="col">{ "Rule" }</th></tr></thead>
                <tbody>
                    for (at, row) in rows(&props.timeline).into_iter().enumerate() {
                        <tr key={at}><td class="m">{ words::date_time(row.at) }</td><td class="m">{ row.until.map(words::date_time).unwrap_or_default() }</td>
                            <td>{ words::relative(row.at, props.now) }</td><td>{ row.lane }</td><td>{ row.what }</td><td class="rule">{ row.rule }</td></tr>
                    }
                </tbody>
            </table></div>
        </details>
    }
}
