//! The root `signing` of templates: the request that is being signed, and the moment.

use std::cell::RefCell;

use serde_json::Value;
use url::Position;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::dates::{imf_fixdate, rfc3339};
use super::hash::Hash;
use super::{AuthFault, Keyed};
use crate::moment::Moment;
use crate::request::RequestSpec;
use crate::secret::Secret;
use crate::template::{Found, Reference, Root, Scope};

/// The names below `signing`, sorted; `headers` has the name of a header after it.
pub const NAMES: &[&str] = &[
    "body",
    "body_md5_base64",
    "body_md5_hex",
    "body_sha256_base64",
    "body_sha256_hex",
    "body_sha512_hex",
    "date",
    "datetime",
    "headers",
    "host",
    "method",
    "nonce",
    "nonce_base64",
    "path",
    "query",
    "signature",
    "target",
    "timestamp",
    "timestamp_ms",
    "url",
];

/// Whether the segments of a reference below `signing` name something.
#[must_use]
pub fn is_signing_name(segments: &[String]) -> bool {
    match segments {
        [name] => name != "headers" && NAMES.contains(&name.as_str()),
        [headers, name] => {
            headers == "headers" && http::HeaderName::from_bytes(name.as_bytes()).is_ok()
        }
        _ => false,
    }
}

/// A value of the connection, kept until the request is signed.
#[derive(Clone, Debug)]
pub(super) enum Held {
    Secret(Secret),
    Open(Value),
}

/// The values of the connection that templates refer to.
pub(super) fn held(templates: &Keyed<'_>, scope: &dyn Scope) -> Vec<(Reference, Held)> {
    let mut connection = Vec::new();
    for reference in templates.iter().flat_map(|(_, template)| template.references()) {
        if reference.root != Root::Connection {
            continue;
        }
        let held = match scope.lookup(reference) {
            None => continue,
            Some(Found::Secret(secret)) => Held::Secret(secret.clone()),
            Some(found) if scope.is_secret(reference) => match found.text() {
                Some(text) => Held::Secret(Secret::from(&*text)),
                None => Held::Open(found.to_value().unwrap_or_default()),
            },
            Some(found) => Held::Open(found.to_value().unwrap_or_default()),
        };
        connection.push((reference.clone(), held));
    }
    connection
}

/// The bytes of the body that a signature is made of.
///
/// # Errors
/// [`AuthFault::BodyNotKnown`], where others are sent or some of them are still in files.
pub(super) fn signed_bytes(request: &RequestSpec) -> Result<&[u8], AuthFault> {
    let Some(body) = &request.body else { return Ok(&[]) };
    let why = match body.coding {
        Some(_) => "a content coding makes other bytes of it",
        None => "it is a file that is read while it is sent",
    };
    body.sent_bytes().map(|bytes| &**bytes).ok_or(AuthFault::BodyNotKnown { why })
}

/// What the templates of a signing method are evaluated against.
pub(super) struct SigningScope<'s> {
    pub(super) request: &'s RequestSpec,
    pub(super) moment: &'s Moment,
    /// The values of the connection that the templates refer to.
    pub(super) connection: &'s [(Reference, Held)],
    /// The signature, once it is made.
    pub(super) signature: Option<&'s str>,
    /// What helpers made of secrets.
    pub(super) derived: &'s RefCell<Vec<Secret>>,
}

impl Scope for SigningScope<'_> {
    fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
        match reference.root {
            Root::Connection => {
                let same = |held: &Reference| held.segments == reference.segments;
                let (_, held) = self.connection.iter().find(|(held, _)| same(held))?;
                Some(match held {
                    Held::Secret(secret) => Found::Secret(secret),
                    Held::Open(value) => Found::Value(value),
                })
            }
            Root::Signing => match reference.segments.as_slice() {
                [name] if name == "signature" => self.signature.map(Found::Text),
                [name] => self.part(name).map(|text| Found::Made(Value::String(text))),
                [headers, name] if headers == "headers" => {
                    self.header(name).map(|text| Found::Made(Value::String(text)))
                }
                _ => None,
            },
            Root::Options | Root::Input | Root::Response => None,
            Root::Item | Root::Items | Root::Redirect | Root::Login => None,
        }
    }

    /// The parts of the request may hold secrets of the invocation.
    fn is_secret(&self, reference: &Reference) -> bool {
        let first = reference.segments.first().map_or("", String::as_str);
        match reference.root {
            Root::Connection => matches!(self.lookup(reference), Some(Found::Secret(_))),
            Root::Signing => {
                matches!(first, "body" | "headers" | "query" | "signature" | "target" | "url")
            }
            Root::Options | Root::Input | Root::Response => false,
            Root::Item | Root::Items | Root::Redirect | Root::Login => false,
        }
    }

    fn note_secret(&self, derived: &str) {
        let mut known = self.derived.borrow_mut();
        if !known.iter().any(|secret| secret.expose() == derived) {
            known.push(Secret::from(derived));
        }
    }
}

