//! What a run has done, in one SQLite file: a run that did not live to its end goes on from it.
//!
//! A journal holds no document, no input and no secret: digests say that they are the same, and what cards gave is kept
//! with their secrets masked. Its order is that of the interpreter's calls: a row without a step is a call of
//! `Run::steps` with its time, one with a step is what came of that step, told before the call that follows it.
//! WAL with `synchronous=FULL`: what has been kept is on the disk. The file is locked while a process runs it, and
//! free when that is gone, however it went. What a killed process did last is in the `-wal` beside the file: a mark in the
//! file itself says that there has to be one. Each row has a checksum, in which its number is: none can be changed,
//! left out or put elsewhere unnoticed.
//!
//! Which accounts a run acts for is kept as digests: going on for another one would do half of the work at each.

use std::collections::{BTreeMap, HashSet};
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::fault::{JournalProblem, RunFault};
use cardhost_core::failure::Error;
use cardhost_flow::Problem;
use ring::digest::{Context, SHA256, digest};
use ring::pbkdf2;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Flow;
use super::asked::Asked;
use super::open::{Over, Unfinished};
use cardhost_store::migrations::{Migrations, Unfit};

mod replay;
mod resume;
mod state;
mod taken_back;

pub use state::{RunState, Stage};
use taken_back::Failed;

/// "Flow", in the file's header.
const APPLICATION: i64 = 0x466c_6f77;

/// What makes the tables, and what was changed of them since: see [`cardhost_store::migrations`].
const STEPS: &[&str] = &[
    "
    CREATE TABLE run (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        input BLOB NOT NULL,
        seed BLOB NOT NULL,
        workflow_id TEXT NOT NULL
    ) STRICT;
    CREATE TABLE flow (
        run TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        digest BLOB NOT NULL
    ) STRICT;
    CREATE TABLE entry (
        seq INTEGER PRIMARY KEY,
        run TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        step TEXT,
        outcome TEXT
    ) STRICT;
    CREATE INDEX entry_of_run ON entry (run, seq);
    CREATE TABLE sent (step TEXT PRIMARY KEY) STRICT;
",
    "
    ALTER TABLE entry ADD COLUMN sum BLOB;
    CREATE TABLE account (name TEXT PRIMARY KEY, digest BLOB NOT NULL) STRICT;
    CREATE TABLE held (id INTEGER PRIMARY KEY CHECK (id = 1)) STRICT;
",
    // A row without a step and with an outcome is a mark from here on: see `taken_back`.
    "
    ALTER TABLE entry ADD COLUMN asked BLOB;
    CREATE TABLE state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        state TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        step TEXT,
        code TEXT,
        why TEXT
    ) STRICT;
",
];

/// Rounds of PBKDF2 (RFC 8018) in the digest of an account: some milliseconds, once a connection and process, and as much for each
/// guess at a weak password.
const ROUNDS: NonZeroU32 = NonZeroU32::new(20_000).unwrap();

/// The journal of one run.
#[derive(Clone)]
pub struct Journal {
    path: Arc<str>,
    connection: Arc<Mutex<Held>>,
    accepts_changes: bool,
    retries_failed: bool,
    decisions: Arc<BTreeMap<String, Unfinished>>,
}

/// The open file; closed in order, it needs no file beside it.
struct Held(Connection);

impl Drop for Held {
    fn drop(&mut self) {
        if self.0.execute("DELETE FROM held", []).is_err() {
            // The mark stays, and so has to do the file that it asks for.
            let _ = self.0.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        }
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Journal({})", self.path)
    }
}

/// What came of a step, as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kept {
    Output(Value),
    Problem(Problem),
}

/// How the text of a [`Kept::Problem`] begins: most rows need not be read to know that they are none.
const PROBLEM: &str = "{\"problem\":";

impl From<Result<Value, Problem>> for Kept {
    fn from(outcome: Result<Value, Problem>) -> Kept {
        match outcome {
            Ok(output) => Kept::Output(output),
            Err(problem) => Kept::Problem(problem),
        }
    }
}

impl From<Kept> for Result<Value, Problem> {
    fn from(kept: Kept) -> Result<Value, Problem> {
        match kept {
            Kept::Output(output) => Ok(output),
            Kept::Problem(problem) => Err(problem),
        }
    }
}

