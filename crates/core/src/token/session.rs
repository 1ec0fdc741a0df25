//! The login of a session, and what its reply gives.

use std::sync::Arc;

use http::header::{ACCEPT, CONTENT_TYPE, SET_COOKIE};
use http::{HeaderValue, Method};
use serde_json::Map;

use super::answer::Answer;
use super::endpoint::{add_to_query, endpoint, form_body};
use super::fault::GrantFault;
use super::reply::{gives, refusal, seconds};
use super::scheme::TokenSource;
use super::tokens::Tokens;
use crate::auth::{Applying, AuthFault, CustomSchemes, Session, credential};
use crate::connection::Connection;
use crate::decoder::{self, DecodedBody, Look};
use crate::http_date::is_over;
use crate::inject::header::push_header;
use crate::moment::Moment;
use crate::request::{Body, BodyKind, ReplySecret, RequestSpec};
use crate::response::{Reply, ReplyScope, Response};
use crate::secret::{Redactor, Secret};
use crate::template::ValueTemplate;

impl TokenSource for Session {
    fn request(
        &self,
        connection: &Connection,
        _: Option<&Tokens>,
        moment: &Moment,
    ) -> Result<Option<RequestSpec>, AuthFault> {
        login(self, connection, moment).map(Some)
    }

    fn read(
        &self,
        answer: &Answer<'_>,
        current: Option<&Tokens>,
        _: &str,
    ) -> Result<Tokens, GrantFault> {
        read(self, answer, current)
    }
}

/// The login request.
fn login(
    session: &Session,
    connection: &Connection,
    moment: &Moment,
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
    let mut query = Vec::new();
    for (name, template) in &login.query {
        query.push((name.as_str(), credential(template, connection)?));
    }
    add_to_query(query.iter().map(|(name, value)| (*name, &**value)), &mut request.url);
    if let Some(json) = &login.json {
        let value = json.value(connection).map_err(AuthFault::Template)?.unwrap_or_default();
        let bytes = serde_json::to_vec(&value).unwrap_or_default();
        request.body = Some(Body::new(BodyKind::Json, bytes));
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
    if let Some(auth) = &login.auth {
        let schemes = CustomSchemes::default();
        let mut with = Applying { scope: connection, schemes: &schemes, redactor: &mut redactor };
        if let Some(pending) = auth.scheme().apply(&mut request, &mut with)? {
            let derived = pending.sign(&mut request, None, moment)?;
            derived.into_iter().for_each(|secret| redactor.add(secret));
        }
    }
    request.redactor = Arc::new(redactor);
    let token = session.token_from.clone().map(ValueTemplate::Text).map(ReplySecret::Value);
    request.reply_secrets = token.into_iter().collect();
    Ok(request)
}

/// The token of a login's reply.
fn read(
    session: &Session,
    answer: &Answer<'_>,
    current: Option<&Tokens>,
) -> Result<Tokens, GrantFault> {
    let reply = answer.reply;
    // A login that sends a cookie may well answer with a redirect to a page.
    let answered = if session.cookie.is_some() { 200..400 } else { 200..300 };
    if !answered.contains(&reply.status) {
        return Err(refusal(answer, None));
    }
    let unusable = |reason| GrantFault::Unusable { status: reply.status, reason };
    let body = decoder::decode(reply.status, &reply.headers, &reply.body, None, Look::ANY)
        .unwrap_or(DecodedBody::Empty);
    let headers = Arc::new(reply.headers.clone());
    let response = Response { status: reply.status, headers, body };
    let nothing = Map::new();
    let scope = ReplyScope { response: &response, options: &nothing, input: &nothing, items: None };
    let access = match (&session.cookie, &session.token_from) {
        (Some(name), _) => cookie(reply, name, answer.now.here)
            .ok_or_else(|| unusable("it sets no such cookie"))?,
        (None, Some(template)) => {
            let text = template.text(&scope).ok().flatten().filter(|text| !text.is_empty());
            text.ok_or_else(|| unusable("there is no token where the connector says"))?.into_owned()
        }
        (None, None) => return Err(unusable("the connector does not say where the token is")),
    };
    let said = session.expires_in.as_ref().and_then(|template| template.value(&scope).ok()?);
    let lifetime = session.lifetime.and_then(|span| i64::try_from(span.0.as_secs()).ok());
    let seconds = said.as_ref().and_then(seconds).or(lifetime);
    Ok(Tokens {
        gives: gives(session.gives.iter(), session.look_up.as_ref(), &scope, current),
        ..Tokens::new(Secret::new(access), answer.now.shared, seconds)
    })
}

/// The value of a cookie after a reply (RFC 6265, section 5.3): the last one stands, and one that is over is none.
/// Quotation marks are part of the value.
fn cookie(reply: &Reply, name: &str, now: i64) -> Option<String> {
    let mut value = None;
    for header in reply.headers.get_all(SET_COOKIE) {
        let mut parts = header.to_str().unwrap_or_default().split(';');
        let Some((found, text)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            continue;
        };
        if found.trim() == name {
            let (text, over) = (text.trim(), parts.any(|attribute| is_over(attribute, now)));
            value = (!text.is_empty() && !over).then(|| text.to_owned());
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn sid(cookies: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(SET_COOKIE, HeaderValue::from_static(cookie));
        }
        cookie(&Reply::new(200, headers, ""), "sid", 1_000_000_000)
    }

    #[test]
    fn the_cookie_that_stands_is_the_token() {
        for (cookies, expected) in [
            (&["sid=a; Path=/; HttpOnly"] as &[_], Some("a")),
            (&["other=x", " sid = a=b ;Secure"], Some("a=b")),
            (&["sid=\"quoted\"; Path=/"], Some("\"quoted\"")),
            (&["sid=old", "sid=new"], Some("new")),
            (&["sid=old; Max-Age=0", "sid=new; Max-Age=60"], Some("new")),
            (&["sid=new", "sid=; Max-Age=0"], None),
            (&["sid=gone; max-age=-1"], None),
            (&["sid=gone; Expires=Thu, 01-Jan-1970 00:00:00 GMT"], None),
            (&["sid=gone; expires=Thu, 01 Jan 1970 00:00:00 GMT"], None),
            (&["sid=a; Expires=Wed, 21 Oct 2037 07:28:00 GMT"], Some("a")),
            (&["SID=a"], None),
            (&["sid"], None),
            (&[], None),
        ] {
            assert_eq!(sid(cookies).as_deref(), expected, "{cookies:?}");
        }
    }
}
