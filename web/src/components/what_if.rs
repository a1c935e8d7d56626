//! What happens to pod, kubelet and keys: the switches of the timeline.

use podpass::{Scenario, UnixTime, Window};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::now;
use crate::words;

/// The scenario, and the instant that typed lengths such as `+40m` count from: where the timeline begins.
#[derive(Properties, PartialEq)]
pub(crate) struct WhatIfProps {
    pub(crate) scenario: Scenario,
    pub(crate) from: UnixTime,
    pub(crate) on_scenario: Callback<Scenario>,
}

/// How a field's text becomes a member.
enum Member {
    Time(fn(&Scenario) -> Option<UnixTime>, fn(&mut Scenario, Option<UnixTime>)),
    Number(fn(&Scenario) -> Option<f64>, fn(&mut Scenario, Option<f64>)),
}

/// A field.
struct Switch {
    id: &'static str,
    label: &'static str,
    assumed: &'static str,
    member: Member,
}

const SWITCHES: [Switch; 8] = [
    Switch {
        id: "pod-deleted",
        label: "Pod deleted at",
        assumed: "never",
        member: Member::Time(|s| s.pod_deleted_at, |s, at| s.pod_deleted_at = at),
    },
    Switch {
        id: "grace",
        label: "Grace period, s",
        assumed: "30",
        member: Member::Number(|s| s.grace_period_seconds, |s, n| s.grace_period_seconds = n),
    },
    Switch {
        id: "key-rotated",
        label: "Signing key rotated at",
        assumed: "never",
        member: Member::Time(|s| s.signing_key_rotated_at, |s, at| s.signing_key_rotated_at = at),
    },
    Switch {
        id: "skew",
        label: "Kubelet's clock ahead by, s",
        assumed: "0",
        member: Member::Number(|s| s.kubelet_clock_skew, |s, n| s.kubelet_clock_skew = n),
    },
    Switch {
        id: "failing-from",
        label: "TokenRequests fail from",
        assumed: "never",
        member: Member::Time(|s| s.token_requests_fail.map(|w| w.earliest), fail_from),
    },
    Switch {
        id: "failing-to",
        label: "TokenRequests fail until",
        assumed: "an hour later",
        member: Member::Time(|s| s.token_requests_fail.map(|w| w.latest), fail_until),
    },
    Switch {
        id: "restarted",
        label: "Kubelet restarted at",
        assumed: "never",
        member: Member::Time(|s| s.kubelet_restarted_at, |s, at| s.kubelet_restarted_at = at),
    },
    Switch {
        id: "rotations",
        label: "Refreshes shown",
        assumed: "3",
        member: Member::Number(
            |s| s.rotations.map(f64::from),
            |s, n| s.rotations = n.map(|n| n.clamp(0.0, 100.0) as u32),
        ),
    },
];

/// Seconds that requests fail if only one end was said.
const OUTAGE: f64 = 3_600.0;

fn fail_from(scenario: &mut Scenario, at: Option<UnixTime>) {
    let latest = scenario.token_requests_fail.map(|window| window.latest);
    scenario.token_requests_fail = at.map(|earliest| Window {
        earliest,
        latest: latest.filter(|latest| *latest > earliest).unwrap_or(earliest.plus(OUTAGE)),
    });
}

fn fail_until(scenario: &mut Scenario, at: Option<UnixTime>) {
    let earliest = scenario.token_requests_fail.map(|window| window.earliest);
    scenario.token_requests_fail = match (at, earliest) {
        (Some(latest), earliest) => Some(Window {
            earliest: earliest.filter(|from| *from < latest).unwrap_or(latest.plus(-OUTAGE)),
            latest,
        }),
        (None, Some(earliest)) => Some(Window { earliest, latest: earliest.plus(OUTAGE) }),
        (None, None) => None,
    };
}

impl Switch {
    /// As the field shows it.
    fn shown(&self, scenario: &Scenario) -> String {
        match &self.member {
            Member::Time(get, _) => get(scenario).map(words::date_time).unwrap_or_default(),
            Member::Number(get, _) => get(scenario).map(|n| n.to_string()).unwrap_or_default(),
        }
    }

    /// The scenario with this text typed; `None` if it cannot be read.
    fn typed(&self, scenario: &Scenario, text: &str, from: UnixTime) -> Option<Scenario> {
        let text = text.trim();
        let mut next = scenario.clone();
        match &self.member {
            Member::Time(_, set) if text.is_empty() => set(&mut next, None),
            Member::Time(_, set) => set(&mut next, Some(now::parse(text, from)?)),
            Member::Number(_, set) if text.is_empty() => set(&mut next, None),
            Member::Number(_, set) => {
                let number = text.parse::<f64>().ok().filter(|n| n.is_finite())?;
                set(&mut next, Some(number));
            }
        }
        Some(next)
    }
}

