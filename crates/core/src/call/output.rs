//! What the last reply is to the caller: a card's outputs, or itself.

use std::sync::Arc;

use super::end::End;
use super::fault::ReplyFault;
use super::service::words;
use super::signed::Signed;
use crate::card::{Card, HttpError};
use crate::decoder;
use crate::error::Code;
use crate::failure::Error;
use crate::response::{BodyEnd, Output, Reply, Response, map_output};

/// What the last reply is to the caller.
pub(super) enum Read {
    /// The outputs of a card.
    Outputs(Output),
    /// The reply itself.
    Reply(Box<Reply>),
}

impl Signed {
    /// What the last reply is to the caller, or the error that it is.
    pub(super) fn read(&self, reply: Reply, now: i64) -> Result<Read, Error> {
        let end = &self.course.end;
        // What the service refused stays refused, however its page about it ended.
        if !end.accepts(reply.status) {
            return Err(self.service_error(&reply, now));
        }
        match &reply.end {
            BodyEnd::Complete => {}
            BodyEnd::TooLarge { limit } => {
                return Err(self.failed(ReplyFault::TooLarge { limit: *limit }, &reply));
            }
            BodyEnd::Broken(fault) => return Err(self.broken(fault.clone(), &reply)),
        }
        let definition = match end {
            End::Outputs(definition) => definition,
            End::Reply { .. } => return Ok(Read::Reply(Box::new(reply))),
        };
        let card = &definition.card;
        let (wanted, look) = (card.response.decoder, definition.look());
        let body = decoder::decode(reply.status, &reply.headers, &reply.body, wanted, look);
        let body = match body {
            Ok(body) => body,
            // Who takes every status is told it, whatever the page about it is made of.
            Err(_) if takes_any(card, reply.status) => {
                decoder::as_it_is(&reply.headers, &reply.body, look)
            }
            Err(fault) => return Err(self.failed(fault, &reply)),
        };
        let response =
            Response { status: reply.status, headers: Arc::new(reply.headers.clone()), body };
        let scope = self.course.scope(&response);
        if let Some(rule) = card.response.failures.iter().find(|rule| rule.when.holds(&scope)) {
            let code = Code::for_reply(&rule.code).unwrap_or(Code::HTTP_STATUS);
            let said = rule.message.as_ref();
            let message = said.and_then(|template| words(template, &scope, self.redactor()));
            let fault = ReplyFault::Service { status: reply.status, message, code };
            return Err(self.failed(fault, &reply));
        }
        let output = map_output(card, &scope).map_err(|fault| self.failed(fault, &reply))?;
        Ok(Read::Outputs(output))
    }
}

/// Whether a reply is an output that cannot be decoded as its type says: every one is, unless the card names the decoder for what
/// it asks for.
fn takes_any(card: &Card, status: u16) -> bool {
    card.response.http_error == HttpError::Return
        && (card.response.decoder.is_none() || !(200..300).contains(&status))
}
