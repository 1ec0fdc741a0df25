//! Work that goes on: it is looked at, and a reply says how it stands.

use std::sync::Arc;

use super::course::Course;
use super::end::End;
use super::polling::Polling;
use super::signed::Signed;
use super::step::{Step, first};
use crate::definition::Definition;
use crate::failure::Error;
use crate::http_date;
use crate::plan::Plan;
use crate::response::{Reply, ReplyScope};
use crate::template::Scope;
use crate::until::{State, UntilFault};

impl Polling {
    /// The first step of asking; the plan is that of the card that is asked.
    #[must_use]
    pub fn ask(self: Box<Polling>, definition: Arc<Definition>, plan: Plan) -> Step {
        first(self.course(definition, plan))
    }

    /// The same with a plan that was completed by [`Plan::sign_to_show`]: for examples, which nobody sends.
    #[must_use]
    pub fn shown(self: Box<Polling>, definition: Arc<Definition>, plan: Plan) -> Signed {
        Signed::plain(self.course(definition, plan))
    }

    fn course(self: Box<Polling>, definition: Arc<Definition>, mut plan: Plan) -> Box<Course> {
        let mut wider = plan.request.redactor.with([]);
        if wider.learn(&self.redactor) {
            plan.request.redactor = Arc::new(wider);
        }
        plan.pages = None;
        let mut course = Course::begin(End::Outputs(definition), plan);
        course.polls = Some(self);
        course
    }
}

impl Signed {
    /// How the work of a card stands after a reply; `None` where there is nothing to wait for.
    pub(super) fn still_running(
        &self,
        of: &Arc<Definition>,
        scope: &ReplyScope<'_>,
        (reply, now): (&Reply, i64),
    ) -> Result<Option<Box<Polling>>, Error> {
        let Some(until) = &of.card.until else { return Ok(None) };
        let polls = self.course.polls.as_deref();
        // What another card would be asked for is in no reply that says that nothing has begun.
        if polls.is_none() && until.card.is_some() && reply.status >= 400 {
            return Ok(None);
        }
        match until.state(scope as &dyn Scope) {
            State::Done => return Ok(None),
            State::Running => {}
            State::Failed => {
                let words = until.message.as_ref();
                let words = words.and_then(|words| self.in_words(words, scope));
                return Err(self.failed(UntilFault::Failed { message: words }, reply));
            }
        }
        // None at all would be asked in a hurry without end.
        let asked_s = http_date::retry_after(&reply.headers, now).filter(|seconds| *seconds > 0);
        let polling = match polls {
            Some(polls) => Polling { polls: polls.polls + 1, asked_s, ..polls.clone() },
            None => {
                let asks = until.asks(scope);
                let asks = asks.map_err(|error| self.failed(UntilFault::Asks { error }, reply))?;
                Polling { asks, asked_s, ..Polling::begun(of, &self.course.plan) }
            }
        };
        Ok(Some(Box::new(polling)))
    }
}
