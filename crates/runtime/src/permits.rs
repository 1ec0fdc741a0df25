//! The right to send, where a service allows only so much: shared by all calls of a host, and by all hosts of a ledger.
//!
//! ```text
//! calls of a host ─ Line: one after the other, tenant by tenant ─▶ the first one asks ─ Place: in memory │ a shared LimitLedger ─▶ Sending
//! ```
//! A host asks for one call at a time and limit: it costs the ledger the same however many wait, and a host with many calls gets no more than
//! one with few.

mod counted;
mod place;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cardhost_core::failure::Error;
use cardhost_core::limits::{LimitFault, Limits};
use http::HeaderMap;
use tokio::time::Instant;

use crate::clock::{Clock, Pause};
use counted::{Asked, Counted, Entered, enter};
use place::Source;

pub(crate) use counted::Sending;
pub(crate) use place::OpenLedger;

/// Between two looks at a shared ledger whether a request of another process is over.
const LOOK: Duration = Duration::from_millis(50);

/// Whoever may not wait at all waits so long for those that are asked before it.
const TURN: Duration = Duration::from_secs(1);

/// What is said of how long requests of others will take, which nobody knows.
const SOON: Duration = Duration::from_secs(1);

/// From so many on, those of which nothing is known any more are forgotten.
const MANY: usize = 10_000;

/// Whose requests are counted together: connector, target, and the connection where the limits are its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LimitKey {
    pub(crate) tenant: String,
    pub(crate) connector: String,
    pub(crate) target: String,
    pub(crate) connection: Option<Account>,
}

/// A connection, as it is told from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Account {
    /// By its id in a store.
    Stored(String),
    /// By its name.
    Named(String),
    /// By its fields.
    Fields([u8; 32]),
}

impl LimitKey {
    /// As a shared ledger knows it. Of fields it has 16 bits of their digest: enough to tell connections apart, and too few to find out
    /// whether a guess at a secret is right.
    fn text(&self) -> String {
        let connection = match &self.connection {
            None => String::new(),
            Some(Account::Stored(id)) => format!("id {id}"),
            Some(Account::Named(name)) => format!("name {name}"),
            Some(Account::Fields(digest)) => format!("fields {:02x}{:02x}", digest[0], digest[1]),
        };
        serde_json::json!([self.tenant, self.connector, self.target, connection]).to_string()
    }
}

/// What is known of a limit: what was said of it last, and what is counted.
struct Known {
    limits: Arc<Limits>,
    counted: Arc<Counted>,
}

/// The permits of a host.
pub(crate) struct Permits {
    known: Mutex<HashMap<LimitKey, Known>>,
    source: Arc<Source>,
    clock: Arc<dyn Clock>,
}

impl Permits {
    /// Those of a host by its clock, counted in a ledger that is opened when the first limit is met; in memory without one.
    pub(crate) fn new(open: Option<Box<OpenLedger>>, clock: Arc<dyn Clock>) -> Permits {
        Permits { known: Mutex::default(), source: Arc::new(Source::new(open)), clock }
    }

    /// The limits of what is counted under a key, for a call of a tenant.
    pub(crate) fn of(&self, key: LimitKey, limits: &Limits, tenant: &str) -> Limited {
        let target = key.target.clone();
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MANY {
            let now = self.clock.unix_milliseconds();
            all.retain(|_, Known { counted, .. }| {
                Arc::strong_count(counted) > 1 || !counted.is_idle(now)
            });
        }
        let known = all.entry(key).or_insert_with_key(|key| {
            let (source, clock) = (Arc::clone(&self.source), Arc::clone(&self.clock));
            let counted = Arc::new(Counted::new(key.text(), source, clock));
            Known { limits: Arc::new(limits.clone()), counted }
        });
        if *known.limits != *limits {
            known.limits = Arc::new(limits.clone());
        }
        let (limits, counted) = (Arc::clone(&known.limits), Arc::clone(&known.counted));
        Limited { target, limits, counted, tenant: tenant.into() }
    }
}

