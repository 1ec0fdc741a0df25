//! A reply or none, and what it leads to.

use std::sync::Arc;

use super::challenge;
use super::fault::ReplyFault;
use super::outcome::Outcome;
use super::output::Read;
use super::paged::{Paged, Then};
use super::redirect::{self, MAX_REDIRECTS, Redirect};
use super::signed::Signed;
use super::step::Step;
use super::unsigned::{Refused, Unsigned};
use super::waiting::{Waiting, told};
use crate::auth::Pending;
use crate::failure::Error;
use crate::moment::Moment;
use crate::plan::Warning;
use crate::response::{Output, Reply};
use crate::transport_fault::{TransportFault, TransportFaultKind};

impl Signed {
    /// What to do about a reply.
    #[must_use]
    pub fn on_reply(self, reply: Reply, moment: &Moment) -> Step {
        Replied { call: self, reply }.decide(moment)
    }

    /// What to do where no reply came.
    #[must_use]
    pub fn on_fault(self, fault: TransportFault) -> Step {
        if self.may_go_again(&fault) {
            return self.once_more();
        }
        if fault.is_egress() {
            let error = Error::egress(&self.course.plan, fault).redacted_by(self.redactor());
            return self.ended(Err(error), false);
        }
        let passes = fault.may_pass();
        let warnings = self.course.plan.warnings.clone();
        let error = self.transport_error(fault).with_warnings(warnings);
        self.ended(Err(error), passes)
    }

    /// The end of an attempt: the call's, or a wait before the next one.
    pub(super) fn ended(self, end: Result<Outcome, Error>, may_pass: bool) -> Step {
        let mut course = self.into_parts().0;
        if let Some(paging) = &mut course.paging {
            paging.note();
        }
        let retries = course.plan.retries.filter(|retries| course.attempts < retries.attempts);
        match end {
            Err(error) if may_pass && retries.is_some() && error.retryable() == Some(true) => {
                let asked_s = error.retry_after_s();
                Step::Wait(Waiting::new(course, Err(error), asked_s))
            }
            Err(error) => Step::Done(told(course.attempts, Err(course.lost(error)))),
            end => Step::Done(told(course.attempts, end)),
        }
    }

    /// Whether it is sent again at once: over a stale connection nothing came back, the service did nothing about it,
    /// or its reply had more headers than there was room for.
    fn may_go_again(&self, fault: &TransportFault) -> bool {
        let harmless = fault.not_sent || self.course.plan.sending().is_repeatable();
        let mends = matches!(fault.kind, TransportFaultKind::Stale | TransportFaultKind::Crowded);
        mends && harmless && !self.course.resent
    }

    /// The same again; what is signed for a moment is signed anew.
    fn once_more(mut self) -> Step {
        self.course.resent = true;
        if self.needs_nonce() && self.course.answered == 0 {
            let (course, ..) = self.into_parts();
            return Step::Sign(Unsigned::new(course));
        }
        Step::Send(self)
    }

    /// The same with another token to come, if there is one.
    fn renewed(mut self, reply: Reply) -> Unsigned {
        self.course.renewed = true;
        let (course, request, token) = self.into_parts();
        Unsigned::refusing(course, Refused { token, request, reply })
    }
}

impl Unsigned {
    /// What a refused token leads to where there is no other: the refusal is the service's word.
    #[must_use]
    pub fn refused_for_good(self, moment: &Moment) -> Step {
        match self.into_refused() {
            Ok((course, Refused { token, request, reply })) => {
                Replied { call: Signed::of_parts(course, request, token), reply }.decide(moment)
            }
            Err(unsigned) => Step::Sign(unsigned),
        }
    }
}

/// A call that was answered.
struct Replied {
    call: Signed,
    reply: Reply,
}

