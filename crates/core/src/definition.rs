//! A connector and one of its cards, ready to be run.

use std::sync::Arc;

use crate::card::{Card, Example, HttpError};
use crate::connector::Connector;
use crate::decoder::{Decoding, Look, Paths};
use crate::field::{Field, FieldType};
use crate::file::{CONTENT, may_hold};
use crate::reply_rule::ReplyRule;
use crate::request::ReplySecret;
use crate::retries::Backoff;
use crate::template::{Reference, Root};

/// A connector and one of its cards, ready to be run.
#[derive(Debug)]
pub struct Definition {
    /// The connector.
    pub connector: Arc<Connector>,
    /// The card.
    pub card: Card,
    /// What is looked up in the body; `None` where its text is passed on as it is.
    looks: Option<Paths>,
    reply_secrets: Arc<[ReplySecret]>,
    decoding: Arc<Decoding>,
    takes_files: bool,
    sends_content: bool,
}

impl Definition {
    /// Puts the two together.
    #[must_use]
    pub fn new(connector: Arc<Connector>, mut card: Card) -> Definition {
        // A card that was loaded is whole.
        card.complete(&connector);
        let looks = reads_body_parts(&connector, &card).then(|| body_paths(&connector, &card));
        let reply_secrets = reply_secrets(&card).into();
        let (decoder, lists) = (card.response.decoder, card.response.lists.clone());
        let decoding = Arc::new(Decoding { decoder, lists });
        let takes_files = card.input.values().flat_map(|fields| fields.values()).any(may_hold);
        let sends_content = takes_files && sends_content(&card);
        Definition { connector, card, looks, reply_secrets, decoding, takes_files, sends_content }
    }

    /// `<connector>/<card>`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.connector.name.as_str(), self.card.name.as_str())
    }

    /// Whether a template refers to what is in a file: `<<input.Upload.File.content>>`.
    #[must_use]
    pub fn sends_content(&self) -> bool {
        self.sends_content
    }

    /// Whether an input may name a file.
    #[must_use]
    pub fn takes_files(&self) -> bool {
        self.takes_files
    }

    /// The card's examples, with the connector's connection where they have none of their own.
    ///
    /// # Errors
    /// The reader's words where one of them is malformed.
    pub fn examples(&self) -> Result<Vec<Example>, serde_json::Error> {
        let mut examples = self.card.examples()?;
        if examples.iter().any(|example| example.connection.is_none()) {
            let connection = self.connector.connection.example()?;
            for example in &mut examples {
                let own = example.connection.take();
                example.connection = own.or_else(|| connection.clone());
            }
        }
        Ok(examples)
    }

    /// How often its calls are sent again, where card or connector say so.
    #[must_use]
    pub fn retries(&self) -> Option<Backoff> {
        let (own, above) = (self.card.retries, self.connector.retries);
        let said = own.or(above)?;
        Some(said.or(above.unwrap_or_default()).settled())
    }

    /// What of a reply is declared to be a secret.
    #[must_use]
    pub fn reply_secrets(&self) -> Arc<[ReplySecret]> {
        Arc::clone(&self.reply_secrets)
    }

    /// How the card says that a reply is read.
    #[must_use]
    pub fn decoding(&self) -> Arc<Decoding> {
        Arc::clone(&self.decoding)
    }

    /// What outputs and failures look up in the body of a reply.
    #[must_use]
    pub fn look(&self) -> Look<'_> {
        self.looks.as_ref().map_or(Look::Whole, Look::Parts)
    }
}

fn sends_content(card: &Card) -> bool {
    let mut found = false;
    let mut look = |reference: &Reference| {
        found |= reference.segments.last().is_some_and(|last| last == CONTENT);
    };
    if let Some(body) = &card.request.body {
        body.values().for_each(|(_, value)| value.each_reference(&mut look));
        body.texts().flat_map(|(_, text)| text.references()).for_each(&mut look);
    }
    for part in card.request.query.iter().chain(&card.request.headers) {
        part.each_reference(&mut look);
    }
    found
}

fn reply_secrets(card: &Card) -> Vec<ReplySecret> {
    let mut found = Vec::new();
    for field in card.output.values().flat_map(|fields| fields.values()) {
        let Some(value) = &field.value else { continue };
        if field.is_secret() {
            found.push(ReplySecret::Value(value.clone()));
            continue;
        }
        let mut keys = Vec::new();
        secret_keys(field, &mut keys);
        if !keys.is_empty() {
            found.push(ReplySecret::Keys(value.clone(), keys));
        }
    }
    found
}

fn secret_keys(field: &Field, keys: &mut Vec<String>) {
    for (key, inner) in field.fields.iter().flatten() {
        if inner.is_secret() {
            keys.push(key.clone());
        } else {
            secret_keys(inner, keys);
        }
    }
}

/// The rules for good statuses that may be asked: of whichever target it is.
fn failures<'a>(connector: &'a Connector, card: &'a Card) -> impl Iterator<Item = &'a ReplyRule> {
    let of_targets = connector.targets.values().map(|target| &target.failures);
    let above = of_targets.chain([&connector.failures]).flatten();
    let above = above.filter(|_| card.response.http_error == HttpError::Raise);
    card.response.failures.iter().chain(above)
}

/// What outputs and failures of a card look up in the body.
fn body_paths(connector: &Connector, card: &Card) -> Paths {
    let mut paths = Paths::default();
    let mut add = |reference: &Reference| match reference.segments.split_first() {
        Some((first, path)) if reference.root == Root::Response && first == "body" => {
            paths.add(path)
        }
        _ => {}
    };
    for field in card.output.values().flat_map(|fields| fields.values()) {
        let Some(value) = &field.value else { continue };
        value.each_reference(&mut add);
    }
    card.pages.iter().for_each(|pages| pages.each_reference(&mut add));
    card.until.iter().for_each(|until| until.each_reference(&mut add));
    failures(connector, card).for_each(|rule| rule.each_reference(&mut add));
    paths
}

fn reads_body_parts(connector: &Connector, card: &Card) -> bool {
    let mut deep = card.pages.is_some() || card.until.is_some();
    deep |= failures(connector, card).next().is_some();
    for field in card.output.values().flat_map(|fields| fields.values()) {
        let Some(template) = &field.value else {
            continue;
        };
        template.each("", &mut |template, _| {
            for reference in template.references() {
                let is_body = reference.root == Root::Response
                    && reference.segments.first().is_some_and(|first| first == "body");
                let whole = reference.segments.len() == 1 && template.as_reference().is_some();
                deep |= is_body && !whole;
            }
        });
        // What decides is read as well.
        template.each_reference(&mut |reference| {
            let first = reference.segments.first().is_some_and(|first| first == "body");
            deep |= reference.root == Root::Response && first && reference.segments.len() > 1;
        });
        // A declared shape is checked, so it must be read.
        let bounded = field.format.is_some() || field.min.is_some() || field.max.is_some();
        deep |= field.pattern.is_some();
        let narrow = [FieldType::DateTime, FieldType::Dropdown, FieldType::Secret];
        deep |= field.fields.is_some() || field.schema.is_some() || field.of.is_some();
        deep |= bounded || narrow.into_iter().any(|kind| field.takes(kind));
    }
    deep
}