impl Journal {
    /// Opens the journal in a file, made where there is none. It is held until it is dropped.
    ///
    /// # Errors
    /// `flow.journal_busy` where another process holds it; `flow.journal`.
    pub fn open(path: &Path) -> Result<Journal, Error> {
        let shown: Arc<str> = path.display().to_string().into();
        let connection = connect(path, STEPS).map_err(|problem| error(&shown, problem))?;
        let connection = Arc::new(Mutex::new(Held(connection)));
        Ok(Journal {
            path: shown,
            connection,
            accepts_changes: false,
            retries_failed: false,
            decisions: Arc::default(),
        })
    }

    /// Goes on although connections or secrets are other ones than those that the run was begun with, as after a
    /// password was renewed, and although the flow was changed in steps that were done: they are taken as they were.
    #[must_use]
    pub fn accepting_changes(self) -> Journal {
        Journal { accepts_changes: true, ..self }
    }

    /// Goes on with a run that ended with an error: the step that failed is done again, and what was done before it is kept.
    /// The flow may have been repaired, as long as the steps that were done are the same.
    #[must_use]
    pub fn retrying_failed(self) -> Journal {
        Journal { retries_failed: true, ..self }
    }

    /// Decides about one step that is in doubt.
    #[must_use]
    pub fn deciding(mut self, step: &str, unfinished: Unfinished) -> Journal {
        Arc::make_mut(&mut self.decisions).insert(step.to_owned(), unfinished);
        self
    }

    /// What is decided about single steps.
    pub(super) fn decisions(&self) -> &BTreeMap<String, Unfinished> {
        &self.decisions
    }

    fn may_change(&self) -> bool {
        self.retries_failed || self.accepts_changes
    }

