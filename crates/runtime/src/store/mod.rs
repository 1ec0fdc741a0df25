//! The store of connections: their fields and tokens, sealed, for one or many tenants.
//!
//! ```text
//! Store ─ tenant ─▶ TenantStore ─ cipher ─▶ sealed bytes ─▶ Backend: SQLite (one file) │ PostgreSQL (many hosts)
//! ```
//! It knows neither what the fields mean nor how tokens are renewed; it keeps them, and sees to it that of many who want
//! to renew tokens one does ([`TenantStore::try_lease`]).
//!
//! # Example: a connection is stored and read back
//! ```
//! use cardhost_runtime::store::{Key, KeySet, Store};
//! use serde_json::json;
//!
//! # let folder = tempfile::tempdir().unwrap();
//! # let file = folder.path().join("connections.db").display().to_string();
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! let store = Store::open(&file, KeySet::new(Key::generate()?)).await?;
//! let connections = store.tenant("default")?;
//! let fields = json!({ "Token": "secret" }).as_object().cloned().unwrap_or_default();
//! connections.add("acme", "prod", &fields).await?;
//!
//! let found = connections.get("acme", "prod").await?;
//! assert_eq!(found.map(|connection| connection.fields), Some(fields));
//! # Ok::<(), fault::StoreFault>(())
//! # }).unwrap();
//! ```

#[cfg_attr(
    not(any(feature = "sqlite", feature = "postgres")),
    expect(dead_code, reason = "a build without back ends has nobody who reads the rows")
)]
mod backend;
mod cipher;
pub mod export;
pub mod fault;
mod key;
#[cfg(feature = "keyring")]
mod keyring;
#[cfg(feature = "sqlite")]
pub(crate) mod migrations;
mod name;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::fmt;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use cardhost_core::secret::MASK;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use backend::{Backend, Column, KeyState, Leased, NewTokens, Renamed, Resealed, Row, Wrote};
use cipher::{Binding, Ring};

pub use fault::{KeyFault, StoreFault};
pub use key::{KEY_BYTES, Key, KeySet};
pub use name::{MOST_NAME_BYTES, is_connection_name, is_tenant_name};

/// The tenant of a host that has only one.
pub const DEFAULT_TENANT: &str = "default";
/// Most bytes of a connection's fields as JSON, and of its tokens.
pub const MOST_VALUE_BYTES: usize = 1024 * 1024;
/// The longest lease; a longer one is cut to it.
pub const LONGEST_LEASE: Duration = Duration::from_secs(24 * 60 * 60);

/// How often a write is tried again because somebody else was faster.
const TRIES: usize = 64;

/// A store of connections. Cheap to clone; `Send` and `Sync`; one is enough for a process.
///
/// Its functions run on a Tokio runtime of any kind; PostgreSQL needs the runtime's I/O and time.
/// Where one of them returns [`StoreFault::Unreachable`], whatever it was to write may have been written or not.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    backend: Box<dyn Backend>,
    keys: RwLock<Keys>,
}

struct Keys {
    ring: Ring,
    /// The id of the key that the store is sealed under, as last seen.
    current: String,
}

/// The connections of one tenant. Cheap to clone. Nothing of another tenant can be seen or changed through it.
#[derive(Clone)]
pub struct TenantStore {
    store: Store,
    tenant: Arc<str>,
}

/// A stored connection, opened. Prints without its fields and tokens.
#[derive(Clone)]
pub struct StoredConnection {
    /// Stays the same when the connection is renamed; 32 hex digits.
    pub id: String,
    /// The connector.
    pub connector: String,
    /// The name.
    pub name: String,
    /// The connection's fields as they were given, secrets included.
    pub fields: Map<String, Value>,
    /// Of the fields: counts from 1.
    pub revision: i64,
    /// The tokens, if there are any.
    pub tokens: Option<StoredTokens>,
}

/// Stored tokens, opened: bytes that mean something only to whoever stored them. Prints without them.
#[derive(Clone)]
pub struct StoredTokens {
    /// As they were stored; wiped when dropped.
    pub bytes: Zeroizing<Vec<u8>>,
    /// Counts up with every change of the tokens.
    pub revision: i64,
    /// When they end, as whoever stored them said: seconds since 1970-01-01T00:00:00Z.
    pub expires_at: Option<i64>,
}

