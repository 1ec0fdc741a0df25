//! The pages of a card, as it declares them.

#[cfg(feature = "schemas")]
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::change::Change;
use super::next::{Next, carried};
use super::place::Place;
use crate::condition::When;
use crate::span::Span;
use crate::template::{Decision, Reference, Template, ValueTemplate};

/// That a card's replies are pages of a list: where its records are, and how to ask for the next page.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Pages {
    /// The records of a page: a list, over `response`; jq may give it.
    #[serde(deserialize_with = "items")]
    pub items: ValueTemplate,
    /// How a reply leads to the next page; a list without it comes in one reply.
    pub next: Option<Next>,
    /// Goes on only while this holds of a reply; always by default.
    #[serde(rename = "while")]
    pub go_on: Option<When>,
    /// What every later page repeats of the first: places of the request and templates over its reply.
    #[serde(default, deserialize_with = "carried")]
    #[cfg_attr(
        feature = "schemas",
        schemars(with = "std::collections::BTreeMap<String, ValueTemplate>")
    )]
    pub carry: Vec<(Place, Change)>,
    /// Which pages a run asks for that does not say so itself: `first`, `all`, or a template that gives a number of records; over
    /// `options` and `input`, and often by one of them. The first page by default.
    pub wanted: Option<Decision<Template>>,
    /// Where pages end at the latest: a number of pages, or `pages`, `records` and `time`.
    #[serde(default)]
    pub most: Most,
}

fn items<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ValueTemplate, D::Error> {
    ValueTemplate::of_output(Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

impl Pages {
    /// The places of a request that change from page to page.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        let changed = self.next.iter().flat_map(Next::places);
        changed.chain(self.carry.iter().map(|(place, _)| place))
    }

    /// Calls `visit` with each template and the JSON Pointer to it, from that of `pages` on.
    pub fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a ValueTemplate, String)) {
        visit(&self.items, "/items".to_owned());
        if let Some(next) = &self.next {
            next.each(&mut |value, place| visit(value, format!("/next{place}")));
        }
        for (place, change) in &self.carry {
            if let Change::Value(value) = change {
                visit(value, crate::error::pointer(&["carry", &place.to_string()]));
            }
        }
    }

    /// Calls `visit` with every reference in it.
    pub fn each_reference<'a>(&'a self, visit: &mut dyn FnMut(&'a Reference)) {
        self.each(&mut |value, _| value.each_reference(visit));
        self.go_on.iter().flat_map(When::references).for_each(&mut *visit);
        if let Some(wanted) = &self.wanted {
            wanted.each_by(visit);
            wanted.each("", &mut |row, _| row.references().into_iter().for_each(&mut *visit));
        }
    }
}

/// Where pages end at the latest, with a cursor to go on from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Most {
    /// Pages; 10,000 by default.
    pub pages: u64,
    /// Records; any number by default.
    pub records: Option<u64>,
    /// Time for all of them; 30 minutes by default.
    pub time: Span,
}

impl Default for Most {
    fn default() -> Most {
        let time = Span(std::time::Duration::from_secs(30 * 60));
        Most { pages: 10_000, records: None, time }
    }
}

impl<'de> Deserialize<'de> for Most {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Most, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Pages(u64),
            Each(Each),
        }
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Each {
            pages: Option<u64>,
            records: Option<u64>,
            time: Option<Span>,
        }
        let default = Most::default();
        let most = match Written::deserialize(deserializer) {
            Ok(Written::Pages(pages)) => Most { pages, ..default },
            Ok(Written::Each(Each { pages, records, time })) => {
                let (pages, time) = (pages.unwrap_or(default.pages), time.unwrap_or(default.time));
                Most { pages, records, time }
            }
            Err(_) => {
                return Err(serde::de::Error::custom(
                    "`most` is a number of pages, or an object of `pages`, `records` and `time` such as \"10m\"",
                ));
            }
        };
        match most.pages == 0 || most.records == Some(0) {
            true => Err(serde::de::Error::custom("`most` is 1 or more")),
            false => Ok(most),
        }
    }
}

#[cfg(feature = "schemas")]
impl JsonSchema for Most {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Most".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let time = generator.subschema_for::<Span>();
        schemars::json_schema!({
            "description": "Where pages end at the latest, with a cursor to go on from: a number of pages, or each limit by its name.",
            "type": ["integer", "object"],
            "minimum": 1,
            "properties": {
                "pages": { "description": "Most pages; 10,000 by default.", "type": "integer", "minimum": 1 },
                "records": { "description": "Most records; any number by default.", "type": "integer", "minimum": 1 },
                "time": time,
            },
            "additionalProperties": false,
        })
    }
}
