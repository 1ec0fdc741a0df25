//! Records exchanges: each is masked before it is part of a cassette.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::mask::{Caution, Mask};
use super::{Cassette, Exchange, FormatVersion, Ignore, Order, RecordedReply, Seed};
use cardhost_core::decoder::{self, Asked, DecodedBody, Decoding, Look};
use cardhost_core::request::{ReplySecret, RequestSpec};
use cardhost_core::response::{Reply, ReplyScope, Response};
use cardhost_core::secret::{Redactor, Secret};
use cardhost_core::settle::all_texts;
use cardhost_core::template::Scope as _;
use cardhost_core::transport_fault::TransportFault;

/// What stands above the exchanges.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// The card that is run.
    pub card: Option<String>,
    /// The flow that is run.
    pub flow: Option<String>,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub recorded_at: i64,
    /// What chance is made of in the run of a flow.
    pub seed: Option<Seed>,
    /// In which order a replay must ask.
    pub order: Order,
}

/// A cassette that is being recorded.
///
/// Every secret that one request knows is masked in all of them, also in those before it: what one card gets openly may
/// be the secret of the next.
pub struct Recording {
    cassette: Cassette,
    known: Redactor,
}

impl Recording {
    /// A cassette without exchanges.
    #[must_use]
    pub fn new(head: Head) -> Recording {
        let Head { card, flow, recorded_at, seed, order } = head;
        let recorded_at = jiff::Timestamp::from_second(recorded_at).ok();
        let cassette = Cassette {
            schema: Some("https://cardhost.dev/schemas/cassette.schema.json".to_owned()),
            cassette: FormatVersion,
            cardhost: Some(env!("CARGO_PKG_VERSION").to_owned()),
            card,
            flow,
            recorded_at: recorded_at.map(|at| at.to_string()),
            seed,
            order,
            ignore: Ignore::default(),
            exchanges: Vec::new(),
        };
        Recording { cassette, known: Redactor::new() }
    }

    /// Adds an exchange, without its secrets.
    pub fn record(&mut self, request: &RequestSpec, sent: &Result<Reply, TransportFault>) {
        let learnt = self.known.learn(&request.redactor);
        let declared = sent.as_ref().map(|reply| declared(request, reply));
        let mut learnt_by_name = self.by_name(request, sent);
        learnt_by_name.extend(declared.unwrap_or_default());
        let before = self.known.len();
        learnt_by_name.into_iter().for_each(|secret| self.known.add(secret));
        let mask = Mask { redactor: &self.known, caution: Caution::Declared };
        if learnt || self.known.len() > before {
            self.cassette.exchanges.iter_mut().for_each(|exchange| mask.mask_again(exchange));
        }
        if let Some(reply) = mask.reply(sent) {
            self.cassette.exchanges.push(Exchange { request: mask.request(request), reply });
        }
    }

    /// Adds a request that was given up before its reply came.
    pub fn gave_up(&mut self, request: &RequestSpec) {
        self.learn(&request.redactor);
        let mask = Mask { redactor: &self.known, caution: Caution::Declared };
        let reply = RecordedReply { given_up: true, ..RecordedReply::default() };
        self.cassette.exchanges.push(Exchange { request: mask.request(request), reply });
    }

    /// Masks more secrets, also in what has been recorded.
    pub fn learn(&mut self, redactor: &Redactor) {
        if self.known.learn(redactor) {
            let mask = Mask { redactor: &self.known, caution: Caution::Declared };
            self.cassette.exchanges.iter_mut().for_each(|exchange| mask.mask_again(exchange));
        }
    }

    /// In which order a replay must ask.
    pub fn ordered(&mut self, order: Order) {
        self.cassette.order = order;
    }

    fn by_name(&self, request: &RequestSpec, sent: &Result<Reply, TransportFault>) -> Vec<Secret> {
        let none = http::HeaderMap::new();
        let reply = sent.as_ref().ok();
        let body = request.body.as_ref().and_then(|body| body.bytes());
        let body = body.map(|bytes| &**bytes).unwrap_or_default();
        Mask { redactor: &Redactor::new(), caution: Caution::Declared }.found(
            [&request.headers, reply.map_or(&none, |reply| &reply.headers)],
            [body, reply.map(|reply| &*reply.body).unwrap_or_default()],
            request.url.as_str(),
        )
    }

    /// What has been recorded so far.
    #[must_use]
    pub fn cassette(&self) -> &Cassette {
        &self.cassette
    }

    /// What has to be masked.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        &self.known
    }
}

/// The texts of a reply that its card or its auth method declares to be secrets.
fn declared(request: &RequestSpec, reply: &Reply) -> Vec<Secret> {
    if request.reply_secrets.is_empty() {
        return Vec::new();
    }
    let Decoding { decoder: named, lists } = &*request.decoding;
    let by_card = named.map(|name| {
        let asked = Asked { look: Look::ANY, lists };
        decoder::decode(reply.status, &reply.headers, &reply.body, Some(name), asked)
    });
    let by_type = decoder::decode(reply.status, &reply.headers, &reply.body, None, Look::ANY);
    let mut found = Vec::new();
    // As the card reads it, and as its type says: what a service calls an error may have another form.
    for body in by_card.into_iter().chain([by_type]) {
        take(request, reply, body.unwrap_or(DecodedBody::Empty), &mut |text| {
            found.push(Secret::from(text));
        });
    }
    found
}

/// Takes the declared texts of a decoded reply.
fn take(request: &RequestSpec, reply: &Reply, body: DecodedBody<'_>, take: &mut dyn FnMut(&str)) {
    let headers = Arc::new(reply.headers.clone());
    let response = Response { status: reply.status, headers, body };
    let nothing = Map::new();
    let scope = ReplyScope { response: &response, options: &nothing, input: &nothing, items: None };
    for secret in &*request.reply_secrets {
        let (template, keys) = match secret {
            ReplySecret::Value(template) => (template, None),
            ReplySecret::Keys(template, keys) => (template, Some(keys)),
        };
        // What is computed of a secret is masked, and what it is computed of: of jq, which may look anywhere, the whole body.
        let mut values: Vec<Value> = template.value(&scope).ok().flatten().into_iter().collect();
        template.each_reference(&mut |reference| {
            values.extend(scope.lookup(reference).and_then(|found| found.to_value()));
        });
        for value in &values {
            match keys {
                None => all_texts(value, take),
                Some(keys) => below(value, keys, take),
            }
        }
    }
}

/// Every text below one of the keys.
fn below(value: &Value, keys: &[String], take: &mut dyn FnMut(&str)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| below(item, keys, take)),
        Value::Object(map) => {
            for (key, value) in map {
                match keys.contains(key) {
                    true => all_texts(value, take),
                    false => below(value, keys, take),
                }
            }
        }
        _ => {}
    }
}