/// What can be said of a connection without opening it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// As in [`StoredConnection::id`].
    pub id: String,
    /// The connector.
    pub connector: String,
    /// The name.
    pub name: String,
    /// When it was added: seconds since 1970-01-01T00:00:00Z, by the store's clock.
    pub created_at: i64,
    /// When its fields or its name last changed.
    pub updated_at: i64,
    /// Whether it has tokens.
    pub has_tokens: bool,
    /// When the tokens end.
    pub token_expires_at: Option<i64>,
}

/// The right to renew a connection's tokens, for a while. Give it back with [`TenantStore::save_tokens`] or
/// [`TenantStore::release`]; one that is dropped ends by itself at its time.
pub struct Lease {
    id: String,
    holder: String,
    until: Instant,
}

impl Lease {
    /// The connection's id.
    #[must_use]
    pub fn connection(&self) -> &str {
        &self.id
    }

    /// How long the lease still stands, by this machine's clock; zero where it is over.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

/// What came of asking for a lease.
#[derive(Debug)]
pub enum LeaseAnswer {
    /// It is yours.
    Granted(Lease),
    /// Somebody else has it.
    Held {
        /// How long theirs still stands; at least a millisecond.
        left: Duration,
    },
}

impl Store {
    /// Opens a store, makes it where there is none, and brings one of an older cardhost to today's format.
    ///
    /// `location` is `postgres://USER:PASSWORD@HOST/DATABASE` (or `postgresql://…`), or else the path of a file, which is
    /// made with its folders, readable by its owner only.
    ///
    /// A new store is sealed under the first key of `keys`. Another knows the id of its key, which must be among `keys`.
    ///
    /// # Errors
    /// [`StoreFault::WrongKey`], [`StoreFault::Corrupt`], [`StoreFault::NewerFormat`], [`StoreFault::Unreachable`] and
    /// [`StoreFault::Location`]. Nothing is changed then.
    pub async fn open(location: &str, keys: KeySet) -> Result<Store, StoreFault> {
        Store::open_migrated(location, keys, &[]).await
    }

