//! How a request of a flow proves who asks: as cards do. An `authentication` becomes an auth method of a connector that has
//! nothing else, and a connection of its settings.

use std::sync::Arc;

use cardhost_core::auth::{Applying, CustomSchemes, Pending};
use cardhost_core::connection::Connection;
use cardhost_core::connector::Connector;
use cardhost_core::failure::Error;
use cardhost_core::plan::PlanFault;
use cardhost_core::request::RequestSpec;
use cardhost_core::secret::Redactor;
use serde_json::{Map, Value, json};
use url::Url;

use super::http::{HttpAuthentication, wrong};
use crate::problem::Problem;

/// Path of the token endpoint below the authority, where nothing else is said.
const TOKEN_PATH: &str = "/oauth2/token";

/// The proof of who asks.
#[derive(Debug)]
pub struct Proof {
    /// A connector with the one auth method.
    pub connector: Arc<Connector>,
    /// What tells this connector from one that gets its tokens otherwise.
    pub identity: String,
    /// The settings.
    pub connection: Arc<Connection>,
    /// The name of the auth method.
    pub method: String,
    /// What has to be done for each sending.
    pub pending: Option<Pending>,
}

/// The declaration of an auth method, and the fields that it reads.
#[derive(Default)]
struct Declared {
    method: Map<String, Value>,
    forms: Map<String, Value>,
    fields: Map<String, Value>,
}

impl Declared {
    /// A key of the method that reads a field of its own.
    fn reads(&mut self, key: &str, kind: &str, text: &str) {
        self.method.insert(key.to_owned(), format!("<<connection.{key}?>>").into());
        self.forms.insert(key.to_owned(), json!({ "type": kind }));
        self.fields.insert(key.to_owned(), text.into());
    }
}

impl HttpAuthentication {
    /// Puts the credentials into the request, and what must not be shown into the redactor.
    ///
    /// # Errors
    /// A configuration error where a setting is missing or not carried out; otherwise what a card says of credentials that
    /// cannot be used.
    pub(super) fn apply(
        &self,
        request: &mut RequestSpec,
        redactor: &mut Redactor,
    ) -> Result<Proof, Problem> {
        let scheme = self.scheme.as_str();
        let mut declared = match scheme {
            "basic" | "digest" => self.plain(&[("username", "text"), ("password", "secret")])?,
            "bearer" => self.plain(&[("token", "secret")])?,
            "oauth2" => self.oauth2()?,
            other => {
                return Err(wrong(format!(
                    "`{other}` is not carried out for `http` and `openapi`: call a card, whose connection knows it"
                )));
            }
        };
        declared.method.insert("scheme".to_owned(), scheme.into());
        let document = json!({
            "format": 1, "name": "flow", "version": "1.0.0", "title": "The flow itself",
            "connection": { "fields": declared.forms },
            "auth": { scheme: declared.method },
            "targets": {},
        });
        let identity = document.to_string();
        let connector: Connector =
            serde_json::from_value(document).map_err(|error| wrong(error.to_string()))?;
        // A flow names its secrets: a setting points at none.
        let read = |_: &_| Err("a setting is text".to_owned());
        let connection = Connection::settle(&connector, declared.fields, &read);
        let connection = connection.map_err(|fault| Problem::from(&Error::from(fault)))?;
        connection.add_secrets(redactor);
        let mut with =
            Applying { scope: &connection, schemes: &CustomSchemes::default(), redactor };
        let method = &connector.auth[scheme];
        let pending = method.scheme().apply(request, &mut with).map_err(|fault| {
            let method = scheme.to_owned();
            Problem::from(&Error::from(PlanFault::Auth { method, fault }))
        })?;
        Ok(Proof {
            connector: Arc::new(connector),
            identity,
            connection: Arc::new(connection),
            method: scheme.to_owned(),
            pending,
        })
    }

    /// Settings that are keys of the method under the same name.
    fn plain(&self, keys: &[(&str, &str)]) -> Result<Declared, Problem> {
        let mut declared = Declared::default();
        for (key, kind) in keys {
            declared.reads(key, kind, text(&self.settings, key, "authentication")?);
        }
        Ok(declared)
    }

    /// The client's own token (RFC 6749, section 4.4).
    fn oauth2(&self) -> Result<Declared, Problem> {
        let settings = &self.settings;
        let grant = text(settings, "grant", "authentication")?;
        if grant != "client_credentials" {
            return Err(left_out("grant", grant));
        }
        let none = Map::new();
        let object = |key| settings.get(key).and_then(Value::as_object).unwrap_or(&none);
        let (client, endpoints, request) =
            (object("client"), object("endpoints"), object("request"));
        let said = |of: &'_ Map<String, Value>, key| {
            of.get(key).and_then(Value::as_str).map(str::to_owned)
        };
        let client_auth = match said(client, "authentication").as_deref() {
            None | Some("client_secret_post") => "body",
            Some("client_secret_basic") => "basic",
            Some(other) => return Err(left_out("client.authentication", other)),
        };
        match said(request, "encoding").as_deref() {
            None | Some("application/x-www-form-urlencoded") => {}
            Some(other) => return Err(left_out("request.encoding", other)),
        }
        let authority = text(settings, "authority", "authentication")?.trim_end_matches('/');
        let path = said(endpoints, "token").unwrap_or_else(|| TOKEN_PATH.to_owned());
        let token_url = format!("{authority}/{}", path.trim_start_matches('/'));
        let token_url = Url::parse(&token_url)
            .map_err(|error| wrong(format!("the authority of `authentication`: {error}")))?;
        let mut declared = Declared::default();
        // A value, so that the egress policy applies: whoever writes the flow decides its host.
        declared.reads("tokenUrl", "text", token_url.as_str());
        declared.reads("clientId", "text", text(client, "id", "authentication.client")?);
        declared.reads("clientSecret", "secret", text(client, "secret", "authentication.client")?);
        let mut say = |key: &str, value: Value| declared.method.insert(key.to_owned(), value);
        say("grant", grant.into());
        say("clientAuth", client_auth.into());
        if let Some(scopes) = settings.get("scopes") {
            say("scopes", scopes.clone());
        }
        let audiences = settings.get("audiences").and_then(Value::as_array);
        if let Some(audiences) = audiences.filter(|audiences| !audiences.is_empty()) {
            let texts: Vec<&str> = audiences.iter().filter_map(Value::as_str).collect();
            declared.reads("audience", "text", &texts.join(" "));
            let read = declared.method.remove("audience");
            declared.method.insert("tokenParameters".to_owned(), json!({ "audience": read }));
        }
        Ok(declared)
    }
}

fn text<'s>(settings: &'s Map<String, Value>, key: &str, of: &str) -> Result<&'s str, Problem> {
    let text = settings.get(key).and_then(Value::as_str);
    text.ok_or_else(|| wrong(format!("`{of}` lacks `{key}`")))
}

fn left_out(key: &str, value: &str) -> Problem {
    wrong(format!(
        "`{key}: {value}` of OAuth 2 is not carried out for `http` and `openapi`: call a card, whose connection knows it"
    ))
}
