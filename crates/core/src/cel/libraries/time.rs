//! Instants and spans of time, as Go reads and prints them.

use super::Called;
use crate::cel::evaluate::{Budget, Fault};
use crate::cel::value::Value;

const NANOS: i128 = 1_000_000_000;
const DAY: i128 = 86_400;

pub(super) fn call(name: &str, values: &[Value], _: &mut Budget) -> Called {
    match values {
        [Value::Duration(nanos)] => {
            let divisor = match name {
                "getHours" => 3_600_000_000_000,
                "getMinutes" => 60_000_000_000,
                "getSeconds" => 1_000_000_000,
                "getMilliseconds" => 1_000_000,
                _ => return None,
            };
            Some(Ok(Value::Int(nanos / divisor)))
        }
        [Value::Timestamp(at)] => part(name, *at).map(Ok),
        [Value::Timestamp(at), Value::String(zone)] => match offset(zone) {
            Ok(offset) => part(name, at + offset * NANOS).map(Ok),
            Err(fault) => part(name, *at).map(|_| Err(fault)),
        },
        _ => None,
    }
}

/// Seconds east of Greenwich. Names of the time zone database are not modelled.
fn offset(zone: &str) -> Result<i128, Fault> {
    if matches!(zone, "" | "UTC" | "Z") {
        return Ok(0);
    }
    let (sign, digits) = match zone.split_at_checked(1) {
        Some(("-", digits)) => (-1, digits),
        Some(("+", digits)) => (1, digits),
        _ => (1, zone),
    };
    let parts = digits.split_once(':').and_then(|(hours, minutes)| {
        Some((hours.parse::<i128>().ok()?, minutes.parse::<i128>().ok()?))
    });
    match parts {
        Some((hours, minutes)) => Ok(sign * (hours * 3600 + minutes * 60)),
        None => Err(Fault::Unsupported(format!("the time zone {zone:?}"))),
    }
}

/// A part of a date, in UTC.
fn part(name: &str, at: i128) -> Option<Value> {
    let seconds = at.div_euclid(NANOS);
    let days = seconds.div_euclid(DAY);
    let (year, month, day) = civil(days);
    let of_day = seconds.rem_euclid(DAY);
    let value = match name {
        "getFullYear" => year,
        "getMonth" => month - 1,
        "getDate" => day,
        "getDayOfMonth" => day - 1,
        "getDayOfYear" => days - from_civil(year, 1, 1),
        "getDayOfWeek" => (days + 4).rem_euclid(7),
        "getHours" => of_day / 3600,
        "getMinutes" => of_day / 60 % 60,
        "getSeconds" => of_day % 60,
        "getMilliseconds" => at.rem_euclid(NANOS) / 1_000_000,
        _ => return None,
    };
    i64::try_from(value).ok().map(Value::Int)
}

/// Year, month and day of a day since 1970 (proleptic Gregorian calendar).
fn civil(days: i128) -> (i128, i128, i128) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    (year_of_era + era * 400 + i128::from(month <= 2), month, day)
}

/// The reverse.
fn from_civil(year: i128, month: i128, day: i128) -> i128 {
    let year = year - i128::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let month_index = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * month_index + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// RFC 3339, to nanoseconds since the epoch.
pub(super) fn parse_timestamp(text: &str) -> Option<i128> {
    let number = |range: std::ops::Range<usize>| {
        let digits = text.get(range)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<i128>().ok())?
    };
    let is = |at: usize, wanted: &str| text.get(at..at + 1).is_some_and(|c| wanted.contains(c));
    if !(is(4, "-") && is(7, "-") && is(10, "T") && is(13, ":") && is(16, ":")) {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let days = from_civil(year, month, day);
    if civil(days) != (year, month, day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let rest = text.get(19..)?;
    let (fraction, zone) = match rest.strip_prefix(['.', ',']) {
        Some(after) => {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            let shown: String =
                after.get(..digits)?.chars().chain("000000000".chars()).take(9).collect();
            (Some(shown.parse::<i128>().ok()?).filter(|_| digits > 0)?, after.get(digits..)?)
        }
        None => (0, rest),
    };
    let offset = if zone == "Z" { 0 } else { zone_offset(zone)? };
    let seconds = days * DAY + hour * 3600 + minute * 60 + second - offset;
    Some(seconds * NANOS + fraction)
}

/// `+02:00`.
fn zone_offset(zone: &str) -> Option<i128> {
    let sign = match zone.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (i128, i128) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// RFC 3339 in UTC, with as many digits as are needed.
pub(super) fn print_timestamp(at: i128) -> String {
    let seconds = at.div_euclid(NANOS);
    let (year, month, day) = civil(seconds.div_euclid(DAY));
    let of_day = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{}Z",
        fraction(at.rem_euclid(NANOS))
    )
}

fn fraction(nanos: i128) -> String {
    let digits = format!(".{nanos:09}");
    let digits = digits.trim_end_matches('0');
    if digits == "." { String::new() } else { digits.to_owned() }
}

/// Go's `time.ParseDuration`, to nanoseconds.
pub(super) fn parse_duration(text: &str) -> Option<i64> {
    const UNITS: [(&str, f64); 8] = [
        ("ns", 1.0),
        ("us", 1e3),
        ("\u{b5}s", 1e3),
        ("\u{3bc}s", 1e3),
        ("ms", 1e6),
        ("s", 1e9),
        ("m", 6e10),
        ("h", 3.6e12),
    ];
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total = 0_i64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let length = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
        let (digits, after) = rest.split_at_checked(length)?;
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        if (whole.is_empty() && part.is_empty()) || part.contains('.') {
            return None;
        }
        let length = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, next) = after.split_at_checked(length)?;
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let fraction: f64 = format!("0.{part}0").parse().ok()?;
        let nanos = whole.checked_mul(*scale as i64)?.checked_add((fraction * scale) as i64)?;
        total = total.checked_add(nanos)?;
        rest = next;
    }
    Some(if negative { -total } else { total })
}

/// Seconds, as cel-go prints a span.
pub(super) fn print_duration(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let nanos = i128::from(nanos).abs();
    format!("{sign}{}{}s", nanos / NANOS, fraction(nanos % NANOS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants() {
        for text in [
            "1970-01-01T00:00:00Z",
            "2024-02-29T23:59:59.5Z",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
        ] {
            assert_eq!(print_timestamp(parse_timestamp(text).unwrap()), text);
        }
        assert_eq!(
            print_timestamp(parse_timestamp("2024-01-01T01:00:00+02:00").unwrap()),
            "2023-12-31T23:00:00Z"
        );
        for text in ["2024-02-30T00:00:00Z", "2024-01-01", "2024-01-01T00:00:00", "x"] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn spans() {
        let table = [
            ("1h30m", Some(5_400_000_000_000)),
            ("1.5s", Some(1_500_000_000)),
            ("-10ms", Some(-10_000_000)),
            ("0", Some(0)),
            ("1", None),
            ("", None),
            ("h", None),
        ];
        for (text, nanos) in table {
            assert_eq!(parse_duration(text), nanos, "{text}");
        }
        assert_eq!(print_duration(-5_400_500_000_000), "-5400.5s");
    }
}
