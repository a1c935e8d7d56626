//! What the token is exchanged for: sessions, each begun with the token that the reader then has.

use super::course::Course;
use super::lanes::{Change, event, lane, spans};
use super::party::Session;
use super::reader::{self, Holding};
use super::refusal::{Refusal, failure, refusal};
use super::{FirstFailure, Lane, LaneEvent, LaneKind, Reader, Window};
use crate::time::UnixTime;

/// The lane's name.
const LANE: &str = "session";
/// Most sessions that are told apart; those after them are one span.
const MAX_SHOWN: usize = 100;
/// Most exchanges that are worked out: hourly ones of more than a year.
const MAX_EXCHANGES: usize = 10_000;

/// An attempt to begin a session.
#[derive(Debug, Clone, PartialEq)]
struct Exchange<'a> {
    at: UnixTime,
    holding: &'a Holding<'a>,
    refusal: Option<Refusal>,
}

/// Every exchange of a reader that calls with a session instead of its token.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Exchanges<'a> {
    session: Session,
    list: Vec<Exchange<'a>>,
}

impl<'a> Exchanges<'a> {
    /// Exchanges before `limit`. A session is renewed when it ends; SDKs do so some minutes earlier, by a
    /// margin of their own. After a refusal the next token that is read is tried.
    pub(super) fn of(
        course: &Course,
        session: Session,
        holdings: &'a [Holding<'a>],
        limit: UnixTime,
    ) -> Self {
        // With the pod its reader is gone, too.
        let limit = course.plan.gone_at().map_or(limit, |gone| gone.min(limit));
        let mut list = Vec::new();
        let mut next = Some(course.subject.issued_at);
        while let Some(at) = next.filter(|at| *at < limit && list.len() < MAX_EXCHANGES) {
            let Some(holding) = held_at(holdings, at) else { break };
            let refusal = refusal(course, holding).filter(|refusal| refusal.at <= at);
            next = match refusal {
                None => Some(at.plus(session.seconds)),
                Some(_) => holding.until,
            };
            list.push(Exchange { at, holding, refusal });
        }
        Self { session, list }
    }

    pub(super) fn first_failure(&self, course: &Course) -> Option<FirstFailure> {
        self.list.iter().find_map(|exchange| {
            let cause = exchange.refusal?.cause;
            Some(failure(course, exchange.holding, cause, exchange.at, LANE))
        })
    }

    pub(super) fn session_lane(&self, to: UnixTime) -> Lane {
        let mut changes = Vec::new();
        let mut is_first = true;
        for (exchange, number) in self.list.iter().zip(1..) {
            match (exchange.refusal, is_first) {
                (None, _) => {
                    is_first = false;
                    let label = match number {
                        1..=MAX_SHOWN => format!("from token {}", exchange.holding.turn.number),
                        _ => "renewed again and again".to_owned(),
                    };
                    changes.push(Change::new(exchange.at, "active", label));
                    if number < MAX_EXCHANGES {
                        let end = exchange.at.plus(self.session.seconds);
                        changes.push(Change::new(end, "expired", "ended, not renewed"));
                    }
                }
                (Some(_), true) => changes.push(Change::new(exchange.at, "none", "never began")),
                (Some(_), false) => {
                    changes.push(Change::new(exchange.at, "expired", "ended, renewal refused"));
                }
            }
        }
        lane(LANE, LaneKind::Session, self.session.name, spans(changes, to), self.events(to))
    }

    fn events(&self, to: UnixTime) -> Vec<LaneEvent> {
        let shown = self.list.iter().take(MAX_SHOWN).filter(|exchange| exchange.at <= to);
        shown
            .map(|exchange| {
                let number = exchange.holding.turn.number;
                let (label, rule) = match exchange.refusal {
                    None => (format!("token {number} is exchanged"), "A105"),
                    Some(refusal) => (format!("token {number} is refused"), refusal.cause.rule()),
                };
                event("exchange", Window::instant(exchange.at), label, Some(rule))
            })
            .collect()
    }

    /// The lane of the reader: it notices what becomes of its exchanges, and ends with its pod.
    pub(super) fn reader_lane(&self, course: &Course, to: UnixTime) -> Lane {
        let changes = self.list.iter().flat_map(|exchange| {
            let (at, number) = (exchange.at, exchange.holding.turn.number);
            if exchange.refusal.is_some() {
                let label = format!("cannot renew: token {number} is refused");
                return [Some(Change::new(at, "refused", label)), None];
            }
            let is_cached = course.plan.reader == Reader::CachedAtStart;
            let outdated = exchange.holding.outdated_at().filter(|_| is_cached);
            let label = format!("keeps token {number}; the file has a newer one");
            [
                Some(Change::new(at, "ok", "calls with its session"))
                    .filter(|_| outdated.is_none_or(|outdated| at < outdated)),
                outdated.map(|outdated| Change::new(outdated.max(at), "outdated", label)),
            ]
        });
        let end = course.plan.gone_at().map_or(to, |gone| gone.min(to));
        let spans = spans(changes.flatten(), end);
        let label = reader::label(course);
        lane(reader::LANE, LaneKind::Reader, label, spans, self.reads(course, to))
    }

    /// A172: the file is read at each exchange; by a reader that caches, once.
    fn reads(&self, course: &Course, to: UnixTime) -> Vec<LaneEvent> {
        let count = if course.plan.reader == Reader::CachedAtStart { 1 } else { MAX_SHOWN };
        let shown = self.list.iter().take(count).filter(|exchange| exchange.at <= to);
        shown
            .map(|exchange| {
                let label = format!("reads token {}", exchange.holding.turn.number);
                event("read", Window::instant(exchange.at), label, Some("A172"))
            })
            .collect()
    }
}

/// The last thing read before or at that moment.
fn held_at<'a>(holdings: &'a [Holding<'a>], at: UnixTime) -> Option<&'a Holding<'a>> {
    let count = holdings.partition_point(|holding| holding.from() <= at);
    holdings.get(count.checked_sub(1)?)
}
