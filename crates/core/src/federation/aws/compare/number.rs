//! Numbers as the Numeric operators compare them (A65).

use std::cmp::Ordering;

/// A number: whole ones are compared exactly, others as doubles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) enum Number {
    Whole(i128),
    Double(f64),
}

impl Number {
    /// Reads digits with a sign, a decimal point and an exponent; nothing else is a number.
    pub(in super::super) fn parse(text: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
        if !text.bytes().all(fits) || !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        match text.parse() {
            Ok(whole) => Some(Self::Whole(whole)),
            Err(_) => text.parse().ok().filter(|double: &f64| double.is_finite()).map(Self::Double),
        }
    }

    pub(in super::super) fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Whole(left), Self::Whole(right)) => left.cmp(&right),
            // Finite numbers always have an order.
            _ => self.double().partial_cmp(&other.double()).unwrap_or(Ordering::Equal),
        }
    }

    fn double(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Double(double) => double,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_and_nothing_else() {
        let table = [
            ("10", Some(Number::Whole(10))),
            ("-0", Some(Number::Whole(0))),
            ("+3", Some(Number::Whole(3))),
            ("1.50", Some(Number::Double(1.5))),
            ("1e3", Some(Number::Double(1000.0))),
            (".5", Some(Number::Double(0.5))),
            ("", None),
            ("-", None),
            ("e", None),
            ("inf", None),
            ("NaN", None),
            ("0x10", None),
            ("1e999", None),
            ("10 apples", None),
            (" 10", None),
            ("1,000", None),
        ];
        for (text, expected) in table {
            assert_eq!(Number::parse(text), expected, "{text}");
        }
    }
}
