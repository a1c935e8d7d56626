//! Condition operators, one record each. An operator without a comparison is known to IAM but not yet
//! modelled: what hinges on it is unknown.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators" (read 2026-11).

/// How an operator compares one value of the policy with one of the request.
type Compare = fn(policy: &str, request: &str) -> bool;

/// One operator of the table.
#[derive(Debug)]
pub(super) struct Kind {
    name: &'static str,
    /// Negated operators match an absent key, and if no value matches (A60, A69).
    pub(super) negated: bool,
    /// `${...}` in its values is a variable (A91).
    pub(super) variables: bool,
    /// The positive comparison; `None`: not modelled.
    pub(super) compare: Option<Compare>,
}

const fn modelled(name: &'static str, negated: bool, compare: Compare) -> Kind {
    Kind { name, negated, variables: true, compare: Some(compare) }
}

const fn known(name: &'static str, negated: bool) -> Kind {
    Kind { name, negated, variables: false, compare: None }
}

/// Every operator IAM knows, without prefix and suffix (A63-A68).
const OPERATORS: &[Kind] = &[
    known("ArnEquals", false),
    known("ArnLike", false),
    known("ArnNotEquals", true),
    known("ArnNotLike", true),
    known("BinaryEquals", false),
    known("Bool", false),
    known("DateEquals", false),
    known("DateGreaterThan", false),
    known("DateGreaterThanEquals", false),
    known("DateLessThan", false),
    known("DateLessThanEquals", false),
    known("DateNotEquals", true),
    known("IpAddress", false),
    known("NotIpAddress", true),
    known("Null", false),
    known("NumericEquals", false),
    known("NumericGreaterThan", false),
    known("NumericGreaterThanEquals", false),
    known("NumericLessThan", false),
    known("NumericLessThanEquals", false),
    known("NumericNotEquals", true),
    modelled("StringEquals", false, equals),
    modelled("StringEqualsIgnoreCase", false, equals_ignore_case),
    modelled("StringLike", false, like),
    modelled("StringNotEquals", true, equals),
    modelled("StringNotEqualsIgnoreCase", true, equals_ignore_case),
    modelled("StringNotLike", true, like),
];

/// An operator as a policy writes it: `ForAnyValue:StringLikeIfExists`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operator {
    pub(super) kind: &'static Kind,
    /// Behind `ForAllValues:` or `ForAnyValue:` (A70); not modelled.
    pub(super) set: bool,
    /// With `IfExists` (A67); not modelled.
    pub(super) if_exists: bool,
}

impl Operator {
    /// `None` if AWS knows no such operator (A74); `NullIfExists` is none (A68).
    pub(super) fn parse(name: &str) -> Option<Self> {
        let inner =
            name.strip_prefix("ForAllValues:").or_else(|| name.strip_prefix("ForAnyValue:"));
        let set = inner.is_some();
        let inner = inner.unwrap_or(name);
        let (base, if_exists) = match inner.strip_suffix("IfExists") {
            Some(base) => (base, true),
            None => (inner, false),
        };
        let kind = OPERATORS.iter().find(|kind| kind.name == base)?;
        (!(if_exists && kind.name == "Null")).then_some(Self { kind, set, if_exists })
    }

    /// Its comparison, if all of it is modelled.
    pub(super) fn compare(self) -> Option<Compare> {
        self.kind.compare.filter(|_| !self.set && !self.if_exists)
    }

    /// Whether `*` and `?` are wildcards under it (A63).
    pub(super) fn is_like(self) -> bool {
        self.kind.name.ends_with("Like")
    }
}

fn equals(policy: &str, request: &str) -> bool {
    policy == request
}

fn equals_ignore_case(policy: &str, request: &str) -> bool {
    policy == request || policy.to_lowercase() == request.to_lowercase()
}

/// A63: `*` is any run of characters, none and `:` and `/` included; `?` exactly one; all of the value.
pub(super) fn like(pattern: &str, value: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let value: Vec<char> = value.chars().collect();
    let (mut at, mut from) = (0, 0);
    // Where the last `*` stands, and how far it has swallowed.
    let mut star: Option<(usize, usize)> = None;
    while let Some(character) = value.get(from) {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(expected) if *expected == '?' || expected == character => {
                at += 1;
                from += 1;
            }
            _ => {
                let Some((star_at, swallowed)) = star else { return false };
                star = Some((star_at, swallowed + 1));
                at = star_at + 1;
                from = swallowed + 1;
            }
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_parsed() {
        let table = [
            ("StringEquals", Some((true, false, false))),
            ("StringLikeIfExists", Some((false, false, true))),
            ("ForAllValues:StringLike", Some((false, true, false))),
            ("ForAnyValue:StringLikeIfExists", Some((false, true, true))),
            ("Bool", Some((false, false, false))),
            ("NullIfExists", None),
            ("stringequals", None),
            ("StringMatches", None),
            ("ForEach:StringLike", None),
            ("IfExists", None),
            ("", None),
        ];
        for (name, expected) in table {
            let found = Operator::parse(name);
            let found = found.map(|op| (op.compare().is_some(), op.set, op.if_exists));
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn wildcards() {
        let table = [
            ("", "", true),
            ("*", "", true),
            ("**", "a:b/c", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a*c", "abcbc", true),
            ("a*c", "abcb", false),
            ("*:*:*:*:*", "system:serviceaccount:a:b", false),
            ("system:serviceaccount:prod*", "system:serviceaccount:prod-evil:x", true),
            ("?", "ü", true),
            ("A*", "abc", false),
            ("*b", "ab\nb", true),
            ("a**b*", "axxb", true),
        ];
        for (pattern, value, matches) in table {
            assert_eq!(like(pattern, value), matches, "{pattern} {value}");
        }
    }
}
