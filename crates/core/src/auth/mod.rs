//! Auth schemes: how a connection's credentials become part of a request. One file a scheme.
//!
//! ```text
//! AuthMethod ─ apply ─▶ done (basic, bearer, api_key, tls)
//!                   └─▶ Pending ─ sign, for each sending ─▶ done (signatures, tokens, digest)
//! ```
//! The only place, with [`crate::inject`], where a secret is opened.

mod api_key;
mod aws_sigv4;
mod basic;
mod bearer;
mod challenge;
mod custom;
mod dates;
mod digest;
mod fault;
mod hash;
mod hmac;
mod oauth1;
mod oauth2;
mod pairs;
mod pending;
mod placement;
mod session;
mod signing;
mod tls;

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Value, json};

pub use api_key::ApiKey;
pub use aws_sigv4::AwsSigV4;
pub use basic::Basic;
pub use bearer::Bearer;
pub use custom::{Custom, CustomScheme, CustomSchemes, CustomValues};
pub use digest::Digest;
pub use fault::AuthFault;
pub use hmac::{Hmac, HmacAlgorithm, KeyEncoding, SignatureEncoding};
pub use oauth1::{OAuth1, OAuth1Place, OAuth1SignatureMethod};
pub use oauth2::{Assertion, ClientAuth, Grant, JwtAlgorithm, OAuth2};
pub use pending::Pending;
pub(crate) use placement::is_cookie_name;
pub use placement::{Place, TokenPlace};
pub use session::{Login, Session};
pub use signing::{NAMES as SIGNING_NAMES, is_signing_name};
pub use tls::Tls;

use pending::Kind;

use crate::request::RequestSpec;
use crate::secret::{Redactor, Secret};
use crate::template::{Reference, Root, Scope, Template};

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
    /// A header, query parameter or cookie.
    ApiKey(ApiKey),
    /// `Authorization: Digest` (RFC 7616).
    Digest(Digest),
    /// A signature that the definition describes.
    Hmac(Box<Hmac>),
    /// OAuth 1.0a (RFC 5849).
    #[serde(rename = "oauth1")]
    OAuth1(Box<OAuth1>),
    /// AWS Signature Version 4.
    AwsSigv4(Box<AwsSigV4>),
    /// A token from an authorization server (RFC 6749).
    #[serde(rename = "oauth2")]
    OAuth2(Box<OAuth2>),
    /// A token that a login request gives.
    Session(Box<Session>),
    /// A client certificate, a private authority.
    Tls(Tls),
    /// A scheme that the embedding program brings.
    Custom(Custom),
    /// Several at once.
    All(All),
}

/// No credentials.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoAuth {}

/// Several schemes at once, such as an API key and a bearer token.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct All {
    /// The schemes, applied in this order; no `all` among them, and one at most that gets a token.
    pub of: Vec<AuthMethod>,
}

