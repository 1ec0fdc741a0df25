//! The login of a session, in one request or several, and what its replies give.

use std::sync::Arc;

use http::header::{ACCEPT, CONTENT_TYPE, SET_COOKIE};
use http::{HeaderValue, Method};
use serde_json::{Map, Value};

use super::answer::Answer;
use super::endpoint::{add_to_query, endpoint, form_body};
use super::fault::GrantFault;
use super::known::Known;
use super::reply::{gives, instant, refusal, seconds};
use super::scheme::TokenSource;
use super::timed::Timed;
use super::tokens::Tokens;
use crate::auth::{Applying, AuthFault, CustomSchemes, Login, Session, credential};
use crate::connection::Connection;
use crate::decoder::{self, DecodedBody, Look};
use crate::http_date::is_over;
use crate::inject::header::push_header;
use crate::moment::Moment;
use crate::request::{Body, BodyKind, ReplySecret, RequestSpec};
use crate::response::{Reply, ReplyScope, Response, descend_map};
use crate::secret::{Redactor, Secret};
use crate::template::{Found, Reference, Root, Scope, Template, ValueTemplate};

impl TokenSource for Session {
    fn request(
        &self,
        known: &Known<'_>,
        moment: &Moment,
    ) -> Result<Option<RequestSpec>, AuthFault> {
        let Some(login) = self.login.steps().get(known.step) else { return Ok(None) };
        request(self, login, known, moment).map(Some)
    }

    fn read(
        &self,
        known: &mut Known<'_>,
        answer: &Answer<'_>,
    ) -> Result<Option<Tokens>, GrantFault> {
        read(self, known, answer)
    }
}

/// What the templates of a step see: the connection, and what the steps before it gave, which is as secret as a token.
struct StepScope<'a> {
    connection: &'a Connection,
    given: &'a Map<String, Value>,
}

impl Scope for StepScope<'_> {
    fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
        match reference.root {
            Root::Login => descend_map(self.given, &reference.segments),
            _ => Scope::lookup(self.connection, reference),
        }
    }

    fn is_secret(&self, reference: &Reference) -> bool {
        reference.root == Root::Login || Scope::is_secret(self.connection, reference)
    }
}

/// What the templates over a reply see, with what the steps gave.
struct GivenScope<'a> {
    reply: &'a ReplyScope<'a>,
    given: &'a Map<String, Value>,
}

impl Scope for GivenScope<'_> {
    fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
        match reference.root {
            Root::Login => descend_map(self.given, &reference.segments),
            _ => self.reply.lookup(reference),
        }
    }
}

/// The request of a step.
fn request(
    session: &Session,
    login: &Login,
    known: &Known<'_>,
    moment: &Moment,
) -> Result<RequestSpec, AuthFault> {
    let step = StepScope { connection: known.connection, given: &known.given };
    let now = || Some(*moment);
    let scope = &Timed::new(&step, &now);
    let method = Method::from_bytes(login.method.as_bytes()).unwrap_or(Method::POST);
    let mut request = endpoint("login/url", &login.url, method, scope)?;
    request.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    for (name, template) in &login.headers {
        let value = credential(template, scope)?;
        request.headers.remove(name.as_str());
        push_header(name, &value, &mut request.headers).map_err(AuthFault::Header)?;
    }
    let mut query = Vec::new();
    for (name, template) in &login.query {
        query.push((name.as_str(), credential(template, scope)?));
    }
    add_to_query(query.iter().map(|(name, value)| (*name, &**value)), &mut request.url);
    if let Some(json) = &login.json {
        let value = json.value(scope).map_err(AuthFault::Template)?.unwrap_or_default();
        let bytes = serde_json::to_vec(&value).unwrap_or_default();
        request.body = Some(Body::new(BodyKind::Json, bytes));
    } else if let Some(form) = &login.form {
        let mut pairs = Vec::new();
        for (name, template) in form {
            pairs.push((name.as_str(), credential(template, scope)?));
        }
        request.body = Some(form_body(pairs.iter().map(|(name, value)| (*name, &**value))));
    }
    if let Some(body) = &request.body {
        let content_type = HeaderValue::from_static(body.kind.content_type());
        request.headers.entry(CONTENT_TYPE).or_insert(content_type);
    }
    let mut redactor = Redactor::new();
    known.connection.add_secrets(&mut redactor);
    for value in known.given.values() {
        add_texts(value, &mut redactor);
    }
    if let Some(auth) = &login.auth {
        let schemes = CustomSchemes::default();
        let mut with = Applying { scope, schemes: &schemes, redactor: &mut redactor };
        if let Some(pending) = auth.scheme().apply(&mut request, &mut with)? {
            let derived = pending.sign(&mut request, None, moment)?;
            derived.into_iter().for_each(|secret| redactor.add(secret));
        }
    }
    request.redactor = Arc::new(redactor);
    if let Some(cookies) = known.cookies.get(&request.url.origin().ascii_serialization()) {
        cookies.put(&mut request);
    }
    let given = session.token_from.iter().chain(login.gives.values());
    let given = given.cloned().map(ValueTemplate::Text).map(ReplySecret::Value);
    request.reply_secrets = given.collect();
    Ok(request)
}

