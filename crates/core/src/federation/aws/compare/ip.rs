//! Addresses and ranges, compared by value (A66).

use std::net::IpAddr;

/// A range of addresses; an address alone is the range of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Network {
    pub(in super::super) address: IpAddr,
    pub(in super::super) prefix: u8,
}

impl Network {
    pub(in super::super) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (self::address(address)?, Some(prefix)),
            None => (self::address(text)?, None),
        };
        let longest = longest(address);
        let prefix = match prefix {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|prefix| *prefix <= longest)?
            }
            Some(_) => return None,
            None => longest,
        };
        Some(Self { address, prefix })
    }

    pub(in super::super) fn contains(self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4()
            && self.masked(self.address) == self.masked(address)
    }

    /// The first address of the range.
    pub(in super::super) fn first(self) -> IpAddr {
        let bits = self.masked(self.address);
        match self.address {
            IpAddr::V4(_) => IpAddr::V4(u32::try_from(bits >> 96).unwrap_or_default().into()),
            IpAddr::V6(_) => IpAddr::V6(bits.into()),
        }
    }

    /// The bits before the prefix's end; what stands behind it does not count.
    fn masked(self, address: IpAddr) -> u128 {
        let bits = match address {
            IpAddr::V4(four) => u128::from(u32::from(four)) << 96,
            IpAddr::V6(six) => u128::from(six),
        };
        let kept = u32::from(self.prefix);
        bits & (u128::MAX.checked_shl(128 - kept).unwrap_or_default())
    }
}

fn longest(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// An address without a range.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let table = [
            ("192.0.2.77/24", Some("192.0.2.0")),
            ("192.0.2.77", Some("192.0.2.77")),
            ("0.0.0.0/0", Some("0.0.0.0")),
            ("2001:db8::1/32", Some("2001:db8::")),
            ("192.0.2.0/", None),
            ("192.0.2.0/+8", None),
            ("192.0.2.*", None),
            ("192.0.2", None),
            ("", None),
        ];
        for (text, first) in table {
            let found = Network::parse(text).map(|network| network.first().to_string());
            assert_eq!(found.as_deref(), first, "{text}");
        }
    }
}
