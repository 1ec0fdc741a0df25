//! The APIs that a token is for (RFC 8707).

use std::borrow::Cow;

#[cfg(feature = "schemas")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::Keyed;
use crate::template::Template;

/// The APIs that a token is for: one, or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Resources {
    /// One.
    One(Template),
    /// Several, each a parameter of its own (RFC 8707, section 2).
    Several(Vec<Template>),
}

impl Resources {
    /// Each of them.
    #[must_use]
    pub fn all(&self) -> &[Template] {
        match self {
            Resources::One(one) => std::slice::from_ref(one),
            Resources::Several(several) => several,
        }
    }

    /// Each of them with its key.
    pub(super) fn keyed(&self) -> Keyed<'_> {
        match self {
            Resources::One(one) => vec![(Cow::Borrowed("resource"), one)],
            Resources::Several(several) => {
                let keyed = several.iter().enumerate();
                keyed.map(|(index, one)| (format!("resource/{index}").into(), one)).collect()
            }
        }
    }
}

#[cfg(feature = "schemas")]
impl JsonSchema for Resources {
    fn schema_name() -> Cow<'static, str> {
        "Resources".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<Template>();
        json_schema!({
            "description": "The APIs that a token is for: one, or a list of them.",
            "type": ["string", "array"],
            "if": { "type": "array" },
            "then": { "items": one },
        })
    }
}
