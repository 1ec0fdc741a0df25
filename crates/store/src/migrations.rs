//! Formats of an SQLite file: numbered steps make its tables and bring those of an older cardhost to the newest format.
//!
//! A file's format is the number of steps that were done on it. All that are missing are done in one transaction that no
//! other writer shares: a process that is killed leaves the old format or the newest, and of many that open a file one
//! changes it. A step that was shipped is never changed; what it got wrong, a later one puts right.

use rusqlite::{Connection, Error, Transaction, TransactionBehavior};

/// The formats that are known of a kind of file.
pub struct Migrations {
    /// In the file's header: whose file it is.
    pub application: i64,
    /// In SQL; the first one makes the tables.
    pub steps: Vec<&'static str>,
}

/// Why a file is left as it is.
pub enum Unfit {
    /// It is a database of something else.
    Foreign,
    /// A newer cardhost made it.
    Newer {
        /// Its format.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// SQLite could not read or change it.
    Sqlite(Error),
}

impl From<Error> for Unfit {
    fn from(error: Error) -> Unfit {
        Unfit::Sqlite(error)
    }
}

/// How far the tables of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Without tables.
    Empty,
    /// The steps after so many are missing.
    Older(usize),
    /// Nothing is missing.
    Newest,
}

impl Migrations {
    /// Looks at a file, which others may be making or changing.
    pub fn look(&self, connection: &mut Connection) -> Result<State, Unfit> {
        self.state(&connection.transaction()?)
    }

    fn state(&self, connection: &Transaction<'_>) -> Result<State, Unfit> {
        let pragma =
            |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let (application, found) = (pragma("application_id")?, pragma("user_version")?);
        if application == self.application {
            return match usize::try_from(found) {
                Ok(done) if done == self.steps.len() => Ok(State::Newest),
                Ok(done) if (1..self.steps.len()).contains(&done) => Ok(State::Older(done)),
                Ok(done) if done > 0 => Err(Unfit::Newer { found, known: self.newest() }),
                _ => Err(Unfit::Foreign),
            };
        }
        let tables = "SELECT count(*) FROM sqlite_schema";
        let tables: i64 = connection.query_row(tables, [], |row| row.get(0))?;
        if (application, found, tables) == (0, 0, 0) {
            Ok(State::Empty)
        } else {
            Err(Unfit::Foreign)
        }
    }

    /// Does the steps that are missing; `fill` then fills tables that are new.
    pub fn run(
        &self,
        connection: &mut Connection,
        fill: impl FnOnce(&Transaction<'_>) -> Result<(), Error>,
    ) -> Result<(), Unfit> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let state = self.state(&transaction)?;
        let missing = match state {
            State::Empty => &self.steps[..],
            State::Older(done) => &self.steps[done..],
            State::Newest => return Ok(()),
        };
        for step in missing {
            transaction.execute_batch(step)?;
        }
        if state == State::Empty {
            fill(&transaction)?;
            transaction.pragma_update(None, "application_id", self.application)?;
        }
        transaction.pragma_update(None, "user_version", self.newest())?;
        Ok(transaction.commit()?)
    }

    fn newest(&self) -> i64 {
        i64::try_from(self.steps.len()).unwrap_or(i64::MAX)
    }
}
