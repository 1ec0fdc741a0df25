PRAGMA application_id = 1130459748;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE cardhost_store (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    key_id TEXT NOT NULL,
    key_check BLOB NOT NULL
) STRICT;
INSERT INTO cardhost_store VALUES(1,'763a4b5b22f9845b',X'01763a4b5b22f9845b81ead6dd1a1218a3fd05095eaddab6e3e5f8776870329d5a65f744e508fd1b1a9ef6e396f083ae775264');
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
INSERT INTO cardhost_connections VALUES('61b3011d840002bb772710bdc7ea3cc8','default','acme','prod',X'01763a4b5b22f9845bd1fc32cd486b280faab21622cd25edfaa95a47d32c60720f7f77ce182d7a0d3052d7e733848455022b02f29a',1,X'01763a4b5b22f9845b1d4b6935077f96b321c24392a36c894f42de93f03d0bfe4b20866cf2e132d272',1,2000000000,NULL,0,1795871329,1795871329);
INSERT INTO cardhost_connections VALUES('9df1c1da7e41c0da604a48f1e9613390','default','acme','test',X'01763a4b5b22f9845baf3ab358adf72a1a8d7fe4fa6d64bfcecfaab483c4656cc77b190d02f9e734b0b1d4d527ac8e889f8fee2e58',1,X'01763a4b5b22f9845b5971ea33f987784a88167c84ef99b7528f680021f4f2f52cedf81f58aaaa6f50',1,2000000000,NULL,0,1795871329,1795871329);
COMMIT;
