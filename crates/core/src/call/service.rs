//! A reply with a bad status, by the connector's rules.

use std::sync::Arc;

use super::fault::ReplyFault;
use super::signed::Signed;
use crate::connector::RetryRule;
use crate::decoder::{self, DecodedBody, Look};
use crate::error::Code;
use crate::failure::Error;
use crate::response::{Reply, ReplyScope, Response};
use crate::secret::Redactor;
use crate::template::Template;

impl Signed {
    /// The error of a reply with a bad status.
    pub(super) fn service_error(&self, reply: &Reply, now: i64) -> Error {
        let rules = self.course.end.errors();
        let rule = rules.iter().find(|rule| rule.status.contains(&reply.status));
        let code = rule.and_then(|rule| Code::for_reply(&rule.code)).unwrap_or(Code::HTTP_STATUS);
        let message = rule.and_then(|rule| rule.message.as_ref()).and_then(|template| {
            let body = decoder::decode(reply.status, &reply.headers, &reply.body, None, Look::ANY)
                .unwrap_or(DecodedBody::Empty);
            let response =
                Response { status: reply.status, headers: Arc::new(reply.headers.clone()), body };
            words(template, &self.course.scope(&response), self.redactor())
        });
        let error = self.failed(ReplyFault::Service { status: reply.status, message, code }, reply);
        let after = crate::http_date::retry_after(&reply.headers, now);
        let rule = rule.map_or(RetryRule::Never, |rule| rule.retry);
        error.with_retry(self.course.plan.sending().after_refusal(rule), after)
    }
}

/// The service's own words, on one line and not too long. Redacted first: folding and cutting would hide a secret
/// from the redactor and not from the reader.
pub(super) fn words(
    template: &Template,
    scope: &ReplyScope<'_>,
    redactor: &Redactor,
) -> Option<String> {
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
