//! Body and headers of a request.

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use super::fault::{PlanFault, RequestPart};
use super::limits::MAX_BODY_BYTES;
use super::multipart::{multipart, parts_of};
use super::url::{is_missing_whole, parameters, push_form, source_field};
use super::warning::Warning;
use crate::card::{Card, ReplyBody};
use crate::encoding::xml_text;
use crate::file::{FileValue, OpenedFile};
use crate::inject::header::{HeaderFault, push_header};
use crate::parameters::ParameterEncoding;
use crate::request::{Body, BodyKind, Content, Piece};
use crate::template::{
    MAX_RENDERED_BYTES, Part, Scope, Template, TemplateValueError, ValueTemplate, part_text,
    quoted_expression,
};
use crate::value::type_name;

/// The body, with its content type; within the length that the card says.
pub(super) fn body(
    given: (&Card, ParameterEncoding),
    opened: &[OpenedFile],
    scope: &dyn Scope,
    warnings: &mut Vec<Warning>,
) -> Result<Option<(Body, HeaderValue)>, PlanFault> {
    let made = made(given, opened, scope, warnings)?;
    let most = given.0.request.body.as_ref().and_then(|body| body.max_bytes);
    match (&made, most) {
        (Some((body, _)), Some(limit)) if body.size() > limit => {
            Err(PlanFault::BodyTooLong { limit })
        }
        _ => Ok(made),
    }
}

fn made(
    (card, encoding): (&Card, ParameterEncoding),
    opened: &[OpenedFile],
    scope: &dyn Scope,
    warnings: &mut Vec<Warning>,
) -> Result<Option<(Body, HeaderValue)>, PlanFault> {
    let Some(template) = &card.request.body else {
        return Ok(None);
    };
    let part = RequestPart::Body;
    let fail = |error| PlanFault::Template { part, error };
    let (kind, bytes) = if let Some(json) = &template.json {
        if is_missing_whole(json, scope) {
            return Ok(None);
        }
        let Some(value) = json.value(scope).map_err(fail)? else {
            return Ok(None);
        };
        (BodyKind::Json, Bytes::from(value.to_string()))
    } else if let Some(items) = &template.ndjson {
        let Some(lines) = ndjson(items, scope)? else {
            return Ok(None);
        };
        (BodyKind::Ndjson, Bytes::from(lines))
    } else if let Some(parts) = &template.multipart {
        if is_missing_whole(parts, scope) {
            return Ok(None);
        }
        let Some(value) = parts.value(scope).map_err(fail)? else {
            return Ok(None);
        };
        let content_type = template.content_type.as_deref();
        return multipart(parts_of(value)?, content_type, opened, scope).map(Some);
    } else if let Some(file) = &template.file {
        let value =
            if is_missing_whole(file, scope) { None } else { file.value(scope).map_err(fail)? };
        return match value {
            None | Some(Value::Null) => Ok(None),
            Some(value) => of_file(value, template.content_type.as_deref(), opened).map(Some),
        };
    } else if let Some(form) = &template.form {
        let Some(map) = parameters(form, part, scope)? else {
            return Ok(None);
        };
        let mut out = String::new();
        push_form(&map, (part, encoding), form, &mut out, warnings)?;
        (BodyKind::Form, Bytes::from(out))
    } else if let Some(xml) = &template.xml {
        (BodyKind::Xml, Bytes::from(escaped(xml, scope)?))
    } else if let Some(text) = &template.text {
        let Some(text) = text.text(scope).map_err(fail)? else {
            return Ok(None);
        };
        (BodyKind::Text, Bytes::from(text.into_owned()))
    } else {
        return Ok(None);
    };
    if bytes.len() > MAX_BODY_BYTES {
        return Err(PlanFault::BodyTooLong { limit: MAX_BODY_BYTES as u64 });
    }
    let content_type = match &template.content_type {
        Some(text) => crate::inject::header::header_value("content-type", text)
            .map_err(|_| PlanFault::ContentType)?,
        None => HeaderValue::from_static(kind.content_type()),
    };
    let body = Body { coding: template.content_encoding, ..Body::new(kind, bytes) };
    Ok(Some((body, content_type)))
}

/// The items of a list, each a line of JSON; `None` where the list is left out.
fn ndjson(items: &ValueTemplate, scope: &dyn Scope) -> Result<Option<String>, PlanFault> {
    if is_missing_whole(items, scope) {
        return Ok(None);
    }
    let part = RequestPart::Body;
    let value = items.value(scope).map_err(|error| PlanFault::Template { part, error })?;
    let items = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(items)) => items,
        Some(other) => return Err(PlanFault::NotAList { found: type_name(&other) }),
    };
    let mut lines = String::new();
    for item in items {
        lines.push_str(&item.to_string());
        lines.push('\n');
        if lines.len() > MAX_BODY_BYTES {
            return Err(PlanFault::BodyTooLong { limit: MAX_BODY_BYTES as u64 });
        }
    }
    Ok(Some(lines))
}

