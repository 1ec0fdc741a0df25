//! Tokens: got before they end, once for everybody, and stored before they are used.
//!
//! ```text
//! a good token at hand ─▶ use it
//! else  gate (one task of this process) ─▶ read the store ─▶ a good token there ─▶ use it
//!       └▶ lease in the store (one host, with a deadline) ─▶ read again ─▶ ask ─▶ store ─▶ use
//!       └▶ leased by somebody else ─▶ use the old token while it is good, or wait and read again
//! ```

mod slot;

use std::sync::Arc;
use std::time::{Duration, Instant};

use cardhost_core::auth::TokenScheme;
use cardhost_core::call::Treatment;
use cardhost_core::connection::Connection;
use cardhost_core::connector::Connector;
use cardhost_core::failure::Error;
use cardhost_core::fault::Fault;
use cardhost_core::moment::Moment;
use cardhost_core::plan::PlanFault;
use cardhost_core::request::RequestSpec;
use cardhost_core::response::{BodyEnd, Reply};
use cardhost_core::secret::Secret;
use cardhost_core::token::{self, GrantFault, Tokens};
use tracing::Instrument as _;

use crate::clock::Clock;
use crate::entropy::{Entropy, moment};
use crate::transport::{EgressPolicy, Transport};

pub(crate) use slot::{Slot, SlotLease, Slots};

/// How long one host may take to renew a token before another one may. Longer than [`TREATMENT`] allows a request to
/// take, so that nobody's request is under way when the lease ends.
pub(crate) const LEASE: Duration = Duration::from_secs(30);

/// How long the others wait for whoever renews: its lease, and a renewal of their own.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks into the store: the first, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// How often new tokens are stored before that is given up, and how long the first pause between two tries is.
const SAVE_TRIES: u32 = 6;
const SAVE_PAUSE: Duration = Duration::from_millis(100);

/// How token requests are sent: what a person waits for is over sooner than what a lease allows.
pub(crate) const TREATMENT: Treatment = Treatment {
    connect_timeout: Duration::from_secs(10),
    idle_timeout: Duration::from_secs(15),
    total_timeout: Duration::from_secs(20),
    max_body_bytes: 1024 * 1024,
};

/// Gets tokens.
pub(crate) struct Renewer {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) egress: EgressPolicy,
}

/// The token that is wanted.
#[derive(Clone)]
pub(crate) struct Wanted {
    pub(crate) connector: Arc<Connector>,
    /// The name of the auth method.
    pub(crate) method: String,
    pub(crate) connection: Arc<Connection>,
    /// A token that the service has just refused.
    pub(crate) refused: Option<Secret>,
}

impl Wanted {
    fn scheme(&self) -> Result<TokenScheme<'_>, Error> {
        let method = self.connector.auth.get(&self.method);
        method
            .and_then(|method| method.token_scheme())
            .ok_or_else(|| Error::new(Fault::Internal { what: "a token for a method without one" }))
    }

    /// Whether the token can be used, if need be for a short while only.
    fn takes(&self, tokens: &Tokens, now: i64) -> bool {
        let refused = self.refused.as_ref();
        tokens.is_good(now) && refused.is_none_or(|refused| !refused.is(&tokens.access))
    }

    fn fault(&self, fault: GrantFault) -> Error {
        Error::new(Fault::Grant { method: self.method.clone(), fault })
    }
}

impl Renewer {
    /// A token that is good.
    ///
    /// # Errors
    /// Why there is none. The stored connection is as it was.
    pub(crate) async fn token(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        wanted: Wanted,
    ) -> Result<Secret, Error> {
        let now = slot.now(&*self.clock).await?;
        let at_hand = |soon: bool| {
            slot.current()
                .filter(|at_hand| wanted.takes(at_hand, now) && (soon || !at_hand.is_due(now)))
        };
        if let Some(tokens) = at_hand(false) {
            return Ok(tokens.access);
        }
        let gate = match Arc::clone(&slot.gate).try_lock_owned() {
            Ok(gate) => gate,
            Err(_) => {
                // A task is getting the next one; until then the old one does.
                if let Some(tokens) = at_hand(true) {
                    return Ok(tokens.access);
                }
                Arc::clone(&slot.gate).lock_owned().await
            }
        };
        if let Some(tokens) = at_hand(false) {
            return Ok(tokens.access);
        }
        // A renewal that has begun goes on without its caller: a new refresh token must not be lost on the way.
        let (renewer, slot) = (Arc::clone(self), Arc::clone(slot));
        let renewal = async move {
            let renewed = renewer.renew(&slot, &wanted).await;
            drop(gate);
            renewed
        };
        let renewed = tokio::spawn(renewal.in_current_span()).await;
        renewed.unwrap_or_else(|_| {
            Err(Error::new(Fault::Internal { what: "the renewal of a token ended" }))
        })
    }