/// A scheme that gets a token before a request can be sent.
#[derive(Clone, Copy, Debug)]
pub enum TokenScheme<'a> {
    /// From an authorization server.
    OAuth2(&'a OAuth2),
    /// From a login request.
    Session(&'a Session),
}

impl JsonSchema for AuthMethod {
    fn schema_name() -> Cow<'static, str> {
        "AuthMethod".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        // One `if` for each scheme instead of a `oneOf`: a fault names the key that is wrong.
        let schemes = [
            ("none", NoAuth::json_schema(generator)),
            ("basic", Basic::json_schema(generator)),
            ("bearer", Bearer::json_schema(generator)),
            ("api_key", ApiKey::json_schema(generator)),
            ("digest", Digest::json_schema(generator)),
            ("hmac", Hmac::json_schema(generator)),
            ("oauth1", OAuth1::json_schema(generator)),
            ("aws_sigv4", AwsSigV4::json_schema(generator)),
            ("oauth2", OAuth2::json_schema(generator)),
            ("session", Session::json_schema(generator)),
            ("tls", Tls::json_schema(generator)),
            ("custom", Custom::json_schema(generator)),
            ("all", All::json_schema(generator)),
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
            AuthMethod::Digest(_) => "digest",
            AuthMethod::Hmac(_) => "hmac",
            AuthMethod::OAuth1(_) => "oauth1",
            AuthMethod::AwsSigv4(_) => "aws_sigv4",
            AuthMethod::OAuth2(_) => "oauth2",
            AuthMethod::Session(_) => "session",
            AuthMethod::Tls(_) => "tls",
            AuthMethod::Custom(_) => "custom",
            AuthMethod::All(_) => "all",
        }
    }

    /// Its templates over the connection, by key (a pointer without the slash at its start), for checks and for telling
    /// which fields it needs.
    #[must_use]
    pub fn templates(&self) -> Vec<(String, &Template)> {
        let owned = |(key, template): (&'static str, _)| (key.to_owned(), template);
        match self {
            AuthMethod::None(_) => Vec::new(),
            AuthMethod::Basic(basic) => {
                let both = [("username", &basic.username), ("password", &basic.password)];
                both.map(owned).into()
            }
            AuthMethod::Bearer(bearer) => vec![("token".to_owned(), &bearer.token)],
            AuthMethod::ApiKey(key) => vec![("value".to_owned(), &key.value)],
            AuthMethod::Digest(digest) => digest.templates().into_iter().map(owned).collect(),
            AuthMethod::Hmac(hmac) => hmac.templates().into_iter().map(owned).collect(),
            AuthMethod::OAuth1(oauth1) => oauth1.templates().into_iter().map(owned).collect(),
            AuthMethod::AwsSigv4(aws) => aws.templates().into_iter().map(owned).collect(),
            AuthMethod::OAuth2(oauth2) => oauth2.templates(),
            AuthMethod::Session(session) => session.templates(),
            AuthMethod::Tls(tls) => tls.templates().into_iter().map(owned).collect(),
            AuthMethod::Custom(custom) => {
                let values = custom.values.iter();
                values.map(|(name, template)| (nested("values", name), template)).collect()
            }
            AuthMethod::All(all) => all.nested(AuthMethod::templates),
        }
    }

    /// Its templates that see the connection and the request that is signed, by key.
    #[must_use]
    pub fn signing_templates(&self) -> Vec<(String, &Template)> {
        match self {
            AuthMethod::Hmac(hmac) => hmac.signing_templates(),
            AuthMethod::All(all) => all.nested(AuthMethod::signing_templates),
            _ => Vec::new(),
        }
    }

    /// Its templates over the reply of a login, by key.
    #[must_use]
    pub fn reply_templates(&self) -> Vec<(String, &Template)> {
        match self {
            AuthMethod::Session(session) => session.reply_templates(),
            AuthMethod::All(all) => all.nested(AuthMethod::reply_templates),
            _ => Vec::new(),
        }
    }

    /// The headers, query parameters and cookies that it sets, where their names can be told.
    #[must_use]
    pub fn puts(&self) -> Vec<(Place, &str)> {
        match self {
            AuthMethod::None(_) | AuthMethod::Tls(_) | AuthMethod::Custom(_) => Vec::new(),
            AuthMethod::Basic(_)
            | AuthMethod::Bearer(_)
            | AuthMethod::Digest(_)
            | AuthMethod::AwsSigv4(_) => vec![(Place::Header, "Authorization")],
            AuthMethod::OAuth1(oauth1) => oauth1.puts(),
            AuthMethod::Hmac(hmac) => hmac.puts(),
            AuthMethod::ApiKey(key) => vec![(key.place, &key.name)],
            AuthMethod::OAuth2(oauth2) => vec![(oauth2.token.place, &oauth2.token.name)],
            AuthMethod::Session(session) => vec![(session.token.place, &session.token.name)],
            AuthMethod::All(all) => all.of.iter().flat_map(AuthMethod::puts).collect(),
        }
    }

    /// The method itself, or those it is made of.
    #[must_use]
    pub fn parts(&self) -> &[AuthMethod] {
        match self {
            AuthMethod::All(all) => &all.of,
            single => std::slice::from_ref(single),
        }
    }

    /// The part that gets a token before a request can be sent.
    #[must_use]
    pub fn token_scheme(&self) -> Option<TokenScheme<'_>> {
        self.parts().iter().find_map(|part| match part {
            AuthMethod::OAuth2(oauth2) => Some(TokenScheme::OAuth2(oauth2)),
            AuthMethod::Session(session) => Some(TokenScheme::Session(session)),
            _ => None,
        })
    }

    /// The connection fields it needs that have no value.
    #[must_use]
    pub fn missing(&self, scope: &dyn Scope) -> Vec<String> {
        let mut missing: Vec<String> = Vec::new();
        for (_, template) in self.templates().into_iter().chain(self.signing_templates()) {
            for reference in template.references() {
                let needed = reference.root == Root::Connection && !reference.optional;
                let Some(label) = reference.segments.first() else { continue };
                if needed && !missing.contains(label) && !has_text(reference, scope) {
                    missing.push(label.clone());
                }
            }
        }
        missing
    }

    /// Adds the TLS settings of the method, where it has some, to a request that gets, renews or revokes its token: who
    /// asks for a client certificate asks for it there too (RFC 8705).
    ///
    /// # Errors
    /// [`AuthFault`] where a value is missing.
    pub fn secure(&self, request: &mut RequestSpec, scope: &dyn Scope) -> Result<(), AuthFault> {
        self.parts().iter().try_for_each(|part| match part {
            AuthMethod::Tls(tls) => tls.apply(request, scope),
            _ => Ok(()),
        })
    }

    /// Adds the credentials to the request, and what they look like there to the redactor. Gives back what has to be
    /// done for each sending.
    ///
    /// # Errors
    /// [`AuthFault`] where a value is missing or cannot stand in its place.
    pub fn apply(
        &self,
        request: &mut RequestSpec,
        scope: &dyn Scope,
        schemes: &CustomSchemes,
        redactor: &mut Redactor,
    ) -> Result<Option<Pending>, AuthFault> {
        let pending = match self {
            AuthMethod::None(_) => return Ok(None),
            AuthMethod::Basic(basic) => {
                return basic.apply(request, scope, redactor).map(|()| None);
            }
            AuthMethod::Bearer(bearer) => return bearer.apply(request, scope).map(|()| None),
            AuthMethod::ApiKey(key) => return key.apply(request, scope).map(|()| None),
            AuthMethod::Tls(tls) => return tls.apply(request, scope).map(|()| None),
            AuthMethod::OAuth2(oauth2) => Pending::token(&oauth2.token, &oauth2.renew_on),
            AuthMethod::Session(session) => Pending::token(&session.token, &session.renew_on),
            AuthMethod::Digest(digest) => Kind::Digest(digest.resolve(scope)?).into(),
            AuthMethod::Hmac(hmac) => Kind::Hmac(hmac.resolve(scope)?).into(),
            AuthMethod::OAuth1(oauth1) => Kind::OAuth1(Box::new(oauth1.resolve(scope)?)).into(),
            AuthMethod::AwsSigv4(aws) => Kind::AwsSigv4(Box::new(aws.resolve(scope)?)).into(),
            AuthMethod::Custom(custom) => Kind::Custom(custom.resolve(scope, schemes)?).into(),
            AuthMethod::All(all) => {
                let mut pending = Vec::new();
                for method in &all.of {
                    pending.extend(method.apply(request, scope, schemes, redactor)?);
                }
                if pending.is_empty() {
                    return Ok(None);
                }
                Kind::All(pending).into()
            }
        };
        Ok(Some(pending))
    }
}

