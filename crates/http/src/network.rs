//! Ranges of IP addresses.

use std::fmt;
use std::net::IpAddr;

/// One range, such as `10.0.0.0/8` or `2001:db8::/32`; a single address is a range of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

/// A text is no IP address and no CIDR range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotANetwork;

impl fmt::Display for NotANetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected an IP address or a range such as 10.0.0.0/8")
    }
}

impl std::error::Error for NotANetwork {}

impl Network {
    /// Reads a range.
    ///
    /// # Errors
    /// [`NotANetwork`] for anything else, also when the address has bits beyond the prefix: that is usually a typing
    /// error, and it would silently allow more than was meant.
    pub fn parse(text: &str) -> Result<Self, NotANetwork> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) if !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit()) => {
                (address, Some(bits.parse::<u8>().map_err(|_| NotANetwork)?))
            }
            Some(_) => return Err(NotANetwork),
            None => (text, None),
        };
        let first: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let width = width(first);
        let bits = bits.unwrap_or(width);
        if bits > width || masked(number(first), bits, width) != number(first) {
            return Err(NotANetwork);
        }
        Ok(Self { first, bits })
    }

    /// Whether every address of another range lies in this one.
    pub fn covers(&self, other: &Self) -> bool {
        self.contains(other.first) && self.prefix() <= other.prefix()
    }

    /// Length of the prefix; of an IPv4 range that is written as one of IPv6, that of IPv4.
    fn prefix(&self) -> u8 {
        let narrower = width(self.first).saturating_sub(width(self.first.to_canonical()));
        self.bits.saturating_sub(narrower)
    }

    /// Whether an address lies in the range. An IPv4 address that arrived as `::ffff:a.b.c.d` is an IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (first, address) = (self.first.to_canonical(), address.to_canonical());
        let width = width(address);
        self::width(first) == width && masked(number(address), self.bits, width) == number(first)
    }
}

const fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn masked(number: u128, bits: u8, width: u8) -> u128 {
    let host_bits = u32::from(width.saturating_sub(bits));
    number.checked_shr(host_bits).and_then(|kept| kept.checked_shl(host_bits)).unwrap_or(0)
}

/// A list of ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

impl Networks {
    /// No address at all.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// This machine and private networks (RFC 1918, RFC 4193).
    pub fn private() -> Self {
        const PRIVATE: [&str; 6] =
            ["127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];
        Self(PRIVATE.iter().filter_map(|text| Network::parse(text).ok()).collect())
    }

    /// Reads a list.
    ///
    /// # Errors
    /// [`NotANetwork`] when one of them is none.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, NotANetwork> {
        texts.iter().map(|text| Network::parse(text.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    /// Whether an address lies in one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// Whether every address of a range lies in one of them.
    pub fn covers(&self, range: &Network) -> bool {
        self.0.iter().any(|network| network.covers(range))
    }

    /// Whether the list has no range.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_covers_what_is_not_wider_than_it() {
        let range = |text: &str| Network::parse(text).unwrap();
        let covers = |wide: &str, narrow: &str| range(wide).covers(&range(narrow));
        assert!(
            covers("10.0.0.0/8", "10.0.0.0/8")
                && covers("10.0.0.0/8", "10.1.0.0/16")
                && covers("10.0.0.0/8", "10.1.2.3")
        );
        assert!(
            !covers("10.1.0.0/16", "10.0.0.0/8")
                && !covers("10.0.0.0/8", "11.0.0.0/8")
                && !covers("10.0.0.1", "10.0.0.0/31")
        );
        assert!(!covers("0.0.0.0/0", "::/0") && !covers("::/0", "10.0.0.0/8"), "families do not mix");
    }

    #[test]
    fn a_range_holds_exactly_its_addresses() {
        let ten = Network::parse("10.1.0.0/16").unwrap();
        assert!(
            ten.contains(ip("10.1.255.255")) && !ten.contains(ip("10.2.0.0")) && !ten.contains(ip("::1"))
        );
        assert!(
            ten.contains(ip("::ffff:10.1.2.3")),
            "a socket that listens on both families says it like this"
        );
        let one = Network::parse("2001:db8::1").unwrap();
        assert!(one.contains(ip("2001:db8::1")) && !one.contains(ip("2001:db8::2")));
        assert!(Network::parse("0.0.0.0/0").unwrap().contains(ip("203.0.113.9")));
        assert!(!Network::parse("0.0.0.0/0").unwrap().contains(ip("2001:db8::1")));
        assert!(Network::parse("::/0").unwrap().contains(ip("2001:db8::1")));
    }

    #[test]
    fn a_text_that_is_no_range_is_refused() {
        for text in [
            "",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0/8",
            "localhost",
            "::1/129",
            "1.2.3.4/+8",
            " 1.2.3.4",
        ] {
            assert_eq!(Network::parse(text), Err(NotANetwork), "{text:?}");
        }
    }

    #[test]
    fn private_networks_are_all_there() {
        assert!(Networks::private().contains(ip("127.0.0.1")) && Networks::private().contains(ip("::1")));
        assert!(!Networks::private().contains(ip("8.8.8.8")));
        assert_eq!(Networks::private().0.len(), 6);
    }
}
