//! Regular expressions (RE2): `matches`, `find`, `findAll`.
//!
//! regex-lite agrees with RE2 on ASCII patterns; classes by Unicode property are not modelled.

use regex_lite::Regex;

use super::Called;
use crate::cel::evaluate::{Budget, Fault};
use crate::cel::value::Value;

pub(super) fn call(name: &str, values: &[Value], budget: &mut Budget) -> Called {
    let (text, pattern, count) = match values {
        [Value::String(text), Value::String(pattern)] => (text, pattern, None),
        [Value::String(text), Value::String(pattern), Value::Int(count)] => {
            (text, pattern, usize::try_from(*count).ok())
        }
        _ => return None,
    };
    if !matches!(name, "matches" | "find" | "findAll") {
        return None;
    }
    Some(search(name, text, pattern, count, budget))
}

fn search(
    name: &str,
    text: &str,
    pattern: &str,
    count: Option<usize>,
    budget: &mut Budget,
) -> Result<Value, Fault> {
    // The cost of linear matching: both lengths count.
    budget.spend((text.len() / 10 + 1).saturating_mul(pattern.len() / 4 + 1))?;
    let regex = compile(pattern)?;
    Ok(match name {
        "matches" => Value::Bool(regex.is_match(text)),
        "find" => Value::text(regex.find(text).map(|found| found.as_str()).unwrap_or_default()),
        _ => {
            let all = regex.find_iter(text).map(|found| found.as_str().to_owned());
            Value::strings(all.take(count.unwrap_or(usize::MAX)).collect())
        }
    })
}

fn compile(pattern: &str) -> Result<Regex, Fault> {
    if pattern.contains("\\p") || pattern.contains("\\P") {
        return Err(Fault::Unsupported("Unicode classes of regular expressions".into()));
    }
    Regex::new(pattern)
        .map_err(|error| Fault::Error(format!("error parsing regexp: {error}: `{pattern}`")))
}
