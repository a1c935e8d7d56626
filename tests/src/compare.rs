//! Does an answer have what a case expects? The twin of `compare.mjs`, which has the same tests by the same names.
//!
//! Numbers are JavaScript's: `1` and `1.0` are one value.

use std::fmt;

use serde_json::{Map, Value};

/// Where an answer first differs from what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// JSON pointer into the answer.
    pub path: String,
    /// JSON, cut.
    pub expected: String,
    /// JSON, cut.
    pub actual: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, expected, actual } = self;
        write!(f, "at `{path}` expected {expected}, found {actual}")
    }
}

/// The first difference between what is expected and what was answered (`None`: absent).
///
/// Objects need only hold the expected members, each as expected; arrays match element by element; `null`
/// stands for null or absent. An object whose members start with `$` holds tests, all of which must pass.
///
/// ```
/// use podpass_tests::differ;
/// use serde_json::json;
///
/// let answer = json!({ "ok": true, "checks": [{ "id": "token/exp", "status": "fail" }] });
/// assert_eq!(differ(&json!({ "checks": { "$some": { "status": "fail" } } }), Some(&answer)), None);
/// assert_eq!(differ(&json!({ "ok": false }), Some(&answer)).unwrap().path, "/ok");
/// ```
pub fn differ(expected: &Value, actual: Option<&Value>) -> Option<Difference> {
    differ_at(expected, actual, "")
}

fn differ_at(expected: &Value, actual: Option<&Value>, path: &str) -> Option<Difference> {
    let miss = |want: &Value| {
        Some(Difference {
            path: path.to_owned(),
            expected: short(Some(want)),
            actual: short(actual),
        })
    };
    match (expected, actual) {
        (Value::Null, None | Some(Value::Null)) => None,
        (Value::Array(wants), Some(Value::Array(found))) if wants.len() == found.len() => {
            wants.iter().zip(found).enumerate().find_map(|(index, (want, one))| {
                differ_at(want, Some(one), &format!("{path}/{index}"))
            })
        }
        (Value::Object(tests), _) if tests.keys().any(|name| name.starts_with('$')) => {
            tests.iter().find(|(name, want)| !passes(name, want, actual)).and_then(
                |(name, want)| miss(&Value::Object(Map::from_iter([(name.clone(), want.clone())]))),
            )
        }
        (Value::Object(wants), Some(Value::Object(_) | Value::Array(_))) => {
            wants.iter().find_map(|(name, want)| {
                differ_at(want, member(actual?, name), &format!("{path}/{name}"))
            })
        }
        (Value::Number(want), Some(Value::Number(found))) if same_number(want, found) => None,
        (Value::String(_) | Value::Bool(_), Some(found)) if expected == found => None,
        _ => miss(expected),
    }
}

fn is_as_expected(expected: &Value, actual: Option<&Value>) -> bool {
    differ(expected, actual).is_none()
}

/// Whether a test passes; one by an unknown name never does.
fn passes(name: &str, want: &Value, actual: Option<&Value>) -> bool {
    let wants = || want.as_array().into_iter().flatten();
    let found = || actual.and_then(Value::as_array).into_iter().flatten();
    let is_array = actual.is_some_and(Value::is_array);
    match name {
        "$absent" => is_null(actual),
        "$empty" => is_empty(actual),
        "$contains" => {
            text(actual).zip(want.as_str()).is_some_and(|(text, part)| text.contains(part))
        }
        "$some" => is_array && found().any(|one| is_as_expected(want, Some(one))),
        "$none" => {
            is_empty(actual) || (is_array && !found().any(|one| is_as_expected(want, Some(one))))
        }
        "$oneOf" => wants().any(|want| is_as_expected(want, actual)),
        "$all" => wants().all(|want| is_as_expected(want, actual)),
        "$not" => !is_as_expected(want, actual),
        "$below" => number(actual).zip(want.as_f64()).is_some_and(|(found, limit)| found < limit),
        "$atLeast" => {
            number(actual).zip(want.as_f64()).is_some_and(|(found, limit)| found >= limit)
        }
        "$keys" => sorted_texts(wants().filter_map(Value::as_str)) == keys(actual),
        "$exactly" => equal(Some(want), actual),
        "$json" => text(actual)
            .and_then(|text| serde_json::from_str(text).ok())
            .is_some_and(|value: Value| is_as_expected(want, Some(&value))),
        "$k8s" => {
            equal(plain(want, "").as_ref(), actual.and_then(|value| plain(value, "")).as_ref())
        }
        "$wordings" => wants().all(|text| wordings(actual).contains(&text)),
        "$under" => {
            wants().filter_map(Value::as_str).any(|pointer| is_under(pointer, text(actual)))
        }
        "$sameAt" => two_places(want, actual, |a, b| equal(Some(a), b)),
        "$differAt" => two_places(want, actual, |a, b| b.is_some() && !equal(Some(a), b)),
        _ => false,
    }
}

fn is_null(value: Option<&Value>) -> bool {
    value.is_none_or(Value::is_null)
}

fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(members)) => members.is_empty(),
        Some(Value::Bool(_) | Value::Number(_)) => false,
    }
}

fn text(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str)
}

fn number(value: Option<&Value>) -> Option<f64> {
    value.and_then(Value::as_f64)
}

/// A member by name; an array has its indices, as in JavaScript.
fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Object(members) => members.get(name),
        Value::Array(items) => name.parse::<usize>().ok().and_then(|index| items.get(index)),
        _ => None,
    }
}

fn keys(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Object(members)) => sorted_texts(members.keys().map(String::as_str)),
        Some(Value::Array(items)) => {
            let indices: Vec<String> = (0..items.len()).map(|index| index.to_string()).collect();
            sorted_texts(indices.iter().map(String::as_str))
        }
        _ => Vec::new(),
    }
}

fn sorted_texts<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut texts: Vec<String> = texts.map(str::to_owned).collect();
    texts.sort_unstable();
    texts
}

fn same_number(a: &serde_json::Number, b: &serde_json::Number) -> bool {
    match (a.as_f64(), b.as_f64()) {
        // To the bit, so that 0 and -0 differ, as with Object.is.
        (Some(a), Some(b)) => a.to_bits() == b.to_bits(),
        _ => a == b,
    }
}

/// Deep equality: members in any order, numbers as doubles, 0 and -0 alike.
fn equal(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => a.as_f64() == b.as_f64(),
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(Some(a), Some(b)))
        }
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            a.len() == b.len()
                && a.iter().all(|(name, one)| b.contains_key(name) && equal(Some(one), b.get(name)))
        }
        _ => a == b,
    }
}

/// A Kubernetes object without what the API server fills in or leaves out; `None`: nothing is left.
fn plain(value: &Value, name: &str) -> Option<Value> {
    match value {
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => {
            // A place in a list stays, whatever is left of the element.
            Some(items.iter().map(|item| plain(item, "").unwrap_or(Value::Null)).collect())
        }
        Value::Object(members) => {
            let mut kept: Map<String, Value> = members
                .iter()
                .filter_map(|(name, member)| Some((name.clone(), plain(member, name)?)))
                .collect();
            if kept.is_empty() {
                return None;
            }
            if kept.contains_key("fieldPath") && kept.get("apiVersion") == Some(&"v1".into()) {
                kept.remove("apiVersion");
            }
            Some(Value::Object(kept))
        }
        _ => (!is_api_default(value, name)).then(|| value.clone()),
    }
}

fn is_api_default(value: &Value, name: &str) -> bool {
    is_empty(Some(value))
        || (name == "defaultMode" && value.as_f64() == Some(420.0))
        || (name == "readOnly" && value == &Value::Bool(false))
}

/// Every message that an error is known by.
fn wordings(error: Option<&Value>) -> Vec<&Value> {
    let Some(error) = error else { return Vec::new() };
    let alternatives = error.get("alternatives").and_then(Value::as_array).into_iter().flatten();
    std::iter::once(error).chain(alternatives).filter_map(|one| one.get("message")).collect()
}

fn is_under(pointer: &str, found: Option<&str>) -> bool {
    found.is_some_and(|found| {
        let below = found.strip_prefix(pointer).is_some_and(|rest| rest.starts_with('/'));
        found == pointer || (!pointer.is_empty() && below)
    })
}

fn two_places(
    pointers: &Value,
    actual: Option<&Value>,
    holds: impl Fn(&Value, Option<&Value>) -> bool,
) -> bool {
    let at = |index| {
        let pointer = pointers.get(index).and_then(Value::as_str)?;
        pointer.split('/').skip(1).try_fold(actual?, |value, name| {
            member(value, &name.replace("~1", "/").replace("~0", "~"))
        })
    };
    at(0).is_some_and(|first| holds(first, at(1)))
}

fn short(value: Option<&Value>) -> String {
    let text = value.map_or_else(|| "nothing".to_owned(), Value::to_string);
    match text.char_indices().nth(300) {
        Some((cut, _)) => format!("{}...", text.get(..cut).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same rows are tried by `node/compare.test.mjs`.
    #[test]
    fn every_test_holds_and_fails() {
        let table: Vec<(bool, Value, Value)> =
            serde_json::from_str(include_str!("compare_table.json")).unwrap();
        assert!(table.len() > 40);
        for (holds, expected, actual) in table {
            assert_eq!(
                differ(&expected, Some(&actual)).is_none(),
                holds,
                "{expected} against {actual}"
            );
        }
    }

    #[test]
    fn absent_is_told_from_null_only_by_the_tests_that_ask() {
        for expected in ["null", r#"{"$absent": true}"#, r#"{"$empty": true}"#, r#"{"$none": 1}"#] {
            assert_eq!(differ(&serde_json::from_str(expected).unwrap(), None), None, "{expected}");
        }
        assert_eq!(differ(&1.into(), None).unwrap().to_string(), "at `` expected 1, found nothing");
    }
}
