//! The request that is asked for, before anything is sent.

mod body;

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, Method};
use serde_json::{Map, Value};
use url::Url;

use crate::decoder::Decoding;
use crate::secret::{Redactor, Secret};
use crate::template::ValueTemplate;

pub use body::{
    Body, BodyKind, BodyPart, Content, ContentCoding, FilePiece, Piece, without_boundary,
};

/// An exact request: what is in it, and nothing else but `host`, `content-length` and connection headers, is sent.
///
/// Its `Debug` and [`RequestSpec::to_json`] are redacted; the fields are not.
#[derive(Clone)]
pub struct RequestSpec {
    /// The method.
    pub method: Method,
    /// The URL, pinned to the target's base.
    pub url: Url,
    /// Who decides the URL's host. A redirect keeps it: it stays on the same origin.
    pub host_from: HostFrom,
    /// The headers; those with credentials are marked sensitive.
    pub headers: HeaderMap,
    /// The body, where there is one.
    pub body: Option<Body>,
    /// What TLS is done with, besides the transport's own settings.
    pub tls: Option<Arc<TlsSettings>>,
    /// The secrets in it.
    pub redactor: Arc<Redactor>,
    /// What of the reply is a secret.
    pub reply_secrets: Arc<[ReplySecret]>,
    /// How the reply is read: what is a secret of it is found only so.
    pub decoding: Arc<Decoding>,
}

/// A part of a reply that is declared to be a secret.
#[derive(Clone, Debug)]
pub enum ReplySecret {
    /// The texts of a value, such as `<<response.body.token>>`.
    Value(ValueTemplate),
    /// Those below some keys of a value.
    Keys(ValueTemplate, Vec<String>),
}

/// What TLS is done with, besides the transport's own settings.
#[derive(Clone, Debug)]
pub struct TlsSettings {
    /// The client's certificate.
    pub identity: Option<ClientIdentity>,
    /// Certificates in PEM that are trusted besides the transport's.
    pub authority: Option<Secret>,
}

/// The certificate of a client.
#[derive(Clone, Debug)]
pub struct ClientIdentity {
    /// The certificate in PEM, followed by those between it and its authority.
    pub certificate: Secret,
    /// Its private key in PEM.
    pub key: Secret,
    /// What the key is encrypted with, where it is.
    pub passphrase: Option<Secret>,
}

/// Who decides the host of a request, and so how far a transport trusts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostFrom {
    /// The connector's author: a literal base URL.
    Definition,
    /// Whoever writes the connection or the invocation: the egress policy applies.
    Value,
    /// Whoever runs cardhost: `--base`.
    Command,
}

impl RequestSpec {
    /// A request with nothing but a method and a URL.
    #[must_use]
    pub fn new(method: Method, url: Url) -> RequestSpec {
        let (headers, redactor) = (HeaderMap::new(), Arc::default());
        let (host_from, reply_secrets) = (HostFrom::Definition, Arc::default());
        let decoding = Arc::default();
        RequestSpec {
            method,
            url,
            host_from,
            headers,
            body: None,
            tls: None,
            redactor,
            reply_secrets,
            decoding,
        }
    }

    /// A `GET` of a URL; `None` where the text is none.
    #[must_use]
    pub fn get(url: &str) -> Option<RequestSpec> {
        Some(RequestSpec::new(Method::GET, Url::parse(url).ok()?))
    }

    /// `{"method", "url", "headers", "body"}`, redacted: JSON bodies as values, others as text.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut shown = Map::new();
        shown.insert("method".into(), Value::String(self.method.to_string()));
        shown.insert("url".into(), Value::String(self.shown_url()));
        let mut headers = Map::new();
        for name in self.headers.keys() {
            headers.insert(name.as_str().to_owned(), Value::String(self.shown_header(name)));
        }
        shown.insert("headers".into(), Value::Object(headers));
        let body = self.body.as_ref().map_or(Value::Null, |body| body.to_json(&self.redactor));
        shown.insert("body".into(), body);
        Value::Object(shown)
    }

    /// The URL as it is shown: a mask that stands for a token in its query is one there too.
    #[must_use]
    pub fn shown_url(&self) -> String {
        self.redactor.redact(self.url.as_str()).replace("%5Bredacted%5D", crate::secret::MASK)
    }

    /// A header's values as they are shown: joined with `, `; a credential as its scheme and `[redacted]`.
    #[must_use]
    pub fn shown_header(&self, name: &http::HeaderName) -> String {
        let values: Vec<String> = self
            .headers
            .get_all(name)
            .iter()
            .map(|value| {
                let text = String::from_utf8_lossy(value.as_bytes());
                if value.is_sensitive() {
                    let scheme = text.split_once(' ').map(|(scheme, _)| scheme);
                    return match scheme {
                        Some(scheme @ ("Basic" | "Bearer")) => {
                            format!("{scheme} {}", crate::secret::MASK)
                        }
                        _ => crate::secret::MASK.to_owned(),
                    };
                }
                let text = match *name == http::header::CONTENT_TYPE {
                    true => without_boundary(&text),
                    false => &text,
                };
                self.redactor.redact(text).into_owned()
            })
            .collect();
        values.join(", ")
    }
}

impl fmt::Debug for RequestSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestSpec({})", self.to_json())
    }
}
