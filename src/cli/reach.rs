//! What a command that runs a card takes: the card, the connection, the way to the service.

use std::path::PathBuf;
use std::str::FromStr;

use cardhost::transport::{EgressPolicy, HttpTransport, PrivateNetwork, Proxies};
use clap::Args;

use super::console::Failure;
use super::store::StoreArgs;

/// What names a card and how it is reached.
#[derive(Debug, Args)]
pub(crate) struct TargetArgs {
    /// `<connector>/<card>`; may be left out where the invocation names it
    #[arg(value_name = "CARD")]
    pub(crate) card: Option<String>,
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
}

/// Who asks, and where.
#[derive(Debug, Args)]
pub(crate) struct ReachArgs {
    /// The connection of invocations that bring none: the name of a stored one, or (with a `.` or `/`) a JSON file,
    /// where a value may be {"env": NAME} or {"file": PATH}, or env:PREFIX for variables such as PREFIX_API_TOKEN
    #[arg(long, value_name = "NAME|FILE|env:PREFIX")]
    pub(crate) connection: Option<PathBuf>,
    /// Replace the target's base URL; the request is pinned to it. CONNECTOR=URL: that of one connector (may be given several
    /// times)
    #[arg(long, value_name = "URL")]
    pub(crate) base: Vec<String>,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    /// Refuse {"env": NAME} and {"file": PATH} in invocations: for input that others write
    #[arg(long)]
    pub(crate) no_secret_references: bool,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// How a service is reached.
#[derive(Debug, Default, Args)]
pub(crate) struct NetworkArgs {
    /// Also trust the certificates of this PEM file, for services with a private CA
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Let connection values lead to loopback and private addresses: all of them, or those of a list such as
    /// 10.0.0.0/8,localhost:5450 (also CARDHOST_ALLOW_PRIVATE_NETWORK)
    #[arg(long, value_name = "WHERE", num_args = 0..=1, require_equals = true, default_missing_value = "all", value_delimiter = ',')]
    pub(crate) allow_private_network: Vec<Allowed>,
    /// Send through a proxy: http://HOST:PORT, https://…, socks5://…, or socks5h://…, which looks names up itself; `env` for those that
    /// http_proxy, https_proxy, all_proxy and no_proxy name; `none` (also CARDHOST_PROXY, where a password is not seen by others)
    #[arg(long, value_name = "URL|env|none")]
    pub(crate) proxy: Option<String>,
    /// Reach these without the proxy: hosts with all below them, addresses and ranges such as intern.example,10.0.0.0/8 (also
    /// CARDHOST_NO_PROXY)
    #[arg(long, value_name = "HOSTS")]
    pub(crate) no_proxy: Option<String>,
    /// Also trust the roots of the operating system
    #[arg(long)]
    pub(crate) system_roots: bool,
}

/// What `--allow-private-network` allows.
#[derive(Clone, Debug)]
pub(crate) enum Allowed {
    /// Every address and name.
    All,
    /// An address, a range or a host.
    Network(PrivateNetwork),
}

impl FromStr for Allowed {
    type Err = String;

    fn from_str(text: &str) -> Result<Allowed, String> {
        match text.trim() {
            "all" => Ok(Allowed::All),
            text => text.parse().map(Allowed::Network),
        }
    }
}

/// The variable that allows private networks to every command of an environment.
const ALLOW_PRIVATE_NETWORK: &str = "CARDHOST_ALLOW_PRIVATE_NETWORK";

/// The variables that give every command of an environment a proxy.
const PROXY: &str = "CARDHOST_PROXY";
const NO_PROXY: &str = "CARDHOST_NO_PROXY";

impl NetworkArgs {
    /// What sends requests, where it is another than a host has by itself.
    pub(crate) fn transport(
        &self,
        egress: &EgressPolicy,
    ) -> Result<Option<HttpTransport>, Failure> {
        let proxies = self.proxies()?;
        if proxies.is_none() && self.ca.is_none() && !self.system_roots {
            return Ok(None);
        }
        let mut transport = HttpTransport::new().egress(egress.clone());
        if let Some(proxies) = proxies {
            transport = transport.through(proxies);
        }
        if self.system_roots {
            let unusable = |reason| Failure::Usage(format!("--system-roots: {reason}"));
            transport = transport.trusting_system().map_err(unusable)?;
        }
        if let Some(path) = &self.ca {
            let unusable =
                |reason: String| Failure::Usage(format!("--ca {}: {reason}", path.display()));
            let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
            transport = transport.trusting_pem(&pem).map_err(unusable)?;
        }
        Ok(Some(transport))
    }

    /// The proxies of the flag, or else of the environment.
    fn proxies(&self) -> Result<Option<Proxies>, Failure> {
        let of_environment = |name: &str| {
            let set = std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
            set.filter(|text| !text.trim().is_empty())
        };
        let (from, asked) = match &self.proxy {
            Some(asked) => ("--proxy", Some(asked.clone())),
            None => (PROXY, of_environment(PROXY)),
        };
        let proxies = match asked.as_deref().map(str::trim) {
            None | Some("none") => return Ok(None),
            Some("env") => Proxies::of_environment(&of_environment),
            Some(url) => Proxies::all(url),
        };
        let proxies = proxies.map_err(|reason| Failure::Usage(format!("{from}: {reason}")))?;
        let (from, list) = match &self.no_proxy {
            Some(list) => ("--no-proxy", list.clone()),
            None => (NO_PROXY, of_environment(NO_PROXY).unwrap_or_default()),
        };
        let proxies = proxies.except(&list);
        proxies.map(Some).map_err(|reason| Failure::Usage(format!("{from}: {reason}")))
    }

    /// Where connections may lead: what the flag allows, and what the environment does.
    pub(crate) fn egress(&self) -> Result<EgressPolicy, Failure> {
        let mut policy = EgressPolicy::default();
        let mut allow = |allowed: Allowed| match allowed {
            Allowed::All => policy.private = true,
            Allowed::Network(network) => policy.allowed.push(network),
        };
        self.allow_private_network.iter().cloned().for_each(&mut allow);
        if let Some(list) = std::env::var_os(ALLOW_PRIVATE_NETWORK) {
            let list = list.to_string_lossy();
            for text in list.split(',').filter(|text| !text.trim().is_empty()) {
                let allowed = text.parse().map_err(|reason| {
                    Failure::Usage(format!("{ALLOW_PRIVATE_NETWORK}: {reason}"))
                })?;
                allow(allowed);
            }
        }
        Ok(policy)
    }
}
