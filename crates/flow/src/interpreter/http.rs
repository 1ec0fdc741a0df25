//! An HTTP request of a flow, and what its reply is to the flow.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};
use url::Url;

use super::proof::Proof;
use crate::document::call::ReplyAs;
use crate::problem::{Problem, Standard};
use cardhost_core::card::Effect;
use cardhost_core::error::Code;
use cardhost_core::request::{Body, BodyKind, HostFrom, RequestSpec};
use cardhost_core::response::Reply;
use cardhost_core::retry::Sending;
use cardhost_core::secret::{Redactor, Secret};

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
    /// Whether a status from 300 to 399 is no error (it is not followed either way by the interpreter).
    pub redirect: bool,
}

/// The exact request, and the proof of who asks.
#[derive(Debug)]
pub struct HttpPlan {
    /// The request; what has to be done for each sending is still to be done.
    pub request: RequestSpec,
    /// The proof of who asks.
    pub proof: Option<Proof>,
}

/// How to prove who asks.
#[derive(Clone, PartialEq)]
pub struct HttpAuthentication {
    /// `basic`, `bearer`, `digest`, `oauth2` or `oidc`.
    pub scheme: String,
    /// Its settings, such as `username` and `password`; secret.
    pub settings: Map<String, Value>,
}

/// What came back. Prints without headers and body: services echo secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpReply {
    /// The status.
    pub status: u16,
    /// The headers; several of one name are joined.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers, query and body may hold secrets.
        let url = self.url.split('?').next().unwrap_or_default();
        write!(f, "{} {url}", self.method)
    }
}

impl fmt::Debug for HttpReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpReply({}, {} bytes)", self.status, self.body.len())
    }
}

impl fmt::Debug for HttpAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.scheme)
    }
}

impl From<&Reply> for HttpReply {
    fn from(reply: &Reply) -> HttpReply {
        let joined = |name: &HeaderName| {
            let values = reply.headers.get_all(name).iter();
            let texts: Vec<_> =
                values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
            (name.as_str().to_owned(), texts.join(", "))
        };
        let headers = reply.headers.keys().map(joined).collect();
        HttpReply { status: reply.status, headers, body: reply.body.to_vec() }
    }
}

impl HttpRequest {
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

