//! The back end in one SQLite file, for one machine.
//!
//! One connection a store, used by one blocking thread at a time; other processes are kept apart by SQLite's own locks.
//! WAL with `synchronous=FULL`: what was acknowledged is on the disk.

mod limit_ledger;

use std::fs::{DirBuilder, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::fault::StoreFault;
use rusqlite::{
    CachedStatement, Connection, Error, ErrorCode, OpenFlags, OptionalExtension as _, Params,
    Transaction, TransactionBehavior, params,
};

use super::backend::{
    Answer, Backend, Column, KeyState, Leased, NewTokens, PAGE, Renamed, Resealed, Row, Wrote,
};
use super::migrations::{Migrations, State, Unfit};
use super::{LimitLedger, Summary};

/// "Card", in the file's header.
const APPLICATION: i64 = 0x4361_7264;
/// How long a write waits for the writes of others.
const BUSY: Duration = Duration::from_secs(5);
/// Between two tries to open a store that others are making.
const PAUSE: Duration = Duration::from_millis(2);

/// What holds for a connection.
const SETTINGS: &str =
    "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON;";

/// What makes the tables, and what was changed of them since: see [`super::migrations`].
const STEPS: &[&str] = &["
    CREATE TABLE cardhost_store (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        key_id TEXT NOT NULL,
        key_check BLOB NOT NULL
    ) STRICT;
    CREATE TABLE cardhost_connections (
        id TEXT PRIMARY KEY,
        tenant TEXT NOT NULL,
        connector TEXT NOT NULL,
        name TEXT NOT NULL,
        fields BLOB NOT NULL,
        revision INTEGER NOT NULL,
        tokens BLOB,
        tokens_revision INTEGER NOT NULL,
        token_expires_at INTEGER,
        lease_holder TEXT,
        lease_until_ms INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        UNIQUE (tenant, connector, name)
    ) STRICT;
"];

const ROW: &str = "SELECT tenant, id, connector, name, fields, revision, tokens, tokens_revision, token_expires_at \
     FROM cardhost_connections";

/// The condition of every write: the store is sealed under this key.
macro_rules! sealed_under {
    ($parameter:literal) => {
        concat!("EXISTS (SELECT 1 FROM cardhost_store WHERE key_id = ", $parameter, ")")
    };
}

/// A store in a file.
pub(super) struct Sqlite {
    path: PathBuf,
    place: String,
    migrations: Arc<Migrations>,
    /// None until it is opened.
    connection: Arc<Mutex<Option<Connection>>>,
}

/// What a function on the blocking thread can find wrong.
enum Fault {
    Sqlite(Error),
    Store(StoreFault),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Sqlite(error)
    }
}

impl From<StoreFault> for Fault {
    fn from(fault: StoreFault) -> Fault {
        Fault::Store(fault)
    }
}

impl Sqlite {
    /// A store whose format has steps after those that are shipped.
    pub(super) fn new(path: &str, later: &[&'static str]) -> Sqlite {
        let migrations = Migrations { application: APPLICATION, steps: [STEPS, later].concat() };
        Sqlite {
            path: PathBuf::from(path),
            place: path.to_owned(),
            migrations: Arc::new(migrations),
            connection: Arc::default(),
        }
    }

    /// Runs on a blocking thread, alone.
    fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Answer<'_, T> {
        let connection = Arc::clone(&self.connection);
        let (path, place) = (self.path.clone(), self.place.clone());
        Box::pin(async move {
            let done = tokio::task::spawn_blocking(move || {
                let mut held = connection.lock().unwrap_or_else(PoisonError::into_inner);
                let connection = match held.take() {
                    Some(connection) => held.insert(connection),
                    None => held.insert(connect(&path, &place, SETTINGS)?),
                };
                work(connection).map_err(|fault| match fault {
                    Fault::Sqlite(error) => store_fault(&place, &error),
                    Fault::Store(fault) => fault,
                })
            });
            done.await.unwrap_or_else(|error| {
                Err(StoreFault::Unreachable {
                    place: self.place.clone(),
                    reason: error.to_string(),
                    transient: false,
                })
            })
        })
    }

    /// Runs in a transaction that is the only writer from its beginning.
    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Answer<'_, T> {
        self.run(move |connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        })
    }
}