    /// Opens a store whose format has further steps, in the SQL of its back end: for tests of the way to a newer format.
    #[doc(hidden)]
    pub async fn open_migrated(
        location: &str,
        keys: KeySet,
        later: &[&'static str],
    ) -> Result<Store, StoreFault> {
        let ring = Ring::new(keys)?;
        let backend = backend(location, later)?;
        let key = ring.first();
        let check = ring.check(&key)?;
        let state = backend.open(KeyState { key, check }).await?;
        ring.verify(backend.place(), &state.key, &state.check)?;
        let keys = RwLock::new(Keys { ring, current: state.key });
        Ok(Store(Arc::new(Inner { backend, keys })))
    }

    /// The connections of a tenant; [`DEFAULT_TENANT`] where there is only one.
    ///
    /// # Errors
    /// [`StoreFault::Name`] where it cannot be a tenant's name.
    pub fn tenant(&self, tenant: &str) -> Result<TenantStore, StoreFault> {
        name::tenant(tenant)?;
        Ok(TenantStore { store: self.clone(), tenant: tenant.into() })
    }

    /// Seals the store under another key: from the beginning of the rotation all that is written, then all that was there.
    /// Returns how many values were resealed by this call.
    ///
    /// Hosts that hold both keys go on working meanwhile. A rotation that was broken off is finished by the same call, on
    /// a store that was opened with both keys. Values that cannot be opened are left, the others resealed, and the first
    /// fault is returned. When it returns without a fault, the other keys are not needed any more.
    ///
    /// # Errors
    /// [`StoreFault::Tampered`], [`StoreFault::WrongKey`], [`StoreFault::Unreachable`].
    pub async fn rotate(&self, to: Key) -> Result<usize, StoreFault> {
        let key = to.id();
        let ring = {
            let mut keys = self.0.keys.write().unwrap_or_else(PoisonError::into_inner);
            keys.ring = keys.ring.clone().with(&to)?;
            keys.ring.clone()
        };
        self.turn(&ring, &key).await?;
        let mut fault = None;
        let mut resealed = 0;
        let mut after = String::new();
        loop {
            let rows = self.backend().page(&after).await?;
            let Some(last) = rows.last() else { break };
            let mut values = Vec::new();
            let mut unopened = None;
            for row in &rows {
                if let Err(found) = reseal(&ring, &key, row, &mut values) {
                    unopened.get_or_insert(found);
                }
            }
            let count = values.len();
            let written =
                if count == 0 { 0 } else { self.backend().reseal(key.clone(), values).await? };
            resealed += written;
            // Otherwise somebody changed a row in between: the page is looked at again.
            if written == count {
                after.clone_from(&last.id);
                fault = fault.or(unopened);
            } else {
                self.current_is(&ring, &key).await?;
            }
        }
        fault.map_or(Ok(resealed), Err)
    }

    /// From here on nothing is written under another key.
    async fn turn(&self, ring: &Ring, key: &str) -> Result<(), StoreFault> {
        for _ in 0..TRIES {
            let state = self.backend().key_state().await?;
            ring.verify(self.place(), &state.key, &state.check)?;
            let turned = state.key == key || {
                let to = KeyState { key: key.to_owned(), check: ring.check(key)? };
                self.backend().turn(state.key, to).await? == Wrote::Yes
            };
            if turned {
                self.set_current(key);
                return Ok(());
            }
        }
        Err(self.contended())
    }

    /// Somebody else may have begun another rotation.
    async fn current_is(&self, ring: &Ring, key: &str) -> Result<(), StoreFault> {
        let state = self.backend().key_state().await?;
        if state.key == key {
            Ok(())
        } else {
            ring.verify(self.place(), &state.key, &state.check).and(Err(self.contended()))
        }
    }

    fn backend(&self) -> &dyn Backend {
        &*self.0.backend
    }

    fn place(&self) -> &str {
        self.0.backend.place()
    }

    fn set_current(&self, key: &str) {
        let mut keys = self.0.keys.write().unwrap_or_else(PoisonError::into_inner);
        key.clone_into(&mut keys.current);
    }

    /// The keys, and the id of the one to seal under.
    fn keys(&self) -> (Ring, String) {
        let keys = self.0.keys.read().unwrap_or_else(PoisonError::into_inner);
        (keys.ring.clone(), keys.current.clone())
    }

    /// Looks again which key the store is sealed under.
    async fn look_at_key(&self) -> Result<(), StoreFault> {
        let state = self.backend().key_state().await?;
        let (ring, current) = self.keys();
        if state.key != current {
            ring.verify(self.place(), &state.key, &state.check)?;
            self.set_current(&state.key);
        }
        Ok(())
    }

    fn contended(&self) -> StoreFault {
        StoreFault::Unreachable {
            place: self.place().to_owned(),
            reason: "others keep changing the same connection".to_owned(),
            transient: true,
        }
    }
}

fn backend(location: &str, later: &[&'static str]) -> Result<Box<dyn Backend>, StoreFault> {
    let fault = |reason: &str| StoreFault::Location { reason: reason.to_owned() };
    match location.split_once("://") {
        #[cfg(feature = "postgres")]
        Some(("postgres" | "postgresql", _)) => {
            Ok(Box::new(postgres::Postgres::new(location, later)?))
        }
        #[cfg(not(feature = "postgres"))]
        Some(("postgres" | "postgresql", _)) => Err(fault("this build has no PostgreSQL")),
        Some(_) => Err(fault("it is a URL, but not of PostgreSQL")),
        None if location.is_empty() => Err(fault("it is empty")),
        #[cfg(feature = "sqlite")]
        None => Ok(Box::new(sqlite::Sqlite::new(location, later))),
        #[cfg(not(feature = "sqlite"))]
        None => Err(fault("this build has no SQLite")),
    }
}

/// Reseals what of a row is not under the key yet; what can be opened is resealed also where the rest cannot.
fn reseal(ring: &Ring, key: &str, row: &Row, values: &mut Vec<Resealed>) -> Result<(), StoreFault> {
    let fields = (Column::Fields, Some(&row.fields));
    let tokens = (Column::Tokens, row.tokens.as_ref());
    let mut result = Ok(());
    for (column, sealed) in [fields, tokens] {
        let Some(sealed) = sealed.filter(|sealed| !cipher::is_under(sealed, key)) else { continue };
        let binding = binding(row, column);
        let new = ring.open(&binding, sealed).and_then(|value| ring.seal(key, &binding, &value));
        match new {
            Ok(new) => {
                values.push(Resealed { id: row.id.clone(), column, old: sealed.clone(), new })
            }
            Err(fault) => result = result.and(Err(fault)),
        }
    }
    result
}

fn binding(row: &Row, column: Column) -> Binding<'_> {
    Binding {
        tenant: &row.tenant,
        id: &row.id,
        connector: &row.connector,
        name: &row.name,
        column: match column {
            Column::Fields => "fields",
            Column::Tokens => "tokens",
        },
    }
}

impl TenantStore {
    /// The tenant's name.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Adds a connection and returns its id.
    ///
    /// # Errors
    /// [`StoreFault::Exists`], [`StoreFault::Name`], [`StoreFault::TooLarge`], and those of the store.
    pub async fn add(
        &self,
        connector: &str,
        name: &str,
        fields: &Map<String, Value>,
    ) -> Result<String, StoreFault> {
        name::connector(connector)?;
        name::connection(name)?;
        let text = json(fields)?;
        let mut row = Row {
            tenant: self.tenant.to_string(),
            id: random_id()?,
            connector: connector.to_owned(),
            name: name.to_owned(),
            fields: Vec::new(),
            revision: 1,
            tokens: None,
            tokens_revision: 0,
            token_expires_at: None,
        };
        for _ in 0..TRIES {
            let (ring, key) = self.store.keys();
            row.fields = ring.seal(&key, &binding(&row, Column::Fields), &text)?;
            match self.backend().insert(key, row.clone()).await? {
                Wrote::Yes => return Ok(row.id),
                Wrote::Exists => return Err(exists(connector, name)),
                Wrote::No => self.store.look_at_key().await?,
            }
        }
        Err(self.store.contended())
    }

