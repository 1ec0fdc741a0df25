//! A client registers itself (RFC 7591).

use std::sync::Arc;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method};
use serde_json::{Map, Value, json};
use url::Url;
use zeroize::Zeroizing;

use super::answer::Answer;
use super::client::{Client, read, written};
use super::endpoint::endpoint;
use super::fault::GrantFault;
use super::oauth2::{DEVICE_GRANT, Party};
use super::reply::granted;
use crate::auth::{AuthFault, ClientAuth, Grant, credential, set_sensitive};
use crate::request::{Body, BodyKind, ReplySecret, RequestSpec};
use crate::secret::{Redactor, Secret};
use crate::template::{Template, ValueTemplate};

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
    let mut request = registers_at(party)?;
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
    request.body = Some(Body::new(BodyKind::Json, Value::Object(client).to_string()));
    request.redactor = Arc::new(redactor);
    let secret = |key: &str| {
        let template = Template::parse(format!("<<response.body.{key}?>>"));
        ReplySecret::Value(ValueTemplate::Text(template))
    };
    let secrets = ["client_secret", "registration_access_token"];
    request.reply_secrets = secrets.into_iter().map(secret).collect();
    Ok(Some(request))
}

/// Where clients register.
fn registers_at(party: &Party<'_>) -> Result<RequestSpec, AuthFault> {
    let declared = party.oauth2.registration.as_ref().and_then(|declared| declared.url.as_ref());
    match (declared, party.server) {
        (Some(url), _) => endpoint("registration/url", url, Method::POST, party.connection),
        (None, Some(server)) => server.request("registration_endpoint"),
        (None, None) => {
            let reason = "the connector does not say it";
            Err(AuthFault::Endpoint { key: "registration/url", reason })
        }
    }
}

/// The request that takes the registration of a client back; `None` where there is none, or the server does not offer it.
///
/// # Errors
/// [`AuthFault`] where its token cannot stand in a header.
pub fn deletion(party: &Party<'_>) -> Result<Option<RequestSpec>, AuthFault> {
    let deletion = party.client.map(Client::deletion).transpose()?.flatten();
    Ok(deletion.map(|mut request| {
        // Where it registered, it may be taken back.
        if let Ok(registered) = registers_at(party)
            && registered.url.origin() == request.url.origin()
        {
            request.host_from = registered.host_from;
        }
        request
    }))
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
        // No browser comes back to a device.
        redirect_uri: (party.oauth2.grant == Grant::AuthorizationCode)
            .then(|| redirect_uri.to_owned()),
        expires_at: expires_at.filter(|at| *at != 0),
        management: management.zip(token),
    })
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
