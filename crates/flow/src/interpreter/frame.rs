//! Where a run is: one frame for each list of tasks that is being run.
//!
//! Frames know their parents and live side by side, not inside each other: a flow of 200 nested `do` has
//! 201 frames, a `for` over 10,000 items two, a `fork` of 1,000 branches 1,001.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::data::Data;
use super::http::HttpRequest;
use super::purpose::Purpose;
use super::step::StepId;
use crate::datum::{Datum, List};
use crate::document::{ListId, TaskId};
use crate::problem::Problem;

/// A frame; of one that is gone, the number names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameId {
    index: usize,
    generation: u64,
}

/// The name of a list or task; parts are shared with those above it, and put together only when asked.
#[derive(Clone, Debug)]
pub(super) struct Name(Arc<Part>);

#[derive(Debug)]
struct Part {
    above: Option<Name>,
    text: String,
}

impl Name {
    pub(super) fn root(text: &str) -> Name {
        Name(Arc::new(Part { above: None, text: text.to_owned() }))
    }

    /// The name with more at its end.
    pub(super) fn with(&self, text: String) -> Name {
        Name(Arc::new(Part { above: Some(self.clone()), text }))
    }

    /// The name without the numbers of attempts: the same for every attempt at one thing. `None` where nothing is
    /// tried again.
    pub(super) fn without_attempts(&self) -> Option<String> {
        let parts = self.parts();
        parts.iter().any(|part| is_attempt(part)).then(|| {
            parts.iter().map(|part| if is_attempt(part) { FIRST_ATTEMPT } else { part }).collect()
        })
    }

    fn parts(&self) -> Vec<&str> {
        let mut parts = vec![self];
        while let Some(above) = parts.last().and_then(|part| part.0.above.as_ref()) {
            parts.push(above);
        }
        parts.iter().rev().map(|part| part.0.text.as_str()).collect()
    }
}

/// The list of the first attempt of a `try`.
pub(super) const FIRST_ATTEMPT: &str = "/try";

/// Whether a part is the list of another attempt. A task's part begins with its number, so that none is taken for it.
fn is_attempt(part: &str) -> bool {
    part.strip_prefix(FIRST_ATTEMPT).is_some_and(|rest| rest.starts_with('#'))
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts().into_iter().try_for_each(|part| f.write_str(part))
    }
}

/// The tasks that a frame runs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tasks {
    List(ListId),
    /// A branch of a `fork`, or a function.
    One(TaskId),
}

/// A list of tasks that is being run.
#[derive(Debug)]
pub(super) struct Frame {
    /// The frame whose task runs this list, and which of its lists it is.
    pub parent: Option<(FrameId, usize)>,
    pub tasks: Tasks,
    /// The name of the list: `/do/2/poll/for/3/do`; of one task, of the task itself.
    pub path: Name,
    /// How many frames are above it.
    pub level: usize,
    /// The index of the task in the list.
    pub position: usize,
    /// The input of the task, then its output.
    pub data: Data,
    /// The values of the names that expressions may use, outermost first.
    pub variables: Arc<Vec<Datum>>,
    /// How often each task was begun, once one was begun again.
    pub visits: HashMap<usize, u32>,
    /// The furthest task that was begun: below it, a task is visited again.
    pub furthest: usize,
    pub active: Option<Active>,
}

/// The task that is being run.
#[derive(Debug)]
pub(super) struct Active {
    pub task: TaskId,
    pub id: Name,
    /// Before and after `input.from`.
    pub raw_input: Data,
    pub input: Data,
    pub started_ms: i64,
    /// `$authorization`.
    pub authorization: Datum,
    /// The case that a `switch` took.
    pub case: Option<usize>,
    /// The step of its timeout.
    pub timer: Option<StepId>,
    /// The steps it waits for.
    pub waiting: Vec<StepId>,
    /// The lists it runs.
    pub children: Vec<Option<FrameId>>,
    pub state: State,
}

/// What a task is at.
#[derive(Debug)]
pub(super) enum State {
    /// A step, or a list whose output is the task's.
    Plain,
    For {
        items: Arc<List>,
        next: usize,
    },
    /// Turns that are apart from each other.
    FanOut {
        items: Arc<List>,
        next: usize,
        outputs: Vec<Datum>,
        running: usize,
    },
    Fork {
        outputs: Vec<Option<Data>>,
        running: usize,
        compete: bool,
    },
    Try {
        attempt: u32,
        phase: Phase,
        /// The step of the limit of one attempt.
        attempt_timer: Option<StepId>,
    },
    /// The output is known; the step only has to be over.
    Known(Data),
    /// Where the token of a request is got is being found out.
    Discovery(Box<Postponed>),
}

/// A request that has to wait.
#[derive(Debug)]
pub(super) struct Postponed {
    pub step: StepId,
    pub request: HttpRequest,
    pub purpose: Purpose,
    /// Where its token endpoint is told.
    pub told_at: String,
}

/// What a `try` is at.
#[derive(Debug)]
pub(super) enum Phase {
    Trying,
    Waiting,
    Handling {
        /// The step whose error it is.
        cause: Option<Box<str>>,
    },
}

/// What came of a task or list.
#[derive(Debug)]
pub(super) enum Ending {
    Output(Data),
    Problem(Problem),
}

/// The frames of a run.
#[derive(Debug, Default)]
pub(super) struct Frames {
    slots: Vec<Option<(u64, Frame)>>,
    free: Vec<usize>,
    next_generation: u64,
    count: usize,
    most: usize,
}

impl Frames {
    pub(super) fn insert(&mut self, frame: Frame) -> FrameId {
        self.next_generation += 1;
        self.count += 1;
        self.most = self.most.max(self.count);
        let generation = self.next_generation;
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                self.slots.push(None);
                self.slots.len() - 1
            }
        };
        self.slots[index] = Some((generation, frame));
        FrameId { index, generation }
    }

    pub(super) fn get(&self, id: FrameId) -> Option<&Frame> {
        match self.slots.get(id.index) {
            Some(Some((generation, frame))) if *generation == id.generation => Some(frame),
            _ => None,
        }
    }

    pub(super) fn get_mut(&mut self, id: FrameId) -> Option<&mut Frame> {
        match self.slots.get_mut(id.index) {
            Some(Some((generation, frame))) if *generation == id.generation => Some(frame),
            _ => None,
        }
    }

    pub(super) fn remove(&mut self, id: FrameId) -> Option<Frame> {
        self.get(id)?;
        self.free.push(id.index);
        self.count -= 1;
        self.slots.get_mut(id.index)?.take().map(|(_, frame)| frame)
    }

    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.free.clear();
        self.count = 0;
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn most(&self) -> usize {
        self.most
    }
}
