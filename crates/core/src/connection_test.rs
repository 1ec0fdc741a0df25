//! The request that tries a connection out, as a card.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::connector::Connector;
use crate::definition::Definition;
use crate::error::{Code, Fault};
use crate::own_request::OwnRequest;
use crate::response::{Output, OutputValue};
use crate::template::scalar_text;

/// The connector declares no test of its connections.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("connector `{connector}` declares no test of its connections")]
pub struct NoTest {
    /// The connector's name.
    pub connector: String,
}

impl Fault for NoTest {
    fn code(&self) -> Code {
        Code::CONNECTION_NO_TEST
    }

    fn hint(&self) -> Option<String> {
        let text = "its author can add one as `connection.test`; until then, run a card that reads";
        Some(text.to_owned())
    }
}

/// The test's reply does not say whose connection it is, though the connector says where that stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{target}` answered {status}, but without whose connection it is: whether it works cannot be told"
)]
pub struct NoIdentity {
    /// The target that was asked.
    pub target: String,
    /// The status of the reply.
    pub status: u16,
}

impl Fault for NoIdentity {
    fn code(&self) -> Code {
        Code::CONNECTION_NO_IDENTITY
    }

    fn hint(&self) -> Option<String> {
        Some("run a card that reads, and look at what answers".to_owned())
    }
}

/// The connector's test as a card; `None` where it declares none.
#[must_use]
pub fn definition(connector: &Arc<Connector>) -> Option<Definition> {
    let test = connector.connection.test.as_ref()?;
    let mut output = json!({ "Status Code": { "type": "number", "value": "<<response.status>>" } });
    if let Some(identity) = &test.identity {
        output["Identity"] = json!({ "type": "any", "value": identity.source() });
    }
    let request = OwnRequest {
        name: ["connection-test", "Connection test"],
        target: &test.target,
        auth: None,
        method: &test.method,
        path: &test.path,
        headers: test.headers.as_ref(),
        query: test.query.as_ref(),
        body: test.body.as_ref(),
    };
    request.definition(connector, &json!({ "Test": output }))
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
