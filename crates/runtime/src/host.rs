//! The host: plans and runs invocations of cards.

mod brought;
mod builder;
mod call_tokens;
mod choices;
mod fallback;
mod opened;
mod policy;
mod polls;
mod stand_ins;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::OnceLock;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

#[cfg(feature = "flow")]
use cardhost_core::call::Anonymous;
use cardhost_core::call::{self, Outcome, Polling};
use cardhost_core::connection::{Connection, ConnectionFault, secret_source};
use cardhost_core::connector::{Connector, Span};
use cardhost_core::definition::Definition;
use cardhost_core::error::Place;
use cardhost_core::failure::Error;
use cardhost_core::invocation::{ConnectionRef, Invocation, InvocationFault};
use cardhost_core::limits::LimitScope;
use cardhost_core::pages::PageFault;
use cardhost_core::plan::{Circumstances, Plan, PlanSettings, plan_in};
use cardhost_core::request::HostFrom;
use cardhost_core::retries::{Backoff, Retries};
use cardhost_core::text::nearest;
use serde_json::{Map, Value};
use tracing::Instrument as _;

use crate::caller::Caller;
use crate::catalog::Catalog;
use crate::connections::ConnectionProvider;
use crate::entropy;
use crate::entropy::moment;
use crate::executor::Driver;
use crate::permits::{LimitKey, Limited, Permits};
use crate::record_sink::RecordSink;
use crate::secret_source::{self, SecretFiles};
use crate::shutdown::Shutdown;
use crate::stored::{Opened, StoredConnections};
use crate::telemetry;
use crate::token::{Renewer, Slots};
use crate::transport::{BoxFuture, Observer};
use call_tokens::CallTokens;
use fallback::Fallback;
use stand_ins::StandIns;

pub use builder::HostBuilder;
pub use choices::{Choices, DescribedFields};
pub use policy::Policy;

/// Plans and runs invocations. Cheap to clone; `Send` and `Sync`; one is enough for a process.
///
/// # Example: what would be sent, and what came of sending it
/// ```
/// use cardhost_core::invocation::Invocation;
/// use cardhost_runtime::catalog::MemorySource;
/// use cardhost_runtime::host::Host;
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
/// // In place of the network: `HttpTransport` is what sends where no other is given.
/// let service = MemoryTransport::new(|request| {
///     assert_eq!(request.headers["authorization"], "Bearer t-1");
///     Ok(Reply::new(200, Default::default(), r#"{ "state": "paid" }"#))
/// });
/// let host = Host::builder().cards(cards).transport(service).build();
/// let invocation = Invocation::from_value(json!({
///     "connection": { "fields": { "Token": "t-1" } },
///     "input": { "Order": { "ID": "42" } },
/// }))?;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// # runtime.block_on(async {
/// let plan = host.plan(Some("shop/get-order"), invocation.clone()).await?;
/// assert_eq!(plan.request.url.as_str(), "https://shop.example/v1/orders/42");
///
/// let outcome = host.run(Some("shop/get-order"), invocation).await?;
/// assert_eq!(outcome.output.to_value()?, json!({ "Order": { "State": "paid" } }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Host(Arc<Inner>, Caller);

struct Inner {
    catalog: Catalog,
    renewer: Arc<Renewer>,
    connections: Option<Arc<dyn ConnectionProvider>>,
    stored: Option<Arc<StoredConnections>>,
    token_slots: Slots,
    fallback: Option<Fallback>,
    fallback_file: String,
    fallback_name: Option<String>,
    fallback_settled: Mutex<HashMap<String, Arc<Connection>>>,
    stand_ins: StandIns,
    observer: Option<Arc<dyn Observer>>,
    policy: Policy,
    settings: PlanSettings,
    shutdown: Option<Shutdown>,
    permits: Permits,
}

/// What comes before an exchange.
#[derive(Debug)]
pub struct Prepared {
    /// The card and its connector.
    pub definition: Arc<Definition>,
    /// The connection.
    pub connection: Arc<Connection>,
    /// The exact request; a token is marked in it, and what is signed is signed for now.
    pub plan: Plan,
}

