//! Pieces of statements.

/// The columns of a connection, in the order in which they are read.
pub(super) const ROW: &str = "SELECT tenant, id, connector, name, fields, revision, tokens, tokens_revision, token_expires_at \
     FROM cardhost_connections";

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
        &[$((
            &$value as &(dyn tokio_postgres::types::ToSql + Sync),
            tokio_postgres::types::Type::$kind,
        )),*]
    };
}

pub(super) use {now_ms, now_s, sealed_under_1, typed};
