//! A client that has registered itself (RFC 7591), and takes its registration back (RFC 7592).

use std::sync::Arc;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method};
use serde_json::{Map, Value, json};
use url::Url;
use zeroize::Zeroizing;

use super::answer::Answer;
use super::endpoint::endpoint;
use super::fault::GrantFault;
use super::oauth2::{DEVICE_GRANT, Party};
use super::reply::granted;
use crate::auth::{AuthFault, ClientAuth, Grant, credential, set_sensitive};
use crate::request::{Body, BodyKind, HostFrom, ReplySecret, RequestSpec};
use crate::secret::{Redactor, Secret};
use crate::template::{Template, ValueTemplate};

/// A client that has registered itself.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) id: String,
    pub(super) secret: Option<Secret>,
    pub(super) auth: ClientAuth,
    redirect_uri: Option<String>,
    /// When its secret is no longer good, in seconds since 1970.
    expires_at: Option<i64>,
    management: Option<(Url, Secret)>,
}

/// The request that registers a client; `None` where the definition says no registration.
///
/// # Errors
/// [`AuthFault`] where a value is missing, or nobody says where clients register.
pub fn registration(
    party: &Party<'_>,
    redirect_uri: &str,
) -> Result<Option<RequestSpec>, AuthFault> {
    let Party { oauth2, connection, .. } = party;
    let Some(declared) = &oauth2.registration else { return Ok(None) };
    let mut request = match (&declared.url, party.server) {
        (Some(url), _) => endpoint("registration/url", url, Method::POST, *connection)?,
        (None, Some(server)) => server.request("registration_endpoint")?,
        (None, None) => {
            let reason = "the connector does not say it";
            return Err(AuthFault::Endpoint { key: "registration/url", reason });
        }
    };
    let mut redactor = Redactor::new();
    connection.add_secrets(&mut redactor);
    request.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(token) = &declared.access_token {
        let token = credential(token, *connection)?;
        if !token.is_empty() {
            let header = Zeroizing::new(format!("Bearer {}", &*token));
            set_sensitive(&mut request, AUTHORIZATION, &header)?;
            redactor.add(Secret::from(&*token));
        }
    }
    let mut client = Map::new();
    client.insert("client_name".into(), "cardhost".into());
    let (grant, responses) = match oauth2.grant {
        Grant::DeviceCode => (DEVICE_GRANT, json!([])),
        _ => {
            client.insert("redirect_uris".into(), json!([redirect_uri]));
            ("authorization_code", json!(["code"]))
        }
    };
    client.insert("grant_types".into(), json!([grant, "refresh_token"]));
    client.insert("response_types".into(), responses);
    // Servers of OpenID Connect let native clients alone come back to this machine (Registration 1.0, section 2).
    let kind = if redirect_uri.starts_with("http://") { "native" } else { "web" };
    client.insert("application_type".into(), kind.into());
    client.insert("token_endpoint_auth_method".into(), written(wished(party)).into());
    if !oauth2.scopes.is_empty() {
        client.insert("scope".into(), oauth2.scopes.join(" ").into());
    }
    let own = declared.metadata.as_ref().map(|metadata| metadata.value(*connection));
    if let Some(Value::Object(own)) = own.transpose().map_err(AuthFault::Template)?.flatten() {
        client.extend(own);
    }
    request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let bytes = Value::Object(client).to_string().into();
    request.body = Some(Body { kind: BodyKind::Json, bytes });
    request.redactor = Arc::new(redactor);
    let secret = |key: &str| {
        let template = Template::parse(format!("<<response.body.{key}?>>"));
        ReplySecret::Value(ValueTemplate::Text(template))
    };
    let secrets = ["client_secret", "registration_access_token"];
    request.reply_secrets = secrets.into_iter().map(secret).collect();
    Ok(Some(request))
}

