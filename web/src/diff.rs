//! What differs between two texts, character by character.

/// Longest middle part that is compared character by character; beyond it the whole middle counts as different.
const MAX_CELLS: usize = 250_000;

/// The shortest common stretch within the middle part that says anything.
const TELLING: usize = 4;

/// A run of characters that both sides have, or that only this side has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) text: String,
    pub(crate) same: bool,
}

/// Both sides as runs: what was expected, what was there.
pub(crate) fn diff(expected: &str, actual: &str) -> (Vec<Run>, Vec<Run>) {
    let left: Vec<char> = expected.chars().collect();
    let right: Vec<char> = actual.chars().collect();
    let (in_left, in_right) = common(&left, &right);
    (runs(&left, &in_left), runs(&right, &in_right))
}

/// The share of the longer text that both have, from 0 to 1.
pub(crate) fn likeness(expected: &str, actual: &str) -> f64 {
    let (left, right) = diff(expected, actual);
    let length = |runs: &[Run], all: bool| -> usize {
        runs.iter().filter(|run| all || run.same).map(|run| run.text.chars().count()).sum()
    };
    let longer = length(&left, true).max(length(&right, true));
    if longer == 0 { 1.0 } else { length(&left, false) as f64 / longer as f64 }
}

/// Which characters of each side belong to a longest common subsequence: what both begin and end with, and the middle's.
fn common(left: &[char], right: &[char]) -> (Vec<bool>, Vec<bool>) {
    let head = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let rest = left.len().min(right.len()) - head;
    let tail =
        left.iter().rev().zip(right.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let outside = |length: usize| -> Vec<bool> {
        (0..length).map(|at| at < head || at >= length - tail).collect()
    };
    let (mut in_left, mut in_right) = (outside(left.len()), outside(right.len()));
    let middle_left = left.get(head..left.len() - tail).unwrap_or_default();
    let middle_right = right.get(head..right.len() - tail).unwrap_or_default();
    for (a, b) in telling(&subsequence(middle_left, middle_right)) {
        for (marks, at) in [(&mut in_left, a), (&mut in_right, b)] {
            if let Some(mark) = marks.get_mut(head + at) {
                *mark = true;
            }
        }
    }
    (in_left, in_right)
}

/// Without the scattered letters that any two texts share: stretches of fewer than `TELLING`.
fn telling(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let stretches = pairs.chunk_by(|(a, b), next| (a + 1, b + 1) == *next);
    stretches.filter(|stretch| stretch.len() >= TELLING).flatten().copied().collect()
}

/// Pairs of positions of a longest common subsequence.
fn subsequence(left: &[char], right: &[char]) -> Vec<(usize, usize)> {
    let width = right.len() + 1;
    if left.len().saturating_mul(right.len()) > MAX_CELLS {
        return Vec::new();
    }
    let mut lengths = vec![0_usize; (left.len() + 1) * width];
    let at =
        |lengths: &[usize], a: usize, b: usize| lengths.get(a * width + b).copied().unwrap_or(0);
    for (a, x) in left.iter().enumerate().rev() {
        for (b, y) in right.iter().enumerate().rev() {
            let length = if x == y {
                at(&lengths, a + 1, b + 1) + 1
            } else {
                at(&lengths, a + 1, b).max(at(&lengths, a, b + 1))
            };
            if let Some(cell) = lengths.get_mut(a * width + b) {
                *cell = length;
            }
        }
    }
    let (mut a, mut b, mut pairs) = (0, 0, Vec::new());
    while let (Some(x), Some(y)) = (left.get(a), right.get(b)) {
        if x == y {
            pairs.push((a, b));
            (a, b) = (a + 1, b + 1);
        } else if at(&lengths, a + 1, b) >= at(&lengths, a, b + 1) {
            a += 1;
        } else {
            b += 1;
        }
    }
    pairs
}

fn runs(text: &[char], same: &[bool]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (letter, same) in text.iter().zip(same) {
        match runs.last_mut() {
            Some(run) if run.same == *same => run.text.push(*letter),
            _ => runs.push(Run { text: letter.to_string(), same: *same }),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is on one side alone in square brackets.
    fn marked(runs: &[Run]) -> String {
        runs.iter()
            .map(|run| if run.same { run.text.clone() } else { format!("[{}]", run.text) })
            .collect()
    }

    #[test]
    fn differences_are_the_characters_that_differ() {
        let table = [
            ("same", "same", "same", "same"),
            (
                "https://a.example",
                "https://a.example/",
                "https://a.example",
                "https://a.example[/]",
            ),
            ("sts.amazonaws.com", "sts.amazon.com", "sts.amazon[aws].com", "sts.amazon.com"),
            ("ns:prod:api", "ns:production:api", "ns:prod:api", "ns:prod[uction]:api"),
            ("", "x", "", "[x]"),
            (
                "a.kubernetes.default",
                "a.auth-service.x",
                "a.[kubernetes.default]",
                "a.[auth-service.x]",
            ),
        ];
        for (expected, actual, left, right) in table {
            let (a, b) = diff(expected, actual);
            assert_eq!((marked(&a).as_str(), marked(&b).as_str()), (left, right));
        }
    }

    #[test]
    fn huge_texts_are_not_compared_in_the_middle() {
        let (left, right) = ("a".repeat(10_000), "b".repeat(10_000));
        assert_eq!(diff(&left, &right).0.len(), 1);
        assert!(likeness(&left, &right) < 0.01);
    }
}