/// The limits of one call.
pub(crate) struct Limited {
    target: String,
    limits: Arc<Limits>,
    counted: Arc<Counted>,
    tenant: Box<str>,
}

impl Limited {
    /// Waits for the right to send one request that takes `time` at most, where the wait is no longer than `most`. Dropping the future gives
    /// back what it had.
    pub(crate) async fn permit(&self, most: Duration, time: Duration) -> Result<Sending, Error> {
        let fault = |wait| Error::from(LimitFault { target: self.target.clone(), wait, most });
        let (clock, begun) = (&self.counted.clock, Instant::now());
        let begun_ms = clock.unix_milliseconds();
        // Time passes on both clocks, or on one of them.
        let left = || {
            let passed = clock.unix_milliseconds().saturating_sub(begun_ms);
            let passed = Duration::from_millis(u64::try_from(passed).unwrap_or(0));
            most.saturating_sub(passed.max(begun.elapsed()))
        };
        let mut now = begun_ms;
        let _first = match enter(&self.counted, &self.tenant) {
            Entered::First(asking) => asking,
            Entered::Behind { turn, ahead } => {
                match self.counted.ask(&self.limits, ahead, now, time).await? {
                    Asked::Later(wait) if wait > most => return Err(fault(wait)),
                    Asked::Full if most.is_zero() => return Err(fault(SOON)),
                    _ => {}
                }
                match tokio::time::timeout(left().max(TURN), turn).await {
                    Ok(Ok(asking)) => asking,
                    _ => return Err(fault(SOON)),
                }
            }
        };
        loop {
            match self.counted.ask(&self.limits, 0, now, time).await? {
                Asked::Go(sending) => return Ok(sending),
                Asked::Later(wait) => {
                    if wait > left() {
                        return Err(fault(wait));
                    }
                    tracing::info!(
                        target = self.target,
                        ms = wait.as_millis(),
                        "waiting for its limits"
                    );
                    let before = clock.unix_milliseconds();
                    clock.pause(Pause::Limit, wait).await;
                    // A clock that stands still is taken to have gone on.
                    if clock.unix_milliseconds() == before {
                        let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
                        now = now.max(before).saturating_add(wait);
                    }
                }
                Asked::Full => {
                    let left = left();
                    if left.is_zero() {
                        return Err(fault(SOON));
                    }
                    let looked = left.min(self.counted.look().unwrap_or(left));
                    let freed = self.counted.freed.notified();
                    let _ = tokio::time::timeout(looked, freed).await;
                }
            }
        }
    }

    /// Takes note of a reply: where it says that nothing more may go for a while, that holds for all who share the limits.
    pub(crate) async fn heed(&self, status: u16, headers: &HeaderMap) {
        if let Some(seconds) =
            self.limits.wait_s(status, headers, self.counted.clock.unix_seconds())
        {
            self.hold(seconds).await;
        }
    }

    /// The service has said that nothing more may go for so many seconds.
    pub(crate) async fn hold(&self, seconds: u64) {
        self.counted.hold(Duration::from_secs(seconds)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_little_of_fields_and_no_two_are_written_alike() {
        let key = |tenant: &str, connection| LimitKey {
            tenant: tenant.to_owned(),
            connector: "shop".to_owned(),
            target: "Query API".to_owned(),
            connection,
        };
        let fields = Some(Account::Fields([0xab; 32]));
        assert_eq!(key("a", fields).text(), r#"["a","shop","Query API","fields abab"]"#);
        let stored = Some(Account::Stored("prod".to_owned()));
        let named = Some(Account::Named("prod".to_owned()));
        assert_eq!(key("", stored).text(), r#"["","shop","Query API","id prod"]"#);
        assert_eq!(key("", named).text(), r#"["","shop","Query API","name prod"]"#);
        assert_eq!(key("\"", None).text(), r#"["\"","shop","Query API",""]"#);
    }
}
