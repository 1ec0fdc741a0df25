//! What a call knows in each of its states.

use std::sync::Arc;

use http::Method;

use super::cookies::Cookies;
use super::end::End;
use super::paging::{Paging, with_got};
use super::polling::Polling;
use crate::auth::AuthFault;
use crate::card::Effect;
use crate::failure::{Error, SoFar};
use crate::plan::{Plan, PlanFault};
use crate::request::RequestSpec;
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
    /// What it knows of its pages, where the card has some.
    pub(super) paging: Option<Box<Paging>>,
    /// What is waited for, where this asks how it stands.
    pub(super) polls: Option<Box<Polling>>,
    /// How often it was sent, with a wait before each but the first.
    pub(super) attempts: u32,
    /// How often a challenge was answered since the last redirect.
    pub(super) answered: u8,
}

impl Course {
    /// The beginning, in a box: the states hand it on, and futures keep a place for each of them.
    pub(super) fn begin(end: End, mut plan: Plan) -> Box<Course> {
        let paging = match (&end, &plan.pages) {
            (End::Outputs(definition), Some(_)) => Paging::begin(definition, &mut plan),
            _ => None,
        };
        let (renewed, resent) = (false, false);
        let cookies = Cookies::default();
        Box::new(Course {
            end,
            plan,
            redirects: 0,
            renewed,
            resent,
            cookies,
            paging,
            polls: None,
            attempts: 1,
            answered: 0,
        })
    }

    /// Whether a redirect to another origin is followed: the card says so, and nothing is done but to read.
    pub(super) fn may_leave(&self) -> bool {
        let reads = matches!(self.plan.request.method, Method::GET | Method::HEAD);
        self.end.leaves() && reads && self.plan.effect == Effect::Read
    }

    /// An error with what was had of pages before it.
    pub(super) fn lost(&mut self, error: Error) -> Error {
        let Some(paging) = self.paging.as_mut().filter(|paging| paging.pages + paging.records > 0)
        else {
            return error;
        };
        let got = paging.so_far();
        let output = paging.output().map(|output| with_got(output, &got));
        error.with_so_far(SoFar { got, output })
    }

    /// The next page begins.
    pub(super) fn turn_to(&mut self, request: RequestSpec) {
        self.plan.request = request;
        (self.attempts, self.redirects, self.answered) = (1, 0, 0);
        (self.renewed, self.resent) = (false, false);
    }

    /// The error of credentials that cannot be used.
    pub(super) fn auth_error(&self, fault: AuthFault, redactor: &Arc<Redactor>) -> Error {
        let fault = PlanFault::Auth { method: self.plan.auth.clone(), fault };
        Error::new(fault).redacted_by(redactor)
    }

    /// What the templates of outputs see: of work that is waited for, the options and inputs that began it.
    pub(super) fn output_scope<'a>(&'a self, response: &'a Response<'a>) -> ReplyScope<'a> {
        match &self.polls {
            Some(polls) => {
                ReplyScope { response, options: &polls.options, input: &polls.input, items: None }
            }
            None => self.scope(response),
        }
    }

    /// What templates over the reply see.
    pub(super) fn scope<'a>(&'a self, response: &'a Response<'a>) -> ReplyScope<'a> {
        let (options, input) = (&self.plan.options, &self.plan.input);
        ReplyScope { response, options, input, items: None }
    }
}
