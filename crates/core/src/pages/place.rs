//! Where in a request a value for the next page goes.

use std::fmt;

use http::{HeaderName, HeaderValue};
use percent_encoding::{percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};

use super::fault::PageFault;
use crate::encoding::UNRESERVED;
use crate::request::{BodyKind, Content, RequestSpec};
use crate::template::{scalar_text, split_segments};

/// Where in a request a value goes: `query.NAME`, `headers.NAME`, or `body.PATH` of a JSON body or a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A query parameter; it replaces the one of that name.
    Query(String),
    /// A header.
    Header(HeaderName),
    /// A value in a JSON body, by the keys that lead to it, or a field of a form.
    Body(Vec<String>),
}

impl Place {
    /// Reads a place; `None` where the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Place> {
        if let Some(name) = text.strip_prefix("query.") {
            return (!name.is_empty()).then(|| Place::Query(name.to_owned()));
        }
        if let Some(name) = text.strip_prefix("headers.") {
            return HeaderName::from_bytes(name.as_bytes()).ok().map(Place::Header);
        }
        let segments = split_segments(text.strip_prefix("body")?)?;
        (!segments.is_empty()).then_some(Place::Body(segments))
    }

    /// What a request has there, where it is a number or text.
    pub(super) fn get(&self, request: &RequestSpec) -> Option<String> {
        match self {
            Place::Query(name) => parameter(request.url.query()?, name),
            Place::Header(name) => request.headers.get(name)?.to_str().ok().map(str::to_owned),
            Place::Body(segments) => {
                let body = request.body.as_ref()?;
                let text = std::str::from_utf8(body.bytes()?).ok()?;
                match body.kind {
                    BodyKind::Form => parameter(text, segments.last()?),
                    _ => {
                        let value = crate::value::parse(text).ok()?;
                        let found = crate::value::descend(&value, segments)?;
                        scalar_text(found).map(std::borrow::Cow::into_owned)
                    }
                }
            }
        }
    }

    /// Puts a value there.
    pub(super) fn put(&self, request: &mut RequestSpec, value: &Value) -> Result<(), PageFault> {
        let fault = |reason: &str| PageFault::Next { reason: format!("`{self}` {reason}") };
        let text = || {
            let text = scalar_text(value);
            text.ok_or_else(|| fault("is neither text, a number nor true or false"))
        };
        match self {
            Place::Query(name) => {
                let query = with_parameter(request.url.query().unwrap_or(""), name, &text()?);
                request.url.set_query(Some(&query));
            }
            Place::Header(name) => {
                let value = HeaderValue::from_str(&text()?);
                let value = value.map_err(|_| fault("cannot stand in a header"))?;
                request.headers.insert(name, value);
            }
            Place::Body(segments) => {
                let Some(body) = &mut request.body else {
                    return Err(fault("has no body to stand in"));
                };
                let written = body.bytes().and_then(|bytes| std::str::from_utf8(bytes).ok());
                let written = written.unwrap_or("").to_owned();
                match (body.kind, segments.as_slice()) {
                    (BodyKind::Form, [name]) => {
                        let form = with_parameter(&written, name, &text()?);
                        body.content = Content::Bytes(form.into());
                    }
                    (BodyKind::Json, segments) => {
                        let mut whole = crate::value::parse(&written)
                            .map_err(|_| fault("cannot stand in the body"))?;
                        let inside = set(&mut whole, segments, value);
                        inside.ok_or_else(|| fault("leads through something that is no object"))?;
                        body.content = Content::Bytes(whole.to_string().into());
                    }
                    _ => return Err(fault("can stand in a JSON body or a form only")),
                }
            }
        }
        Ok(())
    }
}

/// Sets the value that keys lead to; objects on the way are made.
fn set(whole: &mut Value, segments: &[String], value: &Value) -> Option<()> {
    let Some((first, rest)) = segments.split_first() else {
        whole.clone_from(value);
        return Some(());
    };
    if whole.is_null() {
        *whole = Value::Object(Map::new());
    }
    match whole {
        Value::Object(map) => set(map.entry(first.as_str()).or_insert(Value::Null), rest, value),
        Value::Array(items) => set(items.get_mut(first.parse::<usize>().ok()?)?, rest, value),
        _ => None,
    }
}

