//! What of an exchange is never written: declared secrets by value, credentials by their names.
//!
//! The same masking is done to a request that is recorded and to one that is compared with it.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use serde_json::Value;

use super::parts::{BOUNDARY, PartText, boundary_of, parts, with_fixed_boundary};
use super::recoded::{self, Recoded};
use super::{
    FaultKind, FaultLimit, Headers, RecordedBody, RecordedFault, RecordedReply, RecordedRequest,
};
use cardhost_core::request::{Content, Piece, RequestSpec};
use cardhost_core::response::{BodyEnd, Reply, latin1};
use cardhost_core::secret::{MASK, Redactor, Secret};
use cardhost_core::transport_fault::{TimeoutKind, TransportFault, TransportFaultKind};

/// Values that are masked by their names are looked for elsewhere from this length on, in bytes: shorter ones stand for
/// much else.
const SHORTEST_FOLLOWED: usize = 8;

/// How much is taken for a credential by its name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Caution {
    /// What the standards call one: the connector has declared the rest.
    Declared,
    /// All that may be one: nothing was declared.
    Guessed,
}

/// Masks one exchange.
pub(super) struct Mask<'m> {
    pub(super) redactor: &'m Redactor,
    pub(super) caution: Caution,
}

/// Credentials that were found by their names.
pub(super) type Found = Vec<Secret>;

fn follow(found: &mut Found, text: &str) {
    if text.len() >= SHORTEST_FOLLOWED && text != MASK {
        found.push(Secret::from(text));
    }
}

