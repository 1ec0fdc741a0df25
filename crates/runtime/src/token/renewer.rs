//! Who gets a token, and how the others wait for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cardhost_core::auth::{AuthFault, AuthMethod};
use cardhost_core::call::Treatment;
use cardhost_core::connection::Connection;
use cardhost_core::connector::Connector;
use cardhost_core::error::{Code, Internal};
use cardhost_core::failure::Error;
use cardhost_core::field::Field;
use cardhost_core::moment::Moment;
use cardhost_core::plan::{PlanFault, PlanSettings};
use cardhost_core::request::{ReplySecret, RequestSpec};
use cardhost_core::response::{BodyEnd, Reply};
use cardhost_core::secret::Secret;
use cardhost_core::template::ValueTemplate;
use cardhost_core::token::{self, Answer, Asking, GrantFault, NoToken, Now, TokenScheme, Tokens};
use cardhost_core::transport_fault::TransportFaultKind;
use tracing::Instrument as _;

use super::chosen::lacks;
use super::servers::Servers;
use super::slot::{Held, Revised, Slot, SlotLease, Unsaved};
use super::timing::Timing;
use crate::clock::Clock;
use crate::entropy::{Entropy, moment};
use crate::transport::{EgressPolicy, Transport};
use cardhost_store::StoreFault;

/// Between two looks into the store: the first, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// How often new tokens are stored before that is given up for now, and how long the first pause between two tries is.
const SAVE_TRIES: u32 = 6;
const SAVE_PAUSE: Duration = Duration::from_millis(100);

/// Gets tokens.
pub(crate) struct Renewer {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) egress: EgressPolicy,
    pub(crate) timing: Timing,
    /// What servers say of themselves.
    pub(crate) servers: Servers,
    /// What look-ups are planned with.
    pub(crate) settings: PlanSettings,
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
    /// Whether it is wanted for what is looked up with it.
    pub(crate) brings: bool,
}

/// What came of one look.
enum Renewal {
    /// A token.
    Token(Secret),
    /// Somebody else is getting it, for as long as this at most.
    Elsewhere {
        /// How long their lease still stands.
        left: Duration,
    },
    /// What is stored has changed.
    Again,
}

impl Wanted {
    fn scheme(&self) -> Result<TokenScheme<'_>, Error> {
        let method = self.connector.auth.get(&self.method);
        method
            .and_then(TokenScheme::of)
            .ok_or_else(|| Error::from(Internal { what: "a token for a method without one" }))
    }

    /// Whether the token can be used, if need be for a short while only.
    fn takes(&self, tokens: &Tokens, now: i64) -> bool {
        let refused = self.refused.as_ref();
        let is_good = tokens.is_good(now) && refused.is_none_or(|it| !it.is(&tokens.access));
        is_good && !self.lacks(tokens)
    }

    /// Whether the tokens are without what is wanted of their look-up.
    fn lacks(&self, tokens: &Tokens) -> bool {
        let method = || self.connector.auth.get(&self.method);
        self.brings && method().is_some_and(|method| lacks(method, tokens))
    }

    /// A request that gets a token, with the TLS settings of the method; what it gives to secret fields is kept out of recordings.
    pub(super) fn secured(&self, mut request: RequestSpec) -> Result<RequestSpec, AuthFault> {
        if let Some(method) = self.connector.auth.get(&self.method) {
            method.scheme().secure(&mut request, &*self.connection)?;
            keep_secret(&self.connector, method, &mut request);
        }
        Ok(request)
    }

    pub(super) fn fault(&self, fault: GrantFault) -> Error {
        Error::from(NoToken { method: self.method.clone(), fault })
    }
}

impl Renewer {
    /// A token that is good; `None` where the one that was refused is new, and another one would be refused as well.
    ///
    /// # Errors
    /// Why there is none. The stored connection is as it was.
    pub(crate) async fn token(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        wanted: Wanted,
    ) -> Result<Option<Secret>, Error> {
        if let Some(refused) = &wanted.refused
            && let Some(untried) = slot.untried()
            && untried.access.is(refused)
            && untried.has_just_replaced(slot.now(&*self.clock).await?)
        {
            return Ok(None);
        }
        self.good_token(slot, wanted).await.map(Some)
    }

