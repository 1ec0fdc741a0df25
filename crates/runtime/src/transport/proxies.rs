//! The proxies that requests go through, where whoever runs the host says so.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

use super::private_network::PrivateNetwork;

/// The proxies that requests go through, and what is reached directly all the same. This machine always is.
///
/// Its `Debug` shows no credentials.
///
/// # Example
/// ```
/// use cardhost_runtime::transport::{HttpTransport, Proxies};
///
/// let proxies = Proxies::all("http://proxy.corp.example:3128")?.except("intern.example,10.0.0.0/8")?;
/// let transport = HttpTransport::new().through(proxies);
/// # drop(transport);
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    plain: Option<Proxy>,
    tls: Option<Proxy>,
    direct: Vec<Direct>,
}

/// A proxy.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Proxy(Url);

/// What is reached directly.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Direct {
    /// Everything.
    All,
    /// Addresses, and hosts by their whole name.
    Network(PrivateNetwork),
    /// A name and all below it, at one port or at any.
    Below(String, Option<u16>),
}

impl Proxies {
    /// One for every request: `http://HOST:PORT`, `https://…`, `socks5://…`, whose names are looked up here, or `socks5h://…`, which looks
    /// them up itself; user and password may stand in it.
    ///
    /// # Errors
    /// Why the text is none, without what is in it.
    pub fn all(proxy: &str) -> Result<Proxies, String> {
        let proxy: Proxy = proxy.parse()?;
        Ok(Proxies { plain: Some(proxy.clone()), tls: Some(proxy), direct: Vec::new() })
    }

    /// Those that `http_proxy`, `https_proxy` and `all_proxy` name, but for what `no_proxy` does, in lower or upper case, as `curl` has them;
    /// `HTTP_PROXY` is not asked for: a web server sets it from a request's header (httpoxy).
    ///
    /// # Errors
    /// The variable that names no proxy.
    pub fn of_environment(read: &dyn Fn(&str) -> Option<String>) -> Result<Proxies, String> {
        let read = |name: &str| read(name).filter(|text| !text.trim().is_empty());
        let either = |name: &str| {
            let upper = name.to_uppercase();
            let lower = read(name).map(|text| (name.to_owned(), text));
            lower.or_else(|| Some((upper.clone(), read(&upper)?)))
        };
        let proxy = |found: Option<(String, String)>| -> Result<Option<Proxy>, String> {
            let Some((name, text)) = found else { return Ok(None) };
            text.parse().map(Some).map_err(|reason| format!("{name}: {reason}"))
        };
        let plain = read("http_proxy").map(|text| ("http_proxy".to_owned(), text));
        let all = || either("all_proxy");
        let mut proxies = Proxies {
            plain: proxy(plain.or_else(all))?,
            tls: proxy(either("https_proxy").or_else(all))?,
            direct: Vec::new(),
        };
        // Others read the same list in their own ways: what is meant for them is passed over.
        let (_, list) = either("no_proxy").unwrap_or_default();
        proxies.direct = entries(&list).filter_map(|entry| entry.parse().ok()).collect();
        Ok(proxies)
    }

    /// The same, but for a list of hosts that are reached directly: names, which mean all below them too, addresses, ranges such as `10.0.0.0/8`, or
    /// `*` for all; a name may have a port.
    ///
    /// # Errors
    /// The entry that is none of these.
    pub fn except(mut self, list: &str) -> Result<Proxies, String> {
        for entry in entries(list) {
            self.direct.push(entry.parse()?);
        }
        Ok(self)
    }

    /// The proxy that a request goes through.
    pub(super) fn of(&self, url: &Url) -> Option<&Proxy> {
        let proxy = if url.scheme() == "https" { self.tls.as_ref() } else { self.plain.as_ref() };
        let is_own = |proxy: &&Proxy| proxy.0.host() == url.host();
        let proxy = proxy.filter(|proxy| !is_own(proxy))?;
        (!is_here(url) && !self.direct.iter().any(|direct| direct.has(url))).then_some(proxy)
    }
}

impl Proxy {
    /// What it is, with its credentials.
    pub(super) fn url(&self) -> &Url {
        &self.0
    }

    /// Whether it is given addresses, so that names are looked up here.
    pub(super) fn takes_addresses(&self) -> bool {
        self.0.scheme() == "socks5"
    }

    /// Whether it reads requests that are not sealed, and answers in the place of services.
    pub(super) fn reads_requests(&self) -> bool {
        !self.0.scheme().starts_with("socks")
    }

