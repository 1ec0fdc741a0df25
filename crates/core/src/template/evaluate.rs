//! Evaluates templates against a scope.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::parse::{Part, Template, TemplateFault};
use super::reference::Reference;
use super::value::ValueTemplate;
use super::{MAX_RENDERED_BYTES, quoted_expression};
use crate::secret::Secret;

/// What references are looked up in.
pub trait Scope {
    /// The value of a reference; `None` where it has none.
    fn lookup(&self, reference: &Reference) -> Option<Found<'_>>;

    /// Whether the value of a reference must not be shown.
    fn is_secret(&self, _reference: &Reference) -> bool {
        false
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

    /// The name of its type in messages.
    fn type_name(&self) -> &'static str {
        match self {
            Found::Value(value) => crate::value::type_name(value),
            Found::Made(value) => crate::value::type_name(value),
            Found::Json(text) => crate::value::type_name(&crate::value::text::outline(text)),
            Found::Text(_) | Found::Secret(_) => "text",
        }
    }

    fn is_null(&self) -> bool {
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
    fn open(&self) -> Value {
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

/// The key whose value is an object that is spread into the one around it; keys written out win.
pub const SPREAD: &str = "...";

/// Why a template has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateValueError {
    /// A reference has no value and is not optional.
    Missing {
        /// The reference.
        reference: String,
    },
    /// An object, a list or null inside text.
    NotText {
        /// The expression.
        expression: String,
        /// The type that was found.
        found: &'static str,
    },
    /// Something else than an object after the key `...`.
    NotAnObject {
        /// The expression.
        expression: String,
        /// The type that was found.
        found: &'static str,
    },
    /// A helper refused its parameters.
    Helper {
        /// The expression.
        expression: String,
        /// Why, in words, without values.
        reason: String,
    },
    /// More than [`MAX_RENDERED_BYTES`].
    TooLong,
    /// The template itself is faulty; `check` shows where.
    Fault {
        /// The template's text.
        template: String,
        /// The fault.
        fault: TemplateFault,
    },
}

impl Template {
    /// The typed value where the template is one expression, text otherwise; `None` where it is left out.
    ///
    /// # Errors
    /// [`TemplateValueError`] where a value is missing or cannot be text.
    pub fn value(&self, scope: &dyn Scope) -> Result<Option<Value>, TemplateValueError> {
        match self.usable_parts()? {
            [Part::Reference(reference)] => match scope.lookup(reference) {
                Some(found) => Ok(Some(found.open())),
                None if reference.optional => Ok(None),
                None => Err(missing(reference)),
            },
            [Part::Helper(helper)] => helper.value(scope),
            _ => self.text(scope).map(|text| text.map(|text| Value::String(text.into_owned()))),
        }
    }

    /// The text; `None` where the template is one optional reference without a value.
    ///
    /// # Errors
    /// [`TemplateValueError`] where a value is missing or cannot be text.
    pub fn text<'s>(
        &'s self,
        scope: &'s dyn Scope,
    ) -> Result<Option<Cow<'s, str>>, TemplateValueError> {
        match self.usable_parts()? {
            [] => Ok(Some(Cow::Borrowed(""))),
            [Part::Text(text)] => Ok(Some(Cow::Borrowed(text))),
            [Part::Reference(reference)] => reference_text(reference, scope),
            [part @ Part::Helper(helper)] => match helper.value(scope)? {
                Some(_) => part_text(part, scope).map(Some),
                None => Ok(None),
            },
            parts => {
                let mut out = String::new();
                for part in parts {
                    match part {
                        Part::Text(text) => out.push_str(text),
                        part => out.push_str(&part_text(part, scope)?),
                    }
                    if out.len() > MAX_RENDERED_BYTES {
                        return Err(TemplateValueError::TooLong);
                    }
                }
                Ok(Some(Cow::Owned(out)))
            }
        }
    }

    /// The pieces, or the fault as an error of this run.
    ///
    /// # Errors
    /// [`TemplateValueError::Fault`].
    pub fn usable_parts(&self) -> Result<&[Part], TemplateValueError> {
        self.parts().map_err(|fault| TemplateValueError::Fault {
            template: quoted_expression(self.source()),
            fault: fault.clone(),
        })
    }
}

/// The text of one expression; empty where it is optional and has no value.
///
/// # Errors
/// [`TemplateValueError`] where the value is missing or cannot be text.
pub(crate) fn part_text<'s>(
    part: &'s Part,
    scope: &'s dyn Scope,
) -> Result<Cow<'s, str>, TemplateValueError> {
    match part {
        Part::Text(text) => Ok(Cow::Borrowed(text)),
        Part::Reference(reference) => Ok(reference_text(reference, scope)?.unwrap_or_default()),
        Part::Helper(helper) => {
            let Some(value) = helper.value(scope)? else { return Ok(Cow::Borrowed("")) };
            match scalar_text(&value) {
                Some(text) => Ok(Cow::Owned(text.into_owned())),
                None => Err(TemplateValueError::NotText {
                    expression: quoted_expression(helper.source()),
                    found: crate::value::type_name(&value),
                }),
            }
        }
    }
}

fn reference_text<'s>(
    reference: &Reference,
    scope: &'s dyn Scope,
) -> Result<Option<Cow<'s, str>>, TemplateValueError> {
    let Some(found) = scope.lookup(reference) else {
        return if reference.optional { Ok(None) } else { Err(missing(reference)) };
    };
    if let Some(text) = found.text() {
        return Ok(Some(text));
    }
    if found.is_null() && reference.optional {
        return Ok(None);
    }
    let expression = reference.to_string();
    Err(TemplateValueError::NotText { expression, found: found.type_name() })
}

impl ValueTemplate {
    /// The value; `None` where it is left out. Optional keys and items without a value are left out.
    ///
    /// # Errors
    /// [`TemplateValueError`] where a value is missing or cannot be text.
    pub fn value(&self, scope: &dyn Scope) -> Result<Option<Value>, TemplateValueError> {
        match self {
            ValueTemplate::Constant(value) => Ok(Some(value.clone())),
            ValueTemplate::Text(template) => template.value(scope),
            ValueTemplate::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    list.extend(item.value(scope)?);
                }
                Ok(Some(Value::Array(list)))
            }
            ValueTemplate::Object(entries) => {
                let mut map = Map::with_capacity(entries.len());
                for (key, template) in entries {
                    let Some(value) = template.value(scope)? else { continue };
                    match value {
                        Value::Object(spread) if key == SPREAD => {
                            let own = |name: &str| entries.iter().any(|(key, _)| key == name);
                            map.extend(spread.into_iter().filter(|(name, _)| !own(name)));
                        }
                        Value::Null if key == SPREAD => {}
                        other if key == SPREAD => {
                            return Err(TemplateValueError::NotAnObject {
                                expression: template
                                    .as_template()
                                    .map_or(SPREAD.to_owned(), |t| quoted_expression(t.source())),
                                found: crate::value::type_name(&other),
                            });
                        }
                        value => {
                            map.insert(key.clone(), value);
                        }
                    }
                }
                Ok(Some(Value::Object(map)))
            }
        }
    }
}

fn missing(reference: &Reference) -> TemplateValueError {
    TemplateValueError::Missing { reference: reference.to_string() }
}