/// Is told of a planned request before it is sent, and may refuse it.
pub(crate) trait BeforeSending: Send + Sync {
    /// The request is planned; `account` is the connection, where it is not the invocation's own.
    fn planned<'a>(
        &'a self,
        definition: &'a Definition,
        account: Option<Account<'a>>,
        plan: &'a Plan,
    ) -> BoxFuture<'a, Result<(), Error>>;
}

/// A connection that a name or the host gives.
#[cfg_attr(not(feature = "flow"), expect(dead_code, reason = "flows ask for it"))]
pub(crate) struct Account<'a> {
    /// `connection <connector>/<name>`, or without a name.
    pub(crate) name: String,
    pub(crate) connection: &'a Connection,
}

/// A connection as a run finds it.
pub(crate) struct Found {
    /// As requests are planned with it.
    pub(crate) connection: Arc<Connection>,
    /// As it was given, where a login has brought more: tokens are asked for with this one.
    pub(crate) given: Option<Arc<Connection>>,
    /// The stored connection that it is.
    pub(crate) stored: Option<Arc<Opened>>,
    /// The name that the embedding program knows it by.
    pub(crate) named: Option<String>,
}

/// What a request is planned for.
#[derive(Clone, Copy, Default)]
struct Told {
    /// Whether requests may be sent for it.
    may_send: bool,
    /// Whether a flow asks, whose values may be those of services.
    in_flow: bool,
}

