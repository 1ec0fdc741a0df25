//! The runner: what a run is made of, and its beginning and end.

use std::sync::Arc;

use cardhost_core::failure::Error;
use cardhost_flow::DEFAULT_MAX_TASKS;
use cardhost_flow::datum::Limits;
use serde_json::Value;

use super::flow_run::FlowRun;
use super::open::Unfinished;
use super::settings::RunnerSettings;
use super::{Flow, FlowSecrets, FlowSource, Journal, SystemTimer, Timer, Watcher};
use crate::host::Host;

/// Runs flows over a host. Cheap to clone; `Send` and `Sync`; one is enough for a process.
///
/// The branches of a fork run at the same time: as tasks of the tokio runtime that [`FlowRunner::run`] is called in.
///
/// # Example: one card for each order, without a network and without waiting
/// ```
/// use cardhost_runtime::catalog::MemorySource;
/// use cardhost_runtime::flow::{Flow, FlowRunner, VirtualTimer};
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
/// let service = MemoryTransport::new(|request| {
///     let state = if request.url.path().ends_with("/42") { "paid" } else { "open" };
///     Ok(Reply::new(200, Default::default(), format!(r#"{{ "state": "{state}" }}"#)))
/// });
/// let fields = json!({ "Token": "t-1" }).as_object().cloned().unwrap_or_default();
/// let host = Host::builder()
///     .cards(cards)
///     .default_connection("connection.json", fields)
///     .transport(service)
///     .build();
/// let flow = Flow::load("states.yaml", r#"
/// document: { dsl: 1.0.3, namespace: shop, name: states, version: 1.0.0 }
/// do:
/// - each:
///     for: { each: id, in: .ids }
///     do:
///     - pause: { wait: PT1H }
///     - get:
///         call: get-order@shop
///         with: { input: { Order: { ID: '${ $id }' } } }
///         output: { as: .Order.State }
/// "#).map_err(|findings| format!("{findings:?}"))?;
///
/// // Its time passes at once.
/// let runner = FlowRunner::new(host).timer(VirtualTimer::starting_at(0)).max_tasks(100);
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// let output = runtime.block_on(runner.run(&flow, json!({ "ids": ["41", "42"] })))?;
/// assert_eq!(output, json!("paid"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct FlowRunner(pub(super) RunnerSettings);

impl FlowRunner {
    /// Runs flows over the cards, connections and transport of a host.
    #[must_use]
    pub fn new(host: Host) -> FlowRunner {
        FlowRunner(RunnerSettings {
            host,
            source: None,
            secrets: None,
            timer: Arc::new(SystemTimer),
            watcher: None,
            max_tasks: DEFAULT_MAX_TASKS,
            expression_limits: Limits::default(),
            seed: None,
        })
    }

    /// Where the flows come from that flows run.
    #[must_use]
    pub fn flows(mut self, source: impl FlowSource + 'static) -> FlowRunner {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// Where `$secrets` come from.
    #[must_use]
    pub fn secrets(mut self, secrets: impl FlowSecrets + 'static) -> FlowRunner {
        self.0.secrets = Some(Arc::new(secrets));
        self
    }

    /// Another time than the machine's.
    #[must_use]
    pub fn timer(mut self, timer: impl Timer + 'static) -> FlowRunner {
        self.0.timer = Arc::new(timer);
        self
    }

    /// Is told what happens.
    #[must_use]
    pub fn watcher(mut self, watcher: impl Watcher + 'static) -> FlowRunner {
        self.0.watcher = Some(Arc::new(watcher));
        self
    }

    /// Most tasks of a run, turns of loops counted; 1,000,000 by default.
    #[must_use]
    pub fn max_tasks(mut self, max_tasks: u64) -> FlowRunner {
        self.0.max_tasks = max_tasks;
        self
    }

    /// What one evaluation of an expression may cost, before the data that it is given counts.
    #[must_use]
    pub fn expression_limits(mut self, limits: Limits) -> FlowRunner {
        self.0.expression_limits = limits;
        self
    }

    /// What chance is made of, for a replay: the ids of runs, idempotency keys and jitter come from it. Every run gets the
    /// same; random by default, for each run anew.
    #[must_use]
    pub fn seed(mut self, seed: [u8; 32]) -> FlowRunner {
        self.0.seed = Some(seed);
        self
    }

    /// Runs a flow to its end, and the flows that it has detached to theirs. Dropping the future ends what is under way.
    ///
    /// # Errors
    /// What nothing in the flow caught, with its own code; `flow.limit`; what stops a run whatever it catches, such as a
    /// secret that is not there.
    pub async fn run(&self, flow: &Flow, input: Value) -> Result<Value, Error> {
        FlowRun::begin(self.0.clone(), flow, &input, None)
            .await?
            .run(flow, input, Unfinished::Stop)
            .await
    }

    /// As [`FlowRunner::run`], with everything that is done kept in a journal: given the journal of a run that did not
    /// come to its end, it goes on where that one stopped. What a step gives is used with the secrets of its connection
    /// masked, so that a run that goes on sees what the first one saw.
    ///
    /// # Errors
    /// As [`FlowRunner::run`]; `flow.in_doubt` where a write was sent and its reply not recorded, unless `unfinished`
    /// decides; `flow.journal`, `flow.journal_mismatch`.
    pub async fn run_with(
        &self,
        journal: Journal,
        unfinished: Unfinished,
        flow: &Flow,
        input: Value,
    ) -> Result<Value, Error> {
        let flow_run = FlowRun::begin(self.0.clone(), flow, &input, Some(journal)).await?;
        flow_run.run(flow, input, unfinished).await
    }
}

impl std::fmt::Debug for FlowRunner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FlowRunner").field("max_tasks", &self.0.max_tasks).finish_non_exhaustive()
    }
}
