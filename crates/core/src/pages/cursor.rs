//! Where a page begins.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::{Map, Value};

/// The key of how many records of a page were had already.
pub(super) const SKIP: &str = "skip";
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

    /// The same, with so many records of its page left out.
    #[must_use]
    pub(crate) fn skipping(&self, records: u64) -> Cursor {
        let mut cursor = self.clone();
        cursor.0.insert(SKIP.to_owned(), Value::from(records));
        cursor
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
