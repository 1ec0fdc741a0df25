//! How a host is set up.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use cardhost_core::auth::{CustomScheme, CustomSchemes};
use cardhost_core::connector::Connector;
use cardhost_core::failure::Error;
use cardhost_core::plan::{BaseOverride, PlanSettings};
use serde_json::{Map, Value};

use super::fallback::Fallback;
use super::stand_ins::{StandIns, observed};
use super::{Host, Inner, Policy};
use crate::caller::Caller;
use crate::catalog::{CardSource, Catalog, Folder};
use crate::clock::{Clock, SystemClock};
use crate::connections::ConnectionProvider;
use crate::entropy::{Entropy, SystemEntropy};
use crate::permits::{OpenLedger, Permits};
use crate::shutdown::Shutdown;
use crate::stored::{LazyStore, OpenStore, StoredConnections, Stores};
use crate::token::{Renewer, Servers, Slots, Timing};
use crate::transport::{HttpTransport, Observer, StandIn, Transport};
use cardhost_store::{LimitLedger, Store, TenantStore};

/// Sets a host up.
///
/// # Example: a connection by its name, another base URL, and a limit on time
/// ```
/// use std::time::Duration;
///
/// use cardhost_core::invocation::Invocation;
/// use cardhost_core::plan::BaseOverride;
/// use cardhost_runtime::catalog::MemorySource;
/// use cardhost_runtime::connections::MemoryConnections;
/// use cardhost_runtime::host::{Host, Policy};
/// use cardhost_runtime::transport::{MemoryTransport, Reply};
/// use serde_json::json;
///
/// # let cards = MemorySource::new()
/// #     .with("shop/connector", r#"{
/// #         "format": 1, "name": "shop", "title": "Shop", "version": "1.0.0",
/// #         "connection": { "fields": { "Token": { "type": "secret", "required": true } } },
/// #         "auth": { "token": { "scheme": "bearer", "token": "<<connection.Token>>" } },
/// #         "targets": { "api": { "base": "https://shop.example/v1", "auth": ["token"] } }
/// #     }"#)
/// #     .with("shop/get-order", r#"{
/// #         "format": 1, "name": "get-order", "title": "Get order", "version": "1.0.0",
/// #         "input": { "Order": { "ID": { "type": "text", "required": true } } },
/// #         "request": { "target": "api", "method": "GET", "path": "/orders/<<input.Order.ID>>" },
/// #         "response": { "decoder": "json" }, "effect": "read",
/// #         "output": { "Order": { "State": { "type": "text", "value": "<<response.body.state>>" } } }
/// #     }"#);
/// let fields = json!({ "Token": "t-1" }).as_object().cloned().unwrap_or_default();
/// let host = Host::builder()
///     .cards(cards)
///     .connections(MemoryConnections::new().with("shop", "prod", fields))
///     .base(BaseOverride::parse("http://127.0.0.1:8080").ok_or("no base URL")?)
///     .policy(Policy { total_timeout: Some(Duration::from_secs(10)), ..Policy::default() })
///     .transport(MemoryTransport::new(|request| {
///         assert_eq!(request.url.as_str(), "http://127.0.0.1:8080/orders/42");
///         Ok(Reply::new(200, Default::default(), r#"{ "state": "paid" }"#))
///     }))
///     .build();
/// let invocation = Invocation::from_value(json!({
///     "card": "shop/get-order",
///     "connection": "prod",
///     "input": { "Order": { "ID": "42" } },
/// }))?;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// let outcome = runtime.block_on(host.run(None, invocation))?;
/// assert_eq!(outcome.output.to_value()?["Order"]["State"], "paid");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct HostBuilder {
    sources: Vec<Arc<dyn CardSource>>,
    transport: Option<Arc<dyn Transport>>,
    stand_in: Option<Arc<dyn StandIn>>,
    observer: Option<Arc<dyn Observer>>,
    clock: Option<Arc<dyn Clock>>,
    entropy: Option<Arc<dyn Entropy>>,
    connections: Option<Arc<dyn ConnectionProvider>>,
    store: Option<Stores>,
    open_ledger: Option<Box<OpenLedger>>,
    schemes: CustomSchemes,
    fallback: Option<Fallback>,
    fallback_file: String,
    fallback_name: Option<String>,
    policy: Policy,
    settings: PlanSettings,
    shutdown: Option<Shutdown>,
}

