//! What a run has of pages.

use serde_json::{Map, Value};

use super::cursor::Cursor;
use super::ended::Ended;

/// What a run has of pages: how many, and where it can go on.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Got {
    /// Pages that came.
    pub pages: u64,
    /// Records that were given out.
    pub records: u64,
    /// Why it ended; `None` where only this page was asked for, or a fault ended it.
    pub ended: Option<Ended>,
    /// Where the next run begins, where there is more.
    pub next: Option<Cursor>,
}

impl Got {
    /// The same as it is put out: `{"pages", "records", "ended", "next"}`; only what is known.
    #[must_use]
    pub fn to_map(&self) -> Map<String, Value> {
        let mut map = Map::new();
        map.insert("pages".to_owned(), Value::from(self.pages));
        map.insert("records".to_owned(), Value::from(self.records));
        if let Some(ended) = self.ended {
            map.insert("ended".to_owned(), Value::from(ended.as_str()));
        }
        if let Some(next) = &self.next {
            map.insert("next".to_owned(), Value::Object(next.0.clone()));
        }
        map
    }
}
