//! Lists and sets (cel-go `ext/lists.go`, `ext/sets.go`; Kubernetes `pkg/cel/library/lists.go`).

use std::cmp::Ordering;

use super::Called;
use crate::cel::evaluate::{Budget, Fault};
use crate::cel::operators;
use crate::cel::value::Value;

pub(super) fn call(name: &str, values: &[Value], budget: &mut Budget) -> Called {
    if let ("lists.range", [Value::Int(end)]) = (name, values) {
        return Some(range(*end, budget));
    }
    let (Value::List(list), rest) = values.split_first()? else { return None };
    let items = list.items();
    if let [Value::List(other)] = rest {
        let found = sets(name, items, other.items(), budget);
        if found.is_some() {
            return found;
        }
    }
    Some(match (name, rest) {
        ("distinct", []) => distinct(items, budget),
        ("first", []) => Ok(Value::Optional(items.first().cloned().map(Into::into))),
        ("last", []) => Ok(Value::Optional(items.last().cloned().map(Into::into))),
        ("flatten", []) => flatten(items, 1, budget).map(Value::list),
        ("flatten", [Value::Int(depth)]) if *depth < 0 => {
            Err(Fault::error("level must be non-negative"))
        }
        ("flatten", [Value::Int(depth)]) => flatten(items, *depth, budget).map(Value::list),
        ("indexOf", [item]) => {
            Ok(index(items.iter().position(|found| found.equals(item) == Some(true))))
        }
        ("lastIndexOf", [item]) => {
            Ok(index(items.iter().rposition(|found| found.equals(item) == Some(true))))
        }
        ("isSorted", []) => is_sorted(items),
        ("max", []) => extreme(items, "max", Ordering::Less),
        ("min", []) => extreme(items, "min", Ordering::Greater),
        ("reverse", []) => Ok(Value::list(items.iter().rev().cloned().collect())),
        ("slice", [Value::Int(start), Value::Int(end)]) => slice(items, *start, *end),
        ("sort", []) if items.is_empty() => Ok(Value::List(list.clone())),
        ("sort", []) => sort_by_keys(items, items),
        ("sum", []) => sum(items),
        ("optional.unwrap" | "unwrapOpt", []) => unwrap_optionals(items),
        _ => return None,
    })
}

fn index(found: Option<usize>) -> Value {
    Value::Int(found.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1))
}

fn holds(items: &[Value], wanted: &Value) -> bool {
    items.iter().any(|item| item.equals(wanted) == Some(true))
}

fn sets(name: &str, list: &[Value], other: &[Value], budget: &mut Budget) -> Called {
    let contains = |list: &[Value], other: &[Value]| other.iter().all(|item| holds(list, item));
    let judged = match name {
        "sets.contains" => contains(list, other),
        "sets.equivalent" => contains(list, other) && contains(other, list),
        "sets.intersects" => other.iter().any(|item| holds(list, item)),
        _ => return None,
    };
    let cost = list.len().saturating_mul(other.len());
    Some(budget.spend(cost).map(|()| Value::Bool(judged)))
}

fn range(end: i64, budget: &mut Budget) -> Result<Value, Fault> {
    let length = usize::try_from(end).unwrap_or(0);
    budget.allocate(length.saturating_mul(32))?;
    Ok(Value::list((0..end).map(Value::Int).collect()))
}

fn distinct(items: &[Value], budget: &mut Budget) -> Result<Value, Fault> {
    budget.spend(items.len().saturating_mul(items.len()))?;
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        if !holds(&kept, item) {
            kept.push(item.clone());
        }
    }
    Ok(Value::list(kept))
}

fn flatten(items: &[Value], depth: i64, budget: &mut Budget) -> Result<Vec<Value>, Fault> {
    budget.spend(items.len())?;
    let mut flat = Vec::new();
    for item in items {
        match item {
            Value::List(inner) if depth > 0 => {
                flat.extend(flatten(inner.items(), depth - 1, budget)?);
            }
            other => flat.push(other.clone()),
        }
    }
    Ok(flat)
}

fn is_sorted(items: &[Value]) -> Result<Value, Fault> {
    let mut pairs = items.iter().zip(items.iter().skip(1));
    if items.iter().any(|item| !item.is_ordered()) {
        return Err(Fault::no_such_overload());
    }
    Ok(Value::Bool(pairs.all(|(a, b)| a.compare(b) != Some(Ordering::Greater))))
}

/// Replaces what compares so to a later one.
fn extreme(items: &[Value], name: &str, replaced: Ordering) -> Result<Value, Fault> {
    let mut best: Option<&Value> = None;
    for item in items {
        if !item.is_ordered() {
            return Err(Fault::no_such_overload());
        }
        if best.is_none_or(|best| best.compare(item) == Some(replaced)) {
            best = Some(item);
        }
    }
    best.cloned().ok_or_else(|| Fault::Error(format!("{name} called on empty list")))
}

fn slice(items: &[Value], start: i64, end: i64) -> Result<Value, Fault> {
    let refuse = |why: &str| Err(Fault::Error(format!("cannot slice({start}, {end}), {why}")));
    if start < 0 || end < 0 {
        return refuse("negative indexes not supported");
    }
    if start > end {
        return refuse("start index must be less than or equal to end index");
    }
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    match range.and_then(|(start, end)| items.get(start..end)) {
        Some(part) => Ok(Value::list(part.to_vec())),
        None => refuse(&format!("list is length {}", items.len())),
    }
}

/// `sort` and `sortBy`.
pub(in crate::cel) fn sort_by_keys(items: &[Value], keys: &[Value]) -> Result<Value, Fault> {
    let Some(first) = keys.first() else { return Ok(Value::list(items.to_vec())) };
    if !first.is_ordered() {
        return Err(Fault::error("list elements must be comparable"));
    }
    if keys.iter().any(|key| key.type_name() != first.type_name()) {
        return Err(Fault::error("list elements must have the same type"));
    }
    let mut pairs: Vec<(&Value, &Value)> = keys.iter().zip(items).collect();
    pairs.sort_by(|(a, _), (b, _)| a.compare(b).unwrap_or(Ordering::Equal));
    Ok(Value::list(pairs.into_iter().map(|(_, item)| item.clone()).collect()))
}

fn sum(items: &[Value]) -> Result<Value, Fault> {
    let mut items = items.iter();
    // The sum of nothing is an integer; what else it could be is known by its type only.
    let Some(first) = items.next() else { return Ok(Value::Int(0)) };
    items.try_fold(first.clone(), |sum, item| {
        operators::apply("_+_", &[sum, item.clone()])
            .unwrap_or_else(|| Err(Fault::no_such_overload()))
    })
}

fn unwrap_optionals(items: &[Value]) -> Result<Value, Fault> {
    let mut kept = Vec::new();
    for item in items {
        match item {
            Value::Optional(inner) => kept.extend(inner.as_deref().cloned()),
            _ => return Err(Fault::no_such_overload()),
        }
    }
    Ok(Value::list(kept))
}