impl Mask<'_> {
    /// A request as it is written and compared.
    pub(super) fn request(&self, spec: &RequestSpec) -> RecordedRequest {
        let body = spec.body.as_ref().and_then(|body| match &body.content {
            Content::Bytes(bytes) => self.body(&spec.headers, bytes, true),
            Content::Pieces(pieces) => self.body(&spec.headers, &stand_in(pieces), true),
        });
        let mut headers = self.headers(&spec.headers);
        for value in headers.0.get_mut("content-type").into_iter().flatten() {
            if let Some(fixed) = with_fixed_boundary(value) {
                *value = fixed;
            }
        }
        RecordedRequest {
            method: spec.method.to_string(),
            url: self.url(spec.url.as_str()),
            headers,
            body,
        }
    }

    /// What came back as it is written; `None` for what never happens in a replay.
    pub(super) fn reply(&self, sent: &Result<Reply, TransportFault>) -> Option<RecordedReply> {
        match sent {
            Ok(reply) => {
                let (longer_than, fault) = match &reply.end {
                    BodyEnd::Complete => (None, None),
                    BodyEnd::TooLarge { limit } => (Some(*limit), None),
                    BodyEnd::Broken(fault) => (None, Some(self.fault(fault)?)),
                };
                let cut = reply.end != BodyEnd::Complete;
                Some(RecordedReply {
                    status: Some(reply.status),
                    headers: self.headers(&reply.headers),
                    body: match cut {
                        false => self.body(&reply.headers, &reply.body, false),
                        true => self.beginning(&reply.body),
                    },
                    longer_than,
                    fault,
                    given_up: false,
                })
            }
            Err(fault) => {
                Some(RecordedReply { fault: Some(self.fault(fault)?), ..RecordedReply::default() })
            }
        }
    }

    fn fault(&self, fault: &TransportFault) -> Option<RecordedFault> {
        let (kind, limit) = match fault.kind {
            TransportFaultKind::Connect => (FaultKind::Connect, None),
            TransportFaultKind::Dns => (FaultKind::Dns, None),
            TransportFaultKind::Tls => (FaultKind::Tls, None),
            TransportFaultKind::Timeout { which, after } => {
                let limit = match which {
                    TimeoutKind::Connect => FaultLimit::Connect,
                    TimeoutKind::Idle => FaultLimit::Idle,
                    TimeoutKind::Total => FaultLimit::Total,
                };
                (FaultKind::Timeout, Some((limit, after)))
            }
            TransportFaultKind::Reset => (FaultKind::Reset, None),
            TransportFaultKind::Stale => (FaultKind::Stale, None),
            TransportFaultKind::Truncated => (FaultKind::Truncated, None),
            TransportFaultKind::Protocol => (FaultKind::Protocol, None),
            _ => return None,
        };
        Some(RecordedFault {
            kind,
            limit: limit.map(|(limit, _)| limit),
            after_ms: limit.map(|(_, after)| u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
            not_sent: fault.not_sent,
            detail: self.text(&fault.detail),
        })
    }

    pub(super) fn text(&self, text: &str) -> String {
        self.redactor.redact(text).into_owned()
    }

    /// A URL, with parameters masked by their names.
    pub(super) fn url(&self, url: &str) -> String {
        let shown = self.text(url);
        match shown.split_once('?') {
            None => shown,
            Some((path, rest)) => {
                let (query, fragment) = match rest.split_once('#') {
                    Some((query, fragment)) => (query, format!("#{fragment}")),
                    None => (rest, String::new()),
                };
                format!("{path}?{}{fragment}", self.parameters(query, &mut Vec::new()))
            }
        }
    }

    /// Parameters of a query or a form, values masked by their names.
    fn parameters(&self, text: &str, found: &mut Found) -> String {
        let is_grant = text.split('&').any(|pair| pair.starts_with("grant_type="));
        let pairs = text.split('&').map(|pair| match pair.split_once('=') {
            Some((name, value))
                if !value.is_empty() && self.is_secret_parameter(name, is_grant) =>
            {
                let plain = value.replace('+', " ");
                let plain = percent_encoding::percent_decode_str(&plain).decode_utf8_lossy();
                follow(found, &plain);
                Cow::Owned(format!("{name}={MASK}"))
            }
            _ => Cow::Borrowed(pair),
        });
        pairs.collect::<Vec<_>>().join("&")
    }

    fn is_secret_parameter(&self, name: &str, is_grant: bool) -> bool {
        const GRANT: [&str; 8] = [
            "code",
            "codeverifier",
            "assertion",
            "devicecode",
            "subjecttoken",
            "actortoken",
            "password",
            "token",
        ];
        let name = plain_name(name);
        self.is_secret_name(&name)
            || name.ends_with("signature")
            || matches!(name.as_str(), "apikey" | "accesskey" | "password" | "sig")
            || (is_grant && GRANT.contains(&name.as_str()))
    }

    /// Whether a JSON key or a parameter names a credential; `name` as [`plain_name`] gives it.
    fn is_secret_name(&self, name: &str) -> bool {
        const DECLARED: [&str; 8] = [
            "accesstoken",
            "refreshtoken",
            "idtoken",
            "clientsecret",
            "clientassertion",
            "sessiontoken",
            "authtoken",
            "securitytoken",
        ];
        const GUESSED: [&str; 12] = [
            "token",
            "secret",
            "password",
            "passwd",
            "passphrase",
            "apikey",
            "privatekey",
            "accesskey",
            "credential",
            "authorization",
            "sessionid",
            "jwt",
        ];
        DECLARED.contains(&name)
            || (self.caution == Caution::Guessed && GUESSED.iter().any(|word| name.ends_with(word)))
    }

    fn headers(&self, headers: &HeaderMap) -> Headers {
        let mut shown = Headers::default();
        for (name, value) in headers {
            let text = latin1(value.as_bytes());
            let value = match value.is_sensitive() && !is_authorization(name.as_str()) {
                true => MASK.to_owned(),
                false => self.header(name.as_str(), &text, &mut Vec::new()),
            };
            shown.push(name.as_str(), value);
        }
        shown
    }

    /// A header's value; `name` is in lower case.
    pub(super) fn header(&self, name: &str, value: &str, found: &mut Found) -> String {
        if is_authorization(name) {
            return authorization(value, found);
        }
        match name {
            "set-cookie" => self.set_cookie(value, found),
            "cookie" => {
                for pair in value.split(';') {
                    follow(found, pair.split_once('=').map_or(pair, |(_, value)| value).trim());
                }
                MASK.to_owned()
            }
            "location" | "content-location" | "referer" => self.url(value),
            _ if is_secret_header(name) && !value.is_empty() => {
                follow(found, value);
                MASK.to_owned()
            }
            _ => self.text(value),
        }
    }

    fn set_cookie(&self, value: &str, found: &mut Found) -> String {
        // A secret may hold a semicolon.
        let shown = self.text(value);
        let attributes = shown
            .split_once(';')
            .map(|(_, attributes)| format!(";{attributes}"))
            .unwrap_or_default();
        let pair = value.split_once(';').map_or(value, |(pair, _)| pair);
        match pair.split_once('=') {
            Some((name, value)) if !value.is_empty() => {
                follow(found, value.trim().trim_matches('"'));
                format!("{}={MASK}{attributes}", self.text(name))
            }
            Some(_) => format!("{}{attributes}", self.text(pair)),
            None => format!("{MASK}{attributes}"),
        }
    }

    /// A whole body; of a request what is by chance of a multipart body is left out.
    fn body(&self, headers: &HeaderMap, bytes: &[u8], is_request: bool) -> Option<RecordedBody> {
        let content_type = headers.get(http::header::CONTENT_TYPE);
        let content_type = content_type.map(|value| latin1(value.as_bytes())).unwrap_or_default();
        self.body_of_type(&content_type, bytes, is_request)
    }

    fn body_of_type(
        &self,
        content_type: &str,
        bytes: &[u8],
        is_request: bool,
    ) -> Option<RecordedBody> {
        if let Some(boundary) = boundary_of(content_type)
            && let Some(parts) = parts(bytes, boundary)
        {
            let written = self.parts(&parts, if is_request { BOUNDARY } else { boundary });
            let body = RecordedBody::new(&written)?;
            return Some(self.masked(body, false, &mut Vec::new()));
        }
        if is_lines(content_type)
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            let body = RecordedBody::new(self.lines(text, &mut Vec::new()).as_bytes())?;
            return Some(self.masked(body, false, &mut Vec::new()));
        }
        let is_form = content_type.starts_with("application/x-www-form-urlencoded");
        let charset = content_type.split_once("charset=").map(|(_, rest)| {
            let end = rest.find(';').unwrap_or(rest.len());
            rest[..end].trim().trim_matches('"')
        });
        let body = self.recoded(bytes, charset).or_else(|| RecordedBody::new(bytes));
        body.map(|body| self.masked(body, is_form, &mut Vec::new()))
    }

    /// Parts, each masked as what it is and by its name.
    fn parts(&self, parts: &[PartText<'_>], boundary: &str) -> Vec<u8> {
        let mut out = Vec::new();
        for part in parts {
            let named = part.name().is_some_and(|name| self.is_secret_parameter(name, false));
            let content = match named && !part.content.is_empty() {
                true => MASK.as_bytes().into(),
                false => {
                    let content_type = part.header("content-type").unwrap_or_default();
                    let body = self.body_of_type(content_type, part.content, false);
                    body.map(|body| body.bytes()).unwrap_or_default()
                }
            };
            out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
            if !part.head.is_empty() {
                out.extend_from_slice(self.text(part.head).as_bytes());
                out.extend_from_slice(b"\r\n");
            }
            out.extend_from_slice(b"\r\n");
            out.extend_from_slice(&content);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        out
    }

    /// Lines of JSON, each masked as a value.
    fn lines(&self, text: &str, found: &mut Found) -> String {
        let mut out = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            let bare = line.trim_end_matches(['\r', '\n']);
            if let Some(body) = RecordedBody::new(bare.as_bytes()) {
                let masked = self.masked(body, false, found).bytes();
                out.push_str(&String::from_utf8_lossy(&masked));
            }
            out.push_str(&line[bare.len()..]);
        }
        out
    }

    /// A body in which secrets stand in another character set than UTF-8.
    fn recoded(&self, bytes: &[u8], charset: Option<&str>) -> Option<RecordedBody> {
        match recoded::masked(bytes, charset, &|text| self.text(text)) {
            Recoded::None => None,
            Recoded::Masked(bytes) => RecordedBody::new(&bytes),
            Recoded::Hidden => Some(RecordedBody::Text(MASK.to_owned())),
        }
    }

    /// The beginning of a body: what may be the beginning of a secret at its end is masked too.
    fn beginning(&self, bytes: &Bytes) -> Option<RecordedBody> {
        let redact = |text: &str| {
            let shown = self.redactor.redact_beginning(text.as_bytes());
            String::from_utf8_lossy(&shown).into_owned()
        };
        let body = match recoded::masked(bytes, None, &redact) {
            Recoded::None => RecordedBody::new(&self.redactor.redact_beginning(bytes))?,
            Recoded::Masked(bytes) => RecordedBody::new(&bytes)?,
            Recoded::Hidden => RecordedBody::Text(MASK.to_owned()),
        };
        Some(self.masked(body, false, &mut Vec::new()))
    }

    pub(super) fn masked(
        &self,
        body: RecordedBody,
        is_form: bool,
        found: &mut Found,
    ) -> RecordedBody {
        match body {
            RecordedBody::Json { value, layout, newline } => {
                let value = self.value(value, found);
                let body = RecordedBody::Json { value, layout, newline };
                self.again(body)
            }
            RecordedBody::Text(text) if is_form => {
                self.parameters(&text, found);
                // A secret may hold an ampersand.
                RecordedBody::Text(self.parameters(&self.text(&text), &mut Vec::new()))
            }
            // UTF-16 without accents is UTF-8 too, of a kind.
            RecordedBody::Text(text) if text.contains('\0') => self
                .recoded(text.as_bytes(), None)
                .unwrap_or_else(|| RecordedBody::Text(self.text(&text))),
            RecordedBody::Text(text) => match cardhost_core::value::text::read(&text) {
                Ok(value) => {
                    let masked = self.value(value, found);
                    let shown = self.text(&text);
                    // Masking the text leaves its escapes as they are, where it masks as much and leaves JSON.
                    if cardhost_core::value::text::read(&shown).is_ok_and(|value| value == masked) {
                        return RecordedBody::Text(shown);
                    }
                    let (layout, newline) = Default::default();
                    self.again(RecordedBody::Json { value: masked, layout, newline })
                }
                Err(_) => RecordedBody::Text(self.text(&text)),
            },
            RecordedBody::Bytes(bytes) => self.recoded(&bytes, None).unwrap_or_else(|| {
                RecordedBody::Bytes(self.redactor.redact_bytes(&bytes).into_owned().into())
            }),
        }
    }

    /// A body whose values are masked, looked at as text once more: a secret may reach over several of them.
    fn again(&self, body: RecordedBody) -> RecordedBody {
        let bytes = body.bytes();
        match self.redactor.redact_bytes(&bytes) {
            Cow::Borrowed(_) => body,
            Cow::Owned(masked) if *masked == *bytes => body,
            Cow::Owned(masked) => RecordedBody::Text(String::from_utf8_lossy(&masked).into_owned()),
        }
    }

    fn value(&self, value: Value, found: &mut Found) -> Value {
        match value {
            Value::Array(items) => {
                Value::Array(items.into_iter().map(|item| self.value(item, found)).collect())
            }
            Value::Object(map) => {
                let entries = map.into_iter().map(|(key, value)| {
                    let named = self.is_secret_name(&plain_name(&key));
                    let value = match value {
                        Value::String(text) if named && !text.is_empty() => {
                            follow(found, &text);
                            Value::String(MASK.to_owned())
                        }
                        other => self.value(other, found),
                    };
                    (self.text(&key), value)
                });
                Value::Object(entries.collect())
            }
            Value::String(text) if self.caution == Caution::Guessed && is_jwt(&text) => {
                follow(found, &text);
                Value::String(MASK.to_owned())
            }
            scalar => self.redactor.redact_value(scalar),
        }
    }

    /// Credentials in a request and its reply that are known by their names alone.
    pub(super) fn found(&self, headers: [&HeaderMap; 2], bodies: [&[u8]; 2], url: &str) -> Found {
        let mut found = Vec::new();
        if let Some((_, query)) = url.split_once('?') {
            self.parameters(query, &mut found);
        }
        for (headers, bytes) in headers.into_iter().zip(bodies) {
            for (name, value) in headers {
                self.header(name.as_str(), &latin1(value.as_bytes()), &mut found);
            }
            let content_type = headers.get(http::header::CONTENT_TYPE);
            let content_type = content_type.map(|value| latin1(value.as_bytes()));
            self.found_in(&content_type.unwrap_or_default(), bytes, &mut found);
        }
        found
    }

    fn found_in(&self, content_type: &str, bytes: &[u8], found: &mut Found) {
        if let Some(boundary) = boundary_of(content_type)
            && let Some(parts) = parts(bytes, boundary)
        {
            for part in parts {
                if part.name().is_some_and(|name| self.is_secret_parameter(name, false)) {
                    follow(found, &String::from_utf8_lossy(part.content));
                } else {
                    let content_type = part.header("content-type").unwrap_or_default();
                    self.found_in(content_type, part.content, found);
                }
            }
            return;
        }
        if is_lines(content_type)
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            self.lines(text, found);
            return;
        }
        let is_form = content_type.starts_with("application/x-www-form-urlencoded");
        if let Some(body) = RecordedBody::new(bytes) {
            self.masked(body, is_form, found);
        }
    }

    /// An exchange that was masked before, with more secrets.
    pub(super) fn mask_again(&self, exchange: &mut super::Exchange) {
        let super::Exchange { request, reply } = exchange;
        request.url = self.text(&request.url);
        for headers in [&mut request.headers, &mut reply.headers] {
            for value in headers.0.values_mut().flatten() {
                *value = self.text(value);
            }
        }
        for body in [&mut request.body, &mut reply.body].into_iter().flatten() {
            *body = self.masked(body.clone(), false, &mut Vec::new());
        }
    }
}

