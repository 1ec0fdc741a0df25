//! Evaluates templates against a scope.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::decision::NoRow;
use super::fault::{TemplateValueError, quoted_expression};
use super::limits::MAX_RENDERED_BYTES;
use super::parse::{Part, Template};
use super::reference::{Reference, Root};
use super::scope::{Scope, scalar_text};
use super::value::{Entry, Key, ValueTemplate};

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
            ValueTemplate::Object(entries) => object(entries, scope).map(Some),
            ValueTemplate::Decision(decision) => match decision.decide(scope) {
                Ok(value) => value.value(scope),
                Err(NoRow { value: None, .. }) if decision.is_optional() => Ok(None),
                Err(row) => Err(TemplateValueError::NoRow(row)),
            },
            ValueTemplate::Each(each) => each.value(scope),
            ValueTemplate::Jq(jq) => {
                let value = jq.value(reply_parts(scope)).map_err(|reason| {
                    TemplateValueError::Helper { expression: quoted_expression(&jq.text), reason }
                })?;
                Ok((!value.is_null()).then_some(value))
            }
        }
    }

    /// Whether something optional in it has a value: what a key with `?` asks.
    fn has_optional_value(&self, scope: &dyn Scope) -> bool {
        let has_value =
            |reference: &&Reference| reference.optional && scope.lookup(reference).is_some();
        match self {
            ValueTemplate::Constant(_) | ValueTemplate::Jq(_) => false,
            ValueTemplate::Text(template) => template.references().iter().any(has_value),
            ValueTemplate::List(items) => items.iter().any(|item| item.has_optional_value(scope)),
            ValueTemplate::Object(entries) => entries.iter().any(|entry| {
                let in_key = match &entry.key {
                    Key::Template(template) => template.references().iter().any(has_value),
                    Key::Plain | Key::Text(_) => false,
                };
                in_key || entry.value.has_optional_value(scope)
            }),
            ValueTemplate::Decision(decision) => {
                let mut by = false;
                decision.each_by(&mut |reference| by |= has_value(&reference));
                by || decision.decide(scope).is_ok_and(|value| value.has_optional_value(scope))
            }
            ValueTemplate::Each(each) => each.list.references().iter().any(has_value),
        }
    }
}

/// The reply as jq sees it: `status`, `headers`, `body`.
fn reply_parts(scope: &dyn Scope) -> Map<String, Value> {
    let part = |name: &str| {
        let segments = vec![name.to_owned()];
        let reference = Reference { root: Root::Response, segments, optional: true };
        let value = scope.lookup(&reference).map_or(Value::Null, |found| found.open());
        (name.to_owned(), value)
    };
    ["status", "headers", "body"].into_iter().map(part).collect()
}

fn object(entries: &[Entry], scope: &dyn Scope) -> Result<Value, TemplateValueError> {
    let mut map = Map::with_capacity(entries.len());
    for entry in entries {
        if entry.optional && !entry.value.has_optional_value(scope) {
            continue;
        }
        let Some(value) = entry.value.value(scope)? else { continue };
        if entry.name() != Some(SPREAD) {
            if let Some(key) = entry.name_in(scope)? {
                map.insert(key.into_owned(), value);
            }
            continue;
        }
        match value {
            Value::Object(spread) => {
                let own = |name: &str| entries.iter().any(|entry| entry.name() == Some(name));
                map.extend(spread.into_iter().filter(|(name, _)| !own(name)));
            }
            Value::Null => {}
            other => {
                return Err(TemplateValueError::NotAnObject {
                    expression: entry
                        .value
                        .as_template()
                        .map_or(SPREAD.to_owned(), |t| quoted_expression(t.source())),
                    found: crate::value::type_name(&other),
                });
            }
        }
    }
    Ok(Value::Object(map))
}

fn missing(reference: &Reference) -> TemplateValueError {
    TemplateValueError::Missing { reference: reference.to_string() }
}
