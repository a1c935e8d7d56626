//! Go's `url.Parse`, as far as flags of the API server are judged by it.
//!
//! Source: Go `net/url` `Parse`, `getScheme`, `parseAuthority`, `parseHost`, `unescape`.

use crate::go;

/// The parts that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url<'a> {
    /// In lower case; empty for a relative reference.
    pub(crate) scheme: String,
    pub(crate) query: &'a str,
    pub(crate) fragment: &'a str,
}

/// What Go says of a text that is no URL, its `parse "..."` included.
pub(crate) fn parse(text: &str) -> Result<Url<'_>, String> {
    parts(text).map_err(|problem| {
        let whole = text.split_once('#').map_or(text, |(before, _)| before);
        // A bad fragment is reported with the whole text, anything else without it.
        let shown = if problem.in_fragment { text } else { whole };
        format!("parse {}: {}", go::quoted(shown), problem.text)
    })
}

struct Problem {
    text: String,
    in_fragment: bool,
}

impl From<String> for Problem {
    fn from(text: String) -> Self {
        Self { text, in_fragment: false }
    }
}

fn parts(text: &str) -> Result<Url<'_>, Problem> {
    let (before, fragment) = text.split_once('#').unwrap_or((text, ""));
    if before.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return Err("net/url: invalid control character in URL".to_owned().into());
    }
    let (scheme, rest) = scheme(before)?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    if !rest.starts_with('/') {
        if !scheme.is_empty() {
            return Ok(Url { scheme, query, fragment }); // opaque: `mailto:x`
        }
        let segment = rest.split('/').next().unwrap_or_default();
        if segment.contains(':') {
            return Err("first path segment in URL cannot contain colon".to_owned().into());
        }
    }
    let authority =
        rest.strip_prefix("//").filter(|rest| !scheme.is_empty() || !rest.starts_with('/'));
    let path = match authority {
        Some(rest) => {
            let at = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(at);
            host(authority.rsplit_once('@').map_or(authority, |(_, host)| host))?;
            path
        }
        None => rest,
    };
    escapes(path)?;
    escapes(fragment).map_err(|text| Problem { text, in_fragment: true })?;
    Ok(Url { scheme, query, fragment })
}

/// What stands before the first colon, if it is a scheme.
fn scheme(text: &str) -> Result<(String, &str), String> {
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => {
                let (scheme, rest) = text.split_at(at);
                return Ok((scheme.to_ascii_lowercase(), rest.get(1..).unwrap_or_default()));
            }
            _ => break,
        }
    }
    Ok((String::new(), text))
}

/// Host and port: the first character that Go does not take in a host, the first bad escape, a bad port.
fn host(host: &str) -> Result<(), String> {
    let name = match host.strip_prefix('[') {
        Some(rest) => {
            let Some((_, port)) = rest.rsplit_once(']') else {
                return Err("missing ']' in host".to_owned());
            };
            return valid_port(port);
        }
        None => host,
    };
    if let Some((_, port)) = name.rsplit_once(':') {
        valid_port(&format!(":{port}"))?;
    }
    escapes(name)?;
    let refused = |c: char| {
        c.is_ascii() && !c.is_ascii_alphanumeric() && !"-_.~!$&'()*+,;=:[]<>\"%".contains(c)
    };
    match name.chars().find(|c| refused(*c)) {
        Some(c) => Err(format!("invalid character {} in host name", go::quoted(&c.to_string()))),
        None => Ok(()),
    }
}

fn valid_port(port: &str) -> Result<(), String> {
    let digits = port.strip_prefix(':');
    let good = port.is_empty() || digits.is_some_and(|d| d.bytes().all(|b| b.is_ascii_digit()));
    if good { Ok(()) } else { Err(format!("invalid port {} after host", go::quoted(port))) }
}

/// `%` needs two hexadecimal digits.
fn escapes(text: &str) -> Result<(), String> {
    for (at, _) in text.match_indices('%') {
        let escape = text.get(at + 1..).unwrap_or_default();
        let digits = escape.bytes().take(2).filter(u8::is_ascii_hexdigit).count();
        if digits < 2 {
            let shown: String = text
                .chars()
                .skip(text.get(..at).unwrap_or_default().chars().count())
                .take(3)
                .collect();
            return Err(format!("invalid URL escape {}", go::quoted(&shown)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_go_says() {
        #[rustfmt::skip]
        let table = [
            ("https://a b",           "parse \"https://a b\": invalid character \" \" in host name"),
            ("https://host:port",     "parse \"https://host:port\": invalid port \":port\" after host"),
            (":x",                    "parse \":x\": missing protocol scheme"),
            ("1a:b",                  "parse \"1a:b\": first path segment in URL cannot contain colon"),
            ("https://a/%zz",         "parse \"https://a/%zz\": invalid URL escape \"%zz\""),
            ("https://a/%z#f",        "parse \"https://a/%z\": invalid URL escape \"%z\""),
            ("https://[::1",          "parse \"https://[::1\": missing ']' in host"),
            ("https://a\n",           "parse \"https://a\\n\": net/url: invalid control character in URL"),
        ];
        for (text, error) in table {
            assert_eq!(parse(text), Err(error.to_owned()), "{text}");
        }
    }

    #[test]
    fn takes_apart() {
        #[rustfmt::skip]
        let table = [
            ("https://a.example/b?c#d",  "https", "c", "d"),
            ("HTTPS://[::1]:443/x",      "https", "",  ""),
            ("api",                      "",      "",  ""),
            ("/keys",                    "",      "",  ""),
            ("urn:x:y",                  "urn",   "",  ""),
            ("spiffe://a",               "spiffe", "", ""),
            ("https://käse.example",     "https", "",  ""),
            ("",                         "",      "",  ""),
        ];
        for (text, scheme, query, fragment) in table {
            let expected = Url { scheme: scheme.to_owned(), query, fragment };
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in ".{0,40}", url in "[a:/%\\[\\]@?# é0-9]{0,20}") {
            let _ = (parse(&text), parse(&url));
        }
    }
}
