//! What to do about an element that does not fit: the difference, character by character, and its usual cause.

use serde_json::Value;

use super::evaluate::Leaf;
use super::provider::ProviderArn;
use crate::claims::{ServiceAccountRef, is_in_cluster_name};
use crate::error::quoted;

/// The wanted text that is nearest to what was there: the longest common beginning.
fn nearest<'a>(expected: &'a Value, actual: &str) -> Option<&'a str> {
    let texts: Vec<&str> = match expected {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    texts.into_iter().max_by_key(|text| common(text, actual))
}

/// Characters that both begin with.
pub(super) fn common(left: &str, right: &str) -> usize {
    left.chars().zip(right.chars()).take_while(|(left, right)| left == right).count()
}

/// Where two texts part: `character 24: "m", not "n"`.
pub(super) fn difference(expected: &str, actual: &str) -> String {
    if expected.trim() == actual.trim() {
        return "they differ in white space at the ends only".to_owned();
    }
    if expected.eq_ignore_ascii_case(actual) {
        return "they differ in upper and lower case only".to_owned();
    }
    if expected.trim_end_matches('/') == actual.trim_end_matches('/') {
        return "they differ in the trailing slash only, which counts".to_owned();
    }
    let at = common(expected, actual);
    let shown = |text: &str| match text.chars().nth(at) {
        Some(character) => quoted(&character.to_string()),
        None => "nothing more".to_owned(),
    };
    format!(
        "they part at character {}, where the policy has {} and the token {}",
        at + 1,
        shown(expected),
        shown(actual)
    )
}

/// A55: why a principal is not the caller.
pub(super) fn principal(leaf: &Leaf) -> String {
    let Some(actual) = leaf.actual.as_ref().and_then(Value::as_str) else {
        return "name the provider: {\"Federated\": \"arn:aws:iam::ACCOUNT:oidc-provider/ISSUER\"}"
            .to_owned();
    };
    let Some(expected) = nearest(&leaf.expected, actual) else {
        return format!("name the provider {actual}");
    };
    match (ProviderArn::parse(expected), ProviderArn::parse(actual)) {
        (_, None) if !actual.starts_with("arn:") => format!("name the service {actual}"),
        (None, _) if expected == "*" || expected == "AWS: *" => {
            format!("`*` lets no web identity in; name the provider {actual}")
        }
        (None, _) => format!("only the provider's ARN fits a web identity: {actual}"),
        (Some(named), Some(caller)) => {
            let cause = provider_difference(named, caller, false);
            format!("{cause}; for this token the ARN is {actual}")
        }
        (Some(_), None) => format!("for this token the ARN is {actual}"),
    }
}

/// A22, A23, A113: what usually makes two provider ARNs differ.
/// `listed`: the ARN is one of the account's providers, not one of the policy's.
pub(super) fn provider_difference(
    named: ProviderArn<'_>,
    caller: ProviderArn<'_>,
    listed: bool,
) -> String {
    let whose = if listed { "the nearest provider is" } else { "the policy names" };
    match () {
        () if named.url.starts_with("https://") => {
            "the ARN has `https://` in it, which must go".to_owned()
        }
        () if named.url == caller.url && named.account != caller.account => {
            format!("the provider is in account {}, the role in {}", named.account, caller.account)
        }
        () if named.url == caller.url => {
            format!("the ARN is of partition {}, the role of {}", named.partition, caller.partition)
        }
        () if is_other_cluster(named.url, caller.url) => {
            format!("{whose} another cluster's (a recreated cluster has a new id)")
        }
        () => format!("{whose} another issuer's: {}", difference(named.url, caller.url)),
    }
}

/// Two EKS issuers (`oidc.eks.<region>.amazonaws.com/id/<id>`) with ids of their own.
fn is_other_cluster(left: &str, right: &str) -> bool {
    let id = |url: &'_ str| -> Option<String> {
        let (host, id) = url.split_once("/id/")?;
        host.starts_with("oidc.eks.").then(|| id.trim_end_matches('/').to_ascii_uppercase())
    };
    matches!((id(left), id(right)), (Some(left), Some(right)) if left != right)
}

/// A114.
pub(super) fn action(leaf: &Leaf) -> String {
    let wanted = leaf.actual.as_ref().and_then(Value::as_str).unwrap_or_default();
    match leaf.expected.as_str() {
        Some("sts:AssumeRole") if wanted == super::ASSUME => {
            format!("a token needs {wanted}; sts:AssumeRole is for callers with AWS credentials")
        }
        _ => format!("allow {wanted}"),
    }
}

