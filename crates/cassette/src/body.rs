//! A recorded body: JSON as a value where that gives the same bytes again, text as text, anything else in base64.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
#[cfg(feature = "schemas")]
use schemars::JsonSchema;
use serde::de::{self, Deserializer};
use serde::ser::{self, SerializeMap as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};
use serde_json::value::RawValue;

/// A recorded body.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "BodyFile")]
pub enum RecordedBody {
    /// JSON, written in one of the layouts.
    Json {
        /// The value; numbers keep their text.
        value: Value,
        /// Where the spaces are.
        layout: Layout,
        /// Whether a line end follows.
        newline: bool,
    },
    /// Other text.
    Text(String),
    /// Bytes that are no UTF-8.
    Bytes(Bytes),
}

/// Where a JSON text has its spaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// Nowhere.
    #[default]
    Compact,
    /// One after each comma and colon.
    Spaced,
    /// A line for each value, indented by two.
    Indented,
    /// A line for each value, indented by four.
    #[serde(rename = "indented-4")]
    Indented4,
}

impl Layout {
    const ALL: [Layout; 4] = [Layout::Compact, Layout::Spaced, Layout::Indented, Layout::Indented4];

    fn write(self, value: &Value) -> Vec<u8> {
        match self {
            Layout::Compact => written(value, CompactFormatter),
            Layout::Spaced => written(value, Spaced),
            Layout::Indented => written(value, PrettyFormatter::new()),
            Layout::Indented4 => written(value, PrettyFormatter::with_indent(b"    ")),
        }
    }
}

fn written(value: &Value, formatter: impl Formatter) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A value of texts, numbers, lists and objects can always be written to memory.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut bytes, formatter));
    bytes
}

/// One space after each comma and colon, as Python writes JSON.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        w: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first { Ok(()) } else { w.write_all(b", ") }
    }
    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        w: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first { Ok(()) } else { w.write_all(b", ") }
    }
    fn begin_object_value<W: ?Sized + io::Write>(&mut self, w: &mut W) -> io::Result<()> {
        w.write_all(b": ")
    }
}

impl RecordedBody {
    /// A body as it is; `None` where it is empty.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<RecordedBody> {
        if bytes.is_empty() {
            return None;
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Some(RecordedBody::Bytes(Bytes::copy_from_slice(bytes)));
        };
        let json = cardhost_core::value::text::read(text)
            .ok()
            .and_then(|value| RecordedBody::json(value, text));
        Some(json.unwrap_or_else(|| RecordedBody::Text(text.to_owned())))
    }

    /// The value, where one of the layouts gives the text byte for byte.
    fn json(value: Value, text: &str) -> Option<RecordedBody> {
        let (bare, newline) = match text.strip_suffix('\n') {
            Some(bare) => (bare, true),
            None => (text, false),
        };
        let mut layouts = Layout::ALL.into_iter();
        let layout = layouts.find(|layout| layout.write(&value) == bare.as_bytes())?;
        Some(RecordedBody::Json { value, layout, newline })
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        match self {
            RecordedBody::Json { value, layout, newline } => {
                let mut bytes = layout.write(value);
                if *newline {
                    bytes.push(b'\n');
                }
                bytes.into()
            }
            RecordedBody::Text(text) => Bytes::copy_from_slice(text.as_bytes()),
            RecordedBody::Bytes(bytes) => bytes.clone(),
        }
    }

    /// The body as JSON, where it is.
    #[must_use]
    pub fn as_json(&self) -> Option<Value> {
        match self {
            RecordedBody::Json { value, .. } => Some(value.clone()),
            RecordedBody::Text(text) => cardhost_core::value::text::read(text).ok(),
            RecordedBody::Bytes(_) => None,
        }
    }
}

/// A body in the file. One of `json`, `text` and `base64`.
#[derive(Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schemas", schemars(rename = "Body"))]
struct BodyFile {
    /// A JSON value.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "schemas", schemars(with = "Option<Value>"))]
    json: Option<Box<RawValue>>,
    /// Where the JSON text has its spaces; nowhere by default.
    #[serde(default)]
    layout: Layout,
    /// Whether a line end follows the JSON text; `false` by default.
    #[serde(default)]
    newline: bool,
    /// Text that is no JSON, or is written in another way than the layouts.
    text: Option<String>,
    /// Bytes that are no UTF-8.
    base64: Option<String>,
    /// How many bytes that are.
    length: Option<usize>,
}

/// A value that is there, also where it is null.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

/// A JSON value whose numbers keep their text.
pub(super) fn lossless<'de, D: Deserializer<'de>, T: TryFrom<Lossless>>(
    deserializer: D,
) -> Result<T, D::Error>
where
    T::Error: std::fmt::Display,
{
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let value = cardhost_core::value::parse(raw.get()).map_err(de::Error::custom)?;
    T::try_from(Lossless(value)).map_err(de::Error::custom)
}