    /// The exact request. Whoever writes the flow decides its host, so that the egress policy applies.
    ///
    /// # Errors
    /// A configuration error for what no request can have, and for authentication that is not carried out; an
    /// authentication error for credentials that cannot be used.
    pub fn plan(&self) -> Result<HttpPlan, Problem> {
        let method = Method::from_bytes(self.method.as_bytes())
            .map_err(|_| wrong(format!("`{}` is not a method", self.method)))?;
        let url = Url::parse(&self.url).map_err(|error| wrong(format!("the endpoint: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(wrong("the endpoint has neither the scheme http nor https".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("the endpoint holds credentials: use `authentication`".to_owned()));
        }
        let mut request = RequestSpec::new(method, url);
        request.host_from = HostFrom::Value;
        for (name, value) in &self.headers {
            let (name, value) = header(name, value)?;
            request.headers.append(name, value);
        }
        request.body = self.body.as_ref().map(body);
        if let Some(body) = &request.body
            && !request.headers.contains_key(CONTENT_TYPE)
        {
            let kind = HeaderValue::from_static(body.kind.content_type());
            request.headers.insert(CONTENT_TYPE, kind);
        }
        let mut redactor = Redactor::new();
        let proof = match &self.authentication {
            Some(authentication) => Some(authentication.apply(&mut request, &mut redactor)?),
            None => None,
        };
        for name in ["authorization", "cookie", "proxy-authorization", "x-api-key"] {
            for value in request.headers.get_all(name) {
                redactor.add(Secret::from(&*String::from_utf8_lossy(value.as_bytes())));
            }
        }
        request.redactor = Arc::new(redactor);
        Ok(HttpPlan { request, proof })
    }

    /// The output of the call, or the problem that the reply is.
    ///
    /// # Errors
    /// A communication error for a status other than 200 to 299 (or 399, with `redirect`), with the status;
    /// a runtime error where the body is not what its content type says.
    pub fn settle(&self, reply: &HttpReply) -> Result<Value, Problem> {
        let good = 200..if self.redirect { 400 } else { 300 };
        if !good.contains(&reply.status) {
            let code = match reply.status {
                401 | 403 => Code::AUTH_REFUSED,
                400 => Code::HTTP_BAD_REQUEST,
                404 => Code::HTTP_NOT_FOUND,
                409 => Code::HTTP_CONFLICT,
                429 => Code::HTTP_RATE_LIMITED,
                500..=599 => Code::HTTP_TRANSIENT,
                _ => Code::HTTP_STATUS,
            };
            let title = format!("the service answered {}", reply.status);
            let detail = format!("{self:?}");
            return Err(Problem::new(Standard::Communication, &title, detail)
                .with_status(reply.status)
                .with_code(&code));
        }
        match self.output {
            ReplyAs::Content => content(reply),
            ReplyAs::Raw => Ok(Value::String(encoded(&reply.body))),
            ReplyAs::Response => Ok(json!({
                "request": { "method": self.method, "uri": self.url, "headers": object(&self.headers) },
                "statusCode": reply.status,
                "headers": object(&reply.headers),
                "content": content(reply)?,
            })),
        }
    }
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Problem> {
    let refused = || wrong(format!("`{name}` is not a header"));
    let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
    if matches!(parsed.as_str(), "host" | "content-length" | "transfer-encoding" | "connection") {
        return Err(wrong(format!("the header `{name}` is made by the host itself")));
    }
    Ok((parsed, HeaderValue::from_str(value).map_err(|_| refused())?))
}

/// JSON, but text as it is.
fn body(value: &Value) -> Body {
    match value {
        Value::String(text) => Body { kind: BodyKind::Text, bytes: text.clone().into() },
        other => Body { kind: BodyKind::Json, bytes: other.to_string().into() },
    }
}

pub(super) fn wrong(detail: String) -> Problem {
    Problem::new(Standard::Configuration, "the request cannot be sent", detail)
}

fn encoded(body: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(body)
}

fn object(headers: &[(String, String)]) -> Value {
    let entries = headers.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
    Value::Object(entries.collect())
}

/// The body as its content type says: JSON as a value, text as text, other bytes in base64.
fn content(reply: &HttpReply) -> Result<Value, Problem> {
    if reply.body.is_empty() {
        return Ok(Value::Null);
    }
    let kind = reply.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let kind = kind.map_or("", |(_, kind)| kind.split(';').next().unwrap_or_default().trim());
    let kind = kind.to_ascii_lowercase();
    let text = std::str::from_utf8(&reply.body);
    if kind.ends_with("/json") || kind.ends_with("+json") {
        let text = text.map_err(|error| undecodable(&error.to_string()))?;
        return cardhost_core::value::parse(text).map_err(|error| undecodable(&error.to_string()));
    }
    Ok(match text {
        // Without a content type, JSON is taken for JSON.
        Ok(text) if kind.is_empty() => {
            cardhost_core::value::parse(text).unwrap_or_else(|_| Value::String(text.to_owned()))
        }
        Ok(text) => Value::String(text.to_owned()),
        Err(_) => Value::String(encoded(&reply.body)),
    })
}

fn undecodable(reason: &str) -> Problem {
    let title = "the reply cannot be decoded";
    Problem::new(Standard::Runtime, title, reason).with_code(&Code::RESPONSE_DECODE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(scheme: &str, settings: &Value) -> Result<RequestSpec, Problem> {
        let settings = settings.as_object().unwrap().clone();
        HttpRequest {
            method: "GET".to_owned(),
            url: "https://shop.example/a".to_owned(),
            headers: Vec::new(),
            body: None,
            authentication: Some(HttpAuthentication { scheme: scheme.to_owned(), settings }),
            output: ReplyAs::Content,
            redirect: false,
        }
        .plan()
        .map(|plan| plan.request)
    }

    #[test]
    fn credentials_are_sent_as_a_card_sends_them() {
        let sent =
            |scheme, settings| with(scheme, &settings).unwrap().headers["authorization"].clone();
        assert_eq!(sent("basic", json!({ "username": "sa", "password": "a:b" })), "Basic c2E6YTpi");
        assert_eq!(sent("bearer", json!({ "token": "t" })), "Bearer t");
    }

    #[test]
    fn credentials_are_refused_as_a_card_refuses_them() {
        for (scheme, settings, code, title) in [
            (
                "basic",
                json!({ "username": "a:b", "password": "c" }),
                Some("auth.value"),
                "auth method `basic`: the user name holds a colon, which Basic credentials cannot carry",
            ),
            (
                "bearer",
                json!({ "token": "a\nb" }),
                Some("auth.value"),
                "auth method `bearer`: the credential holds a character that no header can carry",
            ),
            ("oauth2", json!({}), None, "the request cannot be sent"),
        ] {
            let problem = with(scheme, &settings).unwrap_err();
            assert_eq!((problem.code.as_deref(), problem.title.as_deref()), (code, Some(title)));
        }
    }
}
