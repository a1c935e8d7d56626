//! The functions of the libraries, by name and values.

mod convert;
mod formats;
mod formatting;
mod lists;
mod net;
mod quantity;
mod regex;
mod semver;
mod strings;
mod time;
mod url;

pub(super) use convert::double_text;
pub(super) use lists::sort_by_keys;

use std::net::IpAddr;

use super::evaluate::{Budget, Fault};
use super::value::Value;

/// A value of a library's own type.
#[derive(Debug, Clone)]
pub(crate) enum Opaque {
    Cidr(net::Cidr),
    Format(&'static str),
    Ip(IpAddr),
    Quantity(quantity::Quantity),
    Semver(semver::Semver),
    Url(url::Url),
}

impl Opaque {
    pub(super) const fn type_name(&self) -> &'static str {
        match self {
            Self::Cidr(_) => "net.CIDR",
            Self::Format(_) => "kubernetes.NamedFormat",
            Self::Ip(_) => "net.IP",
            Self::Quantity(_) => "kubernetes.Quantity",
            Self::Semver(_) => "kubernetes.Semver",
            Self::Url(_) => "kubernetes.URL",
        }
    }

    pub(super) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Cidr(a), Self::Cidr(b)) => a == b,
            (Self::Format(a), Self::Format(b)) => a == b,
            (Self::Ip(a), Self::Ip(b)) => a == b,
            (Self::Quantity(a), Self::Quantity(b)) => a == b,
            (Self::Semver(a), Self::Semver(b)) => a.order(b).is_eq(),
            (Self::Url(a), Self::Url(b)) => a == b,
            _ => false,
        }
    }
}

/// What a library makes of a call: `None` if it has no such function for these values.
type Called = Option<Result<Value, Fault>>;
/// A library: name, values, budget.
type Library = fn(&str, &[Value], &mut Budget) -> Called;

/// Calls a function that the type checker let pass.
pub(super) fn call(
    name: &str,
    member: bool,
    values: &[Value],
    budget: &mut Budget,
) -> Result<Value, Fault> {
    let libraries: [Library; 10] = [
        convert::call,
        strings::call,
        regex::call,
        lists::call,
        time::call,
        net::call,
        url::call,
        quantity::call,
        semver::call,
        formats::call,
    ];
    for library in libraries {
        if let Some(result) = library(name, values, budget) {
            return result;
        }
    }
    Err(unfit(name, member, values))
}

/// As cel-go says that no overload takes these values.
fn unfit(name: &str, member: bool, values: &[Value]) -> Fault {
    match name {
        "contains" | "endsWith" | "matches" | "startsWith" if member => Fault::no_such_overload(),
        "size" | "sort" => Fault::Error(format!("no such overload: {name}")),
        _ => {
            let types: Vec<&str> = values.iter().map(Value::type_name).collect();
            Fault::Error(format!("no such overload: {name}({})", types.join(", ")))
        }
    }
}
