//! A run of a flow as a state machine: it says what to do, and is told what came of it.
//!
//! ```text
//! begin ─ if ─ input.schema ─ input.from ─▶ the task ─▶ output.as ─ output.schema ─ export ─ then ─▶ begin
//!                                            │   ▲
//!                                            ▼   │ complete
//!                                           steps ─▶ host
//! a problem ─▶ up the frames until a `try` catches it (retry: wait, begin again · do · go on) or the run ends
//! ```
//! Nothing here is recursive, has a clock or chance: time comes with [`Run::steps`], chance from a seed.

pub(crate) mod authentication;
mod chance;
mod data;
mod duration;
mod frame;
pub(crate) mod http;
mod machine;
mod openapi;
mod retry;
mod scope;
pub(crate) mod step;
mod tasks;
mod work;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use super::datum::Datum;
use super::document::Document;
use super::expression::DEFAULT_STEPS;
use super::problem::Problem;
use cardhost_core::response::Output;
use data::Data;
use frame::{Frame, FrameId, Frames};
use step::{Step, StepId};
use work::Work;

/// Most tasks of a run, unless the host says another number.
pub const DEFAULT_MAX_TASKS: u64 = 1_000_000;

/// Most lists of tasks at the same time.
pub const MAX_FRAMES: usize = 100_000;

/// Most tasks of one call of [`Run::steps`]: a loop that asks for nothing lets its host breathe, and look at its timers.
pub const TASKS_AT_ONCE: u64 = 10_000;

/// Most lists of tasks inside each other: more than a document can nest.
pub const MAX_LEVELS: usize = 1_000;

/// The idempotency key of an operation ([`step::CardCall::operation`]) of a run with this seed: a UUID (RFC 9562, version
/// 8), the same in every replay.
#[must_use]
pub fn idempotency_key(seed: &[u8; 16], operation: &StepId) -> String {
    chance::uuid(seed, &format!("key {operation}"))
}

/// The seed of a flow that an operation of a run with this seed runs.
#[must_use]
pub fn inner_seed(seed: &[u8; 16], operation: &StepId) -> [u8; 16] {
    chance::seed(seed, &format!("flow {operation}"))
}

/// What a host gives a run.
#[derive(Clone)]
pub struct Options {
    /// The name of the run, `$workflow.id`.
    pub id: String,
    /// `$secrets`: an object with a value for each name that the flow uses.
    pub secrets: Datum,
    /// What chance is made of: random for a new run, the same for a replay.
    pub seed: [u8; 16],
    /// Most tasks, loops counted: an endless loop ends with `flow.limit`.
    pub max_tasks: u64,
    /// Most steps of one expression.
    pub expression_steps: u64,
    /// Whether [`Run::take_events`] has something to tell.
    pub events: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            id: "run".to_owned(),
            secrets: Datum::object::<&str>([]),
            seed: [0; 16],
            max_tasks: DEFAULT_MAX_TASKS,
            expression_steps: DEFAULT_STEPS,
            events: false,
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What happened to a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The name of this run of the task, such as `/do/0/poll/for/3/do/0/get`.
    pub id: String,
    /// The task: a JSON Pointer into the document.
    pub task: String,
    /// The name of the task.
    pub name: String,
    /// What happened.
    pub what: Happened,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

/// What happened to a task.
#[derive(Clone, Debug, PartialEq)]
pub enum Happened {
    /// It began.
    Started,
    /// Its `if` was not true.
    Skipped,
    /// It gave its output.
    Completed,
    /// It will try again at a time, in milliseconds since 1970.
    Retrying {
        /// When.
        at_ms: i64,
        /// Why.
        problem: Problem,
    },
    /// It ended with a problem.
    Faulted(Problem),
    /// It was given up.
    Cancelled,
}

/// What all tasks of a run share.
#[derive(Debug, Default)]
struct Shared {
    context: Datum,
    workflow: Datum,
    now_ms: i64,
}

/// What a step is for.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    /// Its outcome is the task's output.
    Output,
    /// Its outcome is the document of an `openapi` call.
    OpenApi,
    /// Its outcome says where the token of a request is got.
    Discovery,
    /// The delay before another attempt is over.
    Retry,
    /// The task took too long.
    Timeout,
    /// One attempt took too long.
    AttemptTimeout,
    /// The run took too long.
    RunTimeout,
}

