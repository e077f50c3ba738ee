//! Which addresses may be connected to. A URL comes from a stranger, or from a form an attacker filled in; what answers
//! behind it may be our own database, our own signer, or the cloud's metadata service with our credentials.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// How far a client may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The public internet and nothing else.
    Public,
    /// Also this machine and private networks: for a sink that the operator named in the configuration
    /// (`allow_private`), such as a local Alertmanager.
    Private,
}

/// An address that must not be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{ip} is {what}, which must not be connected to")]
pub struct Forbidden {
    /// The address.
    pub ip: IpAddr,
    /// What it is.
    pub what: &'static str,
}

/// What an address is.
enum Place {
    Public,
    /// Ours or our network's: only where the operator said so.
    Own(&'static str),
    /// Nobody's sink, whatever the configuration says.
    Never(&'static str),
}

/// Judges an address.
///
/// # Errors
/// [`Forbidden`] names what it is.
pub fn judge(ip: IpAddr, reach: Reach) -> Result<(), Forbidden> {
    match (place(ip), reach) {
        (Place::Public, _) | (Place::Own(_), Reach::Private) => Ok(()),
        (Place::Own(what), Reach::Public) | (Place::Never(what), _) => Err(Forbidden { ip, what }),
    }
}

fn place(ip: IpAddr) -> Place {
    match ip {
        IpAddr::V4(ip) => place_v4(ip),
        IpAddr::V6(ip) => place_v6(ip),
    }
}

/// Metadata services that are not link-local: Alibaba Cloud, Azure's wire server, Oracle Cloud.
const METADATA_V4: [Ipv4Addr; 3] =
    [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(192, 0, 0, 192)];

// The registry of special addresses: https://www.iana.org/assignments/iana-ipv4-special-registry
fn place_v4(ip: Ipv4Addr) -> Place {
    if METADATA_V4.contains(&ip) {
        return Place::Never("a metadata service");
    }
    match ip.octets() {
        [0, ..] => Place::Never("no address of a host"),
        [127, ..] => Place::Own("this machine"),
        [10, ..] | [192, 168, ..] => Place::Own("a private address"),
        [172, second, ..] if (16..32).contains(&second) => Place::Own("a private address"),
        [100, second, ..] if (64..128).contains(&second) => Place::Own("a carrier's private address"),
        [169, 254, ..] => Place::Never("a link-local or metadata address"),
        [192, 0, 0, _] | [192, 88, 99, _] | [198, 18..=19, ..] => Place::Never("a reserved address"),
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Place::Never("an address of documentation"),
        [224..=239, ..] => Place::Never("a multicast address"),
        [240..=255, ..] => Place::Never("a reserved address"),
        _ => Place::Public,
    }
}

/// Metadata services inside the private range: AWS, Google Cloud.
const METADATA_V6: [Ipv6Addr; 2] =
    [Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)];

// https://www.iana.org/assignments/iana-ipv6-special-registry
fn place_v6(ip: Ipv6Addr) -> Place {
    if METADATA_V6.contains(&ip) {
        return Place::Never("a metadata service");
    }
    if let Some(inner) = ip.to_ipv4_mapped() {
        return place_v4(inner);
    }
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Place::Own("this machine"),
        // NAT64 carries an IPv4 address in its last 32 bits: what is behind it counts.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            place_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
        }
        [0xfc00..=0xfdff, ..] => Place::Own("a private address"),
        [0xfe80..=0xfebf, ..] => Place::Never("a link-local address"),
        [0xff00..=0xffff, ..] => Place::Never("a multicast address"),
        // Teredo, ORCHID, benchmarks and documentation live in the first blocks of 2001::, 6to4 in 2002::.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => {
            Place::Never("a reserved address")
        }
        [0x2000..=0x3fff, ..] => Place::Public,
        _ => Place::Never("a reserved address"),
    }
}

/// Resolves names and hands on only addresses that were judged: the connection goes to what was looked at, so a name
/// that answers differently a moment later changes nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names(pub(crate) Reach);

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One forbidden address is enough: nobody who means well mixes them.
            for address in &found {
                judge(address.ip(), reach)?;
            }
            let found: Addrs = Box::new(found.into_iter());
            Ok(found)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str, reach: Reach) -> bool {
        judge(text.parse().unwrap(), reach).is_err()
    }

    #[test]
    fn the_public_internet_is_reached() {
        for ip in ["1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "2606:4700::1111"] {
            assert!(!refused(ip, Reach::Public) && !refused(ip, Reach::Private), "{ip}");
        }
    }

    #[test]
    fn our_own_network_is_reached_only_for_a_sink_the_operator_named() {
        let own = [
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
        ];
        for ip in
            own.into_iter().chain(["::1", "fd12::1", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::10.0.0.1"])
        {
            assert!(refused(ip, Reach::Public), "{ip}");
            assert!(!refused(ip, Reach::Private), "{ip}");
        }
    }

    #[test]
    fn metadata_and_addresses_of_no_host_are_never_reached() {
        let never = ["169.254.169.254", "169.254.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192"];
        let never =
            never.into_iter().chain(["0.0.0.0", "224.0.0.1", "255.255.255.255", "198.18.0.1", "203.0.113.1"]);
        let v6 =
            ["::", "fe80::1", "ff02::1", "fd00:ec2::254", "fd20:ce::254", "2001:db8::1", "2002:7f00:1::"];
        let inside =
            ["::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "::127.0.0.1", "2001::1", "64:ff9b:1::1"];
        for ip in never.chain(v6).chain(inside) {
            assert!(refused(ip, Reach::Public) && refused(ip, Reach::Private), "{ip}");
        }
    }
}
