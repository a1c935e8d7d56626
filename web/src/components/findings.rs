//! Lints: true whatever the verdict.

use podpass::{Finding, Report, Severity, Span};
use yew::prelude::*;

use crate::components::icon;
use crate::components::prose::prose;
use crate::words::{self, Tone};

/// Everything the report found.
#[derive(Properties, PartialEq)]
pub(crate) struct FindingsProps {
    pub(crate) findings: Vec<Finding>,
    pub(crate) on_jump: Callback<Span>,
}

/// Those of the report, its pods and its outcomes, the gravest first; each once.
pub(crate) fn all(report: &Report) -> Vec<Finding> {
    let of_pods = report.pods.iter().flat_map(|pod| &pod.findings);
    let of_outcomes = report.federation.iter().flat_map(|outcome| &outcome.findings);
    let mut all: Vec<Finding> = Vec::new();
    for finding in report.findings.iter().chain(of_pods).chain(of_outcomes) {
        if !all.contains(finding) {
            all.push(finding.clone());
        }
    }
    all.sort_by_key(|finding| match finding.severity {
        Severity::Error => 0,
        Severity::Security => 1,
        Severity::Warning => 2,
        Severity::Info => 3,
    });
    all
}

const fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Info => "note",
        Severity::Security => "security",
        Severity::Warning => "warning",
    }
}

/// A list.
#[component]
pub(crate) fn Findings(props: &FindingsProps) -> Html {
    html! {
        <section class="card" id="findings" aria-labelledby="findings-title">
            <div class="bar"><h2 id="findings-title">{ "Findings" }</h2><span class="acts">{ words::count(props.findings.len(), "finding") }</span></div>
            <ul class="findings">
                for (at, finding) in props.findings.iter().enumerate() {
                    <li key={at}>{ one(finding, &props.on_jump) }</li>
                }
            </ul>
        </section>
    }
}

fn one(finding: &Finding, on_jump: &Callback<Span>) -> Html {
    let tone = Tone::from(finding.severity);
    html! {
        <>
            { icon::symbol(tone.name()) }
            <div>
                <b>{ prose(&finding.title) }</b>{ " " }<span class={classes!("small", tone.name())}>{ severity_word(finding.severity) }</span>
                <p class="dim">{ prose(&finding.detail) }</p>
                if let Some(span) = &finding.span { { go_to(span, on_jump) } }
            </div>
            <span class="rule">{ finding.rule.as_deref().unwrap_or_default().to_owned() }</span>
        </>
    }
}

fn go_to(span: &Span, on_jump: &Callback<Span>) -> Html {
    let words = words::place(span);
    let span = span.clone();
    let onclick = on_jump.reform(move |_: MouseEvent| span.clone());
    html! { <button type="button" class="link" {onclick}>{ words }</button> }
}
