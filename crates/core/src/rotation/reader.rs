//! The application that reads the file: which token it holds when, and how its calls fare.

use super::course::{Course, Turn, TurnEnd};
use super::lanes::{Change, event, lane, spans};
use super::refusal::{failure, refusal};
use super::{FirstFailure, Lane, LaneEvent, LaneKind, Reader, Window};
use crate::time::UnixTime;

/// The lane's name.
pub(super) const LANE: &str = "reader";
/// Latest after a change that client-go reads the file: period less leeway (K91).
const CLIENT_GO_LAG: f64 = 50.0;

/// What the reader holds for a while, or would read if it called then.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Holding<'a> {
    pub(super) turn: &'a Turn,
    /// When it was read; drawn at `latest`.
    pub(super) read: Window,
    /// When the next one was read.
    pub(super) until: Option<UnixTime>,
    /// It stands for its successors as well, each of which is read in its time.
    pub(super) renewed: bool,
}

impl Holding<'_> {
    pub(super) fn from(&self) -> UnixTime {
        self.read.latest
    }

    /// Read once and never again.
    pub(super) fn is_cached(&self, course: &Course) -> bool {
        course.plan.reader == Reader::CachedAtStart && self.turn.succeeded().is_some()
    }

    /// Whether a successor is in the file by then.
    pub(super) fn is_renewed_by(&self, at: UnixTime) -> bool {
        self.renewed && self.turn.succeeded().is_some_and(|next| next.latest <= at)
    }

    /// When the file has something newer than what is held.
    pub(super) fn outdated_at(&self) -> Option<UnixTime> {
        self.turn.succeeded().filter(|_| !self.renewed).map(|next| next.latest)
    }
}

/// Everything that the reader holds, in order.
pub(super) fn holdings(course: &Course) -> Vec<Holding<'_>> {
    let reader = course.plan.reader;
    let count = if reader == Reader::CachedAtStart { 1 } else { course.turns.len() };
    let lag = if reader == Reader::ClientGo { CLIENT_GO_LAG } else { 0.0 };
    let read = |turn: &Turn| match turn.number {
        1 => turn.issued,
        _ => Window { latest: turn.issued.latest.plus(lag), ..turn.issued },
    };
    let next = course.turns.iter().take(count).skip(1).map(|turn| Some(read(turn).latest));
    course
        .turns
        .iter()
        .take(count)
        .zip(next.chain([None]))
        .map(|(turn, until)| Holding {
            turn,
            read: read(turn),
            until,
            renewed: reader != Reader::CachedAtStart && matches!(turn.end, TurnEnd::Successors(_)),
        })
        .collect()
}

/// The first call that fails, if every call presents the token itself.
pub(super) fn first_failure(course: &Course, holdings: &[Holding<'_>]) -> Option<FirstFailure> {
    holdings.iter().find_map(|holding| {
        let refusal = refusal(course, holding)?;
        let at = refusal.at.max(holding.from());
        let fails = holding.until.is_none_or(|until| at < until);
        fails.then(|| failure(course, holding, refusal.cause, at, LANE))
    })
}

/// The lane of a reader that presents the token itself.
pub(super) fn direct_lane(course: &Course, holdings: &[Holding<'_>], to: UnixTime) -> Lane {
    let changes = holdings.iter().flat_map(|holding| {
        let number = holding.turn.number;
        let from = holding.from();
        let refused = refusal(course, holding).map(|refusal| refusal.at.max(from));
        let before = |at: &UnixTime| {
            refused.is_none_or(|refused| *at < refused) && holding.until.is_none_or(|end| *at < end)
        };
        let held = if holding.renewed {
            format!("calls with token {number} and its successors")
        } else {
            format!("calls with token {number}")
        };
        [
            Some(Change::new(from, "ok", held)).filter(|change| before(&change.at)),
            holding.outdated_at().filter(before).map(|at| {
                let label = format!("still calls with token {number}; the file has a newer one");
                Change::new(at.max(from), "outdated", label)
            }),
            refused
                .filter(|at| holding.until.is_none_or(|end| *at < end))
                .map(|at| Change::new(at, "refused", format!("token {number} is refused"))),
        ]
        .into_iter()
        .flatten()
    });
    let spans = spans(changes, to);
    lane(LANE, LaneKind::Reader, label(course), spans, reads(course, holdings))
}

/// What the reader is called, by its habit.
pub(super) fn label(course: &Course) -> &'static str {
    match course.plan.reader {
        Reader::AwsSdk => "Reader: cloud SDK",
        Reader::CachedAtStart => "Reader: cached at start",
        Reader::ClientGo => "Reader: client-go",
        Reader::Rereads => "Reader: re-reads",
    }
}

fn reads(course: &Course, holdings: &[Holding<'_>]) -> Vec<LaneEvent> {
    let shown = holdings.iter().filter(|holding| course.is_shown(holding.turn));
    shown
        .map(|holding| {
            let rule = (course.plan.reader == Reader::ClientGo).then_some("K91");
            event("read", holding.read, format!("reads token {}", holding.turn.number), rule)
        })
        .collect()
}
