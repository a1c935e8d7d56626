//! Dates: ISO 8601 as the W3C profiles it, or epoch seconds (A65).
//!
//! Source: IAM User Guide, "Date condition operators" (read 2026-11), which names
//! <https://www.w3.org/TR/NOTE-datetime>.

/// An instant in nanoseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Instant(i128);

const NANOS: i128 = 1_000_000_000;

impl Instant {
    /// A whole number is epoch seconds; else a year, month or day, or a day with a time of day.
    pub(in super::super) fn parse(text: &str) -> Option<Self> {
        if let Some(seconds) = whole(text.strip_prefix('-').unwrap_or(text)) {
            return Some(Self(if text.starts_with('-') { -seconds } else { seconds } * NANOS));
        }
        let (date, time) = match text.split_once(['T', 't']) {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let mut parts = date.split('-');
        let year = exactly(parts.next()?, 4)?;
        let month = parts.next().map_or(Some(1), |part| in_range(part, 1, 12))?;
        let day = parts.next().map_or(Some(1), |part| in_range(part, 1, days_of(year, month)))?;
        if parts.next().is_some() || time.is_some() && date.len() != 10 {
            return None;
        }
        let midnight = days_since_epoch(year, month, day) * 86_400 * NANOS;
        time.map_or(Some(midnight), |time| Some(midnight + nanos_of_day(time)?)).map(Self)
    }
}

/// `hh:mm`, `hh:mm:ss` or `hh:mm:ss.s`, with a zone; without one it counts as UTC.
fn nanos_of_day(text: &str) -> Option<i128> {
    let (clock, offset) = match text.find(['Z', 'z', '+', '-']) {
        Some(at) => (text.get(..at)?, zone(text.get(at..)?)?),
        None => (text, 0),
    };
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, digits)) => (clock, fraction(digits)?),
        None => (clock, 0),
    };
    let mut parts = clock.split(':');
    let hour = in_range(parts.next()?, 0, 23)?;
    let minute = in_range(parts.next()?, 0, 59)?;
    let second = parts.next().map_or(Some(0), |part| in_range(part, 0, 59))?;
    let seconds = hour * 3600 + minute * 60 + second - offset;
    parts.next().is_none().then_some(seconds * NANOS + fraction)
}

/// Seconds east of UTC.
fn zone(text: &str) -> Option<i128> {
    let (sign, rest) = text.split_at_checked(1)?;
    if sign.eq_ignore_ascii_case("z") {
        return rest.is_empty().then_some(0);
    }
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest.get(..2)?, rest.get(2..)?));
    let minutes = if minutes.is_empty() { 0 } else { in_range(minutes, 0, 59)? };
    let seconds = in_range(hours, 0, 23)? * 3600 + minutes * 60;
    Some(if sign == "-" { -seconds } else { seconds })
}

/// Nanoseconds of a decimal fraction.
fn fraction(digits: &str) -> Option<i128> {
    let nine: String = digits.chars().chain("000000000".chars()).take(9).collect();
    whole(digits).and(whole(&nine))
}

fn whole(digits: &str) -> Option<i128> {
    let fits = !digits.is_empty() && digits.len() <= 18;
    (fits && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

fn exactly(digits: &str, length: usize) -> Option<i128> {
    whole(digits).filter(|_| digits.len() == length)
}

fn in_range(digits: &str, least: i128, most: i128) -> Option<i128> {
    exactly(digits, 2).filter(|number| (least..=most).contains(number))
}

fn days_of(year: i128, month: i128) -> i128 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Of the Gregorian calendar.
fn days_since_epoch(year: i128, month: i128, day: i128) -> i128 {
    let years = year - 1;
    let leap_days = years / 4 - years / 100 + years / 400;
    let before: i128 = (1..month).map(|month| days_of(year, month)).sum();
    // 719 162 days lie between 0001-01-01 and 1970-01-01.
    years * 365 + leap_days + before + day - 1 - 719_162
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_forms_of_the_profile_and_epoch_seconds() {
        let seconds = |seconds: i128| Some(Instant(seconds * NANOS));
        let table = [
            ("0", seconds(0)),
            ("-1", seconds(-1)),
            ("2026", seconds(2026)),
            ("1970-01", seconds(0)),
            ("1970-01-02", seconds(86_400)),
            ("2000-03-01T00:00:00Z", seconds(951_868_800)),
            ("2026-09-11T10:00:00Z", seconds(1_789_120_800)),
            ("2026-09-11T10:00Z", seconds(1_789_120_800)),
            ("2026-09-11t10:00:00z", seconds(1_789_120_800)),
            ("2026-09-11T10:00:00", seconds(1_789_120_800)),
            ("2026-09-11T12:30:00+02:30", seconds(1_789_120_800)),
            ("2026-09-11T08:00:00-0200", seconds(1_789_120_800)),
            ("1970-01-01T00:00:00.25Z", Some(Instant(NANOS / 4))),
            ("2026-02-29", None),
            ("2026-13-01", None),
            ("2026-9-1", None),
            ("2026-09-11T24:00:00Z", None),
            ("2026-09T10:00Z", None),
            ("2026-09-11T10:00:00Zzz", None),
            ("2026-09-11 10:00:00", None),
            ("11.9.2026", None),
            ("1.5", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(Instant::parse(text), expected, "{text}");
        }
    }
}
