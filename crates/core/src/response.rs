//! Replies: what came back, decoded, and mapped to the outputs of a card.

mod fault;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::card::Card;
use crate::decoder::{self, DecodedBody};
use crate::field::{Field, FieldType};
use crate::pages::Records;
use crate::settle::{FieldFault, FieldProblem, FieldRoot, check_json, check_value};
use crate::template::{Found, Reference, Root, Scope};
use crate::transport_fault::TransportFault;
use crate::value::{descend, get};

pub use crate::text::latin1;
pub use fault::OutputFault;

/// What came back, as the transport gives it. Its `Debug` leaves headers and body out: services echo secrets.
#[derive(Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, content codings undone, up to the limit.
    pub body: Bytes,
    /// Whether that is all of it.
    pub end: BodyEnd,
    /// The file that the body is kept as, where it is: `body` is empty then.
    pub kept: Option<Box<KeptFile>>,
}

/// A body that is kept as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFile {
    /// Where it is.
    pub path: String,
    /// Its name.
    pub name: String,
    /// How many bytes it has.
    pub size: u64,
    /// Their SHA-256 in hexadecimal digits.
    pub sha256: String,
}

/// How a body ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyEnd {
    /// All of it is there.
    Complete,
    /// It is longer than the limit, in bytes.
    TooLarge {
        /// The limit; inclusive.
        limit: u64,
    },
    /// The connection ended, or the time, before the body did.
    Broken(TransportFault),
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({}, {} bytes, {:?})", self.status, self.body.len(), self.end)
    }
}

impl Reply {
    /// A complete reply.
    #[must_use]
    pub fn new(status: u16, headers: HeaderMap, body: impl Into<Bytes>) -> Reply {
        Reply { status, headers, body: body.into(), end: BodyEnd::Complete, kept: None }
    }
}

/// A decoded reply.
#[derive(Debug)]
pub struct Response<'b> {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Arc<HeaderMap>,
    /// The body.
    pub body: DecodedBody<'b>,
}

/// The scope of output templates: the response, and what was asked.
pub struct ReplyScope<'a> {
    /// The response.
    pub response: &'a Response<'a>,
    /// The settled options.
    pub options: &'a Map<String, Value>,
    /// The settled inputs.
    pub input: &'a Map<String, Value>,
    /// The records of the page, where the reply is one.
    pub items: Option<&'a Records>,
}

impl Scope for ReplyScope<'_> {
    fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
        match reference.root {
            Root::Connection | Root::Item | Root::Redirect | Root::Login | Root::Signing => None,
            Root::Options => descend_map(self.options, &reference.segments),
            Root::Input => descend_map(self.input, &reference.segments),
            Root::Items => self.items.and_then(|items| item(items, &reference.segments)),
            Root::Response => self.response.lookup(&reference.segments),
        }
    }
}

/// All records of a page, or what of one: by its index, from the end where that is negative.
fn item<'i>(items: &'i Records, segments: &[String]) -> Option<Found<'i>> {
    let Some((index, rest)) = segments.split_first() else {
        return Some(Found::Json(items.list()));
    };
    let item = items.get(index.parse().ok()?)?;
    if rest.is_empty() {
        return (item != "null").then_some(Found::Json(item));
    }
    let value = crate::value::text::read(item).ok()?;
    descend(&value, rest).filter(|value| !value.is_null()).cloned().map(Found::Made)
}

/// Looks segments up in a map.
pub fn descend_map<'v>(map: &'v Map<String, Value>, segments: &[String]) -> Option<Found<'v>> {
    let (first, rest) = segments.split_first()?;
    descend(get(map, first)?, rest).filter(|value| !value.is_null()).map(Found::Value)
}