/// A run of a flow. Prints without its data.
pub struct Run {
    document: Arc<Document>,
    options: Options,
    shared: Shared,
    frames: Frames,
    work: VecDeque<Work>,
    waiting: HashMap<StepId, (Option<FrameId>, Purpose)>,
    inbox: VecDeque<(StepId, Result<Data, Problem>)>,
    steps: Vec<Step>,
    events: Vec<Event>,
    tasks_begun: u64,
    input: Option<Datum>,
    timer: Option<StepId>,
    /// The token endpoints that were found out, by where they are told.
    token_endpoints: HashMap<String, String>,
    outcome: Option<Result<Value, Problem>>,
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let waiting: Vec<&StepId> = self.waiting.keys().collect();
        f.debug_struct("Run")
            .field("document", &self.document)
            .field("waiting", &waiting)
            .finish_non_exhaustive()
    }
}

impl Run {
    /// A run that has not begun.
    #[must_use]
    pub fn new(document: Arc<Document>, input: Value, options: Options) -> Run {
        Run {
            document,
            options,
            shared: Shared::default(),
            frames: Frames::default(),
            work: VecDeque::new(),
            waiting: HashMap::new(),
            inbox: VecDeque::new(),
            steps: Vec::new(),
            events: Vec::new(),
            tasks_begun: 0,
            input: Some(Datum::from(input)),
            timer: None,
            token_endpoints: HashMap::new(),
            outcome: None,
        }
    }

    /// Goes on as far as it can, at a time in milliseconds since 1970, and says what to do next; several
    /// steps may run at the same time. Empty where it waits for steps that were begun before, or is over, or has more
    /// to do than [`TASKS_AT_ONCE`]: then [`Run::has_more`].
    ///
    /// The same calls with the same times give the same steps: a host that has recorded them can replay.
    pub fn steps(&mut self, now_ms: i64) -> Vec<Step> {
        self.shared.now_ms = now_ms;
        if let Some(input) = self.input.take() {
            self.begin_run(input);
        }
        let last = self.tasks_begun.saturating_add(TASKS_AT_ONCE);
        // What is over comes first: a timeout ends a loop that would always have more to do.
        while let Some((id, outcome)) = self.inbox.pop_front() {
            self.receive(&id, outcome);
            self.advance(last);
        }
        self.advance(last);
        std::mem::take(&mut self.steps)
    }

    /// Whether it can go on at once: [`Run::steps`] stopped to give its host a turn.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.outcome.is_none() && !(self.work.is_empty() && self.inbox.is_empty())
    }

    /// Says what came of a step; [`Run::steps`] takes it from there. `false` where nobody waits for it.
    pub fn complete(&mut self, id: StepId, outcome: Result<Value, Problem>) -> bool {
        self.post(id, outcome.map(|value| Datum::from(value).into()))
    }

    /// As [`Run::complete`], with the outputs of a card: bodies are read when an expression first looks into them.
    pub fn complete_with_output(&mut self, id: StepId, output: Output) -> bool {
        self.post(id, Ok(output.into()))
    }

    fn post(&mut self, id: StepId, outcome: Result<Data, Problem>) -> bool {
        let is_waited_for = self.waiting.contains_key(&id);
        if is_waited_for {
            self.inbox.push_back((id, outcome));
        }
        is_waited_for
    }

    /// The output, or the problem that nothing caught; `None` while it goes on.
    #[must_use]
    pub fn outcome(&self) -> Option<&Result<Value, Problem>> {
        self.outcome.as_ref()
    }

    /// As [`Run::outcome`], given away.
    #[must_use]
    pub fn into_outcome(self) -> Option<Result<Value, Problem>> {
        self.outcome
    }

    /// The steps that are begun and not complete.
    pub fn waiting_for(&self) -> impl Iterator<Item = &StepId> {
        self.waiting.keys()
    }

    /// What happened since the last call; nothing unless [`Options::events`] is set.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// How many lists of tasks were run at the same time, at most: what the memory of a run depends on.
    #[must_use]
    pub fn most_frames(&self) -> usize {
        self.frames.most()
    }

    /// How many tasks were begun.
    #[must_use]
    pub fn tasks_begun(&self) -> u64 {
        self.tasks_begun
    }

    fn frame(&self, id: FrameId) -> Option<&Frame> {
        self.frames.get(id)
    }
}

#[cfg(test)]
mod tests;
