//! The runner: what a run is made of, and its beginning and end.

use std::sync::Arc;

use cardhost_core::failure::Error;
use cardhost_flow::DEFAULT_MAX_TASKS;
use serde_json::Value;

use super::open::Unfinished;
use super::session::Session;
use super::settings::RunnerSettings;
use super::{Flow, FlowSecrets, FlowSource, Journal, SystemTimer, Timer, Watcher};
use crate::host::Host;

/// Runs flows over a host. Cheap to clone; `Send` and `Sync`; one is enough for a process.
///
/// The branches of a fork run at the same time: as tasks of the tokio runtime that [`FlowRunner::run`] is called in.
#[derive(Clone)]
pub struct FlowRunner(RunnerSettings);

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
        Session::begin(self.0.clone(), flow, &input, None)
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
        let session = Session::begin(self.0.clone(), flow, &input, Some(journal)).await?;
        session.run(flow, input, unfinished).await
    }
}

impl std::fmt::Debug for FlowRunner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FlowRunner").field("max_tasks", &self.0.max_tasks).finish_non_exhaustive()
    }
}