impl SigningScope<'_> {
    /// One part of the request or the moment as text; `None` for an unknown one and for a body that is no text.
    fn part(&self, name: &str) -> Option<String> {
        let (url, seconds) = (&self.request.url, self.moment.unix_seconds);
        let body = signed_bytes(self.request).ok()?;
        Some(match name {
            "method" => self.request.method.as_str().to_owned(),
            "url" => url[..Position::AfterQuery].to_owned(),
            "host" => self.host(),
            "path" => url.path().to_owned(),
            "query" => url.query().unwrap_or_default().to_owned(),
            "target" => url[Position::BeforePath..Position::AfterQuery].to_owned(),
            "body" => std::str::from_utf8(body).ok()?.to_owned(),
            "body_sha256_hex" => Hash::Sha256.hex(body),
            "body_sha256_base64" => STANDARD.encode(Hash::Sha256.digest(body)),
            "body_sha512_hex" => Hash::Sha512.hex(body),
            "body_md5_hex" => Hash::Md5.hex(body),
            "body_md5_base64" => STANDARD.encode(Hash::Md5.digest(body)),
            "timestamp" => seconds.to_string(),
            "timestamp_ms" => (i128::from(seconds) * 1000).to_string(),
            "date" => imf_fixdate(seconds),
            "datetime" => rfc3339(seconds),
            "nonce" => self.moment.nonce_hex(),
            "nonce_base64" => STANDARD.encode(self.moment.nonce_hex()),
            _ => return None,
        })
    }

    /// As the `Host` header has it: with a port that is not the scheme's own.
    fn host(&self) -> String {
        let url = &self.request.url;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}{port}", url.host_str().unwrap_or_default())
    }

    /// A header's values, joined; `None` where it is not set or no text.
    fn header(&self, name: &str) -> Option<String> {
        let values: Option<Vec<&str>> = self
            .request
            .headers
            .get_all(name)
            .iter()
            .map(|value| std::str::from_utf8(value.as_bytes()).ok())
            .collect();
        match values?.as_slice() {
            [] if name.eq_ignore_ascii_case("host") => Some(self.host()),
            [] => None,
            values => Some(values.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::auth::tests::{body, request};
    use crate::request::BodyKind;
    use crate::template::Template;

    #[test]
    fn every_name_has_its_value() {
        let mut request = request(Method::PUT, "https://a.example:8443/p%20q/r?x=%2F&y#f");
        request.body = body(BodyKind::Text, "abc");
        request.headers.insert("x-one", "1".parse().unwrap());
        request.headers.append("x-one", "2".parse().unwrap());
        let moment = Moment { unix_seconds: 784_111_777, nonce: [0xfe; 16] };
        let derived = RefCell::default();
        let scope = SigningScope {
            request: &request,
            moment: &moment,
            connection: &[],
            signature: Some("sig"),
            derived: &derived,
        };
        let nonce = "fe".repeat(16);
        let expected = [
            ("body", "abc"),
            ("body_md5_base64", "kAFQmDzST7DWlj99KOF/cg=="),
            ("body_md5_hex", "900150983cd24fb0d6963f7d28e17f72"),
            ("body_sha256_base64", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="),
            ("body_sha256_hex", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "body_sha512_hex",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                 2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("datetime", "1994-11-06T08:49:37Z"),
            ("headers.x-one", "1, 2"),
            ("host", "a.example:8443"),
            ("method", "PUT"),
            ("nonce", nonce.as_str()),
            ("nonce_base64", "ZmVmZWZlZmVmZWZlZmVmZWZlZmVmZWZlZmVmZWZlZmU="),
            ("path", "/p%20q/r"),
            ("query", "x=%2F&y"),
            ("signature", "sig"),
            ("target", "/p%20q/r?x=%2F&y"),
            ("timestamp", "784111777"),
            ("timestamp_ms", "784111777000"),
            ("url", "https://a.example:8443/p%20q/r?x=%2F&y"),
        ];
        for (name, value) in expected {
            let template = Template::parse(format!("<<signing.{name}>>"));
            assert_eq!(template.text(&scope).unwrap().as_deref(), Some(value), "{name}");
            let reference = Reference::parse(&format!("signing.{name}")).unwrap();
            assert!(is_signing_name(&reference.segments), "{name}");
        }
        let names: Vec<&str> =
            expected.iter().map(|(name, _)| name.split('.').next().unwrap()).collect();
        assert_eq!(names, NAMES);
        let host = Template::parse("<<signing.headers.host>>");
        assert_eq!(host.text(&scope).unwrap().as_deref(), Some("a.example:8443"));
    }

    #[test]
    fn what_is_not_there_is_not_a_name() {
        for path in ["signing.sha1", "signing.headers", "signing.headers.a b", "signing.url.x"] {
            let reference = Reference::parse(path).unwrap();
            assert!(!is_signing_name(&reference.segments), "{path}");
        }
    }
}
