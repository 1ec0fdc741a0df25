//! Sending a request of a flow itself, with the proof of who asks.
//!
//! As for a card: a token that is no longer good is renewed once, a challenge answered once, and once more where only the
//! server's nonce had become too old.

use std::sync::Arc;

use cardhost_core::auth::AuthFault;
use cardhost_core::call::Treatment;
use cardhost_core::failure::Error;
use cardhost_core::moment::Moment;
use cardhost_core::plan::PlanFault;
use cardhost_core::request::RequestSpec;
use cardhost_core::response::Reply;
use cardhost_core::secret::Secret;
use cardhost_core::transport_fault::{ExchangeFault, TransportFault};
use cardhost_flow::Proof;

use crate::entropy::moment;
use crate::host::Host;
use crate::token::Wanted;
use crate::transport::Transport;

/// Most answers to challenges.
const MOST_ANSWERS: u8 = 2;

/// Sends one request, as often as its proof needs.
pub(super) struct Sender<'s> {
    host: &'s Host,
    transport: &'s dyn Transport,
    treatment: Treatment,
    proof: Option<Proof>,
}

impl<'s> Sender<'s> {
    pub(super) fn new(
        host: &'s Host,
        transport: &'s dyn Transport,
        treatment: Treatment,
        proof: Option<Proof>,
    ) -> Sender<'s> {
        Sender { host, transport, treatment, proof }
    }

    /// The last reply. The request learns what must not be shown.
    pub(super) async fn send(&mut self, request: &mut RequestSpec) -> Result<Reply, Error> {
        let Some((proof, pending)) =
            self.proof.as_ref().and_then(|proof| Some((proof, proof.pending.as_ref()?)))
        else {
            return self.sent(request).await;
        };
        let mut token = match pending.renew_on() {
            Some(_) => Some(self.token(proof, None).await?),
            None => None,
        };
        let (mut renewed, mut answered) = (false, 0);
        let mut signed = request.clone();
        let now = self.now()?;
        let derived = pending.sign(&mut signed, token.as_ref(), &now);
        learn(request, token.iter().cloned().chain(self.applied(request, derived)?));
        loop {
            signed.redactor = Arc::clone(&request.redactor);
            let reply = self.sent(&signed).await?;
            let is_refused =
                pending.renew_on().is_some_and(|statuses| statuses.contains(&reply.status));
            let now = self.now()?;
            let mut next = request.clone();
            if is_refused && !renewed {
                renewed = true;
                token = Some(self.token(proof, token.take()).await?);
                let derived = pending.sign(&mut next, token.as_ref(), &now);
                learn(request, token.iter().cloned().chain(self.applied(request, derived)?));
            } else if reply.status == 401 && pending.answers() {
                let derived = pending.sign(&mut next, token.as_ref(), &now);
                let derived = self.applied(request, derived)?;
                let answer = pending.answer(&reply.headers, &mut next, &now);
                let answer = self.applied(request, answer)?;
                let may = |stale| answered == 0 || (stale && answered < MOST_ANSWERS);
                let Some(answer) = answer.filter(|answer| may(answer.stale)) else {
                    return Ok(reply);
                };
                answered += 1;
                learn(request, derived.into_iter().chain(answer.derived));
            } else {
                return Ok(reply);
            }
            signed = next;
        }
    }

    async fn sent(&self, request: &RequestSpec) -> Result<Reply, Error> {
        let reply = self.transport.send(request, self.treatment).await;
        reply.map_err(|fault| failed(request, fault))
    }

    async fn token(&self, proof: &Proof, refused: Option<Secret>) -> Result<Secret, Error> {
        let slot =
            self.host.token_slot(proof.connection.fingerprint(&proof.identity), &proof.method);
        let wanted = Wanted {
            connector: Arc::clone(&proof.connector),
            method: proof.method.clone(),
            connection: Arc::clone(&proof.connection),
            refused,
        };
        self.host.renewer().token(&slot, wanted).await
    }

    fn now(&self) -> Result<Moment, Error> {
        let renewer = self.host.renewer();
        moment(&*renewer.clock, &*renewer.entropy)
    }

    fn applied<T>(&self, request: &RequestSpec, made: Result<T, AuthFault>) -> Result<T, Error> {
        made.map_err(|fault| {
            let method = self.proof.as_ref().map(|proof| proof.method.clone());
            let fault = PlanFault::Auth { method: method.unwrap_or_default(), fault };
            Error::from(fault).redacted_by(&request.redactor)
        })
    }
}

/// A request that got no whole reply.
pub(super) fn failed(request: &RequestSpec, fault: TransportFault) -> Error {
    let origin = request.url.origin().ascii_serialization();
    Error::from(ExchangeFault { origin, fault }).redacted_by(&request.redactor)
}

fn learn(request: &mut RequestSpec, secrets: impl Iterator<Item = Secret>) {
    request.redactor = Arc::new(request.redactor.with(secrets));
}
