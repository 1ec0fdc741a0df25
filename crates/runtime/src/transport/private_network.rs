//! What an egress policy lets through besides the public internet: ranges of addresses, and hosts by name.

use std::net::IpAddr;
use std::str::FromStr;

use url::{Host, Url};

/// Addresses or a host that connections may lead to although they are not on the public internet.
///
/// # Example: as `--allow-private-network` takes them
/// ```
/// use cardhost_runtime::transport::PrivateNetwork;
///
/// for text in ["10.0.0.0/8", "192.168.1.7", "fd00::/8", "localhost:5450", "db.internal", "[::1]:80"] {
///     assert_eq!(text.parse::<PrivateNetwork>()?.to_string(), text);
/// }
/// assert!("10.0.0.1/8".parse::<PrivateNetwork>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivateNetwork(What);

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    /// Every address that begins with so many bits of this one; also of names that are looked up.
    Range(IpAddr, u8),
    /// A host as it stands in a URL, whatever its addresses; with a port, at that one only.
    Host(Host, Option<u16>),
}

impl PrivateNetwork {
    /// Whether it has an address; one that stands for another is judged by that.
    pub(super) fn has_address(&self, address: IpAddr) -> bool {
        match &self.0 {
            What::Range(network, length) => is_within(address, *network, *length),
            What::Host(..) => false,
        }
    }

    /// The name and the port, where it is a host by name.
    pub(super) fn name(&self) -> Option<(&str, Option<u16>)> {
        match &self.0 {
            What::Host(Host::Domain(name), port) => Some((name, *port)),
            _ => None,
        }
    }

    /// Whether it has the host of a URL by its name.
    pub(super) fn has_host(&self, url: &Url) -> bool {
        let What::Host(host, port) = &self.0 else { return false };
        let is_at_port = port.is_none() || *port == url.port_or_known_default();
        is_at_port
            && match (url.host(), host) {
                (Some(Host::Domain(found)), Host::Domain(name)) => {
                    found.trim_end_matches('.').eq_ignore_ascii_case(name)
                }
                (Some(Host::Ipv4(found)), Host::Ipv4(address)) => found == *address,
                (Some(Host::Ipv6(found)), Host::Ipv6(address)) => found == *address,
                _ => false,
            }
    }
}

fn is_within(address: IpAddr, network: IpAddr, length: u8) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            begin_alike(address.to_bits().into(), network.to_bits().into(), 32 - length)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            begin_alike(address.to_bits(), network.to_bits(), 128 - length)
        }
        _ => false,
    }
}

/// Whether two numbers are the same but for their last bits.
fn begin_alike(a: u128, b: u128, last: u8) -> bool {
    (a ^ b).checked_shr(last.into()).unwrap_or_default() == 0
}

impl FromStr for PrivateNetwork {
    type Err = String;

    fn from_str(text: &str) -> Result<PrivateNetwork, String> {
        let expected = || {
            format!(
                "`{text}` is no address, range or host: give `10.0.0.0/8`, `10.0.0.7`, `localhost:5450` or `db.internal`"
            )
        };
        if let Some((network, length)) = text.split_once('/') {
            let network: IpAddr = network.parse().map_err(|_| expected())?;
            let most = if network.is_ipv4() { 32 } else { 128 };
            let length: u8 = length.parse().map_err(|_| expected())?;
            if length > most {
                return Err(expected());
            }
            let first = first_of(network, length);
            if first != network {
                return Err(format!("`{text}` begins inside a range: give `{first}/{length}`"));
            }
            return Ok(PrivateNetwork(What::Range(network, length)));
        }
        if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
            let length = if address.is_ipv4() { 32 } else { 128 };
            return Ok(PrivateNetwork(What::Range(address, length)));
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => {
                let port: u16 = port.parse().map_err(|_| expected())?;
                (host, Some(port))
            }
            None => (text, None),
        };
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        match Host::parse(&host) {
            Ok(host) if !text.contains(['*', '@', '%']) => {
                Ok(PrivateNetwork(What::Host(host, port)))
            }
            _ => Err(expected()),
        }
    }
}

fn first_of(network: IpAddr, length: u8) -> IpAddr {
    let cut = |bits: u128, last: u8| {
        let last = u32::from(last);
        bits.checked_shr(last).and_then(|bits| bits.checked_shl(last)).unwrap_or_default()
    };
    match network {
        IpAddr::V4(address) => {
            let bits = cut(address.to_bits().into(), 32 - length);
            IpAddr::V4(u32::try_from(bits).unwrap_or_default().into())
        }
        IpAddr::V6(address) => IpAddr::V6(cut(address.to_bits(), 128 - length).into()),
    }
}

impl std::fmt::Display for PrivateNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            What::Range(IpAddr::V4(address), 32) => write!(f, "{address}"),
            What::Range(IpAddr::V6(address), 128) => write!(f, "{address}"),
            What::Range(network, length) => write!(f, "{network}/{length}"),
            What::Host(host, Some(port)) => write!(f, "{host}:{port}"),
            What::Host(host, None) => write!(f, "{host}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> PrivateNetwork {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_has_its_addresses() {
        for (range, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("0.0.0.0/0", "192.168.0.1", "fd00::1"),
            ("fd00::/8", "fd12::1", "fe80::1"),
            ("::1", "::1", "::2"),
            ("::/0", "::1", "10.0.0.1"),
        ] {
            let range = network(range);
            assert!(range.has_address(inside.parse().unwrap()), "{range} {inside}");
            assert!(!range.has_address(outside.parse().unwrap()), "{range} {outside}");
        }
    }

    #[test]
    fn a_host_is_named_as_it_stands_in_the_url() {
        let has = |host: &str, url: &str| network(host).has_host(&Url::parse(url).unwrap());
        assert!(has("localhost:5450", "http://LOCALHOST:5450/x"));
        assert!(has("localhost:5450", "http://localhost.:5450/x"));
        assert!(!has("localhost:5450", "http://localhost:5451/x"));
        assert!(!has("localhost:5450", "http://a.localhost:5450/x"));
        assert!(has("localhost:80", "http://localhost/x") && has("redis", "https://redis:6379"));
        assert!(has("127.0.0.1:80", "http://127.1/") && !has("127.0.0.1:80", "http://127.0.0.2/"));
        assert!(has("[::1]:80", "http://[::1]/"));
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "/8",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/-1",
            "a b",
            "x:port",
            "x:70000",
            "*.x",
            "u@x",
            "http://x/",
            "::1:",
        ] {
            let refused = text.parse::<PrivateNetwork>().unwrap_err();
            assert!(
                refused.starts_with(&format!("`{text}` is no address, range or host")),
                "{refused}"
            );
        }
        let inside = "10.1.0.0/8".parse::<PrivateNetwork>().unwrap_err();
        assert_eq!(inside, "`10.1.0.0/8` begins inside a range: give `10.0.0.0/8`");
    }
}
