//! A connector and one of its cards, ready to be run.

use std::sync::Arc;

use crate::card::Card;
use crate::connector::Connector;
use crate::field::{Field, FieldType};
use crate::request::ReplySecret;
use crate::template::Root;

/// A connector and one of its cards, ready to be run.
#[derive(Debug)]
pub struct Definition {
    /// The connector.
    pub connector: Arc<Connector>,
    /// The card.
    pub card: Card,
    reads_body_parts: bool,
    reply_secrets: Arc<[ReplySecret]>,
}

impl Definition {
    /// Puts the two together.
    #[must_use]
    pub fn new(connector: Arc<Connector>, card: Card) -> Definition {
        let reads_body_parts = reads_body_parts(&card);
        let reply_secrets = reply_secrets(&card).into();
        Definition { connector, card, reads_body_parts, reply_secrets }
    }

    /// `<connector>/<card>`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.connector.name.as_str(), self.card.name.as_str())
    }

    /// What of a reply is declared to be a secret.
    #[must_use]
    pub fn reply_secrets(&self) -> Arc<[ReplySecret]> {
        Arc::clone(&self.reply_secrets)
    }

    /// Whether outputs or failures look into the body; if not, its text is passed on as it is.
    #[must_use]
    pub fn reads_body_parts(&self) -> bool {
        self.reads_body_parts
    }
}

fn reply_secrets(card: &Card) -> Vec<ReplySecret> {
    let mut found = Vec::new();
    for field in card.output.values().flat_map(|fields| fields.values()) {
        let Some(value) = &field.value else { continue };
        if is_secret(field) {
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

fn is_secret(field: &Field) -> bool {
    field.sensitive || field.takes(FieldType::Secret) || field.of == Some(FieldType::Secret)
}

fn secret_keys(field: &Field, keys: &mut Vec<String>) {
    for (key, inner) in field.fields.iter().flatten() {
        if is_secret(inner) {
            keys.push(key.clone());
        } else {
            secret_keys(inner, keys);
        }
    }
}

fn reads_body_parts(card: &Card) -> bool {
    let mut deep = !card.response.failures.is_empty();
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
        // A declared shape is checked, so it must be read.
        let bounded = field.format.is_some() || field.min.is_some() || field.max.is_some();
        let narrow = [FieldType::DateTime, FieldType::Dropdown, FieldType::Secret];
        deep |= field.fields.is_some() || field.schema.is_some() || field.of.is_some();
        deep |= bounded || narrow.into_iter().any(|kind| field.takes(kind));
    }
    deep
}
