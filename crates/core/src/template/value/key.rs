//! A key of an object: as it is written, a template, or one that goes where nothing optional behind it has a value.

use std::borrow::Cow;

use super::ValueTemplate;
use crate::template::fault::TemplateValueError;
use crate::template::parse::Template;
use crate::template::scope::Scope;

/// A key of an object with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key as the definition writes it.
    pub written: String,
    /// The key.
    pub key: Key,
    /// Whether it goes where nothing optional in the value has one: written with `?` at its end.
    pub optional: bool,
    /// The value.
    pub value: ValueTemplate,
}

/// A key.
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    /// As it is written.
    Plain,
    /// This text: what is written has a mark or escape.
    Text(String),
    /// The text that a template gives.
    Template(Template),
}

impl Entry {
    /// Reads a key: `"name?"`, `"<<input.Page.Property>>"`; `\?` at the end is a question mark.
    pub(super) fn new(written: String, value: ValueTemplate) -> Entry {
        let (text, optional, is_plain) = match written.strip_suffix('?') {
            None => (written.as_str(), false, true),
            Some(name) => match name.strip_suffix('\\') {
                Some(_) => (written.as_str(), false, false),
                None => (name, true, false),
            },
        };
        let unescaped = match (optional, text.strip_suffix("\\?")) {
            (false, Some(name)) => Cow::Owned(format!("{name}?")),
            _ => Cow::Borrowed(text),
        };
        let key = match text.contains("<<") || text.contains("{{") {
            true => match Template::parse(unescaped) {
                template if template.as_literal().is_some() => {
                    Key::Text(template.as_literal().unwrap_or_default().to_owned())
                }
                template => Key::Template(template),
            },
            false if is_plain => Key::Plain,
            false => Key::Text(unescaped.into_owned()),
        };
        Entry { written, key, optional, value }
    }

    /// The key, where no run changes it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match &self.key {
            Key::Plain => Some(&self.written),
            Key::Text(text) => Some(text),
            Key::Template(_) => None,
        }
    }

    /// The key in a run; `None` where it is left out.
    pub(in crate::template) fn name_in<'s>(
        &'s self,
        scope: &'s dyn Scope,
    ) -> Result<Option<Cow<'s, str>>, TemplateValueError> {
        match &self.key {
            Key::Plain => Ok(Some(Cow::Borrowed(&self.written))),
            Key::Text(text) => Ok(Some(Cow::Borrowed(text))),
            Key::Template(template) => template.text(scope),
        }
    }

    /// Whether key and value are as they are written.
    pub(super) fn is_constant(&self) -> bool {
        matches!((&self.key, &self.value), (Key::Plain, ValueTemplate::Constant(_)))
            && !self.optional
    }
}
