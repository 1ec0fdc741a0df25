//! What came of a step or a flow.

use std::future::Future;
use std::pin::Pin;

use cardhost_core::error::Class;
use cardhost_core::failure::Error;
use cardhost_core::response::Output;
use cardhost_flow::Problem;
use serde_json::Value;

use super::Busy;

/// Why a step or a flow gave no output.
#[derive(Debug)]
pub(super) enum Ended {
    /// The flow may catch it.
    Problem(Problem),
    /// The whole run ends.
    Stop(Error),
}

impl From<Problem> for Ended {
    fn from(problem: Problem) -> Ended {
        Ended::Problem(problem)
    }
}

/// The error of a card: what a replay has against a run ends it, whatever it catches.
impl From<Error> for Ended {
    fn from(error: Error) -> Ended {
        match error.class() {
            Class::Test => Ended::Stop(error),
            _ => Ended::Problem(Problem::from(&error)),
        }
    }
}

/// What a step gave.
pub(super) enum Given {
    Value(Value),
    /// Of a card, not looked into.
    Output(Output),
}

impl Given {
    pub(super) fn into_value(self) -> Value {
        match self {
            Given::Value(value) => value,
            Given::Output(output) => output.to_value().unwrap_or_default(),
        }
    }
}

pub(super) type Outcome = Result<Given, Ended>;
pub(super) type BoxRun<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What came of a flow; under way until that is taken.
pub(super) type Driven = (Outcome, Busy);
