//! Quantities of resources (`k8s.io/apimachinery/pkg/api/resource`).

use super::{Called, Opaque};
use crate::cel::evaluate::{Budget, Fault};
use crate::cel::value::Value;

/// In billionths, and whether Go keeps it as a whole number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quantity(i128, bool);

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

const UNIT: i128 = 1_000_000_000;
const WRONG_FORM: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

pub(super) fn call(name: &str, values: &[Value], _: &mut Budget) -> Called {
    match (name, values) {
        ("quantity", [Value::String(text)]) => return Some(parse(text).map(wrap)),
        ("isQuantity", [Value::String(text)]) => {
            return Some(match parse(text) {
                Err(fault @ Fault::Unsupported(_)) => Err(fault),
                parsed => Ok(Value::Bool(parsed.is_ok())),
            });
        }
        _ => {}
    }
    let (Quantity(first, plain), rest) = (unwrap(values.first()?)?, values.get(1..)?);
    let whole = if plain { whole(first) } else { None };
    let overflow = || Fault::Unsupported("quantities of this size".into());
    Some(match (name, rest) {
        ("sign", []) => Ok(Value::Int(first.signum() as i64)),
        ("isInteger", []) => Ok(Value::Bool(whole.is_some())),
        ("asInteger", []) => {
            whole.map(Value::Int).ok_or_else(|| Fault::error("cannot convert value to integer"))
        }
        ("asApproximateFloat", []) => Ok(Value::Double(first as f64 / UNIT as f64)),
        (_, [other]) => {
            let Quantity(other, plain_too) = match other {
                Value::Int(value) => Quantity(i128::from(*value) * UNIT, true),
                other => unwrap(other)?,
            };
            let result = match name {
                "add" => first.checked_add(other),
                "sub" => first.checked_sub(other),
                "isGreaterThan" => return Some(Ok(Value::Bool(first > other))),
                "isLessThan" => return Some(Ok(Value::Bool(first < other))),
                "compareTo" => return Some(Ok(Value::Int(first.cmp(&other) as i64))),
                _ => return None,
            };
            result.map(|value| wrap(Quantity(value, plain && plain_too))).ok_or_else(overflow)
        }
        _ => return None,
    })
}

fn wrap(quantity: Quantity) -> Value {
    Value::opaque(Opaque::Quantity(quantity))
}

fn unwrap(value: &Value) -> Option<Quantity> {
    match value {
        Value::Opaque(opaque) => match &**opaque {
            Opaque::Quantity(quantity) => Some(*quantity),
            _ => None,
        },
        _ => None,
    }
}

fn whole(value: i128) -> Option<i64> {
    (value % UNIT == 0).then(|| i64::try_from(value / UNIT).ok())?
}

/// A number and a suffix: decimal, binary, or an exponent.
fn parse(text: &str) -> Result<Quantity, Fault> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let length = unsigned.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let (number, suffix) = unsigned.split_at(length);
    let (digits, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (digits.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return Err(Fault::error(WRONG_FORM));
    }
    let in_form = |c: char| c.is_ascii_digit() || "eEinumkKMGTP+-".contains(c);
    if !suffix.chars().all(in_form) {
        return Err(Fault::error(WRONG_FORM));
    }
    let (base, power) =
        scale(suffix).ok_or_else(|| Fault::error("unable to parse quantity's suffix"))?;
    let too_large = || Fault::Unsupported("quantities of this size".into());
    let mantissa: i128 = format!("0{digits}{fraction}").parse().map_err(|_| too_large())?;
    let value = scaled(mantissa, fraction.len(), base, power).ok_or_else(too_large)?;
    Ok(Quantity(if negative { -value } else { value }, is_plain(digits, fraction, base, power)))
}

/// Whether Go takes the fast path, on which a number stays whole (`resource.ParseQuantity`).
fn is_plain(digits: &str, fraction: &str, base: i128, power: i32) -> bool {
    let length = |text: &str| i32::try_from(text.len()).unwrap_or(i32::MAX);
    match base {
        1024 => fraction.is_empty() && 14 - length(digits) - power * 3 >= 0,
        _ => power - length(fraction) >= 0,
    }
}

/// Base and power of a suffix.
fn scale(suffix: &str) -> Option<(i128, i32)> {
    let decimal = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
    if let Some(at) = decimal.iter().position(|known| *known == suffix) {
        return Some((10, i32::try_from(at).ok()? * 3 - 9));
    }
    let binary = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    if let Some(at) = binary.iter().position(|known| *known == suffix) {
        return Some((1024, i32::try_from(at).ok()? + 1));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?;
    exponent.parse().ok().map(|power| (10, power))
}

/// In billionths; what is finer is rounded up, away from zero.
fn scaled(mantissa: i128, fraction: usize, base: i128, power: i32) -> Option<i128> {
    let mut value = mantissa.checked_mul(UNIT)?;
    if base == 1024 {
        value = value.checked_mul(base.checked_pow(power.unsigned_abs())?)?;
    }
    let decimal = if base == 10 { power } else { 0 } - i32::try_from(fraction).ok()?;
    let factor = 10_i128.checked_pow(decimal.unsigned_abs())?;
    if decimal >= 0 {
        return value.checked_mul(factor);
    }
    Some(value / factor + i128::from(value % factor != 0))
}