    /// Scheme, host and port.
    pub(super) fn shown(&self) -> String {
        let port = self.0.port_or_known_default().unwrap_or(SOCKS_PORT);
        format!("{}://{}:{port}", self.0.scheme(), self.0.host_str().unwrap_or_default())
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

/// RFC 1928, section 3.
const SOCKS_PORT: u16 = 1080;

impl FromStr for Proxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Proxy, String> {
        // What is in it may be a password.
        let none = || {
            "no URL of a proxy: give `http://HOST:PORT`, `https://HOST:PORT`, `socks5://HOST:PORT` or `socks5h://HOST:PORT`".to_owned()
        };
        let text = text.trim();
        let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let mut url = Url::parse(&text).map_err(|_| none())?;
        let known = ["http", "https", "socks5", "socks5h"].contains(&url.scheme());
        let bare = url.query().is_none() && url.fragment().is_none();
        if !known || !bare || url.host_str().is_none_or(str::is_empty) || url.path().len() > 1 {
            return Err(none());
        }
        if url.scheme().starts_with("socks") && url.port().is_none() {
            url.set_port(Some(SOCKS_PORT)).map_err(|()| none())?;
        }
        Ok(Proxy(url))
    }
}

impl Direct {
    fn has(&self, url: &Url) -> bool {
        match self {
            Direct::All => true,
            Direct::Network(network) => {
                let address = match url.host() {
                    Some(Host::Ipv4(address)) => Some(address.into()),
                    Some(Host::Ipv6(address)) => Some(address.into()),
                    _ => None,
                };
                network.has_host(url) || address.is_some_and(|it| network.has_address(it))
            }
            Direct::Below(name, port) => {
                let Some(Host::Domain(found)) = url.host() else { return false };
                let found = found.trim_end_matches('.');
                let below = found.strip_suffix(name.as_str());
                below.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
                    && port.is_none_or(|port| url.port_or_known_default() == Some(port))
            }
        }
    }
}

impl FromStr for Direct {
    type Err = String;

    fn from_str(text: &str) -> Result<Direct, String> {
        if text == "*" {
            return Ok(Direct::All);
        }
        let name = text.trim_start_matches('*').trim_start_matches('.');
        let network: PrivateNetwork = name.parse()?;
        Ok(match network.name() {
            Some((name, port)) => Direct::Below(name.to_ascii_lowercase(), port),
            None => Direct::Network(network),
        })
    }
}

/// The entries of a list.
fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty())
}

/// Whether a URL leads to this machine, which no proxy reaches.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(proxies: &Proxies, url: &str) -> String {
        let found = proxies.of(&Url::parse(url).unwrap());
        found.map_or_else(|| "direct".to_owned(), Proxy::shown)
    }

    #[test]
    fn a_proxy_is_a_url_of_four_schemes() {
        for (text, shown) in [
            ("http://p.example:3128", "http://p.example:3128"),
            ("p.example:3128", "http://p.example:3128"),
            ("p.example", "http://p.example:80"),
            ("https://p.example/", "https://p.example:443"),
            ("socks5://u:canary@10.0.0.7", "socks5://10.0.0.7:1080"),
            ("socks5h://[::1]:1081", "socks5h://[::1]:1081"),
        ] {
            let proxy: Proxy = text.parse().unwrap();
            assert_eq!(format!("{proxy:?}"), shown, "{text}");
        }
        for text in ["", "ftp://p.example", "http://", "http://u:canary@p.example/x", "http://p?x"]
        {
            let reason = text.parse::<Proxy>().unwrap_err();
            assert!(!reason.contains("canary"), "{reason}");
        }
    }

    #[test]
    fn what_is_left_out_is_reached_directly() {
        let proxies = Proxies::all("p.example:1").unwrap();
        let proxies =
            proxies.except("intern.example, .Other.example,10.0.0.0/8,db.example:81").unwrap();
        for (url, through) in [
            ("https://api.example/x", true),
            ("http://api.example", true),
            ("https://intern.example", false),
            ("https://a.intern.example.", false),
            ("https://notintern.example", true),
            ("https://x.other.example", false),
            ("http://10.1.2.3", false),
            ("http://11.1.2.3", true),
            ("http://db.example:81", false),
            ("http://db.example", true),
            ("http://localhost:8080", false),
            ("http://127.0.0.1", false),
            ("http://[::1]", false),
            // The proxy itself.
            ("http://p.example:8080", false),
        ] {
            assert_eq!(of(&proxies, url) != "direct", through, "{url}");
        }
        assert_eq!(of(&proxies.except("*").unwrap(), "https://api.example"), "direct");
        assert!(Proxies::default().except("10.0.0.0/99").is_err());
    }

    #[test]
    fn the_environment_is_read_as_others_read_it() {
        let proxies = |set: &[(&str, &str)]| {
            let set: Vec<(String, String)> =
                set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            Proxies::of_environment(&move |name| {
                set.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
            })
        };
        let (plain, tls) = ("http://a.example", "https://a.example");
        for (set, of_plain, of_tls) in [
            (&[][..], "direct", "direct"),
            (&[("http_proxy", "p:1"), ("HTTPS_PROXY", "p:2")], "http://p:1", "http://p:2"),
            (&[("HTTP_PROXY", "p:1"), ("https_proxy", "")], "direct", "direct"),
            (&[("ALL_PROXY", "p:3"), ("https_proxy", "p:2")], "http://p:3", "http://p:2"),
            (&[("all_proxy", "p:3"), ("NO_PROXY", "fe80::/10%x, example")], "direct", "direct"),
        ] {
            let found = proxies(set).unwrap();
            assert_eq!((of(&found, plain), of(&found, tls)), (of_plain.into(), of_tls.into()));
        }
        let error = proxies(&[("https_proxy", "ftp://u:canary@p")]).unwrap_err();
        assert!(error.starts_with("https_proxy: ") && !error.contains("canary"), "{error}");
    }
}
