//! What of a definition is not as its format says.

use serde_json::{Map, Value, json};

/// What of a definition is not as its format says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Misshapen {
    /// A part that is something else than it should be.
    Part(String),
    /// A key that nobody knows, and the one that may be meant.
    Unknown {
        /// The pointer.
        place: String,
        /// The nearest key.
        meant: Option<String>,
    },
    /// An object without keys that it needs.
    Without {
        /// The pointer.
        place: String,
        /// The keys.
        keys: Vec<String>,
    },
}

impl Misshapen {
    /// The pointer.
    pub(super) fn place(&self) -> &str {
        let (Misshapen::Part(place)
        | Misshapen::Unknown { place, .. }
        | Misshapen::Without { place, .. }) = self;
        place
    }

    /// In which order they stand in a definition: items by their number.
    pub(super) fn order(&self) -> Vec<(usize, &str)> {
        let segments = self.place().split('/');
        segments.map(|segment| (segment.parse().unwrap_or_default(), segment)).collect()
    }
}

/// What stands for a key of a definition that is missing.
pub(super) fn instead(key: &str) -> Option<Value> {
    Some(match key {
        "format" => json!(1),
        "name" | "title" => json!("x"),
        "version" => json!("0.0.0"),
        "connection" => json!({ "fields": {} }),
        "auth" | "targets" | "output" => Value::Object(Map::new()),
        "effect" => json!("read"),
        "request" => json!({ "target": "x", "method": "GET", "path": "/" }),
        _ => return None,
    })
}
