//! How many tests the runners say have passed and failed.

use std::fmt;
use std::ops::AddAssign;

/// Tests counted from what the runners print.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Tally {
    /// Reads a closing line of libtest, which wasm-bindgen's runner also prints:
    /// `test result: ok. 12 passed; 0 failed; 0 ignored; ...`.
    pub(crate) fn of_libtest(line: &str) -> Self {
        let Some(counts) = line.trim().strip_prefix("test result: ") else {
            return Self::default();
        };
        let before = |word: &str| {
            counts
                .split([';', '.'])
                .find_map(|part| part.trim().strip_suffix(word)?.trim().parse().ok())
                .unwrap_or(0)
        };
        Self { passed: before("passed"), failed: before("failed") }
    }

    /// Reads a closing line of Node's runner: `ℹ pass 12` or, as TAP, `# pass 12`.
    /// A cancelled test is a failed one.
    pub(crate) fn of_node(line: &str) -> Self {
        let mut words = line.split_whitespace();
        let (mark, word, number, end) = (words.next(), words.next(), words.next(), words.next());
        let count = number.and_then(|number| number.parse().ok()).unwrap_or(0);
        match (mark, word, end) {
            (Some("ℹ" | "#"), Some("pass"), None) => Self { passed: count, failed: 0 },
            (Some("ℹ" | "#"), Some("fail" | "cancelled"), None) => {
                Self { passed: 0, failed: count }
            }
            _ => Self::default(),
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn closing_lines_of_the_runners_are_read_and_others_are_not() {
        #[rustfmt::skip]
        let table = [
            ("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s", (12, 0)),
            ("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out", (3, 2)),
            ("test a_name ... ok", (0, 0)),
            ("5 passed; 0 failed", (0, 0)),
        ];
        for (line, (passed, failed)) in table {
            assert_eq!(Tally::of_libtest(line), Tally { passed, failed }, "{line}");
        }
        #[rustfmt::skip]
        let table = [
            ("ℹ pass 7", (7, 0)),
            ("# fail 2", (0, 2)),
            ("ℹ cancelled 1", (0, 1)),
            ("ℹ tests 9", (0, 0)),
            ("# pass 3 more", (0, 0)),
            ("✔ pass 4 (1.2ms)", (0, 0)),
        ];
        for (line, (passed, failed)) in table {
            assert_eq!(Tally::of_node(line), Tally { passed, failed }, "{line}");
        }
    }
}
