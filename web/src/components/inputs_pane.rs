//! The left side: every input, with what the report says of it.

use std::rc::Rc;

use podpass::{Check, KeyUse, Report, Span, Status, System, TokenKind};
use yew::prelude::*;

use crate::components::facts_form::FactsForm;
use crate::components::input_box::{InputBox, Obtain, Picked, Problem};
use crate::components::trust_facts::TrustFacts;
use crate::marks::Mark;
use crate::presets::token_review;
use crate::state::{Edit, Field, Inputs, State};
use crate::words::{self, Tone};

const TOKEN: Obtain = Obtain {
    what: "A ServiceAccount token, wrapped or bare: a file, a header, a Secret, a TokenRequest.",
    command: "kubectl exec -n NAMESPACE POD -- cat /var/run/secrets/kubernetes.io/serviceaccount/token",
};
const KEYS: Obtain = Obtain {
    what: "The issuer's keys: a JWKS, a JWK or PEM. Without them a signature cannot be known.",
    command: "kubectl get --raw /openid/v1/jwks",
};
const MANIFESTS: Obtain = Obtain {
    what: "Pods, Deployments, ServiceAccounts: YAML or JSON, any number of documents.",
    command: "kubectl get pod,sa -n NAMESPACE -o yaml",
};
const TRUST: Obtain = Obtain {
    what: "What the relying party trusts: a role's trust policy, a TokenReview.",
    command: "aws iam get-role --role-name ROLE",
};

/// Below the token of an example.
const SAMPLE: &str = "Simulated, a sample only: signed by a key that is published with podpass, so nobody may trust it.";

/// What was typed and what is known of it.
#[derive(Properties, PartialEq)]
pub(crate) struct InputsPaneProps {
    pub(crate) state: State,
    pub(crate) report: Option<Rc<Report>>,
    pub(crate) picked: Option<Picked>,
    pub(crate) on_edit: Callback<Edit>,
    pub(crate) on_jump: Callback<Span>,
}

/// The boxes.
#[component]
pub(crate) fn InputsPane(props: &InputsPaneProps) -> Html {
    let trust = props.state.inputs.trust.len();
    let add = props.on_edit.reform(|_: MouseEvent| Edit::AddTrust("".into()));
    let review = props.on_edit.reform(|_: MouseEvent| Edit::AddTrust(token_review(&[]).into()));
    html! {
        <>
            { input(props, Field::Token, "Token".into(), TOKEN, Html::default()) }
            { input(props, Field::Keys, "Keys".into(), KEYS, Html::default()) }
            { input(props, Field::Manifests, "Manifests".into(), MANIFESTS, Html::default()) }
            for index in 0..trust {
                <div key={index} class="contents">{ input(props, Field::Trust(index), trust_label(index, trust), TRUST, remove(props, index, trust)) }</div>
            }
            <div class="adds">
                <button type="button" class="btn ghost" onclick={add}>{ "+ another trust document" }</button>
                <button type="button" class="btn ghost" onclick={review}>{ "+ ask the API server (TokenReview)" }</button>
            </div>
            <FactsForm facts={props.state.inputs.facts.clone()} on_edit={props.on_edit.clone()}/>
        </>
    }
}

fn trust_label(index: usize, of: usize) -> String {
    if of == 1 { "Trust".to_owned() } else { format!("Trust {}", index + 1) }
}

fn remove(props: &InputsPaneProps, index: usize, of: usize) -> Html {
    if of == 1 {
        return Html::default();
    }
    let onclick = props.on_edit.reform(move |_: MouseEvent| Edit::RemoveTrust(index));
    let label = format!("remove trust document {}", index + 1);
    html! { <button type="button" class="act" aria-label={label} {onclick}>{ "remove" }</button> }
}

fn input(props: &InputsPaneProps, field: Field, label: String, obtain: Obtain, more: Html) -> Html {
    let inputs = &props.state.inputs;
    let text = inputs.text(field);
    let report = props.report.as_deref().filter(|_| !text.trim().is_empty());
    let mut known = report.map(|report| known(report, inputs, field)).unwrap_or_default();
    if props.state.example.is_some() && field == Field::Token && !text.is_empty() {
        let note = Problem { tone: Tone::Skip, text: SAMPLE.to_owned(), span: None };
        known.problems.push(note);
    }
    html! {
        <InputBox {field} {label} {text} revision={props.state.revision} {obtain} picked={props.picked}
            recognised={known.recognised} marks={known.marks} problems={known.problems}
            on_edit={props.on_edit.clone()} on_jump={props.on_jump.clone()} below={beside(props, field)}>{ more }</InputBox>
    }
}

/// What belongs to a trust document and does not stand in it.
fn beside(props: &InputsPaneProps, field: Field) -> Html {
    let Field::Trust(index) = field else { return Html::default() };
    let inputs = &props.state.inputs;
    let Some(trust) = inputs.trust.get(index).cloned() else { return Html::default() };
    let recognised = props.report.as_deref().and_then(|report| system(report, inputs, index));
    html! { <TrustFacts {index} {trust} {recognised} on_edit={props.on_edit.clone()}/> }
}

