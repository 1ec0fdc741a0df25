//! What a host gives a run.

use crate::datum::{Datum, Limits};

/// Most tasks of a run, unless the host says another number.
pub const DEFAULT_MAX_TASKS: u64 = 1_000_000;

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
    /// What one evaluation of an expression may cost.
    pub expression_limits: Limits,
    /// Whether [`Run::take_events`](super::Run::take_events) has something to tell.
    pub events: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            id: "run".to_owned(),
            secrets: Datum::object::<&str>([]),
            seed: [0; 16],
            max_tasks: DEFAULT_MAX_TASKS,
            expression_limits: Limits::default(),
            events: false,
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("id", &self.id).finish_non_exhaustive()
    }
}
