//! The page as a whole: what is on it, what is asked, and who follows what.

use gloo::timers::callback::Interval;
use podpass::{Fix, InputName, Scenario, Span};
use yew::prelude::*;

use crate::clock;
use crate::components::answer::AnswerPane;
use crate::components::examples::Examples;
use crate::components::header::Header;
use crate::components::icon::Symbols;
use crate::components::input_box::Picked;
use crate::components::inputs_pane::InputsPane;
use crate::engine::use_engine;
use crate::marks;
use crate::now::Now;
use crate::parties::Party;
use crate::presets::{PRESETS, Preset, Samples};
use crate::state::{Edit, Field, State};

/// While the engine needs longer than this, the moving clock does not ask it again and again.
const QUICK: f64 = 150.0;

/// Everything.
#[component]
pub(crate) fn App() -> Html {
    let samples = use_memo((), |()| Samples::generate(clock::now()));
    let state = {
        let samples = samples.clone();
        use_reducer_eq(move || first_state((*samples).as_ref()))
    };
    let now = use_state_eq(|| Now::Live(clock::now()));
    let chosen = use_state_eq(|| None::<Party>);
    let picked = use_state_eq(|| None::<Picked>);
    let asked = (state.inputs.clone(), now.time().0 as i64);
    let request = use_memo(asked, |(inputs, _)| inputs.request(now.time()));
    let answer = use_engine(request);
    use_ticking(now.clone(), answer.took < QUICK && answer.problem.is_none());

    let on_edit = {
        let (dispatch, chosen) = (state.dispatcher(), chosen.clone());
        Callback::from(move |edit: Edit| {
            if matches!(edit, Edit::Load(..) | Edit::ClearAll) {
                chosen.set(None);
            }
            dispatch.dispatch(edit);
        })
    };
    let on_example = {
        let (on_edit, now) = (on_edit.clone(), now.clone());
        Callback::from(move |preset: Preset| {
            if let Some(samples) = &*samples {
                let samples = Samples { now: clock::now(), ..samples.clone() };
                now.set(Now::Live(samples.now));
                on_edit.emit(Edit::Load(preset.id, preset.inputs(&samples)));
            }
        })
    };
    let on_jump = jump(&state, &picked);
    let on_fix = fix(&state, &on_edit);
    let on_now = {
        let now = now.clone();
        Callback::from(move |next: Now| now.set(next))
    };
    let on_scenario = on_edit.reform(|next: Scenario| Edit::Scenario(next));
    let scenario = state.inputs.scenario.clone();
    let on_choose = {
        let chosen = chosen.clone();
        Callback::from(move |party: Party| chosen.set(Some(party)))
    };
    html! {
        <>
            <Symbols/>
            <a class="skip-link" href="#answer">{ "Skip to the answer" }</a>
            <Header can_undo={state.can_undo()} report={answer.report.clone()} on_edit={on_edit.clone()}/>
            <main>
                <Examples chosen={state.example} on_choose={on_example}/>
                <div class="inputs" id="inputs" role="region" aria-label="Inputs" tabindex="-1">
                    <InputsPane state={(*state).clone()} report={answer.report.clone()} picked={*picked} {on_edit} on_jump={on_jump.clone()}/>
                </div>
                <AnswerPane {answer} chosen={*chosen} now={*now} {scenario} {on_choose} {on_jump} {on_fix} {on_now} {on_scenario}/>
            </main>
        </>
    }
}

/// The first example, ready to be read.
fn first_state(samples: Option<&Samples>) -> State {
    match (samples, PRESETS.first()) {
        (Some(samples), Some(first)) => State::starting(first.id, first.inputs(samples)),
        _ => State::default(),
    }
}

/// Moves a live now along with the clock.
#[hook]
fn use_ticking(now: UseStateHandle<Now>, quick: bool) {
    use_effect_with(now.is_live() && quick, move |ticks| {
        let interval =
            ticks.then(|| Interval::new(1_000, move || now.set(Now::Live(clock::now()))));
        move || drop(interval)
    });
}

/// Leads to a place in an input.
fn jump(
    state: &UseReducerHandle<State>,
    picked: &UseStateHandle<Option<Picked>>,
) -> Callback<Span> {
    let (inputs, picked) = (state.inputs.clone(), picked.clone());
    Callback::from(move |span: Span| {
        if let Some(field) = inputs.field_of(&span) {
            let turn = picked.map_or(0, |picked| picked.turn) + 1;
            picked.set(Some(Picked { field, start: span.start, end: span.end, turn }));
        }
    })
}

/// Makes the edits of a fix.
fn fix(state: &UseReducerHandle<State>, on_edit: &Callback<Edit>) -> Callback<Fix> {
    let inputs = state.inputs.clone();
    on_edit.reform(move |fix: Fix| {
        let field = match fix.input {
            InputName::Jwks => Field::Keys,
            InputName::Manifests => Field::Manifests,
            InputName::Trust => Field::Trust(inputs.trust_box(fix.index.unwrap_or(0))),
            InputName::Token | InputName::Cluster => Field::Token,
        };
        Edit::Replace(field, marks::edited(&inputs.text(field), &fix.edits).into())
    })
}
