//! Body and headers of a request.

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use super::fault::{PlanFault, RequestPart};
use super::limits::MAX_BODY_BYTES;
use super::url::{is_missing_whole, parameters, push_form, source_field};
use super::warning::Warning;
use crate::card::Card;
use crate::encoding::xml_text;
use crate::inject::header::{HeaderFault, push_header};
use crate::parameters::ParameterEncoding;
use crate::request::{Body, BodyKind};
use crate::template::{
    MAX_RENDERED_BYTES, Part, Scope, Template, TemplateValueError, ValueTemplate, part_text,
    quoted_expression,
};
use crate::value::type_name;

pub(super) fn body(
    (card, encoding): (&Card, ParameterEncoding),
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
        return Err(PlanFault::BodyTooLong);
    }
    let content_type = match &template.content_type {
        Some(text) => crate::inject::header::header_value("content-type", text)
            .map_err(|_| PlanFault::ContentType)?,
        None => HeaderValue::from_static(kind.content_type()),
    };
    Ok(Some((Body { kind, bytes }, content_type)))
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

pub(super) fn headers(
    (card, above): (&Card, [Option<&ValueTemplate>; 2]),
    body: Option<&(Body, HeaderValue)>,
    scope: &dyn Scope,
) -> Result<HeaderMap, PlanFault> {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, br, deflate"));
    headers.insert(
        USER_AGENT,
        HeaderValue::from_static(concat!("cardhost/", env!("CARGO_PKG_VERSION"))),
    );
    if let Some((_, content_type)) = body {
        headers.insert(CONTENT_TYPE, content_type.clone());
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
