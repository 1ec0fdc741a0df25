//! HTTP archives (HAR 1.2) as cassettes: requests and replies only, credentials masked by name and by look.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use super::CassetteFault;
use super::mask::{Caution, Mask, header_name, is_secret_header};
use super::{
    Cassette, Exchange, FormatVersion, Headers, Ignore, Order, RecordedBody, RecordedReply,
    RecordedRequest,
};
use cardhost_core::error::Place;
use cardhost_core::failure::Error;
use cardhost_core::secret::{Redactor, Secret};

/// Headers that a browser adds of its own, and those that belong to one connection.
const BROWSERS: [&str; 20] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "content-length",
    "cookie",
    "dnt",
    "host",
    "if-modified-since",
    "if-none-match",
    "origin",
    "pragma",
    "priority",
    "referer",
    "te",
    "transfer-encoding",
    "upgrade-insecure-requests",
    "user-agent",
    "x-requested-with",
];

/// One exchange as the archive has it.
struct Entry {
    method: String,
    url: String,
    headers: HeaderMap,
    body: Vec<u8>,
    status: u16,
    reply_headers: HeaderMap,
    reply_body: Vec<u8>,
}

/// What is made of an HTTP archive.
#[derive(Debug)]
pub struct Imported {
    /// The exchanges that could be read.
    pub cassette: Cassette,
    /// Why other entries, or parts of them, are left out: `cassette.syntax` with a pointer each.
    pub left_out: Vec<Error>,
}

/// Makes a cassette of an HTTP archive. Requests may come in any order; what a browser adds is left out and not
/// compared. An entry that cannot be read is left out and told. `file` is the archive's name in errors.
///
/// # Errors
/// `cassette.syntax`, with line and column or a pointer, where it is no archive or none of its entries can be read.
pub fn from_har(file: &str, text: &str) -> Result<Imported, Error> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let place = || Place { file: file.to_owned(), ..Place::default() };
    let archive = cardhost_core::value::parse(text).map_err(|error| {
        let reason = cardhost_core::value::reason(&error);
        let line_column = Some((error.line(), error.column()));
        Error::from(CassetteFault::Har { reason }).at(Place { line_column, ..place() })
    })?;
    let fault = |pointer: String, reason: String| {
        Error::from(CassetteFault::Har { reason }).at(Place { pointer, ..place() })
    };
    let listed = archive.pointer("/log/entries").and_then(Value::as_array);
    let listed = listed.ok_or_else(|| {
        fault("/log/entries".to_owned(), "a list of entries is expected".to_owned())
    })?;
    let (mut entries, mut left_out) = (Vec::new(), Vec::new());
    for (index, value) in listed.iter().enumerate() {
        let mut told = |(below, reason): EntryFault| {
            left_out.push(fault(format!("/log/entries/{index}{below}"), reason.to_owned()));
        };
        match entry(value, &mut told) {
            Ok(read) => entries.extend(read),
            Err(unfit) => told(unfit),
        }
    }
    if entries.is_empty() && !left_out.is_empty() {
        return Err(left_out.swap_remove(0));
    }
    let mut known = Redactor::new();
    let by_name = Mask { redactor: &Redactor::new(), caution: Caution::Guessed };
    for entry in &entries {
        let bodies = [&*entry.body, &*entry.reply_body];
        let found = by_name.found([&entry.headers, &entry.reply_headers], bodies, &entry.url);
        found.into_iter().for_each(|secret| known.add(secret));
        let basic = entry.headers.get("authorization").and_then(|value| value.to_str().ok());
        for secret in basic.and_then(basic_password).into_iter().flatten() {
            known.add(secret);
        }
    }
    let mask = Mask { redactor: &known, caution: Caution::Guessed };
    let started = archive.pointer("/log/entries/0/startedDateTime").and_then(Value::as_str);
    let started = started.and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let started = started.and_then(|at| jiff::Timestamp::from_second(at.as_second()).ok());
    let mut ignored: Vec<String> = BROWSERS.iter().map(|name| (*name).to_owned()).collect();
    // A connection has its own credentials, and perhaps in another place.
    ignored.push("authorization".to_owned());
    for name in entries.iter().flat_map(|entry| entry.headers.keys()) {
        if is_secret_header(name.as_str()) && !ignored.iter().any(|known| known == name.as_str()) {
            ignored.push(name.as_str().to_owned());
        }
    }
    let cassette = Cassette {
        schema: None,
        cassette: FormatVersion,
        cardhost: Some(env!("CARGO_PKG_VERSION").to_owned()),
        card: None,
        flow: None,
        recorded_at: started.map(|at| at.to_string()),
        seed: None,
        order: Order::Any,
        ignore: Ignore { headers: ignored, ..Ignore::default() },
        exchanges: entries.iter().map(|entry| exchange(entry, &mask)).collect(),
    };
    Ok(Imported { cassette, left_out })
}

/// The secrets of Basic credentials (RFC 7617).
fn basic_password(value: &str) -> Option<[Secret; 2]> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = pair.split_once(':')?;
    // Some services take the secret as the user.
    let user = if password.is_empty() { user } else { "" };
    Some([Secret::from(user), Secret::from(password)])
}

type EntryFault = (&'static str, &'static str);

