//! One card per party: yes, no, or cannot know; where it stops, and what the real system prints.

use std::rc::Rc;

use podpass::{Certainty, Check, Status, UnixTime, Verdict};
use yew::prelude::*;

use crate::components::icon;
use crate::components::prose::prose;
use crate::parties::{Judgement, Party};
use crate::words::{self, Tone};

/// The cards, and which of them is open below.
#[derive(Properties, PartialEq)]
pub(crate) struct VerdictsProps {
    pub(crate) judgements: Rc<[Judgement]>,
    pub(crate) chosen: Option<Party>,
    pub(crate) now: UnixTime,
    pub(crate) on_choose: Callback<Party>,
}

/// The cards; one click opens the party's ladder.
#[component]
pub(crate) fn Verdicts(props: &VerdictsProps) -> Html {
    html! {
        <div class="verdicts">
            for judged in props.judgements.iter() {
                <Card key={format!("{:?}", judged.party)} judged={judged.clone()} now={props.now}
                    on={props.chosen == Some(judged.party)} on_choose={props.on_choose.clone()}/>
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct CardProps {
    judged: Judgement,
    now: UnixTime,
    on: bool,
    on_choose: Callback<Party>,
}

#[component]
fn Card(props: &CardProps) -> Html {
    let judged = &props.judged;
    let tone = Tone::from(judged.verdict);
    let party = judged.party;
    let onclick = props.on_choose.reform(move |_: MouseEvent| party);
    let small = party == Party::Verifier;
    html! {
        <button type="button" class={classes!("v", props.on.then_some("on"), small.then_some("own"))}
            aria-pressed={props.on.to_string()} {onclick}
            data-verdict={verdict_name(judged.verdict)} data-stage={judged.stage.clone()}>
            <span class="head"><span>{ &judged.name }</span><span class="faint">{ &judged.which }</span></span>
            <span class={classes!("word", tone.name())}>{ icon::symbol(tone.name()) }{ words::verdict_word(judged.verdict) }</span>
            { reason(judged, props.now) }
            { pips(&judged.checks) }
        </button>
    }
}

/// The verdict as the report has it.
pub(crate) const fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allow",
        Verdict::Deny => "deny",
        Verdict::Unknown => "unknown",
    }
}

fn reason(judged: &Judgement, now: UnixTime) -> Html {
    html! {
        <>
            if let Some(error) = &judged.error {
                <span class="error">
                    if !error.code.is_empty() && !error.message.contains(&error.code) { { &error.code }{ ": " } }
                    { words::visible(&error.message) }
                </span>
                if error.certainty == Certainty::Likely { <span class="faint small">{ "wording likely, not certain" }</span> }
            } else if judged.verdict != Verdict::Allow {
                if let Some((_, check)) = judged.decisive() { <span class="dim">{ prose(&check.title) }</span> }
            }
            if let Some(stage) = &judged.stage { <span class="faint small">{ format!("stops at: {}", words::stage_label(stage).to_lowercase()) }</span> }
            if let Some((principal, ends)) = &judged.grant { { grant(principal, *ends, now) } }
            else if judged.verdict == Verdict::Allow { <span class="dim">{ allowed(judged) }</span> }
        </>
    }
}

fn grant(principal: &str, ends: Option<UnixTime>, now: UnixTime) -> Html {
    html! {
        <span class="dim">{ "as " }<code>{ words::visible(principal) }</code>
            if let Some(ends) = ends { { format!(" until {} ({})", words::time_of_day(ends), words::relative(ends, now)) } }
        </span>
    }
}

fn allowed(judged: &Judgement) -> &'static str {
    if judged.party == Party::Verifier {
        "Signature and claims hold."
    } else {
        "Every check holds."
    }
}

fn pips(checks: &[Check]) -> Html {
    let count = |status| checks.iter().filter(|check| check.status == status).count();
    let label = format!(
        "{}: {} hold, {} fail, {} unknown",
        words::count(checks.len(), "check"),
        count(Status::Pass) + count(Status::Warn),
        count(Status::Fail),
        count(Status::Unknown)
    );
    html! {
        <span class="pips" role="img" aria-label={label}>
            for check in checks.iter() { <i class={Tone::from(check.status).name()}></i> }
        </span>
    }
}
