//! What happens to the pod, the kubelet and the keys, with defaults filled in and every number finite.

use super::{Reader, Scenario, Window};
use crate::time::UnixTime;

/// Most refreshes that are shown; more could not be told apart, and each costs a lane.
const MAX_ROTATIONS: u32 = 100;
/// Seconds from 1970 to the last instant that a JavaScript `Date` holds, either way.
const MAX_TIME: f64 = 8_640_000_000_000.0;
/// What `kubectl delete` grants a pod (`terminationGracePeriodSeconds`).
const GRACE: f64 = 30.0;

/// A [`Scenario`] without gaps.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub(super) reader: Reader,
    /// When the pod is deleted, and when its object is gone.
    pub(super) end: Option<Window>,
    pub(super) key_rotated_at: Option<UnixTime>,
    /// Seconds that the kubelet's clock is ahead (K32).
    pub(super) skew: f64,
    pub(super) rotations: usize,
    pub(super) failing: Option<Window>,
    pub(super) restarted_at: Option<UnixTime>,
}

impl Plan {
    /// A pod that is deleted before its token is issued is taken to be deleted at that moment.
    pub(super) fn of(scenario: Option<&Scenario>, issued_at: UnixTime) -> Self {
        let none = Scenario::default();
        let scenario = scenario.unwrap_or(&none);
        let number = |number: Option<f64>| number.and_then(|n| bounded(UnixTime(n))).map(|n| n.0);
        let grace = number(scenario.grace_period_seconds).unwrap_or(GRACE).max(0.0);
        let deleted_at = scenario.pod_deleted_at.and_then(bounded);
        let failing = scenario.token_requests_fail.and_then(|window| {
            Some(Window { earliest: bounded(window.earliest)?, latest: bounded(window.latest)? })
        });
        Self {
            reader: scenario.reader.unwrap_or(Reader::Rereads),
            end: deleted_at.map(|at| {
                let at = at.max(issued_at);
                Window { earliest: at, latest: at.plus(grace) }
            }),
            key_rotated_at: scenario.signing_key_rotated_at.and_then(bounded),
            skew: number(scenario.kubelet_clock_skew).unwrap_or(0.0),
            rotations: scenario.rotations.unwrap_or(3).min(MAX_ROTATIONS) as usize,
            failing: failing.filter(|window| window.earliest <= window.latest),
            restarted_at: scenario.kubelet_restarted_at.and_then(bounded),
        }
    }

    pub(super) fn deleted_at(&self) -> Option<UnixTime> {
        self.end.map(|end| end.earliest)
    }

    /// When the pod's object is gone: at the end of the grace period, for no finalizer is assumed (K55).
    pub(super) fn gone_at(&self) -> Option<UnixTime> {
        self.end.map(|end| end.latest)
    }

    /// The last instant that the scenario names.
    pub(super) fn last(&self) -> Option<UnixTime> {
        let failing = self.failing.map(|window| window.latest);
        [self.gone_at(), self.key_rotated_at, failing, self.restarted_at]
            .into_iter()
            .flatten()
            .reduce(UnixTime::max)
    }
}

/// Within what a `Date` holds; none if it is not finite.
pub(super) fn bounded(time: UnixTime) -> Option<UnixTime> {
    time.0.is_finite().then(|| UnixTime(time.0.clamp(-MAX_TIME, MAX_TIME)))
}