    /// A connection with its tokens; `None` where there is none of that name.
    ///
    /// # Errors
    /// [`StoreFault::Tampered`], [`StoreFault::WrongKey`], and those of the store.
    pub async fn get(
        &self,
        connector: &str,
        name: &str,
    ) -> Result<Option<StoredConnection>, StoreFault> {
        if !possible(connector, name) {
            return Ok(None);
        }
        let Some(row) = self.backend().by_name(&self.tenant, connector, name).await? else {
            return Ok(None);
        };
        let (ring, _) = self.store.keys();
        let text = ring.open(&binding(&row, Column::Fields), &row.fields)?;
        let fields = serde_json::from_slice(&text).map_err(|_| self.unreadable(&row))?;
        let tokens = open_tokens(&ring, &row)?;
        let Row { id, connector, name, revision, .. } = row;
        Ok(Some(StoredConnection { id, connector, name, fields, revision, tokens }))
    }

    /// What there is, of one connector or of all, by connector and name. Nothing is opened.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list(&self, connector: Option<&str>) -> Result<Vec<Summary>, StoreFault> {
        if connector.is_some_and(|connector| !name::is_connector_name(connector)) {
            return Ok(Vec::new());
        }
        let mut found = self.backend().list(&self.tenant, connector).await?;
        found.sort_by(|a, b| (&a.connector, &a.name).cmp(&(&b.connector, &b.name)));
        Ok(found)
    }

    /// Replaces the fields of the connection that has this revision; returns the new revision.
    ///
    /// # Errors
    /// [`StoreFault::Conflict`] where it has another revision, [`StoreFault::Missing`], [`StoreFault::TooLarge`], and
    /// those of the store.
    pub async fn set_fields(
        &self,
        id: &str,
        revision: i64,
        fields: &Map<String, Value>,
    ) -> Result<i64, StoreFault> {
        let text = json(fields)?;
        for _ in 0..TRIES {
            let row = self.row(id).await?;
            if row.revision != revision {
                let (expected, found) = (revision, row.revision);
                return Err(StoreFault::Conflict { connection: id.to_owned(), expected, found });
            }
            let (ring, key) = self.store.keys();
            let sealed = ring.seal(&key, &binding(&row, Column::Fields), &text)?;
            if self.backend().set_fields(key, row, sealed).await? == Wrote::Yes {
                return Ok(revision + 1);
            }
            self.store.look_at_key().await?;
        }
        Err(self.store.contended())
    }

    /// Gives a connection another name. Its id, revisions, tokens and lease stay.
    ///
    /// # Errors
    /// [`StoreFault::Missing`], [`StoreFault::Exists`], [`StoreFault::Name`], and those of the store.
    pub async fn rename(&self, connector: &str, from: &str, to: &str) -> Result<(), StoreFault> {
        name::connection(to)?;
        if !possible(connector, from) {
            return Err(missing(from));
        }
        for _ in 0..TRIES {
            let row = self.backend().by_name(&self.tenant, connector, from).await?;
            let row = row.ok_or_else(|| missing(from))?;
            if from == to {
                return Ok(());
            }
            let (ring, key) = self.store.keys();
            let again = |column: Column, sealed: &[u8]| {
                let old = binding(&row, column);
                let value = ring.open(&old, sealed)?;
                ring.seal(&key, &Binding { name: to, ..old }, &value)
            };
            let fields = again(Column::Fields, &row.fields)?;
            let tokens = row.tokens.as_deref();
            let tokens = tokens.map(|tokens| again(Column::Tokens, tokens)).transpose()?;
            let renamed = Renamed { name: to.to_owned(), fields, tokens, from: row };
            match self.backend().rename(key, renamed).await? {
                Wrote::Yes => return Ok(()),
                Wrote::Exists => return Err(exists(connector, to)),
                Wrote::No => self.store.look_at_key().await?,
            }
        }
        Err(self.store.contended())
    }

