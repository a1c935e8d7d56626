//! How Go prints and reads values, as far as Vault's texts show it.

use serde_json::Value;

use crate::document::{Data, Node, Text};
use crate::go::{NotANumber, parse_int};

/// `%v` of what a request body holds; numbers stay as they were written.
pub(super) fn print(text: &Text<'_>, node: &Node) -> String {
    match &node.data {
        Data::Null => "<nil>".to_owned(),
        Data::Bool(value) => value.to_string(),
        Data::Number(_) => written(text, node).to_owned(),
        Data::String(value) => value.clone(),
        Data::Array(elements) => {
            let parts: Vec<String> = elements.iter().map(|one| print(text, one)).collect();
            format!("[{}]", parts.join(" "))
        }
        Data::Object(members) => {
            let mut parts: Vec<String> = members
                .iter()
                .map(|member| format!("{}:{}", member.name, print(text, &member.value)))
                .collect();
            parts.sort();
            format!("map[{}]", parts.join(" "))
        }
    }
}

/// `json.Number`: the text of a number.
pub(super) fn written<'t>(text: &Text<'t>, node: &Node) -> &'t str {
    text.text.get(node.range.clone()).unwrap_or_default()
}

/// `%v` of a claim: numbers are doubles.
pub(super) fn print_claim(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => double(number.as_f64().unwrap_or_default()),
        Value::String(text) => text.clone(),
        Value::Array(elements) => {
            let parts: Vec<String> = elements.iter().map(print_claim).collect();
            format!("[{}]", parts.join(" "))
        }
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort();
            let parts: Vec<String> = names
                .into_iter()
                .filter_map(|name| Some(format!("{name}:{}", print_claim(members.get(name)?))))
                .collect();
            format!("map[{}]", parts.join(" "))
        }
    }
}

/// `%v` of a `float64`: the shortest digits, with an exponent below 1e-4 and from 1e+06 on.
fn double(value: f64) -> String {
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&power) {
        return format!("{value}");
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", power.abs())
}

/// The type that `%T` tells.
pub(super) fn type_of(node: &Node) -> &'static str {
    match node.data {
        Data::Null => "<nil>",
        Data::Bool(_) => "bool",
        Data::Number(_) => "json.Number",
        Data::String(_) => "string",
        Data::Array(_) => "[]interface {}",
        Data::Object(_) => "map[string]interface {}",
    }
}

/// `reflect.Kind`: a `json.Number` is a string.
pub(super) fn kind_of(node: &Node) -> &'static str {
    match node.data {
        Data::Null => "invalid",
        Data::Bool(_) => "bool",
        Data::Number(_) | Data::String(_) => "string",
        Data::Array(_) => "slice",
        Data::Object(_) => "map",
    }
}

/// `strconv.ParseInt(text, 0, 64)`.
pub(super) fn parse_int_any_base(text: &str) -> Result<i64, String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let based = [("0x", 16), ("0o", 8), ("0b", 2)]
        .into_iter()
        .find_map(|(prefix, base)| Some((lower.strip_prefix(prefix)?, base)))
        .or_else(|| lower.strip_prefix('0').filter(|rest| !rest.is_empty()).map(|rest| (rest, 8)));
    match based {
        Some((rest, base)) => i64::from_str_radix(&rest.replace('_', ""), base)
            .map(|value| sign * value)
            .map_err(|_| NotANumber::Syntax.message(text)),
        None => parse_int(text).map_err(|problem| problem.message(text)),
    }
}

/// Units of `time.ParseDuration`, in seconds.
const UNITS: [(&str, f64); 8] = [
    ("ns", 1e-9),
    ("us", 1e-6),
    ("µs", 1e-6),
    ("μs", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("m", 60.0),
    ("h", 3600.0),
];

/// `time.ParseDuration`, in seconds.
pub(super) fn parse_duration(text: &str) -> Result<f64, String> {
    let quoted = crate::go::quoted(text);
    let invalid = || format!("time: invalid duration {quoted}");
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0.0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let value: f64 = number.parse().map_err(|_| invalid())?;
        let unit_end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {quoted}"));
        }
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(|| {
            format!("time: unknown unit {} in duration {quoted}", crate::go::quoted(unit))
        })?;
        seconds += value * factor;
        rest = after;
    }
    Ok(sign * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let table = [
            ("90s", Ok(90.0)),
            ("1h30m", Ok(5400.0)),
            ("-5s", Ok(-5.0)),
            ("1.5h", Ok(5400.0)),
            ("", Err("time: invalid duration \"\"")),
            ("soon", Err("time: invalid duration \"soon\"")),
            ("1.5", Err("time: missing unit in duration \"1.5\"")),
            ("1 day", Err("time: unknown unit \" day\" in duration \"1 day\"")),
        ];
        for (text, expected) in table {
            assert_eq!(parse_duration(text), expected.map_err(str::to_owned), "{text}");
        }
    }
}
