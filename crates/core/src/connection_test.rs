//! The request that tries a connection out, as a card.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::card::Card;
use crate::connector::Connector;
use crate::definition::Definition;
use crate::response::{Output, OutputValue};
use crate::template::scalar_text;

/// The connector's test as a card; `None` where it declares none.
#[must_use]
pub fn definition(connector: &Arc<Connector>) -> Option<Definition> {
    let test = connector.connection.test.as_ref()?;
    let mut output = json!({ "Status Code": { "type": "number", "value": "<<response.status>>" } });
    if let Some(identity) = &test.identity {
        output["Identity"] = json!({ "type": "any", "value": identity.source() });
    }
    let card = json!({
        "format": 1, "name": "connection-test", "version": "1.0.0", "title": "Connection test",
        "request": { "target": test.target, "method": test.method, "path": test.path },
        "effect": "read",
        "output": { "Test": output },
    });
    // By its text: a value that came through here has lost nothing, and numbers need theirs.
    let card: Card = serde_json::from_str(&card.to_string()).ok()?;
    Some(Definition::new(Arc::clone(connector), card))
}

/// Whose connection it is, as the test's output says.
#[must_use]
pub fn identity(output: &Output) -> Option<String> {
    let found = match output.get("Test", "Identity")? {
        OutputValue::Value(value) => value.clone(),
        other => serde_json::to_value(other).ok()?,
    };
    match &found {
        Value::Null => None,
        value => {
            Some(scalar_text(value).map_or_else(|| value.to_string(), |text| text.into_owned()))
        }
    }
}
