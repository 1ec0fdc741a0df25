//! An HTTP request of a flow, and what its reply is to the flow.

use std::fmt;

use base64::Engine as _;
use serde_json::{Map, Value, json};

use crate::error::Code;
use crate::flow::document::call::ReplyAs;
use crate::flow::problem::{Problem, Standard};

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

/// How to prove who asks.
#[derive(Clone, PartialEq)]
pub struct HttpAuthentication {
    /// `basic`, `bearer`, `digest`, `oauth2` or `oidc`.
    pub scheme: String,
    /// Its settings, such as `username` and `password`; secret.
    pub settings: Map<String, Value>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl fmt::Debug for HttpAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.scheme)
    }
}

impl HttpRequest {
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
        return crate::value::parse(text).map_err(|error| undecodable(&error.to_string()));
    }
    Ok(match text {
        // Without a content type, JSON is taken for JSON.
        Ok(text) if kind.is_empty() => {
            crate::value::parse(text).unwrap_or_else(|_| Value::String(text.to_owned()))
        }
        Ok(text) => Value::String(text.to_owned()),
        Err(_) => Value::String(encoded(&reply.body)),
    })
}

fn undecodable(reason: &str) -> Problem {
    let title = "the reply cannot be decoded";
    Problem::new(Standard::Runtime, title, reason).with_code(&Code::RESPONSE_DECODE)
}
