//! How operators compare one value of the policy with one of the request (A63-A66).
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators" (read 2026-11).

mod date;
mod ip;
mod number;
mod pattern;

use std::cmp::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(super) use date::Instant;
pub(super) use ip::Network;
pub(super) use number::Number;
pub(super) use pattern::{Glyph, glyphs, like, matches};

/// What an operator compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    /// A64.
    Arn,
    Binary,
    Bool,
    Date(Relation),
    Ip,
    /// A68: whether the key is there.
    Null,
    Number(Relation),
    Text {
        like: bool,
        ignore_case: bool,
    },
}

/// How two values of an order must stand to each other: the request's, then the policy's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Equals,
    Greater,
    GreaterEquals,
    Less,
    LessEquals,
}

impl Relation {
    fn holds(self, request_to_policy: Ordering) -> bool {
        match self {
            Self::Equals => request_to_policy.is_eq(),
            Self::Greater => request_to_policy.is_gt(),
            Self::GreaterEquals => request_to_policy.is_ge(),
            Self::Less => request_to_policy.is_lt(),
            Self::LessEquals => request_to_policy.is_le(),
        }
    }
}

impl Compare {
    /// A91: whether `${...}` in its values is a variable.
    pub(super) fn takes_variables(self) -> bool {
        matches!(self, Self::Text { .. } | Self::Arn)
    }

    /// Compares; `None` if a side is not of the operator's type, which then matches nothing (A65).
    pub(super) fn matches(self, policy: &str, request: &str) -> Option<bool> {
        match self {
            Self::Text { like: false, ignore_case: false } => Some(policy == request),
            Self::Text { like: false, ignore_case: true } => {
                Some(equals_ignore_case(policy, request))
            }
            Self::Text { like: true, .. } => Some(like(policy, request)),
            Self::Arn => pattern::arn_matches(&glyphs(policy), request),
            Self::Binary => Some(binary(policy)? == binary(request)?),
            Self::Bool => Some(boolean(policy)? == boolean(request)?),
            Self::Date(relation) => {
                Some(relation.holds(Instant::parse(request)?.cmp(&Instant::parse(policy)?)))
            }
            Self::Number(relation) => {
                Some(relation.holds(Number::parse(request)?.compare(Number::parse(policy)?)))
            }
            Self::Ip => Some(Network::parse(policy)?.contains(ip::address(request)?)),
            Self::Null => None,
        }
    }

    /// The same of a value whose variables were put in: what came out of them is no wildcard (A94).
    pub(super) fn matches_glyphs(self, policy: &[Glyph], request: &str) -> Option<bool> {
        match self {
            Self::Text { like: true, .. } => Some(matches(policy, request)),
            Self::Arn => pattern::arn_matches(policy, request),
            _ => self.matches(&pattern::plain(policy), request),
        }
    }

    /// Whether a value is of the operator's type at all.
    pub(super) fn takes(self, policy: &str) -> bool {
        match self {
            Self::Text { .. } => true,
            Self::Arn => {
                let mut parts = policy.split(':');
                let is_arn = parts.next().is_some_and(|first| like(first, "arn"));
                is_arn && parts.count() >= 5
            }
            Self::Binary => binary(policy).is_some(),
            Self::Bool | Self::Null => boolean(policy).is_some(),
            Self::Date(_) => Instant::parse(policy).is_some(),
            Self::Number(_) => Number::parse(policy).is_some(),
            Self::Ip => Network::parse(policy).is_some(),
        }
    }

    /// The type, for a reader.
    pub(super) fn wants(self) -> &'static str {
        match self {
            Self::Arn => "an ARN: arn:partition:service:region:account:resource",
            Self::Binary => "base64",
            Self::Bool | Self::Null => "true or false",
            Self::Date(_) => "a date of ISO 8601 (2026-11-27T10:00:00Z) or epoch seconds",
            Self::Ip => "an IP address or a range (192.0.2.0/24, 2001:db8::/32)",
            Self::Number(_) => "a number",
            Self::Text { .. } => "a text",
        }
    }
}

fn equals_ignore_case(policy: &str, request: &str) -> bool {
    policy.eq_ignore_ascii_case(request) || policy.to_lowercase() == request.to_lowercase()
}

