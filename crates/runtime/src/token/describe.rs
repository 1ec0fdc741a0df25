//! An authorization server is asked for its description of itself.

use std::sync::Arc;

use cardhost_core::auth::{AuthFault, OAuth2};
use cardhost_core::failure::Error;
use cardhost_core::plan::PlanFault;
use cardhost_core::token::{self, Answer, GrantFault, Now, Server};

use super::renewer::{Renewer, Wanted};

impl Renewer {
    /// What the server says of itself; `None` where the definition names no issuer.
    ///
    /// # Errors
    /// `auth.token_reply` where it says nothing that can be used, and those of the transport.
    pub(crate) async fn server(
        &self,
        wanted: &Wanted,
        oauth2: &OAuth2,
    ) -> Result<Option<Arc<Server>>, Error> {
        let refused = |fault: AuthFault| {
            Error::from(PlanFault::Auth { method: wanted.method.clone(), fault })
        };
        let requests = token::server_requests(oauth2, &wanted.connection).map_err(refused)?;
        if requests.is_empty() {
            return Ok(None);
        }
        let mut statuses = Vec::new();
        for request in requests {
            let place = request.url.to_string();
            // One that a value names is not reached by what a definition has opened.
            let kept = (request.host_from, place.clone());
            let request = wanted.secured(request).map_err(refused)?;
            // Who trusts an authority of their own is told what it says, and nobody else is.
            let shared = request.tls.is_none();
            if let Some(known) = shared.then(|| self.servers.get(&kept)).flatten() {
                return Ok(Some(known));
            }
            let failed = |fault| wanted.fault(fault).redacted_by(&request.redactor);
            let reply = self.send(&request).await.map_err(failed)?;
            let here = self.unix_seconds();
            let now = Now { shared: here, here };
            let answer = Answer { reply: &reply, redactor: &request.redactor, now };
            if let Some(server) =
                token::read_server(oauth2, &wanted.connection, &answer).map_err(failed)?
            {
                let server = Arc::new(server);
                if shared {
                    self.servers.put(kept, &server);
                }
                return Ok(Some(server));
            }
            statuses.push(format!("{place} answers {}", reply.status));
        }
        let reason = format!("there is none ({})", statuses.join(", "));
        Err(wanted.fault(GrantFault::Server { reason }))
    }
}
