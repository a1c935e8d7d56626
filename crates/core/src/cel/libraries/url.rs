//! URLs (Kubernetes `pkg/cel/library/urls.go`; Go `net/url`).

use std::collections::BTreeMap;

use super::{Called, Opaque};
use crate::cel::evaluate::{Budget, Fault};
use crate::cel::value::{Key, Value};
use crate::{go, go_url};

/// The parts that functions ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    scheme: String,
    host: String,
    path: String,
    query: String,
}

pub(super) fn call(name: &str, values: &[Value], _: &mut Budget) -> Called {
    Some(match (name, values) {
        ("url", [Value::String(text)]) => {
            parse(text).map(|url| Value::opaque(Opaque::Url(url))).map_err(|why| {
                Fault::Error(format!("URL parse error during conversion from string: {why}"))
            })
        }
        ("isURL", [Value::String(text)]) => Ok(Value::Bool(parse(text).is_ok())),
        (_, [Value::Opaque(opaque)]) => match &**opaque {
            Opaque::Url(url) => Ok(part(name, url)?),
            _ => return None,
        },
        _ => return None,
    })
}

/// Absolute, as `url.ParseRequestURI` wants it.
pub(super) fn parse(text: &str) -> Result<Url, String> {
    let refuse = |why: &str| Err(format!("parse {}: {why}", go::quoted(text)));
    if text.is_empty() {
        return refuse("empty url");
    }
    let parsed = go_url::parse(text)?;
    if parsed.scheme.is_empty() && !text.starts_with('/') {
        return refuse("invalid URI for request");
    }
    let rest = text.get(parsed.scheme.len()..).unwrap_or_default();
    let rest = if parsed.scheme.is_empty() { rest } else { rest.get(1..).unwrap_or_default() };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = match rest.strip_prefix("//").filter(|_| !parsed.scheme.is_empty()) {
        Some(after) => after.split_at(after.find('/').unwrap_or(after.len())),
        None => ("", rest),
    };
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    Ok(Url {
        host: host.to_owned(),
        path: escaped(path),
        query: parsed.query.to_owned(),
        scheme: parsed.scheme,
    })
}

/// What a path may not hold as it is.
fn escaped(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@%!'()*[]".contains(&byte);
    let mut escaped = String::new();
    for byte in path.bytes() {
        match plain(byte) {
            true => escaped.push(char::from(byte)),
            false => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

fn part(name: &str, url: &Url) -> Option<Value> {
    let port_at =
        url.host.rfind(':').filter(|at| !url.host.get(*at..).unwrap_or_default().contains(']'));
    Some(Value::text(match name {
        "getScheme" => url.scheme.as_str(),
        "getHost" => url.host.as_str(),
        "getEscapedPath" => url.path.as_str(),
        "getPort" => port_at.and_then(|at| url.host.get(at + 1..)).unwrap_or_default(),
        "getHostname" => {
            let host = port_at.and_then(|at| url.host.get(..at)).unwrap_or(&url.host);
            host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
        }
        "getQuery" => return Some(query(&url.query)),
        _ => return None,
    }))
}

fn query(text: &str) -> Value {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';')) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if let (Some(name), Some(value)) = (unescaped(name), unescaped(value)) {
            found.entry(name).or_default().push(value);
        }
    }
    let entries =
        found.into_iter().map(|(name, values)| (Key::String(name.into()), Value::strings(values)));
    Value::map(entries.collect())
}

/// `+` is a blank. `None`: a broken escape, whose pair is left out.
fn unescaped(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                let digits = std::str::from_utf8(after.get(..2)?).ok()?;
                rest = after.get(2..)?;
                u8::from_str_radix(digits, 16).ok()?
            }
            other => *other,
        });
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