    /// Removes a connection with its tokens; whether there was one.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn remove(&self, connector: &str, name: &str) -> Result<bool, StoreFault> {
        if !possible(connector, name) {
            return Ok(false);
        }
        self.backend().remove(&self.tenant, connector, name).await
    }

    /// The tokens of a connection as they are in the store now; `None` where it has none.
    ///
    /// # Errors
    /// [`StoreFault::Missing`] where there is no such connection, [`StoreFault::Tampered`], [`StoreFault::WrongKey`], and
    /// those of the store.
    pub async fn tokens(&self, id: &str) -> Result<Option<StoredTokens>, StoreFault> {
        let row = self.row(id).await?;
        let (ring, _) = self.store.keys();
        open_tokens(&ring, &row)
    }

    /// Asks for the right to renew the tokens of a connection. Of all who ask at the same time one gets it; a lease that
    /// ran out is given to the next who asks. The time is the store's, from milliseconds up to [`LONGEST_LEASE`].
    ///
    /// Read the tokens again once it is granted: whoever had the lease before may have renewed them.
    ///
    /// # Errors
    /// [`StoreFault::Missing`], and those of the store.
    pub async fn try_lease(&self, id: &str, for_: Duration) -> Result<LeaseAnswer, StoreFault> {
        let for_ = for_.min(LONGEST_LEASE);
        let holder = random_id()?;
        let for_ms = i64::try_from(for_.as_millis()).unwrap_or_default();
        let until = Instant::now() + for_;
        if !is_id(id) {
            return Err(missing(id));
        }
        Ok(match self.backend().lease(&self.tenant, id, &holder, for_ms).await? {
            Leased::Granted => LeaseAnswer::Granted(Lease { id: id.to_owned(), holder, until }),
            Leased::Held { left_ms } => {
                let left = Duration::from_millis(left_ms.max(1).unsigned_abs());
                LeaseAnswer::Held { left }
            }
            Leased::Missing => return Err(missing(id)),
        })
    }

    /// Saves renewed tokens and ends the lease; returns the tokens' new revision.
    ///
    /// A lease that ran out still saves as long as nobody else took it: what the service gave must not be lost.
    ///
    /// # Errors
    /// [`StoreFault::LeaseLost`] where somebody else took the lease over, or new tokens were put;
    /// [`StoreFault::Missing`], [`StoreFault::TooLarge`], and those of the store. After [`StoreFault::Unreachable`] save
    /// the same tokens again: where they were saved after all, that is [`StoreFault::LeaseLost`].
    pub async fn save_tokens(
        &self,
        lease: &Lease,
        bytes: &[u8],
        expires_at: Option<i64>,
    ) -> Result<i64, StoreFault> {
        self.write_tokens(&lease.id, Some(&lease.holder), Some(bytes), expires_at).await
    }

    /// Puts tokens, as after a login, and ends any lease: a renewal of older tokens that is under way loses. Returns the
    /// tokens' new revision.
    ///
    /// # Errors
    /// [`StoreFault::Missing`], [`StoreFault::TooLarge`], and those of the store.
    pub async fn put_tokens(
        &self,
        id: &str,
        bytes: &[u8],
        expires_at: Option<i64>,
    ) -> Result<i64, StoreFault> {
        self.write_tokens(id, None, Some(bytes), expires_at).await
    }

    /// Removes the tokens of a connection and ends any lease. Returns the tokens' new revision.
    ///
    /// # Errors
    /// [`StoreFault::Missing`], and those of the store.
    pub async fn clear_tokens(&self, id: &str) -> Result<i64, StoreFault> {
        self.write_tokens(id, None, None, None).await
    }