impl Response<'_> {
    fn lookup(&self, segments: &[String]) -> Option<Found<'_>> {
        let (first, rest) = segments.split_first()?;
        match (first.as_str(), rest) {
            ("status", []) => Some(Found::Made(Value::from(self.status))),
            ("headers", []) => {
                Some(Found::Made(serde_json::to_value(Headers(&self.headers)).ok()?))
            }
            ("headers", [name]) => {
                let name = http::HeaderName::from_bytes(name.as_bytes()).ok()?;
                header_value(&self.headers, &name).map(Found::Made)
            }
            ("body", rest) => match &self.body {
                DecodedBody::Empty => None,
                DecodedBody::Json(json) => json.part(rest).map(Found::Json),
                DecodedBody::Text(text) if rest.is_empty() => Some(Found::Text(text)),
                DecodedBody::Text(_) => None,
                DecodedBody::Raw(raw) => {
                    let value = crate::value::text::read(raw.get()).ok()?;
                    descend(&value, rest).cloned().map(Found::Made)
                }
            },
            _ => None,
        }
    }
}

fn header_value(headers: &HeaderMap, name: &http::HeaderName) -> Option<Value> {
    let mut values = headers.get_all(name).iter().map(|value| latin1(value.as_bytes()));
    if name == http::header::SET_COOKIE {
        let list: Vec<Value> = values.map(Value::String).collect();
        return if list.is_empty() { None } else { Some(Value::Array(list)) };
    }
    let mut text = values.next()?;
    for value in values {
        text.push_str(", ");
        text.push_str(&value);
    }
    Some(Value::String(text))
}

/// Headers as they are given out: lower-case names; several values joined with `, `; `set-cookie` a list.
pub struct Headers<'h>(pub &'h HeaderMap);

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.keys_len()))?;
        for name in self.0.keys() {
            let mut values = self.0.get_all(name).iter();
            match (values.next(), values.next()) {
                (Some(only), None) if name != http::header::SET_COOKIE => match only.to_str() {
                    Ok(text) => map.serialize_entry(name.as_str(), text)?,
                    Err(_) => map.serialize_entry(name.as_str(), &latin1(only.as_bytes()))?,
                },
                _ => map.serialize_entry(name.as_str(), &header_value(self.0, name))?,
            }
        }
        map.end()
    }
}

/// The value of one output field.
#[derive(Clone, Debug)]
pub enum OutputValue {
    /// Left out: optional and without a value.
    Absent,
    /// A JSON value.
    Value(Value),
    /// A JSON text, byte for byte as the service wrote it but for line breaks between tokens.
    Raw(Arc<Box<RawValue>>),
    /// The reply's headers.
    Headers(Arc<HeaderMap>),
}

impl OutputValue {
    /// A list by its JSON text.
    pub(crate) fn list(text: &str) -> OutputValue {
        decoder::raw(text.into()).map_or(OutputValue::Absent, OutputValue::Raw)
    }
}

impl Serialize for OutputValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            OutputValue::Absent => serializer.serialize_unit(),
            OutputValue::Value(value) => value.serialize(serializer),
            OutputValue::Raw(raw) => raw.serialize(serializer),
            OutputValue::Headers(headers) => Headers(headers).serialize(serializer),
        }
    }
}

/// The outputs of a run, by group and label, in the order of the card.
#[derive(Clone, Debug, Default)]
pub struct Output {
    groups: Vec<(String, Vec<(String, OutputValue)>)>,
}

impl Output {
    /// The outputs as a JSON value; large bodies are parsed for it.
    ///
    /// # Errors
    /// Where a body is no JSON, which a decoded one is.
    pub fn to_value(&self) -> Result<Value, serde_json::Error> {
        let mut groups = Map::new();
        for (group, fields) in &self.groups {
            let mut map = Map::new();
            for (label, value) in fields {
                match value {
                    OutputValue::Absent => {}
                    OutputValue::Value(value) => {
                        map.insert(label.clone(), value.clone());
                    }
                    OutputValue::Raw(raw) => {
                        map.insert(label.clone(), crate::value::text::read(raw.get())?);
                    }
                    OutputValue::Headers(headers) => {
                        map.insert(label.clone(), serde_json::to_value(Headers(headers))?);
                    }
                }
            }
            groups.insert(group.clone(), Value::Object(map));
        }
        Ok(Value::Object(groups))
    }

