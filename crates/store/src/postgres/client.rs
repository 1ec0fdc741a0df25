//! The client: one a store, made anew when it is closed.

use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio_postgres::config::SslMode;
use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::types::{FromSql, ToSql, Type};
use tokio_postgres::{Client, Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::location::Location;
use super::steps::STEPS;
use crate::backend::{Row, Wrote};
use crate::fault::StoreFault;

/// For the connection to stand, TLS and login included, where the URL says nothing.
const CONNECT: Duration = Duration::from_secs(10);
/// For one statement.
pub(super) const STATEMENT: Duration = Duration::from_secs(30);

/// Where the server would acknowledge what is not on its disk yet, it must not for us.
const DURABLE: &str = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// A store in a database.
pub(crate) struct Postgres {
    location: Location,
    pub(super) steps: Vec<&'static str>,
    client: tokio::sync::Mutex<Option<Arc<Client>>>,
    /// When it was measured, and how many milliseconds the database is ahead of this machine.
    pub(super) clock: Mutex<Option<(Instant, i64)>>,
}

type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// What tokio-postgres says of a connection that waiting does not mend; the kinds of its errors are its own.
const LASTING: [&str; 3] = ["TLS", "authentication", "configuration"];

impl Postgres {
    /// The store at a URL whose format has steps after those that are shipped; nothing is connected yet.
    pub(crate) fn new(url: &str, later: &[&'static str]) -> Result<Postgres, StoreFault> {
        let location = Location::parse(url)?;
        let steps = [STEPS, later].concat();
        let (client, clock) = Default::default();
        Ok(Postgres { location, steps, client, clock })
    }

    /// One of its own for the same database; nothing is connected yet.
    pub(super) fn another(&self) -> Postgres {
        let (client, clock) = Default::default();
        Postgres { location: self.location.clone(), steps: self.steps.clone(), client, clock }
    }

    /// Hosts and database, for messages.
    pub(super) fn place(&self) -> &str {
        &self.location.place
    }

    /// The client, made anew where there is none that works.
    pub(super) async fn client(&self) -> Result<Arc<Client>, StoreFault> {
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

    /// Takes a client that was connected for something else.
    pub(super) async fn keep(&self, client: Client) {
        *self.client.lock().await = Some(Arc::new(client));
    }

    pub(super) async fn connect(&self) -> Result<Client, StoreFault> {
        let timeout = self.location.config.get_connect_timeout().copied().unwrap_or(CONNECT);
        match tokio::time::timeout(timeout, self.connect_however_long()).await {
            Ok(client) => client,
            Err(_) => Err(self.unreachable(format!("no connection within {timeout:?}"))),
        }
    }

    async fn connect_however_long(&self) -> Result<Client, StoreFault> {
        let fault = |error: Error| self.fault(&error);
        let client = if self.location.config.get_ssl_mode() == SslMode::Disable {
            let (client, connection) = self.location.config.connect(NoTls).await.map_err(fault)?;
            tokio::spawn(connection);
            client
        } else {
            let tls = MakeRustlsConnect::new(self.location.tls()?);
            let (client, connection) = self.location.config.connect(tls).await.map_err(fault)?;
            tokio::spawn(connection);
            client
        };
        client.batch_execute(DURABLE).await.map_err(fault)?;
        Ok(client)
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
    pub(super) async fn read(
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

    pub(super) async fn write(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<tokio_postgres::Row>, StoreFault> {
        let client = self.client().await?;
        self.told(self.statement(&client, sql, parameters).await)
    }

    /// A write that may find the name taken; it returns a row where it wrote.
    pub(super) async fn write_named(
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

    /// Several statements in one transaction.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), StoreFault> {
        let client = self.client().await?;
        match tokio::time::timeout(STATEMENT, client.batch_execute(sql)).await {
            Ok(result) => result.map_err(|error| self.fault(&error)),
            Err(_) => Err(self.unreachable(format!("no answer within {STATEMENT:?}"))),
        }
    }

    fn told<T>(&self, result: Result<T, Result<Error, StoreFault>>) -> Result<T, StoreFault> {
        result.map_err(|error| match error {
            Ok(error) => self.fault(&error),
            Err(fault) => fault,
        })
    }

    pub(super) fn unreachable(&self, reason: String) -> StoreFault {
        StoreFault::Unreachable { place: self.place().to_owned(), reason, transient: true }
    }

    pub(super) fn fault(&self, error: &Error) -> StoreFault {
        let place = self.place().to_owned();
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

    pub(super) fn get<'r, T: FromSql<'r>>(
        &self,
        row: &'r tokio_postgres::Row,
        index: usize,
    ) -> Result<T, StoreFault> {
        row.try_get(index).map_err(|error| StoreFault::Corrupt {
            place: self.place().to_owned(),
            reason: error.to_string(),
        })
    }

    pub(super) fn row(&self, row: &tokio_postgres::Row) -> Result<Row, StoreFault> {
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

    pub(super) fn one(&self, rows: &[tokio_postgres::Row]) -> Result<Option<Row>, StoreFault> {
        rows.first().map(|row| self.row(row)).transpose()
    }
}

/// Whether the connection is of no use after this.
fn ends_connection(error: &Error) -> bool {
    let severity = error.as_db_error().and_then(|said| said.parsed_severity());
    error.is_closed() || matches!(severity, Some(Severity::Fatal | Severity::Panic))
}

/// Milliseconds since 1970 by this machine's clock.
pub(super) fn local_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn wrote(rows: &[tokio_postgres::Row]) -> Wrote {
    if rows.is_empty() { Wrote::No } else { Wrote::Yes }
}

#[cfg(test)]
mod tests {
    use super::*;

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
