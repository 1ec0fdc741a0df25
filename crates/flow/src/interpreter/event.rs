//! What happens in a run, for whoever watches it.

use std::fmt;

use crate::datum::Datum;
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
#[derive(Clone, PartialEq)]
pub enum Happened {
    /// It began.
    Started,
    /// Its `if` was not true.
    Skipped,
    /// It gave its output.
    Completed {
        /// The output.
        output: Datum,
        /// The case that a `switch` took.
        case: Option<String>,
    },
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

/// Without data.
impl fmt::Debug for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Happened::Started => f.write_str("Started"),
            Happened::Skipped => f.write_str("Skipped"),
            Happened::Completed { case, .. } => {
                f.debug_struct("Completed").field("case", case).finish_non_exhaustive()
            }
            Happened::Retrying { at_ms, problem } => {
                f.debug_struct("Retrying").field("at_ms", at_ms).field("problem", problem).finish()
            }
            Happened::Faulted(problem) => f.debug_tuple("Faulted").field(problem).finish(),
            Happened::Cancelled => f.write_str("Cancelled"),
        }
    }
}
