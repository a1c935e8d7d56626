//! IP addresses and prefixes (Kubernetes `pkg/cel/library/ip.go`, `cidr.go`; Go `net/netip`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Called, Opaque};
use crate::cel::evaluate::{Budget, Fault};
use crate::cel::value::Value;
use crate::go::quoted;

/// An address and how many of its bits are the network's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cidr {
    address: IpAddr,
    bits: u32,
}

impl Cidr {
    pub(super) fn print(self) -> String {
        format!("{}/{}", self.address, self.bits)
    }

    /// The address without the host's bits.
    fn masked(self) -> Self {
        let keep = |width: u32| u128::MAX.checked_shl(width - self.bits).unwrap_or(0);
        let address = match self.address {
            IpAddr::V4(v4) => {
                let mask = keep(32) as u32;
                IpAddr::V4(Ipv4Addr::from(u32::from(v4) & mask))
            }
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) & keep(128))),
        };
        Self { address, bits: self.bits }
    }

    fn contains(self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4()
            && Self { address, bits: self.bits }.masked() == self.masked()
    }
}

pub(super) fn call(name: &str, values: &[Value], _: &mut Budget) -> Called {
    if let [Value::String(text)] = values {
        return Some(match name {
            "ip" => address(text).map(|ip| Value::opaque(Opaque::Ip(ip))),
            "isIP" => Ok(Value::Bool(address(text).is_ok())),
            "ip.isCanonical" => address(text).map(|ip| Value::Bool(ip.to_string() == **text)),
            "cidr" => prefix(text).map(|cidr| Value::opaque(Opaque::Cidr(cidr))),
            "isCIDR" => Ok(Value::Bool(prefix(text).is_ok())),
            _ => return None,
        });
    }
    let (Value::Opaque(first), rest) = values.split_first()? else { return None };
    match &**first {
        Opaque::Ip(ip) if rest.is_empty() => of_address(name, *ip).map(Ok),
        Opaque::Cidr(cidr) => of_prefix(name, *cidr, rest),
        _ => None,
    }
}

fn address(text: &str) -> Result<IpAddr, Fault> {
    let shown = quoted(text);
    if text.contains('%') && text.split('%').next().is_some_and(|ip| ip.parse::<Ipv6Addr>().is_ok())
    {
        return Err(Fault::Error(format!("IP address {shown} with zone value is not allowed")));
    }
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V6(v6)) if v6.to_ipv4_mapped().is_some() => {
            Err(Fault::Error(format!("IPv4-mapped IPv6 address {shown} is not allowed")))
        }
        Ok(ip) => Ok(ip),
        Err(_) => Err(Fault::Error(format!(
            "IP Address {shown} parse error during conversion from string: ParseAddr({shown}): unable to parse IP"
        ))),
    }
}

fn prefix(text: &str) -> Result<Cidr, Fault> {
    const CONTEXT: &str = "network address parse error during conversion from string: ";
    let refuse = |why: &str| {
        Err(Fault::Error(format!("{CONTEXT}{CONTEXT}netip.ParsePrefix({}): {why}", quoted(text))))
    };
    let Some((host, digits)) = text.rsplit_once('/') else { return refuse("no '/'") };
    let Ok(address) = host.parse::<IpAddr>() else {
        return refuse(&format!("ParseAddr({}): unable to parse IP", quoted(host)));
    };
    let plain = digits == "0" || !digits.starts_with(['0', '+']);
    let Some(bits) = digits.parse::<u32>().ok().filter(|_| plain) else {
        return refuse(&format!("bad bits after slash: {}", quoted(digits)));
    };
    if bits > if address.is_ipv4() { 32 } else { 128 } {
        return refuse("prefix length out of range");
    }
    if matches!(address, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some()) {
        let message = format!("{CONTEXT}IPv4-mapped IPv6 address {} is not allowed", quoted(text));
        return Err(Fault::Error(message));
    }
    Ok(Cidr { address, bits })
}

fn of_address(name: &str, ip: IpAddr) -> Option<Value> {
    let link_local = match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.segments().first().is_some_and(|first| first & 0xffc0 == 0xfe80),
    };
    Some(Value::Bool(match name {
        "family" => return Some(Value::Int(if ip.is_ipv4() { 4 } else { 6 })),
        "isUnspecified" => ip.is_unspecified(),
        "isLoopback" => ip.is_loopback(),
        "isLinkLocalUnicast" => link_local,
        "isLinkLocalMulticast" => match ip {
            IpAddr::V4(v4) => matches!(v4.octets(), [224, 0, 0, _]),
            IpAddr::V6(v6) => v6.segments().first().is_some_and(|first| first & 0xff0f == 0xff02),
        },
        "isGlobalUnicast" => {
            let broadcast = matches!(ip, IpAddr::V4(v4) if v4.is_broadcast());
            !(broadcast
                || ip.is_unspecified()
                || ip.is_loopback()
                || ip.is_multicast()
                || link_local)
        }
        _ => return None,
    }))
}

fn of_prefix(name: &str, cidr: Cidr, rest: &[Value]) -> Called {
    let other = |value: &Value| match value {
        Value::String(text) if name == "containsIP" => address(text).map(Opaque::Ip),
        Value::String(text) => prefix(text).map(Opaque::Cidr),
        Value::Opaque(opaque) => Ok((**opaque).clone()),
        _ => Err(Fault::no_such_overload()),
    };
    Some(match (name, rest) {
        ("ip", []) => Ok(Value::opaque(Opaque::Ip(cidr.address))),
        ("masked", []) => Ok(Value::opaque(Opaque::Cidr(cidr.masked()))),
        ("prefixLength", []) => Ok(Value::Int(i64::from(cidr.bits))),
        ("containsIP" | "containsCIDR", [value]) => other(value).and_then(|other| match other {
            Opaque::Ip(ip) if name == "containsIP" => Ok(Value::Bool(cidr.contains(ip))),
            Opaque::Cidr(inner) if name == "containsCIDR" => {
                Ok(Value::Bool(cidr.bits <= inner.bits && cidr.contains(inner.address)))
            }
            _ => Err(Fault::no_such_overload()),
        }),
        _ => return None,
    })
}
