//! Lanes: the spans and events of the pod, the tokens and the file.
//!
//! A span changes at the latest edge of a window, as the course does; the event carries the window.

use super::course::{Course, Trigger, Turn, TurnEnd};
use super::refusal::has_old_key;
use super::{Lane, LaneEvent, LaneKind, LaneSpan, Window};
use crate::time::UnixTime;

/// A state that begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Change {
    pub(super) at: UnixTime,
    pub(super) state: &'static str,
    pub(super) label: String,
}

impl Change {
    pub(super) fn new(at: UnixTime, state: &'static str, label: impl Into<String>) -> Self {
        Self { at, state, label: label.into() }
    }
}

/// Spans from each change to the next, the last one to `end`. A change that comes too late, or that the
/// next one overtakes, has none; what does not change is one span.
pub(super) fn spans(changes: impl IntoIterator<Item = Change>, end: UnixTime) -> Vec<LaneSpan> {
    let mut spans: Vec<LaneSpan> = Vec::new();
    for change in changes {
        let from = spans.last().map_or(change.at, |last| change.at.max(last.from));
        if from >= end {
            continue;
        }
        if spans.last().is_some_and(|last| last.from == from) {
            spans.pop();
        }
        match spans.last_mut() {
            Some(last) if last.state == change.state && last.label == change.label => {}
            last => {
                if let Some(last) = last {
                    last.to = from;
                }
                let state = change.state.to_owned();
                spans.push(LaneSpan { from, to: end, state, label: change.label });
            }
        }
        if let Some(last) = spans.last_mut() {
            last.to = end;
        }
    }
    spans
}

pub(super) fn event(
    kind: &str,
    when: Window,
    label: impl Into<String>,
    rule: Option<&str>,
) -> LaneEvent {
    LaneEvent {
        at: when.earliest,
        window: (when.earliest < when.latest).then_some(when),
        kind: kind.to_owned(),
        label: label.into(),
        rule: rule.map(str::to_owned),
    }
}

/// A lane; its events in order of time.
pub(super) fn lane(
    id: impl Into<String>,
    kind: LaneKind,
    label: impl Into<String>,
    spans: Vec<LaneSpan>,
    mut events: Vec<LaneEvent>,
) -> Lane {
    events.sort_by(|one, other| one.at.0.total_cmp(&other.at.0));
    Lane { id: id.into(), kind, label: label.into(), spans, events }
}

pub(super) fn pod_lane(course: &Course, to: UnixTime) -> Lane {
    let plan = &course.plan;
    let mut changes = vec![Change::new(course.subject.issued_at, "running", "running")];
    let mut events = Vec::new();
    if let Some(end) = plan.end {
        changes.push(Change::new(
            end.earliest,
            "terminating",
            "terminating: tokens stay as they are",
        ));
        changes.push(Change::new(end.latest, "gone", "gone"));
        let gone = Window::instant(end.latest);
        events.push(event("pod-deleted", Window::instant(end.earliest), "deleted", Some("K35")));
        events.push(event("pod-gone", gone, "object gone, its tokens with it", Some("K55")));
    }
    if let Some(at) = plan.restarted_at {
        let label = "the kubelet restarts with an empty cache";
        events.push(event("kubelet-restart", Window::instant(at), label, Some("K31")));
    }
    lane("pod", LaneKind::Pod, "Pod", spans(changes, to), events)
}

pub(super) fn token_lane(course: &Course, turn: &Turn, to: UnixTime) -> Lane {
    let from = turn.from();
    let expires = course.expires(turn).map(|end| end.latest);
    let due = turn.due.map(|due| due.latest.max(from));
    let warn = course.subject.warn_after.map(|after| from.plus(after).max(from));
    let alive = |at: &UnixTime| expires.is_none_or(|end| *at < end);
    let extended = warn.filter(alive);
    let changes = [
        Some(Change::new(from, "valid", "valid")),
        due.filter(alive)
            .filter(|at| extended.is_none_or(|extended| *at < extended))
            .map(|at| Change::new(at, "due", "due for replacement")),
        extended.map(|at| Change::new(at, "extended", "valid only by the extension")),
        expires.map(|at| Change::new(at.max(from), "expired", "expired")),
    ];
    let id = format!("token-{}", turn.number);
    let label = format!("Token {}", turn.number);
    let spans = spans(changes.into_iter().flatten(), to);
    lane(id, LaneKind::Token, label, spans, token_events(course, turn))
}

