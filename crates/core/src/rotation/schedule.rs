//! The kubelet's arithmetic: when a token is due, and when its successor is in the file (K26 to K34).

use super::{Refresh, Window};
use crate::time::UnixTime;

/// No token stays longer, however long it lives (`maxTTL` in `pkg/kubelet/token/token_manager.go`).
const MAX_AGE: f64 = 86_400.0;
/// The largest of the whole seconds that chance takes off the threshold (`maxJitter`, same file).
const MAX_JITTER: f64 = 9.0;
/// Soonest that a pod is synced again, extra syncs aside (K33).
pub(super) const SYNC_EARLIEST: f64 = 60.0;
/// Latest that a pod is synced again: a period below 90 s, a ticker of 1 s (K33).
pub(super) const SYNC_LATEST: f64 = 91.0;
/// Latest that a failed set-up of the volume is tried again once the cached token is gone (K30).
pub(super) const RETRY_LATEST: f64 = 122.0;

/// The kubelet's schedule for a token: its reply's `status.expirationTimestamp` and `spec.expirationSeconds`.
///
/// The kubelet looks only when a pod is synced (K29), so `due` is when such a look first leads to a request:
/// not at `due.earliest`, surely after `due.latest`, which are apart by the jitter of 0 to 9 whole seconds
/// (K26). The file changes at the first sync after that (K34). A token whose life was extended is due by the
/// times in the reply, not by its `exp` (K27).
///
/// `None`: not before it has expired, for the reply had no (finite) `expirationSeconds`.
///
/// # Source
///
/// `requiresRefresh` in `pkg/kubelet/token/token_manager.go`, Kubernetes v1.36.
///
/// # Examples
///
/// ```
/// use podpass::{UnixTime, kubelet_refresh};
///
/// let refresh = kubelet_refresh(UnixTime(3607.0), Some(3607.0)).unwrap();
/// assert_eq!((refresh.due.earliest, refresh.due.latest), (UnixTime(2877.0), UnixTime(2886.0)));
/// assert_eq!(refresh.file_changes.latest, UnixTime(2977.0));
///
/// // No expirationSeconds in the reply: nothing is scheduled.
/// assert_eq!(kubelet_refresh(UnixTime(3607.0), None), None);
/// ```
pub fn kubelet_refresh(
    expiration_timestamp: UnixTime,
    expiration_seconds: Option<f64>,
) -> Option<Refresh> {
    let seconds = expiration_seconds.filter(|seconds| seconds.is_finite())?;
    let issued = expiration_timestamp.plus(-seconds);
    issued.0.is_finite().then(|| {
        let due = due(Window::instant(issued), seconds);
        Refresh { due, file_changes: Window { latest: due.latest.plus(SYNC_LATEST), ..due } }
    })
}

/// When a token issued within `issued` is due (K26).
pub(super) fn due(issued: Window, seconds: f64) -> Window {
    let age = refresh_age(seconds);
    Window { earliest: issued.earliest.plus(age - MAX_JITTER), latest: issued.latest.plus(age) }
}

/// The age after which a token of that many seconds is due: the last fifth of its life, rounded down as
/// integers divide, has begun, or a day is over. The day is the earlier one from 30 hours on (K28).
fn refresh_age(seconds: f64) -> f64 {
    MAX_AGE.min(seconds - (seconds / 5.0).trunc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_is_scheduled_without_a_finite_time() {
        let end = UnixTime(3600.0);
        for seconds in [None, Some(f64::NAN), Some(f64::INFINITY), Some(f64::NEG_INFINITY)] {
            assert_eq!(kubelet_refresh(end, seconds), None, "{seconds:?}");
        }
        assert_eq!(kubelet_refresh(UnixTime(f64::NAN), Some(3600.0)), None);
    }

    proptest! {
        #[test]
        fn refresh_precedes_expiry(seconds in 600_u32.., end in -1e12..1e12_f64) {
            let end = UnixTime(end.floor());
            let refresh = kubelet_refresh(end, Some(f64::from(seconds))).unwrap();
            prop_assert!(refresh.due.earliest < refresh.due.latest);
            prop_assert!(refresh.file_changes.latest < end);
        }

        #[test]
        fn every_finite_life_has_a_window(seconds in -1e300..1e300_f64, end in -1e300..1e300_f64) {
            let refresh = kubelet_refresh(UnixTime(end), Some(seconds)).unwrap();
            prop_assert!(refresh.due.earliest <= refresh.due.latest);
            prop_assert!(refresh.file_changes.latest.0.is_finite());
        }
    }
}
