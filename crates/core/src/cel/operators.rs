//! Arithmetic, comparison, membership and indices (cel-go `common/types`).

use super::evaluate::{Fault, qualify};
use super::value::{Key, List, Value};

/// Applies an operator; `None`: the name is none.
pub(super) fn apply(name: &str, operands: &[Value]) -> Option<Result<Value, Fault>> {
    let result = match (name, operands) {
        ("!_", [Value::Bool(value)]) => Ok(Value::Bool(!value)),
        ("-_", [operand]) => negate(operand),
        ("_==_", [a, b]) => equal(a, b).map(Value::Bool),
        ("_!=_", [a, b]) => equal(a, b).map(|equal| Value::Bool(!equal)),
        ("_<_" | "_<=_" | "_>_" | "_>=_", [a, b]) => compare(name, a, b),
        ("_+_", [a, b]) => add(a, b),
        ("_-_", [a, b]) => subtract(a, b),
        ("_*_", [a, b]) => multiply(a, b),
        ("_/_", [a, b]) => divide(a, b),
        ("_%_", [a, b]) => remainder(a, b),
        ("@in", [element, container]) => contains(element, container),
        ("_[_]", [operand, index]) => qualify(operand, index),
        ("!_", _) => Err(Fault::no_such_overload()),
        _ => return None,
    };
    Some(result)
}

fn equal(a: &Value, b: &Value) -> Result<bool, Fault> {
    a.equals(b).ok_or_else(Fault::no_such_overload)
}

fn compare(name: &str, a: &Value, b: &Value) -> Result<Value, Fault> {
    if !a.is_comparable_with(b) {
        return Err(unfit(name, a, a.is_ordered()));
    }
    let Some(order) = a.compare(b) else {
        return Err(Fault::error("NaN values cannot be ordered"));
    };
    Ok(Value::Bool(match name {
        "_<_" => order.is_lt(),
        "_<=_" => order.is_le(),
        "_>_" => order.is_gt(),
        _ => order.is_ge(),
    }))
}

fn checked<T>(
    result: Option<T>,
    make: impl FnOnce(T) -> Value,
    message: &str,
) -> Result<Value, Fault> {
    result.map(make).ok_or_else(|| Fault::error(message))
}

const INT: &str = "integer overflow";
const UINT: &str = "unsigned integer overflow";
const DURATION: &str = "duration overflow";
/// Years 1 to 9999, in nanoseconds since the epoch.
const TIMES: std::ops::RangeInclusive<i128> =
    -62_135_596_800_000_000_000..=253_402_300_799_999_999_999;

fn time(at: i128) -> Result<Value, Fault> {
    let at = Some(at).filter(|at| TIMES.contains(at));
    checked(at, Value::Timestamp, "timestamp overflow")
}

fn negate(operand: &Value) -> Result<Value, Fault> {
    match operand {
        Value::Int(value) => checked(value.checked_neg(), Value::Int, INT),
        Value::Double(value) => Ok(Value::Double(-value)),
        _ => Err(Fault::no_such_overload()),
    }
}

/// What has no such operator at all is told apart from what does not fit.
fn unfit(name: &str, a: &Value, has_operator: bool) -> Fault {
    // Texts and times answer for functions that they do not have.
    match has_operator || matches!(a, Value::String(_)) || is_time(a) {
        true => Fault::no_such_overload(),
        false => Fault::Error(format!("no such overload: {name}")),
    }
}

const fn is_number(value: &Value) -> bool {
    matches!(value, Value::Double(_) | Value::Int(_) | Value::Uint(_))
}

const fn is_time(value: &Value) -> bool {
    matches!(value, Value::Duration(_) | Value::Timestamp(_))
}

