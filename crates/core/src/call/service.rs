//! A reply that is an error, by the rules of card, target and connector.

use std::borrow::Cow;
use std::sync::Arc;

use super::fault::ReplyFault;
use super::signed::Signed;
use crate::decoder::{self, Asked, DecodedBody, Look};
use crate::error::Code;
use crate::failure::Error;
use crate::reply_rule::{ReplyRule, TakenAs};
use crate::response::{Reply, ReplyScope, Response};
use crate::retry;
use crate::secret::Redactor;
use crate::template::{Found, Part, Scope as _, Template, ValueTemplate, scalar_text};
use serde_json::Value;

/// What a reply with a bad status is.
pub(super) enum Refusal {
    /// An error.
    Error(Box<Error>),
    /// No error: nothing was found.
    Empty,
}

impl Signed {
    /// The body of a reply with a bad status: by its type, or as the card decodes the others.
    fn refused_body<'b>(&'b self, reply: &'b Reply) -> DecodedBody<'b> {
        let decode = |wanted, asked| {
            decoder::decode(reply.status, &reply.headers, &reply.body, wanted, asked)
        };
        let (named, lists) = self.course.end.decoder();
        let by_card =
            named.and_then(|name| decode(Some(name), Asked { look: Look::ANY, lists }).ok());
        by_card.or_else(|| decode(None, Look::ANY.into()).ok()).unwrap_or(DecodedBody::Empty)
    }

    /// Whether a reply that the card takes with its bad status may be another one in a while, and how long the service asks
    /// to wait for that.
    pub(super) fn refused_for_now(&self, reply: &Reply, now: i64) -> Option<Option<u64>> {
        let course = &self.course;
        let retries = course.plan.retries.filter(|retries| course.attempts < retries.attempts)?;
        if retries.attempts == 1 || reply.status < 400 || !course.end.accepts(reply.status) {
            return None;
        }
        match self.refusal(reply, now) {
            Refusal::Error(error) if error.retryable() == Some(true) => Some(error.retry_after_s()),
            _ => None,
        }
    }

    /// What a reply with a bad status is.
    pub(super) fn refusal(&self, reply: &Reply, now: i64) -> Refusal {
        let rules = self.course.end.errors();
        let looks = |rule: &ReplyRule| {
            rule.when.is_some() || rule.message.is_some() || rule.after.is_some()
        };
        let listed =
            |rule: &&ReplyRule| rule.status.is_empty() || rule.status.contains(&reply.status);
        // A body that no rule looks at is not read.
        let body = match rules.iter().filter(listed).any(looks) {
            true => self.refused_body(reply),
            false => DecodedBody::Empty,
        };
        let response =
            Response { status: reply.status, headers: Arc::new(reply.headers.clone()), body };
        let scope = self.course.scope(&response);
        match rules.iter().find(|rule| rule.fits(reply.status, &scope)) {
            Some(rule) if rule.taken_as == Some(TakenAs::Empty) => Refusal::Empty,
            rule => Refusal::Error(Box::new(self.service_error(rule, &scope, reply, now))),
        }
    }

    /// The error that a rule makes of a reply.
    pub(super) fn service_error(
        &self,
        rule: Option<&ReplyRule>,
        scope: &ReplyScope<'_>,
        reply: &Reply,
        now: i64,
    ) -> Error {
        let code = rule.map_or(Code::HTTP_STATUS, ReplyRule::error_code);
        let message = rule
            .and_then(|rule| rule.message.as_ref())
            .and_then(|message| words(message, scope, self.redactor()));
        let error = self.failed(ReplyFault::Service { status: reply.status, message, code }, reply);
        let after = match rule {
            Some(rule) => rule.wait_s(scope, &reply.headers, now),
            None => crate::http_date::retry_after(&reply.headers, now),
        };
        let after = after.or_else(|| {
            let limits = self.course.end.limits(&self.course.plan.target)?;
            limits.wait_s(reply.status, &reply.headers, now)
        });
        let by_status = || retry::of_status(reply.status, &reply.headers);
        let retry = rule.map_or_else(by_status, |rule| rule.retry);
        error.with_retry(self.course.plan.sending().after_refusal(retry), after)
    }
}

impl Signed {
    /// What a template makes of a reply, for a message.
    pub(super) fn in_words(&self, template: &Template, scope: &ReplyScope<'_>) -> Option<String> {
        words(&ValueTemplate::Text(template.clone()), scope, self.redactor())
    }
}

/// The service's own words, on one line and not too long. What is no text is told as JSON, a list of texts as them, and
/// what is missing as nothing: half a message is better than none. Redacted first: folding and cutting would hide a secret
/// from the redactor and not from the reader.
fn words(message: &ValueTemplate, scope: &ReplyScope<'_>, redactor: &Redactor) -> Option<String> {
    let template = match message {
        ValueTemplate::Text(template) => template,
        // A message of the rule's own needs nothing of the reply; what jq gives is the whole of it.
        other => {
            let value = redactor.redact_value(other.value(scope).ok()??);
            return line(&value_words(&value), redactor);
        }
    };
    let (mut text, mut said) = (String::new(), false);
    for part in template.parts().ok()? {
        let value = match part {
            Part::Text(part) => {
                text.push_str(part);
                continue;
            }
            Part::Reference(reference) => match scope.lookup(reference) {
                Some(Found::Secret(_)) | None => continue,
                Some(found) => match found.text() {
                    Some(part) => {
                        said |= !part.is_empty();
                        text.push_str(&part);
                        continue;
                    }
                    None => found.to_value(),
                },
            },
            Part::Helper(helper) => helper.value(scope).ok().flatten(),
        };
        let Some(value) = value.filter(|value| !value.is_null()) else { continue };
        said = true;
        text.push_str(&value_words(&redactor.redact_value(value)));
    }
    if said { line(&text, redactor) } else { None }
}

/// A value in a message.
fn value_words(value: &Value) -> String {
    let texts = value.as_array().and_then(|items| {
        items.iter().map(scalar_text).collect::<Option<Vec<_>>>().map(|items| items.join(", "))
    });
    scalar_text(value).map(Cow::into_owned).or(texts).unwrap_or_else(|| value.to_string())
}

/// A message on one line, cut where it is too long.
fn line(text: &str, redactor: &Redactor) -> Option<String> {
    const LONGEST: usize = 300;
    let text = redactor.redact(text);
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then(|| line.chars().take(LONGEST).collect())
}
