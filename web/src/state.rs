//! What is on the page: the inputs, and every way they change. Pure; nothing here knows the browser.

use std::rc::Rc;

use podpass::{Cluster, ExplainInput, InputName, Reader, Scenario, Span, TrustDocument, UnixTime};
use yew::Reducible;

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

/// What the cluster form holds, as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Facts {
    pub(crate) issuers: Rc<str>,
    pub(crate) api_audiences: Rc<str>,
    pub(crate) max_token_expiration: Rc<str>,
    pub(crate) extension: Option<bool>,
    pub(crate) namespace: Rc<str>,
    pub(crate) objects_complete: bool,
}

impl Facts {
    /// `None` if nothing was said: the engine then assumes all of it.
    fn cluster(&self) -> Option<Cluster> {
        if *self == Self::default() {
            return None;
        }
        Some(Cluster {
            issuers: lines(&self.issuers),
            api_audiences: lines(&self.api_audiences),
            max_token_expiration: self.max_token_expiration.trim().parse().ok(),
            extend_token_expiration: self.extension,
            namespace: filled(self.namespace.trim()),
            objects_complete: self.objects_complete.then_some(true),
            ..Cluster::default()
        })
    }
}

/// Everything that can be typed or pasted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inputs {
    pub(crate) token: Rc<str>,
    pub(crate) keys: Rc<str>,
    pub(crate) manifests: Rc<str>,
    /// At least one box is there, maybe empty.
    pub(crate) trust: Vec<Rc<str>>,
    pub(crate) facts: Facts,
}

impl Default for Inputs {
    fn default() -> Self {
        Self {
            token: "".into(),
            keys: "".into(),
            manifests: "".into(),
            trust: vec!["".into()],
            facts: Facts::default(),
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
            Field::Trust(index) => self.trust.get(index).cloned().unwrap_or_default(),
        }
    }

    fn set(&mut self, field: Field, text: Rc<str>) {
        match field {
            Field::Token => self.token = text,
            Field::Keys => self.keys = text,
            Field::Manifests => self.manifests = text,
            Field::Trust(index) => {
                if let Some(slot) = self.trust.get_mut(index) {
                    *slot = text;
                }
            }
        }
    }

    /// What the engine is asked. Boxes without text are left out.
    pub(crate) fn request(&self, now: UnixTime, reader: Option<Reader>) -> ExplainInput {
        let trust: Vec<_> =
            self.asked().map(|(_, text)| TrustDocument::Text(text.to_string())).collect();
        ExplainInput {
            token: filled(&self.token),
            jwks: filled(&self.keys),
            manifests: filled(&self.manifests),
            trust: (!trust.is_empty()).then_some(trust),
            cluster: self.facts.cluster(),
            scenario: reader.map(|reader| Scenario { reader: Some(reader), ..Scenario::default() }),
            now,
        }
    }

    /// The trust boxes with text: an outcome's `document` counts these.
    fn asked(&self) -> impl Iterator<Item = (usize, &Rc<str>)> {
        self.trust.iter().enumerate().filter(|(_, text)| !text.trim().is_empty())
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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    AddTrust,
    Clear(Field),
    ClearAll,
    Facts(Facts),
    Load(&'static str, Inputs),
    RemoveTrust(usize),
    /// Replaces a text as a whole: a dropped file, an applied fix.
    Replace(Field, Rc<str>),
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
            Edit::AddTrust => self.changed(|inputs| inputs.trust.push("".into())),
            Edit::Clear(field) => self.changed(|inputs| inputs.set(field, "".into())),
            Edit::ClearAll => self.replaced(Inputs::default()),
            Edit::Facts(facts) => self.typed(|inputs| inputs.facts = facts),
            Edit::Load(name, inputs) => Self { example: Some(name), ..self.replaced(inputs) },
            Edit::RemoveTrust(index) => self.changed(|inputs| remove(&mut inputs.trust, index)),
            Edit::Replace(field, text) => self.changed(|inputs| inputs.set(field, text)),
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

/// The last box is emptied, not removed.
fn remove(trust: &mut Vec<Rc<str>>, index: usize) {
    if index < trust.len() {
        trust.remove(index);
    }
    if trust.is_empty() {
        trust.push("".into());
    }
}

fn filled(text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| text.to_owned())
}

fn lines(text: &str) -> Option<Vec<String>> {
    let lines: Vec<_> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    (!lines.is_empty()).then_some(lines)
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
        let two = State::default().after(Edit::AddTrust);
        let filled = two.after(Edit::Type(Field::Trust(1), "{}".into()));
        assert_eq!(filled.inputs.trust_box(0), 1, "the empty box is not asked about");
        let one = filled.after(Edit::RemoveTrust(0));
        assert_eq!(one.inputs.trust.len(), 1);
        let none = one.after(Edit::RemoveTrust(0));
        assert_eq!(none.inputs.trust, vec!["".into()]);
    }

    #[test]
    fn empty_boxes_are_not_asked_about() {
        let request = Inputs::default().request(UnixTime(1.0), None);
        assert_eq!(request, ExplainInput { now: UnixTime(1.0), ..ExplainInput::default() });
        let facts = Facts { issuers: " https://a \n\nhttps://b".into(), ..Facts::default() };
        let cluster =
            Inputs { facts, ..Inputs::default() }.request(UnixTime(1.0), None).cluster.unwrap();
        assert_eq!(cluster.accepted_issuers(), ["https://a", "https://b"]);
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
