//! What is on the page: the inputs, and every way they change. Pure; nothing here knows the browser.

use std::rc::Rc;

use podpass::{ExplainInput, InputName, Scenario, Span, System, UnixTime};
use yew::Reducible;

use crate::facts::Typed;
use crate::trust::Trust;

/// How many steps can be undone.
const MAX_PAST: usize = 50;

/// One of the text boxes. Each trust document is one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Token,
    Keys,
    Manifests,
    Trust(usize),
}

impl Field {
    /// The `id` of its textarea.
    pub(crate) fn id(self) -> String {
        match self {
            Self::Token => "input-token".to_owned(),
            Self::Keys => "input-keys".to_owned(),
            Self::Manifests => "input-manifests".to_owned(),
            Self::Trust(index) => format!("input-trust-{index}"),
        }
    }
}

/// Everything that can be typed or pasted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Inputs {
    pub(crate) token: Rc<str>,
    pub(crate) keys: Rc<str>,
    pub(crate) manifests: Rc<str>,
    /// At least one box is there, maybe empty.
    pub(crate) trust: Vec<Trust>,
    /// The cluster's.
    pub(crate) facts: Typed,
    /// What happens to the pod.
    pub(crate) scenario: Scenario,
}

impl Default for Inputs {
    fn default() -> Self {
        Self {
            token: "".into(),
            keys: "".into(),
            manifests: "".into(),
            trust: vec![Trust::default()],
            facts: Typed::default(),
            scenario: Scenario::default(),
        }
    }
}

impl Inputs {
    /// The text of a box; empty if there is no such box.
    pub(crate) fn text(&self, field: Field) -> Rc<str> {
        match field {
            Field::Token => self.token.clone(),
            Field::Keys => self.keys.clone(),
            Field::Manifests => self.manifests.clone(),
            Field::Trust(index) => {
                self.trust.get(index).map(|trust| trust.text.clone()).unwrap_or_default()
            }
        }
    }

    fn set(&mut self, field: Field, text: Rc<str>) {
        match field {
            Field::Token => self.token = text,
            Field::Keys => self.keys = text,
            Field::Manifests => self.manifests = text,
            Field::Trust(index) => {
                if let Some(slot) = self.trust.get_mut(index) {
                    slot.text = text;
                }
            }
        }
    }

    /// What the engine is asked. Boxes without text are left out.
    pub(crate) fn request(&self, now: UnixTime) -> ExplainInput {
        let trust: Vec<_> = self.asked().map(|(_, trust)| trust.document()).collect();
        ExplainInput {
            token: filled(&self.token),
            jwks: filled(&self.keys),
            manifests: filled(&self.manifests),
            trust: (!trust.is_empty()).then_some(trust),
            cluster: self.facts.cluster(),
            scenario: (self.scenario != Scenario::default()).then(|| self.scenario.clone()),
            now,
        }
    }

    /// The trust boxes that ask somebody: an outcome's `document` counts these.
    fn asked(&self) -> impl Iterator<Item = (usize, &Trust)> {
        self.trust.iter().enumerate().filter(|(_, trust)| trust.is_asked())
    }

    /// Which box a span points into.
    pub(crate) fn field_of(&self, span: &Span) -> Option<Field> {
        match span.input {
            InputName::Cluster => None,
            InputName::Jwks => Some(Field::Keys),
            InputName::Manifests => Some(Field::Manifests),
            InputName::Token => Some(Field::Token),
            InputName::Trust => Some(Field::Trust(self.trust_box(span.index.unwrap_or(0)))),
        }
    }

    /// The box of the engine's `document`-th trust document.
    pub(crate) fn trust_box(&self, document: usize) -> usize {
        self.asked().nth(document).map_or(document, |(index, _)| index)
    }
}

/// The inputs and how they came to be.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct State {
    pub(crate) inputs: Inputs,
    /// Grows whenever texts change otherwise than by typing: the boxes then take them over.
    pub(crate) revision: u32,
    /// The example that is shown, until something is typed.
    pub(crate) example: Option<&'static str>,
    past: Vec<Inputs>,
}

/// One way the inputs change.
#[derive(Debug, Clone)]
pub(crate) enum Edit {
    /// With this text.
    AddTrust(Rc<str>),
    Clear(Field),
    ClearAll,
    Facts(Typed),
    Load(&'static str, Inputs),
    RemoveTrust(usize),
    /// Replaces a text as a whole: a dropped file, an applied fix.
    Replace(Field, Rc<str>),
    Scenario(Scenario),
    /// What was said beside a trust document.
    TrustFacts(usize, Typed),
    TrustSystem(usize, Option<System>),
    Type(Field, Rc<str>),
    Undo,
}

impl State {
    /// With an example loaded and nothing to undo.
    pub(crate) fn starting(example: &'static str, inputs: Inputs) -> Self {
        Self { inputs, example: Some(example), ..Self::default() }
    }

    pub(crate) fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// The next state: texts set from outside, with the present ones kept for Undo.
    fn replaced(&self, inputs: Inputs) -> Self {
        let mut past = self.past.clone();
        if inputs != self.inputs {
            past.push(self.inputs.clone());
        }
        let surplus = past.len().saturating_sub(MAX_PAST);
        past.drain(..surplus);
        Self { inputs, revision: self.revision + 1, example: None, past }
    }

