//! What a call knows in each of its states.

use std::sync::Arc;

use http::Method;

use super::cookies::Cookies;
use super::end::End;
use crate::auth::AuthFault;
use crate::card::Effect;
use crate::failure::Error;
use crate::plan::{Plan, PlanFault};
use crate::response::{ReplyScope, Response};
use crate::secret::Redactor;

/// What a call knows in each of its states.
#[derive(Debug)]
pub(super) struct Course {
    /// What is made of the last reply.
    pub(super) end: End,
    /// The plan. Its request is the one that comes next, with nothing signed in it.
    pub(super) plan: Plan,
    /// How many redirects were followed.
    pub(super) redirects: u8,
    /// Whether another token was asked for.
    pub(super) renewed: bool,
    /// Whether it was sent again because a connection was stale.
    pub(super) resent: bool,
    /// What the service set on the way.
    pub(super) cookies: Cookies,
    /// How often it was sent, with a wait before each but the first.
    pub(super) attempts: u32,
    /// How often a challenge was answered since the last redirect.
    pub(super) answered: u8,
}

impl Course {
    /// The beginning, in a box: the states hand it on, and futures keep a place for each of them.
    pub(super) fn begin(end: End, plan: Plan) -> Box<Course> {
        let (renewed, resent) = (false, false);
        let cookies = Cookies::default();
        Box::new(Course {
            end,
            plan,
            redirects: 0,
            renewed,
            resent,
            cookies,
            attempts: 1,
            answered: 0,
        })
    }

    /// Whether a redirect to another origin is followed: the card says so, and nothing is done but to read.
    pub(super) fn may_leave(&self) -> bool {
        let reads = matches!(self.plan.request.method, Method::GET | Method::HEAD);
        self.end.leaves() && reads && self.plan.effect == Effect::Read
    }

    /// The error of credentials that cannot be used.
    pub(super) fn auth_error(&self, fault: AuthFault, redactor: &Arc<Redactor>) -> Error {
        let fault = PlanFault::Auth { method: self.plan.auth.clone(), fault };
        Error::new(fault).redacted_by(redactor)
    }

    /// What templates over the reply see.
    pub(super) fn scope<'a>(&'a self, response: &'a Response<'a>) -> ReplyScope<'a> {
        ReplyScope { response, options: &self.plan.options, input: &self.plan.input }
    }
}
