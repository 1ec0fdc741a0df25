//! The login of a session, and what its reply gives.

use std::sync::Arc;

use http::header::{ACCEPT, CONTENT_TYPE, SET_COOKIE};
use http::{HeaderValue, Method};
use serde_json::Map;

use super::fault::GrantFault;
use super::reply::{refusal, seconds};
use super::tokens::Tokens;
use super::{endpoint, form_body};
use crate::auth::{AuthFault, Session, credential};
use crate::connection::Connection;
use crate::decoder::{self, DecodedBody};
use crate::inject::header::push_header;
use crate::request::{Body, BodyKind, ReplySecret, RequestSpec};
use crate::response::{Reply, ReplyScope, Response};
use crate::secret::{Redactor, Secret};
use crate::template::ValueTemplate;

/// The login request.
pub(super) fn request(
    session: &Session,
    connection: &Connection,
) -> Result<RequestSpec, AuthFault> {
    let login = &session.login;
    let method = Method::from_bytes(login.method.as_bytes()).unwrap_or(Method::POST);
    let mut request = endpoint("login/url", &login.url, method, connection)?;
    request.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    for (name, template) in &login.headers {
        let value = credential(template, connection)?;
        request.headers.remove(name.as_str());
        push_header(name, &value, &mut request.headers).map_err(AuthFault::Header)?;
    }
    if let Some(json) = &login.json {
        let value = json.value(connection).map_err(AuthFault::Template)?.unwrap_or_default();
        let bytes = serde_json::to_vec(&value).unwrap_or_default().into();
        request.body = Some(Body { kind: BodyKind::Json, bytes });
    } else if let Some(form) = &login.form {
        let mut pairs = Vec::new();
        for (name, template) in form {
            pairs.push((name.as_str(), credential(template, connection)?));
        }
        request.body = Some(form_body(pairs.iter().map(|(name, value)| (*name, &**value))));
    }
    if let Some(body) = &request.body {
        let content_type = HeaderValue::from_static(body.kind.content_type());
        request.headers.entry(CONTENT_TYPE).or_insert(content_type);
    }
    let mut redactor = Redactor::new();
    connection.add_secrets(&mut redactor);
    request.redactor = Arc::new(redactor);
    let token = session.token_from.clone().map(ValueTemplate::Text).map(ReplySecret::Value);
    request.reply_secrets = token.into_iter().collect();
    Ok(request)
}

/// The token of a login's reply.
pub(super) fn read(session: &Session, reply: &Reply, now: i64) -> Result<Tokens, GrantFault> {
    // A login that sends a cookie may well answer with a redirect to a page.
    let answered = if session.cookie.is_some() { 200..400 } else { 200..300 };
    if !answered.contains(&reply.status) {
        return Err(match refusal(reply, None, now) {
            refused @ GrantFault::Unavailable(_) => refused,
            GrantFault::Refused(refused) => GrantFault::Refused(refused),
            other => other,
        });
    }
    let unusable = |reason| GrantFault::Unusable { status: reply.status, reason };
    let body =
        decoder::decode(&reply.headers, &reply.body, None, true).unwrap_or(DecodedBody::Empty);
    let headers = Arc::new(reply.headers.clone());
    let response = Response { status: reply.status, headers, body };
    let nothing = Map::new();
    let scope = ReplyScope { response: &response, options: &nothing, input: &nothing };
    let access = match (&session.cookie, &session.token_from) {
        (Some(name), _) => cookie(reply, name).ok_or_else(|| unusable("it sets no such cookie"))?,
        (None, Some(template)) => {
            let text = template.text(&scope).ok().flatten().filter(|text| !text.is_empty());
            text.ok_or_else(|| unusable("there is no token where the connector says"))?.into_owned()
        }
        (None, None) => return Err(unusable("the connector does not say where the token is")),
    };
    let said = session.expires_in.as_ref().and_then(|template| template.value(&scope).ok()?);
    let lifetime = session.lifetime.and_then(|span| i64::try_from(span.0.as_secs()).ok());
    let seconds = said.as_ref().and_then(seconds).or(lifetime);
    Ok(Tokens::new(Secret::new(access), now, seconds))
}

/// The value of a cookie that a reply sets (RFC 6265, section 4.1.1).
fn cookie(reply: &Reply, name: &str) -> Option<String> {
    reply.headers.get_all(SET_COOKIE).iter().find_map(|header| {
        let pair = header.to_str().ok()?.split(';').next()?;
        let (found, value) = pair.split_once('=')?;
        let value = value.trim().trim_matches('"');
        (found.trim() == name && !value.is_empty()).then(|| value.to_owned())
    })
}
