//! Fields: what a person fills in and what a card gives back, as the definitions declare them.
//!
//! Only the declaration. [`crate::settle`] applies it to the values of a run, `cardhost_author::reference` shows it.

use std::fmt;

#[cfg(feature = "schemas")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::condition::{Pattern, When};
use crate::labelled::Labelled;
use crate::schema::JsonSchemaField;
use crate::template::{Template, ValueTemplate};

/// Fields by label, in the order of the form.
pub type Fields = Labelled<Field>;

/// Groups of fields by name, in the order of the form.
pub type Groups = Labelled<Fields>;

/// The type of a field's value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FieldType {
    /// Text.
    #[default]
    Text,
    /// A JSON number of any size; its text is kept as written.
    Number,
    /// `true` or `false`.
    TrueFalse,
    /// Text in the form of RFC 3339, section 5.6.
    DateTime,
    /// A JSON object.
    Object,
    /// Any JSON value.
    Any,
    /// One of the choices, as text.
    Dropdown,
    /// Text that is never shown.
    Secret,
    /// A list; `of` gives the type of its items.
    List,
    /// A file: an object with one of `file` (a path), `base64` and `text`, and perhaps `name` and `type`.
    File,
}

impl FieldType {
    /// The name in the definitions.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            FieldType::Text => "text",
            FieldType::Number => "number",
            FieldType::TrueFalse => "true-false",
            FieldType::DateTime => "date-time",
            FieldType::Object => "object",
            FieldType::Any => "any",
            FieldType::Dropdown => "dropdown",
            FieldType::Secret => "secret",
            FieldType::List => "list",
            FieldType::File => "file",
        }
    }

    /// The field's name in Okta's connector reference.
    #[must_use]
    pub fn reference_name(self) -> &'static str {
        match self {
            FieldType::Text | FieldType::Secret => "String",
            FieldType::Number => "Number",
            FieldType::TrueFalse => "True/False",
            FieldType::DateTime => "Date & Time",
            FieldType::Object => "Object",
            FieldType::Any => "Any",
            FieldType::Dropdown => "Dropdown",
            FieldType::List => "List",
            FieldType::File => "File",
        }
    }
}

/// A narrower form of text or number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// A path after a target's base URL, which may carry a query; see [`crate::inject::path`].
    #[cfg_attr(
        feature = "schemas",
        schemars(description = "A path after a target's base URL, which may carry a query.")
    )]
    RelativeUrl,
    /// A calendar date such as `2026-01-31` (RFC 3339 full-date).
    Date,
    /// An absolute URL.
    Uri,
    /// A number without fraction.
    Integer,
    /// A URL that the service gave: whole, or relative to its origin or a target's base. It is followed only below the base, or on the
    /// hosts of a target without one.
    TargetUrl,
    /// A host, perhaps with a port. Of a URL that was pasted the host is taken, and what was dropped is told.
    Host,
}

impl Format {
    /// The name in the definitions.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Format::RelativeUrl => "relative-url",
            Format::Date => "date",
            Format::Uri => "uri",
            Format::Integer => "integer",
            Format::TargetUrl => "target-url",
            Format::Host => "host",
        }
    }
}

/// Where a value comes from that nobody gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum FieldSource {
    /// A login brings it: `gives` of an auth method.
    Login,
}

