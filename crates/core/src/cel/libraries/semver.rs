//! Semantic versions (`github.com/blang/semver/v4`; Kubernetes `pkg/cel/library/semverlib.go`).

use std::cmp::Ordering;

use super::{Called, Opaque};
use crate::cel::evaluate::{Budget, Fault};
use crate::cel::value::Value;
use crate::go::quoted;

/// A version; what is built (`+...`) does not order it.
#[derive(Debug, Clone)]
pub(crate) struct Semver {
    numbers: [u64; 3],
    pre: Vec<String>,
}

impl Semver {
    pub(super) fn order(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| {
            match (self.pre.is_empty(), other.pre.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => self.order_of_pre(other),
            }
        })
    }

    fn order_of_pre(&self, other: &Self) -> Ordering {
        let pairs = self.pre.iter().zip(&other.pre);
        let differ = pairs.map(|(a, b)| match (a.parse::<u64>(), b.parse::<u64>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => a.cmp(b),
        });
        let first = differ.into_iter().find(|order| order.is_ne());
        first.unwrap_or_else(|| self.pre.len().cmp(&other.pre.len()))
    }
}

pub(super) fn call(name: &str, values: &[Value], _: &mut Budget) -> Called {
    if let (Some(Value::String(text)), "semver" | "isSemver") = (values.first(), name) {
        let tolerant = match values.get(1) {
            None => false,
            Some(Value::Bool(tolerant)) => *tolerant,
            Some(_) => return None,
        };
        let parsed =
            if tolerant { normalized(text).and_then(|text| parse(&text)) } else { parse(text) };
        return Some(match name {
            "semver" => {
                parsed.map(|version| Value::opaque(Opaque::Semver(version))).map_err(Fault::Error)
            }
            _ => Ok(Value::Bool(parsed.is_ok())),
        });
    }
    let unwrap = |value: &Value| match value {
        Value::Opaque(opaque) => match &**opaque {
            Opaque::Semver(version) => Some(version.clone()),
            _ => None,
        },
        _ => None,
    };
    let first = unwrap(values.first()?)?;
    let [major, minor, patch] = first.numbers;
    let number = |value: u64| Value::Int(i64::try_from(value).unwrap_or(i64::MAX));
    Some(Ok(match (name, values.get(1)) {
        ("major", None) => number(major),
        ("minor", None) => number(minor),
        ("patch", None) => number(patch),
        ("isGreaterThan", Some(other)) => Value::Bool(first.order(&unwrap(other)?).is_gt()),
        ("isLessThan", Some(other)) => Value::Bool(first.order(&unwrap(other)?).is_lt()),
        ("compareTo", Some(other)) => Value::Int(first.order(&unwrap(other)?) as i64),
        _ => return None,
    }))
}

fn parse(text: &str) -> Result<Semver, String> {
    if text.is_empty() {
        return Err("Version string empty".into());
    }
    let parts: Vec<&str> = text.splitn(3, '.').collect();
    let &[major, minor, rest] = parts.as_slice() else {
        return Err("No Major.Minor.Patch elements found".into());
    };
    let (rest, build) = match rest.split_once('+') {
        Some((rest, build)) => (rest, Some(build)),
        None => (rest, None),
    };
    let (patch, pre) = match rest.split_once('-') {
        Some((patch, pre)) => (patch, Some(pre)),
        None => (rest, None),
    };
    let numbers = [number(major, "major")?, number(minor, "minor")?, number(patch, "patch")?];
    let pre = identifiers(pre, "Prerelease")?;
    identifiers(build, "Build meta data")?;
    if let Some(padded) = pre.iter().find(|pre| is_number(pre) && has_leading_zero(pre)) {
        let shown = quoted(padded);
        return Err(format!("Numeric PreRelease version must not contain leading zeroes {shown}"));
    }
    Ok(Semver { numbers, pre })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn has_leading_zero(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0')
}

fn number(text: &str, which: &str) -> Result<u64, String> {
    let shown = quoted(text);
    if !is_number(text) && !text.is_empty() {
        return Err(format!("Invalid character(s) found in {which} number {shown}"));
    }
    if has_leading_zero(text) {
        let which = format!(
            "{}{}",
            which.get(..1).unwrap_or_default().to_uppercase(),
            which.get(1..).unwrap_or_default()
        );
        return Err(format!("{which} number must not contain leading zeroes {shown}"));
    }
    text.parse().map_err(|_| format!("strconv.ParseUint: parsing {shown}: invalid syntax"))
}

fn identifiers(text: Option<&str>, which: &str) -> Result<Vec<String>, String> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for part in text.split('.') {
        if part.is_empty() {
            return Err(format!("{which} is empty"));
        }
        if !part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            let shown = quoted(part);
            return Err(format!("Invalid character(s) found in {} {shown}", which.to_lowercase()));
        }
        found.push(part.to_owned());
    }
    Ok(found)
}

/// `v1.2` becomes `1.2.0`, leading zeros go.
fn normalized(text: &str) -> Result<String, String> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut parts: Vec<String> = text
        .splitn(3, '.')
        .map(|part| {
            let shorter = part.trim_start_matches('0');
            match part.len() > 1 && !shorter.starts_with(|c: char| c.is_ascii_digit()) {
                true => format!("0{shorter}"),
                false if part.len() > 1 => shorter.to_owned(),
                false => part.to_owned(),
            }
        })
        .collect();
    if parts.len() < 3 {
        if parts.last().is_some_and(|last| last.contains(['+', '-'])) {
            return Err("short version cannot contain PreRelease/Build meta data".into());
        }
        parts.resize(3, "0".to_owned());
    }
    Ok(parts.join("."))
}
