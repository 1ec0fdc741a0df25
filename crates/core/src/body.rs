//! The body of a request as a definition says it.

use serde::Deserialize;

use crate::template::{Template, ValueTemplate};

/// The body as the card says it; exactly one of `json`, `form`, `xml`, `text`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schemas", schemars(extend("oneOf" = [{"required": ["json"]}, {"required": ["form"]}, {"required": ["xml"]}, {"required": ["text"]}])))]
pub struct BodyTemplate {
    /// Sent as `application/json`.
    pub json: Option<ValueTemplate>,
    /// Sent as `application/x-www-form-urlencoded`.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<crate::parameters::Parameters>"))]
    pub form: Option<ValueTemplate>,
    /// Sent as `application/xml`, its values escaped as content and attributes need.
    pub xml: Option<Template>,
    /// Sent as it is, with `contentType`.
    pub text: Option<Template>,
    /// The media type, where it is not that of the kind of body; of `text`, `text/plain; charset=utf-8` by default.
    pub content_type: Option<String>,
}
