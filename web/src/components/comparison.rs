//! The same pod at three clouds, side by side.

use std::rc::Rc;

use podpass::Report;
use yew::prelude::*;

use crate::comparison::{self, CLOUDS, Row};
use crate::components::copy_button::CopyButton;
use crate::words;

/// What the table is filled with.
#[derive(Properties, PartialEq)]
pub(crate) struct ComparisonProps {
    pub(crate) report: Rc<Report>,
}

/// A card that opens to the table.
#[component]
pub(crate) fn Comparison(props: &ComparisonProps) -> Html {
    let report = &props.report;
    let present = comparison::present(report);
    html! {
        <details class="card comparison" id="comparison">
            <summary class="bar"><h2>{ "This pod at the three clouds" }</h2><span class="faint small">{ words::visible(&comparison::whose(report)) }</span></summary>
            <div class="scroll" tabindex="0" role="region" aria-label="This pod at the three clouds">
                <table>
                    <thead><tr><td></td>
                        for (cloud, has) in CLOUDS.iter().zip(present) {
                            <th scope="col">{ cloud }if has { <span class="chip pass">{ "this pod" }</span> }</th>
                        }
                    </tr></thead>
                    <tbody>for row in comparison::rows(report) { { line(&row) } }</tbody>
                </table>
            </div>
        </details>
    }
}

fn line(row: &Row) -> Html {
    html! {
        <tr key={row.name}><th scope="row">{ row.name }</th>
            for cell in &row.cells { <td>{ cell_view(row, cell) }</td> }
        </tr>
    }
}

fn cell_view(row: &Row, cell: &str) -> Html {
    if !row.literal || cell.starts_with("none") {
        return html! { cell };
    }
    let command = cell.contains(" --");
    html! {
        <><code>{ words::visible(cell) }</code>if command { <CopyButton text={Rc::<str>::from(cell)} what="the command"/> }</>
    }
}
