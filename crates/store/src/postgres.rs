//! The back end in a PostgreSQL database, for many hosts.
//!
//! One client a store, shared by all who use it and made anew when it is closed. Each operation is one statement, and so
//! atomic by itself: no transaction's state is shared. Leases and times are judged by the database's clock.
//!
//! A read whose connection breaks is done again; a write is not, since it may have been done.

use std::error::Error as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::fault::StoreFault;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::types::{FromSql, ToSql, Type};
use tokio_postgres::{Client, Config, Error, GenericClient, IsolationLevel, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Summary;
use super::backend::{
    Answer, Backend, Column, KeyState, Leased, NewTokens, PAGE, Renamed, Resealed, Row, Wrote,
};

/// For the connection to stand, TLS and login included, where the URL says nothing.
const CONNECT: Duration = Duration::from_secs(10);
/// For one statement.
const STATEMENT: Duration = Duration::from_secs(30);
/// For the tables to be brought to the newest format, which another host may be doing.
const MIGRATION: Duration = Duration::from_secs(10 * 60);
/// How long the measured distance between the clocks is used.
const CLOCK: Duration = Duration::from_secs(60);

/// What makes the tables, and what was changed of them since. The store's format is the number of steps that were done, and
/// what is missing is done in one transaction. A step that was shipped is never changed; what it got wrong, a later one
/// puts right.
const STEPS: &[&str] = &["
    CREATE TABLE IF NOT EXISTS cardhost_store (
        id bigint PRIMARY KEY CHECK (id = 1),
        format bigint NOT NULL,
        key_id text NOT NULL,
        key_check bytea NOT NULL
    );
    CREATE TABLE IF NOT EXISTS cardhost_connections (
        id text PRIMARY KEY,
        tenant text NOT NULL,
        connector text NOT NULL,
        name text NOT NULL,
        fields bytea NOT NULL,
        revision bigint NOT NULL,
        tokens bytea,
        tokens_revision bigint NOT NULL,
        token_expires_at bigint,
        lease_holder text,
        lease_until_ms bigint NOT NULL,
        created_at bigint NOT NULL,
        updated_at bigint NOT NULL,
        UNIQUE (tenant, connector, name)
    );
"];

/// Until the end of the transaction: hosts that start together do not change the tables at once.
const ALONE: &str = "SELECT pg_advisory_xact_lock(4855180340228026962)";

/// Where the server would acknowledge what is not on its disk yet, it must not for us.
const DURABLE: &str = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

const ROW: &str = "SELECT tenant, id, connector, name, fields, revision, tokens, tokens_revision, token_expires_at \
     FROM cardhost_connections";

/// It reads `pg_class` so that the server looks: `to_regclass` alone may remember what was before another host's commit.
const ARE_MADE: &str = "SELECT count(*) = 2 FROM pg_class \
     WHERE oid IN (to_regclass('cardhost_store'), to_regclass('cardhost_connections'))";
const STATE: &str = "SELECT format, key_id, key_check FROM cardhost_store WHERE id = 1";

/// Milliseconds and seconds since 1970 by the database's clock.
macro_rules! now_ms {
    () => {
        "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
    };
}
macro_rules! now_s {
    () => {
        "floor(extract(epoch FROM clock_timestamp()))::bigint"
    };
}

/// The condition of every write: the store is sealed under this key, and a rotation waits until the write is done.
macro_rules! sealed_under_1 {
    () => {
        "WITH gate AS MATERIALIZED (SELECT 1 FROM cardhost_store WHERE id = 1 AND key_id = $1 FOR SHARE) "
    };
}

/// Parameters with their types.
macro_rules! typed {
    ($($value:expr => $kind:ident),* $(,)?) => {
        &[$((&$value as &(dyn ToSql + Sync), Type::$kind)),*]
    };
}

/// A store in a database.
pub(super) struct Postgres {
    config: Config,
    roots: Option<String>,
    place: String,
    steps: Vec<&'static str>,
    client: tokio::sync::Mutex<Option<Arc<Client>>>,
    /// When it was measured, and how many milliseconds the database is ahead of this machine.
    clock: Mutex<Option<(Instant, i64)>>,
}

type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// What tokio-postgres says of a connection that waiting does not mend; the kinds of its errors are its own.
const LASTING: [&str; 3] = ["TLS", "authentication", "configuration"];

impl Postgres {
    /// Understands the URL of a store whose format has steps after those that are shipped; nothing is connected yet.
    pub(super) fn new(url: &str, later: &[&'static str]) -> Result<Postgres, StoreFault> {
        // The library's own words are not shown: they may quote a piece of a password that was not encoded.
        let fault = |reason: &str| StoreFault::Location { reason: reason.to_owned() };
        if url.matches('@').count() > 1 {
            return Err(fault("it has more than one `@`; in a password write `%40`"));
        }
        let (url, roots) = own_parameters(url)?;
        let config: Config =
            url.parse().map_err(|_| fault("it is not a well-formed URL of PostgreSQL"))?;
        let mut hosts = Vec::new();
        for (index, host) in config.get_hosts().iter().enumerate() {
            let ports = config.get_ports();
            let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
            hosts.push(match host {
                Host::Tcp(host) if is_host(host) => format!("{host}:{port}"),
                Host::Tcp(_) => return Err(fault("its host is not one")),
                #[cfg(unix)]
                Host::Unix(path) => path.display().to_string(),
            });
        }
        hosts.extend(config.get_hostaddrs().iter().map(ToString::to_string));
        if hosts.is_empty() {
            return Err(fault("it names no host"));
        }
        let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
        let place = format!("{}/{database}", hosts.join(","));
        let steps = [STEPS, later].concat();
        let (client, clock) = Default::default();
        Ok(Postgres { config, roots, place, steps, client, clock })
    }

    /// The client, made anew where there is none that works.
    async fn client(&self) -> Result<Arc<Client>, StoreFault> {
        // The task that reads the connection may not have had a chance to notice its end.
        tokio::task::yield_now().await;
        let mut held = self.client.lock().await;
        if let Some(client) = held.as_ref().filter(|client| !client.is_closed()) {
            return Ok(Arc::clone(client));
        }
        let client = Arc::new(self.connect().await?);
        *held = Some(Arc::clone(&client));
        Ok(client)
    }

    async fn connect(&self) -> Result<Client, StoreFault> {
        let timeout = self.config.get_connect_timeout().copied().unwrap_or(CONNECT);
        match tokio::time::timeout(timeout, self.connect_however_long()).await {
            Ok(client) => client,
            Err(_) => Err(self.unreachable(format!("no connection within {timeout:?}"))),
        }
    }

    async fn connect_however_long(&self) -> Result<Client, StoreFault> {
        let fault = |error: Error| self.fault(&error);
        let client = if self.config.get_ssl_mode() == SslMode::Disable {
            let (client, connection) = self.config.connect(NoTls).await.map_err(fault)?;
            tokio::spawn(connection);
            client
        } else {
            let tls = MakeRustlsConnect::new(self.tls()?);
            let (client, connection) = self.config.connect(tls).await.map_err(fault)?;
            tokio::spawn(connection);
            client
        };
        client.batch_execute(DURABLE).await.map_err(fault)?;
        Ok(client)
    }

    fn tls(&self) -> Result<rustls::ClientConfig, StoreFault> {
        let fault = |reason: String| StoreFault::Location { reason };
        let mut roots = rustls::RootCertStore::empty();
        match &self.roots {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(path) => {
                let unread = |words: String| fault(format!("`sslrootcert` `{path}`: {words}"));
                let text = std::fs::read(Path::new(path)).map_err(|e| unread(e.to_string()))?;
                for certificate in CertificateDer::pem_slice_iter(&text) {
                    let certificate = certificate.map_err(|e| unread(e.to_string()))?;
                    roots.add(certificate).map_err(|e| unread(e.to_string()))?;
                }
                if roots.is_empty() {
                    return Err(unread("it holds no certificate in PEM".to_owned()));
                }
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| fault(error.to_string()))?;
        Ok(config.with_root_certificates(roots).with_no_client_auth())
    }

    /// One statement, with its types: one round trip.
    async fn statement(
        &self,
        client: &Client,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<tokio_postgres::Row>, Result<Error, StoreFault>> {
        match tokio::time::timeout(STATEMENT, client.query_typed(sql, parameters)).await {
            Ok(Err(error)) if ends_connection(&error) => {
                // It may be told of its end a moment before it is closed.
                let mut held = self.client.lock().await;
                if held.as_ref().is_some_and(|held| std::ptr::eq(&**held, client)) {
                    *held = None;
                }
                Err(Ok(error))
            }
            Ok(result) => result.map_err(Ok),
            Err(_) => Err(Err(self.unreachable(format!("no answer within {STATEMENT:?}")))),
        }
    }

    /// A statement that changes nothing, or nothing more when it is done twice.
    async fn read(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<tokio_postgres::Row>, StoreFault> {
        let client = self.client().await?;
        match self.statement(&client, sql, parameters).await {
            Err(Ok(error)) if ends_connection(&error) || client.is_closed() => {
                let client = self.client().await?;
                self.told(self.statement(&client, sql, parameters).await)
            }
            result => self.told(result),
        }
    }

    async fn write(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<tokio_postgres::Row>, StoreFault> {
        let client = self.client().await?;
        self.told(self.statement(&client, sql, parameters).await)
    }

    /// A write that may find the name taken; it returns a row where it wrote.
    async fn write_named(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Wrote, StoreFault> {
        let client = self.client().await?;
        match self.statement(&client, sql, parameters).await {
            Err(Ok(error)) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
                Ok(Wrote::Exists)
            }
            result => self.told(result).map(|rows| wrote(&rows)),
        }
    }

    fn told<T>(&self, result: Result<T, Result<Error, StoreFault>>) -> Result<T, StoreFault> {
        result.map_err(|error| match error {
            Ok(error) => self.fault(&error),
            Err(fault) => fault,
        })
    }

    fn unreachable(&self, reason: String) -> StoreFault {
        StoreFault::Unreachable { place: self.place.clone(), reason, transient: true }
    }

    fn fault(&self, error: &Error) -> StoreFault {
        let place = self.place.clone();
        let Some(said) = error.as_db_error() else {
            let mut reason = error.to_string();
            let transient = !LASTING.iter().any(|words| reason.contains(words));
            let mut source = error.source();
            while let Some(cause) = source {
                reason = format!("{reason}: {cause}");
                source = cause.source();
            }
            return StoreFault::Unreachable { place, reason, transient };
        };
        // Not its detail, which quotes rows.
        let reason = said.message().to_owned();
        match said.code().code() {
            // Tables that are not as they were made: the statements are ours, and right.
            code if code.starts_with("XX")
                || code.starts_with("22")
                || code.starts_with("23")
                || (code.starts_with("42") && code != SqlState::INSUFFICIENT_PRIVILEGE.code()) =>
            {
                StoreFault::Corrupt { place, reason }
            }
            code => {
                let passing = ["08", "25", "40", "53", "55", "57", "58"];
                let transient = passing.iter().any(|class| code.starts_with(class));
                StoreFault::Unreachable { place, reason, transient }
            }
        }
    }

    fn get<'r, T: FromSql<'r>>(
        &self,
        row: &'r tokio_postgres::Row,
        index: usize,
    ) -> Result<T, StoreFault> {
        row.try_get(index).map_err(|error| StoreFault::Corrupt {
            place: self.place.clone(),
            reason: error.to_string(),
        })
    }

    fn row(&self, row: &tokio_postgres::Row) -> Result<Row, StoreFault> {
        Ok(Row {
            tenant: self.get(row, 0)?,
            id: self.get(row, 1)?,
            connector: self.get(row, 2)?,
            name: self.get(row, 3)?,
            fields: self.get(row, 4)?,
            revision: self.get(row, 5)?,
            tokens: self.get(row, 6)?,
            tokens_revision: self.get(row, 7)?,
            token_expires_at: self.get(row, 8)?,
        })
    }

    fn one(&self, rows: &[tokio_postgres::Row]) -> Result<Option<Row>, StoreFault> {
        rows.first().map(|row| self.row(row)).transpose()
    }

    /// Of the row that says what the store is: its format and its key.
    fn state(&self, rows: &[tokio_postgres::Row]) -> Result<Option<(usize, KeyState)>, StoreFault> {
        let Some(row) = rows.first() else { return Ok(None) };
        let found: i64 = self.get(row, 0)?;
        let known = i64::try_from(self.steps.len()).unwrap_or(i64::MAX);
        if found > known {
            let place = self.place.clone();
            return Err(StoreFault::NewerFormat { place, found, known });
        }
        let done = usize::try_from(found).unwrap_or_default();
        Ok(Some((done, KeyState { key: self.get(row, 1)?, check: self.get(row, 2)? })))
    }

    /// What the store is; `None` where it is not made yet.
    async fn look(
        &self,
        client: &impl GenericClient,
    ) -> Result<Option<(usize, KeyState)>, StoreFault> {
        let fault = |error: Error| self.fault(&error);
        let rows = client.query_typed(ARE_MADE, &[]).await.map_err(fault)?;
        if rows.first().map_or(Ok(false), |row| self.get(row, 0))? {
            self.state(&client.query_typed(STATE, &[]).await.map_err(fault)?)
        } else {
            Ok(None)
        }
    }

    /// Does the steps that are missing, all or none.
    async fn migrate(&self, client: &mut Client, fresh: KeyState) -> Result<KeyState, StoreFault> {
        let fault = |error: Error| self.fault(&error);
        // Each look sees what was done until then, whatever the database's default is.
        let transaction = client.build_transaction().isolation_level(IsolationLevel::ReadCommitted);
        let transaction = transaction.start().await.map_err(fault)?;
        transaction.batch_execute(ALONE).await.map_err(fault)?;
        let state = self.look(&transaction).await?;
        let done = state.as_ref().map_or(0, |(done, _)| *done);
        for step in &self.steps[done..] {
            transaction.batch_execute(step).await.map_err(fault)?;
        }
        let newest = i64::try_from(self.steps.len()).unwrap_or(i64::MAX);
        let key = match state {
            Some((_, key)) => {
                let sql = "UPDATE cardhost_store SET format = $1 WHERE id = 1";
                transaction.query_typed(sql, typed![newest => INT8]).await.map_err(fault)?;
                key
            }
            None => {
                let sql = "INSERT INTO cardhost_store (id, format, key_id, key_check) VALUES (1, $1, $2, $3)";
                let values = typed![newest => INT8, fresh.key => TEXT, fresh.check => BYTEA];
                transaction.query_typed(sql, values).await.map_err(fault)?;
                fresh
            }
        };
        transaction.commit().await.map_err(fault)?;
        Ok(key)
    }
}

/// Whether the connection is of no use after this.
fn ends_connection(error: &Error) -> bool {
    let severity = error.as_db_error().and_then(|said| said.parsed_severity());
    error.is_closed() || matches!(severity, Some(Severity::Fatal | Severity::Panic))
}

fn wrote(rows: &[tokio_postgres::Row]) -> Wrote {
    if rows.is_empty() { Wrote::No } else { Wrote::Yes }
}

/// Letters that a host's name or address has; anything else may be a piece of a password.
fn is_host(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:_-%".contains(&byte))
}

/// Takes out what tokio-postgres does not know: `sslrootcert`, and the modes of `sslmode` that verify, which ours always
/// does.
fn own_parameters(url: &str) -> Result<(String, Option<String>), StoreFault> {
    // A password may hold a question mark.
    let after = url.find('@').unwrap_or_default();
    let Some(question) = url[after..].find('?').map(|at| after + at) else {
        return Ok((url.to_owned(), None));
    };
    let (base, query) = (&url[..question], &url[question + 1..]);
    let mut roots = None;
    let mut kept = Vec::new();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        match parameter.split_once('=') {
            Some(("sslrootcert", value)) => {
                let value = value.replace('+', "%2B");
                let decoded = url::form_urlencoded::parse(value.as_bytes()).next();
                roots = decoded.map(|(path, _)| path.into_owned());
            }
            Some(("sslmode", "verify-full" | "verify-ca")) => kept.push("sslmode=require"),
            Some(("sslmode", value)) if !["disable", "prefer", "require"].contains(&value) => {
                let reason =
                    "its `sslmode` is none of `disable`, `prefer`, `require` and `verify-full`";
                return Err(StoreFault::Location { reason: reason.to_owned() });
            }
            _ => kept.push(parameter),
        }
    }
    let mark = if kept.is_empty() { "" } else { "?" };
    Ok((format!("{base}{mark}{}", kept.join("&")), roots))
}

fn local_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

impl Backend for Postgres {
    fn place(&self) -> &str {
        &self.place
    }

    fn open(&self, fresh: KeyState) -> Answer<'_, KeyState> {
        Box::pin(async move {
            let mut client = self.connect().await?;
            let late =
                |after: Duration| move |_| self.unreachable(format!("no answer within {after:?}"));
            let found = tokio::time::timeout(STATEMENT, self.look(&client)).await;
            let key = match found.map_err(late(STATEMENT))?? {
                Some((done, key)) if done == self.steps.len() => key,
                _ => {
                    let migrated = self.migrate(&mut client, fresh);
                    let migrated = tokio::time::timeout(MIGRATION, migrated).await;
                    migrated.map_err(late(MIGRATION))??
                }
            };
            *self.client.lock().await = Some(Arc::new(client));
            Ok(key)
        })
    }

    fn key_state(&self) -> Answer<'_, KeyState> {
        Box::pin(async move {
            let state = self.state(&self.read(STATE, &[]).await?)?;
            state.map(|(_, key)| key).ok_or_else(|| StoreFault::Corrupt {
                place: self.place.clone(),
                reason: "its key check is gone".to_owned(),
            })
        })
    }

    fn turn(&self, from: String, to: KeyState) -> Answer<'_, Wrote> {
        Box::pin(async move {
            let sql = "UPDATE cardhost_store SET key_id = $2, key_check = $3 WHERE id = 1 AND key_id = $1 RETURNING 1";
            let values = typed![from => TEXT, to.key => TEXT, to.check => BYTEA];
            Ok(wrote(&self.write(sql, values).await?))
        })
    }

    fn insert(&self, key: String, row: Row) -> Answer<'_, Wrote> {
        Box::pin(async move {
            let sql = concat!(
                sealed_under_1!(),
                "INSERT INTO cardhost_connections (id, tenant, connector, name, fields, revision, ",
                "tokens_revision, lease_until_ms, created_at, updated_at) ",
                "SELECT $2, $3, $4, $5, $6, 1, 0, 0, ",
                now_s!(),
                ", ",
                now_s!(),
                " FROM gate RETURNING 1",
            );
            let Row { id, tenant, connector, name, fields, .. } = row;
            let values = typed![
                key => TEXT, id => TEXT, tenant => TEXT, connector => TEXT, name => TEXT, fields => BYTEA,
            ];
            self.write_named(sql, values).await
        })
    }

    fn by_name(&self, tenant: &str, connector: &str, name: &str) -> Answer<'_, Option<Row>> {
        let (tenant, connector, name) = (tenant.to_owned(), connector.to_owned(), name.to_owned());
        Box::pin(async move {
            let sql = format!("{ROW} WHERE tenant = $1 AND connector = $2 AND name = $3");
            let values = typed![tenant => TEXT, connector => TEXT, name => TEXT];
            self.one(&self.read(&sql, values).await?)
        })
    }

    fn by_id(&self, tenant: &str, id: &str) -> Answer<'_, Option<Row>> {
        let (tenant, id) = (tenant.to_owned(), id.to_owned());
        Box::pin(async move {
            let sql = format!("{ROW} WHERE tenant = $1 AND id = $2");
            self.one(&self.read(&sql, typed![tenant => TEXT, id => TEXT]).await?)
        })
    }

    fn list(&self, tenant: &str, connector: Option<&str>) -> Answer<'_, Vec<Summary>> {
        let (tenant, connector) = (tenant.to_owned(), connector.map(str::to_owned));
        Box::pin(async move {
            let sql = "SELECT id, connector, name, created_at, updated_at, tokens IS NOT NULL, token_expires_at \
                 FROM cardhost_connections WHERE tenant = $1 AND ($2 IS NULL OR connector = $2)";
            let rows = self.read(sql, typed![tenant => TEXT, connector => TEXT]).await?;
            let summary = |row: &tokio_postgres::Row| {
                Ok(Summary {
                    id: self.get(row, 0)?,
                    connector: self.get(row, 1)?,
                    name: self.get(row, 2)?,
                    created_at: self.get(row, 3)?,
                    updated_at: self.get(row, 4)?,
                    has_tokens: self.get(row, 5)?,
                    token_expires_at: self.get(row, 6)?,
                })
            };
            rows.iter().map(summary).collect()
        })
    }

    fn set_fields(&self, key: String, row: Row, fields: Vec<u8>) -> Answer<'_, Wrote> {
        Box::pin(async move {
            let sql = concat!(
                sealed_under_1!(),
                "UPDATE cardhost_connections SET fields = $6, revision = revision + 1, updated_at = ",
                now_s!(),
                " FROM gate WHERE tenant = $2 AND id = $3 AND name = $4 AND revision = $5 RETURNING 1",
            );
            let Row { tenant, id, name, revision, .. } = row;
            let values = typed![
                key => TEXT, tenant => TEXT, id => TEXT, name => TEXT, revision => INT8, fields => BYTEA,
            ];
            Ok(wrote(&self.write(sql, values).await?))
        })
    }

    fn rename(&self, key: String, renamed: Renamed) -> Answer<'_, Wrote> {
        Box::pin(async move {
            let sql = concat!(
                sealed_under_1!(),
                "UPDATE cardhost_connections SET name = $7, fields = $8, tokens = $9, updated_at = ",
                now_s!(),
                " FROM gate WHERE tenant = $2 AND id = $3 AND name = $4 AND revision = $5 ",
                "AND tokens_revision = $6 RETURNING 1",
            );
            let Renamed { from, name, fields, tokens } = renamed;
            let Row { tenant, id, name: old, revision, tokens_revision, .. } = from;
            let values = typed![
                key => TEXT, tenant => TEXT, id => TEXT, old => TEXT, revision => INT8,
                tokens_revision => INT8, name => TEXT, fields => BYTEA, tokens => BYTEA,
            ];
            self.write_named(sql, values).await
        })
    }

    fn remove(&self, tenant: &str, connector: &str, name: &str) -> Answer<'_, bool> {
        let (tenant, connector, name) = (tenant.to_owned(), connector.to_owned(), name.to_owned());
        Box::pin(async move {
            let sql = "DELETE FROM cardhost_connections WHERE tenant = $1 AND connector = $2 AND name = $3 RETURNING 1";
            let values = typed![tenant => TEXT, connector => TEXT, name => TEXT];
            Ok(!self.write(sql, values).await?.is_empty())
        })
    }

    fn lease(&self, tenant: &str, id: &str, holder: &str, for_ms: i64) -> Answer<'_, Leased> {
        let (tenant, id, holder) = (tenant.to_owned(), id.to_owned(), holder.to_owned());
        Box::pin(async move {
            let sql = concat!(
                "WITH granted AS (UPDATE cardhost_connections SET lease_holder = $3, lease_until_ms = ",
                now_ms!(),
                " + $4 WHERE tenant = $1 AND id = $2 AND (lease_holder IS NULL OR lease_until_ms <= ",
                now_ms!(),
                ") RETURNING 1) SELECT EXISTS (SELECT 1 FROM granted), lease_holder IS NOT NULL, lease_until_ms - ",
                now_ms!(),
                " FROM cardhost_connections WHERE tenant = $1 AND id = $2",
            );
            let values = typed![tenant => TEXT, id => TEXT, holder => TEXT, for_ms => INT8];
            loop {
                let rows = self.write(sql, values).await?;
                let Some(row) = rows.first() else { return Ok(Leased::Missing) };
                if self.get(row, 0)? {
                    return Ok(Leased::Granted);
                }
                let (held, left_ms): (bool, i64) = (self.get(row, 1)?, self.get(row, 2)?);
                if held && left_ms > 0 {
                    return Ok(Leased::Held { left_ms });
                }
                // Somebody was faster by a moment: the statement still saw the row as it was before them.
            }
        })
    }

    fn write_tokens(&self, key: String, new: NewTokens) -> Answer<'_, Option<i64>> {
        Box::pin(async move {
            let sql = concat!(
                sealed_under_1!(),
                "UPDATE cardhost_connections SET tokens = $6, token_expires_at = $7, ",
                "tokens_revision = tokens_revision + 1, lease_holder = NULL FROM gate ",
                "WHERE tenant = $2 AND id = $3 AND name = $4 AND ($5 IS NULL OR lease_holder = $5) ",
                "RETURNING tokens_revision",
            );
            let NewTokens { tenant, id, name, holder, tokens, expires_at } = new;
            let values = typed![
                key => TEXT, tenant => TEXT, id => TEXT, name => TEXT, holder => TEXT, tokens => BYTEA,
                expires_at => INT8,
            ];
            let rows = self.write(sql, values).await?;
            rows.first().map(|row| self.get(row, 0)).transpose()
        })
    }

    fn release(&self, tenant: &str, id: &str, holder: &str) -> Answer<'_, ()> {
        let (tenant, id, holder) = (tenant.to_owned(), id.to_owned(), holder.to_owned());
        Box::pin(async move {
            let sql = "UPDATE cardhost_connections SET lease_holder = NULL \
                 WHERE tenant = $1 AND id = $2 AND lease_holder = $3";
            let values = typed![tenant => TEXT, id => TEXT, holder => TEXT];
            self.read(sql, values).await.map(|_| ())
        })
    }

    fn page(&self, after: &str) -> Answer<'_, Vec<Row>> {
        let after = after.to_owned();
        Box::pin(async move {
            // By bytes, as the ids are compared here.
            let sql =
                format!("{ROW} WHERE id > $1 COLLATE \"C\" ORDER BY id COLLATE \"C\" LIMIT $2");
            let rows = self.read(&sql, typed![after => TEXT, PAGE => INT8]).await?;
            rows.iter().map(|row| self.row(row)).collect()
        })
    }

    fn reseal(&self, key: String, values: Vec<Resealed>) -> Answer<'_, usize> {
        Box::pin(async move {
            let fields = concat!(
                sealed_under_1!(),
                "UPDATE cardhost_connections c SET fields = v.new FROM gate, ",
                "unnest($2, $3, $4) AS v (id, old, new) WHERE c.id = v.id AND c.fields = v.old RETURNING 1",
            );
            let tokens = concat!(
                sealed_under_1!(),
                "UPDATE cardhost_connections c SET tokens = v.new FROM gate, ",
                "unnest($2, $3, $4) AS v (id, old, new) WHERE c.id = v.id AND c.tokens = v.old RETURNING 1",
            );
            let mut changed = 0;
            for (column, sql) in [(Column::Fields, fields), (Column::Tokens, tokens)] {
                let (mut ids, mut old, mut new) = (Vec::new(), Vec::new(), Vec::new());
                for value in values.iter().filter(|value| value.column == column) {
                    ids.push(value.id.as_str());
                    old.push(value.old.as_slice());
                    new.push(value.new.as_slice());
                }
                if ids.is_empty() {
                    continue;
                }
                let values =
                    typed![key => TEXT, ids => TEXT_ARRAY, old => BYTEA_ARRAY, new => BYTEA_ARRAY];
                changed += self.write(sql, values).await?.len();
            }
            Ok(changed)
        })
    }

    fn now_ms(&self) -> Answer<'_, i64> {
        Box::pin(async move {
            let measured = *self.clock.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, ahead)) = measured.filter(|(at, _)| at.elapsed() < CLOCK) {
                return Ok(local_ms() + ahead);
            }
            let before = local_ms();
            let rows = self.read(concat!("SELECT ", now_ms!()), &[]).await?;
            let after = local_ms();
            let theirs: i64 = rows.first().map_or(Ok(after), |row| self.get(row, 0))?;
            // It answered somewhere between the two.
            let ahead = theirs - (before + (after - before) / 2);
            *self.clock.lock().unwrap_or_else(PoisonError::into_inner) =
                Some((Instant::now(), ahead));
            Ok(local_ms() + ahead)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        match Postgres::new(url, &[]) {
            Err(StoreFault::Location { reason }) => reason,
            Err(other) => panic!("{other:?}"),
            Ok(store) => panic!("{} is taken for a place", store.place),
        }
    }

    #[test]
    fn a_place_is_hosts_and_database_and_nothing_else() {
        for (url, place) in [
            ("postgres://sa:CANARY@db.example/cards", "db.example:5432/cards"),
            ("postgresql://sa:CANARY%40%2F?@[::1]:6000/cards?sslmode=disable", "::1:6000/cards"),
            ("postgres://h/d?user=sa&password=CANARY", "h:5432/d"),
            ("postgres://sa:CANARY@a,b:1/d", "a:5432,b:1/d"),
        ] {
            assert_eq!(Postgres::new(url, &[]).unwrap().place, place, "{url}");
        }
    }

    #[test]
    fn a_url_that_is_read_wrongly_tells_nothing_of_its_password() {
        for url in [
            "postgres://sa:CAN@ARY@db.example/cards",
            "postgres://sa:CAN@ARY/x@db.example/cards",
            "postgres://sa:x@db.example:CANARY/cards",
            "postgres://sa:x@db.example/cards?CANARY=1",
            "postgres://sa:x@db.example/cards?sslmode=CANARY",
            "postgres://sa:x@CANARY #/cards",
            "postgres://",
        ] {
            let reason = refused(url);
            assert!(!reason.contains("CAN") && !reason.contains("ARY"), "{url}: {reason}");
        }
    }

    #[test]
    fn the_roots_and_the_verifying_modes_are_ours() {
        let url =
            "postgres://sa:a?b@h/d?sslmode=verify-full&sslrootcert=%2Fca+1.pem&connect_timeout=3";
        let store = Postgres::new(url, &[]).unwrap();
        assert_eq!(store.roots.as_deref(), Some("/ca+1.pem"));
        assert_eq!(store.config.get_ssl_mode(), SslMode::Require);
        assert_eq!(store.config.get_connect_timeout(), Some(&Duration::from_secs(3)));
        assert_eq!(store.config.get_password(), Some(&b"a?b"[..]));
    }
    /// What a server makes of us that answers our first message with some bytes.
    fn answered(parameters: &str, reply: &'static [u8]) -> StoreFault {
        use std::io::{Read as _, Write as _};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("postgres://sa@{}/d?{parameters}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(reply);
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let connected =
            runtime.block_on(async { Postgres::new(&url, &[]).unwrap().connect().await.map(drop) });
        connected.unwrap_err()
    }

    #[test]
    fn what_waiting_does_not_mend_is_told_by_the_words_of_the_driver() {
        // No TLS; Kerberos, which is not spoken; a password, and none was given.
        for (parameters, reply) in [
            ("sslmode=require", &b"N"[..]),
            ("sslmode=disable", b"R\0\0\0\x08\0\0\0\x07"),
            ("sslmode=disable", b"R\0\0\0\x08\0\0\0\x03"),
        ] {
            let fault = answered(parameters, reply);
            let lasts = matches!(fault, StoreFault::Unreachable { transient: false, .. });
            assert!(lasts, "{fault:?}");
        }
        let fault = answered("sslmode=disable", b"");
        assert!(matches!(fault, StoreFault::Unreachable { transient: true, .. }), "{fault:?}");
    }
}
