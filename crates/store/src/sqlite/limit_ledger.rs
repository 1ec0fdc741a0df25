//! The ledger of limits in one SQLite file beside the store's, for the processes of one machine.
//!
//! It is no part of the store: it is written for each request, is lost without harm, and is there also where the store is not, or can only
//! be read. WAL with `synchronous=NORMAL`: what is acknowledged outlives every process, and a power cut may take the last of it away.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use cardhost_core::limits::{Ledger, Turn};
use rusqlite::{Connection, Error, OptionalExtension as _, TransactionBehavior, params};

use super::{connect, execute, statement, store_fault, when_free};
use crate::StoreFault;
use crate::limit_ledger::{Change, Changed, LimitLedger};
use crate::migrations::{Migrations, State, Unfit};

/// "Limi", in the file's header.
const APPLICATION: i64 = 0x4c69_6d69;

const SETTINGS: &str = "PRAGMA synchronous = NORMAL;";

/// What makes the table, and what was changed of it since: see [`crate::migrations`].
const STEPS: &[&str] = &["
    CREATE TABLE cardhost_limits (
        key TEXT PRIMARY KEY,
        ledger BLOB NOT NULL,
        idle_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
"];

/// How long a ledger stays that says nothing any more: thirty days.
const IDLE_MS: i64 = 30 * 24 * 3_600 * 1_000;

/// The ledger in a file.
pub(super) struct SqliteLimitLedger {
    place: Arc<str>,
    connection: Arc<Mutex<Connection>>,
}

impl SqliteLimitLedger {
    /// Opens the file, or makes it.
    pub(super) async fn open(path: String) -> Result<SqliteLimitLedger, StoreFault> {
        let place: Arc<str> = path.into();
        let opened = Arc::clone(&place);
        let connection = apart(&place, move || {
            let mut connection = connect(Path::new(&*opened), &opened, SETTINGS)?;
            let migrations = Migrations { application: APPLICATION, steps: STEPS.to_vec() };
            when_free(&opened, || prepare(&mut connection, &migrations))?;
            Ok(connection)
        });
        let connection = Arc::new(Mutex::new(connection.await?));
        Ok(SqliteLimitLedger { place, connection })
    }
}

/// Runs on a thread for blocking work, to its end.
async fn apart<T: Send + 'static>(
    place: &Arc<str>,
    work: impl FnOnce() -> Result<T, StoreFault> + Send + 'static,
) -> Result<T, StoreFault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| {
        let (place, reason) = (place.to_string(), error.to_string());
        Err(StoreFault::Unreachable { place, reason, transient: false })
    })
}

fn prepare(connection: &mut Connection, migrations: &Migrations) -> Result<(), Unfit> {
    let state = migrations.look(connection)?;
    if state == State::Empty {
        // Kept in the file, and not possible in a transaction.
        connection.pragma_update(None, "journal_mode", "WAL")?;
    }
    if state != State::Newest {
        migrations.run(connection, |_| Ok(()))?;
    }
    Ok(())
}

/// Changes a ledger in a transaction that is the only writer from its beginning: the clock that the change reads stands still for all others.
fn changed(connection: &mut Connection, key: &str, change: &Change) -> Result<Option<Turn>, Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let kept = statement(&transaction, "SELECT ledger FROM cardhost_limits WHERE key = ?1")?
        .query_row([key], |row| Ok(row.get_ref(0)?.as_blob().map(Ledger::from_bytes)?))
        .optional()?;
    let is_new = kept.is_none();
    // Bytes that are no ledger are as none: what was counted is lost, and nothing stands still for it.
    let mut ledger = kept.flatten().unwrap_or_default();
    let turn = change(&mut ledger);
    if matches!(turn, Some(Turn::Later { .. } | Turn::Full)) {
        return Ok(turn);
    }
    let idle_at = ledger.idle_at();
    if is_new {
        let sql = "DELETE FROM cardhost_limits WHERE idle_at < ?1";
        execute(&transaction, sql, [idle_at.saturating_sub(IDLE_MS)])?;
    }
    let sql = "INSERT OR REPLACE INTO cardhost_limits (key, ledger, idle_at) VALUES (?1, ?2, ?3)";
    execute(&transaction, sql, params![key, ledger.to_bytes(), idle_at])?;
    transaction.commit()?;
    Ok(turn)
}

impl LimitLedger for SqliteLimitLedger {
    fn change<'a>(&'a self, key: &'a str, change: Change) -> Changed<'a> {
        let (place, connection) = (Arc::clone(&self.place), Arc::clone(&self.connection));
        let key = key.to_owned();
        Box::pin(apart(&self.place, move || {
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            changed(&mut connection, &key, &change).map_err(|error| store_fault(&place, &error))
        }))
    }
}
