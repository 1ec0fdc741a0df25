//! Drives a call: does what each step says until the call is over.

use std::time::Instant;

use cardhost_core::call::{Call, Outcome, Step};
use cardhost_core::failure::Error;
use cardhost_core::moment::Moment;
use cardhost_core::secret::Secret;

use crate::clock::Clock;
use crate::entropy::{Entropy, moment};
use crate::transport::{BoxFuture, Transport};

/// Gets the token of a call.
pub(crate) trait TokenSource: Send + Sync {
    /// A token that is good; another one than `refused`.
    fn token(&self, refused: Option<Secret>) -> BoxFuture<'_, Result<Secret, Error>>;
}

/// What a call is driven with.
#[derive(Clone, Copy)]
pub(crate) struct Driver<'a> {
    pub(crate) transport: &'a dyn Transport,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) entropy: &'a dyn Entropy,
    pub(crate) tokens: &'a dyn TokenSource,
}

impl Driver<'_> {
    /// Runs a call to its end. Dropping the future ends the exchange and leaves nothing behind.
    pub(crate) async fn drive(self, mut call: Box<Call>) -> Result<Outcome, Error> {
        let mut attempt = 1_u32;
        let since = Instant::now();
        if call.needs_signing() {
            self.sign(&mut call).await?;
        }
        loop {
            let mut treatment = call.treatment();
            if attempt > 1 {
                // The total limit is for the whole call, redirects included.
                treatment.total_timeout = treatment.total_timeout.saturating_sub(since.elapsed());
            }
            let sent = self.transport.send(call.request(), treatment).await;
            let step = match sent {
                Ok(reply) => {
                    let (status, bytes) = (reply.status, reply.body.len());
                    tracing::debug!(attempt, status, bytes, "reply");
                    call.on_reply(reply, &self.moment(&call)?)
                }
                Err(fault) => {
                    tracing::debug!(attempt, kind = ?fault.kind, "no reply");
                    call.on_fault(fault)
                }
            };
            match step {
                Step::Send => {}
                Step::Renew => self.sign(&mut call).await?,
                Step::Done(result) => return result,
            }
            attempt += 1;
        }
    }

    async fn sign(&self, call: &mut Call) -> Result<(), Error> {
        let token = match call.needs_token() {
            true => Some(self.tokens.token(call.token().cloned()).await?),
            false => None,
        };
        call.sign(token, &self.moment(call)?)
    }

    /// Now; with a random value where something is signed.
    fn moment(&self, call: &Call) -> Result<Moment, Error> {
        if call.needs_signing() {
            return moment(self.clock, self.entropy);
        }
        Ok(Moment { unix_seconds: self.clock.unix_seconds(), nonce: [0; 16] })
    }
}
