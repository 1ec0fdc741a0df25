//! An HTTP request of a flow: the call that it is, and what its end is to the flow.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use base64::Engine as _;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use serde_json::{Map, Value, json};
use url::Url;

use super::authentication::{HttpAuthentication, not_sent};
use crate::document::call::ReplyAs;
use crate::problem::{Problem, Standard};
use cardhost_core::call::{Anonymous, Outcome};
use cardhost_core::card::Effect;
use cardhost_core::connector::Connector;
use cardhost_core::decoder::{self, DecodedBody, Look};
use cardhost_core::error::{Code, Internal};
use cardhost_core::failure::Error;
use cardhost_core::moment::Moment;
use cardhost_core::plan::PlanFault;
use cardhost_core::reply_rule::{ReplyRule, RetryRule};
use cardhost_core::request::{Body, BodyKind, HostFrom, RequestSpec};
use cardhost_core::response::{Reply, latin1};
use cardhost_core::retry::Sending;
use cardhost_core::secret::{Redactor, Secret};
use cardhost_core::token::{self, TokenScheme};

/// A request to send.
#[derive(Clone, PartialEq)]
pub struct HttpRequest {
    /// The method, in capitals.
    pub method: String,
    /// The URL, query included.
    pub url: String,
    /// The headers as given; may hold what must not be shown.
    pub headers: Vec<(String, String)>,
    /// The body; an object or list is sent as JSON, text as it is.
    pub body: Option<Value>,
    /// How to prove who asks.
    pub authentication: Option<HttpAuthentication>,
    /// What the reply is to the flow.
    pub output: ReplyAs,
    /// Whether a status from 300 to 399 is no error (it is followed in neither case).
    pub redirect: bool,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers, query and body may hold secrets.
        let url = self.url.split('?').next().unwrap_or_default();
        write!(f, "{} {url}", self.method)
    }
}

impl HttpRequest {
    /// A request for a JSON document.
    pub(super) fn for_json(url: String) -> HttpRequest {
        HttpRequest {
            method: "GET".to_owned(),
            url,
            headers: vec![("accept".to_owned(), "application/json".to_owned())],
            body: None,
            authentication: None,
            output: ReplyAs::Content,
            redirect: false,
        }
    }

