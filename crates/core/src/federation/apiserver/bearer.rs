//! The `Authorization` header (K48).
//!
//! Source: `staging/src/k8s.io/apiserver/pkg/authentication/request/bearertoken/bearertoken.go`.

/// What a header holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Bearer<'a> {
    /// No bearer token, so the request is an anonymous one.
    None,
    /// None either, and a warning: a blank stands before the token.
    BlankBefore,
    Token(&'a str),
}

pub(super) fn bearer(header: &str) -> Bearer<'_> {
    let mut parts = header.trim().splitn(3, ' ');
    let scheme = parts.next().unwrap_or_default();
    match (scheme.eq_ignore_ascii_case("bearer"), parts.next(), parts.next()) {
        (true, Some(""), Some(_)) => Bearer::BlankBefore,
        (true, Some(token), _) if !token.is_empty() => Bearer::Token(token),
        _ => Bearer::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers() {
        let table = [
            ("Bearer abc", Bearer::Token("abc")),
            ("bEARER abc def ghi", Bearer::Token("abc")),
            ("  Bearer \nabc\n ", Bearer::Token("\nabc")),
            ("Bearer  abc", Bearer::BlankBefore),
            ("Bearer ", Bearer::None),
            ("Bearer", Bearer::None),
            ("", Bearer::None),
            ("Basic abc", Bearer::None),
            ("Bearer\tabc", Bearer::None),
        ];
        for (header, found) in table {
            assert_eq!(bearer(header), found, "{header:?}");
        }
    }
}