/// One field.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(remote = "Self", deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schemas", schemars(!remote))]
pub struct Field {
    /// The type of the value; by default a dropdown where there are choices, a list where there is `of`, an object where there are
    /// `fields` or `fieldsFrom`, a number of format `integer`, else text.
    #[serde(rename = "type")]
    said_type: Option<FieldType>,
    /// The type of the value, said or not.
    #[serde(skip)]
    pub kind: FieldType,
    /// The type of a list's items; `any` by default.
    pub of: Option<FieldType>,
    /// The keys of an object, or of a list's objects.
    #[cfg_attr(
        feature = "schemas",
        schemars(with = "Option<std::collections::BTreeMap<String, Field>>")
    )]
    pub fields: Option<Fields>,
    /// Whether an object with `fields` may have other keys; `false` by default in inputs.
    #[serde(default)]
    pub additional: bool,
    /// Further types that are taken as they are.
    #[serde(default)]
    pub accepts: Vec<FieldType>,
    /// A narrower form.
    pub format: Option<Format>,
    /// A regular expression that is found in the text; `^` and `$` hold it to the whole of it.
    pub pattern: Option<Pattern>,
    /// What text of that pattern is, in words: `three capital letters`.
    pub pattern_message: Option<String>,
    /// Inclusive lower bound: of a number, of a text's characters, of a list's items.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<f64>"))]
    pub min: Option<serde_json::Number>,
    /// Inclusive upper bound: of a number, of a text's characters, of a list's items.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<f64>"))]
    pub max: Option<serde_json::Number>,
    /// Where the value comes from that nobody gives: connections only.
    pub from: Option<FieldSource>,
    /// Whether a value must be given.
    #[serde(default)]
    pub required: bool,
    /// When a value must be given that otherwise need not.
    pub required_when: Option<When>,
    /// Whether `null` is a value that is passed on, and not the same as none: what clears a field of a record.
    #[serde(default)]
    pub nullable: bool,
    /// Used where no value is given.
    pub default: Option<Value>,
    /// What a dropdown offers.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// Where choices come from.
    pub choices_from: Option<ChoicesFrom>,
    /// Where the keys of an object come from that the service describes itself.
    pub fields_from: Option<Box<FieldsFrom>>,
    /// When the field is part of the form.
    pub visible_when: Option<When>,
    /// Keys of an object that are refused, in any case.
    #[serde(default)]
    pub deny: Vec<String>,
    /// Whether every text inside is treated as a secret when something is shown.
    #[serde(default)]
    pub sensitive: bool,
    /// A JSON Schema (draft 2020-12) that the value must fit as well.
    pub schema: Option<JsonSchemaField>,
    /// What the field means, for people.
    pub description: Option<String>,
    /// Values as they may be given, for people and forms.
    #[serde(default)]
    pub examples: Vec<Value>,
    /// Whether it is for few: forms show it apart from the others.
    #[serde(default)]
    pub advanced: bool,
    /// Outputs only: where the value comes from; `{ "jq": … }` reads it with jq.
    #[serde(default, deserialize_with = "crate::template::output_value")]
    #[cfg_attr(feature = "schemas", schemars(with = "Option<crate::template::ValueOrJq>"))]
    pub value: Option<ValueTemplate>,
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Field, D::Error> {
        // What is derived of the form as it is written.
        let mut field = Field::deserialize(reader)?;
        field.kind = field.said_type.unwrap_or_else(|| field.type_by_default());
        // The service's own keys are known to nobody when the card runs.
        field.additional |= field.fields_from.is_some();
        Ok(field)
    }
}

impl Field {
    /// The type of a field that says none, by what else it says.
    fn type_by_default(&self) -> FieldType {
        let targets = self.choices_from.as_ref().is_some_and(|from| from.card.is_none());
        if !self.choices.is_empty() || targets {
            FieldType::Dropdown
        } else if self.of.is_some() {
            FieldType::List
        } else if self.fields.is_some() || self.fields_from.is_some() {
            FieldType::Object
        } else if self.format == Some(Format::Integer) {
            FieldType::Number
        } else {
            FieldType::Text
        }
    }

    /// Whether the field takes values of that type.
    #[must_use]
    pub fn takes(&self, kind: FieldType) -> bool {
        self.kind == kind || self.accepts.contains(&kind)
    }

    /// Whether the whole value must not be shown: it is, may be or lists secrets, or is sensitive.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.sensitive || self.takes(FieldType::Secret) || self.of == Some(FieldType::Secret)
    }

    /// Whether what is at a path inside of the value must not be shown, or holds what must not.
    #[must_use]
    pub fn is_secret_at(&self, path: &[String]) -> bool {
        if self.is_secret() {
            return true;
        }
        match (path.split_first(), &self.fields) {
            (_, None) => false,
            // Without further segments the whole value is meant, with all that is inside.
            (None, Some(fields)) => fields.values().any(|inner| inner.is_secret_at(&[])),
            (Some((key, rest)), Some(fields)) => match fields.get(key) {
                Some(inner) => inner.is_secret_at(rest),
                // An index of a list of objects.
                None => self.is_secret_at(rest),
            },
        }
    }
}

