//! A JSON value whose texts are templates.

#[cfg(feature = "schemas")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::parse::Template;
use crate::error::push_pointer;

/// A JSON value whose texts are templates.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueTemplate {
    /// A value without expressions.
    Constant(Value),
    /// Text with at least one expression, or with a fault.
    Text(Template),
    /// A list with expressions somewhere inside.
    List(Vec<ValueTemplate>),
    /// An object with expressions somewhere inside its values; keys are as written.
    Object(Vec<(String, ValueTemplate)>),
}

impl ValueTemplate {
    /// Reads the templates of a value.
    #[must_use]
    pub fn new(value: Value) -> ValueTemplate {
        match value {
            Value::String(text) => {
                let template = Template::parse(text);
                match template.as_literal() {
                    Some(literal) => ValueTemplate::Constant(Value::String(literal.to_owned())),
                    None => ValueTemplate::Text(template),
                }
            }
            Value::Array(items) => {
                let items: Vec<_> = items.into_iter().map(ValueTemplate::new).collect();
                if items.iter().all(ValueTemplate::is_constant) {
                    let constants = items.into_iter().filter_map(ValueTemplate::into_constant);
                    return ValueTemplate::Constant(Value::Array(constants.collect()));
                }
                ValueTemplate::List(items)
            }
            Value::Object(map) => {
                let entries: Vec<_> =
                    map.into_iter().map(|(key, value)| (key, ValueTemplate::new(value))).collect();
                if entries.iter().all(|(_, value)| value.is_constant()) {
                    let constants = entries
                        .into_iter()
                        .filter_map(|(key, value)| Some((key, value.into_constant()?)));
                    return ValueTemplate::Constant(Value::Object(constants.collect()));
                }
                ValueTemplate::Object(entries)
            }
            other => ValueTemplate::Constant(other),
        }
    }

    /// The template, where the value is one text with expressions.
    #[must_use]
    pub fn as_template(&self) -> Option<&Template> {
        match self {
            ValueTemplate::Text(template) => Some(template),
            _ => None,
        }
    }

    /// Calls `visit` with every template and the JSON Pointer to it.
    pub fn each<'a>(&'a self, pointer: &str, visit: &mut dyn FnMut(&'a Template, &str)) {
        match self {
            ValueTemplate::Constant(_) => {}
            ValueTemplate::Text(template) => visit(template, pointer),
            ValueTemplate::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.each(&format!("{pointer}/{index}"), visit);
                }
            }
            ValueTemplate::Object(entries) => {
                for (key, value) in entries {
                    let mut place = pointer.to_owned();
                    push_pointer(&mut place, key);
                    value.each(&place, visit);
                }
            }
        }
    }

    fn is_constant(&self) -> bool {
        matches!(self, ValueTemplate::Constant(_))
    }

    fn into_constant(self) -> Option<Value> {
        match self {
            ValueTemplate::Constant(value) => Some(value),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for ValueTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(ValueTemplate::new)
    }
}

#[cfg(feature = "schemas")]
impl JsonSchema for ValueTemplate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ValueTemplate".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "Any JSON value; its texts are templates." })
    }
}
