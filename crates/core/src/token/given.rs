//! What a reply to a request for tokens gives, as templates over `response` read it.

use std::sync::Arc;

use http::HeaderMap;
use serde_json::{Map, Value};

use super::tokens::wipe;
use crate::decoder::DecodedBody;
use crate::response::{Reply, ReplyScope, Response, descend_map};
use crate::template::{Found, Reference, Root, Scope, Template};
use crate::value::descend;

/// A reply with its body read, which may be JSON or a form. Its texts are wiped when it is dropped.
pub(super) struct Given {
    /// Status and headers.
    head: Response<'static>,
    body: Value,
    redirect: Map<String, Value>,
    nothing: Map<String, Value>,
}

impl Given {
    /// `redirect` is the query with which a browser came back.
    pub(super) fn new(reply: &Reply, body: Value, redirect: &str) -> Given {
        let headers = Arc::new(reply.headers.clone());
        let pairs = url::form_urlencoded::parse(redirect.as_bytes());
        let redirect = pairs.map(|(name, value)| (name.into_owned(), Value::from(value))).collect();
        let mut given = Given::of(reply.status, headers, body);
        given.redirect = redirect;
        given
    }

    /// A reply that no browser has brought.
    pub(super) fn of(status: u16, headers: Arc<HeaderMap>, body: Value) -> Given {
        let head = Response { status, headers, body: DecodedBody::Empty };
        Given { head, body, redirect: Map::new(), nothing: Map::new() }
    }

    /// What a template gives, or else the key of the body.
    pub(super) fn value(&self, template: Option<&Template>, key: &str) -> Option<Value> {
        let found = match template {
            Some(template) => template.value(self).ok()?,
            None => self.body.get(key).cloned(),
        };
        found.filter(|value| !value.is_null())
    }

    /// The same as text that is not empty; a number is none of a key, and its digits of a template.
    pub(super) fn text(&self, template: Option<&Template>, key: &str) -> Option<String> {
        let text = match template {
            Some(template) => template.text(self).ok()?.map(std::borrow::Cow::into_owned),
            None => self.body.get(key).and_then(Value::as_str).map(str::to_owned),
        };
        text.filter(|text| !text.is_empty())
    }
}

impl Scope for Given {
    fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
        match (reference.root, reference.segments.split_first()) {
            (Root::Response, Some((first, rest))) if first == "body" => {
                let found = descend(&self.body, rest)?;
                (!found.is_null()).then_some(Found::Value(found))
            }
            (Root::Response, _) => {
                let scope = ReplyScope {
                    response: &self.head,
                    options: &self.nothing,
                    input: &self.nothing,
                    items: None,
                };
                scope.lookup(reference).and_then(|found| found.to_value()).map(Found::Made)
            }
            (Root::Redirect, _) => descend_map(&self.redirect, &reference.segments),
            _ => None,
        }
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        wipe(std::mem::take(&mut self.body));
    }
}
