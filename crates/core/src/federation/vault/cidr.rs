//! Bound CIDRs.
//!
//! Source: `github.com/hashicorp/go-sockaddr` v1.0.7 `sockaddr.go`, `ipv4addr.go`, `ipv6addr.go`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address or a network; `None` within: a path of a socket, which contains no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network(Option<(IpAddr, u8)>);

impl Network {
    /// `Err`: Vault's words.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let found = v4(text).or_else(|| v6(text)).map(|pair| Self(Some(pair)));
        // Anything else with a slash is taken for a UNIX socket.
        let is_socket = text.len() > 1 && (text.starts_with(['.', '/']) || text.contains('/'));
        found.or_else(|| is_socket.then_some(Self(None))).ok_or_else(|| {
            format!(
                "error parsing address {quoted}: Unable to convert {quoted} to an IPv4 or IPv6 address, or a UNIX Socket",
                quoted = crate::go::quoted(text)
            )
        })
    }

    /// Whether a caller's address lies within.
    pub(super) fn contains(self, remote: &str) -> bool {
        let remote = v4(remote).or_else(|| v6(remote));
        match (self.0, remote) {
            (Some((IpAddr::V4(network), bits)), Some((IpAddr::V4(address), 32))) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
                u32::from(network) & mask == u32::from(address) & mask
            }
            (Some((IpAddr::V6(network), bits)), Some((IpAddr::V6(address), 128))) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
                u128::from(network) & mask == u128::from(address) & mask
            }
            _ => false,
        }
    }
}

/// `10.0.0.0/8`, `10.0.0.1`, `10.0.0.1:80`.
fn v4(text: &str) -> Option<(IpAddr, u8)> {
    if let Some((address, bits)) = text.split_once('/') {
        let address: Ipv4Addr = address.parse().ok()?;
        let bits: u8 = bits.parse().ok().filter(|bits| *bits <= 32)?;
        return Some((IpAddr::V4(address), bits));
    }
    let (address, port) = text.split_once(':').unwrap_or((text, "0"));
    port.parse::<u16>().ok()?;
    Some((IpAddr::V4(address.parse().ok()?), 32))
}

/// `fd00::/8`, `fd00::1`, `[fd00::1]:80`.
fn v6(text: &str) -> Option<(IpAddr, u8)> {
    if let Some((address, bits)) = text.split_once('/') {
        let address: Ipv6Addr = address.parse().ok()?;
        let bits: u8 = bits.parse().ok().filter(|bits| *bits <= 128)?;
        return Some((IpAddr::V6(address), bits));
    }
    let address = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => {
            let port = rest.strip_prefix(':').unwrap_or("0");
            port.parse::<u16>().ok()?;
            address
        }
        None => text,
    };
    Some((IpAddr::V6(address.parse().ok()?), 128))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        let table = [
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.0.0.0/8", "10.1.2.3:5000", true),
            ("10.0.0.0/8", "11.1.2.3", false),
            ("10.0.0.1", "10.0.0.1", true),
            ("0.0.0.0/0", "192.0.2.1", true),
            ("0.0.0.0/0", "fd00::1", false),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "[fd12::1]:443", true),
            ("/var/run/x.sock", "10.0.0.1", false),
            ("10.0.0.0/8", "somewhere", false),
        ];
        for (network, remote, inside) in table {
            assert_eq!(
                Network::parse(network).map(|it| it.contains(remote)),
                Ok(inside),
                "{network} {remote}"
            );
        }
        assert!(
            Network::parse("nonsense")
                .unwrap_err()
                .starts_with("error parsing address \"nonsense\": Unable to convert")
        );
    }
}