/// Opens the file, makes it where there is none, and refuses what is not one.
fn connect(path: &Path, place: &str, settings: &str) -> Result<Connection, StoreFault> {
    let unreachable = |error: std::io::Error| StoreFault::Unreachable {
        place: place.to_owned(),
        reason: error.to_string(),
        transient: false,
    };
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() => {}
        Ok(_) => {
            let reason = "it is not a file".to_owned();
            return Err(StoreFault::Corrupt { place: place.to_owned(), reason });
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            create(path).map_err(unreachable)?;
        }
        Err(error) => return Err(unreachable(error)),
    }
    let sqlite = |error: Error| store_fault(place, &error);
    // Not `SQLITE_OPEN_URI`: a path is a path. Not `CREATE`: the file has its permissions already.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(sqlite)?;
    connection.busy_timeout(BUSY).map_err(sqlite)?;
    // SQLite opens a file that nobody can write for reading by itself.
    if connection.is_readonly(rusqlite::MAIN_DB).map_err(sqlite)? {
        return readable(connection, path, place);
    }
    connection.execute_batch(settings).map_err(sqlite)?;
    Ok(connection)
}

/// A store that can only be read, such as one on a read-only mount: its companions cannot be made there, without which
/// SQLite reads nothing unless it is told that the file does not change.
fn readable(connection: Connection, path: &Path, place: &str) -> Result<Connection, StoreFault> {
    let read = |connection: &Connection| {
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
    };
    let unreadable = match read(&connection) {
        Ok(_) => return Ok(connection),
        Err(error) => store_fault(place, &error),
    };
    let companion = format!("{}-wal", path.display());
    if std::fs::metadata(&companion).is_ok_and(|found| found.len() > 0) {
        let reason = format!(
            "it can only be read, and `{companion}` holds changes that whoever opens it for writing has to put in first"
        );
        return Err(StoreFault::Unreachable { place: place.to_owned(), reason, transient: false });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let Some(uri) = immutable(path) else { return Err(unreadable) };
    let connection =
        Connection::open_with_flags(uri, flags).map_err(|error| store_fault(place, &error))?;
    read(&connection).map_err(|error| store_fault(place, &error))?;
    Ok(connection)
}

/// The URI of a file that does not change while it is open; `None` for a name that is no text.
fn immutable(path: &Path) -> Option<String> {
    let path = std::path::absolute(path).ok()?;
    let mut uri = "file:".to_owned();
    for byte in path.to_str()?.bytes() {
        match byte {
            b'?' | b'#' | b'%' => uri.push_str(&format!("%{byte:02x}")),
            byte if byte.is_ascii() => uri.push(char::from(byte)),
            byte => uri.push_str(&format!("%{byte:02x}")),
        }
    }
    uri.push_str("?immutable=1");
    Some(uri)
}

/// An empty file that only its owner can read; SQLite gives its companions the same permissions.
fn create(path: &Path) -> std::io::Result<()> {
    let mut folders = DirBuilder::new();
    folders.recursive(true);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        folders.create(folder)?;
    }
    match options.open(path) {
        Ok(file) => {
            file.sync_all()?;
            super::key::sync_folder(path);
            Ok(())
        }
        // Another process was faster.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes the tables where there are none, and brings older ones to the newest format.
fn open(
    connection: &mut Connection,
    migrations: &Migrations,
    fresh: &KeyState,
) -> Result<KeyState, Unfit> {
    let state = migrations.look(connection)?;
    if state == State::Empty {
        // Kept in the file, and not possible in a transaction. Others may be about to do the same.
        connection.pragma_update(None, "journal_mode", "WAL")?;
    }
    if state != State::Newest {
        migrations.run(connection, |transaction| {
            let insert = "INSERT INTO cardhost_store (id, key_id, key_check) VALUES (1, ?1, ?2)";
            transaction.execute(insert, params![fresh.key, fresh.check]).map(|_| ())
        })?;
    }
    Ok(key_state(connection)?)
}

/// Opens a file that others may be making: SQLite does not wait by itself for another process that is changing the journal mode.
fn when_free<T>(place: &str, mut open: impl FnMut() -> Result<T, Unfit>) -> Result<T, StoreFault> {
    let (since, place) = (Instant::now(), place.to_owned());
    loop {
        return match open() {
            Ok(opened) => Ok(opened),
            Err(Unfit::Sqlite(error)) if is_busy(&error) && since.elapsed() < BUSY => {
                std::thread::sleep(PAUSE);
                continue;
            }
            Err(Unfit::Sqlite(error)) => Err(store_fault(&place, &error)),
            Err(Unfit::Newer { found, known }) => {
                Err(StoreFault::NewerFormat { place, found, known })
            }
            Err(Unfit::Foreign) => {
                let reason = "it is an SQLite database of something else".to_owned();
                Err(StoreFault::Corrupt { place, reason })
            }
        };
    }
}

fn is_busy(error: &Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn key_state(connection: &Connection) -> Result<KeyState, Error> {
    let select = "SELECT key_id, key_check FROM cardhost_store WHERE id = 1";
    let read = |row: &rusqlite::Row<'_>| Ok(KeyState { key: row.get(0)?, check: row.get(1)? });
    statement(connection, select)?.query_row([], read)
}

/// Prepared once a connection: preparing takes longer than looking a row up.
fn statement<'c>(connection: &'c Connection, sql: &str) -> Result<CachedStatement<'c>, Error> {
    connection.prepare_cached(sql)
}

fn execute(connection: &Connection, sql: &str, params: impl Params) -> Result<usize, Error> {
    statement(connection, sql)?.execute(params)
}

fn rows(connection: &Connection, condition: &str, params: impl Params) -> Result<Vec<Row>, Error> {
    let mut statement = statement(connection, &format!("{ROW} {condition}"))?;
    let rows = statement.query_map(params, |row| {
        Ok(Row {
            tenant: row.get(0)?,
            id: row.get(1)?,
            connector: row.get(2)?,
            name: row.get(3)?,
            fields: row.get(4)?,
            revision: row.get(5)?,
            tokens: row.get(6)?,
            tokens_revision: row.get(7)?,
            token_expires_at: row.get(8)?,
        })
    })?;
    rows.collect()
}

fn wrote(changed: usize) -> Wrote {
    if changed == 0 { Wrote::No } else { Wrote::Yes }
}

/// A write that may find the name taken.
fn wrote_or_exists(result: Result<usize, Error>) -> Result<Wrote, Error> {
    match result {
        Err(Error::SqliteFailure(failure, _))
            if failure.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE =>
        {
            Ok(Wrote::Exists)
        }
        result => result.map(wrote),
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn now_s() -> i64 {
    now_ms().div_euclid(1000)
}

fn store_fault(place: &str, error: &Error) -> StoreFault {
    let place = place.to_owned();
    let reason = match error {
        Error::SqliteFailure(failure, words) => {
            words.clone().unwrap_or_else(|| failure.to_string())
        }
        other => other.to_string(),
    };
    let code = error.sqlite_error_code();
    match code {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            StoreFault::Corrupt { place, reason }
        }
        Some(code) => {
            let transient = matches!(
                code,
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::DiskFull
            );
            // Tables that are not as they were made: the statements are ours, and right.
            if matches!(code, ErrorCode::Unknown | ErrorCode::ConstraintViolation) {
                return StoreFault::Corrupt { place, reason };
            }
            StoreFault::Unreachable { place, reason, transient }
        }
        // A row that is missing, or a value of another type.
        None => StoreFault::Corrupt { place, reason },
    }
}

impl Backend for Sqlite {
    fn place(&self) -> &str {
        &self.place
    }

    fn open(&self, fresh: KeyState) -> Answer<'_, KeyState> {
        let (place, migrations) = (self.place.clone(), Arc::clone(&self.migrations));
        self.run(move |connection| Ok(when_free(&place, || open(connection, &migrations, &fresh))?))
    }

    fn key_state(&self) -> Answer<'_, KeyState> {
        self.run(|connection| Ok(key_state(connection)?))
    }

    fn turn(&self, from: String, to: KeyState) -> Answer<'_, Wrote> {
        self.write(move |connection| {
            let sql = "UPDATE cardhost_store SET key_id = ?2, key_check = ?3 WHERE id = 1 AND key_id = ?1";
            execute(connection, sql, params![from, to.key, to.check]).map(wrote)
        })
    }

    fn insert(&self, key: String, row: Row) -> Answer<'_, Wrote> {
        self.write(move |connection| {
            let sql = concat!(
                "INSERT INTO cardhost_connections (id, tenant, connector, name, fields, revision, ",
                "tokens_revision, lease_until_ms, created_at, updated_at) ",
                "SELECT ?2, ?3, ?4, ?5, ?6, 1, 0, 0, ?7, ?7 WHERE ",
                sealed_under!("?1"),
            );
            let Row { id, tenant, connector, name, fields, .. } = row;
            let params = params![key, id, tenant, connector, name, fields, now_s()];
            wrote_or_exists(execute(connection, sql, params))
        })
    }

    fn by_name(&self, tenant: &str, connector: &str, name: &str) -> Answer<'_, Option<Row>> {
        let (tenant, connector, name) = (tenant.to_owned(), connector.to_owned(), name.to_owned());
        self.run(move |connection| {
            let condition = "WHERE tenant = ?1 AND connector = ?2 AND name = ?3";
            Ok(rows(connection, condition, params![tenant, connector, name])?.pop())
        })
    }

    fn by_id(&self, tenant: &str, id: &str) -> Answer<'_, Option<Row>> {
        let (tenant, id) = (tenant.to_owned(), id.to_owned());
        self.run(move |connection| {
            let condition = "WHERE tenant = ?1 AND id = ?2";
            Ok(rows(connection, condition, params![tenant, id])?.pop())
        })
    }

    fn list(&self, tenant: &str, connector: Option<&str>) -> Answer<'_, Vec<Summary>> {
        let (tenant, connector) = (tenant.to_owned(), connector.map(str::to_owned));
        self.run(move |connection| {
            let sql = "SELECT id, connector, name, created_at, updated_at, tokens IS NOT NULL, token_expires_at \
                 FROM cardhost_connections WHERE tenant = ?1 AND (?2 IS NULL OR connector = ?2)";
            let mut statement = statement(connection, sql)?;
            let found = statement.query_map(params![tenant, connector], |row| {
                Ok(Summary {
                    id: row.get(0)?,
                    connector: row.get(1)?,
                    name: row.get(2)?,
                    created_at: row.get(3)?,
                    updated_at: row.get(4)?,
                    has_tokens: row.get(5)?,
                    token_expires_at: row.get(6)?,
                })
            })?;
            Ok(found.collect::<Result<Vec<_>, _>>()?)
        })
    }

    fn set_fields(&self, key: String, row: Row, fields: Vec<u8>) -> Answer<'_, Wrote> {
        self.write(move |connection| {
            let sql = concat!(
                "UPDATE cardhost_connections SET fields = ?6, revision = revision + 1, updated_at = ?7 ",
                "WHERE tenant = ?2 AND id = ?3 AND name = ?4 AND revision = ?5 AND ",
                sealed_under!("?1"),
            );
            let Row { tenant, id, name, revision, .. } = row;
            let params = params![key, tenant, id, name, revision, fields, now_s()];
            execute(connection, sql, params).map(wrote)
        })
    }

    fn rename(&self, key: String, renamed: Renamed) -> Answer<'_, Wrote> {
        self.write(move |connection| {
            let sql = concat!(
                "UPDATE cardhost_connections SET name = ?7, fields = ?8, tokens = ?9, updated_at = ?10 ",
                "WHERE tenant = ?2 AND id = ?3 AND name = ?4 AND revision = ?5 AND tokens_revision = ?6 AND ",
                sealed_under!("?1"),
            );
            let Renamed { from, name, fields, tokens } = renamed;
            let Row { tenant, id, name: old, revision, tokens_revision, .. } = from;
            let params = params![
                key, tenant, id, old, revision, tokens_revision, name, fields, tokens, now_s()
            ];
            wrote_or_exists(execute(connection, sql, params))
        })
    }

    fn remove(&self, tenant: &str, connector: &str, name: &str) -> Answer<'_, bool> {
        let (tenant, connector, name) = (tenant.to_owned(), connector.to_owned(), name.to_owned());
        self.write(move |connection| {
            let sql = "DELETE FROM cardhost_connections WHERE tenant = ?1 AND connector = ?2 AND name = ?3";
            Ok(execute(connection, sql, params![tenant, connector, name])? > 0)
        })
    }

    fn lease(&self, tenant: &str, id: &str, holder: &str, for_ms: i64) -> Answer<'_, Leased> {
        let (tenant, id, holder) = (tenant.to_owned(), id.to_owned(), holder.to_owned());
        self.write(move |connection| {
            let now = now_ms();
            let sql = "UPDATE cardhost_connections SET lease_holder = ?3, lease_until_ms = ?4 \
                 WHERE tenant = ?1 AND id = ?2 AND (lease_holder IS NULL OR lease_until_ms <= ?5)";
            let params = params![tenant, id, holder, now.saturating_add(for_ms), now];
            if execute(connection, sql, params)? > 0 {
                return Ok(Leased::Granted);
            }
            let sql =
                "SELECT lease_until_ms FROM cardhost_connections WHERE tenant = ?1 AND id = ?2";
            let until = statement(connection, sql)?
                .query_row(params![tenant, id], |row| row.get::<_, i64>(0))
                .optional()?;
            Ok(until.map_or(Leased::Missing, |until| Leased::Held { left_ms: until - now }))
        })
    }

    fn write_tokens(&self, key: String, new: NewTokens) -> Answer<'_, Option<i64>> {
        self.write(move |connection| {
            let sql = concat!(
                "UPDATE cardhost_connections SET tokens = ?6, token_expires_at = ?7, ",
                "tokens_revision = tokens_revision + 1, lease_holder = NULL ",
                "WHERE tenant = ?2 AND id = ?3 AND name = ?4 AND (?5 IS NULL OR lease_holder = ?5) AND ",
                sealed_under!("?1"),
                " RETURNING tokens_revision",
            );
            let NewTokens { tenant, id, name, holder, tokens, expires_at } = new;
            let params = params![key, tenant, id, name, holder, tokens, expires_at];
            statement(connection, sql)?.query_row(params, |row| row.get(0)).optional()
        })
    }

    fn release(&self, tenant: &str, id: &str, holder: &str) -> Answer<'_, ()> {
        let (tenant, id, holder) = (tenant.to_owned(), id.to_owned(), holder.to_owned());
        self.write(move |connection| {
            let sql = "UPDATE cardhost_connections SET lease_holder = NULL \
                 WHERE tenant = ?1 AND id = ?2 AND lease_holder = ?3";
            execute(connection, sql, params![tenant, id, holder]).map(|_| ())
        })
    }

    fn page(&self, after: &str) -> Answer<'_, Vec<Row>> {
        let after = after.to_owned();
        self.run(move |connection| {
            Ok(rows(connection, "WHERE id > ?1 ORDER BY id LIMIT ?2", params![after, PAGE])?)
        })
    }

    fn reseal(&self, key: String, values: Vec<Resealed>) -> Answer<'_, usize> {
        self.write(move |connection| {
            let mut changed = 0;
            for Resealed { id, column, old, new } in values {
                let sql = match column {
                    Column::Fields => concat!(
                        "UPDATE cardhost_connections SET fields = ?4 WHERE id = ?2 AND fields = ?3 AND ",
                        sealed_under!("?1"),
                    ),
                    Column::Tokens => concat!(
                        "UPDATE cardhost_connections SET tokens = ?4 WHERE id = ?2 AND tokens = ?3 AND ",
                        sealed_under!("?1"),
                    ),
                };
                changed += execute(connection, sql, params![key, id, old, new])?;
            }
            Ok(changed)
        })
    }

    fn now_ms(&self) -> Answer<'_, i64> {
        Box::pin(std::future::ready(Ok(now_ms())))
    }

    fn limit_ledger(&self) -> Answer<'_, Arc<dyn LimitLedger>> {
        let location = format!("{}.limits", self.place);
        Box::pin(async move {
            let opened = limit_ledger::SqliteLimitLedger::open(location).await?;
            Ok(Arc::new(opened) as Arc<dyn LimitLedger>)
        })
    }
}
