//! A JSON value whose texts are templates.

mod each;
mod key;

use std::sync::LazyLock;

#[cfg(feature = "schemas")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::decision::Decision;
use super::parse::Template;
use super::reference::{Reference, Root};
use crate::error::push_pointer;
use crate::jq::Jq;
use crate::labelled::Labelled;

pub use each::Each;
pub use key::{Entry, Key};

/// A JSON value whose texts are templates.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueTemplate {
    /// A value without expressions.
    Constant(Value),
    /// Text with at least one expression, or with a fault.
    Text(Template),
    /// A list with expressions somewhere inside.
    List(Vec<ValueTemplate>),
    /// An object with expressions somewhere inside.
    Object(Vec<Entry>),
    /// One of several values, by what a reference gives: an object with a reference as `by`.
    Decision(Box<Decision<ValueTemplate>>),
    /// A list made of another: an object of `each` and `as`.
    Each(Box<Each>),
    /// What jq reads out of the reply: of outputs only.
    Jq(Box<Jq>),
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
            Value::Object(mut map) => {
                if let Some(by) = decides(&map) {
                    map.shift_remove("by");
                    return ValueTemplate::Decision(Box::new(decision(by, map)));
                }
                if let Some((list, item)) = each_of(&map) {
                    let (list, item) = (Template::parse(list), ValueTemplate::new(item.clone()));
                    return ValueTemplate::Each(Box::new(Each { list, item }));
                }
                let entries =
                    map.into_iter().map(|(key, value)| Entry::new(key, ValueTemplate::new(value)));
                let entries: Vec<_> = entries.collect();
                if entries.iter().all(Entry::is_constant) {
                    let constants = entries
                        .into_iter()
                        .filter_map(|entry| Some((entry.written, entry.value.into_constant()?)));
                    return ValueTemplate::Constant(Value::Object(constants.collect()));
                }
                ValueTemplate::Object(entries)
            }
            other => ValueTemplate::Constant(other),
        }
    }

    /// Reads the value of an output, which jq may give: `{ "jq": ".body.items" }`.
    ///
    /// # Errors
    /// What stands in the place of jq and is none, in words.
    pub fn of_output(value: Value) -> Result<ValueTemplate, &'static str> {
        match value.get("jq") {
            None => Ok(ValueTemplate::new(value)),
            Some(Value::String(text)) if value.as_object().is_some_and(|map| map.len() == 1) => {
                Ok(ValueTemplate::Jq(Box::new(Jq::new(text.clone()))))
            }
            Some(_) => Err("`jq` is text, and stands alone"),
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
            ValueTemplate::Constant(_) | ValueTemplate::Jq(_) => {}
            ValueTemplate::Text(template) => visit(template, pointer),
            ValueTemplate::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.each(&format!("{pointer}/{index}"), visit);
                }
            }
            ValueTemplate::Object(entries) => {
                for entry in entries {
                    let mut place = pointer.to_owned();
                    push_pointer(&mut place, &entry.written);
                    if let Key::Template(template) = &entry.key {
                        visit(template, &place);
                    }
                    entry.value.each(&place, visit);
                }
            }
            ValueTemplate::Decision(decision) => {
                decision.each(pointer, &mut |value, place| value.each(place, visit));
            }
            ValueTemplate::Each(each) => {
                visit(&each.list, &format!("{pointer}/each"));
                each.item.each(&format!("{pointer}/as"), visit);
            }
        }
    }

    /// Calls `visit` with every reference in it: of templates, and those that decide.
    pub fn each_reference<'a>(&'a self, visit: &mut dyn FnMut(&'a Reference)) {
        match self {
            ValueTemplate::Constant(_) => {}
            ValueTemplate::Jq(_) => visit(&BODY),
            ValueTemplate::Text(template) => template.references().into_iter().for_each(visit),
            ValueTemplate::List(items) => items.iter().for_each(|item| item.each_reference(visit)),
            ValueTemplate::Object(entries) => {
                for entry in entries {
                    if let Key::Template(template) = &entry.key {
                        template.references().into_iter().for_each(&mut *visit);
                    }
                    entry.value.each_reference(visit);
                }
            }
            ValueTemplate::Decision(decision) => {
                decision.each_by(visit);
                decision.each("", &mut |value, _| value.each_reference(visit));
            }
            ValueTemplate::Each(each) => {
                each.list.references().into_iter().for_each(&mut *visit);
                each.item.each_reference(visit);
            }
        }
    }

    /// Whether something in it may be without a value, marked with `?`.
    #[must_use]
    pub fn is_optional_inside(&self) -> bool {
        let mut found = false;
        self.each_reference(&mut |reference| found |= reference.optional);
        found
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

/// What jq looks at.
static BODY: LazyLock<Reference> = LazyLock::new(|| Reference {
    root: Root::Response,
    segments: vec!["body".to_owned()],
    optional: true,
});

/// The reference by which an object decides.
fn decides(map: &Map<String, Value>) -> Option<Reference> {
    let by = Reference::parse(map.get("by")?.as_str()?)?;
    (map.len() > 1 && !by.segments.is_empty()).then_some(by)
}

/// The decision that the rows beside `by` are; rows that decide again belong to it.
fn decision(by: Reference, map: Map<String, Value>) -> Decision<ValueTemplate> {
    let row = |value: Value| match value {
        Value::Object(mut map) if decides(&map).is_some() => {
            let by = decides(&map);
            map.shift_remove("by");
            by.map(|by| decision(by, map))
        }
        value => Some(Decision::Always(ValueTemplate::new(value))),
    };
    let (mut rows, mut otherwise) = (Labelled::default(), None);
    for (name, value) in map {
        match (name.as_str(), row(value)) {
            ("else", Some(row)) => otherwise = Some(Box::new(row)),
            (_, Some(row)) => drop(rows.insert(name, row)),
            (_, None) => {}
        }
    }
    Decision::By { by, rows, otherwise }
}

/// The list and the item of an object that makes a list of another.
fn each_of(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (list, item) = (map.get("each")?.as_str()?, map.get("as")?);
    (map.len() == 2).then_some((list, item))
}

impl<'de> Deserialize<'de> for ValueTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(ValueTemplate::new)
    }
}