/// The client that the reply to a [`registration`] names.
///
/// # Errors
/// [`GrantFault`].
pub fn read_registration(
    party: &Party<'_>,
    redirect_uri: &str,
    answer: &Answer<'_>,
) -> Result<Client, GrantFault> {
    let object = granted(answer)?;
    let text = |key: &str| object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let no_client =
        || GrantFault::Unusable { status: answer.reply.status, reason: "it has no `client_id`" };
    let secret = text("client_secret").map(Secret::from);
    let management = text("registration_client_uri").and_then(|uri| Url::parse(uri).ok());
    let token = text("registration_access_token").map(Secret::from);
    // The server may have chosen another way than the one that was asked for (RFC 7591, section 3.2.1).
    let said = text("token_endpoint_auth_method").and_then(read);
    let auth = said.unwrap_or_else(|| match secret {
        Some(_) => wished(party),
        None => ClientAuth::None,
    });
    // Zero says that it does not end.
    let expires_at = object.get("client_secret_expires_at").and_then(Value::as_i64);
    Ok(Client {
        id: text("client_id").ok_or_else(no_client)?.to_owned(),
        secret,
        auth,
        redirect_uri: Some(redirect_uri.to_owned()),
        expires_at: expires_at.filter(|at| *at != 0),
        management: management.zip(token),
    })
}

impl Client {
    /// Whether a login may go on with it: its secret is good, and the browser comes back to where it has said.
    #[must_use]
    pub fn fits(&self, redirect_uri: &str, now: i64) -> bool {
        let comes_back = self.redirect_uri.as_deref() == Some(redirect_uri);
        comes_back && self.expires_at.is_none_or(|end| now < end)
    }

    /// The request that takes the registration back (RFC 7592, section 2.3); `None` where the server offers none.
    ///
    /// # Errors
    /// [`AuthFault`] where its token cannot stand in a header.
    pub fn deletion(&self) -> Result<Option<RequestSpec>, AuthFault> {
        let Some((url, token)) = &self.management else { return Ok(None) };
        let mut request = RequestSpec::new(Method::DELETE, url.clone());
        // The server's reply has named it.
        request.host_from = HostFrom::Value;
        let header = Zeroizing::new(format!("Bearer {}", token.expose()));
        set_sensitive(&mut request, AUTHORIZATION, &header)?;
        let mut redactor = Redactor::new();
        redactor.add(token.clone());
        request.redactor = Arc::new(redactor);
        Ok(Some(request))
    }

    pub(super) fn to_value(&self) -> Value {
        let secret = self.secret.as_ref().map(Secret::expose);
        let management = self.management.as_ref();
        let management = management.map(|(url, token)| json!([url.as_str(), token.expose()]));
        json!({
            "id": self.id, "secret": secret, "auth": written(self.auth),
            "redirect_uri": self.redirect_uri, "expires_at": self.expires_at, "management": management,
        })
    }

    pub(super) fn from_value(value: &Value) -> Option<Client> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let management = value["management"].as_array().map(Vec::as_slice);
        Some(Client {
            id: text(&value["id"])?,
            secret: text(&value["secret"]).map(Secret::new),
            auth: value["auth"].as_str().and_then(read)?,
            redirect_uri: text(&value["redirect_uri"]),
            expires_at: value["expires_at"].as_i64(),
            management: match management {
                Some([url, token]) => {
                    Url::parse(url.as_str()?).ok().zip(token.as_str().map(Secret::from))
                }
                _ => None,
            },
        })
    }

    /// How many bytes its secrets have.
    pub(super) fn secret_bytes(&self) -> usize {
        let management = self.management.as_ref().map(|(_, token)| token);
        self.secret.iter().chain(management).map(|secret| secret.expose().len()).sum()
    }
}

/// How the client wishes to prove who it is: as the definition says, or as the server takes it.
fn wished(party: &Party<'_>) -> ClientAuth {
    if let Some(declared) = party.oauth2.client_auth {
        return declared;
    }
    let Some(server) = party.server else { return ClientAuth::Basic };
    let ways = [ClientAuth::Basic, ClientAuth::Body, ClientAuth::None];
    ways.into_iter().find(|way| server.takes(written(*way))).unwrap_or(ClientAuth::Basic)
}

/// The name of a way in RFC 7591, section 2.
fn written(auth: ClientAuth) -> &'static str {
    match auth {
        ClientAuth::Basic | ClientAuth::BasicRaw | ClientAuth::BasicAndBody => {
            "client_secret_basic"
        }
        ClientAuth::Body => "client_secret_post",
        ClientAuth::None => "none",
        ClientAuth::PrivateKeyJwt => "private_key_jwt",
    }
}

fn read(name: &str) -> Option<ClientAuth> {
    match name {
        "client_secret_basic" => Some(ClientAuth::Basic),
        "client_secret_post" => Some(ClientAuth::Body),
        "none" => Some(ClientAuth::None),
        _ => None,
    }
}
