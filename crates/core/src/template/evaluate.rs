//! Evaluates templates against a scope.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::fault::{TemplateValueError, quoted_expression};
use super::limits::MAX_RENDERED_BYTES;
use super::parse::{Part, Template};
use super::reference::Reference;
use super::scope::{Scope, scalar_text};
use super::value::ValueTemplate;

/// The key whose value is an object that is spread into the one around it; keys written out win.
pub const SPREAD: &str = "...";

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

    /// The text; `None` where all of its expressions are optional and none has a value: `"<<input.ETag?>>"` in quotation
    /// marks is no header of two quotation marks.
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
                let (mut expressions, mut without_value) = (0_usize, 0_usize);
                for part in parts {
                    if let Part::Text(text) = part {
                        out.push_str(text);
                    } else {
                        expressions += 1;
                        match part_value(part, scope)? {
                            Some(text) => out.push_str(&text),
                            None => without_value += 1,
                        }
                    }
                    if out.len() > MAX_RENDERED_BYTES {
                        return Err(TemplateValueError::TooLong);
                    }
                }
                let is_left_out = expressions > 0 && expressions == without_value;
                Ok((!is_left_out).then_some(Cow::Owned(out)))
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
    part_value(part, scope).map(Option::unwrap_or_default)
}

/// The text of one part; `None` for an optional expression without a value.
fn part_value<'s>(
    part: &'s Part,
    scope: &'s dyn Scope,
) -> Result<Option<Cow<'s, str>>, TemplateValueError> {
    match part {
        Part::Text(text) => Ok(Some(Cow::Borrowed(text))),
        Part::Reference(reference) => reference_text(reference, scope),
        Part::Helper(helper) => {
            let Some(value) = helper.value(scope)? else { return Ok(None) };
            match scalar_text(&value) {
                Some(text) => Ok(Some(Cow::Owned(text.into_owned()))),
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
