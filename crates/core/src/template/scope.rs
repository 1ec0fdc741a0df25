//! What templates are evaluated against.

use std::borrow::Cow;

use serde_json::Value;

use super::reference::Reference;
use crate::moment::Moment;
use crate::secret::Secret;

/// What references are looked up in.
pub trait Scope {
    /// The value of a reference; `None` where it has none.
    fn lookup(&self, reference: &Reference) -> Option<Found<'_>>;

    /// Whether the value of a reference must not be shown.
    fn is_secret(&self, _reference: &Reference) -> bool {
        false
    }

    /// When the request is made, with a random value that nothing else is given; `None` where nothing may depend on them.
    fn moment(&self) -> Option<Moment> {
        None
    }

    /// Told of text that a helper made from a secret, so that it can be redacted as well.
    fn note_secret(&self, _derived: &str) {}
}

/// The value of a reference.
#[derive(Debug)]
pub enum Found<'a> {
    /// A value of the scope.
    Value(&'a Value),
    /// A value made for the look-up.
    Made(Value),
    /// A valid JSON text of the scope, read when it is asked for.
    Json(&'a str),
    /// Text of the scope.
    Text(&'a str),
    /// A secret.
    Secret(&'a Secret),
}

impl<'a> Found<'a> {
    /// The value as text; `None` where it is an object, a list or null.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'a, str>> {
        match self {
            Found::Value(value) => scalar_text(value),
            Found::Made(value) => scalar_text(value).map(|text| Cow::Owned(text.into_owned())),
            Found::Json(text) => crate::value::text::scalar(text),
            Found::Text(text) => Some(Cow::Borrowed(text)),
            Found::Secret(secret) => Some(Cow::Borrowed(secret.expose())),
        }
    }

    /// Whether it is one of some values; a secret is none.
    #[must_use]
    pub fn is_one_of(&self, values: &[Value]) -> bool {
        let is_container = |value: &Value| value.is_object() || value.is_array();
        match self {
            // A large one is not read to see that it is no scalar.
            Found::Json(text) if crate::value::text::is_container(text) => {
                values.iter().any(is_container) && values.contains(&self.open())
            }
            other => other.to_value().is_some_and(|value| values.contains(&value)),
        }
    }

    /// Whether it is null, or an empty text, list or object.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let nothing = |value: &Value| match value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.is_empty(),
            Value::Bool(_) | Value::Number(_) => false,
        };
        match self {
            Found::Value(value) => nothing(value),
            Found::Made(value) => nothing(value),
            Found::Json(text) => crate::value::text::is_empty(text),
            Found::Text(text) => text.is_empty(),
            Found::Secret(secret) => secret.expose().is_empty(),
        }
    }

    /// Whether it is text that has a text in it, or a list that has a value among its items. Of a secret nothing is told.
    #[must_use]
    pub fn contains(&self, wanted: &Value) -> bool {
        match self.to_value() {
            Some(Value::String(text)) => wanted.as_str().is_some_and(|part| text.contains(part)),
            Some(Value::Array(items)) => items.contains(wanted),
            _ => false,
        }
    }

    /// The name of its type in messages.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Found::Value(value) => crate::value::type_name(value),
            Found::Made(value) => crate::value::type_name(value),
            Found::Json(text) => crate::value::type_name(&crate::value::text::outline(text)),
            Found::Text(_) | Found::Secret(_) => "text",
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Found::Value(Value::Null) | Found::Made(Value::Null) | Found::Json("null"))
    }

    /// The value for a comparison; secrets compare with nothing.
    #[must_use]
    pub fn to_value(&self) -> Option<Value> {
        match self {
            Found::Secret(_) => None,
            other => Some(other.open()),
        }
    }

    /// The value, a secret opened: only for what is about to be sent.
    pub(super) fn open(&self) -> Value {
        match self {
            Found::Value(value) => (*value).clone(),
            Found::Made(value) => value.clone(),
            Found::Json(text) => crate::value::text::value(text),
            Found::Text(text) => Value::String((*text).to_owned()),
            Found::Secret(secret) => Value::String(secret.expose().to_owned()),
        }
    }
}

/// The text of a text, number or boolean; `None` for the rest.
#[must_use]
pub fn scalar_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(true) => Some(Cow::Borrowed("true")),
        Value::Bool(false) => Some(Cow::Borrowed("false")),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
