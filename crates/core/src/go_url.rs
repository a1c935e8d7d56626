//! Go's `url.Parse`, and how a parsed URL prints, as far as flags of the API server are judged by it.
//!
//! Source: Go 1.26 (which builds Kubernetes 1.36) `net/url` `Parse`, `getScheme`, `parseAuthority`, `parseHost`, `unescape`.

use std::net::{Ipv4Addr, Ipv6Addr};

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
    let (authority, path) = authority(&scheme, rest);
    if let Some(authority) = authority {
        let (user, name) = match authority.rsplit_once('@') {
            Some((user, name)) => (Some(user), name),
            None => (None, authority),
        };
        host(&scheme, name)?;
        user.map_or(Ok(()), user_info)?;
    }
    escapes(path)?;
    escapes(fragment).map_err(|text| Problem { text, in_fragment: true })?;
    Ok(Url { scheme, query, fragment })
}

/// `//host` and what follows it, or a path alone.
fn authority<'a>(scheme: &str, rest: &'a str) -> (Option<&'a str>, &'a str) {
    let after = rest.strip_prefix("//").filter(|rest| !scheme.is_empty() || !rest.starts_with('/'));
    let Some(after) = after else { return (None, rest) };
    let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
    (Some(authority), path)
}

/// `url.String` of a URL that was parsed: the scheme in lower case, what a path or fragment cannot hold escaped.
pub(crate) fn printed(text: &str) -> String {
    let (before, fragment) = text.split_once('#').unwrap_or((text, ""));
    let Ok((scheme, rest)) = scheme(before) else { return text.to_owned() };
    let (rest, query) =
        rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let mut whole = if scheme.is_empty() { String::new() } else { format!("{scheme}:") };
    if !scheme.is_empty() && !rest.starts_with('/') {
        whole.push_str(rest);
    } else {
        let (authority, path) = authority(&scheme, rest);
        // An empty host with nothing after it is not printed.
        if let Some(host) = authority.filter(|host| !host.is_empty() || !path.is_empty()) {
            whole.push_str("//");
            whole.push_str(host);
        }
        whole.push_str(&escaped(path, "$&+,/:;=@"));
    }
    if let Some(query) = query {
        whole.push('?');
        whole.push_str(query);
    }
    if !fragment.is_empty() {
        whole.push('#');
        whole.push_str(&escaped(fragment, "$&+,/:;=?@!()*"));
    }
    whole
}

/// As it was written if nothing in it needs an escape; else decoded and escaped anew. `plain`: what does not, beside
/// letters, digits and `-_.~`.
fn escaped(text: &str, plain: &str) -> String {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    let may_stay =
        |b: u8| unreserved(b) || b"!$&'()*+,;=:@[]%".contains(&b) || plain.as_bytes().contains(&b);
    if text.bytes().all(may_stay) {
        return text.to_owned();
    }
    let escape = |b: u8| match unreserved(b) || plain.as_bytes().contains(&b) {
        true => char::from(b).to_string(),
        false => format!("%{b:02X}"),
    };
    unescaped(text).into_iter().map(escape).collect()
}

/// The bytes of a text whose escapes are good.
fn unescaped(text: &str) -> Vec<u8> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let digits = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (digits, part.get(2..)) {
            (Some(byte), Some(rest)) => {
                bytes.push(byte);
                bytes.extend(rest.bytes());
            }
            _ => bytes.extend(part.bytes()),
        }
    }
    bytes
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

/// Host and port.
fn host(scheme: &str, host: &str) -> Result<(), String> {
    match host.rfind('[') {
        Some(0) => return ip_literal(host),
        Some(_) => return Err("invalid IP-literal".to_owned()),
        None => {}
    }
    // Since Go 1.26 the first colon ends a host of the web; elsewhere the last one.
    let is_web = matches!(scheme, "http" | "https");
    let colon = if is_web { host.find(':') } else { host.rfind(':') };
    if let Some(at) = colon {
        valid_port(host.get(at..).unwrap_or_default())?;
    }
    host_characters(host)
}

