//! How a request of a flow proves who asks: as cards do. An `authentication` becomes the only auth method of a connector
//! that has nothing else, and its settings a connection of it.

use std::fmt;

use base64::Engine as _;
use serde_json::{Map, Value, json};
use url::Url;

use crate::datum::Datum;
use crate::document::authentication::{Refused, Setting, refused};
use crate::problem::{Problem, Standard};
use cardhost_core::error::Fault as _;

/// The path of the token endpoint below the authority, where nothing else is said (DSL reference, section OAuth2).
const TOKEN_PATH: &str = "/oauth2/token";

/// How to prove who asks.
#[derive(Clone, PartialEq)]
pub struct HttpAuthentication {
    /// `basic`, `bearer`, `digest`, `oauth2` or `oidc`.
    pub scheme: String,
    /// Its settings, such as `username` and `password`; secret.
    pub settings: Map<String, Value>,
    /// Where the authority of `oidc` says that its tokens are got.
    pub token_endpoint: Option<String>,
}

impl fmt::Debug for HttpAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.scheme)
    }
}

/// An auth method, as a connector declares one, and the fields that it reads.
#[derive(Default)]
pub(super) struct Declared {
    pub(super) method: Map<String, Value>,
    /// The declaration of each field.
    pub(super) forms: Map<String, Value>,
    /// Its value.
    pub(super) fields: Map<String, Value>,
}

impl Declared {
    /// A key of the method that reads a field of its own.
    fn reads(&mut self, key: &str, kind: &str, text: &str) {
        // Empty text is a value for a scheme, and none for a field.
        self.method.insert(key.to_owned(), format!("<<connection.{key}?>>").into());
        self.forms.insert(key.to_owned(), json!({ "type": kind }));
        self.fields.insert(key.to_owned(), text.into());
    }
}

impl HttpAuthentication {
    /// What a connector would declare.
    ///
    /// # Errors
    /// A configuration error for what is not carried out, with the code and the words of `flow check`.
    pub(super) fn declared(&self) -> Result<Declared, Problem> {
        self.check()?;
        let mut declared = Declared::default();
        match self.scheme.as_str() {
            "basic" | "digest" => {
                declared.reads("username", "text", self.text(&["username"]));
                declared.reads("password", "secret", self.text(&["password"]));
            }
            "bearer" => declared.reads("token", "secret", self.text(&["token"])),
            _ => self.client_credentials(&mut declared)?,
        }
        let scheme = match self.scheme.as_str() {
            "oidc" => "oauth2",
            scheme => scheme,
        };
        declared.method.insert("scheme".to_owned(), scheme.into());
        Ok(declared)
    }

    /// `$authorization` (DSL, section Authorization Descriptor): the `scheme` of the header, and its `parameter` where it is made of
    /// the settings alone. The token of an authority and the answer to a challenge are the host's.
    pub(super) fn authorization(&self) -> Datum {
        let (scheme, parameter) = match self.scheme.as_str() {
            "basic" => {
                let pair = format!("{}:{}", self.text(&["username"]), self.text(&["password"]));
                ("Basic", Some(base64::engine::general_purpose::STANDARD.encode(pair)))
            }
            "bearer" => ("Bearer", Some(self.text(&["token"]).to_owned())),
            "digest" => ("Digest", None),
            _ => ("Bearer", None),
        };
        let parameter = parameter.map(|parameter| ("parameter", Datum::text(&parameter)));
        Datum::object([("scheme", Datum::text(scheme))].into_iter().chain(parameter))
    }

    fn check(&self) -> Result<(), Problem> {
        match refused(&self.scheme, &|keys| self.setting(keys)) {
            Some(refused) => Err(self.problem(&refused)),
            None => Ok(()),
        }
    }

    /// Where the authority tells where its tokens are got, if that has to be asked (OpenID Connect Discovery 1.0, section 4).
    pub(super) fn told_at(&self) -> Result<Option<String>, Problem> {
        self.check()?;
        let has_to = self.scheme == "oidc" && self.token_endpoint.is_none();
        Ok(has_to.then(|| format!("{}/.well-known/openid-configuration", self.authority())))
    }

    /// The token endpoint that an authority tells of itself (section 4.3: of nobody else).
    pub(super) fn endpoint_told(&self, told: &Value) -> Result<String, Problem> {
        let text = |key| told.get(key).and_then(Value::as_str).unwrap_or_default();
        let issuer = text("issuer").trim_end_matches('/');
        let reason = match text("token_endpoint") {
            _ if issuer != self.authority() => "it says that it is another",
            "" => "it tells no `token_endpoint`",
            endpoint => return Ok(endpoint.to_owned()),
        };
        Err(not_sent(format!("the authority of `authentication`: {reason}")))
    }

    fn authority(&self) -> &str {
        self.text(&["authority"]).trim_end_matches('/')
    }

    /// The client's own token (RFC 6749, section 4.4).
    fn client_credentials(&self, declared: &mut Declared) -> Result<(), Problem> {
        let path = match self.text(&["endpoints", "token"]) {
            "" => TOKEN_PATH,
            path => path,
        };
        let below = || format!("{}/{}", self.authority(), path.trim_start_matches('/'));
        let token_url = self.token_endpoint.clone().unwrap_or_else(below);
        let token_url = Url::parse(&token_url)
            .map_err(|error| not_sent(format!("the authority of `authentication`: {error}")))?;
        // A value, so that the egress policy applies: whoever writes the flow decides its host.
        declared.reads("tokenUrl", "text", token_url.as_str());
        declared.reads("clientId", "text", self.text(&["client", "id"]));
        declared.reads("clientSecret", "secret", self.text(&["client", "secret"]));
        let audiences = self.texts("audiences").join(" ");
        if !audiences.is_empty() {
            declared.reads("audience", "text", &audiences);
            let read = declared.method.remove("audience");
            declared.method.insert("tokenParameters".to_owned(), json!({ "audience": read }));
        }
        let client_auth = match self.text(&["client", "authentication"]) {
            "client_secret_basic" => "basic",
            _ => "body",
        };
        let mut say = |key: &str, value: Value| declared.method.insert(key.to_owned(), value);
        say("grant", "client_credentials".into());
        say("clientAuth", client_auth.into());
        say("scopes", self.texts("scopes").into());
        Ok(())
    }

    fn problem(&self, Refused { keys, fault }: &Refused) -> Problem {
        let place = || [&["authentication", self.scheme.as_str()], *keys].concat().join(".");
        let detail = fault.hint().unwrap_or_else(|| format!("in `{}`", place()));
        Problem::new(Standard::Configuration, &fault.to_string(), detail).with_code(&fault.code())
    }

    fn setting(&self, keys: &[&str]) -> Setting<'_> {
        match self.value(keys) {
            None | Some(Value::Null) => Setting::Missing,
            Some(Value::String(text)) => Setting::Text(text),
            Some(other) => Setting::Other(cardhost_core::value::type_name(other)),
        }
    }

    fn value(&self, keys: &[&str]) -> Option<&Value> {
        let (first, rest) = keys.split_first()?;
        rest.iter().try_fold(self.settings.get(*first)?, |value, key| value.get(key))
    }

    /// The text of a setting; empty where it has none.
    fn text(&self, keys: &[&str]) -> &str {
        self.value(keys).and_then(Value::as_str).unwrap_or_default()
    }

    fn texts(&self, key: &str) -> Vec<&str> {
        let list = self.settings.get(key).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }
}

/// A request that cannot be made.
pub(super) fn not_sent(detail: String) -> Problem {
    Problem::new(Standard::Configuration, "the request cannot be sent", detail)
}
