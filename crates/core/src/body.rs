//! The body of a request as a definition says it.

use serde::Deserialize;

use crate::request::ContentCoding;
use crate::template::{Template, ValueTemplate};

/// The body as the card says it; exactly one of `json`, `ndjson`, `form`, `multipart`, `xml`, `text`, `file`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schemas", schemars(extend("oneOf" = [{"required": ["json"]}, {"required": ["ndjson"]}, {"required": ["form"]}, {"required": ["multipart"]}, {"required": ["xml"]}, {"required": ["text"]}, {"required": ["file"]}])))]
pub struct BodyTemplate {
    /// Sent as `application/json`.
    pub json: Option<ValueTemplate>,
    /// A list, sent as `application/x-ndjson`: one JSON value a line.
    pub ndjson: Option<ValueTemplate>,
    /// Sent as `application/x-www-form-urlencoded`.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<crate::parameters::Parameters>"))]
    pub form: Option<ValueTemplate>,
    /// Parts by their names, sent as `multipart/form-data`; with `contentType` as `multipart/related` or `multipart/mixed`. A part is
    /// text, or an object with `file`, `json` or `text`, and perhaps `name` (of the file), `type` and `headers`; a list is several parts of one
    /// name.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<Parts>"))]
    pub multipart: Option<ValueTemplate>,
    /// Sent as `application/xml`, its values escaped as content and attributes need.
    pub xml: Option<Template>,
    /// Sent as it is, with `contentType`.
    pub text: Option<Template>,
    /// A file, sent as it is: a reference to an input of type `file`.
    pub file: Option<ValueTemplate>,
    /// The media type, where it is not that of the kind of body; of `text`, `text/plain; charset=utf-8` by default, of `file` that of the
    /// file.
    pub content_type: Option<String>,
    /// Most bytes of the body as it is before it is packed, where the service has a limit: a longer one is not sent.
    #[cfg_attr(feature = "schemas", schemars(range(min = 1)))]
    pub max_bytes: Option<u64>,
    /// What the body is packed with: of `json`, `ndjson`, `xml` and `text`.
    pub content_encoding: Option<ContentCoding>,
}

impl BodyTemplate {
    /// The values of the body that are templates inside, with their keys.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, &ValueTemplate)> {
        let parts = [
            ("json", &self.json),
            ("ndjson", &self.ndjson),
            ("form", &self.form),
            ("multipart", &self.multipart),
            ("file", &self.file),
        ];
        parts.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?)))
    }

    /// The texts of the body, with their keys.
    pub fn texts(&self) -> impl Iterator<Item = (&'static str, &Template)> {
        let parts = [("xml", &self.xml), ("text", &self.text)];
        parts.into_iter().filter_map(|(key, text)| Some((key, text.as_ref()?)))
    }
}

/// The parts of a multipart body, as the schema has them.
#[cfg(feature = "schemas")]
struct Parts;

#[cfg(feature = "schemas")]
impl schemars::JsonSchema for Parts {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Parts".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Parts by their names: texts, or objects with `file`, `json` or `text`, and perhaps `name`, `type` and `headers`; their texts are templates.",
            "type": "object",
            "minProperties": 1,
        })
    }
}
