//! Claims as Vault looks them up and compares them (R9 to R11).
//!
//! Source: `github.com/hashicorp/vault-plugin-auth-jwt` v0.26.1 `claims.go`; pointerstructure v1.2.1 `get.go`;
//! `github.com/ryanuber/go-glob` v1.0.0.

use serde_json::{Map, Value};

use super::go;
use crate::document::{Data, Node, Text};

/// A claim: a number stands for its text without a fraction.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Claim {
    Number(String),
    Other(Value),
}

/// By name, or by JSON pointer if it starts with a slash; null is missing.
pub(super) fn find(claims: &Map<String, Value>, name: &str) -> Option<Claim> {
    let value = match name.starts_with('/') {
        true => pointer(claims, name)?,
        false => claims.get(name)?,
    };
    match value {
        Value::Null => None,
        Value::Number(number) => {
            Some(Claim::Number(whole(number.as_f64().unwrap_or_default()).to_string()))
        }
        other => Some(Claim::Other(other.clone())),
    }
}

/// Go's conversion: cut, and the smallest number where it does not fit.
fn whole(value: f64) -> i64 {
    if value.abs() < 9_223_372_036_854_775_808.0 { value as i64 } else { i64::MIN }
}

/// R10: `~1` and `~0` are unescaped, list elements are counted.
fn pointer<'a>(claims: &'a Map<String, Value>, pointer: &str) -> Option<&'a Value> {
    let mut parts =
        pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~"));
    let first = claims.get(&parts.next()?)?;
    parts.try_fold(first, |value, part| match value {
        Value::Object(members) => members.get(&part),
        Value::Array(elements) => {
            let part = if part.is_empty() { "0" } else { &part };
            elements.get(usize::try_from(go::parse_int_any_base(part).ok()?).ok()?)
        }
        _ => None,
    })
}

/// A list, or a single text, boolean or number as a list of one.
fn listed(claim: Claim) -> Result<Vec<Claim>, Claim> {
    match claim {
        Claim::Other(Value::Array(elements)) => {
            Ok(elements.into_iter().map(Claim::Other).collect())
        }
        Claim::Other(Value::Object(_)) => Err(claim),
        one => Ok(vec![one]),
    }
}

impl Claim {
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Other(value) => value.as_str(),
            Self::Number(_) => None,
        }
    }

    /// As the texts show it.
    pub(super) fn print(&self) -> String {
        match self {
            Self::Number(text) => text.clone(),
            Self::Other(value) => go::print_claim(value),
        }
    }

    /// R11: the members of a claim of groups; `Err`: what Vault says.
    pub(super) fn groups(self, name: &str) -> Result<Vec<String>, String> {
        let groups = listed(self).map_err(|_| {
            format!("{} claim could not be converted to string list", crate::go::quoted(name))
        })?;
        let mut names = Vec::new();
        for group in groups {
            match group.as_str() {
                Some("") => {}
                Some(text) => names.push(text.to_owned()),
                None => {
                    return Err(format!(
                        "value {} in groups claim could not be parsed as string",
                        group.print()
                    ));
                }
            }
        }
        Ok(names)
    }
}

/// R9: any value of the claim against any that is bound; `Err`: neither.
pub(super) fn matches(
    text: &Text<'_>,
    bound: &Node,
    claim: Claim,
    glob: bool,
) -> Result<bool, String> {
    let printed = claim.print();
    let Ok(claims) = listed(claim) else {
        return Err(format!("received claim is not a string, bool, int or list: {printed}"));
    };
    let one = std::slice::from_ref(bound);
    let wanted = match &bound.data {
        Data::Array(elements) => elements.as_slice(),
        Data::Object(_) | Data::Null => {
            let printed = go::print(text, bound);
            return Err(format!("bound claim is not a string, bool, int or list: {printed}"));
        }
        _ => one,
    };
    let fits = |wanted: &Node, claim: &Claim| match (glob, wanted.as_str()) {
        (true, Some(pattern)) => claim.as_str().is_some_and(|claim| matches_glob(pattern, claim)),
        _ => equal(text, wanted, claim),
    };
    Ok(wanted.iter().any(|wanted| claims.iter().any(|claim| fits(wanted, claim))))
}

/// As `==` has it between interfaces: a number equals by its text alone, and within a list never.
fn equal(text: &Text<'_>, wanted: &Node, claim: &Claim) -> bool {
    match (&wanted.data, claim) {
        (Data::Number(_), Claim::Number(number)) => go::written(text, wanted) == number,
        (Data::String(wanted), Claim::Other(Value::String(claim))) => wanted == claim,
        (Data::Bool(wanted), Claim::Other(Value::Bool(claim))) => wanted == claim,
        (Data::Null, Claim::Other(Value::Null)) => true,
        _ => false,
    }
}

/// `*` is any run of characters, everything else itself; anchored at both ends.
pub(super) fn matches_glob(pattern: &str, text: &str) -> bool {
    if pattern.is_empty() || pattern == "*" {
        return pattern == "*" || text == pattern;
    }
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(last) = parts.next_back() else { return text == pattern };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn globs() {
        let table = [
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c", "abc", true),
            ("a*c", "abcd", false),
            ("*b*", "abc", true),
            ("a*a", "a", false),
            ("**", "x", true),
            ("", "", true),
            ("", "x", false),
            ("a?c", "abc", false),
            ("system:*:api", "system:serviceaccount:a/b:api", true),
        ];
        for (pattern, text, fits) in table {
            assert_eq!(matches_glob(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn lookups() {
        let claims = json!({"a/b": {"m~n": "deep"}, "/a": "leading", "list": ["x", "y"], "n": 1.9, "null": null, "": {"": 1}});
        let claims = claims.as_object().unwrap();
        let table = [
            ("/a~1b/m~0n", Some("deep")),
            ("a/b.m", None),
            ("/a", None),
            ("/list/1", Some("y")),
            ("/list/0x0", Some("x")),
            ("/list/2", None),
            ("n", Some("1")),
            ("null", None),
            ("/", Some("map[:1]")),
        ];
        for (name, found) in table {
            assert_eq!(find(claims, name).map(|claim| claim.print()).as_deref(), found, "{name}");
        }
    }
}
