//! The tables.

/// What makes the tables, and what was changed of them since. The store's format is the number of steps that were done, and
/// what is missing is done in one transaction. A step that was shipped is never changed; what it got wrong, a later one
/// puts right.
pub(super) const STEPS: &[&str] = &["
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
