//! Condition operators: one table, one parser of their names.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Multivalued context keys"
//! (read 2026-11).

use super::compare::{Compare, Relation};

/// One operator of the table.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// Negated operators match an absent key, and if no value matches (A60, A69).
    pub(super) negated: bool,
    /// The positive comparison.
    pub(super) compare: Compare,
}

const fn positive(name: &'static str, compare: Compare) -> Kind {
    Kind { name, negated: false, compare }
}

const fn negated(name: &'static str, compare: Compare) -> Kind {
    Kind { name, negated: true, compare }
}

const EQUALS: Compare = Compare::Text { like: false, ignore_case: false };
const EQUALS_IGNORE_CASE: Compare = Compare::Text { like: false, ignore_case: true };
const LIKE: Compare = Compare::Text { like: true, ignore_case: false };

/// Every operator IAM knows, without prefix and suffix (A63-A68).
const OPERATORS: &[Kind] = &[
    positive("ArnEquals", Compare::Arn),
    positive("ArnLike", Compare::Arn),
    negated("ArnNotEquals", Compare::Arn),
    negated("ArnNotLike", Compare::Arn),
    positive("BinaryEquals", Compare::Binary),
    positive("Bool", Compare::Bool),
    positive("DateEquals", Compare::Date(Relation::Equals)),
    positive("DateGreaterThan", Compare::Date(Relation::Greater)),
    positive("DateGreaterThanEquals", Compare::Date(Relation::GreaterEquals)),
    positive("DateLessThan", Compare::Date(Relation::Less)),
    positive("DateLessThanEquals", Compare::Date(Relation::LessEquals)),
    negated("DateNotEquals", Compare::Date(Relation::Equals)),
    positive("IpAddress", Compare::Ip),
    negated("NotIpAddress", Compare::Ip),
    positive("Null", Compare::Null),
    positive("NumericEquals", Compare::Number(Relation::Equals)),
    positive("NumericGreaterThan", Compare::Number(Relation::Greater)),
    positive("NumericGreaterThanEquals", Compare::Number(Relation::GreaterEquals)),
    positive("NumericLessThan", Compare::Number(Relation::Less)),
    positive("NumericLessThanEquals", Compare::Number(Relation::LessEquals)),
    negated("NumericNotEquals", Compare::Number(Relation::Equals)),
    positive("StringEquals", EQUALS),
    positive("StringEqualsIgnoreCase", EQUALS_IGNORE_CASE),
    positive("StringLike", LIKE),
    negated("StringNotEquals", EQUALS),
    negated("StringNotEqualsIgnoreCase", EQUALS_IGNORE_CASE),
    negated("StringNotLike", LIKE),
];

/// A set prefix (A70).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Set {
    /// `ForAllValues:`: true as well of a key that is not there.
    All,
    /// `ForAnyValue:`.
    Any,
}

/// An operator as a policy writes it: `ForAnyValue:StringLikeIfExists`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operator {
    pub(super) kind: &'static Kind,
    pub(super) set: Option<Set>,
    /// With `IfExists` (A67).
    pub(super) if_exists: bool,
}

/// What is wrong with an operator's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoOperator {
    /// AWS knows no such operator (A74).
    Unknown,
    /// `NullIfExists` (A68).
    NullIfExists,
}

impl Operator {
    /// # Errors
    ///
    /// Why IAM takes no such operator.
    pub(super) fn parse(name: &str) -> Result<Self, NoOperator> {
        let (set, inner) = match name.split_once(':') {
            Some(("ForAllValues", inner)) => (Some(Set::All), inner),
            Some(("ForAnyValue", inner)) => (Some(Set::Any), inner),
            _ => (None, name),
        };
        let (base, if_exists) = match inner.strip_suffix("IfExists") {
            Some(base) => (base, true),
            None => (inner, false),
        };
        match OPERATORS.iter().find(|kind| kind.name == base) {
            Some(Kind { compare: Compare::Null, .. }) if if_exists => Err(NoOperator::NullIfExists),
            Some(kind) => Ok(Self { kind, set, if_exists }),
            None => Err(NoOperator::Unknown),
        }
    }

    /// Whether `*` and `?` are wildcards under it (A63, A64).
    pub(super) fn is_like(self) -> bool {
        matches!(self.kind.compare, Compare::Text { like: true, .. } | Compare::Arn)
    }

    pub(super) fn is_null(self) -> bool {
        self.kind.compare == Compare::Null
    }

    /// Whether it holds of a key that is not there (A67, A69, A70); not asked of `Null`.
    pub(super) fn holds_for_absent(self) -> bool {
        match self.set {
            Some(Set::All) => true,
            Some(Set::Any) => false,
            None => self.if_exists || self.kind.negated,
        }
    }
}

/// The operators of a similar name, for a reader who misspelt one.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let base = name.rsplit(':').next().unwrap_or(name).trim_end_matches("IfExists");
    let same = OPERATORS.iter().find(|kind| kind.name.eq_ignore_ascii_case(base));
    let near = || OPERATORS.iter().find(|kind| super::spelling::is_near(kind.name, base));
    same.or_else(near).map(|kind| kind.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_parsed() {
        let table = [
            ("StringEquals", Ok((None, false))),
            ("StringLikeIfExists", Ok((None, true))),
            ("ForAllValues:StringLike", Ok((Some(Set::All), false))),
            ("ForAnyValue:StringLikeIfExists", Ok((Some(Set::Any), true))),
            ("ForAllValues:Null", Ok((Some(Set::All), false))),
            ("NotIpAddressIfExists", Ok((None, true))),
            ("NullIfExists", Err(NoOperator::NullIfExists)),
            ("ForAnyValue:NullIfExists", Err(NoOperator::NullIfExists)),
            ("stringequals", Err(NoOperator::Unknown)),
            ("StringMatches", Err(NoOperator::Unknown)),
            ("BinaryNotEquals", Err(NoOperator::Unknown)),
            ("ForEach:StringLike", Err(NoOperator::Unknown)),
            ("IfExists", Err(NoOperator::Unknown)),
            ("", Err(NoOperator::Unknown)),
        ];
        for (name, expected) in table {
            let found = Operator::parse(name).map(|op| (op.set, op.if_exists));
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn misspelt_names() {
        let table = [
            ("stringequals", Some("StringEquals")),
            ("ForAnyValue:StringEqual", Some("StringEquals")),
            ("Numericequals", Some("NumericEquals")),
            ("Whatever", None),
        ];
        for (name, expected) in table {
            assert_eq!(nearest(name), expected, "{name}");
        }
    }
}
