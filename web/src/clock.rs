//! The only file that reads a clock.

use podpass::UnixTime;

/// This instant, whole seconds: what tokens count in.
pub(crate) fn now() -> UnixTime {
    UnixTime((js_sys::Date::now() / 1000.0).floor())
}
