//! Named formats of texts (Kubernetes `pkg/cel/library/format.go`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::time::parse_timestamp;
use super::{Called, Opaque, url};
use crate::cel::evaluate::Budget;
use crate::cel::value::Value;
use crate::go::{is_dns_label, is_dns_subdomain};

const NAMES: [&str; 13] = [
    "byte",
    "date",
    "datetime",
    "dns1035Label",
    "dns1035LabelPrefix",
    "dns1123Label",
    "dns1123LabelPrefix",
    "dns1123Subdomain",
    "dns1123SubdomainPrefix",
    "labelValue",
    "qualifiedName",
    "uri",
    "uuid",
];
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const QUALIFIED: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

pub(super) fn call(name: &str, values: &[Value], _: &mut Budget) -> Called {
    let find = |name: &str| NAMES.iter().find(|known| **known == name).copied();
    let wrap = |name: &'static str| Value::opaque(Opaque::Format(name));
    match (name, values) {
        ("format.named", [Value::String(name)]) => {
            let format = find(name).map(wrap);
            return Some(Ok(Value::Optional(format.map(Into::into))));
        }
        (_, []) => return Some(Ok(wrap(find(name.strip_prefix("format.")?)?))),
        _ => {}
    }
    let ("validate", [Value::Opaque(format), Value::String(text)]) = (name, values) else {
        return None;
    };
    let Opaque::Format(format) = &**format else { return None };
    let problems = validate(format, text);
    Some(Ok(match problems.is_empty() {
        true => Value::Optional(None),
        false => Value::some(Value::strings(problems)),
    }))
}

fn validate(format: &str, text: &str) -> Vec<String> {
    // A prefix may end in a dash, for something follows.
    let body = format.strip_suffix("Prefix");
    let whole = match body.and_then(|_| text.strip_suffix('-')) {
        Some(before) => format!("{before}a"),
        None => text.to_owned(),
    };
    match body.unwrap_or(format) {
        "dns1123Label" => judged(&whole, 63, LABEL, |text| {
            is_dns_label(text) || text.len() > 63 && is_dns_subdomain(text) && !text.contains('.')
        }),
        "dns1123Subdomain" => judged(&whole, 253, SUBDOMAIN, |text| {
            text.split('.').all(|part| is_dns_label(part) || is_long_label(part))
        }),
        "dns1035Label" => judged(&whole, 63, LABEL_1035, |text| {
            text.starts_with(|c: char| c.is_ascii_lowercase())
                && (is_dns_label(text) || is_long_label(text))
        }),
        "labelValue" => judged(text, 63, LABEL_VALUE, |text| text.is_empty() || is_name(text)),
        "qualifiedName" => qualified(text),
        "uri" => url::parse(text).err().into_iter().collect(),
        "uuid" => told(is_uuid(text), "does not match the UUID format"),
        "byte" => told(!text.is_empty() && STANDARD.decode(text).is_ok(), "invalid base64"),
        "date" => told(parse_timestamp(&format!("{text}T00:00:00Z")).is_some(), "invalid date"),
        _ => told(parse_timestamp(text).is_some(), "invalid datetime"),
    }
}

fn told(good: bool, problem: &str) -> Vec<String> {
    if good { Vec::new() } else { vec![problem.to_owned()] }
}

/// Too long and of the wrong form are two problems.
fn judged(text: &str, most: usize, form: &str, good: impl Fn(&str) -> bool) -> Vec<String> {
    let mut problems = Vec::new();
    if !good(text) {
        problems.push(form.to_owned());
    }
    if text.len() > most {
        problems.push(format!("must be no more than {most} characters"));
    }
    problems
}

/// A label but for its length.
fn is_long_label(text: &str) -> bool {
    text.len() > 63
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_name(text: &str) -> bool {
    let outer = |c: char| c.is_ascii_alphanumeric();
    text.starts_with(outer)
        && text.ends_with(outer)
        && text.chars().all(|c| outer(c) || matches!(c, '-' | '_' | '.'))
}

fn qualified(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let name = match text.split('/').collect::<Vec<_>>().as_slice() {
        [name] => (*name).to_owned(),
        [prefix, name] => {
            if prefix.is_empty() {
                problems.push("prefix part must be non-empty".to_owned());
            } else if !is_dns_subdomain(prefix) {
                problems.push(format!("prefix part {SUBDOMAIN}"));
            }
            (*name).to_owned()
        }
        _ => {
            return vec![QUALIFIED.replacen(
                "name part must consist",
                "a qualified name must consist",
                1,
            )];
        }
    };
    if name.is_empty() {
        problems.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        problems.push("name part must be no more than 63 characters".to_owned());
    }
    if !is_name(&name) {
        problems.push(QUALIFIED.to_owned());
    }
    problems
}

/// Hexadecimal digits by 8, 4, 4, 4, 12, with or without dashes.
fn is_uuid(text: &str) -> bool {
    let solid: String = text.chars().filter(|c| *c != '-').collect();
    let dashes: Vec<usize> = text.match_indices('-').map(|(at, _)| at).collect();
    solid.len() == 32
        && solid.bytes().all(|b| b.is_ascii_hexdigit())
        && (dashes.is_empty() || dashes == [8, 13, 18, 23])
}