/// Reads the value of an output.
///
/// # Errors
/// The reader's words.
pub fn output_value<'de, D: Deserializer<'de>>(
    reader: D,
) -> Result<Option<ValueTemplate>, D::Error> {
    let value = Option::<Value>::deserialize(reader)?;
    value.map(ValueTemplate::of_output).transpose().map_err(D::Error::custom)
}

/// Reads a text with expressions, or jq that gives one.
///
/// # Errors
/// The reader's words.
pub fn text_or_jq<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<ValueTemplate>, D::Error> {
    let read = output_value(reader)?;
    let is_text = read.as_ref().is_none_or(|value| match value {
        ValueTemplate::Constant(value) => value.is_string(),
        value => matches!(value, ValueTemplate::Text(_) | ValueTemplate::Jq(_)),
    });
    if is_text { Ok(read) } else { Err(D::Error::custom("this is text, or an object with `jq`")) }
}

/// The schema of what [`output_value`] reads.
#[cfg(feature = "schemas")]
pub struct ValueOrJq;

/// The schema of what [`text_or_jq`] reads.
#[cfg(feature = "schemas")]
pub struct TextOrJq;

#[cfg(feature = "schemas")]
impl JsonSchema for ValueOrJq {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ValueOrJq".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Any JSON value; its texts are templates. Or an object of `jq` alone.",
            "if": { "type": "object", "required": ["jq"] },
            "then": { "properties": { "jq": { "type": "string" } }, "additionalProperties": false },
        })
    }
}

#[cfg(feature = "schemas")]
impl JsonSchema for TextOrJq {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TextOrJq".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Text with <<references>> and helper calls, or an object of `jq` alone.",
            "type": ["string", "object"],
            "maxLength": 8192,
            "required": ["jq"],
            "properties": { "jq": { "type": "string" } },
            "additionalProperties": false,
        })
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
