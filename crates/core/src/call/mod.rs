//! A call as a state machine: it says what to do next and never does it.
//!
//! ```text
//! Call::new ─ sign ─▶ Send ─ reply ─▶ Send (redirect on the same origin) … ─▶ Done
//!                           │      └─▶ Renew (the token is no longer good, once) ─ sign ─▶ Send …
//!                           └ fault ─▶ Done
//! ```

mod fault;
mod redirect;

use std::sync::Arc;
use std::time::Duration;

use crate::auth::{AuthFault, Pending};
use crate::card::{Effect, HttpError};
use crate::connector::{RetryRule, Span};
use crate::decoder::{self, DecodedBody};
use crate::definition::Definition;
use crate::error::{Code, Fault};
use crate::failure::{Error, FailedResponse};
use crate::moment::Moment;
use crate::plan::{Plan, PlanFault, Warning};
use crate::request::RequestSpec;
use crate::response::{BodyEnd, Output, Reply, ReplyScope, Response, map_output};
use crate::secret::{Redactor, Secret};
use crate::template::Template;
use crate::transport_fault::{ExchangeFault, TransportFault};

pub use fault::ReplyFault;
pub use redirect::MAX_REDIRECTS;

/// Most bytes of a decoded body, unless the card says another limit: 16 MiB.
pub const DEFAULT_MAX_BODY_BYTES: u64 = 16 * 1024 * 1024;

/// How a request is to be sent and its reply to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Treatment {
    /// For the connection to stand.
    pub connect_timeout: Duration,
    /// Between two bytes of the reply.
    pub idle_timeout: Duration,
    /// For the whole exchange.
    pub total_timeout: Duration,
    /// Most bytes of the body, content codings undone.
    pub max_body_bytes: u64,
}

/// What to do next.
#[derive(Debug)]
pub enum Step {
    /// Send [`Call::request`] and come back with the reply or the fault.
    Send,
    /// The token is no longer good: get another one, [`Call::sign`] with it and send again.
    Renew,
    /// The call is over.
    Done(Result<Outcome, Error>),
}

/// The result of a call.
#[derive(Debug)]
pub struct Outcome {
    /// The outputs.
    pub output: Output,
    /// The status of the last reply.
    pub status: u16,
    /// What deserves attention.
    pub warnings: Vec<Warning>,
    /// The secrets of the call: a service may repeat them in what is put out.
    pub redactor: Arc<Redactor>,
}

/// One call of one card.
#[derive(Debug)]
pub struct Call {
    definition: Arc<Definition>,
    plan: Plan,
    redirects: u8,
    /// The request before anything was signed in it, where that is to be done again for each sending.
    unsigned: Option<RequestSpec>,
    token: Option<Secret>,
    renewed: bool,
    /// How often a challenge was answered.
    answered: u8,
}

impl Call {
    /// A call that has not begun.
    #[must_use]
    pub fn new(definition: Arc<Definition>, plan: Plan) -> Call {
        Call {
            definition,
            plan,
            redirects: 0,
            unsigned: None,
            token: None,
            renewed: false,
            answered: 0,
        }
    }

    /// Whether the request has to be completed with [`Call::sign`] before it is sent.
    #[must_use]
    pub fn needs_signing(&self) -> bool {
        self.plan.pending.is_some()
    }

    /// Whether that takes a token.
    #[must_use]
    pub fn needs_token(&self) -> bool {
        self.plan.pending.as_ref().is_some_and(|pending| pending.renew_on().is_some())
    }

    /// The token that the request was last signed with.
    #[must_use]
    pub fn token(&self) -> Option<&Secret> {
        self.token.as_ref()
    }

    /// Completes the request with what depends on the time, the whole request or a token.
    ///
    /// # Errors
    /// Class [`crate::error::Class::Connection`], where the credentials cannot be used.
    pub fn sign(&mut self, token: Option<Secret>, moment: &Moment) -> Result<(), Error> {
        self.token = token;
        if let Some(unsigned) = self.unsigned.take() {
            self.plan.request = unsigned;
        }
        self.sign_request(moment)
    }

    /// Signs a request that nothing is signed in.
    fn sign_request(&mut self, moment: &Moment) -> Result<(), Error> {
        let Some(pending) = &self.plan.pending else { return Ok(()) };
        let request = &mut self.plan.request;
        self.unsigned = Some(request.clone());
        let signed = pending.sign(request, self.token.as_ref(), moment);
        let derived = signed.map_err(|fault| self.auth_error(fault))?;
        let request = &mut self.plan.request;
        let secrets = derived.into_iter().chain(self.token.clone());
        request.redactor = Arc::new(request.redactor.with(secrets));
        Ok(())
    }

