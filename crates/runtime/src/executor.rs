//! Drives a call: does what each step says until the call is over.

use std::time::Instant;

use cardhost_core::call::{Call, Outcome, Step};
use cardhost_core::failure::Error;

use crate::clock::Clock;
use crate::transport::Transport;

/// Runs a call to its end. Dropping the future ends the exchange and leaves nothing behind.
pub(crate) async fn drive(
    mut call: Call,
    transport: &dyn Transport,
    clock: &dyn Clock,
) -> Result<Outcome, Error> {
    let mut attempt = 1_u32;
    let since = Instant::now();
    loop {
        let mut treatment = call.treatment();
        if attempt > 1 {
            // The total limit is for the whole call, redirects included.
            treatment.total_timeout = treatment.total_timeout.saturating_sub(since.elapsed());
        }
        let sent = transport.send(call.request(), treatment).await;
        let step = match sent {
            Ok(reply) => {
                tracing::debug!(attempt, status = reply.status, bytes = reply.body.len(), "reply");
                call.on_reply(reply, clock.unix_seconds())
            }
            Err(fault) => {
                tracing::debug!(attempt, kind = ?fault.kind, "no reply");
                call.on_fault(fault)
            }
        };
        match step {
            Step::Send => attempt += 1,
            Step::Done(result) => return result,
        }
    }
}
