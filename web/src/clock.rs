//! The only file that reads a clock.

use podpass::UnixTime;

/// This instant, whole seconds: what tokens count in.
pub(crate) fn now() -> UnixTime {
    UnixTime((js_sys::Date::now() / 1000.0).floor())
}

/// Milliseconds since some instant, for measuring how long something took.
pub(crate) fn milliseconds() -> f64 {
    js_sys::Date::now()
}
