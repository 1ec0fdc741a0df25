//! The ledger of limits in one SQLite file beside the store's, for the processes of one machine.
//!
//! It is no part of the store: it is written for each request, is lost without harm, and is there also where the store is not, or can only
//! be read. WAL with `synchronous=NORMAL`: what is acknowledged outlives every process, and a power cut may take the last of it away.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cardhost_core::limits::{Ledger, Turn};
use rusqlite::{Connection, Error, OptionalExtension as _, params};

use super::{BUSY, connect, execute, is_busy, statement, store_fault, when_free};
use crate::StoreFault;
use crate::limit_ledger::{Change, Changed, LimitLedger};
use crate::migrations::{Migrations, State, Unfit};

/// "Limi", in the file's header.
const APPLICATION: i64 = 0x4c69_6d69;

/// What one process does not do by [`CHECKPOINT`], many short ones do by the pages that they have written together.
const SETTINGS: &str = "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 2000;";

/// After so many changes what was written is put into the file itself, which waits for the disk: on a thread for that.
const CHECKPOINT: u32 = 500;

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
    changes: AtomicU32,
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
        // The first change is no turn for it.
        Ok(SqliteLimitLedger { place, connection, changes: AtomicU32::new(1) })
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
fn changed(connection: &Connection, key: &str, change: &Change) -> Result<Option<Turn>, Error> {
    execute(connection, "BEGIN IMMEDIATE", [])?;
    let done = written(connection, key, change)
        .and_then(|turn| execute(connection, "COMMIT", []).map(|_| turn));
    if !connection.is_autocommit() {
        execute(connection, "ROLLBACK", [])?;
    }
    done
}

fn written(connection: &Connection, key: &str, change: &Change) -> Result<Option<Turn>, Error> {
    let kept = statement(connection, "SELECT ledger FROM cardhost_limits WHERE key = ?1")?
        .query_row([key], |row| Ok(row.get_ref(0)?.as_blob().map(Ledger::from_bytes)?))
        .optional()?;
    let is_new = kept.is_none();
    // Bytes that are no ledger are as none: what was counted is lost, and nothing stands still for it.
    let mut ledger = kept.flatten().unwrap_or_default();
    let turn = change(&mut ledger);
    if matches!(turn, Some(Turn::Later { .. } | Turn::Full)) {
        return Ok(turn);
    }
    let (bytes, idle_at) = (ledger.to_bytes(), ledger.idle_at());
    if is_new {
        let sql = "DELETE FROM cardhost_limits WHERE idle_at < ?1";
        execute(connection, sql, [idle_at.saturating_sub(IDLE_MS)])?;
        let sql = "INSERT INTO cardhost_limits (key, ledger, idle_at) VALUES (?1, ?2, ?3)";
        execute(connection, sql, params![key, bytes, idle_at])?;
    } else {
        let sql = "UPDATE cardhost_limits SET ledger = ?2, idle_at = ?3 WHERE key = ?1";
        execute(connection, sql, params![key, bytes, idle_at])?;
    }
    Ok(turn)
}

impl SqliteLimitLedger {
    /// Changes a ledger at once, where nobody else is at the file: that takes less than handing it to another thread. What may have to wait
    /// for a disk or for others does not.
    fn at_once(&self, key: &str, change: &Change) -> Option<Result<Option<Turn>, Error>> {
        let connection = self.connection.try_lock().ok()?;
        let done = connection
            .busy_timeout(Duration::ZERO)
            .and_then(|()| changed(&connection, key, change));
        match done {
            Err(error) if is_busy(&error) => None,
            done => Some(done),
        }
    }
}

impl LimitLedger for SqliteLimitLedger {
    fn change<'a>(&'a self, key: &'a str, change: Change) -> Changed<'a> {
        Box::pin(async move {
            let place = Arc::clone(&self.place);
            let is_due = self.changes.fetch_add(1, Ordering::Relaxed).is_multiple_of(CHECKPOINT);
            if !is_due && let Some(done) = self.at_once(key, &change) {
                return done.map_err(|error| store_fault(&place, &error));
            }
            let (key, connection) = (key.to_owned(), Arc::clone(&self.connection));
            let waited = apart(&self.place, move || {
                let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                let done = connection
                    .busy_timeout(BUSY)
                    .and_then(|()| changed(&connection, &key, &change))
                    .map_err(|error| store_fault(&place, &error))?;
                if is_due {
                    // What is in the file beside it goes into it; where others are reading, later.
                    let _ = connection.pragma_query(None, "wal_checkpoint", |_| Ok(()));
                }
                Ok(done)
            });
            waited.await
        })
    }
}