/// A line that opens to the switches; closed, it names those that are set.
#[component]
pub(crate) fn WhatIf(props: &WhatIfProps) -> Html {
    let set = active(&props.scenario);
    let reset = {
        let reader = props.scenario.reader;
        props.on_scenario.reform(move |_: MouseEvent| Scenario { reader, ..Scenario::default() })
    };
    html! {
        <details class="what-if">
            <summary><span class="nowrap">{ "What if" }</span><span class="faint">{ if set.is_empty() { "pod deleted, key rotated, clock wrong, requests failing, ...".to_owned() } else { set.join(" · ") } }</span></summary>
            <div class="switches">
                for switch in &SWITCHES { <SwitchField key={switch.id} id={switch.id} scenario={props.scenario.clone()} from={props.from} on_scenario={props.on_scenario.clone()}/> }
                <button type="button" class="btn" disabled={set.is_empty()} onclick={reset}>{ "as it is likely" }</button>
            </div>
            <p class="faint small">{ "Times as for now, in UTC; +40m counts from where the timeline begins." }</p>
        </details>
    }
}

#[derive(Properties, PartialEq)]
struct SwitchFieldProps {
    id: &'static str,
    scenario: Scenario,
    from: UnixTime,
    on_scenario: Callback<Scenario>,
}

#[component]
fn SwitchField(props: &SwitchFieldProps) -> Html {
    let wrong = use_state_eq(|| false);
    let Some(switch) = SWITCHES.iter().find(|switch| switch.id == props.id) else {
        return Html::default();
    };
    let onchange = {
        let (wrong, scenario, from) = (wrong.clone(), props.scenario.clone(), props.from);
        let on_scenario = props.on_scenario.clone();
        Callback::from(move |event: Event| {
            let field: HtmlInputElement = event.target_unchecked_into();
            let next = switch.typed(&scenario, &field.value(), from);
            wrong.set(next.is_none());
            if let Some(next) = next {
                field.set_value(&switch.shown(&next));
                on_scenario.emit(next);
            }
        })
    };
    let id = format!("what-if-{}", switch.id);
    html! {
        <div class="field"><label for={id.clone()}>{ switch.label }</label>
            <input {id} type="text" class={classes!(wrong.then_some("wrong"))} value={switch.shown(&props.scenario)} placeholder={switch.assumed}
                aria-invalid={wrong.to_string()} spellcheck="false" autocomplete="off" {onchange}/></div>
    }
}

/// What is set, in words.
fn active(scenario: &Scenario) -> Vec<String> {
    let set = SWITCHES.iter().map(|switch| (switch.label, switch.shown(scenario)));
    set.filter(|(_, shown)| !shown.is_empty())
        .map(|(label, shown)| format!("{}: {shown}", label.to_lowercase()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(id: &str, scenario: &Scenario, text: &str) -> Option<Scenario> {
        let switch = SWITCHES.iter().find(|switch| switch.id == id).unwrap();
        switch.typed(scenario, text, UnixTime(1_795_615_200.0))
    }

    #[test]
    fn lengths_count_from_the_beginning() {
        let scenario = typed("pod-deleted", &Scenario::default(), "+40m").unwrap();
        assert_eq!(scenario.pod_deleted_at, Some(UnixTime(1_795_617_600.0)));
        assert_eq!(active(&scenario), ["pod deleted at: 2026-11-25 14:40:00"]);
        assert_eq!(typed("pod-deleted", &scenario, "").unwrap(), Scenario::default());
        assert_eq!(typed("pod-deleted", &scenario, "soon"), None);
    }

    #[test]
    fn an_outage_has_two_ends_whichever_is_typed_first() {
        let from = typed("failing-from", &Scenario::default(), "+10m").unwrap();
        let window = from.token_requests_fail.unwrap();
        assert_eq!(window.latest.since(window.earliest), OUTAGE);
        let until = typed("failing-to", &from, "+20m").unwrap().token_requests_fail.unwrap();
        assert_eq!(until.latest.since(until.earliest), 600.0);
        let early = typed("failing-to", &from, "+5m").unwrap().token_requests_fail.unwrap();
        assert!(early.earliest < early.latest);
    }

    #[test]
    fn numbers_are_bounded() {
        let scenario = typed("rotations", &Scenario::default(), "1e9").unwrap();
        assert_eq!(scenario.rotations, Some(100));
        assert_eq!(typed("skew", &scenario, "-15").unwrap().kubelet_clock_skew, Some(-15.0));
        assert_eq!(typed("skew", &scenario, "NaN"), None);
    }
}