impl Replied {
    /// The next step: another token, an answer to a challenge, a redirect, or the end.
    fn decide(mut self, moment: &Moment) -> Step {
        if self.wants_another_token() {
            return Step::Sign(self.call.renewed(self.reply));
        }
        match challenge::answer(&self.call, &self.reply, moment) {
            Ok(Some(request)) => return Step::Send(self.call.answered(request)),
            Ok(None) => {}
            Err(error) => return self.call.ended(Err(error), false),
        }
        let course = &mut self.call.course;
        if !course.end.follows() {
            return self.end(moment);
        }
        match redirect::of(&course.plan.request, &self.reply, course.redirects) {
            Redirect::None => {}
            Redirect::To(url) => {
                course.redirects += 1;
                course.answered = 0;
                let from = course.plan.request.url.clone();
                redirect::follow(&mut course.plan.request, url, self.reply.status);
                course.cookies.take(&from, &self.reply, moment.unix_seconds);
                course.cookies.put(&mut course.plan.request);
                if let Some(pending) = &course.plan.pending {
                    // A service that repeats the query repeats what was put into it.
                    pending.take_out(&mut course.plan.request.url);
                }
                let again = Unsigned::new(self.call.course).sign(self.call.token, moment);
                return again.map_or_else(|error| Step::Done(Err(error)), Step::Send);
            }
            Redirect::Elsewhere { url: Some(url), .. } if course.may_leave() => {
                course.redirects += 1;
                redirect::leave(&mut course.plan, url);
                return Step::Send(Signed::plain(self.call.course));
            }
            Redirect::Elsewhere { origin, .. } => {
                course.plan.warnings.push(Warning::RedirectNotFollowed { origin });
            }
            Redirect::AsAnother { url } => {
                // A credential may stand in a path, and services repeat it.
                let url = self.call.redactor().redact(&url).into_owned();
                let course = &mut self.call.course;
                course.plan.warnings.push(Warning::RedirectAsGet { url });
            }
            Redirect::TooMany => {
                let warnings = std::mem::take(&mut course.plan.warnings);
                let fault = ReplyFault::Redirects { max: MAX_REDIRECTS };
                let error = self.call.failed(fault, &self.reply);
                return self.call.ended(Err(error.with_warnings(warnings)), false);
            }
        }
        self.end(moment)
    }

    /// The end of the attempt: what the reply is to the caller.
    fn end(self, moment: &Moment) -> Step {
        let Replied { call, reply } = self;
        let mut warnings = call.course.plan.warnings.clone();
        if let Some(polls) = &call.course.polls {
            let before = polls.warnings.iter().filter(|it| !warnings.contains(it));
            warnings = before.chain(&warnings).cloned().collect();
        }
        let now = moment.unix_seconds;
        // A card that takes every status gets one only when it stays.
        let refused = call.refused_for_now(&reply, now);
        let status = reply.status;
        let redactor = Arc::clone(call.redactor());
        let outcome = |output, reply| {
            let (warnings, redactor) = (warnings.clone(), Arc::clone(&redactor));
            Outcome { output, reply, status, pages: None, polling: None, warnings, redactor }
        };
        let end = match call.read(reply, now) {
            Ok(Read::Outputs(output, Some(page))) if refused.is_none() => {
                return match call.turned(outcome(output, None), *page) {
                    Paged { hands_on: false, then: Then::End(end), .. } => Step::Done(end),
                    paged => Step::Page(paged),
                };
            }
            Ok(Read::Outputs(output, _)) => Ok(outcome(output, None)),
            Ok(Read::Running(polling)) => {
                let none = outcome(Output::default(), None);
                Ok(Outcome { polling: Some(polling), ..none })
            }
            Ok(Read::Reply(reply)) => Ok(outcome(Output::default(), Some(reply))),
            Err(error) => Err(error.with_warnings(warnings)),
        };
        match (end, refused) {
            (Ok(outcome), Some(asked_s)) => {
                let course = call.into_parts().0;
                Step::Wait(Waiting::new(course, Ok(outcome), asked_s))
            }
            (end, _) => call.ended(end, true),
        }
    }

    /// Whether the reply says that the token is no longer good, for the first time.
    fn wants_another_token(&self) -> bool {
        let course = &self.call.course;
        let renew_on = course.plan.pending.as_ref().and_then(Pending::renew_on);
        !course.renewed && renew_on.is_some_and(|statuses| statuses.contains(&self.reply.status))
    }
}
