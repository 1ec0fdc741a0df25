//! Keys, types and values: what the JSON Schema of a format says about a definition.
//!
//! All faults at once, in our own words. What a schema cannot say is left to the other checks.

use std::sync::OnceLock;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use super::fault::DefinitionFault;
use super::findings::Findings;
use super::misshapen::Misshapen;
use cardhost_core::error::Code;
use cardhost_core::field::FieldType;
use cardhost_core::value::type_name;
use cardhost_document::{Malformed, below, short};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Definition {
    Connector,
    Card,
    /// Of a kind that has nothing but a schema.
    Other,
}

/// A format: its schema, compiled once.
pub(super) struct Format {
    of: Definition,
    schema: Value,
    validator: Result<Validator, String>,
}

impl Format {
    /// The format of connectors.
    pub(super) fn connector() -> &'static Format {
        static FORMAT: OnceLock<Format> = OnceLock::new();
        FORMAT
            .get_or_init(|| Format::new(Definition::Connector, crate::formats::connector_schema()))
    }

    /// The format of cards.
    pub(super) fn card() -> &'static Format {
        static FORMAT: OnceLock<Format> = OnceLock::new();
        FORMAT.get_or_init(|| Format::new(Definition::Card, crate::formats::card_schema()))
    }

    /// Any other format.
    pub(super) fn of(schema: Value) -> Format {
        Format::new(Definition::Other, schema)
    }

    fn new(of: Definition, schema: Value) -> Format {
        let validator = cardhost_core::schema::compile(&schema);
        Format { of, schema, validator }
    }

    /// Every fault of a value.
    pub(super) fn check(&self, value: &Value, findings: &mut Findings<'_>) {
        match &self.validator {
            Ok(validator) => {
                let no_groups = self.fields_for_groups(value, findings);
                let mut missing: Vec<(String, Vec<String>)> = Vec::new();
                for error in validator.iter_errors(value) {
                    let at = error.instance_path().to_string();
                    if no_groups.iter().any(|place| is_at_or_below(&at, place)) {
                        continue;
                    }
                    let ValidationErrorKind::Required { property } = error.kind() else {
                        self.finding(&error, findings);
                        continue;
                    };
                    let key = plain_text(property);
                    match missing.iter_mut().find(|(place, _)| *place == at) {
                        Some((_, keys)) if keys.contains(&key) => {}
                        Some((_, keys)) => keys.push(key),
                        None => missing.push((at, vec![key])),
                    }
                }
                for (at, keys) in missing {
                    let fault = Malformed::MissingKey { keys }.into();
                    findings.at(Code::DEFINITION_MISSING_KEY, &at, fault);
                }
            }
            // A test proves that both schemas compile.
            Err(reason) => {
                findings.at(Code::INTERNAL, "", Malformed::Schema { reason: reason.clone() }.into())
            }
        }
    }

    /// What of a value is not as the format says.
    pub(super) fn misshapen(&self, value: &Value) -> Vec<Misshapen> {
        let Ok(validator) = &self.validator else { return Vec::new() };
        let groups = self.groups_that_are_fields(value).into_iter().map(Misshapen::Part);
        let mut all: Vec<Misshapen> = groups.collect();
        for error in validator.iter_errors(value) {
            let at = error.instance_path().to_string();
            match error.kind() {
                ValidationErrorKind::AdditionalProperties { unexpected } => {
                    let known = known_keys(self.schema_around(&error));
                    for key in unexpected {
                        let known = known.iter().map(String::as_str);
                        let meant = cardhost_core::text::nearest(key, known);
                        all.push(Misshapen::Unknown { place: below(&at, key), meant });
                    }
                }
                ValidationErrorKind::Required { property } => {
                    all.push(Misshapen::Without { place: at, keys: vec![plain_text(property)] });
                }
                ValidationErrorKind::PropertyNames { error } => {
                    all.push(Misshapen::Part(below(&at, &plain_text(error.instance()))));
                }
                _ => all.push(Misshapen::Part(at)),
            }
        }
        all
    }

    fn finding(&self, error: &ValidationError<'_>, findings: &mut Findings<'_>) {
        let at = error.instance_path().to_string();
        let found = error.instance();
        let schema = self.schema_around(error);
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                // A key that is there already is not what was meant.
                let mut known = known_keys(schema);
                known.retain(|key| found.get(key).is_none());
                for key in unexpected {
                    let fault = Malformed::UnknownKey { key: key.clone(), known: known.clone() };
                    findings.at_key(Code::DEFINITION_UNKNOWN_KEY, &below(&at, key), fault.into());
                }
            }
            // A value and its alternatives may each name their types: the first names them all.
            ValidationErrorKind::Type { .. } if findings.has(&Code::DEFINITION_TYPE, &at) => {}
            ValidationErrorKind::Type { kind } => {
                let expected = type_names(kind);
                let found = type_name(found);
                findings.at(Code::DEFINITION_TYPE, &at, Malformed::Type { expected, found }.into());
            }
            ValidationErrorKind::Enum { options } => {
                let expected = options
                    .as_array()
                    .map_or(Vec::new(), |all| all.iter().map(plain_text).collect());
                self.choice(&at, expected, found, findings);
            }
            ValidationErrorKind::Constant { expected_value }
                if type_name(expected_value) != type_name(found) =>
            {
                let expected = vec![type_name(expected_value).to_owned()];
                let found = type_name(found);
                findings.at(Code::DEFINITION_TYPE, &at, Malformed::Type { expected, found }.into());
            }
            ValidationErrorKind::Constant { expected_value } => {
                self.choice(&at, vec![plain_text(expected_value)], found, findings);
            }
            ValidationErrorKind::PropertyNames { error } => {
                let key = plain_text(error.instance());
                let expected = match error.kind() {
                    ValidationErrorKind::Pattern { .. } => {
                        format!("a reference that starts with {}", self.roots(&at))
                    }
                    _ => form(self.schema_around(error), error),
                };
                let fault = Malformed::form(expected, &key).into();
                findings.at_key(Code::DEFINITION_VALUE, &below(&at, &key), fault);
            }
            ValidationErrorKind::AnyOf { .. } if !keys_of(schema, "anyOf").is_empty() => {
                let fault =
                    Malformed::ExactlyOne { of: keys_of(schema, "anyOf"), found: Vec::new() };
                findings.at(Code::DEFINITION_VALUE, &at, fault.into());
            }
            ValidationErrorKind::OneOfNotValid { .. }
            | ValidationErrorKind::OneOfMultipleValid { .. } => {
                let of = keys_of(schema, "oneOf");
                let has = |key: &String| found.get(key).is_some();
                let found = of.iter().filter(|key| has(key)).cloned().collect();
                let fault = Malformed::ExactlyOne { of, found };
                findings.at(Code::DEFINITION_VALUE, &at, fault.into());
            }
            // Of a value of the wrong type, nothing else is worth saying.
            _ if findings.has(&Code::DEFINITION_TYPE, &at) => {}
            _ => {
                let expected = match error.kind() {
                    ValidationErrorKind::Pattern { .. } if at.ends_with("/by") => {
                        format!("a reference to a dropdown that starts with {}", self.roots(&at))
                    }
                    _ => form(schema, error),
                };
                let fault = Malformed::form(expected, &plain_text(found)).into();
                findings.at(Code::DEFINITION_VALUE, &at, fault);
            }
        }
    }

    /// The roots that a reference at a place can start with, in words.
    fn roots(&self, at: &str) -> &'static str {
        match self.of {
            Definition::Connector | Definition::Other => "`connection`",
            Definition::Card if at.contains("/fieldsFrom/") => "`item`",
            Definition::Card if at.starts_with("/options/") => "`connection` or `options`",
            Definition::Card if at.starts_with("/response/") => "`response`, `options` or `input`",
            Definition::Card => "`connection`, `options` or `input`",
        }
    }

    /// Finds fields that stand where groups of fields must; nothing else is worth saying of them.
    fn fields_for_groups(&self, value: &Value, findings: &mut Findings<'_>) -> Vec<String> {
        let places = self.groups_that_are_fields(value);
        for place in &places {
            let of = if place.starts_with("/input/") { "input" } else { "output" };
            let label = place[of.len() + 2..].replace("~1", "/").replace("~0", "~");
            let fault = DefinitionFault::NotAGroup { of, label };
            findings.at_key(Code::DEFINITION_TYPE, place, fault);
        }
        places
    }

    fn groups_that_are_fields(&self, value: &Value) -> Vec<String> {
        let mut places = Vec::new();
        for of in ["input", "output"].into_iter().filter(|_| self.of == Definition::Card) {
            let groups = value.get(of).and_then(Value::as_object).into_iter().flatten();
            let is_field = |group: &Value| {
                ["type", "description", "value"]
                    .into_iter()
                    .any(|key| group.get(key).is_some_and(Value::is_string))
            };
            let fields = groups.filter(|(_, group)| is_field(group));
            places.extend(fields.map(|(label, _)| cardhost_core::error::pointer(&[of, label])));
        }
        places
    }

    fn choice(&self, at: &str, expected: Vec<String>, found: &Value, findings: &mut Findings<'_>) {
        let field_type = expected.iter().any(|name| name == FieldType::TrueFalse.as_str());
        let instead = found.as_str().and_then(|name| type_instead(name, at.ends_with("/type")));
        if let Some(instead) = instead.filter(|_| field_type) {
            let fault = DefinitionFault::TypeName { found: plain_text(found), instead };
            return findings.at(Code::DEFINITION_VALUE, at, fault);
        }
        let fault = Malformed::Choice { what: "value", expected, found: short(&plain_text(found)) };
        findings.at(Code::DEFINITION_VALUE, at, fault.into());
    }

    /// The schema that holds the keyword which failed.
    fn schema_around(&self, error: &ValidationError<'_>) -> Option<&Value> {
        let keyword = error.schema_path().to_string();
        self.schema.pointer(keyword.rsplit_once('/')?.0)
    }
}

