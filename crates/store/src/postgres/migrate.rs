//! The format of the tables, and the way to the newest one.

use std::time::Duration;

use tokio_postgres::{Client, Error, GenericClient, IsolationLevel};

use super::client::Postgres;
use super::sql::typed;
use crate::backend::KeyState;
use crate::fault::StoreFault;

/// For the tables to be brought to the newest format, which another host may be doing.
pub(super) const MIGRATION: Duration = Duration::from_secs(10 * 60);

/// Until the end of the transaction: hosts that start together do not change the tables at once.
const ALONE: &str = "SELECT pg_advisory_xact_lock(4855180340228026962)";

/// It reads `pg_class` so that the server looks: `to_regclass` alone may remember what was before another host's commit.
const ARE_MADE: &str = "SELECT count(*) = 2 FROM pg_class \
     WHERE oid IN (to_regclass('cardhost_store'), to_regclass('cardhost_connections'))";
pub(super) const STATE: &str = "SELECT format, key_id, key_check FROM cardhost_store WHERE id = 1";

impl Postgres {
    /// Of the row that says what the store is: its format and its key.
    pub(super) fn state(
        &self,
        rows: &[tokio_postgres::Row],
    ) -> Result<Option<(usize, KeyState)>, StoreFault> {
        let Some(row) = rows.first() else { return Ok(None) };
        let found: i64 = self.get(row, 0)?;
        let known = i64::try_from(self.steps.len()).unwrap_or(i64::MAX);
        if found > known {
            let place = self.place().to_owned();
            return Err(StoreFault::NewerFormat { place, found, known });
        }
        let done = usize::try_from(found).unwrap_or_default();
        Ok(Some((done, KeyState { key: self.get(row, 1)?, check: self.get(row, 2)? })))
    }

    /// What the store is; `None` where it is not made yet.
    pub(super) async fn look(
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
    pub(super) async fn migrate(
        &self,
        client: &mut Client,
        fresh: KeyState,
    ) -> Result<KeyState, StoreFault> {
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