/// Keeps the texts of a value from being shown.
fn add_texts(value: &Value, redactor: &mut Redactor) {
    match value {
        Value::String(text) => redactor.add(Secret::from(text.as_str())),
        Value::Array(items) => items.iter().for_each(|item| add_texts(item, redactor)),
        Value::Object(map) => map.values().for_each(|item| add_texts(item, redactor)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What the reply to a step gives: to the steps after it, or the token.
fn read(
    session: &Session,
    known: &mut Known<'_>,
    answer: &Answer<'_>,
) -> Result<Option<Tokens>, GrantFault> {
    let reply = answer.reply;
    let steps = session.login.steps();
    let is_last = known.step + 1 >= steps.len();
    // A login that sends a cookie may well answer with a redirect to a page, and a step with one to the next.
    let answered = if session.cookie.is_some() || !is_last { 200..400 } else { 200..300 };
    if !answered.contains(&reply.status) {
        return Err(refusal(answer, None));
    }
    let unusable = |reason| GrantFault::Unusable { status: reply.status, reason };
    let body = decoder::decode(reply.status, &reply.headers, &reply.body, None, Look::ANY)
        .unwrap_or(DecodedBody::Empty);
    let headers = Arc::new(reply.headers.clone());
    let response = Response { status: reply.status, headers, body };
    let nothing = Map::new();
    let seen = ReplyScope { response: &response, options: &nothing, input: &nothing, items: None };
    let mut given = std::mem::take(&mut known.given);
    for (name, template) in steps.get(known.step).iter().flat_map(|step| &step.gives) {
        let value = template.value(&GivenScope { reply: &seen, given: &given });
        match value {
            Ok(Some(value)) if !value.is_null() => drop(given.insert(name.clone(), value)),
            Ok(_) => {}
            Err(_) => return Err(unusable("a step of the login lacks what it gives")),
        }
    }
    known.given = given;
    if let Some(url) = &known.url {
        let cookies = known.cookies.entry(url.origin().ascii_serialization()).or_default();
        cookies.take(url, reply, answer.now.here);
    }
    if let Some(name) = &session.cookie {
        known.cookie = cookie(reply, name, answer.now.here, known.cookie.take());
    }
    if !is_last {
        return Ok(None);
    }
    let scope = GivenScope { reply: &seen, given: &known.given };
    let access = match (&session.cookie, &session.token_from) {
        (Some(_), _) => known.cookie.clone().ok_or_else(|| unusable("it sets no such cookie"))?,
        (None, Some(template)) => {
            let text = template.text(&scope).ok().flatten().filter(|text| !text.is_empty());
            text.ok_or_else(|| unusable("there is no token where the connector says"))?.into_owned()
        }
        (None, None) => return Err(unusable("the connector does not say where the token is")),
    };
    let said = |template: &Option<Template>| template.as_ref()?.value(&scope).ok()?;
    let until = said(&session.expires_at).as_ref().and_then(instant);
    let until = until.map(|at| at.saturating_sub(answer.now.shared).max(0));
    let lifetime = || i64::try_from(session.lifetime?.0.as_secs()).ok();
    let within = || said(&session.expires_in).as_ref().and_then(seconds);
    let seconds = until.or_else(within).or_else(lifetime);
    let gives = gives(session.gives.iter(), session.look_up.as_ref(), &scope, known.current);
    let tokens = Tokens::new(Secret::new(access), answer.now.shared, seconds);
    Ok(Some(Tokens { gives, ..tokens }))
}

/// The value of a cookie after a reply (RFC 6265, section 5.3): the last one stands, one that is over is none, and the one before stays
/// where it is not set again. Quotation marks are part of the value.
fn cookie(reply: &Reply, name: &str, now: i64, before: Option<String>) -> Option<String> {
    let mut value = before;
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
        cookie(&Reply::new(200, headers, ""), "sid", 1_000_000_000, None)
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
