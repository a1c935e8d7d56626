//! The course of things: which token is in the file when, and what asked for the next one.
//!
//! Where a rule leaves a window, the course that is drawn takes its latest edge, each time: no real file
//! is older than the drawn one. What can fail is therefore seen to fail.

use super::Window;
use super::scenario::Plan;
use super::schedule::{RETRY_LATEST, SYNC_EARLIEST, SYNC_LATEST, due};
use super::subject::Subject;
use crate::time::UnixTime;

/// Most refreshes that are worked out on the way to what the scenario names.
const MAX_TURNS: usize = 10_000;

/// A token, its successors, and what happens to them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Course {
    pub(super) subject: Subject,
    pub(super) plan: Plan,
    pub(super) turns: Vec<Turn>,
}

/// One token's turn in the file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Turn {
    /// From 1.
    pub(super) number: usize,
    /// When it was issued and written, which is one instant to these rules.
    pub(super) issued: Window,
    /// When the kubelet finds it due, by its own clock; none if no kubelet looks after it.
    pub(super) due: Option<Window>,
    /// When it would at the latest be replaced if all is well.
    pub(super) overdue: Option<UnixTime>,
    /// While requests for its successor fail.
    pub(super) failing: Option<Window>,
    pub(super) end: TurnEnd,
}

/// How a turn ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum TurnEnd {
    /// It does not: no kubelet looks after the token.
    Kept,
    /// The next turn begins within this window.
    Replaced(Window, Trigger),
    /// Likewise, and so on; what follows is not shown.
    Successors(Window),
    /// It does not: the pod is terminating (K35).
    Terminating,
}

/// What made the kubelet ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trigger {
    /// Its restart, which empties its cache (K31).
    Restart,
    /// The token was due (K26).
    Schedule,
}

impl Turn {
    /// When it is drawn to begin.
    pub(super) fn from(&self) -> UnixTime {
        self.issued.latest
    }

    /// When the file has a newer token.
    pub(super) fn succeeded(&self) -> Option<Window> {
        match self.end {
            TurnEnd::Replaced(window, _) | TurnEnd::Successors(window) => Some(window),
            TurnEnd::Kept | TurnEnd::Terminating => None,
        }
    }
}

impl Course {
    pub(super) fn of(subject: Subject, plan: Plan) -> Self {
        let mut turns = Vec::new();
        let mut issued = Some(Window::instant(subject.issued_at));
        while let Some(window) = issued {
            let beyond = plan.last().is_none_or(|last| window.latest >= last);
            let number = turns.len() + 1;
            let is_last = number > plan.rotations && (beyond || number > MAX_TURNS);
            let turn = turn(&subject, &plan, window, number, is_last);
            issued = match turn.end {
                TurnEnd::Replaced(next, _) => Some(next),
                _ => None,
            };
            turns.push(turn);
        }
        Self { subject, plan, turns }
    }

    /// When a turn's token expires; drawn at `latest`.
    pub(super) fn expires(&self, turn: &Turn) -> Option<Window> {
        self.subject.life.map(|life| turn.issued.plus(life))
    }

    /// Turns with a lane of their own: as many refreshes as asked for, and those that the scenario touches.
    pub(super) fn shown(&self) -> impl Iterator<Item = &Turn> {
        self.turns.iter().filter(|turn| self.is_shown(turn))
    }

    pub(super) fn is_shown(&self, turn: &Turn) -> bool {
        let rotated_during = self.plan.key_rotated_at.is_some_and(|at| {
            turn.from() < at && turn.succeeded().is_none_or(|next| at <= next.latest)
        });
        turn.number <= self.plan.rotations + 1
            || turn.failing.is_some()
            || rotated_during
            || matches!(turn.end, TurnEnd::Terminating | TurnEnd::Replaced(_, Trigger::Restart))
    }
}

fn turn(subject: &Subject, plan: &Plan, issued: Window, number: usize, is_last: bool) -> Turn {
    let turn = Turn { number, issued, due: None, overdue: None, failing: None, end: TurnEnd::Kept };
    if !subject.pod_bound {
        return turn;
    }
    let on_time = due(issued, subject.seconds);
    // K32: a clock that is ahead finds it due that much earlier.
    let due = on_time.plus(-plan.skew);
    let (wanted, _) = restarted(plan, issued, at_a_sync(issued, due));
    // What happens in the course that is drawn, whose only uncertainty is this turn's.
    let begun = Window::instant(issued.latest);
    let begun_due = Window { earliest: due.earliest.plus(issued.width()), ..due };
    let (drawn, trigger) = restarted(plan, issued, at_a_sync(begun, begun_due));
    let gone_from_cache = issued.latest.plus(subject.seconds - plan.skew);
    let uncached_from = if trigger == Trigger::Restart { issued.latest } else { gone_from_cache };
    let failing = plan.failing.filter(|failing| failing.overlaps(drawn));
    let asked = Window {
        earliest: not_within(plan.failing, wanted.earliest),
        latest: failing
            .map_or(wanted.latest, |failing| wanted.latest.max(retried(failing, uncached_from))),
    };
    let failing =
        failing.map(|failing| Window { earliest: failing.earliest.max(drawn.earliest), ..failing });
    let failing = failing.and_then(|failing| before_deletion(plan, failing));
    let end = match plan.deleted_at() {
        Some(deleted) if asked.latest >= deleted => TurnEnd::Terminating,
        _ if is_last => TurnEnd::Successors(asked),
        _ => TurnEnd::Replaced(asked, trigger),
    };
    let overdue = Some(on_time.latest.max(issued.latest).plus(SYNC_LATEST));
    Turn { due: Some(due), overdue, failing, end, ..turn }
}

/// K29, K33: the kubelet looks only at a sync, and the pod was synced when the token was written. So a
/// token that is due when issued is replaced at every sync.
fn at_a_sync(issued: Window, due: Window) -> Window {
    Window {
        earliest: due.earliest.max(issued.earliest.plus(SYNC_EARLIEST)),
        latest: due.latest.max(issued.latest).plus(SYNC_LATEST),
    }
}

/// K31: a restart empties the cache, and the next sync asks anew.
fn restarted(plan: &Plan, issued: Window, wanted: Window) -> (Window, Trigger) {
    match plan.restarted_at {
        Some(at) if at > issued.latest && at <= wanted.latest => {
            let window = Window {
                earliest: wanted.earliest.min(at),
                latest: wanted.latest.min(at.plus(SYNC_LATEST)),
            };
            (window, if at < wanted.earliest { Trigger::Restart } else { Trigger::Schedule })
        }
        _ => (wanted, Trigger::Schedule),
    }
}

/// The latest success after failures (K30): at the next sync; once nothing is cached, pauses grow.
fn retried(failing: Window, uncached_from: UnixTime) -> UnixTime {
    let pause = if uncached_from < failing.latest { RETRY_LATEST } else { SYNC_LATEST };
    failing.latest.plus(pause)
}

/// The earliest success: not while requests fail.
fn not_within(failing: Option<Window>, earliest: UnixTime) -> UnixTime {
    failing
        .filter(|failing| failing.earliest <= earliest && earliest < failing.latest)
        .map_or(earliest, |failing| failing.latest)
}

/// K35: nothing is asked for a terminating pod.
fn before_deletion(plan: &Plan, window: Window) -> Option<Window> {
    let deleted = plan.deleted_at().unwrap_or(window.latest);
    let latest = window.latest.min(deleted);
    (window.earliest <= latest).then_some(Window { latest, ..window })
}
