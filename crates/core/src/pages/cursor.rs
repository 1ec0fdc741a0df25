//! Where a page begins.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use ring::digest::{SHA256, digest};
use serde_json::{Map, Value};

/// The key of how many records of a page were had already.
pub(super) const SKIP: &str = "skip";
/// The key of what tells the last of them from others.
pub(super) const LAST: &str = "last";
/// The key of a whole URL.
pub(super) const URL: &str = "url";
/// Longest cursor as JSON.
pub(super) const MAX_CURSOR_BYTES: usize = 64 * 1024;

/// Where a page begins: what is put into the first request to ask for it, by place. Opaque to callers, and JSON, so that it can be
/// kept and given back with another run of the same card.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cursor(pub Map<String, Value>);

impl Cursor {
    /// How many records of its page were had already.
    #[must_use]
    pub fn skip(&self) -> u64 {
        self.0.get(SKIP).and_then(Value::as_u64).unwrap_or(0)
    }

    /// The same, with so many records of its page left out, the last of which is this one where that is known.
    #[must_use]
    pub(crate) fn after(&self, records: u64, last: Option<&str>) -> Cursor {
        let mut cursor = self.clone();
        if records == 0 {
            return cursor;
        }
        cursor.0.insert(SKIP.to_owned(), Value::from(records));
        if let Some(last) = last {
            cursor.0.insert(LAST.to_owned(), Value::from(mark(last)));
        }
        cursor
    }

    /// Whether a record is the last one of those that were had; also where the cursor does not say which that was.
    pub(crate) fn is_last(&self, record: Option<&str>) -> bool {
        let last = self.0.get(LAST).and_then(Value::as_str);
        last.is_none_or(|last| record.is_some_and(|record| last == mark(record)))
    }

    /// What tells it from others.
    pub(crate) fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for (place, value) in &self.0 {
            place.hash(&mut hasher);
            value.to_string().hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// What tells a record from others, wherever and whenever it is asked: 16 hexadecimal digits.
fn mark(record: &str) -> String {
    // As it is given out: on one line.
    let record = record.replace(['\n', '\r'], " ");
    hex::encode(digest(&SHA256, record.as_bytes()).as_ref().get(..8).unwrap_or_default())
}