/// What is recorded of a body with files that are read while it is sent: their sizes in their places.
fn stand_in(pieces: &[Piece]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Bytes(bytes) => out.extend_from_slice(bytes),
            Piece::File(file) => {
                out.extend_from_slice(format!("[file of {} bytes]", file.size).as_bytes());
            }
        }
    }
    out
}

/// Whether a body is one JSON value a line.
fn is_lines(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.ends_with("ndjson") || essence.ends_with("jsonl") || essence.ends_with("jsonlines")
}

fn is_authorization(name: &str) -> bool {
    matches!(name, "authorization" | "proxy-authorization")
}

/// Credentials as their scheme and a mask. A first word that is no scheme may be half a secret.
fn authorization(value: &str, found: &mut Found) -> String {
    const SCHEMES: [&str; 12] = [
        "basic",
        "bearer",
        "digest",
        "oauth",
        "token",
        "apikey",
        "negotiate",
        "hawk",
        "hmac",
        "aws4-hmac-sha256",
        "sharedkey",
        "hoba",
    ];
    match value.split_once(' ') {
        Some((scheme, rest)) if SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()) => {
            follow(found, rest.trim());
            format!("{scheme} {MASK}")
        }
        _ => {
            follow(found, value);
            MASK.to_owned()
        }
    }
}

/// Whether a header's name says that it holds a credential; `name` is in lower case.
pub(super) fn is_secret_header(name: &str) -> bool {
    // What CORS says about credentials is none.
    if name.starts_with("access-control-") {
        return false;
    }
    const WORDS: [&str; 8] =
        ["token", "secret", "password", "apikey", "credential", "credentials", "session", "jwt"];
    const ENDS: [&str; 4] = ["api-key", "access-key", "auth-key", "private-key"];
    name.split(['-', '_']).any(|word| WORDS.contains(&word))
        || ENDS.iter().any(|end| name.ends_with(end))
}

/// A name in lower case without what joins its words.
fn plain_name(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a text looks like a signed token (RFC 7519).
fn is_jwt(text: &str) -> bool {
    let is_piece = |piece: &str| {
        piece.len() >= 8
            && piece.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    text.starts_with("eyJ") && text.split('.').count() == 3 && text.split('.').all(is_piece)
}

/// The name of a header, where it is one.
pub(super) fn header_name(name: &str) -> Option<HeaderName> {
    HeaderName::from_bytes(name.as_bytes()).ok()
}