    /// The request to send.
    #[must_use]
    pub fn request(&self) -> &RequestSpec {
        &self.plan.request
    }

    /// The plan it came from.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How to send it.
    #[must_use]
    pub fn treatment(&self) -> Treatment {
        let or =
            |span: Option<Span>, seconds| span.map_or(Duration::from_secs(seconds), |span| span.0);
        Treatment {
            connect_timeout: or(self.plan.timeouts.connect, 10),
            idle_timeout: or(self.plan.timeouts.idle, 30),
            total_timeout: or(self.plan.timeouts.total, 120),
            max_body_bytes: self
                .definition
                .card
                .response
                .max_body_bytes
                .unwrap_or(DEFAULT_MAX_BODY_BYTES),
        }
    }

    /// What to do about a reply.
    pub fn on_reply(&mut self, reply: Reply, moment: &Moment) -> Step {
        if self.wants_another_token(&reply) {
            self.renewed = true;
            return Step::Renew;
        }
        match self.answer(&reply, moment) {
            Ok(true) => return Step::Send,
            Ok(false) => {}
            Err(error) => return Step::Done(Err(error)),
        }
        let signed = self.plan.request.redactor.clone();
        if let Some(unsigned) = &self.unsigned
            && redirect::is_redirect(reply.status)
        {
            self.plan.request = unsigned.clone();
        }
        match redirect::follow(&mut self.plan, &reply, &mut self.redirects) {
            redirect::Next::Send => {
                self.answered = 0;
                if let Some(pending) = &self.plan.pending {
                    // A service that repeats the query repeats what was put into it.
                    pending.take_out(&mut self.plan.request.url);
                }
                return match self.sign_request(moment) {
                    Ok(()) => Step::Send,
                    Err(error) => Step::Done(Err(error)),
                };
            }
            redirect::Next::TooMany => {
                self.plan.request.redactor = signed;
                let fault = ReplyFault::Redirects { max: MAX_REDIRECTS };
                let warnings = std::mem::take(&mut self.plan.warnings);
                return Step::Done(Err(self.failed(fault, &reply).with_warnings(warnings)));
            }
            redirect::Next::Finish => self.plan.request.redactor = signed,
        }
        let now = moment.unix_seconds;
        let result = self.finish(reply, now);
        let warnings = std::mem::take(&mut self.plan.warnings);
        Step::Done(match result {
            Ok((output, status)) => {
                let redactor = Arc::clone(&self.plan.request.redactor);
                Ok(Outcome { output, status, warnings, redactor })
            }
            Err(error) => Err(error.with_warnings(warnings)),
        })
    }

    /// What to do where no reply came.
    pub fn on_fault(&mut self, fault: TransportFault) -> Step {
        if fault.is_egress() {
            return Step::Done(Err(Error::egress(&self.plan, fault)));
        }
        let warnings = std::mem::take(&mut self.plan.warnings);
        Step::Done(Err(self.transport_error(fault).with_warnings(warnings)))
    }

    /// Answers a challenge: the first, and one more where only the server's nonce had become too old.
    fn answer(&mut self, reply: &Reply, moment: &Moment) -> Result<bool, Error> {
        const MOST: u8 = 2;
        let pending = self.plan.pending.as_ref().filter(|pending| pending.answers());
        let Some(pending) = pending.filter(|_| reply.status == 401) else {
            return Ok(false);
        };
        // What is signed besides is signed anew: a nonce is good for one request.
        let mut request = self.unsigned.as_ref().unwrap_or(&self.plan.request).clone();
        let signed = pending.sign(&mut request, self.token.as_ref(), moment);
        let signed = signed.map_err(|fault| self.auth_error(fault))?;
        let answer = pending.answer(&reply.headers, &mut request, moment);
        let answer = answer.map_err(|fault| self.auth_error(fault))?;
        let Some(answer) =
            answer.filter(|answer| self.answered == 0 || (answer.stale && self.answered < MOST))
        else {
            return Ok(false);
        };
        self.answered += 1;
        let derived = signed.into_iter().chain(answer.derived);
        request.redactor = Arc::new(self.plan.request.redactor.with(derived));
        self.plan.request = request;
        Ok(true)
    }

    fn auth_error(&self, fault: AuthFault) -> Error {
        let fault = PlanFault::Auth { method: self.plan.auth.clone(), fault };
        Error::new(fault).redacted_by(&self.plan.request.redactor)
    }

    /// Whether the reply says that the token is no longer good, for the first time.
    fn wants_another_token(&self, reply: &Reply) -> bool {
        let renew_on = self.plan.pending.as_ref().and_then(Pending::renew_on);
        !self.renewed && renew_on.is_some_and(|statuses| statuses.contains(&reply.status))
    }

