//! What becomes of each pod: what is added to it, and every token followed from volume to file to variable.

use std::rc::Rc;

use podpass::{Injection, PodReport, ProjectedToken, Span, TokenMount};
use serde_json::Value;
use yew::prelude::*;

use crate::components::copy_button::CopyButton;
use crate::components::icon;
use crate::words;

/// One pod.
#[derive(Properties, PartialEq)]
pub(crate) struct PodViewProps {
    pub(crate) pod: PodReport,
    pub(crate) on_jump: Callback<Span>,
}

/// A card.
#[component]
pub(crate) fn PodView(props: &PodViewProps) -> Html {
    let pod = &props.pod;
    let changes: usize = pod.injected.iter().map(|injection| injection.patch.len()).sum();
    let patch: Vec<_> = pod.injected.iter().flat_map(|injection| injection.patch.clone()).collect();
    let patch: Rc<str> = serde_json::to_string_pretty(&patch).unwrap_or_default().into();
    html! {
        <section class="card pod" aria-label={format!("Pod {}", pod.workload.name)}>
            <div class="bar"><h2>{ format!("{} {}/{}", pod.workload.kind, pod.workload.namespace, pod.workload.name) }</h2>
                { account(pod, &props.on_jump) }
                if changes > 0 { <span class="acts">{ words::count(changes, "change") }<CopyButton text={patch} label="copy patch"/></span> }
            </div>
            { refusal(pod) }
            { injections(&pod.injected) }
            <h3 class="sub">{ "Tokens" }</h3>
            if pod.tokens.is_empty() { <p class="pad dim">{ "No token ends up in this pod." }</p> }
            else { <ul class="tokens">for (at, token) in pod.tokens.iter().enumerate() { <li key={at}>{ token_view(token, &props.on_jump) }</li> }</ul> }
        </section>
    }
}

fn account(pod: &PodReport, on_jump: &Callback<Span>) -> Html {
    let account = &pod.service_account;
    let how = if account.defaulted { ": the pod names none" } else { "" };
    let name = format!("runs as {}", account.name);
    match &account.span {
        Some(span) => {
            let span = span.clone();
            let onclick = on_jump.reform(move |_: MouseEvent| span.clone());
            html! { <button type="button" class="link" {onclick}>{ name }</button> }
        }
        None => html! { <span class="dim small">{ name }{ how }</span> },
    }
}

fn refusal(pod: &PodReport) -> Html {
    let (words, error) = match (&pod.rejected, &pod.stuck) {
        (Some(error), _) => ("Refused at admission: ", error),
        (None, Some(error)) => ("Admitted, but it never starts: ", error),
        (None, None) => return Html::default(),
    };
    html! { <p class="pad fail">{ icon::symbol("fail") }{ " " }<b>{ words }</b><code>{ words::visible(&error.message) }</code></p> }
}

fn injections(injected: &[Injection]) -> Html {
    let filled = injected.iter().filter(|injection| !injection.patch.is_empty());
    html! {
        <ul class="patch">
            for injection in filled {
                for (at, operation) in injection.patch.iter().enumerate() {
                    <li key={format!("{}{at}", injection.by)}><ins>{ operation_text(operation) }</ins><span class="faint">{ by(&injection.by) }</span></li>
                }
            }
        </ul>
    }
}

fn by(name: &str) -> &str {
    match name {
        "serviceaccount-admission" => "ServiceAccount admission",
        "eks-pod-identity-webhook" => "EKS webhook",
        "azure-workload-identity-webhook" => "Azure webhook",
        other => other,
    }
}

/// One line for one operation: the path without `/spec`, and the value's name or the value.
fn operation_text(operation: &Value) -> String {
    let text = |name: &str| operation.get(name).and_then(Value::as_str).unwrap_or_default();
    let sign = match text("op") {
        "remove" => "-",
        "replace" => "~",
        _ => "+",
    };
    let path = text("path").trim_start_matches("/spec/").trim_end_matches("/-").replace('/', ".");
    let value = operation.get("value").map(named).unwrap_or_default();
    words::visible(&format!("{sign} {path} {value}"))
}

/// Objects by name, mounts with their path; lists by their elements.
fn named(value: &Value) -> String {
    if let Value::Array(items) = value {
        return items.iter().map(named).collect::<Vec<_>>().join(", ");
    }
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    match (text("name"), text("mountPath").or_else(|| text("value"))) {
        (Some(name), Some(more)) => format!("{name} = {more}"),
        (Some(name), None) => name.to_owned(),
        _ => words::value_text(value),
    }
}

fn token_view(token: &ProjectedToken, on_jump: &Callback<Span>) -> Html {
    let audience = token.audience.as_deref().unwrap_or("the API server");
    let from = token.injected_by.as_deref().map(by);
    html! {
        <>
            <div class="source">
                <span class="stop">{ "volume " }<code>{ words::visible(&token.volume) }</code></span>
                <span class="dim">{ "audience " }<code>{ words::visible(audience) }</code>{ format!(", {} ({} s)", words::duration(token.expiration_seconds), token.expiration_seconds) }</span>
                if let Some(from) = from { <span class="faint small">{ "added by " }{ from }</span> }
                if let Some(span) = &token.span { { source_place(span, on_jump) } }
            </div>
            if token.mounts.is_empty() { <p class="warn">{ icon::symbol("warn") }{ " No container mounts it." }</p> }
            <ul class="mounts">for (at, mount) in token.mounts.iter().enumerate() { <li key={at}>{ mount_view(mount) }</li> }</ul>
        </>
    }
}

fn source_place(span: &Span, on_jump: &Callback<Span>) -> Html {
    let words = words::place(span);
    let span = span.clone();
    let onclick = on_jump.reform(move |_: MouseEvent| span.clone());
    html! { <button type="button" class="link" {onclick}>{ words }</button> }
}

fn mount_view(mount: &TokenMount) -> Html {
    let owner = format!("{} {}:{}", mount.mode, mount.uid, mount.gid);
    html! {
        <>
            <span class="arrow" aria-hidden="true">{ "→" }</span>
            <span class="stop"><span class="dim">{ format!("{} ", mount.container) }</span><code>{ words::visible(&mount.file) }</code></span>
            <span class="faint small m">{ owner }</span>
            for name in mount.env.iter() { <span class="arrow" aria-hidden="true">{ "→" }</span><span class="stop"><code>{ words::visible(name) }</code></span> }
            if mount.refreshed { <span class="pass small">{ "follows refreshes" }</span> }
            else { <span class="fail small">{ icon::symbol("fail") }{ " never refreshed: subPath" }</span> }
        </>
    }
}