    async fn good_token(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        wanted: Wanted,
    ) -> Result<Secret, Error> {
        if let Some(token) = self.at_hand(slot, &wanted, false).await? {
            return Ok(token);
        }
        let failures = slot.failures();
        let gate = match Arc::clone(&slot.gate).try_lock_owned() {
            Ok(gate) => gate,
            Err(_) => {
                // A task is getting the next one; until then the old one does.
                if let Some(token) = self.at_hand(slot, &wanted, true).await? {
                    return Ok(token);
                }
                let gate = Arc::clone(&slot.gate).lock_owned().await;
                // Its failure is that of all who have waited: they do not ask one after the other.
                if let Some(error) = slot.failed_since(failures) {
                    return Err(error);
                }
                if let Some(token) = self.at_hand(slot, &wanted, false).await? {
                    return Ok(token);
                }
                gate
            }
        };
        // A renewal that has begun goes on without its caller: a new refresh token must not be lost on the way.
        let (renewer, slot) = (Arc::clone(self), Arc::clone(slot));
        let renewal = async move {
            let renewed = renewer.renew(&slot, &wanted).await;
            slot.ended(renewed.as_ref().err());
            drop(gate);
            renewed
        };
        let renewed = tokio::spawn(renewal.in_current_span()).await;
        renewed
            .unwrap_or_else(|_| Err(Error::from(Internal { what: "the renewal of a token ended" })))
    }

    /// The token at hand, where it does; `soon` takes one that is to be renewed.
    async fn at_hand(
        &self,
        slot: &Slot,
        wanted: &Wanted,
        soon: bool,
    ) -> Result<Option<Secret>, Error> {
        let Some(tokens) = slot.current() else { return Ok(None) };
        let now = slot.now(&*self.clock).await?;
        let does = wanted.takes(&tokens, now) && (soon || !tokens.is_due(now));
        Ok(does.then_some(tokens.access))
    }

