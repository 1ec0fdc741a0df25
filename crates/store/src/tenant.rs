//! The connections of one tenant: added, read, changed and removed.

use std::fmt;
use std::io;
use std::sync::Arc;

use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::backend::{Backend, Column, Renamed, Row, Wrote};
use super::cipher::{Binding, Ring};
use super::limits::TRIES;
use super::sealed::SealedBackend;
use super::{
    KeyFault, LimitLedger, MOST_VALUE_BYTES, StoreFault, StoredConnection, StoredTokens, Summary,
    is_connection_name, name,
};

/// The connections of one tenant. Cheap to clone. Nothing of another tenant can be seen or changed through it.
#[derive(Clone)]
pub struct TenantStore {
    pub(super) store: Arc<SealedBackend>,
    pub(super) tenant: Arc<str>,
}

impl TenantStore {
    /// The tenant's name.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Opens the ledger of limits that all who use the store share, whichever tenant they are for: see
    /// [`open_limit_ledger`](super::open_limit_ledger).
    ///
    /// # Errors
    /// As there.
    pub async fn limit_ledger(&self) -> Result<Arc<dyn LimitLedger>, StoreFault> {
        self.backend().limit_ledger().await
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

    /// Seconds since 1970-01-01T00:00:00Z by the store's clock: PostgreSQL's, of which the distance to this machine's is
    /// measured once a minute; this machine's with SQLite.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn now(&self) -> Result<i64, StoreFault> {
        Ok(self.backend().now_ms().await?.div_euclid(1000))
    }

    pub(super) async fn row(&self, id: &str) -> Result<Row, StoreFault> {
        if !is_id(id) {
            return Err(missing(id));
        }
        self.backend().by_id(&self.tenant, id).await?.ok_or_else(|| missing(id))
    }

    pub(super) fn backend(&self) -> &dyn Backend {
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

pub(super) fn binding(row: &Row, column: Column) -> Binding<'_> {
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

pub(super) fn open_tokens(ring: &Ring, row: &Row) -> Result<Option<StoredTokens>, StoreFault> {
    let Some(sealed) = &row.tokens else { return Ok(None) };
    let bytes = ring.open(&binding(row, Column::Tokens), sealed)?;
    let (revision, expires_at) = (row.tokens_revision, row.token_expires_at);
    Ok(Some(StoredTokens { bytes, revision, expires_at }))
}

pub(super) fn missing(connection: &str) -> StoreFault {
    StoreFault::Missing { connection: connection.to_owned() }
}

fn exists(connector: &str, name: &str) -> StoreFault {
    StoreFault::Exists { connector: connector.to_owned(), name: name.to_owned() }
}

/// Whether a connection of that name can be there: others are not asked for.
fn possible(connector: &str, name: &str) -> bool {
    name::is_connector_name(connector) && is_connection_name(name)
}

pub(super) fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// 128 random bits, in hex.
pub(super) fn random_id() -> Result<String, StoreFault> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| KeyFault::NoRandom)?;
    Ok(hex::encode(bytes))
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

impl fmt::Debug for TenantStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TenantStore({}, {})", self.store.place(), self.tenant)
    }
}
