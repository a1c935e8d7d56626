//! Where two texts part, character by character, and the usual causes.

use crate::error::quoted;

/// Characters that both begin with.
pub(crate) fn common(left: &str, right: &str) -> usize {
    left.chars().zip(right.chars()).take_while(|(left, right)| left == right).count()
}

/// How the text that `whose` has ("the credential") differs from the token's.
pub(crate) fn difference(whose: &str, expected: &str, actual: &str) -> String {
    if expected.trim() == actual.trim() {
        return "they differ in white space at the ends only, which counts".to_owned();
    }
    let slashless = |text: &'_ str| text.trim_end_matches('/').len();
    if expected.get(..slashless(expected)) == actual.get(..slashless(actual)) {
        let has = if expected.len() > actual.len() { whose } else { "the token" };
        return format!("only the trailing slash differs, which counts: {has} has it");
    }
    let at = common(expected, actual) + 1;
    if expected.to_lowercase() == actual.to_lowercase() {
        return format!(
            "only letter case differs, which counts, from character {at} on: {whose} has {}, the token {}",
            character(expected, at),
            character(actual, at)
        );
    }
    format!(
        "they part at character {at}, where {whose} has {} and the token {}",
        character(expected, at),
        character(actual, at)
    )
}

/// The character at a place counted from 1.
fn character(text: &str, at: usize) -> String {
    match text.chars().nth(at - 1) {
        Some(character) => quoted(&character.to_string()),
        None => "nothing more".to_owned(),
    }
}

/// The text that is most like another: by what they begin with.
pub(crate) fn nearest<'a>(texts: impl IntoIterator<Item = &'a str>, to: &str) -> Option<&'a str> {
    texts.into_iter().max_by_key(|text| common(text, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_character() {
        let table = [
            ("abc", "abd", "they part at character 3, where the role has `c` and the token `d`"),
            (
                "abc",
                "ab",
                "they part at character 3, where the role has `c` and the token nothing more",
            ),
            (
                "a:B",
                "a:b",
                "only letter case differs, which counts, from character 3 on: the role has `B`, the token `b`",
            ),
            ("abc", "abc ", "they differ in white space at the ends only, which counts"),
            ("a/", "a", "only the trailing slash differs, which counts: the role has it"),
            ("a", "a/", "only the trailing slash differs, which counts: the token has it"),
        ];
        for (expected, actual, said) in table {
            assert_eq!(difference("the role", expected, actual), said);
        }
        assert_eq!(nearest(["xa", "ab", "b"], "abc"), Some("ab"));
    }
}
