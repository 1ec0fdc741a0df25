//! What stands in a case for secrets.

use serde_json::{Map, Value};

use cardhost_core::connection::{Connection, ConnectionValue};
use cardhost_core::connector::Connector;
use cardhost_core::secret::{MASK, Redactor};

/// The fields of a connection without its secrets.
#[must_use]
pub fn connection_stand_ins(
    connector: &Connector,
    connection: &Connection,
    redactor: &Redactor,
) -> Map<String, Value> {
    let labels = connector.connection.fields.keys();
    let fields = labels.filter_map(|label| {
        let value = match connection.get(label)? {
            ConnectionValue::Secret(_) => Value::String(MASK.to_owned()),
            ConnectionValue::Plain(value) => stand_in(value.clone(), redactor),
        };
        Some((label.clone(), value))
    });
    fields.collect()
}

/// A value without its secrets, of the same shape: sensitive texts are masked, sensitive numbers 0.
#[must_use]
pub fn stand_in(value: Value, redactor: &Redactor) -> Value {
    match value {
        Value::Number(number) => match redactor.redact(number.as_str()) == number.as_str() {
            true => Value::Number(number),
            false => Value::from(0),
        },
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| stand_in(item, redactor)).collect())
        }
        Value::Object(map) => {
            let entries = map.into_iter();
            let shown = |key: String| redactor.redact(&key).into_owned();
            let entries = entries.map(|(key, value)| (shown(key), stand_in(value, redactor)));
            Value::Object(entries.collect())
        }
        scalar => redactor.redact_value(scalar),
    }
}
