//! One JSON value a line, as a list; empty lines are passed over.

use serde_json::Value;

use super::json::fault;
use super::{DecodeFault, DecodedBody};

/// Reads the lines.
pub(super) fn list(text: &str) -> Result<DecodedBody, DecodeFault> {
    let mut items = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let item: Value = crate::value::parse(line).map_err(|error| match fault(&error) {
            DecodeFault::Json { reason, column, .. } => {
                DecodeFault::Json { reason, line: index + 1, column }
            }
            other => other,
        })?;
        items.push(item);
    }
    Ok(DecodedBody::Value(Value::Array(items)))
}
