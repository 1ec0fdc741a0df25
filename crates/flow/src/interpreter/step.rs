//! What a run asks its host to do.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::http::HttpRequest;

/// The name of a step: unique in its run, the same in every replay, and readable:
/// `/do/2/poll/for/3/do/0/get`. A second visit of a task ends with `#2`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StepId(pub(super) Arc<str>);

impl StepId {
    /// The name that a journal has kept.
    #[must_use]
    pub fn new(text: &str) -> StepId {
        StepId(Arc::from(text))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Begin something; [`super::Run::complete`] with its name when it is over.
    Start {
        /// Its name.
        id: StepId,
        /// The task: a JSON Pointer into the document.
        task: String,
        /// What it is.
        action: Action,
    },
    /// Give something up; it need not be completed any more.
    Cancel(StepId),
}

/// What a host can be asked to do. Prints without data: a flow may pass secrets on.
#[derive(Clone, PartialEq)]
pub enum Action {
    /// Run a card. Complete with its output, or with [`crate::Problem::from`] its error.
    Card(Box<CardCall>),
    /// Send a request: drive [`HttpRequest::call`]. Complete with what [`HttpRequest::settle`] makes of its end.
    Http(Box<HttpRequest>),
    /// Wait until a time, in milliseconds since 1970. Complete with anything.
    Wait {
        /// When.
        until_ms: i64,
        /// For whom.
        reason: WaitReason,
    },
    /// Run another flow. Complete with its output or problem.
    Workflow(Box<SubFlow>),
    /// Emit an event (CloudEvents 1.0, JSON format). Complete with anything.
    Emit(Value),
}

impl Action {
    /// `card`, `http`, `wait`, `workflow` or `emit`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Action::Card(_) => "card",
            Action::Http(_) => "http",
            Action::Wait { .. } => "wait",
            Action::Workflow(_) => "workflow",
            Action::Emit(_) => "emit",
        }
    }
}

/// Why a run waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitReason {
    /// A `wait` task.
    Task,
    /// The delay before another attempt.
    Retry,
    /// The end of a timeout; the run goes on meanwhile, and mostly cancels it.
    Timeout,
}

/// A card to run. Prints its name.
#[derive(Clone, PartialEq)]
pub struct CardCall {
    /// What is attempted: the name of the step without the numbers of attempts. Every attempt of a retry has the same,
    /// two turns of a loop have not.
    pub operation: StepId,
    /// The connector.
    pub connector: String,
    /// The card.
    pub card: String,
    /// Its version; the newest, where none is named.
    pub version: Option<String>,
    /// `connection`, `options` and `input`, as far as the flow gives them.
    pub with: Map<String, Value>,
}

/// Another flow to run. Prints its name.
#[derive(Clone, PartialEq)]
pub struct SubFlow {
    /// What is attempted: as that of [`CardCall`].
    pub operation: StepId,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its version, or `latest`.
    pub version: String,
    /// Its input.
    pub input: Value,
    /// Whether nobody waits for it: it need not be completed.
    pub is_detached: bool,
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Card(card) => write!(f, "card {card:?}"),
            Action::Http(request) => write!(f, "http {request:?}"),
            Action::Wait { until_ms, reason } => write!(f, "wait until {until_ms} ({reason:?})"),
            Action::Workflow(flow) => write!(f, "workflow {flow:?}"),
            Action::Emit(_) => f.write_str("emit"),
        }
    }
}

impl fmt::Debug for CardCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.card, self.connector)
    }
}

impl fmt::Debug for SubFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}:{}", self.namespace, self.name, self.version)
    }
}
