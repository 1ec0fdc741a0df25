//! What is to be done next, and how a call ends.

use std::sync::Arc;

use super::course::Course;
use super::end::End;
use super::outcome::Outcome;
use super::paged::{Paged, Then};
use super::signed::Signed;
use super::unsigned::Unsigned;
use super::waiting::Waiting;
use crate::definition::Definition;
use crate::failure::Error;
use crate::plan::Plan;

/// What is to be done next.
#[derive(Debug)]
pub enum Step {
    /// Sign the request, with a token where it needs one.
    Sign(Unsigned),
    /// Send the request and come back with the reply or the fault.
    Send(Signed),
    /// Wait, and go on.
    Wait(Waiting),
    /// Hand on the records of a page, and go on.
    Page(Paged),
    /// Nothing: the call is over.
    Done(Result<Outcome, Error>),
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

impl Paged {
    /// On to the next page, or to the end.
    #[must_use]
    pub fn go_on(self) -> Step {
        match self.then {
            Then::Next(..) => first(self.course),
            Then::End(end) => Step::Done(end),
        }
    }
}

impl Waiting {
    /// The wait is over: the request goes again, signed anew.
    #[must_use]
    pub fn over(self) -> Step {
        first(self.next_attempt())
    }
}
