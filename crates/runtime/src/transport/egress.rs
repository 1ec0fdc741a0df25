//! The egress policy: a host that whoever writes a connection or an invocation decides must be on the public
//! internet, so that no one reaches the machines beside ours through us (server-side request forgery).
//!
//! ```text
//! URL ─ name or literal ─▶ EgressPolicy::check ─ resolve ─▶ every address ─▶ EgressPolicy::check_address ─ connect
//! ```
//! What is denied is what the IANA special-purpose address registries (RFC 6890) do not call globally reachable,
//! and a few hosts that are public by number only. Which request is checked says [`RequestSpec::host_from`]; that
//! the addresses checked are those connected to is the business of [`super::HttpTransport`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cardhost_core::request::{HostFrom, RequestSpec};
use cardhost_core::transport_fault::{Denied, TransportFault, TransportFaultKind};

use super::private_network::PrivateNetwork;

/// Where requests may go whose host a value decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EgressPolicy {
    /// Whether they may also go to loopback, private and other special addresses, and to local names. `false` by
    /// default: whoever writes a connection could reach what only this machine can.
    pub private: bool,
    /// Which of those they may go to where [`EgressPolicy::private`] is `false`. A host that is named here is not looked at
    /// any closer; a range holds for what stands in a URL and for what a name is looked up as.
    pub allowed: Vec<PrivateNetwork>,
}

impl EgressPolicy {
    /// Whether the policy applies to a request.
    #[must_use]
    pub fn guards(&self, request: &RequestSpec) -> bool {
        !self.private
            && request.host_from == HostFrom::Value
            && !self.allowed.iter().any(|network| network.has_host(&request.url))
    }

    /// Checks the host as it stands in the URL: an address, or a name that is local whatever it resolves to.
    ///
    /// # Errors
    /// [`TransportFaultKind::Egress`]; nothing was sent.
    pub fn check(&self, request: &RequestSpec) -> Result<(), TransportFault> {
        if !self.guards(request) {
            return Ok(());
        }
        let denied = match request.url.host() {
            Some(url::Host::Ipv4(address)) => self.denied(address.into()),
            Some(url::Host::Ipv6(address)) => self.denied(address.into()),
            Some(url::Host::Domain(name)) => denied_name(name),
            None => None,
        };
        denied.map_or(Ok(()), |denied| Err(fault(denied)))
    }

    /// Checks the addresses of a name. One that is denied refuses all: a name with public and private addresses is
    /// an attack or a mistake, and which of them is connected to is chance.
    ///
    /// # Errors
    /// What the policy has against the first such address.
    pub fn check_addresses(&self, addresses: &[IpAddr]) -> Result<(), Denied> {
        let refused = addresses.iter().find_map(|address| self.denied(*address));
        refused.filter(|_| !self.private).map_or(Ok(()), Err)
    }

    /// What the policy has against an address.
    fn denied(&self, address: IpAddr) -> Option<Denied> {
        denied(address)
            .filter(|_| !self.allowed.iter().any(|range| range.has_address(standing_for(address))))
    }
}

/// The fault of a request that the policy refuses.
pub(super) fn fault(denied: Denied) -> TransportFault {
    let kind = TransportFaultKind::Egress(denied);
    TransportFault { kind, not_sent: true, detail: String::new() }
}

/// What the policy has against a name, before any look-up.
#[must_use]
pub fn denied_name(name: &str) -> Option<Denied> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let below = |suffix: &str| {
        name.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let named = LOCAL_NAMES.iter().find(|(suffix, _)| below(suffix)).map(|(_, what)| *what);
    // The resolver may complete it with the machine's own search domains.
    let bare = (!name.contains('.')).then_some("a name without a dot, which is local");
    let range = named.or(bare)?;
    Some(Denied { address: None, range, inside: None })
}

/// Names that are local wherever they are looked up, each with all below it.
const LOCAL_NAMES: [(&str, &str); 5] = [
    ("localhost", "a local name (RFC 6761)"),
    ("localdomain", "a local name"),
    ("local", "a local name (RFC 6762)"),
    ("home.arpa", "a local name (RFC 8375)"),
    // ICANN reserved it in 2024; clouds have their metadata and their machines there.
    ("internal", "a name for private use"),
];

/// What the policy has against an address; `None` for one on the public internet.
///
/// An IPv6 address that stands for an IPv4 address is judged by that.
#[must_use]
pub fn denied(address: IpAddr) -> Option<Denied> {
    let (range, inside) = match address {
        IpAddr::V4(v4) => (special_v4(v4)?, None),
        IpAddr::V6(v6) => match embedded_v4(v6) {
            Some((inner, around)) => (special_v4(inner)?, Some(around)),
            None => (special_v6(v6)?, None),
        },
    };
    Some(Denied { address: Some(address), range, inside })
}

