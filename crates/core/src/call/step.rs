//! What is to be done next, and how a call ends.

use std::sync::Arc;

use super::course::Course;
use super::end::End;
use super::signed::Signed;
use super::unsigned::Unsigned;
use crate::definition::Definition;
use crate::failure::Error;
use crate::plan::{Plan, Warning};
use crate::response::{Output, Reply};
use crate::secret::Redactor;

/// What is to be done next.
#[derive(Debug)]
pub enum Step {
    /// Sign the request, with a token where it needs one.
    Sign(Unsigned),
    /// Send the request and come back with the reply or the fault.
    Send(Signed),
    /// Nothing: the call is over.
    Done(Result<Outcome, Error>),
}

/// The result of a call.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The outputs; none of a call without a card.
    pub output: Output,
    /// The last reply itself, of a call without a card.
    pub reply: Option<Box<Reply>>,
    /// The status of the last reply.
    pub status: u16,
    /// What deserves attention.
    pub warnings: Vec<Warning>,
    /// The secrets of the call: a service may repeat them in what is put out.
    pub redactor: Arc<Redactor>,
}

/// The first step of a call.
#[must_use]
pub fn begin(definition: Arc<Definition>, plan: Plan) -> Step {
    first(Course::begin(End::Outputs(definition), plan))
}

/// What comes first: to sign, where something is to be signed.
pub(super) fn first(course: Box<Course>) -> Step {
    let signs = course.plan.pending.is_some();
    if signs { Step::Sign(Unsigned::new(course)) } else { Step::Send(Signed::plain(course)) }
}
