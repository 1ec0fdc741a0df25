//! A call that failed and may be sent again after a while.

use std::time::Duration;

use super::course::Course;
use super::fault::ReplyFault;
use super::outcome::Outcome;
use crate::error::Class;
use crate::failure::Error;
use crate::moment::Moment;
use crate::plan::Warning;

/// A call that is to be sent again after a while, or ends with what its last attempt came to.
#[derive(Debug)]
pub struct Waiting {
    course: Box<Course>,
    /// What the call ends with where it is not sent again.
    last: Result<Outcome, Error>,
    /// How long the service asks to wait.
    asked_s: Option<u64>,
}

impl Waiting {
    pub(super) fn new(
        course: Box<Course>,
        last: Result<Outcome, Error>,
        asked_s: Option<u64>,
    ) -> Waiting {
        Waiting { course, last, asked_s }
    }

    /// How long to wait: as the service asks, or longer with each attempt. The moment's nonce is the chance in it.
    #[must_use]
    pub fn span(&self, moment: &Moment) -> Duration {
        let Some(backoff) = self.course.plan.retries else { return Duration::ZERO };
        let random = u64::from_le_bytes(std::array::from_fn(|at| moment.nonce[at]));
        let own = backoff.wait(self.course.attempts, random);
        self.asked_s.map_or(own, |asked| own.max(Duration::from_secs(asked)))
    }

    /// How long the service asks to wait, in seconds.
    #[must_use]
    pub fn asked_s(&self) -> Option<u64> {
        self.asked_s
    }

    /// For all attempts of the call and the waits between them.
    #[must_use]
    pub fn budget(&self) -> Duration {
        self.course.plan.retries.map_or(Duration::ZERO, |backoff| backoff.budget)
    }

    /// The next attempt begins.
    pub(super) fn next_attempt(self) -> Box<Course> {
        let mut course = self.course;
        course.attempts += 1;
        course.answered = 0;
        course.resent = false;
        course
    }

    /// The end of a call that has no time for the wait.
    ///
    /// # Errors
    /// That of the last attempt.
    pub fn too_long(self, left: Duration) -> Result<Outcome, Error> {
        let asked_s = self.asked_s;
        match (self.end(), asked_s) {
            // Who is told to come back later than the call lasts is told so, with the reply that says it.
            (Err(error), Some(asked_s)) if error.class() != Class::Later => {
                let fault = ReplyFault::Later { asked_s, left, said: error.message() };
                Err(error.turned_into(fault).with_retry(true, Some(asked_s)))
            }
            (end, _) => end,
        }
    }

    /// What the call ends with where it is not sent again.
    ///
    /// # Errors
    /// That of the last attempt.
    pub fn end(mut self) -> Result<Outcome, Error> {
        let last = self.last.map_err(|error| self.course.lost(error));
        told(self.course.attempts, last)
    }
}

/// The end of a call that was sent so often.
pub(super) fn told(attempts: u32, end: Result<Outcome, Error>) -> Result<Outcome, Error> {
    if attempts == 1 {
        return end;
    }
    let warning = Warning::SentAgain { attempts };
    match end {
        Ok(mut outcome) => {
            outcome.warnings.push(warning);
            Ok(outcome)
        }
        Err(error) => {
            let mut warnings = error.warnings().to_vec();
            warnings.push(warning);
            Err(error.with_warnings(warnings))
        }
    }
}
