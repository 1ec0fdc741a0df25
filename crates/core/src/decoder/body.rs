//! A decoded body.

use std::sync::Arc;

use serde_json::Value;
use serde_json::value::RawValue;

/// A decoded body.
#[derive(Clone, Debug)]
pub enum DecodedBody {
    /// No bytes.
    Empty,
    /// One JSON text that no one looks into; line breaks between tokens are taken out.
    Raw(Arc<Box<RawValue>>),
    /// A JSON value.
    Value(Value),
    /// Text.
    Text(String),
}
