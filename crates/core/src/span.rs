//! Spans of time in the definitions.

use std::time::Duration;

#[cfg(feature = "schemas")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

/// A span of time, written as `"500ms"`, `"10s"`, `"2m"` or `"1h"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

impl Span {
    /// The longest span: seven days.
    pub const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

    /// Reads a span of time longer than zero, up to [`Span::LONGEST`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Span> {
        let duration = Duration::try_from(text.parse::<jiff::SignedDuration>().ok()?).ok()?;
        (!duration.is_zero() && duration <= Self::LONGEST).then_some(Span(duration))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Span::parse(&text).ok_or_else(|| {
            de::Error::custom(format!("`{text}` is not a span of time such as \"10s\""))
        })
    }
}

#[cfg(feature = "schemas")]
impl JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A span of time such as `10s`: a whole number and ms, s, m or h.",
            "type": "string",
            "pattern": "^[1-9][0-9]*(ms|s|m|h)$",
        })
    }
}
