//! The movable "now": how it is typed and stepped. Pure.

use podpass::UnixTime;

/// What the page takes for now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Now {
    /// The clock's time, moving.
    Live(UnixTime),
    /// A time that somebody chose.
    At(UnixTime),
}

impl Now {
    pub(crate) fn time(self) -> UnixTime {
        match self {
            Self::Live(at) | Self::At(at) => at,
        }
    }

    pub(crate) fn is_live(self) -> bool {
        matches!(self, Self::Live(_))
    }
}

/// A key on the "now" handle: arrows a minute, with Shift ten; Page keys an hour; Home and End the timeline's borders.
pub(crate) fn step(
    key: &str,
    shift: bool,
    now: UnixTime,
    from: UnixTime,
    to: UnixTime,
) -> Option<UnixTime> {
    let minute = if shift { 600.0 } else { 60.0 };
    Some(match key {
        "ArrowLeft" | "ArrowDown" => now.plus(-minute),
        "ArrowRight" | "ArrowUp" => now.plus(minute),
        "PageDown" => now.plus(-3_600.0),
        "PageUp" => now.plus(3_600.0),
        "Home" => from,
        "End" => to,
        _ => return None,
    })
}

/// A typed time: `2026-11-25 14:19`, `14:19:05` (of now's day), seconds since 1970, `+1h30m`, `-5s`. All UTC.
pub(crate) fn parse(text: &str, now: UnixTime) -> Option<UnixTime> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix('+') {
        return length(rest).map(|seconds| now.plus(seconds));
    }
    if let Some(rest) = text.strip_prefix('-') {
        return length(rest).map(|seconds| now.plus(-seconds));
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() > 5 {
        return text.parse().ok().map(UnixTime);
    }
    let text = text.trim_end_matches(['Z', 'z']);
    if let Some((date, time)) = text.split_once(['T', 't', ' ']) {
        return Some(UnixTime(day(date)? + of_day(time.trim())?));
    }
    if text.contains(':') {
        let midnight = (now.0 / 86_400.0).floor() * 86_400.0;
        return Some(UnixTime(midnight + of_day(text)?));
    }
    day(text).map(UnixTime)
}

/// `1h30m`, `90s`, `2d`; a bare number counts minutes.
fn length(text: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut digits = String::new();
    let mut any = false;
    for letter in text.chars().filter(|letter| !letter.is_whitespace()) {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        let size = match letter {
            's' => 1.0,
            'm' => 60.0,
            'h' => 3_600.0,
            'd' => 86_400.0,
            _ => return None,
        };
        total += digits.parse::<f64>().ok()? * size;
        digits.clear();
        any = true;
    }
    match digits.parse::<f64>() {
        Ok(minutes) => Some(total + minutes * 60.0),
        Err(_) => any.then_some(total),
    }
}

/// `14:19` or `14:19:05` as seconds of a day.
fn of_day(text: &str) -> Option<f64> {
    let mut parts = text.split(':').map(|part| part.parse::<u32>().ok());
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = match parts.next() {
        Some(second) => second?,
        None => 0,
    };
    let fits = parts.next().is_none() && hour < 24 && minute < 60 && second < 60;
    fits.then(|| f64::from(hour * 3_600 + minute * 60 + second))
}

/// `2026-11-25` as seconds since 1970.
/// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
fn day(text: &str) -> Option<f64> {
    let mut parts = text.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let fits = parts.next().is_none()
        && (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day);
    if !fits {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let month_index = (month + 9) % 12;
    let day_of_year = (153 * month_index + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some((era * 146_097 + day_of_era - 719_468) as f64 * 86_400.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_typed_in_many_ways() {
        let now = UnixTime(1_795_616_345.0); // 2026-11-25 14:19:05
        let table = [
            ("2026-11-25T14:19:05Z", Some(1_795_616_345.0)),
            ("2026-11-25 14:19", Some(1_795_616_340.0)),
            ("14:20", Some(1_795_616_400.0)),
            ("2024-02-29", Some(1_709_164_800.0)),
            ("1795616345", Some(1_795_616_345.0)),
            ("+1h30m", Some(1_795_621_745.0)),
            ("-5s", Some(1_795_616_340.0)),
            ("+10", Some(1_795_616_945.0)),
            ("24:00", None),
            ("soon", None),
            ("", None),
            ("+", None),
        ];
        for (text, at) in table {
            assert_eq!(parse(text, now), at.map(UnixTime), "{text}");
        }
    }

    #[test]
    fn keys_step_by_minutes_and_jump_to_the_borders() {
        let (from, now, to) = (UnixTime(0.0), UnixTime(6_000.0), UnixTime(9_000.0));
        let table = [
            ("ArrowRight", false, Some(6_060.0)),
            ("ArrowLeft", true, Some(5_400.0)),
            ("Home", false, Some(0.0)),
            ("End", false, Some(9_000.0)),
            ("x", false, None),
        ];
        for (key, shift, at) in table {
            assert_eq!(step(key, shift, now, from, to), at.map(UnixTime), "{key}");
        }
    }
}
