//! `'%s'.format([...])` (cel-go `ext/formatting.go`).

use super::convert::{call as convert, double_text};
use crate::cel::evaluate::{Budget, Fault};
use crate::cel::value::Value;
use crate::go::quoted;

pub(super) fn format(template: &str, arguments: &[Value]) -> Result<Value, Fault> {
    let (mut text, mut rest, mut used) = (String::new(), template, 0_usize);
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            text.push('%');
            rest = after;
            continue;
        }
        let Some(argument) = arguments.get(used) else {
            return Err(Fault::Error(format!("index {used} out of range")));
        };
        let length = after.find(|c: char| c.is_alphabetic()).unwrap_or(after.len());
        let (precision, after) = after.split_at(length);
        let Some(verb) = after.chars().next() else {
            return Err(Fault::error("unexpected end of string"));
        };
        text.push_str(&clause(verb, precision, argument)?);
        rest = after.get(verb.len_utf8()..).unwrap_or_default();
        used += 1;
    }
    text.push_str(rest);
    Ok(Value::text(text))
}

fn clause(verb: char, precision: &str, argument: &Value) -> Result<String, Fault> {
    let refuse = |what: &str, wanted: &str| {
        Err(Fault::Error(format!(
            "error during formatting: {what} clause can only be used on {wanted}, was given {}",
            argument.type_name()
        )))
    };
    match verb {
        's' => string(argument),
        'd' => match argument {
            Value::Int(value) => Ok(value.to_string()),
            Value::Uint(value) => Ok(value.to_string()),
            _ => refuse("decimal", "integers"),
        },
        'b' => match argument {
            Value::Int(value) if *value < 0 => Ok(format!("-{:b}", value.unsigned_abs())),
            Value::Int(value) => Ok(format!("{value:b}")),
            Value::Uint(value) => Ok(format!("{value:b}")),
            Value::Bool(value) => Ok(u8::from(*value).to_string()),
            _ => refuse("binary", "integers and bools"),
        },
        'o' => match argument {
            Value::Int(value) if *value < 0 => Ok(format!("-{:o}", value.unsigned_abs())),
            Value::Int(value) => Ok(format!("{value:o}")),
            Value::Uint(value) => Ok(format!("{value:o}")),
            _ => refuse("octal", "integers"),
        },
        'x' | 'X' => {
            let lower = match argument {
                Value::Int(value) if *value < 0 => format!("-{:x}", value.unsigned_abs()),
                Value::Int(value) => format!("{value:x}"),
                Value::Uint(value) => format!("{value:x}"),
                Value::String(text) => hex(text.as_bytes()),
                Value::Bytes(bytes) => hex(bytes),
                _ => return refuse("hex", "integers, byte buffers, and strings"),
            };
            Ok(if verb == 'X' { lower.to_uppercase() } else { lower })
        }
        'f' => match argument {
            Value::Double(value) if value.is_finite() => fixed(*value, precision),
            Value::Double(_) | Value::String(_) => {
                Err(Fault::Unsupported("%f of what is no finite number".into()))
            }
            _ => refuse("fixed-point", "doubles"),
        },
        'e' => Err(Fault::Unsupported("%e in format()".into())),
        other => Err(Fault::Error(format!(
            "could not parse formatting clause: unrecognized formatting clause {}",
            quoted(&other.to_string())
        ))),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// With separators of thousands, as the locale en_US has them.
fn fixed(value: f64, precision: &str) -> Result<String, Fault> {
    let digits = match precision.strip_prefix('.') {
        None => 6,
        Some(digits) => digits
            .parse::<usize>()
            .ok()
            .filter(|digits| *digits <= 100)
            .ok_or_else(|| Fault::error("error while parsing precision"))?,
    };
    let printed = format!("{:.digits$}", value.abs());
    let (whole, fraction) = printed.split_once('.').unwrap_or((&printed, ""));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let dot = if fraction.is_empty() { "" } else { "." };
    Ok(format!("{sign}{grouped}{dot}{fraction}"))
}

fn string(value: &Value) -> Result<String, Fault> {
    Ok(match value {
        Value::Null => "null".into(),
        Value::Type(name) => name.to_string(),
        Value::List(list) => {
            let items: Result<Vec<String>, Fault> = list.items().iter().map(inner).collect();
            format!("[{}]", items?.join(", "))
        }
        Value::Map(map) => {
            let mut members = Vec::new();
            for (key, value) in map.entries.iter() {
                members.push(format!("{}:{}", inner(&key.value())?, inner(value)?));
            }
            members.sort();
            format!("{{{}}}", members.join(", "))
        }
        Value::Double(value) => double_text(*value),
        other => match convert("string", std::slice::from_ref(other), &mut Budget::default()) {
            Some(Ok(Value::String(text))) => text.to_string(),
            _ => {
                return Err(Fault::Error(format!(
                    "error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given {}",
                    other.type_name()
                )));
            }
        },
    })
}

/// Inside a list or a map texts are quoted.
fn inner(value: &Value) -> Result<String, Fault> {
    match value {
        Value::String(text) => Ok(quoted(text)),
        Value::Timestamp(_) => Ok(format!("timestamp({})", quoted(&string(value)?))),
        Value::Duration(_) => Ok(format!("duration({})", quoted(&string(value)?))),
        other => string(other),
    }
}
