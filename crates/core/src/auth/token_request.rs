//! How token requests are written where it is not as RFC 6749 says.

use indexmap::IndexMap;
use serde::Deserialize;

use crate::template::Template;

/// How token requests are written where it is not as RFC 6749 says.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// What carries the parameters; a form by default.
    #[serde(default, rename = "as")]
    pub carrier: Carrier,
    /// `POST` by default, or `GET` where the query carries the parameters.
    #[serde(default = "super::session::post")]
    pub method: String,
    /// Further headers by name.
    #[serde(default)]
    #[cfg_attr(
        feature = "schemas",
        schemars(with = "std::collections::BTreeMap<String, Template>")
    )]
    pub headers: IndexMap<String, Template>,
    /// Further parameters of the URL by name, whatever carries the others.
    #[serde(default)]
    #[cfg_attr(
        feature = "schemas",
        schemars(with = "std::collections::BTreeMap<String, Template>")
    )]
    pub query: IndexMap<String, Template>,
}

/// What carries the parameters of a token request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Carrier {
    /// A form body (RFC 6749, appendix B).
    #[default]
    Form,
    /// One JSON object of texts.
    Json,
    /// The query of the URL.
    Query,
}

/// The parameters of RFC 6749, RFC 7009 and RFC 8628 that a service may have under other names.
pub(super) const RENAMED: &[&str] = &[
    "client_id",
    "client_secret",
    "code",
    "device_code",
    "grant_type",
    "password",
    "redirect_uri",
    "refresh_token",
    "response_type",
    "scope",
    "token",
    "username",
];
