//! What a back end does, each as one statement.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::client::{Postgres, STATEMENT, local_ms, wrote};
use super::limit_ledger;
use super::migrate::{MIGRATION, STATE};
use super::sql::{ROW, now_ms, now_s, sealed_under_1, typed};
use crate::backend::{
    Answer, Backend, Column, KeyState, Leased, NewTokens, PAGE, Renamed, Resealed, Row, Wrote,
};
use crate::{LimitLedger, StoreFault, Summary};

/// How long the measured distance between the clocks is used.
const CLOCK: Duration = Duration::from_secs(60);

impl Backend for Postgres {
    fn place(&self) -> &str {
        Postgres::place(self)
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
            self.keep(client).await;
            Ok(key)
        })
    }

    fn key_state(&self) -> Answer<'_, KeyState> {
        Box::pin(async move {
            let state = self.state(&self.read(STATE, &[]).await?)?;
            state.map(|(_, key)| key).ok_or_else(|| StoreFault::Corrupt {
                place: self.place().to_owned(),
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

    fn limit_ledger(&self) -> Answer<'_, Arc<dyn LimitLedger>> {
        Box::pin(limit_ledger::open(self.another()))
    }
}
