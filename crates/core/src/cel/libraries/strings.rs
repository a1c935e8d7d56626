//! Texts: the standard functions, the strings library, and Google's `extract` (G35, G36).
//!
//! Source: cel-go `ext/strings.go`.

use super::Called;
use super::formatting::format;
use crate::cel::evaluate::{Budget, Fault};
use crate::cel::value::Value;

pub(super) fn call(name: &str, values: &[Value], budget: &mut Budget) -> Called {
    if name == "join" {
        return join(values, budget);
    }
    let (Value::String(text), rest) = values.split_first()? else { return None };
    Some(match (name, rest) {
        ("contains", [Value::String(part)]) => Ok(Value::Bool(text.contains(&**part))),
        ("startsWith", [Value::String(part)]) => Ok(Value::Bool(text.starts_with(&**part))),
        ("endsWith", [Value::String(part)]) => Ok(Value::Bool(text.ends_with(&**part))),
        ("charAt", [Value::Int(at)]) => char_at(text, *at),
        ("indexOf", [Value::String(part)]) => index_of(text, part, 0),
        ("indexOf", [Value::String(part), Value::Int(from)]) => index_of(text, part, *from),
        ("lastIndexOf", [Value::String(part)]) => last_index_of(text, part, None),
        ("lastIndexOf", [Value::String(part), Value::Int(from)]) => {
            last_index_of(text, part, Some(*from))
        }
        ("lowerAscii", []) => Ok(Value::text(text.to_ascii_lowercase())),
        ("upperAscii", []) => Ok(Value::text(text.to_ascii_uppercase())),
        ("trim", []) => Ok(Value::text(text.trim())),
        ("replace", [Value::String(old), Value::String(new)]) => {
            replace(text, old, new, -1, budget)
        }
        ("replace", [Value::String(old), Value::String(new), Value::Int(count)]) => {
            replace(text, old, new, *count, budget)
        }
        ("split", [Value::String(separator)]) => split(text, separator, -1, budget),
        ("split", [Value::String(separator), Value::Int(count)]) => {
            split(text, separator, *count, budget)
        }
        ("substring", [Value::Int(start)]) => substring(text, *start, None),
        ("substring", [Value::Int(start), Value::Int(end)]) => substring(text, *start, Some(*end)),
        ("strings.quote", []) => Ok(Value::text(quote(text))),
        ("format", [Value::List(arguments)]) => format(text, arguments.items()),
        ("extract", [Value::String(template)]) => extract(text, template),
        _ => return None,
    })
}

fn join(values: &[Value], budget: &mut Budget) -> Called {
    let (list, separator) = match values {
        [Value::List(list)] => (list, ""),
        [Value::List(list), Value::String(separator)] => (list, &**separator),
        _ => return None,
    };
    let texts: Option<Vec<&str>> = list.items().iter().map(Value::as_str).collect();
    let texts = texts?;
    let length = texts.iter().map(|text| text.len() + separator.len()).sum();
    Some(budget.allocate(length).map(|()| Value::text(texts.join(separator))))
}

fn out_of_range(at: i64) -> Fault {
    Fault::Error(format!("index out of range: {at}"))
}

/// A place between characters.
fn place(text: &str, at: i64) -> Option<usize> {
    usize::try_from(at).ok().filter(|at| *at <= text.chars().count())
}

fn char_at(text: &str, at: i64) -> Result<Value, Fault> {
    let place = place(text, at).ok_or_else(|| out_of_range(at))?;
    Ok(Value::text(text.chars().nth(place).map(String::from).unwrap_or_default()))
}

fn number(at: usize) -> Value {
    Value::Int(i64::try_from(at).unwrap_or(i64::MAX))
}

/// From a byte to a character.
fn counted(text: &str, at: Option<usize>) -> Option<usize> {
    Some(text.get(..at?)?.chars().count())
}

fn index_of(text: &str, part: &str, from: i64) -> Result<Value, Fault> {
    if part.is_empty() {
        return Ok(Value::Int(from));
    }
    let Ok(start) = usize::try_from(from) else { return Err(out_of_range(from)) };
    let rest: String = text.chars().skip(start).collect();
    Ok(counted(&rest, rest.find(part)).map_or(Value::Int(-1), |at| number(at + start)))
}

