//! What came of a step or a flow.

use std::future::Future;
use std::pin::Pin;

use cardhost_core::error::{Class, Code};
use cardhost_core::failure::Error;
use cardhost_core::response::Output;
use cardhost_flow::Problem;
use serde_json::Value;

use super::Busy;
use super::fault::RunFault;

/// Why a step or a flow gave no output.
#[derive(Debug)]
pub(super) enum Ended {
    /// The flow may catch it.
    Problem(Problem),
    /// The whole run ends.
    Stop(Error),
    /// The host is shut down; what is under way elsewhere in the run comes to its end first.
    Interrupted,
}

impl From<Problem> for Ended {
    fn from(problem: Problem) -> Ended {
        Ended::Problem(problem)
    }
}

impl Ended {
    /// Whether an error of a call ends the run, whatever the flow catches: what a replay has against it does, and a shutdown.
    /// A call that was cut off has no outcome: its reply is missing in the journal, as after a crash.
    pub(super) fn uncatchable(error: Error) -> Result<Ended, Error> {
        match error.class() {
            _ if *error.code() == Code::TRANSPORT_INTERRUPTED => Ok(Ended::Interrupted),
            // Of another account, or of a journal that cannot be written, nothing follows.
            _ if error.fault().downcast_ref::<RunFault>().is_some() => Ok(Ended::Stop(error)),
            Class::Test => Ok(Ended::Stop(error)),
            _ => Err(error),
        }
    }
}

/// The error of a card.
impl From<Error> for Ended {
    fn from(error: Error) -> Ended {
        Ended::uncatchable(error).unwrap_or_else(|error| Ended::Problem(Problem::from(&error)))
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