/// One entry; `None` where it went to no service. What of it is left out is `told`.
fn entry(value: &Value, told: &mut dyn FnMut(EntryFault)) -> Result<Option<Entry>, EntryFault> {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    let method = text("/request/method").ok_or(("/request/method", "text is expected"))?;
    let url = text("/request/url").ok_or(("/request/url", "text is expected"))?;
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Ok(None);
    }
    if value.get("response").is_none_or(Value::is_null) {
        return Err(("", "it has no reply"));
    }
    // Some tools write text. What was blocked or broken off has 0 or -1.
    let status = match value.pointer("/response/status") {
        Some(Value::String(text)) => text.trim().parse::<i64>().ok(),
        number => number.and_then(Value::as_i64),
    };
    let status = status.ok_or(("/response/status", "a number is expected"))?;
    let status = u16::try_from(status).ok().filter(|status| (100..=999).contains(status));
    let status = status.ok_or(("/response/status", "it has no reply"))?;
    let content = text("/response/content/text").unwrap_or_default();
    let reply_body = match text("/response/content/encoding") {
        // Some break it into lines, and some call a text so that is none.
        Some(encoding) if encoding.eq_ignore_ascii_case("base64") => {
            let bare: String = content.split_ascii_whitespace().collect();
            STANDARD.decode(bare).unwrap_or_else(|_| content.as_bytes().to_vec())
        }
        _ => content.as_bytes().to_vec(),
    };
    Ok(Some(Entry {
        method: method.to_owned(),
        url: url.split('#').next().unwrap_or_default().to_owned(),
        headers: headers(value.pointer("/request/headers")),
        body: post_data(value.pointer("/request/postData"), told),
        status,
        reply_headers: headers(value.pointer("/response/headers")),
        reply_body,
    }))
}

/// What was sent: its text, or its parameters where an archive has only them.
fn post_data(data: Option<&Value>, told: &mut dyn FnMut(EntryFault)) -> Vec<u8> {
    let Some(data) = data else { return Vec::new() };
    let text = data.get("text").and_then(Value::as_str).unwrap_or_default();
    if !text.is_empty() {
        return text.as_bytes().to_vec();
    }
    let Some(parameters) = data.get("params").and_then(Value::as_array) else { return Vec::new() };
    let kind = data.get("mimeType").and_then(Value::as_str).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        _ if parameters.is_empty() => return Vec::new(),
        "application/x-www-form-urlencoded" | "" => {}
        "multipart/form-data" => {
            return multipart(kind, parameters).unwrap_or_else(|| {
                told((
                    "/request/postData/mimeType",
                    "its boundary is expected; the body is left out",
                ));
                Vec::new()
            });
        }
        _ => {
            told(("/request/postData/params", "they are no body of this type; it is left out"));
            return Vec::new();
        }
    }
    let pairs = parameters.iter().filter_map(|pair| {
        let value = pair.get("value").and_then(Value::as_str).unwrap_or_default();
        Some((pair.get("name")?.as_str()?, value))
    });
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()
}

/// The parts of a form (RFC 7578), between the boundary of its type.
fn multipart(kind: &str, parameters: &[Value]) -> Option<Vec<u8>> {
    let boundary = kind.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
    });
    let boundary = boundary.filter(|boundary| !boundary.is_empty())?;
    let mut body = String::new();
    for part in parameters {
        let text = |key: &str| part.get(key).and_then(Value::as_str);
        // Names as browsers write them (the HTML standard, multipart/form-data encoding).
        let quoted =
            |text: &str| text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
        let name = quoted(text("name")?);
        body.push_str(&format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\""));
        if let Some(file) = text("fileName") {
            body.push_str(&format!("; filename=\"{}\"", quoted(file)));
        }
        body.push_str("\r\n");
        if let Some(kind) = text("contentType") {
            body.push_str(&format!("Content-Type: {kind}\r\n"));
        }
        body.push_str(&format!("\r\n{}\r\n", text("value").unwrap_or_default()));
    }
    body.push_str(&format!("--{boundary}--\r\n"));
    Some(body.into_bytes())
}

/// The headers; HTTP/2's own (`:method`) are no headers.
fn headers(list: Option<&Value>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for header in list.and_then(Value::as_array).into_iter().flatten() {
        let text = |key: &str| header.get(key).and_then(Value::as_str);
        let (Some(name), Some(value)) = (text("name").and_then(header_name), text("value")) else {
            continue;
        };
        // Firefox joins several values with line ends.
        for value in value.split('\n') {
            if let Ok(value) = HeaderValue::from_bytes(value.trim().as_bytes()) {
                headers.append(name.clone(), value);
            }
        }
    }
    headers
}

fn exchange(entry: &Entry, mask: &Mask<'_>) -> Exchange {
    let shown = |headers: &HeaderMap, left_out: &[&str]| {
        let mut shown = Headers::default();
        for (name, value) in headers {
            let name = name.as_str();
            if !left_out.contains(&name) && !name.starts_with("sec-") {
                let text = cardhost_core::response::latin1(value.as_bytes());
                shown.push(name, mask.header(name, &text, &mut Vec::new()));
            }
        }
        shown
    };
    let body = |headers: &HeaderMap, bytes: &[u8]| {
        let content_type = headers.get(http::header::CONTENT_TYPE);
        let form = content_type.is_some_and(|value| {
            value.as_bytes().starts_with(b"application/x-www-form-urlencoded")
        });
        RecordedBody::new(bytes).map(|body| mask.masked(body, form, &mut Vec::new()))
    };
    Exchange {
        request: RecordedRequest {
            method: entry.method.clone(),
            url: mask.url(&entry.url),
            headers: shown(&entry.headers, &BROWSERS),
            body: body(&entry.headers, &entry.body),
        },
        reply: RecordedReply {
            status: Some(entry.status),
            // The content of an archive is decoded.
            headers: shown(
                &entry.reply_headers,
                &["content-encoding", "content-length", "transfer-encoding", "connection"],
            ),
            body: body(&entry.reply_headers, &entry.reply_body),
            ..RecordedReply::default()
        },
    }
}