impl Host {
    /// Sets a host up.
    #[must_use]
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }

    /// The same host for the calls of somebody: with the stored connections of their tenant, of the store given to
    /// [`HostBuilder::store_of_tenants`]. It shares everything else, and costs no more than a clone: thousands of tenants share
    /// one host.
    ///
    /// # Example: two tenants, each with a connection `prod`
    /// ```no_run
    /// # use cardhost_core::invocation::Invocation;
    /// # use cardhost_runtime::caller::Caller;
    /// # use cardhost_runtime::host::Host;
    /// # async fn run(host: Host) -> Result<(), cardhost_core::failure::Error> {
    /// let order = Invocation::of("shop/get-order").with_connection("prod");
    /// host.for_caller(Caller::of_tenant("acme")).run(None, order.clone()).await?;
    /// host.for_caller(Caller::of_tenant("globex")).run(None, order).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn for_caller(&self, caller: Caller) -> Host {
        Host(Arc::clone(&self.0), caller)
    }

    /// The host that was just made, which a shutdown ends; a host that somebody else has as well stays as it is. Where it is known
    /// from the start, [`HostBuilder::shutdown`] says the same.
    #[must_use]
    pub fn ended_by(mut self, shutdown: Shutdown) -> Host {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.shutdown = Some(shutdown);
        }
        self
    }

    /// Who its calls are for.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.1
    }

    /// The cards there are.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.0.catalog
    }

    /// What the host allows.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// The exact request that an invocation would send. `card` is used where the invocation names none.
    ///
    /// # Errors
    /// Everything but transport and reply: classes 3 to 6.
    pub async fn plan(&self, card: Option<&str>, invocation: Invocation) -> Result<Plan, Error> {
        self.prepare(card, invocation).await.map(|prepared| prepared.plan)
    }

    /// Runs an invocation. Dropping the future ends the exchange and leaves nothing behind.
    ///
    /// # Errors
    /// Every class; a failed reply is kept in the error.
    pub async fn run(&self, card: Option<&str>, invocation: Invocation) -> Result<Outcome, Error> {
        let name = invocation.card.as_deref().or(card).unwrap_or_default();
        let span = telemetry::span(name);
        let find = || {
            let named = invocation.card.as_deref().or(card).filter(|name| !name.is_empty());
            self.definition(named.ok_or(InvocationFault::NoCard)?)
        };
        if span.is_disabled() {
            return self.exchange(find()?, invocation, &span, None, None).await;
        }
        let found = find();
        told(&span, async { self.exchange(found?, invocation, &span, None, None).await }).await
    }

    /// Runs an invocation of a card with pages and hands their records to a sink, one page after the other: nothing of them is
    /// kept. The outcome says how many there were and why they ended; an error, what was had before it ([`Error::so_far`]).
    ///
    /// # Errors
    /// As [`Host::run`], `pages.none` of a card without pages, and the sink's own.
    pub async fn run_records(
        &self,
        card: Option<&str>,
        invocation: Invocation,
        sink: &mut dyn RecordSink,
    ) -> Result<Outcome, Error> {
        let name = invocation.card.as_deref().or(card).unwrap_or_default();
        let span = telemetry::span(name);
        let found = self.definition(match name {
            "" => return Err(InvocationFault::NoCard.into()),
            name => name,
        })?;
        if found.card.pages.is_none() {
            return Err(PageFault::None.into());
        }
        told(&span, self.exchange(found, invocation, &span, None, Some(sink))).await
    }

    /// Looks at what a run needs before there is an invocation: the card, and the connection of invocations that bring none. What is
    /// found is kept for the run; the card is given as a run needs it: it may have no examples.
    ///
    /// # Errors
    /// Of the card and the connection, as [`Host::run`] has them.
    pub async fn look(&self, card: &str) -> Result<Arc<Definition>, Error> {
        let definition = self.definition(card)?;
        let connector = &definition.connector;
        let origin = self.origin(None);
        if let Some(name) = &self.0.fallback_name {
            let named = self.connection(connector, ConnectionRef::Name(name.clone())).await;
            named.map_err(|error| not_named(error, origin.as_deref()))?;
        } else if self.0.fallback.is_some() {
            let own = self.fallback(connector).await;
            own.map_err(|error| placed(error, origin.as_deref()))?;
        }
        Ok(definition)
    }

    /// A card to run. What stands in for its service takes the connection from the card's examples.
    pub(crate) fn definition(&self, full_name: &str) -> Result<Arc<Definition>, Error> {
        match self.0.stand_ins.are_there() {
            true => {
                let definition = self.0.catalog.definition(full_name)?;
                self.0.stand_ins.admit(&definition)?;
                Ok(definition)
            }
            false => self.0.catalog.definition_to_run(full_name),
        }
    }

    /// Runs a card, with something to be done between planning its request and sending it.
    #[cfg(feature = "flow")]
    pub(crate) async fn run_with(
        &self,
        definition: Arc<Definition>,
        invocation: Invocation,
        before: &dyn BeforeSending,
    ) -> Result<Outcome, Error> {
        let span = telemetry::span(&definition.full_name());
        if span.is_disabled() {
            return self.exchange(definition, invocation, &span, Some(before), None).await;
        }
        told(&span, self.exchange(definition, invocation, &span, Some(before), None)).await
    }

    async fn exchange(
        &self,
        definition: Arc<Definition>,
        mut invocation: Invocation,
        span: &tracing::Span,
        before: Option<&dyn BeforeSending>,
        sink: Option<&mut dyn RecordSink>,
    ) -> Result<Outcome, Error> {
        let origin = self.origin(invocation.connection.as_ref());
        let account =
            before.and_then(|_| self.account(&definition, invocation.connection.as_ref()));
        let asked_with = self.0.observer.as_ref().map(|_| invocation.connection.clone());
        let told = Told { may_send: true, in_flow: before.is_some() };
        let waits = polls::Waits::of(&definition, &mut invocation);
        let (found, plan) = self.plan_unsigned(&definition, invocation, told).await?;
        // In a box: a future keeps a place for each value that it hands on.
        let plan = Box::new(plan);
        if let (Some(observer), Some(reference)) = (&self.0.observer, asked_with) {
            let (connector, connection) = (&definition.connector, found.given());
            match reference {
                // The invocation brings it along.
                Some(ConnectionRef::Fields(_)) => {}
                Some(ConnectionRef::Name(name)) => {
                    observer.asked_with(connector, Some(&name), connection);
                }
                None => observer.asked_with(connector, None, connection),
            }
        }
        telemetry::planned(span, &plan);
        if let Some(before) = before {
            let account = account.map(|name| Account { name, connection: &found.connection });
            before.planned(&definition, account, &plan).await?;
        }
        let mut plan = plan;
        if let (Some(_), Some(pages)) = (&sink, &mut plan.pages) {
            pages.streams = true;
        }
        let result = match waits {
            None => self.drive(definition, found, plan, sink, None).await,
            Some(waits) => Box::pin(self.drive_to_its_end(definition, found, plan, *waits)).await,
        };
        result.map_err(|error| placed(error, origin.as_deref()))
    }

    /// What names the connection of an invocation that does not bring its fields along.
    fn account(
        &self,
        definition: &Definition,
        reference: Option<&ConnectionRef>,
    ) -> Option<String> {
        let connector = definition.connector.name.as_str();
        let name = match reference {
            Some(ConnectionRef::Fields(_)) => return None,
            Some(ConnectionRef::Name(name)) => Some(name),
            None => self.0.fallback_name.as_ref(),
        };
        Some(match name {
            Some(name) => format!("connection {connector}/{name}"),
            None => format!("connection {connector}"),
        })
    }

    async fn drive(
        &self,
        definition: Arc<Definition>,
        found: Found,
        plan: Box<Plan>,
        sink: Option<&mut dyn RecordSink>,
        polling: Option<Box<Polling>>,
    ) -> Result<Outcome, Error> {
        let inner = &*self.0;
        let tokens = CallTokens {
            host: inner,
            connector: &definition.connector,
            identity: definition.connector.name.as_str(),
            found: &found,
            method: &plan.auth.clone(),
            slot: OnceLock::new(),
        };
        let limited = self.limited(&definition, &found, &plan);
        let begun = match polling {
            None => call::begin(Arc::clone(&definition), *plan),
            Some(polling) => polling.ask(Arc::clone(&definition), *plan),
        };
        let Renewer { transport, clock, entropy, .. } = &*inner.renewer;
        let connector = definition.connector.name.as_str();
        let observer = inner.observer.as_deref();
        let stand_in = inner.stand_ins.transport(&inner.catalog, connector, observer);
        let transport = match &stand_in {
            Some(stand_in) => &**stand_in,
            None => &**transport,
        };
        let (clock, entropy, shutdown) = (&**clock, &**entropy, inner.shutdown.as_ref());
        let limits = limited.as_ref().map(|limited| (limited, inner.policy.limit_wait));
        let files = inner.policy.files.as_deref();
        Driver { transport, clock, entropy, tokens: &tokens, shutdown, limits, files }
            .drive(begun, sink)
            .await
    }

    /// The limits that a call is under: those of its target, where it is the service's own that is asked.
    fn limited(&self, definition: &Definition, found: &Found, plan: &Plan) -> Option<Limited> {
        let connector = &definition.connector;
        let limits = connector.targets.get(&plan.target)?.limits.as_ref()?;
        let is_its_own = plan.request.host_from != HostFrom::Command;
        if !self.0.policy.keeps_limits || !is_its_own || self.0.stand_ins.are_there() {
            return None;
        }
        let name = connector.name.as_str();
        let tenant = self.1.tenant().unwrap_or_default();
        let of_connection = limits.scope == LimitScope::Connection;
        let key = LimitKey {
            tenant: if of_connection { tenant.to_owned() } else { String::new() },
            connector: name.to_owned(),
            target: plan.target.clone(),
            connection: of_connection.then(|| found.counted(name)),
        };
        Some(self.0.permits.of(key, limits, tenant))
    }

    #[cfg(feature = "flow")]
    /// Runs a call without a card, once it is [admitted](Host::admit).
    pub(crate) async fn run_anonymous(&self, call: Anonymous) -> Result<Outcome, Error> {
        let inner = &*self.0;
        let (connector, identity) = (Arc::clone(&call.connector), call.identity.clone());
        let found = Found::of(Arc::clone(&call.connection));
        let tokens = CallTokens {
            host: inner,
            connector: &connector,
            identity: &identity,
            found: &found,
            method: &call.plan.auth.clone(),
            slot: OnceLock::new(),
        };
        let Renewer { transport, clock, entropy, .. } = &*inner.renewer;
        let (transport, clock, entropy) = (&**transport, &**clock, &**entropy);
        let shutdown = inner.shutdown.as_ref();
        let (limits, files) = (None, None);
        Driver { transport, clock, entropy, tokens: &tokens, shutdown, limits, files }
            .drive(call.begin(), None)
            .await
    }

    /// Refuses a plan that the policy does not allow, and limits its time and its attempts. Where a stand-in answers nothing is sent, wherever
    /// the connection leads.
    pub(crate) fn admit(&self, plan: &mut Plan) -> Result<(), Error> {
        let policy = &self.0.policy;
        if !self.0.stand_ins.are_there() {
            policy.egress.check(&plan.request).map_err(|fault| Error::egress(plan, fault))?;
        }
        if let Some(attempts) = policy.attempts {
            let retries = plan.retries.unwrap_or_else(|| Retries::default().settled());
            plan.retries = Some(Backoff { attempts: attempts.get(), ..retries });
        }
        if let Some(total) = policy.total_timeout {
            plan.timeouts.total = Some(Span(total));
            if let Some(backoff) = &mut plan.retries {
                backoff.budget = backoff.budget.min(total);
            }
        }
        Ok(())
    }

    /// What plans are made with: base override, timeouts, schemes of the embedder.
    #[must_use]
    pub fn settings(&self) -> &PlanSettings {
        &self.0.settings
    }

    /// As [`Host::plan`], with the definition and the connection that the plan was made of.
    ///
    /// # Errors
    /// As [`Host::plan`].
    pub async fn prepare(
        &self,
        card: Option<&str>,
        invocation: Invocation,
    ) -> Result<Prepared, Error> {
        let (definition, found, plan) = self.prepare_unsigned(card, invocation).await?;
        let Renewer { clock, entropy, .. } = &*self.0.renewer;
        let moment = entropy::moment(&**clock, &**entropy)?;
        let plan = plan
            .sign_to_show(&moment)
            .map_err(|refusal| Error::from(refusal).placed_in(&definition))?;
        Ok(Prepared { definition, connection: found.connection, plan })
    }

    async fn prepare_unsigned(
        &self,
        card: Option<&str>,
        invocation: Invocation,
    ) -> Result<(Arc<Definition>, Found, Plan), Error> {
        let named = invocation.card.as_deref().or(card).filter(|name| !name.is_empty());
        let name = named.ok_or(InvocationFault::NoCard)?;
        let definition = self.definition(name)?;
        let (found, plan) = self.plan_unsigned(&definition, invocation, Told::default()).await?;
        Ok((definition, found, plan))
    }

    async fn plan_unsigned(
        &self,
        definition: &Definition,
        invocation: Invocation,
        told: Told,
    ) -> Result<(Found, Plan), Error> {
        let connector = &definition.connector;
        let origin = self.origin(invocation.connection.as_ref());
        let placed = |error: Error| placed(error, origin.as_deref());
        let found = self.found(definition, invocation.connection, origin.as_deref()).await?;
        let found = match connector.brings() && !self.0.stand_ins.are_there() {
            true => Box::pin(self.brought(connector, found, told.may_send)).await?,
            false => found,
        };
        let settings = &self.0.settings;
        let files = match definition.takes_files() {
            true => Box::pin(self.opened(definition, &invocation.input, told.in_flow))
                .await
                .map_err(placed)?,
            false => Vec::new(),
        };
        let values = (invocation.options, invocation.input);
        let key = match invocation.idempotency_key {
            None if self.sends_again(definition) => Some(self.own_key()?),
            given => given,
        };
        let circumstances = Circumstances {
            files: &files,
            idempotency_key: key.as_deref(),
            moment: &|| moment(&*self.0.renewer.clock, &*self.0.renewer.entropy).ok(),
        };
        let planned = plan_in(definition, &found.connection, values, &circumstances, settings);
        let mut plan =
            planned.map_err(|refusal| placed(Error::from(refusal).placed_in(definition)))?;
        match (invocation.pages, &definition.card.pages) {
            (Some(wanted), pages) => plan.want(pages.as_deref(), wanted)?,
            (None, Some(pages)) => plan.want_as_said(pages)?,
            (None, None) => {}
        }
        self.admit(&mut plan).map_err(placed)?;
        Ok((found, plan))
    }

    /// The connection of a call: the one it names, else the host's.
    async fn found(
        &self,
        definition: &Definition,
        reference: Option<ConnectionRef>,
        origin: Option<&str>,
    ) -> Result<Found, Error> {
        let connector = &definition.connector;
        let placed = |error: Error| placed(error, origin);
        match (reference, &self.0.fallback_name) {
            (Some(reference), _) => {
                Box::pin(self.connection(connector, reference)).await.map_err(placed)
            }
            (None, Some(name)) => {
                let named = ConnectionRef::Name(name.clone());
                let named = Box::pin(self.connection(connector, named)).await;
                named.map_err(|error| not_named(error, origin))
            }
            (None, None) => {
                let is_stood_in = self.0.stand_ins.are_there() && self.0.fallback.is_none();
                Ok(Found::of(match is_stood_in {
                    true => Arc::new(stand_ins::connection(definition)?),
                    false => self.fallback(connector).await.map_err(placed)?,
                }))
            }
        }
    }

    /// Whether the connection of a call is there and has what its connector asks for.
    #[cfg(feature = "flow")]
    pub(crate) async fn connects(
        &self,
        definition: &Definition,
        reference: Option<ConnectionRef>,
    ) -> Result<(), Error> {
        let origin = self.origin(reference.as_ref());
        self.found(definition, reference, origin.as_deref()).await.map(|_| ())
    }

    /// Whether a card that has a place for an idempotency key may be sent more than once.
    fn sends_again(&self, definition: &Definition) -> bool {
        let said = || definition.retries().map(|backoff| backoff.attempts);
        let attempts = self.0.policy.attempts.map(NonZeroU32::get).or_else(said);
        definition.card.idempotency_key.is_some() && attempts.is_some_and(|most| most > 1)
    }

    /// A key for one invocation that brings none.
    fn own_key(&self) -> Result<String, Error> {
        let Renewer { clock, entropy, .. } = &*self.0.renewer;
        Ok(moment(&**clock, &**entropy)?.nonce_hex())
    }

    /// Runs a card that is in no catalog.
    pub(crate) async fn run_definition(
        &self,
        definition: Arc<Definition>,
        invocation: Invocation,
    ) -> Result<Outcome, Error> {
        let told = Told { may_send: true, ..Told::default() };
        let (found, plan) = self.plan_unsigned(&definition, invocation, told).await?;
        self.drive(definition, found, Box::new(plan), None, None).await
    }

    /// A stored connection, opened.
    pub(crate) async fn stored_connection(
        &self,
        connector: &Connector,
        name: &str,
    ) -> Result<Found, Error> {
        self.connection(connector, ConnectionRef::Name(name.to_owned())).await
    }

    #[cfg(feature = "flow")]
    /// Whether a stand-in answers in the place of services, for cards alone.
    pub(crate) fn is_stood_in(&self) -> bool {
        self.0.stand_ins.are_there()
    }

    /// What ends its work.
    #[cfg(feature = "flow")]
    pub(crate) fn shutdown(&self) -> Option<&Shutdown> {
        self.0.shutdown.as_ref()
    }

    /// What gets tokens.
    pub(crate) fn renewer(&self) -> &Arc<Renewer> {
        &self.0.renewer
    }

    async fn connection(
        &self,
        connector: &Connector,
        reference: ConnectionRef,
    ) -> Result<Found, Error> {
        let name = match reference {
            ConnectionRef::Fields(fields) => {
                let may_refer = self.0.policy.secret_references;
                let connection = self.settle(connector, fields, may_refer).await?;
                return Ok(Found::of(Arc::new(connection)));
            }
            ConnectionRef::Name(name) => name,
        };
        if let Some(stored) = &self.0.stored {
            let may_refer = self.0.policy.stored_secret_references;
            let opened = stored
                .open(self.1.tenant(), connector.name.as_str(), &name, &|fields| {
                    Box::pin(self.settle(connector, fields, may_refer))
                })
                .await?;
            if let Some(opened) = opened {
                let connection = Arc::clone(&opened.connection);
                return Ok(Found { stored: Some(opened), ..Found::of(connection) });
            }
        }
        let Some(provider) = &self.0.connections else {
            return Err(self.unknown_connection(connector, name).await);
        };
        let found = provider.fields_for(&self.1, connector.name.as_str(), &name).await;
        let fields = found.map_err(|reason| Error::from(ConnectionFault::Unreadable { reason }))?;
        let Some(fields) = fields else {
            return Err(self.unknown_connection(connector, name).await);
        };
        let may_refer = self.0.policy.secret_references;
        let connection = self.settle(connector, fields, may_refer).await?;
        Ok(Found { named: Some(name), ..Found::of(Arc::new(connection)) })
    }

    /// The error of a name that no connection has, with the nearest one that is stored.
    async fn unknown_connection(&self, connector: &Connector, name: String) -> Error {
        let known = match &self.0.stored {
            Some(stored) => {
                stored.names(self.1.tenant(), connector.name.as_str()).await.unwrap_or_default()
            }
            None => Vec::new(),
        };
        let nearest = nearest(&name, known.iter().map(String::as_str));
        ConnectionFault::Unknown { name, nearest }.into()
    }

    /// A connection of its fields; files that they point at are read within the time of a call.
    async fn settle(
        &self,
        connector: &Connector,
        fields: Map<String, Value>,
        may_refer: bool,
    ) -> Result<Connection, Error> {
        if !may_refer {
            refuse_references(&fields)?;
        }
        let files = match SecretFiles::are_named_in(&fields) {
            false => SecretFiles::default(),
            true => {
                let total = self.0.policy.total_timeout;
                let limit = total.or(connector.timeouts.total.map(|span| span.0));
                let limit = limit.unwrap_or(secret_source::DEFAULT_LIMIT);
                Box::pin(SecretFiles::read(connector, &fields, limit)).await
            }
        };
        Connection::settle(connector, fields, &|source| files.secret(source)).map_err(Error::from)
    }

    /// What the fields of an invocation's connection came from, where that is not the invocation.
    fn origin(&self, reference: Option<&ConnectionRef>) -> Option<String> {
        let name = match reference {
            Some(ConnectionRef::Fields(_)) => return None,
            Some(ConnectionRef::Name(name)) => Some(name),
            None => self.0.fallback_name.as_ref(),
        };
        match name {
            Some(name) => Some(format!("connection {name}")),
            None if self.0.fallback_file.is_empty() => None,
            None => Some(self.0.fallback_file.clone()),
        }
    }

    /// The host's own connection, settled once a connector.
    async fn fallback(&self, connector: &Connector) -> Result<Arc<Connection>, Error> {
        let settled = || self.0.fallback_settled.lock().unwrap_or_else(PoisonError::into_inner);
        let name = connector.name.as_str();
        if let Some(found) = settled().get(name) {
            return Ok(Arc::clone(found));
        }
        let fields = self.0.fallback.as_ref().map(|own| own.fields(connector)).transpose()?;
        let fields = fields.unwrap_or_default();
        let connection = self.settle(connector, fields, true).await?;
        let connection = Arc::new(connection);
        settled().insert(name.to_owned(), Arc::clone(&connection));
        Ok(connection)
    }
}