/// A file as the whole body.
fn of_file(
    value: Value,
    content_type: Option<&str>,
    opened: &[OpenedFile],
) -> Result<(Body, HeaderValue), PlanFault> {
    let file =
        FileValue::read(value, opened).map_err(|fault| PlanFault::File { field: None, fault })?;
    let kind = BodyKind::File;
    let media_type = content_type.or(file.content_type.as_deref());
    let content_type = crate::inject::header::header_value(
        "content-type",
        media_type.unwrap_or(kind.content_type()),
    )
    .map_err(|_| PlanFault::ContentType)?;
    let content = match file.content {
        Piece::Bytes(bytes) if bytes.len() > MAX_BODY_BYTES => {
            return Err(PlanFault::BodyTooLong { limit: MAX_BODY_BYTES as u64 });
        }
        Piece::Bytes(bytes) => Content::Bytes(bytes),
        file @ Piece::File(_) => Content::Pieces([file].into()),
    };
    Ok((Body { kind, content, coding: None, parts: None }, content_type))
}

/// XML with its values escaped; what is optional and has none is empty.
fn escaped(template: &Template, scope: &dyn Scope) -> Result<String, PlanFault> {
    let part = RequestPart::Body;
    let fail = |error| PlanFault::Template { part, error };
    let mut out = String::new();
    for piece in template.usable_parts().map_err(fail)? {
        if let Part::Text(text) = piece {
            out.push_str(text);
            continue;
        }
        let text = part_text(piece, scope).map_err(fail)?;
        let unfit =
            || TemplateValueError::NotXml { expression: quoted_expression(&piece.source()) };
        out.push_str(&xml_text(&text).ok_or_else(unfit).map_err(fail)?);
        if out.len() > MAX_RENDERED_BYTES {
            return Err(fail(TemplateValueError::TooLong));
        }
    }
    Ok(out)
}

/// The content codings that a transport undoes.
const CODINGS: &str =
    if cfg!(feature = "zstd") { "gzip, br, deflate, zstd" } else { "gzip, br, deflate" };

pub(super) fn headers(
    (card, above): (&Card, [Option<&ValueTemplate>; 2]),
    body: Option<&(Body, HeaderValue)>,
    scope: &dyn Scope,
) -> Result<HeaderMap, PlanFault> {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    // What is kept as a file is what the service has, and is not taken out of a coding piece by piece.
    let codings = match card.response.body {
        ReplyBody::Decoded => CODINGS,
        ReplyBody::File => "identity",
    };
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(codings));
    headers.insert(
        USER_AGENT,
        HeaderValue::from_static(concat!("cardhost/", env!("CARGO_PKG_VERSION"))),
    );
    if let Some((_, content_type)) = body {
        headers.insert(CONTENT_TYPE, content_type.clone());
    }
    if let Some(coding) = body.and_then(|(body, _)| body.coding) {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.as_str()));
    }
    for template in above.into_iter().flatten().chain(&card.request.headers) {
        overlay(template, &mut headers, scope)?;
    }
    Ok(headers)
}

/// Puts the headers that a template gives in place of those that are there; null takes one away.
fn overlay(
    template: &ValueTemplate,
    headers: &mut HeaderMap,
    scope: &dyn Scope,
) -> Result<(), PlanFault> {
    let Some(map) = parameters(template, RequestPart::Headers, scope)? else {
        return Ok(());
    };
    let refused = |fault| PlanFault::Header { field: source_field(template), fault };
    let mut given = HeaderMap::new();
    for (name, value) in &map {
        let items = match value {
            Value::Null => {
                headers.remove(name);
                continue;
            }
            Value::Array(items) => items.as_slice(),
            value => std::slice::from_ref(value),
        };
        for item in items {
            let text = crate::template::scalar_text(item).ok_or_else(|| {
                refused(HeaderFault::Type { name: name.clone(), found: type_name(item) })
            })?;
            push_header(name, &text, &mut given).map_err(refused)?;
        }
    }
    for name in given.keys() {
        headers.remove(name);
    }
    let mut last = None;
    for (name, value) in given {
        if name.is_some() {
            last = name;
        }
        if let Some(name) = &last {
            headers.append(name.clone(), value);
        }
    }
    Ok(())
}