/// A66: the letters' case does not matter.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match () {
        () if text.eq_ignore_ascii_case("true") => Some(true),
        () if text.eq_ignore_ascii_case("false") => Some(false),
        () => None,
    }
}

fn binary(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::super::condition::Operator;

    /// Operator, policy, request: match, or a side of the wrong type.
    #[test]
    fn comparisons() {
        let (yes, no, neither) = (Some(true), Some(false), None);
        let arn = "arn:aws:ec2:us-east-1:123456789012:instance/i-12345";
        #[rustfmt::skip]
        let table = [
            ("StringEquals", "a*", "a*", yes),
            ("StringEquals", "a*", "ab", no),
            ("StringEquals", "A", "a", no),
            ("StringEqualsIgnoreCase", "STRASSE", "strasse", yes),
            ("StringEqualsIgnoreCase", "Ü", "ü", yes),
            ("StringEqualsIgnoreCase", "a*", "ab", no),
            ("StringLike", "a*", "ab", yes),
            ("StringLike", "A*", "ab", no),
            ("ArnLike", arn, arn, yes),
            ("ArnEquals", "arn:aws:ec2:*:*:instance/*", arn, yes),
            ("ArnLike", "arn:aws:*:instance/*", arn, neither),
            ("ArnLike", "arn:aws:e?2:us-*:1*2:instance/i-12345", arn, yes),
            ("ArnLike", "arn:aws:ec2:us-east-1:123456789012:*", "arn:aws:ec2:us-east-1:123456789012:a:b", yes),
            ("ArnLike", "arn:AWS:ec2:us-east-1:123456789012:*", arn, no),
            ("ArnLike", arn, "i-12345", neither),
            ("ArnLike", "*", arn, neither),
            ("NumericEquals", "10", "10.0", yes),
            ("NumericEquals", "10", "11", no),
            ("NumericEquals", "10", "ten", neither),
            ("NumericLessThan", "10", "5", yes),
            ("NumericLessThan", "10", "10", no),
            ("NumericLessThanEquals", "10", "10", yes),
            ("NumericGreaterThan", "-1.5", "-1.25", yes),
            ("NumericGreaterThanEquals", "9007199254740993", "9007199254740992", no),
            ("DateEquals", "2026-09-11T10:00:00Z", "2026-09-11T12:00:00+02:00", yes),
            ("DateEquals", "1789120800", "2026-09-11T10:00:00Z", yes),
            ("DateLessThan", "2026-12-31T00:00:00Z", "2026-09-11T10:00:00Z", yes),
            ("DateGreaterThan", "2026-09-11", "2026-09-11T00:00:00.5Z", yes),
            ("DateGreaterThan", "soon", "2026-09-11T00:00:00Z", neither),
            ("Bool", "true", "TRUE", yes),
            ("Bool", "true", "false", no),
            ("Bool", "yes", "true", neither),
            ("BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", yes),
            ("BinaryEquals", "QQ==", "Qg==", no),
            ("BinaryEquals", "QQ==", "=", neither),
            ("IpAddress", "192.0.2.0/24", "192.0.2.200", yes),
            ("IpAddress", "192.0.2.77/24", "192.0.2.200", yes),
            ("IpAddress", "192.0.2.0/24", "192.0.3.0", no),
            ("IpAddress", "0.0.0.0/0", "203.0.113.9", yes),
            ("IpAddress", "192.0.2.1", "192.0.2.1", yes),
            ("IpAddress", "2001:DB8:0::/32", "2001:db8::1", yes),
            ("IpAddress", "2001:db8:0:0:0:0:0:1", "2001:db8::1", yes),
            ("IpAddress", "2001:db8::/32", "192.0.2.1", no),
            ("IpAddress", "192.0.2.0/33", "192.0.2.1", neither),
            ("IpAddress", "192.0.2.0/24", "unknown", neither),
        ];
        for (operator, policy, request, expected) in table {
            let compare = Operator::parse(operator).unwrap().kind.compare;
            assert_eq!(compare.matches(policy, request), expected, "{operator} {policy} {request}");
        }
    }
}