impl HostBuilder {
    /// Cards from a folder of connectors. Several sources are asked in the order given.
    #[must_use]
    pub fn cards_folder(self, path: impl Into<PathBuf>) -> HostBuilder {
        self.cards(Folder::new(path))
    }

    /// Cards from any source.
    #[must_use]
    pub fn cards(mut self, source: impl CardSource + 'static) -> HostBuilder {
        self.sources.push(Arc::new(source));
        self
    }

    /// Sends through another transport than HTTP.
    #[must_use]
    pub fn transport(mut self, transport: impl Transport + 'static) -> HostBuilder {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Sends nothing: a stand-in answers in the place of each service.
    #[must_use]
    pub fn stand_in(mut self, stand_in: impl StandIn + 'static) -> HostBuilder {
        self.stand_in = Some(Arc::new(stand_in));
        self
    }

    /// Shows every exchange to an observer, such as a recorder.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer + 'static) -> HostBuilder {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Takes the time from another clock than the machine's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> HostBuilder {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Takes random values from another source than the system, for tests.
    #[must_use]
    pub fn entropy(mut self, entropy: impl Entropy + 'static) -> HostBuilder {
        self.entropy = Some(Arc::new(entropy));
        self
    }

    /// The scheme of auth methods with `"scheme": "custom"` and this name.
    #[must_use]
    pub fn auth_scheme(mut self, name: &str, scheme: impl CustomScheme + 'static) -> HostBuilder {
        self.schemes.add(name, Arc::new(scheme));
        self
    }

    /// The store of named connections, opened for one tenant. Tokens are kept in it, and renewed by one host at a time.
    #[must_use]
    pub fn store(mut self, store: TenantStore) -> HostBuilder {
        self.store = Some(Stores::One(LazyStore::open(store)));
        self
    }

    /// The store of named connections of every tenant: each call uses those of its [`Caller`]'s tenant, and one without a caller
    /// none. See [`Host::for_caller`].
    #[must_use]
    pub fn store_of_tenants(mut self, store: Store) -> HostBuilder {
        self.store = Some(Stores::Every(store));
        self
    }

    /// As [`HostBuilder::store`], opened when an invocation first names a connection. Where it gives `None`, no connection
    /// is stored, and it is asked again the next time.
    #[must_use]
    pub fn store_with<F, O>(mut self, open: F) -> HostBuilder
    where
        F: Fn() -> O + Send + Sync + 'static,
        O: Future<Output = Result<Option<TenantStore>, Error>> + Send + 'static,
    {
        let open: Box<OpenStore> = Box::new(move || Box::pin(open()));
        self.store = Some(Stores::One(LazyStore::closed(open)));
        self
    }

    /// Where it is kept what was sent under the limits of services ([`Policy::keeps_limits`]): shared by all who are given the same ledger. By
    /// default that of the store is, and without a store each host counts for itself.
    #[must_use]
    pub fn limit_ledger(self, ledger: Arc<dyn LimitLedger>) -> HostBuilder {
        self.limit_ledger_with(move || std::future::ready(Ok(Some(Arc::clone(&ledger)))))
    }

    /// As [`HostBuilder::limit_ledger`], opened when a request first meets a limit. Where it gives `None`, the host counts for itself.
    #[must_use]
    pub fn limit_ledger_with<F, O>(mut self, open: F) -> HostBuilder
    where
        F: Fn() -> O + Send + Sync + 'static,
        O: Future<Output = Result<Option<Arc<dyn LimitLedger>>, Error>> + Send + 'static,
    {
        self.open_ledger = Some(Box::new(move || Box::pin(open())));
        self
    }

    /// Where named connections come from that are not in a store.
    #[must_use]
    pub fn connections(mut self, provider: impl ConnectionProvider + 'static) -> HostBuilder {
        self.connections = Some(Arc::new(provider));
        self
    }

    /// The connection of every invocation that brings none. It is the host's own: its fields may point at
    /// environment variables and files. `file` is where it came from, for messages.
    #[must_use]
    pub fn default_connection(mut self, file: &str, fields: Map<String, Value>) -> HostBuilder {
        self.fallback = Some(Fallback::Fields(fields));
        file.clone_into(&mut self.fallback_file);
        self
    }

    /// As [`HostBuilder::default_connection`], with the fields that `fields` gives for the connector of a card: where other
    /// cards need other ones.
    #[must_use]
    pub fn default_connection_of<F>(mut self, file: &str, fields: F) -> HostBuilder
    where
        F: Fn(&Connector) -> Result<Map<String, Value>, Error> + Send + Sync + 'static,
    {
        self.fallback = Some(Fallback::Of(Box::new(fields)));
        file.clone_into(&mut self.fallback_file);
        self
    }

    /// The name of the stored connection of every invocation that brings none, in place of
    /// [`HostBuilder::default_connection`].
    #[must_use]
    pub fn default_connection_name(mut self, name: &str) -> HostBuilder {
        self.fallback_name = Some(name.to_owned());
        self
    }

    /// What the host allows.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> HostBuilder {
        self.policy = policy;
        self
    }

