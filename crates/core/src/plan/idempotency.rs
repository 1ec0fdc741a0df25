//! The idempotency key of an invocation: where its card says that it goes.

use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value};

use super::fault::PlanFault;
use crate::card::Card;
use crate::inject::header::header_value;

/// Puts the key into the input that is to carry it, unless the input has a value of its own.
pub(super) fn into_input(card: &Card, key: Option<&str>, input: &mut Map<String, Value>) {
    let field = card.idempotency_key.as_ref().and_then(|declared| declared.input_field());
    let (Some((group, label)), Some(key)) = (field, key) else { return };
    let fields = input.entry(group).or_insert(Value::Null);
    if fields.is_null() {
        *fields = Value::Object(Map::new());
    }
    // A group that is no object is told by the form.
    if let Value::Object(fields) = fields {
        let field = fields.entry(label).or_insert(Value::Null);
        if field.is_null() {
            *field = Value::from(key);
        }
    }
}

/// Puts the key into the header that is to carry it, unless the request has one.
pub(super) fn into_header(
    card: &Card,
    key: Option<&str>,
    headers: &mut HeaderMap,
) -> Result<(), PlanFault> {
    let name = card.idempotency_key.as_ref().and_then(|declared| declared.header.as_ref());
    let (Some(name), Some(key)) = (name, key) else { return Ok(()) };
    let value: HeaderValue =
        header_value(&name.0, key).map_err(|fault| PlanFault::Header { field: None, fault })?;
    if let Ok(name) = http::HeaderName::from_bytes(name.0.as_bytes()) {
        headers.entry(name).or_insert(value);
    }
    Ok(())
}

/// Whether the request carries a key, where its card has a place for one; whoever calls may have given it as an input.
pub(super) fn is_keyed(card: &Card, headers: &HeaderMap, input: &Map<String, Value>) -> bool {
    let Some(declared) = &card.idempotency_key else { return false };
    let in_header = declared.header.as_ref().is_some_and(|name| headers.contains_key(&name.0));
    let in_input = declared.input_field().is_some_and(|(group, label)| {
        let field = input.get(group).and_then(|fields| fields.get(&*label));
        field.is_some_and(|value| !value.is_null())
    });
    in_header || in_input
}