/// What to write for the name that a type has in other languages.
fn type_instead(name: &str, with_format: bool) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "string" | "str" | "uuid" => "`text`",
        "integer" | "int" | "long" if with_format => "`number` with `\"format\": \"integer\"`",
        "integer" | "int" | "long" | "float" | "double" | "decimal" => "`number`",
        "boolean" | "bool" => "`true-false`",
        "array" => "`list`",
        "date" if with_format => "`text` with `\"format\": \"date\"`",
        "uri" | "url" if with_format => "`text` with `\"format\": \"uri\"`",
        "date" | "uri" | "url" => "`text`",
        "datetime" | "timestamp" => "`date-time`",
        "enum" | "select" => "`dropdown`",
        "password" => "`secret`",
        "map" | "json" => "`object`",
        _ => return None,
    })
}

fn is_at_or_below(at: &str, place: &str) -> bool {
    at.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn known_keys(schema: Option<&Value>) -> Vec<String> {
    let properties = schema.and_then(|schema| schema.get("properties")).and_then(Value::as_object);
    properties.map_or(Vec::new(), |properties| properties.keys().cloned().collect())
}

/// The keys of which a `oneOf` wants exactly one.
fn keys_of(schema: Option<&Value>, of: &str) -> Vec<String> {
    let alternatives = schema.and_then(|schema| schema.get(of)).and_then(Value::as_array);
    alternatives
        .into_iter()
        .flatten()
        .filter_map(|schema| schema.get("required")?.get(0)?.as_str())
        .map(str::to_owned)
        .collect()
}

/// The form that a value should have: the schema's own words, or the validator's.
fn form(schema: Option<&Value>, error: &ValidationError<'_>) -> String {
    let described = schema.and_then(|schema| schema.get("description")).and_then(Value::as_str);
    match (error.kind(), described) {
        (ValidationErrorKind::Pattern { .. }, Some(text)) => as_fragment(text),
        (ValidationErrorKind::MaxLength { limit }, _) => {
            format!("text of at most {limit} characters")
        }
        (ValidationErrorKind::Minimum { limit }, _) => format!("a number of at least {limit}"),
        (ValidationErrorKind::Maximum { limit }, _) => format!("a number of at most {limit}"),
        (ValidationErrorKind::MinItems { limit }, _) => format!("a list of at least {limit}"),
        (ValidationErrorKind::MinProperties { limit }, _) => {
            format!("an object with at least {limit} key")
        }
        _ => error.masked_with("it").to_string(),
    }
}

fn as_fragment(sentence: &str) -> String {
    let text = sentence.trim_end_matches('.');
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// Text without quotes, other values as JSON.
fn plain_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn type_names(kind: &TypeKind) -> Vec<String> {
    let name = |json: &str| match json {
        "string" => "text",
        "boolean" => "true-false",
        "array" => "list",
        "integer" => "whole number",
        _ => "",
    };
    let ours = |json: String| match name(&json) {
        "" => json,
        name => name.to_owned(),
    };
    match kind {
        TypeKind::Single(json) => vec![ours(json.to_string())],
        TypeKind::Multiple(all) => all.iter().map(|json| ours(json.to_string())).collect(),
    }
}