/// Whose document the box holds.
fn system(report: &Report, inputs: &Inputs, index: usize) -> Option<System> {
    let mut outcomes = report.federation.iter().enumerate();
    let of_box =
        outcomes.find(|(at, outcome)| inputs.trust_box(outcome.document.unwrap_or(*at)) == index);
    of_box.map(|(_, outcome)| outcome.system)
}

#[derive(Default)]
struct Known {
    recognised: String,
    marks: Vec<Mark>,
    problems: Vec<Problem>,
}

fn known(report: &Report, inputs: &Inputs, field: Field) -> Known {
    let problems = problems(report, inputs, field);
    let mut marks = match field {
        Field::Token => segments(report),
        _ => Vec::new(),
    };
    let spans = problems.iter().filter_map(|problem| Some((problem.tone, problem.span.as_ref()?)));
    marks.extend(spans.map(|(tone, span)| Mark {
        start: span.start,
        end: span.end.max(span.start + 1),
        class: if tone == Tone::Fail { "hit" } else { "hint-mark" },
    }));
    Known { recognised: recognised(report, inputs, field), marks, problems }
}

fn segments(report: &Report) -> Vec<Mark> {
    let classes = ["seg1", "seg2", "seg3"];
    let segments = report.token.iter().flat_map(|token| &token.segments);
    segments
        .zip(classes)
        .map(|(span, class)| Mark { start: span.start, end: span.end, class })
        .collect()
}

/// What fails or needs attention and lies in this input: each text once, failures first.
fn problems(report: &Report, inputs: &Inputs, field: Field) -> Vec<Problem> {
    let here = |check: &&Check| {
        let family = check.id.split('/').next();
        let own = matches!(
            (field, family),
            (Field::Keys, Some("keys")) | (Field::Manifests, Some("manifests"))
        );
        own || check.span.as_ref().is_some_and(|span| inputs.field_of(span) == Some(field))
    };
    let of_token = report.token.iter().flat_map(|token| &token.checks);
    let of_keys = report.keys.iter().flat_map(|keys| &keys.checks);
    let of_outcomes = report.federation.iter().flat_map(|outcome| &outcome.checks);
    let checks = of_token
        .chain(of_keys)
        .chain(&report.manifests)
        .chain(&report.verification)
        .chain(of_outcomes);
    let mut problems: Vec<Problem> = Vec::new();
    for check in checks.filter(here) {
        let tone = match check.status {
            Status::Fail => Tone::Fail,
            Status::Warn => Tone::Warn,
            _ => continue,
        };
        push(&mut problems, tone, &check.title, check.span.clone());
    }
    let findings = report.findings.iter().filter(|finding| {
        let span = finding.span.as_ref();
        Tone::from(finding.severity) == Tone::Fail
            && span.is_some_and(|span| inputs.field_of(span) == Some(field))
    });
    for finding in findings {
        push(&mut problems, Tone::Fail, &finding.title, finding.span.clone());
    }
    problems.sort_by_key(|problem| problem.tone != Tone::Fail);
    problems
}

fn push(problems: &mut Vec<Problem>, tone: Tone, text: &str, span: Option<Span>) {
    let known = problems
        .iter()
        .any(|problem| problem.text == text || (span.is_some() && problem.span == span));
    if !known {
        problems.push(Problem { tone, text: text.to_owned(), span });
    }
}

/// The line beside an input's name.
fn recognised(report: &Report, inputs: &Inputs, field: Field) -> String {
    match field {
        Field::Token => token_line(report),
        Field::Keys => keys_line(report),
        Field::Manifests => {
            let kinds = report.pods.iter().map(|pod| {
                format!("{} {}/{}", pod.workload.kind, pod.workload.namespace, pod.workload.name)
            });
            kinds.collect::<Vec<_>>().join(" · ")
        }
        Field::Trust(index) => {
            let system = system(report, inputs, index);
            system.map(|system| words::document_name(system).to_owned()).unwrap_or_default()
        }
    }
}

fn token_line(report: &Report) -> String {
    let Some(token) = &report.token else { return String::new() };
    let kind = match token.kind {
        Some(TokenKind::Bound) => Some("bound"),
        Some(TokenKind::External) => Some("for another audience"),
        Some(TokenKind::LegacySecret) => Some("legacy Secret"),
        Some(TokenKind::NotKubernetes) => Some("not from Kubernetes"),
        None => None,
    };
    let account = token.service_account.as_ref();
    let account = account.map(|account| format!("{}/{}", account.namespace, account.name));
    let header = token.header.as_ref();
    let alg = header.and_then(|header| header.get("alg")?.as_str().map(str::to_owned));
    let unwrapped = (!token.unwrapped.is_empty())
        .then(|| format!("taken out of: {}", token.unwrapped.join(", ")));
    let parts = [account, alg, kind.map(str::to_owned), unwrapped];
    words::visible(&parts.into_iter().flatten().collect::<Vec<_>>().join(" · "))
}

fn keys_line(report: &Report) -> String {
    let Some(keys) = &report.keys else { return String::new() };
    if keys.discovery.is_some() {
        return "discovery document, no keys in it".to_owned();
    }
    let ignored = keys.keys.iter().filter(|key| key.usage == KeyUse::Ignored).count();
    let total = words::count(keys.keys.len(), "key");
    if ignored == 0 { total } else { format!("{total}, {ignored} ignored") }
}
