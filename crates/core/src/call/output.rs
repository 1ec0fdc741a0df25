//! What the last reply is to the caller: a card's outputs, or itself.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::end::End;
use super::fault::ReplyFault;
use super::paging::Page;
use super::polling::Polling;
use super::service::Refusal;
use super::signed::Signed;
use crate::card::{Card, HttpError};
use crate::decoder::{self, Asked, DecodeFault, DecodedBody, Look};
use crate::failure::{Error, MAX_KEPT_BODY_BYTES};
use crate::pages::Ended;
use crate::reply_rule::TakenAs;
use crate::response::{
    BodyEnd, Output, OutputValue, Reply, ReplyScope, Response, map_nothing, map_output,
};
use crate::template::{Root, Template};

/// What the last reply is to the caller.
pub(super) enum Read {
    /// The outputs of a card, and the page that they are of.
    Outputs(Output, Option<Box<Page>>),
    /// Nothing yet: the work of the card goes on.
    Running(Box<Polling>),
    /// The reply itself.
    Reply(Box<Reply>),
}

impl Signed {
    /// What the last reply is to the caller, or the error that it is.
    pub(super) fn read(&self, mut reply: Reply, now: i64) -> Result<Read, Error> {
        let end = &self.course.end;
        // What the service refused stays refused, however its page about it ended.
        if !end.accepts(reply.status) {
            return match self.refusal(&reply, now) {
                Refusal::Error(error) => Err(*error),
                Refusal::Empty => Ok(self.nothing_found(&reply)),
            };
        }
        match &reply.end {
            BodyEnd::Complete => {}
            BodyEnd::TooLarge { limit } if self.keeps_file() && self.file_limit().is_none() => {
                return Err(self.failed(ReplyFault::NoFolder { limit: *limit }, &reply));
            }
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
        let look = match self.course.polls {
            Some(_) => Look::ANY,
            None => definition.look(),
        };
        let wanted = card.response.decoder;
        let asked = Asked { look, lists: &card.response.lists };
        let body = match self.as_file(&reply, look) {
            Some(file) => Ok(file),
            None => decoder::decode(reply.status, &reply.headers, &reply.body, wanted, asked),
        };
        // What is no text where the card takes it all the same.
        let mut undecoded = None;
        let body = match body {
            // The text is there a second time: of the bytes, as many are kept as an error shows.
            Ok(DecodedBody::Text(text)) => {
                shorten(&mut reply);
                DecodedBody::Text(text)
            }
            Ok(body) => body,
            // Who takes every status is told it, whatever the page about it is made of.
            Err(_) if takes_any(card, reply.status) => {
                decoder::as_it_is(&reply.headers, &reply.body, look)
            }
            // A picture or a document is no text, and good all the same.
            Err(fault) if wanted.is_none() && decoder::is_called_binary(&reply.headers) => {
                undecoded = Some(fault);
                decoder::as_it_is(&reply.headers, &reply.body, look)
            }
            Err(fault) => return Err(self.failed(fault, &reply)),
        };
        let response =
            Response { status: reply.status, headers: Arc::new(reply.headers.clone()), body };
        let scope = self.course.scope(&response);
        let target = &self.course.plan.target;
        match end.failures(target).find(|rule| rule.fits(reply.status, &scope)) {
            Some(rule) if rule.taken_as == Some(TakenAs::Empty) => {
                return Ok(self.nothing_found(&reply));
            }
            Some(rule) => return Err(self.service_error(Some(rule), &scope, &reply, now)),
            None => {}
        }
        // Who asks how the work of another card stands reads as it says, and gives the other's outputs.
        let of = self.course.polls.as_ref().map_or(definition, |polls| polls.of());
        let scope = self.course.output_scope(&response);
        if let Some(polling) = self.still_running(of, &scope, (&reply, now))? {
            return Ok(Read::Running(polling));
        }
        let (card, takes_any) = (&of.card, takes_any(card, reply.status));
        let page = match &card.pages {
            Some(pages) => {
                let page =
                    self.page(pages, &response).map_err(|fault| self.failed(fault, &reply))?;
                if self.course.paging.as_ref().is_some_and(|paging| paging.passed.is_some()) {
                    // Its records are given out, and nobody asks for anything else of it.
                    return Ok(Read::Outputs(Output::default(), Some(Box::new(page))));
                }
                Some((pages, Box::new(page)))
            }
            None => None,
        };
        let items = page.as_ref().map(|(_, page)| &page.records);
        let scope = ReplyScope { items, ..scope };
        let mut output = map_output(card, &scope).map_err(|fault| self.failed(fault, &reply))?;
        if let Some((pages, page)) = &page {
            page.fill(card, pages, &mut output);
        }
        if let Some(fault) = undecoded.filter(|_| parts_are_missing(card, &output)) {
            return Err(self.failed(fault, &reply));
        }
        if wanted.is_none()
            && matches!(&response.body, DecodedBody::Text(text) if !text.trim().is_empty())
            && parts_are_missing(card, &output)
            && !takes_any
        {
            let kind = decoder::kind_in_words(&reply.headers);
            return Err(self.failed(DecodeFault::NoParts { kind }, &reply));
        }
        Ok(Read::Outputs(output, page.map(|(_, page)| page)))
    }
}

/// Keeps of a long body what an error keeps of it, and a byte more that tells that there was more.
fn shorten(reply: &mut Reply) {
    if reply.body.len() > MAX_KEPT_BODY_BYTES + 1 {
        reply.body = Bytes::copy_from_slice(&reply.body[..=MAX_KEPT_BODY_BYTES]);
    }
}

impl Signed {
    /// The outputs where nothing was found.
    fn nothing_found(&self, reply: &Reply) -> Read {
        let headers = Arc::new(reply.headers.clone());
        let response = Response { status: reply.status, headers, body: DecodedBody::Empty };
        match &self.course.end {
            End::Outputs(definition) => {
                let of = self.course.polls.as_ref().map_or(definition, |polls| polls.of());
                let scope = self.course.output_scope(&response);
                let page = || Box::new(Page::end(Ended::Nothing));
                let page = self.course.paging.is_some().then(page);
                Read::Outputs(map_nothing(&of.card, &scope), page)
            }
            End::Reply { .. } => Read::Reply(Box::new(reply.clone())),
        }
    }
}

/// Whether parts of a body are outputs, and none of them has a value.
fn parts_are_missing(card: &Card, output: &Output) -> bool {
    let is_part = |template: &Template| {
        template.references().iter().any(|reference| {
            reference.root == Root::Response
                && reference.segments.len() > 1
                && reference.segments.first().is_some_and(|first| first == "body")
        })
    };
    let mut parts = 0;
    for (group, fields) in &card.output {
        for (label, field) in fields {
            let mut reads = false;
            if let Some(value) = &field.value {
                value.each("", &mut |template, _| reads |= is_part(template));
            }
            let found = output.get(group, label);
            match found {
                _ if !reads => {}
                None | Some(OutputValue::Absent | OutputValue::Value(Value::Null)) => parts += 1,
                Some(_) => return false,
            }
        }
    }
    parts > 0
}

/// Whether a reply is an output that cannot be decoded as its type says: every one is, unless the card names the decoder for what
/// it asks for.
fn takes_any(card: &Card, status: u16) -> bool {
    card.response.http_error == HttpError::Return
        && (card.response.decoder.is_none() || !(200..300).contains(&status))
}