/// A63-A70: why a condition does not hold.
pub(super) fn condition(leaf: &Leaf) -> Option<String> {
    let (operator, key) = leaf.subject.split_once(' ')?;
    let is_set = operator.contains(':');
    let Some(actual) = &leaf.actual else { return Some(absent_key(key)) };
    if operator.ends_with("Null") {
        return Some("the request has this key".to_owned());
    }
    let actual = match actual {
        Value::Array(many) if is_set => return Some(unfit(operator, many, leaf)),
        Value::Array(_) => {
            return Some(format!(
                "the key holds several values: {operator} needs ForAnyValue: or ForAllValues: before it"
            ));
        }
        one => one.as_str()?,
    };
    if leaf.expected.as_array().is_some_and(Vec::is_empty) {
        return Some("the policy lists no value, so no value fits".to_owned());
    }
    if operator.contains("Not") {
        return Some(format!("{operator} refuses this value"));
    }
    value(operator, key, nearest(&leaf.expected, actual)?, actual)
}

/// A70: which of the request's values keep a set operator from holding.
fn unfit(operator: &str, actual: &[Value], leaf: &Leaf) -> String {
    let negated = operator.contains("Not");
    let fits = |value: &&Value| {
        let mut pairs =
            leaf.values.iter().filter(|one| Some(one.actual.as_str()) == value.as_str());
        pairs.any(|one| one.matches) == negated
    };
    let unfit: Vec<&str> = actual.iter().filter(fits).filter_map(Value::as_str).collect();
    match operator.starts_with("ForAllValues:") {
        true => format!("every value of the request must fit; these do not: {}", unfit.join(", ")),
        false => "one value of the request must fit, none does".to_owned(),
    }
}

/// Why one value of the policy does not match one of the request.
pub(super) fn value(operator: &str, key: &str, expected: &str, actual: &str) -> Option<String> {
    let base = operator.rsplit(':').next().unwrap_or(operator);
    if base.contains("Not") {
        return None;
    }
    if !base.starts_with("String") {
        return Some(format!(
            "{base} does not hold between {actual} of the request and {expected}"
        ));
    }
    if key.ends_with(":aud") && is_in_cluster_name(actual) {
        return Some(format!("this token is the API server's; mount one with audience {expected}"));
    }
    if base.starts_with("StringEquals") && expected.contains(['*', '?']) {
        return Some(format!(
            "`*` and `?` are plain characters under {operator}; patterns need StringLike"
        ));
    }
    Some(
        match (ServiceAccountRef::from_subject(expected), ServiceAccountRef::from_subject(actual)) {
            (Some(wanted), Some(found)) => account_difference(&wanted, &found),
            _ if expected == actual => return None,
            (None, Some(found)) if key.ends_with(":sub") && !expected.contains(['*', '?']) => {
                format!(
                    "the subject of a ServiceAccount is {}; {}",
                    found.subject(),
                    difference(expected, actual)
                )
            }
            _ => difference(expected, actual),
        },
    )
}

fn account_difference(wanted: &ServiceAccountRef, found: &ServiceAccountRef) -> String {
    let part = |what: &str, wanted: &str, found: &str| {
        format!(
            "the {what} is `{found}`, the policy wants `{wanted}`: {}",
            difference(wanted, found)
        )
    };
    match (wanted.namespace == found.namespace, wanted.name == found.name) {
        (false, true) => part("namespace", &wanted.namespace, &found.namespace),
        (true, _) => part("ServiceAccount", &wanted.name, &found.name),
        (false, false) => format!(
            "the token is for {} in namespace {}, the policy wants {} in {}",
            found.name, found.namespace, wanted.name, wanted.namespace
        ),
    }
}

/// A40, A41, A112: keys that are never there, and why.
fn absent_key(key: &str) -> String {
    let lower = key.to_ascii_lowercase();
    let cause = match () {
        () if lower.starts_with("https://") => "the key starts with `https://`, which must go",
        () if lower.starts_with("arn:") => {
            "the key is the provider's ARN; it must be the issuer's host and path"
        }
        () if lower.contains("kubernetes.io/") => {
            "claims of kubernetes.io are no condition keys; namespace and name are in `sub`"
        }
        () if !key.contains(':') => {
            "a condition key is the issuer without `https://`, a colon and the claim"
        }
        () if lower.starts_with("aws:") || lower.starts_with("sts:") => {
            "such a request does not have this key"
        }
        () => {
            "the key is not of this token's issuer, or names a claim that is no key; keys are `<issuer without https://>:sub` and `:aud`"
        }
    };
    format!("the request has no such key: {cause}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences() {
        let table = [
            ("abc", "abd", "they part at character 3, where the policy has `c` and the token `d`"),
            (
                "abc",
                "ab",
                "they part at character 3, where the policy has `c` and the token nothing more",
            ),
            ("abc", "ABC", "they differ in upper and lower case only"),
            ("abc", "abc ", "they differ in white space at the ends only"),
            ("a/", "a", "they differ in the trailing slash only, which counts"),
        ];
        for (expected, actual, said) in table {
            assert_eq!(difference(expected, actual), said);
        }
    }
}