    /// The request, as far as sending it again is concerned: its effect is its method's (RFC 9110, section 9.2.2), its key
    /// the header `idempotency-key`.
    #[must_use]
    pub fn sending(&self) -> Sending {
        let effect = match self.method.as_str() {
            "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE" => Effect::Idempotent,
            _ => Effect::Write,
        };
        let keyed =
            self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("idempotency-key"));
        Sending { effect, keyed }
    }

    /// The call, as that of a card without a name. Whoever writes the flow decides its host, so that the egress policy
    /// applies. What `known` knows is kept secret as well.
    ///
    /// # Errors
    /// A configuration error for what no request can have, and for authentication that is not carried out; an
    /// authentication error for credentials that cannot be used.
    pub fn call(&self, known: &Redactor) -> Result<Anonymous, Problem> {
        let mut request = self.spec()?;
        let mut redactor = Redactor::new();
        redactor.learn(known);
        for name in ["authorization", "cookie", "proxy-authorization", "x-api-key"] {
            for value in request.headers.get_all(name) {
                redactor.add(Secret::from(&*String::from_utf8_lossy(value.as_bytes())));
            }
        }
        request.redactor = Arc::new(redactor);
        self.with_proof(request)?.map_err(|error| Problem::from(&error))
    }

    /// The request with the proof of who asks; an error where the credentials cannot be used.
    fn with_proof(&self, request: RequestSpec) -> Result<Result<Anonymous, Error>, Problem> {
        let proof = self.authentication.as_ref();
        let declared = proof.map(HttpAuthentication::declared).transpose()?.unwrap_or_default();
        let mut auth = Map::new();
        if let Some(proof) = proof {
            auth.insert(proof.scheme.clone(), declared.method.into());
        }
        let connector = json!({
            "format": 1, "name": "request", "version": "1.0.0", "title": "A request of a flow",
            "connection": { "fields": declared.forms },
            "auth": auth,
            "targets": {},
        });
        let identity = connector.to_string();
        let mut connector: Connector =
            serde_json::from_value(connector).map_err(|error| not_sent(error.to_string()))?;
        connector.errors = errors();
        let made = (request, self.sending());
        Ok(Anonymous::new((connector, identity), declared.fields, made, self.accepts()))
    }

    /// The request without the proof of who asks.
    fn spec(&self) -> Result<RequestSpec, Problem> {
        let method = Method::from_bytes(self.method.as_bytes())
            .map_err(|_| not_sent(format!("`{}` is not a method", self.method)))?;
        let url =
            Url::parse(&self.url).map_err(|error| not_sent(format!("the endpoint: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(not_sent("the endpoint has neither the scheme http nor https".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(not_sent(
                "the endpoint holds credentials: use `authentication`".to_owned(),
            ));
        }
        let mut request = RequestSpec::new(method, url);
        request.host_from = HostFrom::Value;
        for (name, value) in &self.headers {
            let (name, value) = header(name, value)?;
            request.headers.append(name, value);
        }
        request.body = match &self.body {
            Some(Value::Object(fields)) if is_form(&request.headers) => {
                Some(Body::new(BodyKind::Form, form(fields)?))
            }
            other => other.as_ref().map(body),
        };
        if let Some(body) = &request.body
            && !request.headers.contains_key(CONTENT_TYPE)
        {
            let kind = HeaderValue::from_static(body.kind.content_type());
            request.headers.insert(CONTENT_TYPE, kind);
        }
        Ok(request)
    }

    /// The statuses that are no error (DSL reference, section HTTP Call, `redirect`).
    fn accepts(&self) -> RangeInclusive<u16> {
        200..=if self.redirect { 399 } else { 299 }
    }

    /// What the end of [`HttpRequest::call`] is to the flow.
    ///
    /// # Errors
    /// A communication error for a status that is an error, with the status; a runtime error where the body is not what its
    /// content type says; otherwise what a card's error is.
    pub fn settle(&self, ended: Result<Outcome, Error>) -> Result<Value, Problem> {
        let reply = match ended {
            Ok(outcome) => outcome.reply,
            Err(error) => return Err(self.problem(error)),
        };
        let lost = || Problem::from(&Error::from(Internal { what: "a request without a reply" }));
        let reply = reply.ok_or_else(lost)?;
        match self.output {
            ReplyAs::Content => content(&reply),
            ReplyAs::Raw => Ok(Value::String(encoded(&reply.body))),
            ReplyAs::Response => Ok(json!({
                "request": { "method": self.method, "uri": self.url, "headers": object(&self.headers) },
                "statusCode": reply.status,
                "headers": object(&joined(&reply.headers)),
                "content": content(&reply)?,
            })),
        }
    }

    fn problem(&self, error: Error) -> Problem {
        let status = error.response().map(|response| response.status);
        match status.filter(|status| !self.accepts().contains(status)) {
            // Whatever its status means, to the language it is an error of communication.
            Some(status) => Problem {
                type_uri: Standard::Communication.uri().into(),
                ..Problem::of(&error.with_hint(format!("{self:?}")), Some(status))
            },
            None => Problem::of(&error, None),
        }
    }
}

/// Why credentials that are known cannot be used: what a run says before it sends anything with them.
pub(crate) fn unusable_credentials(authentication: HttpAuthentication) -> Option<PlanFault> {
    let mut request = HttpRequest::for_json("https://flow.invalid/".to_owned());
    request.authentication = Some(authentication);
    let call = match request.with_proof(request.spec().ok()?).ok()? {
        Ok(call) => call,
        Err(error) => return error.fault().downcast_ref::<PlanFault>().cloned(),
    };
    let scheme = TokenScheme::of(call.connector.auth.get(&call.plan.auth)?)?;
    let moment = Moment { unix_seconds: 0, nonce: [0; 16] };
    let asked = token::request(scheme, &call.connection, None, &moment);
    asked.err().map(|fault| PlanFault::Auth { method: call.plan.auth, fault })
}

/// What bad statuses mean, as a connector says it.
fn errors() -> Vec<ReplyRule> {
    let rule = |statuses: RangeInclusive<u16>, code: &str, retry| {
        ReplyRule::of_status(statuses.collect(), code, retry)
    };
    vec![
        rule(400..=400, "http.bad_request", RetryRule::Never),
        rule(401..=401, "auth.refused", RetryRule::Never),
        rule(403..=403, "auth.refused", RetryRule::Never),
        rule(404..=404, "http.not_found", RetryRule::Never),
        rule(409..=409, "http.conflict", RetryRule::Never),
        rule(429..=429, "http.rate_limited", RetryRule::After),
        rule(500..=599, "http.transient", RetryRule::IfSafe),
    ]
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Problem> {
    let refused = || not_sent(format!("`{name}` is not a header"));
    let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
    if matches!(parsed.as_str(), "host" | "content-length" | "transfer-encoding" | "connection") {
        return Err(not_sent(format!("the header `{name}` is made by the host itself")));
    }
    Ok((parsed, HeaderValue::from_str(value).map_err(|_| refused())?))
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case(BodyKind::Form.content_type())
}

/// Fields as a form: a list is one field for each item, null is none.
fn form(fields: &Map<String, Value>) -> Result<String, Problem> {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            one => std::slice::from_ref(one),
        };
        for value in values {
            match value {
                Value::Null => {}
                Value::String(text) => drop(form.append_pair(name, text)),
                Value::Bool(_) | Value::Number(_) => {
                    form.append_pair(name, &value.to_string());
                }
                Value::Array(_) | Value::Object(_) => {
                    let reason = "a form holds text, numbers, true and false, and lists of them";
                    return Err(not_sent(format!("the field `{name}` of the body: {reason}")));
                }
            }
        }
    }
    Ok(form.finish())
}

