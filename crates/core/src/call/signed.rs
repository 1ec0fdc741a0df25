//! A request that can be sent as it is.

use std::sync::Arc;
use std::time::Duration;

use super::course::Course;
use super::end::End;
use super::treatment::Treatment;
use crate::definition::Definition;
use crate::failure::Error;
use crate::plan::Plan;
use crate::request::RequestSpec;
use crate::secret::{Redactor, Secret};

/// A call whose request can be sent. Its reply or its fault takes it over: nothing is signed or answered twice.
///
/// # Example: it is answered once
/// ```compile_fail,E0382
/// # use cardhost_core::{call::Signed, moment::Moment, response::Reply};
/// fn twice(call: Signed, first: Reply, second: Reply, now: &Moment) {
///     let _ = call.on_reply(first, now);
///     let _ = call.on_reply(second, now);
/// }
/// ```
#[derive(Debug)]
pub struct Signed {
    pub(super) course: Box<Course>,
    /// The request as it is sent, where something was signed in it.
    signed: Option<Box<RequestSpec>>,
    /// The token that it was signed with.
    pub(super) token: Option<Secret>,
}

impl Signed {
    /// A call whose plan was completed by [`Plan::sign_to_show`]: for examples, which nobody sends.
    #[must_use]
    pub fn shown(definition: Arc<Definition>, plan: Plan) -> Signed {
        Signed::plain(Course::begin(End::Outputs(definition), plan))
    }

    /// The planned request as it is.
    pub(super) fn plain(course: Box<Course>) -> Signed {
        Signed { course, signed: None, token: None }
    }

    pub(super) fn new(
        course: Box<Course>,
        request: Box<RequestSpec>,
        token: Option<Secret>,
    ) -> Signed {
        Signed { course, signed: Some(request), token }
    }

    /// What it consists of.
    pub(super) fn into_parts(self) -> (Box<Course>, Option<Box<RequestSpec>>, Option<Secret>) {
        (self.course, self.signed, self.token)
    }

    /// The same of its parts.
    pub(super) fn of_parts(
        course: Box<Course>,
        signed: Option<Box<RequestSpec>>,
        token: Option<Secret>,
    ) -> Signed {
        Signed { course, signed, token }
    }

    /// The token that the request was signed with.
    #[must_use]
    pub fn token(&self) -> Option<&Secret> {
        self.token.as_ref()
    }

    /// The request to send.
    #[must_use]
    pub fn request(&self) -> &RequestSpec {
        self.signed.as_ref().map_or(&self.course.plan.request, |signed| signed)
    }

    /// The secrets of the request to send.
    pub(super) fn redactor(&self) -> &Arc<Redactor> {
        &self.request().redactor
    }

    /// How to send it.
    #[must_use]
    pub fn treatment(&self) -> Treatment {
        Treatment::of(&self.course.plan, &self.course.end, self.course.resent)
    }

    /// The error of a request that the service's limits do not let go.
    #[must_use]
    pub fn held_back(self, error: Error) -> Error {
        let error = error.redacted_by(self.redactor());
        self.into_parts().0.lost(error)
    }

    /// For all attempts of the call and the waits between them, where it may be sent again.
    #[must_use]
    pub fn budget(&self) -> Option<Duration> {
        self.course.plan.retries.map(|backoff| backoff.budget)
    }

    /// Whether what the reply leads to may be signed, for which the moment has to have a random value.
    #[must_use]
    pub fn needs_nonce(&self) -> bool {
        self.course.plan.pending.is_some()
    }

    /// The same with an answer to the service's challenge.
    pub(super) fn answered(mut self, request: Box<RequestSpec>) -> Signed {
        self.course.answered += 1;
        self.signed = Some(request);
        self
    }
}
