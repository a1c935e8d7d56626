//! Is one name a slip of the pen for another?

/// At most two letters wrong, missing or too many, letter case aside.
pub(super) fn is_near(right: &str, written: &str) -> bool {
    let (right, written) = (right.to_ascii_lowercase(), written.to_ascii_lowercase());
    right.len().abs_diff(written.len()) <= 2 && distance(right.as_bytes(), written.as_bytes()) <= 2
}

/// Levenshtein's distance.
fn distance(left: &[u8], right: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, a) in left.iter().enumerate() {
        let mut diagonal = line;
        let mut before = line + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(right) {
            let above = *cell;
            *cell = (diagonal + usize::from(a != b)).min(above + 1).min(before + 1);
            (diagonal, before) = (above, *cell);
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips() {
        let table = [
            ("AssumeRole", "assumerole", true),
            ("AssumeRole", "AssumRole", true),
            ("AssumeRole", "AsumeRoles", true),
            ("AssumeRole", "AssumeRoleWithSAML", false),
            ("sub", "aud", true),
            ("kitten", "sitting", false),
            ("", "ab", true),
            ("", "abc", false),
        ];
        for (right, written, near) in table {
            assert_eq!(is_near(right, written), near, "{right} {written}");
        }
    }
}