/// JSON, but text as it is.
fn body(value: &Value) -> Body {
    match value {
        Value::String(text) => Body::new(BodyKind::Text, text.clone()),
        other => Body::new(BodyKind::Json, other.to_string()),
    }
}

fn encoded(body: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(body)
}

fn object(headers: &[(String, String)]) -> Value {
    let entries = headers.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
    Value::Object(entries.collect())
}

/// Each header with its values joined: the language knows no lists of them.
fn joined(headers: &HeaderMap) -> Vec<(String, String)> {
    let one = |name: &HeaderName| {
        let values = headers.get_all(name).iter().map(|value| latin1(value.as_bytes()));
        (name.as_str().to_owned(), values.collect::<Vec<_>>().join(", "))
    };
    headers.keys().map(one).collect()
}

/// The body as a card decodes it; without a content type, JSON is taken for JSON, and bytes that are no text are in base64.
fn content(reply: &Reply) -> Result<Value, Problem> {
    let read = |text: &str| {
        cardhost_core::value::text::read(text).map_err(|error| {
            let title = "the reply cannot be decoded";
            let problem = Problem::new(Standard::Runtime, title, error.to_string());
            problem.with_code(&Code::RESPONSE_DECODE)
        })
    };
    match decoder::decode(reply.status, &reply.headers, &reply.body, None, Look::Whole) {
        Ok(DecodedBody::Empty) => Ok(Value::Null),
        Ok(DecodedBody::Raw(json)) => read(json.get()),
        Ok(DecodedBody::Json(json)) => read(json.part(&[]).unwrap_or("null")),
        Ok(DecodedBody::Text(text)) if !reply.headers.contains_key(CONTENT_TYPE) => {
            Ok(read(&text).unwrap_or(Value::String(text)))
        }
        Ok(DecodedBody::Text(text)) => Ok(Value::String(text)),
        Err(_) if decoder::is_text(&reply.headers) => Ok(Value::String(encoded(&reply.body))),
        Err(fault) => Err(Problem::from(&Error::from(fault))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use cardhost_core::call::Step;

    fn request(method: &str) -> HttpRequest {
        HttpRequest {
            method: method.to_owned(),
            url: "https://shop.example/a?token=x".to_owned(),
            headers: Vec::new(),
            body: None,
            authentication: None,
            output: ReplyAs::Content,
            redirect: false,
        }
    }

    fn with(scheme: &str, settings: &Value) -> Result<Anonymous, Problem> {
        let settings = settings.as_object().unwrap().clone();
        let scheme = scheme.to_owned();
        let authentication = Some(HttpAuthentication { scheme, settings, token_endpoint: None });
        HttpRequest { authentication, ..request("GET") }.call(&Redactor::new())
    }

    fn settled(request: &HttpRequest, reply: Reply) -> Result<Value, Problem> {
        let Step::Send(call) = request.call(&Redactor::new())?.begin() else { panic!() };
        let moment = Moment { unix_seconds: 0, nonce: [0; 16] };
        let Step::Done(ended) = call.on_reply(reply, &moment) else { panic!() };
        request.settle(ended)
    }

    fn reply(status: u16, headers: &[(&'static str, &'static str)], body: &'static [u8]) -> Reply {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        Reply::new(status, headers.collect(), body)
    }

    #[test]
    fn credentials_are_sent_as_a_card_sends_them() {
        let sent = |scheme, settings| {
            with(scheme, &settings).unwrap().plan.request.headers["authorization"].clone()
        };
        assert_eq!(sent("basic", json!({ "username": "sa", "password": "a:b" })), "Basic c2E6YTpi");
        assert_eq!(sent("basic", json!({ "username": "sa", "password": "" })), "Basic c2E6");
        assert_eq!(sent("bearer", json!({ "token": "t" })), "Bearer t");
    }

    #[test]
    fn credentials_are_refused_as_a_card_refuses_them() {
        let oauth2 = |more: Value| {
            let mut all =
                json!({ "authority": "https://a.example", "grant": "client_credentials" });
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            all
        };
        for (scheme, settings, code, title) in [
            (
                "basic",
                json!({ "username": "a:b", "password": "c" }),
                "auth.value",
                "auth method `basic`: the user name holds a colon, which Basic credentials cannot carry",
            ),
            (
                "bearer",
                json!({ "token": "a\nb" }),
                "auth.value",
                "auth method `bearer`: the credential holds a character that no header can carry",
            ),
            (
                "digest",
                json!({ "password": "c" }),
                "definition.missing_key",
                "key `username` is missing",
            ),
            ("bearer", json!({ "token": 1 }), "definition.type", "this must be text, not a number"),
            ("oauth2", json!({}), "definition.missing_key", "key `authority` is missing"),
            (
                "oauth2",
                oauth2(json!({ "grant": "password" })),
                "flow.unsupported",
                "`authentication.oauth2.grant: password` is not supported",
            ),
            (
                "oauth2",
                oauth2(json!({ "client": { "id": "a", "assertion": "b" } })),
                "flow.unsupported",
                "`authentication.oauth2.client.assertion` is not supported",
            ),
            (
                "oauth2",
                oauth2(json!({ "request": { "encoding": "application/json" } })),
                "flow.unsupported",
                "`authentication.oauth2.request.encoding: application/json` is not supported",
            ),
            (
                "oidc",
                oauth2(json!({ "client": { "id": "a" } })),
                "flow.unsupported",
                "`authentication.oidc.client without secret` is not supported",
            ),
        ] {
            let problem = with(scheme, &settings).unwrap_err();
            let found = (problem.code.as_deref(), problem.title.as_deref());
            assert_eq!(found, (Some(code), Some(title)));
        }
    }

    #[test]
    fn bodies_are_decoded_as_those_of_cards_and_bytes_are_in_base64() {
        let json = |kind| [("content-type", kind)];
        for (headers, body, expected) in [
            (&json("application/json")[..], &b""[..], json!(null)),
            (&json("Application/Problem+JSON; charset=utf-8"), b"{\"a\": [1]}", json!({"a": [1]})),
            (&json("application/x-ndjson"), b"1\n2\n", json!([1, 2])),
            (&json("text/plain"), b"[1]", json!("[1]")),
            (&json("text/plain; charset=iso-8859-1"), b"\xe9", json!("\u{e9}")),
            (&json("image/png"), b"\x89PNG", json!("iVBORw==")),
            (&[], b"[1]", json!([1])),
            (&[], b"[1", json!("[1")),
            (&[], b"\xff", json!("/w==")),
        ] {
            let found = settled(&request("GET"), reply(200, headers, body)).unwrap();
            assert_eq!(found, expected, "{headers:?} {body:?}");
        }
        let broken = settled(&request("GET"), reply(200, &json("application/json"), b"{"));
        assert_eq!(broken.unwrap_err().code.as_deref(), Some("response.decode"));
        let raw = HttpRequest { output: ReplyAs::Raw, ..request("GET") };
        assert_eq!(settled(&raw, reply(200, &json("application/json"), b"{")).unwrap(), "ew==");
    }

    #[test]
    fn a_bad_status_is_an_error_of_communication_that_says_whether_to_try_again() {
        let keyed = || {
            let headers = vec![("Idempotency-Key".to_owned(), "k".to_owned())];
            HttpRequest { headers, ..request("POST") }
        };
        for (asked, status, code, again) in [
            (request("GET"), 302, "http.status", false),
            (request("GET"), 400, "http.bad_request", false),
            (request("GET"), 401, "auth.refused", false),
            (request("GET"), 404, "http.not_found", false),
            (request("POST"), 429, "http.rate_limited", true),
            (request("GET"), 503, "http.transient", true),
            (request("POST"), 503, "http.transient", false),
            (keyed(), 503, "http.transient", true),
        ] {
            let problem =
                settled(&asked, reply(status, &[("retry-after", "7")], b"no")).unwrap_err();
            let mut expected = Problem::new(
                Standard::Communication,
                &format!("the service answered {status}"),
                format!("{} https://shop.example/a", asked.method),
            );
            expected.status = status;
            expected.code = Some(code.into());
            expected.retryable = Some(again);
            expected.retry_after_s = Some(7);
            let came = json!({ "headers": { "retry-after": "7" }, "body": "no" });
            expected.response = Some(Box::new(came));
            assert_eq!(problem, expected);
        }
        let moved = || reply(302, &[("location", "/b")], b"");
        let redirect = HttpRequest { redirect: true, ..request("GET") };
        assert_eq!(settled(&redirect, moved()).unwrap(), json!(null));
        assert_eq!(settled(&redirect, reply(400, &[], b"")).unwrap_err().status, 400);
    }
}