    /// Gives a lease back; one that is lost already is nobody's concern.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn release(&self, lease: Lease) -> Result<(), StoreFault> {
        self.backend().release(&self.tenant, &lease.id, &lease.holder).await
    }

    /// Seconds since 1970-01-01T00:00:00Z by the store's clock: PostgreSQL's, of which the distance to this machine's is
    /// measured once a minute; this machine's with SQLite.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn now(&self) -> Result<i64, StoreFault> {
        Ok(self.backend().now_ms().await?.div_euclid(1000))
    }

    async fn write_tokens(
        &self,
        id: &str,
        holder: Option<&str>,
        bytes: Option<&[u8]>,
        expires_at: Option<i64>,
    ) -> Result<i64, StoreFault> {
        if bytes.is_some_and(|bytes| bytes.len() > MOST_VALUE_BYTES) {
            return Err(StoreFault::TooLarge { limit: MOST_VALUE_BYTES });
        }
        let mut before = None;
        for _ in 0..TRIES {
            let row = self.row(id).await?;
            let (ring, key) = self.store.keys();
            // The name and the key are as they were, so it was the lease that did not hold.
            let unchanged = Some((row.name.clone(), key.clone()));
            if holder.is_some() && before == unchanged {
                return Err(StoreFault::LeaseLost { connection: id.to_owned() });
            }
            before = unchanged;
            let seal = |bytes| ring.seal(&key, &binding(&row, Column::Tokens), bytes);
            let tokens = bytes.map(seal).transpose()?;
            let holder = holder.map(str::to_owned);
            let Row { tenant, id, name, .. } = row;
            let new = NewTokens { tenant, id, name, holder, tokens, expires_at };
            if let Some(revision) = self.backend().write_tokens(key, new).await? {
                return Ok(revision);
            }
            self.store.look_at_key().await?;
        }
        Err(self.store.contended())
    }

    async fn row(&self, id: &str) -> Result<Row, StoreFault> {
        if !is_id(id) {
            return Err(missing(id));
        }
        self.backend().by_id(&self.tenant, id).await?.ok_or_else(|| missing(id))
    }

    fn backend(&self) -> &dyn Backend {
        self.store.backend()
    }

    /// What was sealed is not JSON: only a bug can have stored it.
    fn unreadable(&self, row: &Row) -> StoreFault {
        StoreFault::Corrupt {
            place: self.store.place().to_owned(),
            reason: format!("the fields of connection `{}` are not a JSON object", row.id),
        }
    }
}

fn open_tokens(ring: &Ring, row: &Row) -> Result<Option<StoredTokens>, StoreFault> {
    let Some(sealed) = &row.tokens else { return Ok(None) };
    let bytes = ring.open(&binding(row, Column::Tokens), sealed)?;
    let (revision, expires_at) = (row.tokens_revision, row.token_expires_at);
    Ok(Some(StoredTokens { bytes, revision, expires_at }))
}

fn missing(connection: &str) -> StoreFault {
    StoreFault::Missing { connection: connection.to_owned() }
}

fn exists(connector: &str, name: &str) -> StoreFault {
    StoreFault::Exists { connector: connector.to_owned(), name: name.to_owned() }
}

/// Whether a connection of that name can be there: others are not asked for.
fn possible(connector: &str, name: &str) -> bool {
    name::is_connector_name(connector) && is_connection_name(name)
}

fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// 128 random bits, in hex.
fn random_id() -> Result<String, StoreFault> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| KeyFault::NoRandom)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The fields as JSON, in a buffer that is wiped and never moves while it is filled.
fn json(fields: &Map<String, Value>) -> Result<Zeroizing<Vec<u8>>, StoreFault> {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    let limit = MOST_VALUE_BYTES;
    // A map of JSON values can always be written; a writer that takes everything does not fail.
    serde_json::to_writer(&mut count, fields).map_err(|_| StoreFault::TooLarge { limit })?;
    if count.0 > limit {
        return Err(StoreFault::TooLarge { limit });
    }
    let mut text = Zeroizing::new(Vec::with_capacity(count.0));
    serde_json::to_writer(&mut *text, fields).map_err(|_| StoreFault::TooLarge { limit })?;
    Ok(text)
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.place())
    }
}

impl fmt::Debug for TenantStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TenantStore({}, {})", self.store.place(), self.tenant)
    }
}

impl fmt::Debug for StoredConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredConnection")
            .field("id", &self.id)
            .field("connector", &self.connector)
            .field("name", &self.name)
            .field("fields", &MASK)
            .field("revision", &self.revision)
            .field("tokens", &self.tokens)
            .finish()
    }
}

impl fmt::Debug for StoredTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredTokens")
            .field("bytes", &MASK)
            .field("revision", &self.revision)
            .field("expires_at", &self.expires_at)
            .finish()
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("connection", &self.id).field("left", &self.left()).finish()
    }
}