/// Runs within a span, which is told the end. In a box: a future that is handed on is stored twice, and runs without a
/// span would pay for the space.
fn told<'f>(
    span: &'f tracing::Span,
    exchange: impl Future<Output = Result<Outcome, Error>> + Send + 'f,
) -> BoxFuture<'f, Result<Outcome, Error>> {
    Box::pin(async move {
        let since = Instant::now();
        let result = exchange.instrument(span.clone()).await;
        telemetry::ended(span, since, &result);
        result
    })
}

/// An error about the host's own connection, which no invocation named.
fn not_named(error: Error, origin: Option<&str>) -> Error {
    match error.place().pointer.as_str() {
        "/connection" => error.at(Place::default()),
        _ => placed(error, origin),
    }
}

/// An error about a field of a connection whose fields are not in the invocation: its place is where they came from.
fn placed(error: Error, origin: Option<&str>) -> Error {
    let place = error.place().clone();
    let pointer =
        place.pointer.strip_prefix("/connection").filter(|rest| rest.starts_with("/fields"));
    match (pointer, origin) {
        (Some(pointer), Some(origin)) if place.file.is_empty() => {
            let (file, pointer) = (origin.to_owned(), pointer.to_owned());
            error.at(Place { file, pointer, ..place })
        }
        _ => error,
    }
}

/// Refuses fields that point at the environment or a file.
fn refuse_references(fields: &Map<String, Value>) -> Result<(), ConnectionFault> {
    match fields.iter().find(|(_, value)| secret_source(value).is_some()) {
        Some((field, _)) => Err(ConnectionFault::Reference { field: field.clone() }),
        None => Ok(()),
    }
}
