//! Names to addresses for hosts that a credential names: public addresses only.
//!
//! Used by the client for granted origins. INVARIANT: the addresses that were checked are the addresses that are
//! connected to, so a name that changes its answer between check and connection gains nothing.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Looks up names. Replaced in tests.
#[async_trait]
pub trait NameLookup: Send + Sync {
    /// Every address of `host`.
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The resolver of the system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

#[async_trait]
impl NameLookup for SystemLookup {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// The text of the error for an address that is not public. Looked for in the causes of a failed connection.
pub(super) const NOT_PUBLIC: &str = "the host has an address that is not public";

/// Resolves names to public addresses; refuses a name as soon as one of its addresses is not public.
pub(super) struct PublicOnly(pub(super) Arc<dyn NameLookup>);

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let lookup = Arc::clone(&self.0);
        Box::pin(async move {
            let addresses = lookup.addresses(name.as_str()).await?;
            if addresses.iter().any(|address| !is_public(*address)) {
                return Err(NotPublic.into());
            }
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

/// An address that is not public.
#[derive(Debug)]
struct NotPublic;

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NOT_PUBLIC)
    }
}

impl std::error::Error for NotPublic {}

/// Whether `host` is a literal address that is not public. Clients connect to literals without a look-up.
pub(super) fn is_private_literal(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let is_local_name = name == "localhost" || name.ends_with(".localhost") || !name.contains(['.', ':']);
    address.map_or(is_local_name, |address| !is_public(address))
}

/// Whether an address belongs to the public internet: neither private, loopback, link-local, multicast, reserved, nor
/// a form of IPv6 that embeds such an IPv4 address (IANA special-purpose registries).
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = a == 0
        || address.is_private()
        || (a == 100 && (64..128).contains(&b))
        || address.is_loopback()
        || address.is_link_local()
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || address.is_documentation()
        || a >= 224;
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        // NAT64 and 6to4 embed an IPv4 address.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => embedded(high, low),
        // Teredo, ORCHID, benchmarking and other protocol assignments; documentation.
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        // Only 2000::/3 is assigned to the public internet: this leaves out loopback, mapped and compatible IPv4
        // addresses, unique local, link-local, site-local and multicast addresses.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_pass() {
        for good in ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2002:0101:0101::1", "64:ff9b::8.8.8.8"] {
            assert!(is_public(good.parse().unwrap()), "{good}");
        }
        for bad in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::127.0.0.1",
            "64:ff9b:1::7f00:1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:c0a8:101::1",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
        ] {
            assert!(!is_public(bad.parse().unwrap()), "{bad}");
        }
    }

    #[test]
    fn literals_and_local_names_are_refused_before_any_look_up() {
        for bad in ["127.0.0.1", "[::1]", "[fe80::1]", "localhost", "LOCALHOST.", "a.localhost", "printer"] {
            assert!(is_private_literal(bad), "{bad}");
        }
        for good in ["bridge.simplefin.org", "1.1.1.1", "[2606:4700::1]"] {
            assert!(!is_private_literal(good), "{good}");
        }
    }
}