    /// Whether no body in it can nest deeper than serde_json reads, so that [`Output::to_value`] cannot fail; `false` where
    /// that would have to be looked at more closely.
    #[must_use]
    pub fn is_surely_readable(&self) -> bool {
        const DEEPEST: usize = 127;
        let opened = |text: &str| memchr::memchr2_iter(b'{', b'[', text.as_bytes()).count();
        self.groups.iter().flat_map(|(_, fields)| fields).all(|(_, value)| match value {
            OutputValue::Raw(raw) => opened(raw.get()) <= DEEPEST,
            _ => true,
        })
    }

    /// How many bytes of text it holds: about as long as it is written, and never much longer than the reply.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        let fields = self.groups.iter().flat_map(|(_, fields)| fields);
        let bytes = |value: &OutputValue| match value {
            OutputValue::Absent | OutputValue::Headers(_) => 0,
            OutputValue::Value(value) => crate::value::text_bytes(value),
            OutputValue::Raw(raw) => raw.get().len(),
        };
        fields.map(|(_, value)| bytes(value)).sum()
    }

    /// The fields with their groups and labels, to be changed.
    pub(crate) fn fields_mut(&mut self) -> impl Iterator<Item = (&str, &str, &mut OutputValue)> {
        self.groups.iter_mut().flat_map(|(group, fields)| {
            let group = group.as_str();
            fields.iter_mut().map(move |(label, value)| (group, label.as_str(), value))
        })
    }

    /// Gives one output field another value.
    pub(crate) fn set(&mut self, group: &str, label: &str, value: OutputValue) {
        let mut fields = self.fields_mut();
        if let Some((.., place)) = fields.find(|(g, l, _)| (*g, *l) == (group, label)) {
            *place = value;
        }
    }

    /// One more group.
    pub(crate) fn push(&mut self, group: &str, fields: Vec<(String, OutputValue)>) {
        self.groups.push((group.to_owned(), fields));
    }

    /// The groups with their fields, in order.
    #[must_use]
    pub fn groups(&self) -> &[(String, Vec<(String, OutputValue)>)] {
        &self.groups
    }

    /// One output field.
    #[must_use]
    pub fn get(&self, group: &str, label: &str) -> Option<&OutputValue> {
        let (_, fields) = self.groups.iter().find(|(name, _)| name == group)?;
        fields.iter().find(|(name, _)| name == label).map(|(_, value)| value)
    }
}

impl Serialize for Output {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Group<'g>(&'g [(String, OutputValue)]);
        impl Serialize for Group<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                for (label, value) in self.0 {
                    if !matches!(value, OutputValue::Absent) {
                        map.serialize_entry(label, value)?;
                    }
                }
                map.end()
            }
        }
        let mut map = serializer.serialize_map(Some(self.groups.len()))?;
        for (group, fields) in &self.groups {
            map.serialize_entry(group, &Group(fields))?;
        }
        map.end()
    }
}

/// Maps a response to the outputs of a card and checks them against their fields.
///
/// # Errors
/// [`OutputFault`] for the first output that is wrong.
pub fn map_output(card: &Card, scope: &ReplyScope<'_>) -> Result<Output, OutputFault> {
    let mut groups = Vec::with_capacity(card.output.len());
    for (group, fields) in &card.output {
        let mut mapped = Vec::with_capacity(fields.len());
        for (label, field) in fields {
            let value = map_field(group, label, field, scope)?;
            mapped.push((label.clone(), value));
        }
        groups.push((group.clone(), mapped));
    }
    Ok(Output { groups })
}