fn last_index_of(text: &str, part: &str, from: Option<i64>) -> Result<Value, Fault> {
    let length = text.chars().count();
    if part.is_empty() {
        return Ok(from.map_or_else(|| number(length), Value::Int));
    }
    let reach = match from {
        None => length,
        Some(from) => match usize::try_from(from) {
            Err(_) => return Err(out_of_range(from)),
            Ok(from) if from >= length => return Ok(Value::Int(-1)),
            Ok(from) => from.saturating_add(part.chars().count()),
        },
    };
    let head: String = text.chars().take(reach).collect();
    Ok(counted(&head, head.rfind(part)).map_or(Value::Int(-1), number))
}

fn replace(
    text: &str,
    old: &str,
    new: &str,
    count: i64,
    budget: &mut Budget,
) -> Result<Value, Fault> {
    let found = if old.is_empty() { text.chars().count() + 1 } else { text.matches(old).count() };
    let count = usize::try_from(count).unwrap_or(found).min(found);
    budget.allocate(text.len().saturating_add(count.saturating_mul(new.len())))?;
    Ok(Value::text(text.replacen(old, new, count)))
}

fn split(text: &str, separator: &str, count: i64, budget: &mut Budget) -> Result<Value, Fault> {
    budget.allocate(text.len().saturating_mul(if separator.is_empty() { 32 } else { 2 }))?;
    let limit = usize::try_from(count).unwrap_or(usize::MAX);
    let parts: Vec<String> = match (limit, separator) {
        (0, _) => Vec::new(),
        (_, "") => characters(text, limit),
        _ => text.splitn(limit, separator).map(str::to_owned).collect(),
    };
    budget.allocate(parts.len().saturating_mul(32))?;
    Ok(Value::strings(parts))
}

/// Between all characters, the last part with the rest.
fn characters(text: &str, limit: usize) -> Vec<String> {
    let mut parts: Vec<String> = text.chars().take(limit - 1).map(String::from).collect();
    let rest: String = text.chars().skip(limit - 1).collect();
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

fn substring(text: &str, start: i64, end: Option<i64>) -> Result<Value, Fault> {
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let last = end.unwrap_or(length);
    if end.is_some() && start > last {
        let message = format!("invalid substring range. start: {start}, end: {last}");
        return Err(Fault::Error(message));
    }
    let from = place(text, start).ok_or_else(|| out_of_range(start))?;
    let to = place(text, last).ok_or_else(|| out_of_range(last))?;
    Ok(Value::text(text.chars().take(to).skip(from).collect::<String>()))
}

fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            '\\' => quoted.push_str("\\\\"),
            '"' => quoted.push_str("\\\""),
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// G36: the text after the first occurrence of what stands before `{name}`, up to the first one of what stands
/// behind it; empty if either is not found.
fn extract(text: &str, template: &str) -> Result<Value, Fault> {
    let parts = template
        .split_once('{')
        .and_then(|(prefix, rest)| rest.split_once('}').map(|(_, suffix)| (prefix, suffix)))
        .filter(|(_, suffix)| !suffix.contains(['{', '}']));
    let Some((prefix, suffix)) = parts else {
        return Err(Fault::Error(format!(
            "extract: {template:?} is no template with one {{name}}"
        )));
    };
    let found = text.find(prefix).and_then(|at| text.get(at + prefix.len()..)).and_then(|rest| {
        if suffix.is_empty() {
            Some(rest)
        } else {
            rest.find(suffix).and_then(|end| rest.get(..end))
        }
    });
    Ok(Value::text(found.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extracts_as_documented() {
        // The examples of Google's reference of condition attributes.
        let text = "projects/_/buckets/acme-orders-aaa/objects/data_lake/orders/order_date=2019-11-03/aef87g87ae0876";
        let table = [
            ("/order_date={date}/", "2019-11-03"),
            ("buckets/{name}/", "acme-orders-aaa"),
            ("/orders/{empty}order_date", ""),
            ("{start}/objects/data_lake", "projects/_/buckets/acme-orders-aaa"),
            ("orders/{end}", "order_date=2019-11-03/aef87g87ae0876"),
            ("{all}", text),
            ("/orders/{none}/order_date=", ""),
            ("/orders/order_date=2019-11-03/{id}/data_lake", ""),
        ];
        for (template, expected) in table {
            let found = extract(text, template).unwrap();
            assert_eq!(found.as_str(), Some(expected), "{template}");
        }
        assert!(extract(text, "no name").is_err());
    }
}
