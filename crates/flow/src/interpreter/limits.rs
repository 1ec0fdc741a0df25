//! How much a run may do at the same time.

/// Most lists of tasks at the same time.
pub const MAX_FRAMES: usize = 100_000;

/// Most tasks of one call of [`Run::steps`](super::Run::steps): a loop that asks for nothing lets its host breathe, and look at its timers.
pub const TASKS_AT_ONCE: u64 = 10_000;

/// Most lists of tasks inside each other: more than a document can nest.
pub const MAX_LEVELS: usize = 1_000;