/// `[::1]:443`, `[fe80::1%25en0]`.
fn ip_literal(host: &str) -> Result<(), String> {
    let inner = host.strip_prefix('[').unwrap_or(host);
    let Some((address, port)) = inner.rsplit_once(']') else {
        return Err("missing ']' in host".to_owned());
    };
    valid_port(port)?;
    let (address, zone) = address.split_once("%25").unwrap_or((address, ""));
    host_characters(address)?;
    if address.parse::<Ipv6Addr>().is_ok() {
        return Ok(());
    }
    if address.parse::<Ipv4Addr>().is_ok() && zone.is_empty() {
        return Err("invalid IP-literal".to_owned());
    }
    Err(format!("invalid host: ParseAddr({}): unable to parse IP", go::quoted(address)))
}

/// The first character that Go does not take in a host, or the first bad escape: only what is not ASCII
/// may be escaped there.
fn host_characters(name: &str) -> Result<(), String> {
    let refused = |c: char| {
        c.is_ascii() && !c.is_ascii_alphanumeric() && !"-_.~!$&'()*+,;=:[]<>\"%".contains(c)
    };
    for (at, character) in name.char_indices() {
        let from = name.get(at..).unwrap_or_default();
        if character == '%' {
            let escape: String = from.chars().take(3).collect();
            let is_high = escape.chars().nth(1).and_then(|c| c.to_digit(16)).is_some_and(|d| d > 7);
            if !is_escape(from) || !(is_high || escape == "%25") {
                return Err(bad_escape(from));
            }
        } else if refused(character) {
            let quoted = go::quoted(&character.to_string());
            return Err(format!("invalid character {quoted} in host name"));
        }
    }
    Ok(())
}

/// What stands before `@`.
fn user_info(user: &str) -> Result<(), String> {
    let good = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    if !user.chars().all(good) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    escapes(user)
}

fn valid_port(port: &str) -> Result<(), String> {
    let digits = port.strip_prefix(':');
    let good = port.is_empty() || digits.is_some_and(|d| d.bytes().all(|b| b.is_ascii_digit()));
    if good { Ok(()) } else { Err(format!("invalid port {} after host", go::quoted(port))) }
}

/// `%` needs two hexadecimal digits.
fn escapes(text: &str) -> Result<(), String> {
    let from = |(at, _)| text.get(at..).unwrap_or_default();
    let bad = text.match_indices('%').map(from).find(|from| !is_escape(from));
    bad.map_or(Ok(()), |from| Err(bad_escape(from)))
}

/// Whether a text begins with an escape.
fn is_escape(text: &str) -> bool {
    text.bytes().skip(1).take(2).filter(u8::is_ascii_hexdigit).count() == 2
}

fn bad_escape(from: &str) -> String {
    let shown: String = from.chars().take(3).collect();
    format!("invalid URL escape {}", go::quoted(&shown))
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
            ("https://a:80:80",       "parse \"https://a:80:80\": invalid port \":80:80\" after host"),
            ("https://a:b:80/x",      "parse \"https://a:b:80/x\": invalid port \":b:80\" after host"),
            ("https://a[b]",          "parse \"https://a[b]\": invalid IP-literal"),
            ("https://[1.2.3.4]",     "parse \"https://[1.2.3.4]\": invalid IP-literal"),
            ("https://[x]",           "parse \"https://[x]\": invalid host: ParseAddr(\"x\"): unable to parse IP"),
            ("https://a%41",          "parse \"https://a%41\": invalid URL escape \"%41\""),
            ("https://a%",            "parse \"https://a%\": invalid URL escape \"%\""),
            ("https://a b@c",         "parse \"https://a b@c\": net/url: invalid userinfo"),
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
            ("https://u:p%20@a%c3%a9.example", "https", "", ""),
            ("spiffe://a:b:80",      "spiffe", "", ""),
            ("https://[fe80::1%25en0]:1/", "https", "", ""),
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

    #[test]
    fn prints_as_go_does() {
        #[rustfmt::skip]
        let table = [
            ("HTTP://Keys.example/A b",  "http://Keys.example/A%20b"),
            ("http://",                  "http:"),
            ("http:///x",                "http:///x"),
            ("http:/x",                  "http:/x"),
            ("/keys/%41%20",             "/keys/%41%20"),
            ("/ä/%41!",                  "/%C3%A4/A%21"),
            ("//h/x?a b#c d!",           "//h/x?a b#c%20d!"),
            ("mailto:A b?",              "mailto:A b?"),
        ];
        for (text, expected) in table {
            assert_eq!(printed(text), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in ".{0,40}", url in "[a:/%\\[\\]@?# é0-9]{0,20}") {
            let _ = (parse(&text), parse(&url), printed(&text), printed(&url));
        }
    }
}
