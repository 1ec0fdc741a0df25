//! The ledger of limits in a table of the store's database, for many hosts.
//!
//! It has a client of its own, and its table is made when it is first opened: limits are counted also where nobody has the store's key.
//! A change is written only where the ledger is still the one that was read; else it is done anew. Times are those of the database's clock.

use std::sync::Arc;

use cardhost_core::limits::{Ledger, Turn};

use super::client::{Postgres, local_ms};
use super::sql::{now_ms, typed};
use crate::StoreFault;
use crate::limit_ledger::{Change, Changed, LimitLedger};

/// It reads `pg_class` so that the server looks.
const IS_MADE: &str =
    "SELECT count(*) = 1 FROM pg_class WHERE oid = to_regclass('cardhost_limits')";

/// In one transaction, alone: hosts that start together do not make it at once.
const MAKE: &str = "
    SELECT pg_advisory_xact_lock(4855180340228026963);
    CREATE TABLE IF NOT EXISTS cardhost_limits (
        key text PRIMARY KEY,
        version bigint NOT NULL,
        ledger bytea NOT NULL,
        idle_at bigint NOT NULL
    );
";

/// How often a change is done anew because another host was faster.
const TRIES: usize = 200;

/// How long a ledger stays that says nothing any more: thirty days.
const IDLE_MS: i64 = 30 * 24 * 3_600 * 1_000;

/// The ledger in a database.
pub(super) struct PostgresLimitLedger(Postgres);

impl PostgresLimitLedger {
    /// Opens the table, or makes it.
    pub(super) async fn open(client: Postgres) -> Result<PostgresLimitLedger, StoreFault> {
        let rows = client.read(IS_MADE, &[]).await?;
        let is_made = rows.first().map_or(Ok(false), |row| client.get(row, 0))?;
        if !is_made {
            client.batch(MAKE).await?;
        }
        Ok(PostgresLimitLedger(client))
    }

    async fn changed(&self, key: &str, change: &Change) -> Result<Option<Turn>, StoreFault> {
        for _ in 0..TRIES {
            if let Some(turn) = self.tried(key, change).await? {
                return Ok(turn);
            }
        }
        Err(self.0.unreachable("others keep changing the same limits".to_owned()))
    }

    /// What came of a change; `None` where somebody else was faster.
    async fn tried(&self, key: &str, change: &Change) -> Result<Option<Option<Turn>>, StoreFault> {
        let client = &self.0;
        let sql = concat!(
            "SELECT ",
            now_ms!(),
            ", version, ledger FROM (SELECT 1) AS one LEFT JOIN cardhost_limits ON key = $1",
        );
        let before = local_ms();
        let rows = client.read(sql, typed![key => TEXT]).await?;
        let after = local_ms();
        let Some(row) = rows.first() else {
            return Err(client.unreachable("a statement gave no row".to_owned()));
        };
        let (theirs, version): (i64, Option<i64>) = (client.get(row, 0)?, client.get(row, 1)?);
        let kept: Option<&[u8]> = client.get(row, 2)?;
        let ahead = ahead(theirs, before, after);
        // Bytes that are no ledger are as none: what was counted is lost, and nothing stands still for it.
        let ledger = kept.and_then(Ledger::from_bytes).unwrap_or_default();
        let mut ledger = ledger.shifted(-ahead);
        let turn = change(&mut ledger);
        if matches!(turn, Some(Turn::Later { .. } | Turn::Full)) {
            return Ok(Some(turn));
        }
        let ledger = ledger.shifted(ahead);
        let (bytes, idle_at) = (ledger.to_bytes(), ledger.idle_at());
        let rows = match version {
            Some(version) => {
                let sql = "UPDATE cardhost_limits SET ledger = $2, idle_at = $3, version = version + 1 \
                     WHERE key = $1 AND version = $4 RETURNING 1";
                let values = typed![key => TEXT, bytes => BYTEA, idle_at => INT8, version => INT8];
                client.write(sql, values).await?
            }
            None => {
                let sql = "WITH gone AS (DELETE FROM cardhost_limits WHERE idle_at < $4 AND key <> $1) \
                     INSERT INTO cardhost_limits (key, version, ledger, idle_at) VALUES ($1, 1, $2, $3) \
                     ON CONFLICT DO NOTHING RETURNING 1";
                let idle_since = idle_at.saturating_sub(IDLE_MS);
                let values =
                    typed![key => TEXT, bytes => BYTEA, idle_at => INT8, idle_since => INT8];
                client.write(sql, values).await?
            }
        };
        Ok((!rows.is_empty()).then_some(turn))
    }
}

impl LimitLedger for PostgresLimitLedger {
    fn change<'a>(&'a self, key: &'a str, change: Change) -> Changed<'a> {
        Box::pin(async move { self.changed(key, &change).await })
    }
}

/// How many milliseconds the database is ahead, which told its time somewhere between two moments; none where the clocks may be the same.
fn ahead(theirs: i64, before: i64, after: i64) -> i64 {
    let (middle, unsure) = (before + (after - before) / 2, (after - before) / 2 + 1);
    let ahead = theirs - middle;
    if ahead.abs() <= unsure { 0 } else { ahead }
}

/// As [`PostgresLimitLedger::open`], for a trait object.
pub(super) async fn open(client: Postgres) -> Result<Arc<dyn LimitLedger>, StoreFault> {
    Ok(Arc::new(PostgresLimitLedger::open(client).await?))
}

#[cfg(test)]
mod tests {
    use super::ahead;

    #[test]
    fn clocks_that_may_be_the_same_are_taken_as_the_same() {
        assert_eq!(ahead(1_000, 1_000, 1_000), 0);
        assert_eq!(ahead(1_009, 1_000, 1_010), 0);
        assert_eq!(ahead(1_000, 1_000, 1_010), 0);
        assert_eq!(ahead(5_005, 1_000, 1_010), 4_000);
        assert_eq!(ahead(0, 1_000, 1_010), -1_005);
    }
}