/// The range of an IPv4 address, where it is no public one.
fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    let within = |(network, length, _): &&(Ipv4Addr, u32, _)| {
        (address.to_bits() ^ network.to_bits()) >> (32 - length) == 0
    };
    SPECIAL_V4.iter().find(within).map(|(_, _, what)| *what)
}

/// The range of an IPv6 address, where it is no public one.
fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    if let Some((_, _, what)) = SPECIAL_V6.iter().find(|range| is_in_v6(address, range.0, range.1))
    {
        return Some(what);
    }
    // Everything that is routed on the internet is in here (RFC 4291, section 2.4; RFC 3587).
    let global_unicast = is_in_v6(address, Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
    (!global_unicast).then_some("no global unicast address (RFC 4291)")
}

/// The IPv4 address that an IPv6 address stands for, and what that is.
fn embedded_v4(address: Ipv6Addr) -> Option<(Ipv4Addr, &'static str)> {
    let at = |first: usize| {
        let bytes = address.octets();
        let four = bytes.get(first..first + 4)?;
        <[u8; 4]>::try_from(four).ok().map(Ipv4Addr::from)
    };
    let (_, _, first, what) =
        EMBEDDING_V6.iter().find(|range| is_in_v6(address, range.0, range.1))?;
    Some((at(*first)?, what))
}

/// The address itself, or the IPv4 address that it stands for.
fn standing_for(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => embedded_v4(v6).map_or(address, |(inner, _)| inner.into()),
        IpAddr::V4(_) => address,
    }
}

fn is_in_v6(address: Ipv6Addr, network: Ipv6Addr, length: u32) -> bool {
    (address.to_bits() ^ network.to_bits()) >> (128 - length) == 0
}

/// Ranges of IPv4 addresses that no service on the public internet has: network, prefix length, what it is. From
/// the IANA IPv4 Special-Purpose Address Registry; where ranges overlap, the smaller stands first.
const SPECIAL_V4: [(Ipv4Addr, u32, &str); 18] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, "an address of this network (RFC 791)"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "a private address (RFC 1918)"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "a shared address of a carrier (RFC 6598)"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "a loopback address (RFC 1122)"),
    // Public by number, and reached inside Azure only: DNS, health probes and the guest agent answer there.
    (Ipv4Addr::new(168, 63, 129, 16), 32, "an address of the Azure platform"),
    // With 169.254.169.254, where clouds serve a machine's metadata and credentials.
    (Ipv4Addr::new(169, 254, 0, 0), 16, "a link-local address (RFC 3927)"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "a private address (RFC 1918)"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "an address for IETF protocols (RFC 6890)"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "an address for documentation (RFC 5737)"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a 6to4 relay address (RFC 7526)"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "a private address (RFC 1918)"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "an address for benchmarks (RFC 2544)"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "an address for documentation (RFC 5737)"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "an address for documentation (RFC 5737)"),
    (Ipv4Addr::new(233, 252, 0, 0), 24, "an address for documentation (RFC 6676)"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "a multicast address (RFC 5771)"),
    (Ipv4Addr::new(255, 255, 255, 255), 32, "the broadcast address (RFC 919)"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "a reserved address (RFC 1112)"),
];

/// Ranges of IPv6 addresses that stand for an IPv4 address: network, prefix length, the first of its four bytes.
const EMBEDDING_V6: [(Ipv6Addr, u32, usize, &str); 3] = [
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xFFFF, 0, 0), 96, 12, "an IPv4-mapped address (RFC 4291)"),
    (Ipv6Addr::new(0x64, 0xFF9B, 0, 0, 0, 0, 0, 0), 96, 12, "a NAT64 address (RFC 6052)"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, 2, "a 6to4 address (RFC 3056)"),
];

