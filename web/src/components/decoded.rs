//! What the token says: header, claims with their meanings, times in three forms. Nothing here is verified.

use std::rc::Rc;

use podpass::{DecodedToken, UnixTime};
use serde_json::{Map, Value};
use yew::prelude::*;

use crate::components::copy_button::CopyButton;
use crate::words;

/// The token, and the now that its times are seen from.
#[derive(Properties, PartialEq)]
pub(crate) struct DecodedProps {
    pub(crate) token: DecodedToken,
    pub(crate) now: UnixTime,
}

/// What a claim means to Kubernetes.
const MEANINGS: [(&str, &str); 27] = [
    ("alg", "how it is signed; only says which of the allowed algorithms to try"),
    ("kid", "which of the issuer's keys signed it"),
    ("typ", "the kind of token; API servers write none"),
    ("aud", "whom the token is for; everybody else must refuse it"),
    ("exp", "no longer valid from here on"),
    ("iat", "when it was signed"),
    ("iss", "who signed it; the keys are found below this address"),
    ("jti", "a name of its own for this token, for audit logs"),
    ("nbf", "not valid before this"),
    ("sub", "whose token it is"),
    ("kubernetes.io.namespace", "the ServiceAccount's namespace"),
    ("kubernetes.io.serviceaccount.name", "the ServiceAccount"),
    (
        "kubernetes.io.serviceaccount.uid",
        "that very account: made anew under the same name, it is another",
    ),
    (
        "kubernetes.io.pod.name",
        "the pod the token is bound to: with the pod it ends, for the API server",
    ),
    ("kubernetes.io.pod.uid", "that very pod"),
    ("kubernetes.io.node.name", "the node of that pod"),
    ("kubernetes.io.node.uid", "that very node"),
    ("kubernetes.io.secret.name", "the Secret the token is bound to"),
    ("kubernetes.io.secret.uid", "that very Secret"),
    (
        "kubernetes.io.warnafter",
        "used later than this, the API server counts it as stale: what was asked for, before the life was extended",
    ),
    ("kubernetes.io/serviceaccount/namespace", "the ServiceAccount's namespace"),
    (
        "kubernetes.io/serviceaccount/secret.name",
        "the Secret that holds this token; deleted, the token ends, for the API server",
    ),
    ("kubernetes.io/serviceaccount/service-account.name", "the ServiceAccount"),
    ("kubernetes.io/serviceaccount/service-account.uid", "that very account"),
    ("azp", "the party the token was issued to"),
    ("nonce", "ties the token to one request"),
    ("name", "a name for people"),
];

/// Header and claims as tables.
#[component]
pub(crate) fn Decoded(props: &DecodedProps) -> Html {
    let token = &props.token;
    let json = |map: &Option<Map<String, Value>>| {
        map.as_ref().and_then(|map| serde_json::to_string_pretty(map).ok()).unwrap_or_default()
    };
    html! {
        <section class="card" id="decoded" aria-labelledby="decoded-title">
            <div class="bar"><h2 id="decoded-title">{ "Decoded" }</h2>
                <span class="dim small">{ token.kind.map(words::kind_name).unwrap_or_default() }</span>
                <span class="acts"><CopyButton text={Rc::<str>::from(json(&token.header))} label="copy header"/><CopyButton text={Rc::<str>::from(json(&token.claims))} label="copy claims"/></span></div>
            <div class="scroll">
                <table class="claims">
                    <caption class="hidden">{ "Header and claims" }</caption>
                    <thead><tr><th scope="col">{ "Name" }</th><th scope="col">{ "Value" }</th><th scope="col">{ "Meaning" }</th></tr></thead>
                    if let Some(header) = &token.header { <tbody>{ rows("header", header, props.now) }</tbody> }
                    if let Some(claims) = &token.claims { <tbody>{ rows("claims", claims, props.now) }</tbody> }
                </table>
            </div>
        </section>
    }
}

fn rows(part: &'static str, map: &Map<String, Value>, now: UnixTime) -> Html {
    let mut flat = Vec::new();
    flatten("", map, &mut flat);
    let head =
        html! { <tr key={part} class="part"><th colspan="3" scope="rowgroup">{ part }</th></tr> };
    let rows = flat.into_iter().map(|(name, value)| row(&name, &value, now));
    std::iter::once(head).chain(rows).collect()
}

/// Objects member by member: `kubernetes.io.pod.name`.
fn flatten(prefix: &str, map: &Map<String, Value>, into: &mut Vec<(String, Value)>) {
    for (name, value) in map {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            Value::Object(inner) if !inner.is_empty() && prefix.matches('.').count() < 4 => {
                flatten(&path, inner, into);
            }
            other => into.push((path, other.clone())),
        }
    }
}

fn row(name: &str, value: &Value, now: UnixTime) -> Html {
    let meaning = MEANINGS.iter().find(|(known, _)| *known == name).map(|(_, meaning)| *meaning);
    let is_time = matches!(name, "exp" | "iat" | "nbf" | "auth_time" | "kubernetes.io.warnafter");
    html! {
        <tr key={name.to_owned()}>
            <th scope="row"><code>{ words::visible(name) }</code></th>
            <td>{ if is_time { time(value, now) } else { html! { <code>{ words::value_text(value) }</code> } } }</td>
            <td class="dim">{ meaning.unwrap_or_default() }</td>
        </tr>
    }
}

/// Absolute, relative and as written. Thirteen digits are milliseconds by mistake.
fn time(value: &Value, now: UnixTime) -> Html {
    /// The year 5138: whoever writes more means milliseconds.
    const LATEST: f64 = 1e11;
    let Some(seconds) = value.as_f64() else {
        return html! { <code>{ words::value_text(value) }</code> };
    };
    let at = UnixTime(seconds);
    if seconds > LATEST {
        return html! { <><code>{ words::value_text(value) }</code><span class="fail">{ " milliseconds? this counts seconds" }</span></> };
    }
    html! {
        <span class="time"><span>{ words::date_time(at) }{ " UTC" }</span><b>{ words::relative(at, now) }</b><code class="dim">{ words::value_text(value) }</code></span>
    }
}
