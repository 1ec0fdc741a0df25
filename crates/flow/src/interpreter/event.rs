//! What happens in a run, for whoever watches it.

use crate::problem::Problem;

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