/// One choice of a dropdown.
#[derive(Debug, PartialEq)]
pub struct Choice {
    /// The value that is sent.
    pub value: String,
    /// What a form shows instead of the value.
    pub title: Option<String>,
    /// What choosing it means.
    pub description: Option<String>,
    /// When the choice is offered.
    pub visible_when: Option<When>,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ChoiceObject {
    value: String,
    title: Option<String>,
    description: Option<String>,
    visible_when: Option<When>,
}

impl<'de> Deserialize<'de> for Choice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChoiceVisitor;
        impl<'de> Visitor<'de> for ChoiceVisitor {
            type Value = Choice;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or an object with `value`")
            }
            fn visit_str<E>(self, value: &str) -> Result<Choice, E> {
                Ok(Choice {
                    value: value.to_owned(),
                    title: None,
                    description: None,
                    visible_when: None,
                })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Choice, A::Error> {
                let object =
                    ChoiceObject::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Choice {
                    value: object.value,
                    title: object.title,
                    description: object.description,
                    visible_when: object.visible_when,
                })
            }
        }
        deserializer.deserialize_any(ChoiceVisitor)
    }
}

#[cfg(feature = "schemas")]
impl JsonSchema for Choice {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Choice".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let object = generator.subschema_for::<ChoiceObject>();
        json_schema!({
            "description": "One choice of a dropdown: text, or an object with more about it.",
            "type": ["string", "object"],
            "if": { "type": "object" },
            "then": object,
        })
    }
}

/// Where choices come from: a dropdown's from the connector's targets, a text's, number's or list's from a card.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schemas", schemars(extend("oneOf" = [{"required": ["targets"]}, {"required": ["card"]}])))]
pub struct ChoicesFrom {
    /// Names of the connector's targets, in the order of the dropdown.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schemars(skip_serializing_if = "Vec::is_empty"))]
    pub targets: Vec<String>,
    /// A card of the connector that lists what is offered; any other value may be given as well.
    pub card: Option<String>,
    /// The options that it is run with, over `options` and `input`.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<crate::parameters::Parameters>"))]
    pub options: Option<ValueTemplate>,
    /// The inputs that it is run with, by group, over `options` and `input`.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<crate::parameters::Parameters>"))]
    pub input: Option<ValueTemplate>,
    /// Its output that is the list, as `Group.Label`; by default the first that is one.
    pub items: Option<String>,
    /// The value that the field takes, over `item`.
    pub value: Option<Template>,
    /// What a person reads instead, over `item`; the value by default.
    pub title: Option<Template>,
    /// Its input that takes what is searched for, as `Group.Label`; by default what is offered is looked through.
    pub search: Option<String>,
}

/// Where the keys of an object come from that the service describes itself: custom properties, columns. A card of the connector lists
/// them; a run asks for no description and takes other keys as well.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FieldsFrom {
    /// A card of the connector that lists the fields.
    pub card: String,
    /// The options that it is run with, over `options` and `input`.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<crate::parameters::Parameters>"))]
    pub options: Option<ValueTemplate>,
    /// The inputs that it is run with, by group, over `options` and `input`.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<crate::parameters::Parameters>"))]
    pub input: Option<ValueTemplate>,
    /// Its output that is the list, as `Group.Label`; by default the first that is one.
    pub items: Option<String>,
    /// Which items are fields, over `item`; all of them by default.
    pub when: Option<When>,
    /// The key that the object takes, over `item`.
    pub name: ValueTemplate,
    /// What a person reads instead, over `item`; the name by default.
    pub title: Option<ValueTemplate>,
    /// What the field means, over `item`.
    pub description: Option<ValueTemplate>,
    /// The type of its value, over `item`: a type of the format; any other is `any`. By default a dropdown where it has choices, else text.
    #[serde(rename = "type")]
    pub kind: Option<ValueTemplate>,
    /// The type of a list's items, over `item`.
    pub of: Option<ValueTemplate>,
    /// Whether a value must be given, over `item`.
    pub required: Option<ValueTemplate>,
    /// What it offers, over `item`: a list of texts, or of objects with `value` and perhaps `title`.
    pub choices: Option<ValueTemplate>,
}