impl All {
    /// What each part has, with the part's place before its key.
    fn nested<'a>(
        &'a self,
        of: impl Fn(&'a AuthMethod) -> Vec<(String, &'a Template)>,
    ) -> Vec<(String, &'a Template)> {
        let parts = self.of.iter().enumerate();
        let all = parts.flat_map(|(index, part)| {
            of(part).into_iter().map(move |(key, template)| (format!("of/{index}/{key}"), template))
        });
        all.collect()
    }
}

/// The pointer of an entry, without the slash at its start.
fn nested(key: &str, name: &str) -> String {
    let mut pointer = key.to_owned();
    crate::error::push_pointer(&mut pointer, name);
    pointer
}

fn has_text(reference: &Reference, scope: &dyn Scope) -> bool {
    scope.lookup(reference).and_then(|found| found.text().map(|text| !text.is_empty()))
        == Some(true)
}

/// The text of a credential's template.
pub(crate) fn credential<'s>(
    template: &'s Template,
    scope: &'s dyn Scope,
) -> Result<std::borrow::Cow<'s, str>, AuthFault> {
    template.text(scope).map(Option::unwrap_or_default).map_err(AuthFault::Template)
}

/// The text of a credential that may be left out; empty text counts as left out.
fn optional_credential(
    template: Option<&Template>,
    scope: &dyn Scope,
) -> Result<Option<Secret>, AuthFault> {
    let Some(template) = template else { return Ok(None) };
    let text = credential(template, scope)?;
    Ok((!text.is_empty()).then(|| Secret::from(&*text)))
}

/// Sets a header that carries a credential: marked sensitive, so that no layer below prints it.
pub(crate) fn set_sensitive(
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