fn token_events(course: &Course, turn: &Turn) -> Vec<LaneEvent> {
    let mut events = vec![event("issued", turn.issued, "issued", Some("K24"))];
    if let Some(due) = turn.due {
        let (label, rule) = match turn.end {
            TurnEnd::Terminating => ("due, but the pod is terminating: not replaced", "K35"),
            TurnEnd::Replaced(_, Trigger::Restart) => {
                ("due, had the restart not come first", "K31")
            }
            _ => ("due: the next sync of the pod asks for a new one", "K26"),
        };
        // A kubelet whose clock is ahead finds a token due before it is issued.
        let due = Window {
            earliest: due.earliest.max(turn.issued.earliest),
            latest: due.latest.max(turn.issued.latest),
        };
        events.push(event("refresh", due, label, Some(rule)));
    }
    if let Some(failing) = turn.failing {
        let label = "TokenRequests fail: the file keeps this token";
        events.push(event("request-failed", failing, label, Some("K30")));
        let cached_until = turn.issued.latest.plus(course.subject.seconds - course.plan.skew);
        if cached_until < failing.latest {
            let label = "the reply has expired: setting up the volume fails, the file stays";
            let from = Window::instant(cached_until.max(failing.earliest));
            events.push(event("request-failed", from, label, Some("K30")));
        }
    }
    if let Some(after) = course.subject.warn_after {
        let label = "each use from here on is audited as stale; the kubelet does not heed it";
        events.push(event("warn-after", turn.issued.plus(after), label, Some("K58")));
    }
    if let Some(expires) = course.expires(turn) {
        events.push(event("expires", expires, "expires (exp)", Some("K53")));
    }
    if let Some(at) = course.plan.key_rotated_at.filter(|_| has_old_key(course, turn)) {
        let label = "the key that signed it is withdrawn";
        events.push(event("key-rotated", Window::instant(at), label, Some("K50")));
    }
    events
}

/// The file is there as long as the pod is.
pub(super) fn file_lane(course: &Course, to: UnixTime) -> Lane {
    let changes = course.turns.iter().flat_map(|turn| file_changes(course, turn));
    let replaced = course.turns.iter().zip(course.turns.iter().skip(1));
    let events = replaced.filter(|(_, turn)| course.is_shown(turn)).map(|(before, turn)| {
        let (label, rule) = match before.end {
            TurnEnd::Replaced(_, Trigger::Restart) => ("after the kubelet's restart", "K31"),
            _ => ("at a sync of the pod", "K34"),
        };
        let label = format!("token {} is written {label}", turn.number);
        event("file-change", turn.issued, label, Some(rule))
    });
    let end = course.plan.gone_at().map_or(to, |gone| gone.min(to));
    lane("file", LaneKind::File, "File", spans(changes, end), events.collect())
}

fn file_changes(course: &Course, turn: &Turn) -> impl Iterator<Item = Change> {
    let successors = matches!(turn.end, TurnEnd::Successors(_));
    let label = match (successors, course.is_shown(turn)) {
        (true, _) => format!("token {}, then its successors", turn.number),
        (false, true) => format!("token {}", turn.number),
        (false, false) => "further tokens, each in its time".to_owned(),
    };
    let until = turn.succeeded().map(|next| next.latest);
    let in_file = |at: &UnixTime| until.is_none_or(|until| *at < until);
    let rotated = course.plan.key_rotated_at.filter(|_| has_old_key(course, turn));
    let overdue = [turn.overdue, rotated].into_iter().flatten().reduce(UnixTime::min);
    let expires = course.expires(turn).map(|end| end.latest.max(turn.from()));
    let alive = |at: &UnixTime| expires.is_none_or(|expires| *at < expires);
    [
        Some(Change::new(turn.from(), "current", label)),
        overdue.filter(in_file).filter(alive).map(|at| {
            Change::new(at, "outdated", format!("token {}, not replaced in time", turn.number))
        }),
        expires
            .filter(in_file)
            .map(|at| Change::new(at, "expired", format!("token {}, expired", turn.number))),
    ]
    .into_iter()
    .flatten()
}