    /// Replaces the base URL of every target, for mocks and proxies.
    #[must_use]
    pub fn base(mut self, base: BaseOverride) -> HostBuilder {
        self.settings.base = Some(Arc::new(base));
        self
    }

    /// Replaces the base URLs of one connector's targets: before those of [`HostBuilder::base`].
    #[must_use]
    pub fn base_of(mut self, connector: &str, base: BaseOverride) -> HostBuilder {
        self.settings.bases.insert(connector.to_owned(), Arc::new(base));
        self
    }

    /// What ends its work, once whoever runs the program asks for that.
    #[must_use]
    pub fn shutdown(mut self, shutdown: Shutdown) -> HostBuilder {
        self.shutdown = Some(shutdown);
        self
    }

    /// The host.
    #[must_use]
    pub fn build(self) -> Host {
        let settings = PlanSettings { schemes: Arc::new(self.schemes), ..self.settings };
        let transport = self
            .transport
            .unwrap_or_else(|| Arc::new(HttpTransport::new().egress(self.policy.egress.clone())));
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let stored = self.store.map(|store| Arc::new(StoredConnections::new(store)));
        let open_ledger = self.open_ledger.or_else(|| {
            let stored = stored.clone()?;
            Some(Box::new(move || {
                let stored = Arc::clone(&stored);
                Box::pin(async move { stored.limit_ledger().await })
            }))
        });
        let permits = Permits::new(open_ledger, Arc::clone(&clock));
        let renewer = Renewer {
            transport: observed(transport, self.observer.as_deref()),
            clock,
            entropy: self.entropy.unwrap_or_else(|| Arc::new(SystemEntropy)),
            egress: self.policy.egress.clone(),
            timing: Timing::new(self.policy.token_lease),
            servers: Servers::default(),
            settings: settings.clone(),
        };
        let inner = Inner {
            catalog: Catalog::new(self.sources),
            renewer: Arc::new(renewer),
            connections: self.connections,
            stored,
            token_slots: Slots::default(),
            fallback: self.fallback,
            fallback_file: self.fallback_file,
            fallback_name: self.fallback_name,
            fallback_settled: Mutex::default(),
            stand_ins: StandIns::new(self.stand_in),
            observer: self.observer,
            policy: self.policy,
            settings,
            shutdown: self.shutdown,
            permits,
        };
        Host(Arc::new(inner), Caller::default())
    }
}
