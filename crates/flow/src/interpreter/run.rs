//! A run, as its host sees it: what to do next, and what came of it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use super::data::Data;
use super::event::Event;
use super::frame::{Frame, FrameId, Frames};
use super::limits::TASKS_AT_ONCE;
use super::options::Options;
use super::purpose::Purpose;
use super::scope::Shared;
use super::step::{Step, StepId};
use super::work::Work;
use crate::datum::Datum;
use crate::document::Document;
use crate::problem::Problem;
use cardhost_core::response::Output;

/// A run of a flow. Prints without its data.
pub struct Run {
    pub(super) document: Arc<Document>,
    pub(super) options: Options,
    pub(super) shared: Shared,
    pub(super) frames: Frames,
    pub(super) work: VecDeque<Work>,
    pub(super) waiting: HashMap<StepId, (Option<FrameId>, Purpose)>,
    pub(super) inbox: VecDeque<(StepId, Result<Data, Problem>)>,
    pub(super) steps: Vec<Step>,
    pub(super) events: Vec<Event>,
    pub(super) tasks_begun: u64,
    pub(super) input: Option<Datum>,
    pub(super) timer: Option<StepId>,
    /// The token endpoints that were found out, by where they are told.
    pub(super) token_endpoints: HashMap<String, String>,
    pub(super) outcome: Option<Result<Value, Problem>>,
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

    pub(super) fn frame(&self, id: FrameId) -> Option<&Frame> {
        self.frames.get(id)
    }
}