    /// Gets the token from the store or the server. The caller holds the gate.
    async fn renew(&self, slot: &Slot, wanted: &Wanted) -> Result<Secret, Error> {
        let since = Instant::now();
        let mut pause = FIRST_PAUSE;
        let error = loop {
            match self.renew_once(slot, wanted).await {
                Ok(Renewal::Token(token)) => return Ok(token),
                Err(error) => break error,
                _ if since.elapsed() > self.timing.patience => {
                    break wanted.fault(GrantFault::Busy);
                }
                Ok(Renewal::Elsewhere { left }) => {
                    tokio::time::sleep(pause.min(left)).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Ok(Renewal::Again) => {}
            }
        };
        // What a server gave and the store did not take is nothing to be quiet about.
        let passing = error.retryable() == Some(true) || error.code() == &Code::STORE_UNREACHABLE;
        if passing && !slot.has_unsaved() {
            // It could be renewed early and was not: there will be another try before its end.
            let usable = self.at_hand(slot, wanted, true).await.unwrap_or_default();
            return usable.ok_or(error);
        }
        Err(error)
    }

    async fn renew_once(&self, slot: &Slot, wanted: &Wanted) -> Result<Renewal, Error> {
        if let Some(unsaved) = slot.take_unsaved() {
            self.save(slot, unsaved).await?;
        }
        let (stored, now) = self.look(slot).await?;
        let mine = stored.set.get(&wanted.method);
        if let Some(tokens) = mine.filter(|t| wanted.takes(t, now) && !t.is_due(now)) {
            return Ok(Renewal::Token(slot.keep(tokens, stored.revision)));
        }
        match slot.lease(self.timing.lease).await? {
            SlotLease::Granted(lease) => self.renew_alone(slot, wanted, lease).await,
            SlotLease::Held { left } => Ok(match mine.filter(|tokens| wanted.takes(tokens, now)) {
                Some(tokens) => Renewal::Token(slot.keep(tokens, stored.revision)),
                None => Renewal::Elsewhere { left },
            }),
        }
    }

    /// Gets the token as the only one who may.
    async fn renew_alone(
        &self,
        slot: &Slot,
        wanted: &Wanted,
        lease: Held,
    ) -> Result<Renewal, Error> {
        // Whoever was faster may have stored another one between our look and our lease.
        let (stored, now) = match self.look(slot).await {
            Ok(looked) => looked,
            Err(error) => {
                slot.release(lease).await;
                return Err(error);
            }
        };
        let before = stored.set.get(&wanted.method).cloned();
        if let Some(tokens) = before.as_ref().filter(|t| wanted.takes(t, now) && !t.is_due(now)) {
            slot.release(lease).await;
            return Ok(Renewal::Token(slot.keep(tokens, stored.revision)));
        }
        let got_before = slot.take_unsaved().filter(|it| same(it.before.as_ref(), before.as_ref()));
        let fresh = got_before.is_none();
        // Only what is looked up with them may be missing.
        let good = Wanted { brings: false, ..wanted.clone() };
        let good = before.clone().filter(|t| good.takes(t, now) && !t.is_due(now));
        let is_new = good.is_none();
        let asked = match (got_before, good) {
            (Some(unsaved), _) => Ok(unsaved.tokens),
            (None, Some(tokens)) => Ok(tokens),
            (None, None) => {
                tracing::debug!(method = wanted.method, "token request");
                self.ask(wanted, before.as_ref(), now).await
            }
        };
        let tokens = match asked {
            Ok(tokens) if wanted.refused.is_some() && is_new => {
                Tokens { replaced_at: Some(now), ..tokens }
            }
            Ok(tokens) => tokens,
            Err(error) => {
                slot.release(lease).await;
                return Err(error);
            }
        };
        let mut tokens = tokens;
        let wants_look_up = wanted.brings && (before.is_none() || wanted.lacks(&tokens));
        let looked_up = match wants_look_up {
            true => self.add_looked_up(wanted, &mut tokens).await,
            false => Ok(()),
        };
        // Whatever came of the look-up: what the tokens were got with may be worth nothing any more.
        let unsaved = Unsaved { tokens: tokens.clone(), before, lease: Some(lease) };
        let saved = self.save(slot, unsaved).await?;
        looked_up?;
        Ok(if saved && (fresh || wanted.takes(&tokens, now)) {
            Renewal::Token(tokens.access)
        } else {
            Renewal::Again
        })
    }

    /// What is stored, and the time.
    async fn look(&self, slot: &Slot) -> Result<(Revised, i64), Error> {
        let stored = slot.load().await?;
        slot.see(&stored);
        Ok((stored, slot.now(&*self.clock).await?))
    }

    /// Stores new tokens, with patience: those they were got with may be worth nothing any more. `false` where their lease
    /// is lost: to whoever stored others, or before whoever holds it now has found out that theirs are of no use.
    ///
    /// # Errors
    /// Those of the store; the tokens are kept, and stored before anything else is asked for.
    async fn save(&self, slot: &Slot, mut unsaved: Unsaved) -> Result<bool, Error> {
        let mut pause = SAVE_PAUSE;
        let mut tries = 0;
        while let Some(lease) = &unsaved.lease {
            tries += 1;
            match slot.save(lease, &unsaved.tokens).await {
                Ok(revision) => {
                    slot.keep(&unsaved.tokens, revision);
                    return Ok(true);
                }
                Err(StoreFault::LeaseLost { .. }) => unsaved.lease = None,
                Err(StoreFault::Unreachable { transient: true, .. }) if tries < SAVE_TRIES => {
                    tracing::warn!("new tokens are not stored yet");
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                Err(fault) => {
                    let error = Error::from(fault);
                    tracing::error!(code = error.code().as_str(), "new tokens are not stored");
                    slot.put_unsaved(unsaved);
                    return Err(error);
                }
            }
        }
        slot.put_unsaved(unsaved);
        Ok(false)
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
        let refused = |fault| {
            let fault = PlanFault::Auth { method: wanted.method.clone(), fault };
            unusable(Error::from(fault))
        };
        let renews = current.is_some_and(|current| current.refresh.is_some());
        if !renews && !token::starts_alone(scheme) {
            return Err(failed(GrantFault::LoginRequired, None));
        }
        let server = match scheme.oauth2() {
            Some(oauth2) => self.server(wanted, oauth2).await.map_err(unusable)?,
            None => None,
        };
        // Several requests have the time of one: the lease is no longer.
        let (since, mut time) = (Instant::now(), self.timing.treatment);
        let mut asking = Asking::begin(scheme, &wanted.connection, current, server.as_deref());
        loop {
            let moment = self.moment().map_err(unusable)?;
            let request = asking.request(&moment).map_err(refused)?;
            let request = request.ok_or_else(|| failed(GrantFault::LoginRequired, None))?;
            let request = wanted.secured(request).map_err(refused)?;
            let reply = self.send_within(&request, time).await;
            let reply = reply.map_err(|fault| failed(fault, Some(&request)))?;
            let now = Now { shared: now, here: self.unix_seconds() };
            let answer = Answer { reply: &reply, redactor: &request.redactor, now };
            let read = asking.read(&answer).map_err(|fault| failed(fault, Some(&request)))?;
            if let Some(tokens) = read {
                return Ok(tokens);
            }
            let total = self.timing.treatment.total_timeout;
            time = self.timing.treatment.within(total.saturating_sub(since.elapsed()));
        }
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
        self.send_within(request, self.timing.treatment).await
    }

    /// The same in another time.
    async fn send_within(
        &self,
        request: &RequestSpec,
        treatment: Treatment,
    ) -> Result<Reply, GrantFault> {
        let origin = || request.url.origin().ascii_serialization();
        let since = Instant::now();
        let mut sent = match self.egress.check(request) {
            Ok(()) => self.transport.send(request, treatment).await,
            Err(fault) => Err(fault),
        };
        // The service closed the connection at that moment: the same is sent over another one.
        if sent.as_ref().is_err_and(|fault| fault.kind == TransportFaultKind::Stale) {
            let left = treatment.total_timeout.saturating_sub(since.elapsed());
            let treatment = Treatment { fresh: true, ..treatment.within(left) };
            sent = self.transport.send(request, treatment).await;
        }
        let reply = sent.map_err(|fault| GrantFault::Transport { origin: origin(), fault })?;
        match &reply.end {
            BodyEnd::Broken(fault) if (200..300).contains(&reply.status) => {
                Err(GrantFault::Transport { origin: origin(), fault: fault.clone() })
            }
            _ => Ok(reply),
        }
    }
}

/// Keeps what a login brings to secret fields out of recordings.
pub(crate) fn keep_secret(connector: &Connector, method: &AuthMethod, request: &mut RequestSpec) {
    let fields = &connector.connection.fields;
    let is_secret = |label: &str| fields.get(label).is_some_and(Field::is_secret);
    let given = method.scheme().gives();
    let secrets = given.into_iter().filter(|given| is_secret(given.label));
    let secrets: Vec<ReplySecret> =
        secrets.map(|given| ReplySecret::Value(ValueTemplate::Text(given.value.clone()))).collect();
    if !secrets.is_empty() {
        request.reply_secrets = request.reply_secrets.iter().cloned().chain(secrets).collect();
    }
}

/// Whether nothing was stored between two looks.
fn same(one: Option<&Tokens>, other: Option<&Tokens>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return one.is_none() && other.is_none() };
    let refresh = match (&one.refresh, &other.refresh) {
        (Some(one), Some(other)) => one.is(other),
        (one, other) => one.is_none() && other.is_none(),
    };
    refresh && one.access.is(&other.access)
}