/// See [`lossless`].
pub(super) struct Lossless(Value);

impl TryFrom<Lossless> for serde_json::Map<String, Value> {
    type Error = String;
    fn try_from(value: Lossless) -> Result<Self, String> {
        match value.0 {
            Value::Object(map) => Ok(map),
            other => Err(format!(
                "an object is expected, not {}",
                cardhost_core::value::type_name(&other)
            )),
        }
    }
}

impl From<Lossless> for Value {
    fn from(value: Lossless) -> Value {
        value.0
    }
}

impl TryFrom<Lossless> for indexmap::IndexMap<String, serde_json::Map<String, Value>> {
    type Error = String;
    fn try_from(value: Lossless) -> Result<Self, String> {
        let entries = serde_json::Map::try_from(value)?.into_iter();
        entries.map(|(key, value)| Ok((key, Lossless(value).try_into()?))).collect()
    }
}

impl TryFrom<BodyFile> for RecordedBody {
    type Error = String;

    fn try_from(file: BodyFile) -> Result<RecordedBody, String> {
        let plain = file.layout == Layout::Compact && !file.newline;
        match file {
            BodyFile {
                json: Some(raw),
                layout,
                newline,
                text: None,
                base64: None,
                length: None,
            } => {
                let value =
                    cardhost_core::value::parse(raw.get()).map_err(|error| error.to_string())?;
                Ok(RecordedBody::Json { value, layout, newline })
            }
            BodyFile { json: None, text: Some(text), base64: None, length: None, .. } if plain => {
                Ok(RecordedBody::Text(text))
            }
            BodyFile { json: None, text: None, base64: Some(text), length, .. } if plain => {
                let bytes = STANDARD.decode(&text).map_err(|error| format!("`base64`: {error}"))?;
                if length.is_some_and(|length| length != bytes.len()) {
                    return Err(format!("`base64` holds {} bytes, not `length`", bytes.len()));
                }
                Ok(RecordedBody::Bytes(bytes.into()))
            }
            _ => Err("a body has one of `json`, `text` and `base64`, and `layout` and `newline` \
                      with `json` only, `length` with `base64` only"
                .to_owned()),
        }
    }
}

impl Serialize for RecordedBody {
    fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            RecordedBody::Json { value, layout, newline } => {
                map.serialize_entry("json", value)?;
                if *layout != Layout::Compact {
                    map.serialize_entry("layout", layout)?;
                }
                if *newline {
                    map.serialize_entry("newline", newline)?;
                }
            }
            RecordedBody::Text(text) => map.serialize_entry("text", text)?,
            RecordedBody::Bytes(bytes) => {
                map.serialize_entry("base64", &STANDARD.encode(bytes))?;
                map.serialize_entry("length", &bytes.len())?;
            }
        }
        map.end()
    }
}

#[cfg(feature = "schemas")]
impl JsonSchema for RecordedBody {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Body".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        BodyFile::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_gives_the_same_bytes_again() {
        for (bytes, kind) in [
            (&br#"{"a":1E5,"b":[1.10,7615917337495251231,{}],"c":"\n"}"#[..], "json"),
            (br#"{"a": [1, {"b": null}], "c": []}"#, "json"),
            (b"{\n  \"a\": [\n    1,\n    {}\n  ]\n}\n", "json"),
            (b"{\n    \"a\": true\n}", "json"),
            (b"null", "json"),
            (b"1e400\n", "json"),
            (b"{\"a\":1,\"a\":2}", "text"),
            (br#"{"a":"\u00e9"}"#, "text"),
            (b"{ \"a\":1}", "text"),
            (b"a=1&b=2", "text"),
            ("größe\r\n".as_bytes(), "text"),
            (b"\xff\x00\x01", "base64"),
        ] {
            let body = RecordedBody::new(bytes).unwrap();
            assert_eq!(body.bytes(), bytes);
            let text = serde_json::to_string_pretty(&body).unwrap();
            assert!(text.starts_with(&format!("{{\n  \"{kind}\": ")), "{text}");
            let again: RecordedBody = serde_json::from_str(&text).unwrap();
            assert_eq!((again.bytes(), &again), (bytes.into(), &body), "{text}");
        }
        assert_eq!(RecordedBody::new(b""), None);
    }

    #[test]
    fn a_body_has_one_form() {
        for text in [
            "{}",
            r#"{"json":1,"text":"a"}"#,
            r#"{"text":"a","layout":"indented"}"#,
            r#"{"text":"a","length":1}"#,
            r#"{"base64":"AA==","length":2}"#,
            r#"{"base64":"?"}"#,
            r#"{"jsn":1}"#,
        ] {
            assert!(serde_json::from_str::<RecordedBody>(text).is_err(), "{text}");
        }
    }
}
