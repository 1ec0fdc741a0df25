//! The plan of a request that is there already: what is left is to prove who asks.

use std::sync::Arc;

use serde_json::Map;

use super::fault::PlanFault;
use super::planned::{Plan, Refusal};
use crate::auth::{Applying, CustomSchemes};
use crate::connection::Connection;
use crate::connector::Connector;
use crate::request::RequestSpec;
use crate::retry::Sending;
use crate::secret::Redactor;

/// Plans a request that is there already: by the connector's first auth method, if it has one, credentials are put into it.
/// What its redactor knows is kept secret as well.
///
/// # Errors
/// [`PlanFault::Auth`], where the credentials cannot be used.
pub fn plan_request(
    connector: &Connector,
    connection: &Connection,
    mut request: RequestSpec,
    sending: Sending,
) -> Result<Plan, Refusal> {
    let mut redactor = Redactor::new();
    redactor.learn(&request.redactor);
    connection.add_secrets(&mut redactor);
    let (mut auth, mut pending) = (String::new(), None);
    if let Some((name, method)) = connector.auth.first() {
        let schemes = CustomSchemes::default();
        let mut with = Applying { scope: connection, schemes: &schemes, redactor: &mut redactor };
        auth.clone_from(name);
        pending = match method.scheme().apply(&mut request, &mut with) {
            Ok(pending) => pending,
            Err(fault) => {
                let fault = PlanFault::Auth { method: auth, fault };
                let redactor = Arc::new(redactor);
                return Err(Refusal { fault, redactor, warnings: Vec::new() });
            }
        };
    }
    request.redactor = Arc::new(redactor);
    Ok(Plan {
        request,
        target: String::new(),
        base_from: String::new(),
        rendered_base: None,
        auth,
        pending,
        passed_over: Vec::new(),
        pages: None,
        retries: None,
        effect: sending.effect,
        keyed: sending.keyed,
        warnings: Vec::new(),
        timeouts: connector.timeouts,
        options: Map::new(),
        input: Map::new(),
    })
}
