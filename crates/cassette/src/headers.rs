//! The headers of an exchange.

use indexmap::IndexMap;
#[cfg(feature = "schemas")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

/// Headers by name, in their order; a header that came several times has a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(pub IndexMap<String, Vec<String>>);

impl Headers {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values of a header; `name` is in lower case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[String]> {
        self.0.get(name).map(Vec::as_slice)
    }

    pub(crate) fn push(&mut self, name: &str, value: String) {
        self.0.entry(name.to_ascii_lowercase()).or_default().push(value);
    }
}

impl Serialize for Headers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, values) in &self.0 {
            match values.as_slice() {
                [only] => map.serialize_entry(name, only)?,
                several => map.serialize_entry(name, several)?,
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HeadersVisitor;
        impl<'de> Visitor<'de> for HeadersVisitor {
            type Value = Headers;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of headers")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut headers = Headers::default();
                while let Some(name) = map.next_key::<String>()? {
                    if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
                        return Err(de::Error::custom(format!("`{name}` is not a header name")));
                    }
                    if headers.0.contains_key(&name.to_ascii_lowercase()) {
                        return Err(de::Error::custom(format!("header `{name}` stands twice")));
                    }
                    for value in map.next_value::<HeaderValues>()?.0 {
                        if http::HeaderValue::from_bytes(value.as_bytes()).is_err() {
                            let words = format!("header `{name}` holds a control character");
                            return Err(de::Error::custom(words));
                        }
                        headers.push(&name, value);
                    }
                }
                Ok(headers)
            }
        }
        deserializer.deserialize_map(HeadersVisitor)
    }
}

#[cfg(feature = "schemas")]
impl JsonSchema for Headers {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Headers".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Headers by name; a header that came several times has a list.",
            "type": "object",
            "additionalProperties": { "type": ["string", "array"], "items": { "type": "string" } },
        })
    }
}

/// The values of one header: text, or a list of texts.
struct HeaderValues(Vec<String>);

impl<'de> Deserialize<'de> for HeaderValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValuesVisitor;
        impl<'de> Visitor<'de> for ValuesVisitor {
            type Value = HeaderValues;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("text or a list of texts")
            }
            fn visit_str<E>(self, value: &str) -> Result<HeaderValues, E> {
                Ok(HeaderValues(vec![value.to_owned()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<HeaderValues, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = items.next_element()? {
                    values.push(value);
                }
                Ok(HeaderValues(values))
            }
        }
        deserializer.deserialize_any(ValuesVisitor)
    }
}