/// The outputs of a card where nothing was found: what is read from a body is left out, though it be required.
pub fn map_nothing(card: &Card, scope: &ReplyScope<'_>) -> Output {
    let left_out = |group: &str, label: &str, field: &Field| {
        let value = map_field(group, label, field, scope).unwrap_or(OutputValue::Absent);
        (label.to_owned(), value)
    };
    let groups = card.output.iter().map(|(group, fields)| {
        let mapped = fields.iter().map(|(label, field)| left_out(group, label, field));
        (group.clone(), mapped.collect())
    });
    Output { groups: groups.collect() }
}

fn map_field(
    group: &str,
    label: &str,
    field: &Field,
    scope: &ReplyScope<'_>,
) -> Result<OutputValue, OutputFault> {
    let fault = |problem| {
        OutputFault::Field(FieldFault {
            root: FieldRoot::Output,
            path: vec![group.to_owned(), label.to_owned()],
            problem,
        })
    };
    let Some(template) = &field.value else {
        return Ok(OutputValue::Absent);
    };
    let reference = template.as_template().and_then(|template| template.as_reference());
    if let Some(whole) = whole_part(reference, scope) {
        let kind = match &whole {
            OutputValue::Raw(raw) => raw_type(raw.get()),
            _ => FieldType::Object,
        };
        let is_file = kind == FieldType::Object && field.takes(FieldType::File);
        if field.takes(kind) || field.takes(FieldType::Any) || is_file {
            return Ok(whole);
        }
        if kind == FieldType::Any && !field.required {
            return Ok(OutputValue::Value(Value::Null));
        }
        let mut expected = vec![field.kind.as_str()];
        expected.extend(field.accepts.iter().map(|kind| kind.as_str()));
        return Err(fault(FieldProblem::Type { expected, found: kind.as_str() }));
    }
    if let Some(Found::Json(text)) = reference.and_then(|reference| scope.lookup(reference))
        && crate::value::text::is_container(text)
    {
        // A list or an object is put out as the service wrote it, like a whole body.
        check_json(FieldRoot::Output, field, &crate::value::text::mended(text), &[group, label])
            .map_err(OutputFault::Field)?;
        if let Ok(raw) = decoder::raw(text.into()) {
            return Ok(OutputValue::Raw(raw));
        }
    }
    let value = template.value(scope).map_err(|error| OutputFault::Template {
        path: vec![group.to_owned(), label.to_owned()],
        error,
    })?;
    let Some(value) = value else {
        return if field.required {
            Err(fault(FieldProblem::Missing))
        } else {
            Ok(OutputValue::Absent)
        };
    };
    check_value(FieldRoot::Output, field, &value, &mut vec![group, label], &|_| true)
        .map_err(OutputFault::Field)?;
    Ok(OutputValue::Value(value))
}

/// The whole body or all headers, which are given out without being taken apart.
fn whole_part(reference: Option<&Reference>, scope: &ReplyScope<'_>) -> Option<OutputValue> {
    let reference = reference.filter(|reference| reference.root == Root::Response)?;
    let [part] = reference.segments.as_slice() else {
        return None;
    };
    match (part.as_str(), &scope.response.body) {
        ("body", DecodedBody::Raw(raw)) => Some(OutputValue::Raw(Arc::clone(raw))),
        ("headers", _) => Some(OutputValue::Headers(Arc::clone(&scope.response.headers))),
        _ => None,
    }
}

/// The type of a JSON text, by its first byte; `null` counts as `any`.
fn raw_type(text: &str) -> FieldType {
    match text.as_bytes().first() {
        Some(b'{') => FieldType::Object,
        Some(b'[') => FieldType::List,
        Some(b'"') => FieldType::Text,
        Some(b't' | b'f') => FieldType::TrueFalse,
        Some(b'n') | None => FieldType::Any,
        Some(_) => FieldType::Number,
    }
}