/// The same as [`SPECIAL_V4`] for IPv6. What is outside 2000::/3 is denied anyway; named here is what has a name.
const SPECIAL_V6: [(Ipv6Addr, u32, &str); 15] = [
    (Ipv6Addr::UNSPECIFIED, 128, "the unspecified address (RFC 4291)"),
    (Ipv6Addr::LOCALHOST, 128, "the loopback address (RFC 4291)"),
    (Ipv6Addr::UNSPECIFIED, 96, "an IPv4-compatible address (RFC 4291)"),
    (Ipv6Addr::new(0x64, 0xFF9B, 1, 0, 0, 0, 0, 0), 48, "a local NAT64 address (RFC 8215)"),
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64, "a discard address (RFC 6666)"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32, "a Teredo address (RFC 4380)"),
    // Its parts that are globally reachable are relays, anycast helpers and identifiers: nothing with an API.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "an address for IETF protocols (RFC 2928)"),
    (Ipv6Addr::new(0x2001, 0xDB8, 0, 0, 0, 0, 0, 0), 32, "an address for documentation (RFC 3849)"),
    (Ipv6Addr::new(0x3FFF, 0, 0, 0, 0, 0, 0, 0), 20, "an address for documentation (RFC 9637)"),
    (Ipv6Addr::new(0x5F00, 0, 0, 0, 0, 0, 0, 0), 16, "a segment routing address (RFC 9602)"),
    // With fd00:ec2::254 and fd20:ce::254, where clouds serve a machine's metadata and credentials.
    (Ipv6Addr::new(0xFC00, 0, 0, 0, 0, 0, 0, 0), 7, "a unique local address (RFC 4193)"),
    (Ipv6Addr::new(0xFE80, 0, 0, 0, 0, 0, 0, 0), 10, "a link-local address (RFC 4291)"),
    (Ipv6Addr::new(0xFEC0, 0, 0, 0, 0, 0, 0, 0), 10, "a site-local address (RFC 3879)"),
    (Ipv6Addr::new(0xFF00, 0, 0, 0, 0, 0, 0, 0), 8, "a multicast address (RFC 4291)"),
    (Ipv6Addr::new(0x100, 0, 0, 1, 0, 0, 0, 0), 64, "a dummy address (RFC 9780)"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// What an address is said to be; `public` for none.
    fn said(address: &str) -> &'static str {
        denied(address.parse().unwrap()).map_or("public", |denied| denied.range)
    }

    #[test]
    fn every_range_of_ipv4_begins_and_ends_where_it_should() {
        for (before, first, last, after, what) in [
            ("", "0.0.0.0", "0.255.255.255", "1.0.0.0", "this network"),
            ("9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0", "private"),
            ("100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0", "carrier"),
            ("126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0", "loopback"),
            ("168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17", "Azure"),
            ("169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0", "link-local"),
            ("172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0", "private"),
            ("191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0", "IETF"),
            ("192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0", "documentation"),
            ("192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0", "6to4 relay"),
            ("192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0", "private"),
            ("198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0", "benchmarks"),
            ("198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0", "documentation"),
            ("203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0", "documentation"),
            ("223.255.255.255", "224.0.0.0", "239.255.255.255", "240.0.0.0", "multicast"),
            ("233.251.255.255", "233.252.0.0", "233.252.0.255", "233.252.1.0", "documentation"),
            ("239.255.255.255", "240.0.0.0", "255.255.255.254", "255.255.255.255", "reserved"),
            ("255.255.255.254", "255.255.255.255", "255.255.255.255", "", "broadcast"),
        ] {
            assert!(said(first).contains(what), "{first}: {}", said(first));
            assert!(said(last).contains(what), "{last}: {}", said(last));
            for outside in [before, after].into_iter().filter(|outside| !outside.is_empty()) {
                assert!(!said(outside).contains(what), "{outside}: {}", said(outside));
                let neighbour = ["223.255.255.255", "224", "233", "239", "240", "255"];
                let special = neighbour[1..].iter().any(|start| outside.starts_with(start));
                assert_eq!(said(outside) == "public", !special, "{outside}");
            }
        }
    }

    #[test]
    fn every_range_of_ipv6_begins_and_ends_where_it_should() {
        const NONE: &str = "no global unicast";
        for (before, first, last, after, what) in [
            (None, "::", "::", Some(("::1", "loopback")), "unspecified"),
            (Some(("::", "unspecified")), "::1", "::1", Some(("::2", "compatible")), "loopback"),
            (
                Some(("::1", "loopback")),
                "::2",
                "::ffff:ffff",
                Some(("::1:0:0", NONE)),
                "compatible",
            ),
            (
                Some(("64:ff9b:0:ffff:ffff:ffff:ffff:ffff", NONE)),
                "64:ff9b:1::",
                "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
                Some(("64:ff9b:2::", NONE)),
                "local NAT64",
            ),
            (
                Some(("ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NONE)),
                "100::",
                "100::ffff:ffff:ffff:ffff",
                Some(("100:0:0:1::", "dummy")),
                "discard",
            ),
            (
                Some(("100::ffff:ffff:ffff:ffff", "discard")),
                "100:0:0:1::",
                "100::1:ffff:ffff:ffff:ffff",
                Some(("100:0:0:2::", NONE)),
                "dummy",
            ),
            (
                Some(("2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "public")),
                "2001::",
                "2001:0:ffff:ffff:ffff:ffff:ffff:ffff",
                Some(("2001:1::", "IETF")),
                "Teredo",
            ),
            (
                Some(("2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "Teredo")),
                "2001:1::",
                "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
                Some(("2001:200::", "public")),
                "IETF",
            ),
            (
                Some(("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "public")),
                "2001:db8::",
                "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
                Some(("2001:db9::", "public")),
                "documentation",
            ),
            (
                Some(("3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "public")),
                "3fff::",
                "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
                Some(("3fff:1000::", "public")),
                "documentation",
            ),
            (
                Some(("1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NONE)),
                "2000::",
                "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                Some(("4000::", NONE)),
                "public",
            ),
            (
                Some(("5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NONE)),
                "5f00::",
                "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                Some(("5f01::", NONE)),
                "segment routing",
            ),
            (
                Some(("fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NONE)),
                "fc00::",
                "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                Some(("fe00::", NONE)),
                "unique local",
            ),
            (
                Some(("fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NONE)),
                "fe80::",
                "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                Some(("fec0::", "site-local")),
                "link-local",
            ),
            (
                Some(("febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local")),
                "fec0::",
                "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                Some(("ff00::", "multicast")),
                "site-local",
            ),
            (
                Some(("feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "site-local")),
                "ff00::",
                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                None,
                "multicast",
            ),
        ] {
            let inside = [first, last].map(|address| (address, what));
            for (address, what) in inside.into_iter().chain(before).chain(after) {
                assert!(said(address).contains(what), "{address}: {} is not {what}", said(address));
            }
        }
    }

    #[test]
    fn an_address_that_stands_for_another_is_judged_by_that() {
        for (address, what, inside) in [
            ("::ffff:127.0.0.1", "loopback", "mapped"),
            ("::ffff:a9fe:a9fe", "link-local", "mapped"),
            ("::ffff:255.255.255.255", "broadcast", "mapped"),
            ("64:ff9b::10.0.0.1", "private", "NAT64"),
            ("64:ff9b::ffff:ffff", "broadcast", "NAT64"),
            ("2002:7f00:1::", "loopback", "6to4"),
            ("2002:c0a8:101:ffff::1", "private", "6to4"),
            ("2002::", "this network", "6to4"),
            ("2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "broadcast", "6to4"),
        ] {
            let denied = denied(address.parse().unwrap()).unwrap();
            assert!(denied.range.contains(what), "{address}: {denied:?}");
            assert!(denied.inside.is_some_and(|around| around.contains(inside)), "{denied:?}");
        }
        for address in ["::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"] {
            assert_eq!(said(address), "public", "{address}");
        }
        // One bit beside each of them.
        for address in ["::fffe:7f00:1", "::1:0:7f00:1", "64:ff9b::1:7f00:1", "2003:7f00:1::"] {
            let inside = denied(address.parse().unwrap()).and_then(|denied| denied.inside);
            assert_eq!(inside, None, "{address}");
        }
    }

    #[test]
    fn names_are_local_in_every_spelling() {
        for name in [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a.localhost",
            "A.LocalHost..",
            "localhost.localdomain",
            "printer.local",
            "router.home.arpa",
            "metadata.google.internal",
            "METADATA.google.internal.",
            "ip-10-0-0-1.ec2.internal",
            "metadata",
            "redis",
            "",
        ] {
            assert!(denied_name(name).is_some(), "{name}");
        }
        for name in [
            "example.com",
            "localhost.example.com",
            "mylocalhost.com",
            "internal.example",
            "notlocal.x",
        ] {
            assert_eq!(denied_name(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_allowed_besides_is_let_through_and_nothing_beside_it() {
        let policy = EgressPolicy {
            allowed: vec!["10.0.0.0/8".parse().unwrap(), "localhost:5450".parse().unwrap()],
            ..EgressPolicy::default()
        };
        let checked = |addresses: &[&str]| {
            let parsed: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
            policy.check_addresses(&parsed)
        };
        assert_eq!(checked(&["10.1.2.3", "::ffff:10.1.2.3", "8.8.8.8"]), Ok(()));
        for refused in ["::ffff:127.0.0.1", "11.0.0.1", "192.168.0.1", "fd00::1"] {
            let is_public = refused == "11.0.0.1";
            assert_eq!(checked(&["10.1.2.3", refused]).is_ok(), is_public, "{refused}");
        }
    }

    #[test]
    fn one_denied_address_refuses_all() {
        let addresses = |list: &[&str]| -> Vec<IpAddr> {
            list.iter().map(|address| address.parse().unwrap()).collect()
        };
        let policy = EgressPolicy::default();
        let mixed = addresses(&["93.184.215.14", "10.0.0.1"]);
        let refused = policy.check_addresses(&mixed).unwrap_err();
        assert_eq!(refused.address, Some("10.0.0.1".parse().unwrap()));
        let public = addresses(&["93.184.215.14", "2606:2800:21f::1"]);
        assert_eq!(policy.check_addresses(&public), Ok(()));
        assert_eq!(EgressPolicy { private: true, ..policy }.check_addresses(&mixed), Ok(()));
    }
}
