//! The right side: verdicts, the four states, the ladder, the timeline, and everything below.

use std::rc::Rc;

use gloo::timers::callback::Timeout;
use podpass::{Fix, Report, Scenario, Span};
use yew::prelude::*;

use crate::comparison;
use crate::components::comparison::Comparison;
use crate::components::decoded::Decoded;
use crate::components::findings::{self, Findings};
use crate::components::flow::Flow;
use crate::components::icon;
use crate::components::ladder::Ladder;
use crate::components::pods::PodView;
use crate::components::reach::ReachView;
use crate::components::states::States;
use crate::components::timeline::TimelineCard;
use crate::components::token_review::TokenReviewView;
use crate::components::verdicts::Verdicts;
use crate::engine::Answer;
use crate::flow;
use crate::now::Now;
use crate::parties::{self, Judgement, Party};
use crate::words::{self, Tone};

/// Milliseconds of quiet before the answer is read out.
const SETTLED: u32 = 900;

/// The engine's answer, and what of it was chosen.
#[derive(Properties, PartialEq)]
pub(crate) struct AnswerPaneProps {
    pub(crate) answer: Answer,
    pub(crate) chosen: Option<Party>,
    pub(crate) now: Now,
    pub(crate) scenario: Scenario,
    pub(crate) on_choose: Callback<Party>,
    pub(crate) on_jump: Callback<Span>,
    pub(crate) on_fix: Callback<Fix>,
    pub(crate) on_now: Callback<Now>,
    pub(crate) on_scenario: Callback<Scenario>,
}

/// Everything that is said of the inputs.
#[component]
pub(crate) fn AnswerPane(props: &AnswerPaneProps) -> Html {
    let report = props.answer.report.as_deref();
    let judgements: Rc<[Judgement]> = report.map(parties::judgements).unwrap_or_default().into();
    let headline = parties::headline(&judgements);
    let sentence = report.map(|report| report.summary.clone()).unwrap_or_default();
    let spoken = use_settled(if sentence.is_empty() { headline.clone() } else { sentence });
    use_title(&headline);
    html! {
        <div class="answer" id="answer" role="region" aria-label="Answer" tabindex="-1">
            <p class="hidden" role="status" aria-live="polite">{ spoken }</p>
            { strip(&judgements, &headline) }
            if let Some(problem) = &props.answer.problem { <p class="engine-problem" role="alert">{ icon::symbol("warn") }{ " " }{ problem }</p> }
            if let Some(report) = report { { body(props, report, judgements) } }
            else { <p class="card pad dim">{ "The engine is starting…" }</p> }
        </div>
    }
}

/// One line that stays in sight on narrow screens.
fn strip(judgements: &[Judgement], headline: &str) -> Html {
    let verdict = parties::default_party(judgements)
        .and_then(|party| judgements.iter().find(|judged| judged.party == party))
        .map(|judged| Tone::from(judged.verdict));
    let words = headline.trim_start_matches(['✓', '✕', '?', ' ']).to_owned();
    html! {
        <p class="strip"><span class={classes!(verdict.map(Tone::name))}>{ icon::symbol(verdict.map_or("skip", Tone::name)) }{ " " }<b>{ words }</b></span><a href="#inputs">{ "inputs" }</a></p>
    }
}

fn body(props: &AnswerPaneProps, report: &Report, judgements: Rc<[Judgement]>) -> Html {
    let now = props.now.time();
    let wanted = props.chosen.and_then(|party| parties::judgement(report, party));
    let party = parties::default_party(&judgements);
    let judged = wanted.or_else(|| party.and_then(|party| parties::judgement(report, party)));
    let chosen = judged.as_ref().map(|judged| judged.party);
    let outcome = match chosen {
        Some(Party::Outcome(at)) => report.federation.get(at).cloned(),
        _ => None,
    };
    let findings = findings::all(report);
    let steps = outcome.as_ref().map(|outcome| flow::steps(report, outcome)).unwrap_or_default();
    let party = judged.as_ref().map(|judged| judged.name.clone()).unwrap_or_default();
    html! {
        <>
            <h2 class="hidden">{ "Verdicts" }</h2>
            <States states={parties::four_states(report)} on_choose={props.on_choose.clone()}/>
            if judgements.is_empty() { { nothing(report) } }
            else { <Verdicts {judgements} {chosen} {now} on_choose={props.on_choose.clone()}/> }
            if let Some(judged) = judged { <Ladder {judged} on_jump={props.on_jump.clone()} on_fix={props.on_fix.clone()}/> }
            <TimelineCard timeline={report.timeline.clone()} now={props.now} on_now={props.on_now.clone()} scenario={props.scenario.clone()} on_scenario={props.on_scenario.clone()}/>
            if let Some((outcome, status)) = outcome.as_ref().and_then(|outcome| Some((outcome, outcome.token_review.clone()?))) { <TokenReviewView {status} verdict={outcome.verdict}/> }
            if !findings.is_empty() { <Findings {findings} on_jump={props.on_jump.clone()}/> }
            if let Some(outcome) = outcome.filter(|outcome| !outcome.reach.subjects.is_empty()) { <ReachView {outcome}/> }
            for (at, pod) in report.pods.iter().enumerate() { <PodView key={at} pod={pod.clone()} on_jump={props.on_jump.clone()}/> }
            if let Some(report) = props.answer.report.clone().filter(|report| comparison::is_of_use(report)) { <Comparison {report}/> }
            if !steps.is_empty() { <Flow {steps} {party}/> }
            if let Some(token) = report.token.clone().filter(|token| token.header.is_some() || token.claims.is_some()) { <Decoded {token} {now}/> }
            <footer class="faint small">{ format!("podpass {} · judged in {:.1} ms, in this page · {}", podpass::version(), props.answer.took, words::date_time(report.now)) }{ " UTC" }</footer>
        </>
    }
}

fn nothing(report: &Report) -> Html {
    let words = if report.pods.is_empty() {
        "Nothing to judge yet: paste a token, or choose an example."
    } else {
        "No token and no trust document, so no relying party to ask; what becomes of the pods stands below."
    };
    html! { <p class="card pad dim">{ words }</p> }
}

/// A text that has not changed for a while.
#[hook]
fn use_settled(text: String) -> String {
    let settled = use_state_eq(String::new);
    let setter = settled.clone();
    use_effect_with(text, move |text| {
        let text = text.clone();
        let timer = Timeout::new(SETTLED, move || setter.set(text));
        move || drop(timer)
    });
    (*settled).clone()
}

#[hook]
fn use_title(headline: &str) {
    use_effect_with(headline.to_owned(), |headline| {
        if let Some(document) = web_sys::window().and_then(|window| window.document()) {
            document.set_title(&format!("{headline} · podpass"));
        }
    });
}