    /// Gets the token from the store or the server. The caller holds the gate.
    async fn renew(&self, slot: &Slot, wanted: &Wanted) -> Result<Secret, Error> {
        let since = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let now = slot.now(&*self.clock).await?;
            let stored = match slot.load().await {
                Ok(stored) => stored,
                // Without the store nothing can be renewed, but what is at hand may still be good.
                Err(error) => {
                    let at_hand = slot.current().filter(|tokens| wanted.takes(tokens, now));
                    return at_hand.map(|tokens| tokens.access).ok_or(error);
                }
            };
            let mine = stored.get(&wanted.method);
            if let Some(tokens) = mine.filter(|t| wanted.takes(t, now) && !t.is_due(now)) {
                return Ok(slot.keep(tokens));
            }
            match slot.lease(LEASE).await? {
                SlotLease::Granted(lease) => {
                    return self.renew_alone(slot, wanted, lease).await;
                }
                SlotLease::Held { left } => {
                    if let Some(tokens) = mine.filter(|tokens| wanted.takes(tokens, now)) {
                        return Ok(slot.keep(tokens));
                    }
                    if since.elapsed() > PATIENCE {
                        return Err(wanted.fault(GrantFault::Busy));
                    }
                    tokio::time::sleep(pause.min(left)).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Gets the token as the only one who may.
    async fn renew_alone(
        &self,
        slot: &Slot,
        wanted: &Wanted,
        lease: slot::Held,
    ) -> Result<Secret, Error> {
        // Whoever was faster may have stored another one between our look and our lease.
        let now = slot.now(&*self.clock).await?;
        let mut stored = slot.load().await?;
        let current = stored.get(&wanted.method).cloned();
        if let Some(tokens) = current.as_ref().filter(|t| wanted.takes(t, now) && !t.is_due(now)) {
            slot.release(lease).await;
            return Ok(slot.keep(tokens));
        }
        tracing::debug!(method = wanted.method, "token request");
        match self.ask(wanted, current.as_ref(), now).await {
            Ok(tokens) => {
                stored.put(&wanted.method, tokens.clone());
                self.save(slot, lease, &stored, &tokens).await?;
                Ok(slot.keep(&tokens))
            }
            Err(error) => {
                slot.release(lease).await;
                let usable = current.filter(|tokens| wanted.takes(tokens, now));
                match usable {
                    // It could be renewed early and was not: there will be another try before its end.
                    Some(tokens) if error.retryable() == Some(true) => Ok(slot.keep(&tokens)),
                    _ => Err(error),
                }
            }
        }
    }

    /// Stores new tokens, with patience: the old ones may be worth nothing any more.
    async fn save(
        &self,
        slot: &Slot,
        lease: slot::Held,
        stored: &token::TokenSet,
        tokens: &Tokens,
    ) -> Result<(), Error> {
        let mut pause = SAVE_PAUSE;
        for _ in 1..SAVE_TRIES {
            match slot.save(&lease, stored, tokens).await {
                Err(error) if error.retryable() == Some(true) => {
                    tracing::warn!(code = error.code().as_str(), "new tokens are not stored yet");
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                done => return done,
            }
        }
        slot.save(&lease, stored, tokens).await
    }

    /// Asks the server: with the refresh token, and where that is no longer good and no person is needed, anew.
    async fn ask(
        &self,
        wanted: &Wanted,
        current: Option<&Tokens>,
        now: i64,
    ) -> Result<Tokens, Error> {
        let scheme = wanted.scheme()?;
        let asked = self.ask_once(wanted, scheme, current, now).await;
        let renewed = current.is_some_and(|current| current.refresh.is_some());
        match asked {
            Err((GrantFault::Revoked(_), _)) if renewed && token::starts_alone(scheme) => {
                self.ask_once(wanted, scheme, None, now).await.map_err(|(_, error)| error)
            }
            asked => asked.map_err(|(_, error)| error),
        }
    }

    async fn ask_once(
        &self,
        wanted: &Wanted,
        scheme: TokenScheme<'_>,
        current: Option<&Tokens>,
        now: i64,
    ) -> Result<Tokens, (GrantFault, Error)> {
        let failed = |fault: GrantFault, request: Option<&RequestSpec>| {
            let error = wanted.fault(fault.clone());
            let error = match request {
                Some(request) => error.redacted_by(&request.redactor),
                None => error,
            };
            (fault, error)
        };
        let unusable = |error| (GrantFault::LoginRequired, error);
        let moment = self.moment().map_err(unusable)?;
        let request =
            token::request(scheme, &wanted.connection, current, &moment).map_err(|fault| {
                let fault = PlanFault::Auth { method: wanted.method.clone(), fault };
                unusable(Error::new(Fault::Plan(fault)))
            })?;
        let request = request.ok_or_else(|| failed(GrantFault::LoginRequired, None))?;
        let reply = self.send(&request).await;
        let reply = reply.map_err(|fault| failed(fault, Some(&request)))?;
        token::read(scheme, &request, &reply, current, now)
            .map_err(|fault| failed(fault, Some(&request)))
    }

    /// Tokens got anew, for a login.
    pub(crate) async fn fetch(&self, wanted: &Wanted) -> Result<Tokens, Error> {
        self.ask(wanted, None, self.unix_seconds()).await
    }

    /// Now, with a fresh random value.
    pub(crate) fn moment(&self) -> Result<Moment, Error> {
        moment(&*self.clock, &*self.entropy)
    }

    /// Now, by this machine's clock.
    pub(crate) fn unix_seconds(&self) -> i64 {
        self.clock.unix_seconds()
    }

    /// Sends a token request.
    ///
    /// # Errors
    /// [`GrantFault::Transport`] where no whole reply came.
    pub(crate) async fn send(&self, request: &RequestSpec) -> Result<Reply, GrantFault> {
        let origin = || request.url.origin().ascii_serialization();
        let sent = match self.egress.check(request) {
            Ok(()) => self.transport.send(request, TREATMENT).await,
            Err(fault) => Err(fault),
        };
        let reply = sent.map_err(|fault| GrantFault::Transport { origin: origin(), fault })?;
        match &reply.end {
            BodyEnd::Broken(fault) if (200..300).contains(&reply.status) => {
                Err(GrantFault::Transport { origin: origin(), fault: fault.clone() })
            }
            _ => Ok(reply),
        }
    }
}
