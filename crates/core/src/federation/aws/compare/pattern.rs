//! Patterns with `*` and `?`, as a whole (A63) or part by part of an ARN (A64).

/// One sign of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Glyph {
    /// `?` of the policy's own text: exactly one character.
    One,
    /// `*` of the policy's own text: any run of characters, none included.
    Run,
    /// Itself, as the policy writes it.
    Byte(u8),
    /// Itself, out of a variable: never a wildcard, nor the end of an ARN's part.
    Put(u8),
}

/// The signs of a text without variables.
pub(in super::super) fn glyphs(text: &str) -> Vec<Glyph> {
    text.bytes().map(glyph).collect()
}

/// A byte of the policy's own text.
pub(in super::super) const fn glyph(byte: u8) -> Glyph {
    match byte {
        b'*' => Glyph::Run,
        b'?' => Glyph::One,
        other => Glyph::Byte(other),
    }
}

/// The text that signs stand for where wildcards are plain characters.
pub(super) fn plain(glyphs: &[Glyph]) -> String {
    let bytes = glyphs.iter().map(|glyph| match glyph {
        Glyph::One => b'?',
        Glyph::Run => b'*',
        Glyph::Byte(byte) | Glyph::Put(byte) => *byte,
    });
    String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned()
}

/// A63: `*` is any run of characters, none and `:` and `/` included; `?` exactly one; all of the value.
pub(in super::super) fn like(pattern: &str, value: &str) -> bool {
    match pattern.contains(['*', '?']) {
        true => matches(&glyphs(pattern), value),
        false => pattern == value,
    }
}

/// The same of signs.
pub(in super::super) fn matches(pattern: &[Glyph], value: &str) -> bool {
    let bytes = value.as_bytes();
    let (mut at, mut from) = (0, 0);
    // Where the last `*` stands, and how far it has swallowed.
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = bytes.get(from) {
        match pattern.get(at) {
            Some(Glyph::Run) => {
                star = Some((at, from));
                at += 1;
            }
            Some(Glyph::One) => {
                at += 1;
                from += width(*byte);
            }
            Some(Glyph::Byte(expected) | Glyph::Put(expected)) if expected == byte => {
                at += 1;
                from += 1;
            }
            _ => {
                let Some((star_at, swallowed)) = star else { return false };
                let next = swallowed + bytes.get(swallowed).map_or(1, |byte| width(*byte));
                star = Some((star_at, next));
                at = star_at + 1;
                from = next;
            }
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == Glyph::Run)
}

/// Bytes of the character that starts with this one (RFC 3629 §3).
const fn width(first: u8) -> usize {
    match first {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    }
}

/// A64: six parts at the first five colons, part by part; `None` if a side is no ARN.
pub(super) fn arn_matches(policy: &[Glyph], request: &str) -> Option<bool> {
    let wanted: Vec<&[Glyph]> = policy.splitn(6, |glyph| *glyph == Glyph::Byte(b':')).collect();
    let found: Vec<&str> = request.splitn(6, ':').collect();
    (wanted.len() == 6 && found.len() == 6)
        .then(|| wanted.iter().zip(&found).all(|(wanted, found)| matches(wanted, found)))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("?", "🚀", true),
            ("??", "ü", false),
            ("*ü?", "aüü€", true),
            ("A*", "abc", false),
            ("*b", "ab\nb", true),
            ("a**b*", "axxb", true),
        ];
        for (pattern, value, expected) in table {
            assert_eq!(like(pattern, value), expected, "{pattern} {value}");
        }
    }

    #[test]
    fn what_variables_put_in_is_plain() {
        let put = |text: &str| -> Vec<Glyph> { text.bytes().map(Glyph::Put).collect() };
        assert!(!matches(&put("a*"), "ab"));
        assert!(matches(&put("a*"), "a*"));
        // A colon out of a variable does not end an ARN's part.
        let mut pattern = glyphs("arn:aws:s3:::");
        pattern.extend(put("a:b"));
        assert_eq!(arn_matches(&pattern, "arn:aws:s3:::a:b"), Some(true));
    }
}