    fn finish(&self, reply: Reply, now: i64) -> Result<(Output, u16), Error> {
        let card = &self.definition.card;
        let raise = card.response.http_error == HttpError::Raise;
        // What the service refused stays refused, however its page about it ended.
        if raise && !(200..300).contains(&reply.status) {
            return Err(self.service_error(&reply, now));
        }
        match &reply.end {
            BodyEnd::Complete => {}
            BodyEnd::TooLarge { limit } => {
                return Err(self.failed(ReplyFault::TooLarge { limit: *limit }, &reply));
            }
            BodyEnd::Broken(fault) => {
                let error = self.transport_error(fault.clone());
                return Err(error.with_response(kept(&reply)));
            }
        }
        let deep = self.definition.reads_body_parts();
        let body = decoder::decode(&reply.headers, &reply.body, card.response.decoder, deep)
            .map_err(|fault| self.failed(fault, &reply))?;
        let response =
            Response { status: reply.status, headers: Arc::new(reply.headers.clone()), body };
        let scope = ReplyScope {
            response: &response,
            options: &self.plan.options,
            input: &self.plan.input,
        };
        for rule in &card.response.failures {
            if rule.when.holds(&scope) {
                let code = Code::for_reply(&rule.code).unwrap_or(Code::HTTP_STATUS);
                let message = rule
                    .message
                    .as_ref()
                    .and_then(|template| words(template, &scope, &self.plan.request.redactor));
                let fault = ReplyFault::Service { status: reply.status, message, code };
                return Err(self.failed(fault, &reply));
            }
        }
        let output = map_output(card, &scope).map_err(|fault| self.failed(fault, &reply))?;
        Ok((output, reply.status))
    }

    /// A reply with a bad status, by the connector's rules.
    fn service_error(&self, reply: &Reply, now: i64) -> Error {
        let rules = &self.definition.connector.errors;
        let rule = rules.iter().find(|rule| rule.status.contains(&reply.status));
        let code = rule.and_then(|rule| Code::for_reply(&rule.code)).unwrap_or(Code::HTTP_STATUS);
        let message = rule.and_then(|rule| rule.message.as_ref()).and_then(|template| {
            let body = decoder::decode(&reply.headers, &reply.body, None, true)
                .unwrap_or(DecodedBody::Empty);
            let response =
                Response { status: reply.status, headers: Arc::new(reply.headers.clone()), body };
            let scope = ReplyScope {
                response: &response,
                options: &self.plan.options,
                input: &self.plan.input,
            };
            words(template, &scope, &self.plan.request.redactor)
        });
        let error = self.failed(ReplyFault::Service { status: reply.status, message, code }, reply);
        let after = crate::http_date::retry_after(&reply.headers, now);
        match rule.map_or(RetryRule::Never, |rule| rule.retry) {
            RetryRule::Never => error.with_retry(false, after),
            RetryRule::After => error.with_retry(true, after),
            RetryRule::IfSafe => error.with_retry(self.is_safe(), after),
        }
    }

    fn transport_error(&self, fault: TransportFault) -> Error {
        // After a redirect the first request has been acted on.
        let retryable = (fault.not_sent && self.redirects == 0) || self.is_safe();
        let origin = self.plan.request.url.origin().ascii_serialization();
        let is_own = fault.is_own();
        let error =
            Error::new(ExchangeFault { origin, fault }).redacted_by(&self.plan.request.redactor);
        if is_own { error } else { error.with_retry(retryable, None) }
    }

    fn failed(&self, fault: impl Fault, reply: &Reply) -> Error {
        Error::new(fault).with_response(kept(reply)).redacted_by(&self.plan.request.redactor)
    }

    /// Whether sending it again can do no harm.
    fn is_safe(&self) -> bool {
        matches!(self.plan.effect, Effect::Read | Effect::Idempotent)
    }
}

fn kept(reply: &Reply) -> FailedResponse {
    FailedResponse {
        status: reply.status,
        headers: reply.headers.clone(),
        body: reply.body.clone(),
        truncated: reply.end != BodyEnd::Complete,
    }
}

/// The service's own words, on one line and not too long. Redacted first: folding and cutting would hide a secret
/// from the redactor and not from the reader.
fn words(template: &Template, scope: &ReplyScope<'_>, redactor: &Redactor) -> Option<String> {
    const LONGEST: usize = 300;
    let text = match template.text(scope) {
        Ok(text) => text?.into_owned(),
        // An error that is an object is still worth showing.
        Err(_) => redactor.redact_value(template.value(scope).ok()??).to_string(),
    };
    let text = redactor.redact(&text);
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then(|| line.chars().take(LONGEST).collect())
}
