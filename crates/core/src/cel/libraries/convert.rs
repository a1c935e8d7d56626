//! Conversions, `size`, `type` and optional values (cel-go `common/types`, `cel/library.go`).

use super::time::{parse_duration, parse_timestamp, print_duration, print_timestamp};
use super::{Called, Opaque};
use crate::cel::evaluate::{Budget, Fault};
use crate::cel::value::Value;

pub(super) fn call(name: &str, values: &[Value], _: &mut Budget) -> Called {
    Some(match (name, values) {
        ("size", [value]) => size(value)?,
        ("dyn", [value]) => Ok(value.clone()),
        ("type", [value]) => Ok(Value::Type(value.type_name().into())),
        ("string", [value]) => text(value)?,
        ("int", [value]) => int(value)?,
        ("uint", [value]) => uint(value)?,
        ("double", [value]) => double(value)?,
        ("bool", [Value::Bool(value)]) => Ok(Value::Bool(*value)),
        ("bool", [Value::String(text)]) => match &**text {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(Value::Bool(false)),
            _ => Err(unconvertible("bool")),
        },
        ("bytes", [bytes @ Value::Bytes(_)]) => Ok(bytes.clone()),
        ("bytes", [Value::String(text)]) => Ok(Value::Bytes(text.as_bytes().into())),
        ("duration", [same @ Value::Duration(_)]) | ("timestamp", [same @ Value::Timestamp(_)]) => {
            Ok(same.clone())
        }
        ("duration", [Value::Int(value)]) => Ok(Value::Duration(*value)),
        ("duration", [Value::String(text)]) => parse_duration(text)
            .map(Value::Duration)
            .ok_or_else(|| unconvertible("google.protobuf.Duration")),
        ("timestamp", [Value::Int(seconds)]) => {
            Ok(Value::Timestamp(i128::from(*seconds) * 1_000_000_000))
        }
        ("timestamp", [Value::String(text)]) => parse_timestamp(text)
            .map(Value::Timestamp)
            .ok_or_else(|| unconvertible("google.protobuf.Timestamp")),
        ("optional.none", []) => Ok(Value::Optional(None)),
        ("optional.of", [value]) => Ok(Value::some(value.clone())),
        ("optional.ofNonZeroValue", [value]) if value.is_zero() => Ok(Value::Optional(None)),
        ("optional.ofNonZeroValue", [value]) => Ok(Value::some(value.clone())),
        ("hasValue", [Value::Optional(value)]) => Ok(Value::Bool(value.is_some())),
        ("value", [Value::Optional(value)]) => {
            value.as_deref().cloned().ok_or_else(|| Fault::error("optional.none() dereference"))
        }
        _ => return None,
    })
}

fn unconvertible(to: &str) -> Fault {
    Fault::Error(format!("type conversion error from 'string' to '{to}'"))
}

fn size(value: &Value) -> Called {
    let size = match value {
        Value::String(text) => text.chars().count(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => list.items().len(),
        Value::Map(map) => map.entries.len(),
        _ => return None,
    };
    Some(Ok(Value::Int(i64::try_from(size).unwrap_or(i64::MAX))))
}

fn text(value: &Value) -> Called {
    Some(Ok(Value::text(match value {
        Value::String(_) => return Some(Ok(value.clone())),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => value.to_string(),
        Value::Double(value) => double_text(*value),
        Value::Duration(value) => print_duration(*value),
        Value::Timestamp(value) => print_timestamp(*value),
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => {
                let message = "invalid UTF-8 in bytes, cannot convert to string";
                return Some(Err(Fault::error(message)));
            }
        },
        Value::Opaque(value) => match &**value {
            Opaque::Ip(ip) => ip.to_string(),
            Opaque::Cidr(cidr) => cidr.print(),
            _ => return None,
        },
        _ => return None,
    })))
}

/// 2^63, the first that is none any more.
const INT_END: f64 = 9_223_372_036_854_775_808.0;
/// 2^64.
const UINT_END: f64 = 18_446_744_073_709_551_616.0;

fn int(value: &Value) -> Called {
    let overflow = || Fault::error("integer overflow");
    Some(match value {
        Value::Int(value) | Value::Duration(value) => Ok(Value::Int(*value)),
        Value::Uint(value) => i64::try_from(*value).map(Value::Int).map_err(|_| overflow()),
        Value::Double(value) if *value > -INT_END && *value < INT_END => {
            Ok(Value::Int(*value as i64))
        }
        Value::Double(_) => Err(overflow()),
        Value::Timestamp(value) => {
            i64::try_from(value.div_euclid(1_000_000_000)).map(Value::Int).map_err(|_| overflow())
        }
        Value::String(text) => text.parse().map(Value::Int).map_err(|_| unconvertible("int")),
        _ => return None,
    })
}

fn uint(value: &Value) -> Called {
    let overflow = || Fault::error("unsigned integer overflow");
    Some(match value {
        Value::Uint(value) => Ok(Value::Uint(*value)),
        Value::Int(value) => u64::try_from(*value).map(Value::Uint).map_err(|_| overflow()),
        Value::Double(value) if *value >= 0.0 && *value < UINT_END => {
            Ok(Value::Uint(*value as u64))
        }
        Value::Double(_) => Err(overflow()),
        Value::String(text) => match text.starts_with('+') {
            true => Err(unconvertible("uint")),
            false => text.parse().map(Value::Uint).map_err(|_| unconvertible("uint")),
        },
        _ => return None,
    })
}

fn double(value: &Value) -> Called {
    Some(match value {
        Value::Double(value) => Ok(Value::Double(*value)),
        Value::Int(value) => Ok(Value::Double(*value as f64)),
        Value::Uint(value) => Ok(Value::Double(*value as f64)),
        Value::String(text) => text.parse().map(Value::Double).map_err(|_| unconvertible("double")),
        _ => return None,
    })
}

/// Go's `strconv.FormatFloat(value, 'g', -1, 64)`: the shortest digits, with an exponent below 1e-4 and from 1e6.
pub(in crate::cel) fn double_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf".into() } else { "-Inf".into() };
    }
    let shortest = format!("{value:e}");
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_print_as_go_prints_them() {
        let table = [
            (1.0, "1"),
            (-0.0, "-0"),
            (0.000_001, "1e-06"),
            (0.000_1, "0.0001"),
            (100_000.0, "100000"),
            (1_000_000.0, "1e+06"),
            (1_234_567.0, "1.234567e+06"),
            (123_456.789, "123456.789"),
            (1_234_567.5, "1.2345675e+06"),
            (1_767_229_140.0, "1.76722914e+09"),
            (0.1, "0.1"),
            (1e21, "1e+21"),
            (f64::INFINITY, "+Inf"),
        ];
        for (value, text) in table {
            assert_eq!(double_text(value), text, "{value}");
        }
    }
}
