//! How a reply leads to the next page.

use std::fmt;

#[cfg(feature = "schemas")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;

use super::change::Change;
use super::place::Place;
use crate::template::ValueTemplate;

/// How a reply leads to the next page.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// By the link of a relation in the header `Link` (RFC 8288).
    Link(String),
    /// By a URL, whole or relative to that of this page; under the target's base.
    Url(ValueTemplate),
    /// By what changes in the request.
    Changes(Vec<(Place, Change)>),
}

impl Next {
    /// The places that change.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        let changes = match self {
            Next::Changes(changes) => changes.as_slice(),
            Next::Link(_) | Next::Url(_) => &[],
        };
        changes.iter().map(|(place, _)| place)
    }

    /// Calls `visit` with each template and the JSON Pointer to it, from that of `next` on.
    pub fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a ValueTemplate, String)) {
        match self {
            Next::Link(_) => {}
            Next::Url(url) => visit(url, "/url".to_owned()),
            Next::Changes(changes) => {
                for (place, change) in changes {
                    if let Change::Value(value) = change {
                        visit(value, crate::error::pointer(&[&place.to_string()]));
                    }
                }
            }
        }
    }
}

/// Places of a request and what they get.
struct Changes;

impl<'de> Visitor<'de> for Changes {
    type Value = Vec<(String, Value)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object such as { \"query.cursor\": \"<<response.body.next?>>\" }")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(entries)
    }
}

/// Reads places of a request and what they get.
fn changes<E: serde::de::Error>(entries: Vec<(String, Value)>) -> Result<Vec<(Place, Change)>, E> {
    let read = |(text, value): (String, Value)| {
        let place = Place::parse(&text).ok_or_else(|| {
            E::custom(format!(
                "`{text}` is no place in a request: `query.NAME`, `headers.NAME` or `body.PATH`"
            ))
        })?;
        let change =
            Change::read(value).map_err(|reason| E::custom(format!("`{text}`: {reason}")))?;
        Ok((place, change))
    };
    entries.into_iter().map(read).collect()
}

impl<'de> Deserialize<'de> for Next {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Next, D::Error> {
        let mut entries = deserializer.deserialize_map(Changes)?;
        let special = entries.iter().any(|(key, _)| matches!(key.as_str(), "link" | "url"));
        match (entries.len(), special) {
            (0, _) => {
                Err(D::Error::custom("it says nothing: `link`, `url`, or places of the request"))
            }
            (1, true) => {
                let (key, value) = entries.remove(0);
                match (key.as_str(), value) {
                    ("link", Value::String(relation)) => Ok(Next::Link(relation)),
                    ("link", _) => Err(D::Error::custom("`link` is a relation such as `\"next\"`")),
                    (_, value) => {
                        ValueTemplate::of_output(value).map(Next::Url).map_err(D::Error::custom)
                    }
                }
            }
            (_, true) => Err(D::Error::custom("`link` and `url` stand alone")),
            (_, false) => changes(entries).map(Next::Changes),
        }
    }
}

/// Reads what later pages repeat of the first.
pub(super) fn carried<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(Place, Change)>, D::Error> {
    changes(deserializer.deserialize_map(Changes)?)
}

#[cfg(feature = "schemas")]
impl JsonSchema for Next {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Next".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How a reply leads to the next page: `link`, a relation in the header `Link`; `url`, a template; or places of the request (`query.NAME`, `headers.NAME`, `body.PATH`) and what they get, a template or `add`.",
            "type": "object",
            "minProperties": 1,
            "properties": {
                "link": { "description": "A relation in the header `Link`, such as `next`.", "type": "string", "minLength": 1 },
                "url": { "description": "A URL, whole or relative; a template over `response`." },
            },
            "patternProperties": {
                r"^(query\..|headers\..|body[.\[].)": {
                    "description": "A template over `response`, `items`, `input` and `options`, or `add` with `first`.",
                },
            },
            "additionalProperties": false,
        })
    }
}