    fn changed(&self, change: impl FnOnce(&mut Inputs)) -> Self {
        let mut inputs = self.inputs.clone();
        change(&mut inputs);
        self.replaced(inputs)
    }

    fn typed(&self, change: impl FnOnce(&mut Inputs)) -> Self {
        let mut next = Self { example: None, ..self.clone() };
        change(&mut next.inputs);
        next
    }

    /// What an edit makes of it.
    pub(crate) fn after(&self, edit: Edit) -> Self {
        match edit {
            Edit::AddTrust(text) => self.changed(|inputs| add(&mut inputs.trust, text)),
            Edit::Clear(field) => self.changed(|inputs| inputs.set(field, "".into())),
            Edit::ClearAll => self.replaced(Inputs::default()),
            Edit::Facts(facts) => self.typed(|inputs| inputs.facts = facts),
            Edit::Load(name, inputs) => Self { example: Some(name), ..self.replaced(inputs) },
            Edit::RemoveTrust(index) => self.changed(|inputs| remove(&mut inputs.trust, index)),
            Edit::Replace(field, text) => self.changed(|inputs| inputs.set(field, text)),
            Edit::Scenario(scenario) => self.typed(|inputs| inputs.scenario = scenario),
            Edit::TrustFacts(index, facts) => {
                self.typed(|inputs| of(&mut inputs.trust, index, |trust| trust.facts = facts))
            }
            Edit::TrustSystem(index, system) => {
                self.typed(|inputs| of(&mut inputs.trust, index, |trust| trust.system = system))
            }
            Edit::Type(field, text) => self.typed(|inputs| inputs.set(field, text)),
            Edit::Undo => self.undone(),
        }
    }

    fn undone(&self) -> Self {
        let mut past = self.past.clone();
        match past.pop() {
            Some(inputs) => Self { inputs, revision: self.revision + 1, example: None, past },
            None => self.clone(),
        }
    }
}

impl Reducible for State {
    type Action = Edit;

    fn reduce(self: Rc<Self>, edit: Edit) -> Rc<Self> {
        self.after(edit).into()
    }
}

/// A text goes into the last box if that is still untouched.
fn add(trust: &mut Vec<Trust>, text: Rc<str>) {
    match trust.last_mut() {
        Some(last) if !text.is_empty() && *last == Trust::default() => last.text = text,
        _ => trust.push(text.into()),
    }
}

/// The last box is emptied, not removed.
fn remove(trust: &mut Vec<Trust>, index: usize) {
    if index < trust.len() {
        trust.remove(index);
    }
    if trust.is_empty() {
        trust.push(Trust::default());
    }
}

fn of(trust: &mut [Trust], index: usize, change: impl FnOnce(&mut Trust)) {
    if let Some(trust) = trust.get_mut(index) {
        change(trust);
    }
}

fn filled(text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(state: &State, text: &str) -> State {
        state.after(Edit::Type(Field::Token, text.into()))
    }

    #[test]
    fn typing_leaves_the_boxes_alone() {
        let state = typed(&State::default(), "a");
        assert_eq!((state.revision, &*state.inputs.token), (0, "a"));
        assert!(!state.can_undo());
    }

    #[test]
    fn whatever_replaces_texts_can_be_undone() {
        let typed = typed(&State::default(), "mine");
        let example = Inputs { token: "theirs".into(), ..Inputs::default() };
        let loaded = typed.after(Edit::Load("healthy", example));
        assert_eq!((loaded.example, &*loaded.inputs.token), (Some("healthy"), "theirs"));
        let cleared = loaded.after(Edit::ClearAll);
        let back = cleared.after(Edit::Undo).after(Edit::Undo);
        assert_eq!(&*back.inputs.token, "mine");
        assert!(!back.can_undo());
        assert_eq!(back.revision, 4);
        assert_eq!(back.after(Edit::Undo), back);
    }

    #[test]
    fn trust_boxes_come_and_go_but_one_stays() {
        let two = State::default().after(Edit::AddTrust("".into()));
        let filled = two.after(Edit::Type(Field::Trust(1), "{}".into()));
        assert_eq!(filled.inputs.trust_box(0), 1, "the empty box is not asked about");
        let one = filled.after(Edit::RemoveTrust(0));
        assert_eq!(one.inputs.trust.len(), 1);
        let none = one.after(Edit::RemoveTrust(0));
        assert_eq!(none.inputs.trust, vec![Trust::default()]);
    }

    #[test]
    fn empty_boxes_are_not_asked_about() {
        let request = Inputs::default().request(UnixTime(1.0));
        assert_eq!(request, ExplainInput { now: UnixTime(1.0), ..ExplainInput::default() });
    }

    #[test]
    fn a_ready_made_document_takes_an_untouched_box() {
        let one = State::default().after(Edit::AddTrust("{}".into()));
        assert_eq!(one.inputs.trust, vec!["{}".into()]);
        assert_eq!(one.after(Edit::AddTrust("{}".into())).inputs.trust.len(), 2);
    }

    #[test]
    fn history_is_bounded() {
        let mut state = State::default();
        for index in 0..(MAX_PAST + 10) {
            state = state.after(Edit::Replace(Field::Keys, index.to_string().into()));
        }
        assert_eq!(state.past.len(), MAX_PAST);
    }
}
