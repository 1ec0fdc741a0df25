//! What a place of the request gets for the next page.

use serde_json::Value;

use super::fault::PageFault;
use super::place::Place;
use crate::request::RequestSpec;
use crate::template::ValueTemplate;

/// What a place of the request gets for the next page.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A value over `response`, `items`, `input` and `options`.
    Value(ValueTemplate),
    /// What is there, and more: `{ "add": 1, "first": 1 }` counts pages, `{ "add": "items" }` what was had.
    Add {
        /// How much is added; the number of items of the page where it is `None`.
        step: Option<i64>,
        /// What the first page has where the request does not say so.
        first: i64,
    },
}

impl Change {
    /// Reads a change.
    pub(super) fn read(value: Value) -> Result<Change, String> {
        let Value::Object(map) = &value else {
            return Ok(Change::Value(ValueTemplate::of_output(value)?));
        };
        let Some(add) = map.get("add") else {
            return Ok(Change::Value(ValueTemplate::of_output(value)?));
        };
        if let Some(key) = map.keys().find(|key| !matches!(key.as_str(), "add" | "first")) {
            return Err(format!("unknown key `{key}`; there are `add` and `first`"));
        }
        let step = match add {
            Value::String(text) if text == "items" => None,
            number => match number.as_i64().filter(|number| *number != 0) {
                Some(number) => Some(number),
                None => return Err("`add` is `\"items\"` or a whole number, not 0".to_owned()),
            },
        };
        let first = match map.get("first") {
            None => 0,
            Some(number) => number.as_i64().ok_or("`first` is a whole number")?,
        };
        Ok(Change::Add { step, first })
    }

    /// What is added makes: the number that is at a place of the request of this page, and as much more.
    pub(super) fn added(
        place: &Place,
        (step, first): (Option<i64>, i64),
        request: &RequestSpec,
        items: usize,
    ) -> Result<Value, PageFault> {
        let fault = |reason| PageFault::Next { reason: format!("`{place}` {reason}") };
        let now = match place.get(request).filter(|text| !text.is_empty()) {
            Some(text) => text.parse().map_err(|_| fault("is no whole number now"))?,
            None => first,
        };
        let step = step.unwrap_or_else(|| i64::try_from(items).unwrap_or(i64::MAX));
        now.checked_add(step).map(Value::from).ok_or_else(|| fault("has become too large"))
    }
}
