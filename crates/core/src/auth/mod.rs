//! Auth schemes: how a connection's credentials become part of a request. One file a scheme.
//!
//! The only place, with [`crate::inject`], where a secret is opened.

mod api_key;
#[allow(dead_code, reason = "used once `AuthMethod` has the variant")]
mod aws_sigv4;
mod basic;
mod bearer;
#[allow(dead_code, reason = "used once `AuthMethod` has the variant")]
mod challenge;
#[allow(dead_code, reason = "used once `AuthMethod` has the variant")]
mod dates;
#[allow(dead_code, reason = "used once `AuthMethod` has the variant")]
mod digest;
#[allow(dead_code, reason = "used once `AuthMethod` has the variant")]
mod hash;
#[allow(dead_code, reason = "used once `AuthMethod` has the variant")]
mod hmac;
#[allow(dead_code, reason = "used once `AuthMethod` has the variant")]
mod oauth1;
#[allow(dead_code, reason = "used once `AuthMethod` has the variant")]
mod pairs;
#[allow(dead_code, reason = "used once `AuthMethod` has the variant")]
mod signing;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Value, json};

pub use api_key::{ApiKey, ApiKeyPlace};
pub use aws_sigv4::AwsSigV4;
pub use basic::Basic;
pub use bearer::Bearer;
pub use digest::Digest;
pub use hmac::{Hmac, HmacAlgorithm, KeyEncoding, SignatureEncoding};
pub use oauth1::{OAuth1, OAuth1Place, OAuth1SignatureMethod};
pub use signing::{NAMES as SIGNING_NAMES, is_signing_name};

use crate::inject::header::HeaderFault;
use crate::request::RequestSpec;
use crate::secret::{Redactor, Secret};
use crate::template::{Reference, Scope, Template, TemplateValueError};

/// One way in which credentials become part of a request.
#[derive(Debug, Deserialize)]
#[serde(tag = "scheme", rename_all = "snake_case")]
pub enum AuthMethod {
    /// Nothing is added.
    None(NoAuth),
    /// `Authorization: Basic` (RFC 7617).
    Basic(Basic),
    /// `Authorization: Bearer` (RFC 6750).
    Bearer(Bearer),
    /// A header or query parameter.
    ApiKey(ApiKey),
}

/// No credentials.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoAuth {}

/// Why credentials cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthFault {
    /// A template of the method has no value.
    Template(TemplateValueError),
    /// Basic credentials: the user holds a colon (RFC 7617, section 2).
    ColonInUser,
    /// Basic credentials: a part holds a control character (RFC 7617, section 2).
    ControlCharacter {
        /// `user name` or `password`.
        part: &'static str,
    },
    /// The credential cannot stand in a header.
    Header(HeaderFault),
    /// Request signing: the key is not written in the encoding that it is said to have.
    Key {
        /// `base64` or `hex`.
        encoding: &'static str,
    },
}

impl JsonSchema for AuthMethod {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AuthMethod".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        // One `if` for each scheme instead of a `oneOf`: a fault names the key that is wrong.
        let schemes = [
            ("none", NoAuth::json_schema(generator)),
            ("basic", Basic::json_schema(generator)),
            ("bearer", Bearer::json_schema(generator)),
            ("api_key", ApiKey::json_schema(generator)),
        ];
        json_schema!({
            "description": "How credentials become part of a request, by scheme.",
            "type": "object",
            "required": ["scheme"],
            "properties": { "scheme": { "enum": schemes.each_ref().map(|(scheme, _)| *scheme) } },
            "allOf": schemes.map(|(scheme, keys)| json!({
                "if": { "properties": { "scheme": { "const": scheme } }, "required": ["scheme"] },
                "then": with_scheme(keys),
            })),
        })
    }
}

/// The keys of a scheme, and `scheme` itself.
fn with_scheme(keys: Schema) -> Value {
    let mut keys = keys.to_value();
    if let Value::Object(map) = &mut keys {
        let properties = map.entry("properties").or_insert_with(|| json!({}));
        if let Value::Object(properties) = properties {
            properties.insert("scheme".to_owned(), Value::Bool(true));
        }
    }
    keys
}

impl AuthMethod {
    /// The scheme's name in the definitions.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        match self {
            AuthMethod::None(_) => "none",
            AuthMethod::Basic(_) => "basic",
            AuthMethod::Bearer(_) => "bearer",
            AuthMethod::ApiKey(_) => "api_key",
        }
    }

    /// Its templates by key, for checks and for telling which fields it needs.
    #[must_use]
    pub fn templates(&self) -> Vec<(&'static str, &Template)> {
        match self {
            AuthMethod::None(_) => Vec::new(),
            AuthMethod::Basic(basic) => {
                vec![("username", &basic.username), ("password", &basic.password)]
            }
            AuthMethod::Bearer(bearer) => vec![("token", &bearer.token)],
            AuthMethod::ApiKey(key) => vec![("value", &key.value)],
        }
    }

    /// The connection fields it needs that have no value.
    #[must_use]
    pub fn missing(&self, scope: &dyn Scope) -> Vec<String> {
        self.templates()
            .into_iter()
            .flat_map(|(_, template)| template.references())
            .filter(|reference| !reference.optional && !has_text(reference, scope))
            .filter_map(|reference| reference.segments.first().cloned())
            .collect()
    }

    /// Adds the credentials to the request, and what they look like there to the redactor.
    ///
    /// # Errors
    /// [`AuthFault`] where a value is missing or cannot stand in its place.
    pub fn apply(
        &self,
        request: &mut RequestSpec,
        scope: &dyn Scope,
        redactor: &mut Redactor,
    ) -> Result<(), AuthFault> {
        match self {
            AuthMethod::None(_) => Ok(()),
            AuthMethod::Basic(basic) => basic.apply(request, scope, redactor),
            AuthMethod::Bearer(bearer) => bearer.apply(request, scope),
            AuthMethod::ApiKey(key) => key.apply(request, scope),
        }
    }
}

fn has_text(reference: &Reference, scope: &dyn Scope) -> bool {
    scope.lookup(reference).and_then(|found| found.text().map(|text| !text.is_empty()))
        == Some(true)
}

/// The text of a credential's template.
fn credential<'s>(
    template: &'s Template,
    scope: &'s dyn Scope,
) -> Result<std::borrow::Cow<'s, str>, AuthFault> {
    template.text(scope).map(Option::unwrap_or_default).map_err(AuthFault::Template)
}

/// The text of a credential that may be left out; empty text counts as left out.
#[allow(dead_code, reason = "used once `AuthMethod` has the variants")]
fn optional_credential(
    template: Option<&Template>,
    scope: &dyn Scope,
) -> Result<Option<Secret>, AuthFault> {
    let Some(template) = template else { return Ok(None) };
    let text = credential(template, scope)?;
    Ok((!text.is_empty()).then(|| Secret::from(&*text)))
}

/// Sets a header that carries a credential: marked sensitive, so that no layer below prints it.
fn set_sensitive(
    request: &mut RequestSpec,
    name: http::HeaderName,
    value: &str,
) -> Result<(), AuthFault> {
    let mut value =
        crate::inject::header::header_value(name.as_str(), value).map_err(AuthFault::Header)?;
    value.set_sensitive(true);
    request.headers.insert(name, value);
    Ok(())
}

#[cfg(test)]
mod tests;