    /// The id and the seed of the run in it; of a new one, those that are given.
    pub(super) async fn begin(
        &self,
        flow: &Flow,
        input: &Value,
        id: String,
        seed: [u8; 16],
    ) -> Result<(String, [u8; 16]), Error> {
        let input = digest(&SHA256, input.to_string().as_bytes()).as_ref().to_vec();
        let (flow, may_change) = ((name_of(flow), flow.digest()), self.may_change());
        self.write(move |transaction| {
            let found = transaction
                .query_row("SELECT input, seed, workflow_id FROM run", [], |row| {
                    Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()?;
            whole(transaction)?;
            state::not_cancelled(transaction)?;
            // A flow that was changed is told before an input that does not fit it.
            keep_flow(transaction, "", &flow, may_change)?;
            match found {
                Some((known, ..)) if known != input => Err(JournalProblem::OtherInput.into()),
                Some((_, seed, id)) => Ok((id, seed)),
                None => {
                    let new = "INSERT INTO run (id, input, seed, workflow_id) VALUES (1, ?, ?, ?)";
                    transaction.execute(new, params![input, seed, id])?;
                    Ok((id, seed))
                }
            }
        })
        .await
    }

    /// Takes note of the flow of a run, or compares it with that noted before; whether it was changed since.
    async fn flow(&self, run: &str, flow: &Flow) -> Result<bool, Error> {
        let (run, flow) = (run.to_owned(), (name_of(flow), flow.digest()));
        let may_change = self.may_change();
        self.write(move |transaction| keep_flow(transaction, &run, &flow, may_change)).await
    }

    /// Whether there is anything of a run.
    pub(super) async fn has(&self, run: &str) -> Result<bool, Error> {
        let run = run.to_owned();
        self.read(move |connection| {
            let query = "SELECT EXISTS (SELECT 1 FROM flow WHERE run = ?)";
            Ok(connection.query_row(query, [&run], |row| row.get(0))?)
        })
        .await
    }

    /// Keeps what is over, and that the run goes on at a time.
    pub(super) async fn turn(&self, run: &str, now_ms: i64, over: Vec<Over>) -> Result<(), Error> {
        let run = run.to_owned();
        self.write(move |transaction| {
            let mut last = transaction.prepare_cached("SELECT coalesce(max(seq), 0) FROM entry")?;
            let mut seq: i64 = last.query_row([], |row| row.get(0))?;
            let mut insert = transaction.prepare_cached(
                "INSERT INTO entry (seq, run, at_ms, step, outcome, asked, sum) VALUES (?, ?, ?, ?, ?, ?, ?)",
            )?;
            let mut add = |step: Option<&str>, outcome: Option<&str>, asked: Option<Asked>| {
                seq += 1;
                let sum = checksum(seq, &run, now_ms, step, outcome, asked);
                insert.execute(params![seq, run, now_ms, step, outcome, asked, sum])
            };
            for Over { step, asked, outcome } in over {
                let kept = serde_json::to_string(&Kept::from(outcome));
                let kept = kept.map_err(|error| unusable(error.to_string()))?;
                add(Some(step.as_str()), Some(&kept), asked)?;
            }
            add(None, None, None)?;
            Ok(())
        })
        .await
    }

    /// Takes note of an account that the run acts for, or compares it with that noted before. `value` tells it from others.
    pub(super) async fn account(&self, name: &str, value: [u8; 32]) -> Result<(), Error> {
        let (name, accepts) = (name.to_owned(), self.accepts_changes);
        self.write(move |transaction| {
            let seed: Vec<u8> =
                transaction.query_row("SELECT seed FROM run", [], |row| row.get(0))?;
            let mut digest = [0; 32];
            pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, &seed, &value, &mut digest);
            let query = "SELECT digest FROM account WHERE name = ?";
            let known = transaction
                .query_row(query, [&name], |row| row.get::<_, [u8; 32]>(0))
                .optional()?;
            match known {
                Some(known) if digest == known => Ok(()),
                Some(_) if !accepts => Err(JournalProblem::OtherAccount { name }.into()),
                _ => {
                    let new = "INSERT OR REPLACE INTO account (name, digest) VALUES (?, ?)";
                    transaction.execute(new, params![name, digest])?;
                    Ok(())
                }
            }
        })
        .await
    }

    /// Keeps that a write is about to be sent.
    pub(super) async fn will_send(&self, step: &str) -> Result<(), Error> {
        let step = step.to_owned();
        self.write(move |transaction| {
            transaction.execute("INSERT OR REPLACE INTO sent (step) VALUES (?)", [&step])?;
            Ok(())
        })
        .await
    }

    /// The writes that were about to be sent.
    pub(super) async fn sent(&self) -> Result<HashSet<String>, Error> {
        self.read(|connection| {
            let mut query = connection.prepare("SELECT step FROM sent")?;
            let rows = query.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The error of a card that gives a secret.
    pub(super) fn keeps_no_secret(&self, card: String) -> Error {
        self.error(JournalProblem::Secret { card })
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Held> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn error(&self, problem: JournalProblem) -> Error {
        error(&self.path, problem)
    }

    /// Runs on a blocking thread, alone.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Error> {
        let connection = Arc::clone(&self.connection);
        let done = tokio::task::spawn_blocking(move || {
            work(&mut connection.lock().unwrap_or_else(PoisonError::into_inner).0)
        });
        let done = done.await.unwrap_or_else(|error| Err(unusable(error.to_string()).into()));
        done.map_err(|trouble| self.error(trouble.into()))
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Error> {
        self.read(move |connection| {
            let transaction = connection.transaction()?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
        .await
    }
}

/// What a function on the blocking thread can find wrong.
enum Trouble {
    Sqlite(rusqlite::Error),
    Journal(JournalProblem),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Trouble {
        Trouble::Sqlite(error)
    }
}

impl From<JournalProblem> for Trouble {
    fn from(problem: JournalProblem) -> Trouble {
        Trouble::Journal(problem)
    }
}

impl From<Trouble> for JournalProblem {
    fn from(trouble: Trouble) -> JournalProblem {
        match trouble {
            Trouble::Journal(problem) => problem,
            Trouble::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => JournalProblem::Busy,
                _ => unusable(error.to_string()),
            },
        }
    }
}

fn unusable(reason: String) -> JournalProblem {
    JournalProblem::Unusable { reason }
}

fn error(path: &str, problem: JournalProblem) -> Error {
    RunFault::Journal { path: path.to_owned(), problem }.into()
}

fn name_of(flow: &Flow) -> String {
    format!("{}:{}", flow.name(), flow.document.head.version)
}

/// `<namespace>/<name>` of `<namespace>/<name>:<version>`.
fn unversioned(name: &str) -> &str {
    name.split_once(':').map_or(name, |(name, _)| name)
}

fn keep_flow(
    transaction: &Transaction<'_>,
    run: &str,
    (name, digest): &(String, [u8; 32]),
    may_change: bool,
) -> Result<bool, Trouble> {
    let found = transaction
        .query_row("SELECT name, digest FROM flow WHERE run = ?", [run], |row| {
            Ok((row.get(0)?, row.get::<_, [u8; 32]>(1)?))
        })
        .optional()?;
    match found {
        Some((_, known)) if known == *digest => Ok(false),
        Some((found, _)) if !may_change => Err(JournalProblem::OtherFlow { found }.into()),
        // Another flow altogether is no repaired one.
        Some((found, _)) if unversioned(&found) != unversioned(name) => {
            Err(JournalProblem::OtherFlow { found }.into())
        }
        Some(_) => Ok(true),
        None => {
            let new = "INSERT INTO flow (run, name, digest) VALUES (?, ?, ?)";
            transaction.execute(new, params![run, name, digest])?;
            Ok(false)
        }
    }
}

/// Whether rows are missing, in the middle or at the beginning.
fn whole(transaction: &Transaction<'_>) -> Result<(), Trouble> {
    let query = "SELECT count(*) = coalesce(max(seq), 0) FROM entry";
    match transaction.query_row(query, [], |row| row.get(0))? {
        true => Ok(()),
        false => Err(unusable("rows of it are missing".to_owned()).into()),
    }
}

/// The beginning of a SHA-256 over what a row holds.
fn checksum(
    seq: i64,
    run: &str,
    at_ms: i64,
    step: Option<&str>,
    outcome: Option<&str>,
    asked: Option<Asked>,
) -> [u8; 8] {
    let mut hash = Context::new(&SHA256);
    hash.update(&seq.to_be_bytes());
    hash.update(&at_ms.to_be_bytes());
    for text in [Some(run), step, outcome] {
        let length = text.map_or(u64::MAX, |text| text.len() as u64);
        hash.update(&length.to_be_bytes());
        hash.update(text.unwrap_or_default().as_bytes());
    }
    // Rows of older formats have none.
    if let Some(asked) = asked {
        hash.update(&asked);
    }
    let mut sum = [0; 8];
    sum.copy_from_slice(&hash.finish().as_ref()[..8]);
    sum
}

fn connect(path: &Path, steps: &[&'static str]) -> Result<Connection, JournalProblem> {
    make(path).map_err(|error| unusable(error.to_string()))?;
    let mut beside = path.as_os_str().to_owned();
    beside.push("-wal");
    // SQLite makes one when it opens the file.
    let has_wal = Path::new(&beside).exists();
    let connection = open(path, &Migrations { application: APPLICATION, steps: steps.to_vec() })
        .map_err(|unfit| match unfit {
            Unfit::Foreign => unusable("it is a database of something else".to_owned()),
            Unfit::Newer { found, .. } => {
                unusable(format!("a newer cardhost made it: its format is {found}"))
            }
            Unfit::Sqlite(error) => Trouble::from(error).into(),
        })?;
    let marked = mark(&connection).map_err(|error| JournalProblem::from(Trouble::from(error)))?;
    if marked && !has_wal {
        let beside = Path::new(&beside).display().to_string();
        return Err(unusable(format!(
            "what was done last is in `{beside}`, which is missing: the two belong together"
        )));
    }
    Ok(connection)
}

/// Marks the file as held, in the file itself; whether it was so before.
fn mark(connection: &Connection) -> Result<bool, rusqlite::Error> {
    let is_new = connection.execute("INSERT OR IGNORE INTO held (id) VALUES (1)", [])? == 1;
    if is_new {
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    }
    Ok(!is_new)
}

fn open(path: &Path, migrations: &Migrations) -> Result<Connection, Unfit> {
    let mut connection = Connection::open(path)?;
    // Who holds the journal holds it for long: nobody waits.
    connection.busy_timeout(Duration::ZERO)?;
    migrations.look(&mut connection)?;
    // Set before WAL, so that no shared memory is needed; the lock is taken by the first write and kept.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    migrations.run(&mut connection, |_| Ok(()))?;
    Ok(connection)
}

/// Makes the file where there is none; what cards gave is nobody else's to read. SQLite gives the files beside it the same
/// permissions.
fn make(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEXT: &str = "ALTER TABLE sent ADD COLUMN note TEXT";

    fn format(path: &Path) -> i64 {
        let connection = Connection::open(path).unwrap();
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_journal_of_an_older_format_is_brought_to_the_newest_or_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let made = Held(connect(&path, STEPS).unwrap());
        made.0.execute("INSERT INTO sent VALUES ('/do/0')", []).unwrap();
        drop(made);
        let failing = [STEPS, &[NEXT, "nonsense"]].concat();
        assert!(connect(&path, &failing).is_err());
        assert_eq!(format(&path), 3);
        let newer = [STEPS, &[NEXT]].concat();
        for _ in 0..2 {
            let Held(connection) = &Held(connect(&path, &newer).unwrap());
            let query = "SELECT count(*) FROM sent WHERE step = '/do/0' AND note IS NULL";
            assert_eq!(connection.query_row(query, [], |row| row.get(0)), Ok(1));
        }
        assert_eq!(format(&path), 4);
        let reason = "a newer cardhost made it: its format is 4".to_owned();
        assert_eq!(connect(&path, STEPS).unwrap_err(), JournalProblem::Unusable { reason });
    }
}