/// The name of an encoded parameter.
fn name_of(pair: &str) -> String {
    let name = pair.split_once('=').map_or(pair, |(name, _)| name).replace('+', " ");
    percent_decode_str(&name).decode_utf8_lossy().into_owned()
}

fn parameter(query: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.into_owned())
}

/// The query with one value for a parameter; the others as they are written.
fn with_parameter(query: &str, name: &str, value: &str) -> String {
    let others = query.split('&').filter(|pair| !pair.is_empty() && name_of(pair) != name);
    let mut out: String = others.flat_map(|pair| [pair, "&"]).collect();
    out.extend(utf8_percent_encode(name, UNRESERVED));
    out.push('=');
    out.extend(utf8_percent_encode(value, UNRESERVED));
    out
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Query(name) => write!(f, "query.{name}"),
            Place::Header(name) => write!(f, "headers.{name}"),
            Place::Body(segments) => {
                f.write_str("body")?;
                segments.iter().try_for_each(|segment| match segment.contains(['.', '[', ']']) {
                    true => write!(f, ".[{segment}]"),
                    false => write!(f, ".{segment}"),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde_json::json;

    use super::*;
    use crate::request::Body;

    fn request(kind: BodyKind, body: &str) -> RequestSpec {
        let url = "https://api.example/items?a=1&page%20no=2&b=%2F".parse().unwrap();
        let mut request = RequestSpec::new(Method::POST, url);
        request.body = Some(Body::new(kind, body.to_owned()));
        request
    }

    #[test]
    fn a_value_takes_the_place_of_the_one_that_was_there() {
        let json = r#"{"query":{"size":1.10,"after":null},"list":[{"x":1}]}"#;
        for (place, value, url, body) in [
            ("query.page no", json!(3), "?a=1&b=%2F&page%20no=3", json),
            ("query.c", json!("x y+&="), "?a=1&page%20no=2&b=%2F&c=x%20y%2B%26%3D", json),
            (
                "body.query.after",
                json!("Zm9v"),
                "",
                r#"{"query":{"size":1.10,"after":"Zm9v"},"list":[{"x":1}]}"#,
            ),
            (
                "body.new.deep",
                json!(true),
                "",
                r#"{"query":{"size":1.10,"after":null},"list":[{"x":1}],"new":{"deep":true}}"#,
            ),
            (
                "body.list.0.x",
                json!([2]),
                "",
                r#"{"query":{"size":1.10,"after":null},"list":[{"x":[2]}]}"#,
            ),
        ] {
            let mut request = request(BodyKind::Json, json);
            Place::parse(place).unwrap().put(&mut request, &value).unwrap();
            if !url.is_empty() {
                assert_eq!(request.url.as_str(), format!("https://api.example/items{url}"));
            }
            assert_eq!(request.body.unwrap().bytes().unwrap(), body, "{place}");
        }
        let mut form = request(BodyKind::Form, "a=b&cursor=old");
        Place::parse("body.cursor").unwrap().put(&mut form, &json!("ä")).unwrap();
        assert_eq!(form.body.unwrap().bytes().unwrap(), "a=b&cursor=%C3%A4");
    }

    #[test]
    fn what_cannot_stand_there_is_a_fault() {
        for (place, value, kind) in [
            ("query.a", json!({}), BodyKind::Json),
            ("headers.x", json!("a\r\nb"), BodyKind::Json),
            ("body.query.size.x", json!(1), BodyKind::Json),
            ("body.list.7.x", json!(1), BodyKind::Json),
            ("body.a.b", json!(1), BodyKind::Form),
            ("body.a", json!(1), BodyKind::Text),
        ] {
            let mut request = request(kind, r#"{"query":{"size":1},"list":[]}"#);
            let place = Place::parse(place).unwrap();
            assert!(place.put(&mut request, &value).is_err(), "{place}");
        }
        for text in ["query.", "headers.a b", "body", "body.", "path.x", "x", ""] {
            assert_eq!(Place::parse(text), None, "{text}");
        }
    }
}