fn add(a: &Value, b: &Value) -> Result<Value, Fault> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => checked(a.checked_add(*b), Value::Int, INT),
        (Value::Uint(a), Value::Uint(b)) => checked(a.checked_add(*b), Value::Uint, UINT),
        (Value::Double(a), Value::Double(b)) => Ok(Value::Double(a + b)),
        (Value::String(a), Value::String(b)) => Ok(Value::text([&**a, &**b].concat())),
        (Value::Bytes(a), Value::Bytes(b)) => Ok(Value::Bytes([&**a, &**b].concat().into())),
        (Value::List(a), Value::List(b)) => Ok(concat(a, b)),
        (Value::Duration(a), Value::Duration(b)) => {
            checked(a.checked_add(*b), Value::Duration, DURATION)
        }
        (Value::Duration(by), Value::Timestamp(at))
        | (Value::Timestamp(at), Value::Duration(by)) => time(at + i128::from(*by)),
        _ => Err(unfit("_+_", a, is_number(a) || matches!(a, Value::Bytes(_) | Value::List(_)))),
    }
}

/// An empty list leaves the other as it is.
fn concat(a: &List, b: &List) -> Value {
    match (a.items.is_empty(), b.items.is_empty()) {
        (true, _) => Value::List(b.clone()),
        (_, true) => Value::List(a.clone()),
        _ => Value::list([&*a.items, &*b.items].concat()),
    }
}

fn subtract(a: &Value, b: &Value) -> Result<Value, Fault> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => checked(a.checked_sub(*b), Value::Int, INT),
        (Value::Uint(a), Value::Uint(b)) => checked(a.checked_sub(*b), Value::Uint, UINT),
        (Value::Double(a), Value::Double(b)) => Ok(Value::Double(a - b)),
        (Value::Duration(a), Value::Duration(b)) => {
            checked(a.checked_sub(*b), Value::Duration, DURATION)
        }
        (Value::Timestamp(at), Value::Duration(by)) => time(at - i128::from(*by)),
        (Value::Timestamp(a), Value::Timestamp(b)) => {
            checked(i64::try_from(a - b).ok(), Value::Duration, DURATION)
        }
        _ => Err(unfit("_-_", a, is_number(a))),
    }
}

fn multiply(a: &Value, b: &Value) -> Result<Value, Fault> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => checked(a.checked_mul(*b), Value::Int, INT),
        (Value::Uint(a), Value::Uint(b)) => checked(a.checked_mul(*b), Value::Uint, UINT),
        (Value::Double(a), Value::Double(b)) => Ok(Value::Double(a * b)),
        _ => Err(unfit("_*_", a, is_number(a))),
    }
}

fn divide(a: &Value, b: &Value) -> Result<Value, Fault> {
    match (a, b) {
        (Value::Int(_), Value::Int(0)) | (Value::Uint(_), Value::Uint(0)) => {
            Err(Fault::error("division by zero"))
        }
        (Value::Int(a), Value::Int(b)) => checked(a.checked_div(*b), Value::Int, INT),
        (Value::Uint(a), Value::Uint(b)) => checked(a.checked_div(*b), Value::Uint, UINT),
        (Value::Double(a), Value::Double(b)) => Ok(Value::Double(a / b)),
        _ => Err(unfit("_/_", a, is_number(a))),
    }
}

fn remainder(a: &Value, b: &Value) -> Result<Value, Fault> {
    match (a, b) {
        (Value::Int(_), Value::Int(0)) | (Value::Uint(_), Value::Uint(0)) => {
            Err(Fault::error("modulus by zero"))
        }
        (Value::Int(a), Value::Int(b)) => checked(a.checked_rem(*b), Value::Int, INT),
        (Value::Uint(a), Value::Uint(b)) => checked(a.checked_rem(*b), Value::Uint, UINT),
        _ => Err(unfit("_%_", a, matches!(a, Value::Int(_) | Value::Uint(_)))),
    }
}

fn contains(element: &Value, container: &Value) -> Result<Value, Fault> {
    match container {
        Value::List(list) => {
            Ok(Value::Bool(list.items.iter().any(|item| item.equals(element) == Some(true))))
        }
        // By the real name, not by an escaped one.
        Value::Map(map) => {
            let key: Option<Key> = element.key();
            Ok(Value::Bool(key.is_some_and(|key| map.entries.contains_key(&key))))
        }
        // R28: the claims answer to no `in`.
        _ => Err(Fault::no_such_overload()),
    }
}
