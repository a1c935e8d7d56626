//! Instants: seconds since the Unix epoch. There is no `now()` here; whoever calls brings the time.

use serde::{Deserialize, Serialize, Serializer};

/// Seconds since 1970-01-01T00:00:00Z, as RFC 7519 §2 `NumericDate` has them: any JSON number.
///
/// Serialized as an integer wherever the value is one, so that reports read as tokens do.
///
/// # Examples
///
/// ```
/// use podpass::UnixTime;
///
/// let iat = UnixTime::from(1_700_000_000);
/// assert_eq!(iat.plus(3607.0), UnixTime::from(1_700_003_607));
/// assert_eq!(iat.to_string(), "2023-11-14T22:13:20Z");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(pub f64);

impl UnixTime {
    /// This instant and `seconds` later; negative seconds are earlier.
    pub fn plus(self, seconds: f64) -> Self {
        Self(self.0 + seconds)
    }

    /// Seconds from `earlier` to this instant.
    pub fn since(self, earlier: Self) -> f64 {
        self.0 - earlier.0
    }

    /// The later one of two.
    pub(crate) fn max(self, other: Self) -> Self {
        Self(self.0.max(other.0))
    }

    /// The earlier one of two.
    pub(crate) fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }

    /// Without its fraction: dates in tokens are truncated toward zero (K9).
    pub fn truncated(self) -> Self {
        Self(self.0.trunc())
    }
}

/// Reads RFC 3339 as Kubernetes writes it (`metadata.deletionTimestamp`), offsets and fractions included.
pub(crate) fn parse_rfc3339(text: &str) -> Option<UnixTime> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut date = date.splitn(3, '-').map(digits);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let zone = time.rfind(['Z', 'z', '+', '-'])?;
    let (clock, zone) = time.split_at_checked(zone)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut clock = clock.splitn(3, ':').map(digits);
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let in_range = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !in_range {
        return None;
    }
    let fraction: f64 = format!("0.{}", digits(fraction).map(|_| fraction)?).parse().ok()?;
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(UnixTime::from(seconds - offset(zone)?).plus(fraction))
}

fn digits(text: &str) -> Option<i64> {
    let fits = !text.is_empty() && text.len() < 19 && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

/// Seconds east of Greenwich: `Z`, `+02:00`.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let seconds = digits(hours)? * 3_600 + digits(minutes)? * 60;
    Some(if zone.starts_with('-') { -seconds } else { seconds })
}

/// Days since 1970-01-01. Source: H. Hinnant, as [`civil`], `days_from_civil`.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

impl From<i64> for UnixTime {
    fn from(seconds: i64) -> Self {
        Self(seconds as f64)
    }
}

/// Seconds as a person says them, in the two largest units; without sign.
pub(crate) fn duration(seconds: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s")];
    // 30 000 years: what is further away is nobody's date.
    const LONGEST: f64 = 1e12;
    let mut rest = seconds.abs().trunc();
    if rest > LONGEST {
        return "more than 30000 years".to_owned();
    }
    if rest < 1.0 {
        return format!("{} s", seconds.abs());
    }
    let mut parts = Vec::new();
    for (size, unit) in UNITS {
        let count = (rest / size).trunc();
        rest -= count * size;
        if count > 0.0 {
            parts.push(format!("{count} {unit}"));
        }
    }
    parts.truncate(2);
    parts.join(" ")
}

/// The year, month and day of a count of days since 1970-01-01, in the proleptic Gregorian calendar.
/// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// RFC 3339 in UTC, whole seconds; outside the years 0 to 9999 the bare number of seconds.
impl std::fmt::Display for UnixTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const YEAR_0: f64 = -62_167_219_200.0;
        const YEAR_10000: f64 = 253_402_300_800.0;
        if !(YEAR_0..YEAR_10000).contains(&self.0) {
            return write!(f, "{} s after 1970", self.0);
        }
        let seconds = self.0.floor() as i64;
        let (year, month, day) = civil(seconds.div_euclid(86_400));
        let of_day = seconds.rem_euclid(86_400);
        let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

impl Serialize for UnixTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // 2^53: beyond it not every integer is a double, and JavaScript would print the exponent.
        if self.0.fract() == 0.0 && self.0.abs() < 9_007_199_254_740_992.0 {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

/// A whole number of seconds is an integer in JSON too.
pub(crate) fn whole<S: Serializer>(seconds: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    UnixTime(*seconds).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_rfc_3339() {
        let table = [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (-62_135_596_800, "0001-01-01T00:00:00Z"),
        ];
        for (seconds, text) in table {
            assert_eq!(UnixTime::from(seconds).to_string(), text);
        }
    }

    #[test]
    fn reads_rfc_3339() {
        let table = [
            ("2026-11-22T06:55:11Z", Some("2026-11-22T06:55:11Z")),
            ("2000-02-29T01:00:00.5+02:00", Some("2000-02-28T23:00:00Z")),
            ("1970-01-01T00:00:00-00:30", Some("1970-01-01T00:30:00Z")),
            ("2026-13-01T00:00:00Z", None),
            ("2026-11-22", None),
            ("2026-11-22T06:55Z", None),
            ("", None),
        ];
        for (text, instant) in table {
            let read = parse_rfc3339(text).map(|instant| instant.to_string());
            assert_eq!(read.as_deref(), instant, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_printed_reads_the_same(seconds in -62_167_219_200_i64..253_402_300_800) {
            let at = UnixTime::from(seconds);
            proptest::prop_assert_eq!(parse_rfc3339(&at.to_string()), Some(at));
        }
    }

    #[test]
    fn durations_have_two_units() {
        let table = [(0.5, "0.5 s"), (-59.0, "59 s"), (3607.0, "1 h 7 s"), (31_536_000.0, "365 d")];
        for (seconds, text) in table {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn serializes_whole_seconds_as_integers() {
        assert_eq!(serde_json::to_string(&UnixTime(1.0)).unwrap(), "1");
        assert_eq!(serde_json::to_string(&UnixTime(1.5)).unwrap(), "1.5");
    }
}
