BEGIN;
CREATE TABLE cardhost_store (
    id bigint PRIMARY KEY CHECK (id = 1),
    format bigint NOT NULL,
    key_id text NOT NULL,
    key_check bytea NOT NULL
);
INSERT INTO cardhost_store VALUES(1,1,'763a4b5b22f9845b','\x01763a4b5b22f9845b81ead6dd1a1218a3fd05095eaddab6e3e5f8776870329d5a65f744e508fd1b1a9ef6e396f083ae775264');
CREATE TABLE cardhost_connections (
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
INSERT INTO cardhost_connections VALUES('61b3011d840002bb772710bdc7ea3cc8','default','acme','prod','\x01763a4b5b22f9845bd1fc32cd486b280faab21622cd25edfaa95a47d32c60720f7f77ce182d7a0d3052d7e733848455022b02f29a',1,'\x01763a4b5b22f9845b1d4b6935077f96b321c24392a36c894f42de93f03d0bfe4b20866cf2e132d272',1,2000000000,NULL,0,1795871329,1795871329);
INSERT INTO cardhost_connections VALUES('9df1c1da7e41c0da604a48f1e9613390','default','acme','test','\x01763a4b5b22f9845baf3ab358adf72a1a8d7fe4fa6d64bfcecfaab483c4656cc77b190d02f9e734b0b1d4d527ac8e889f8fee2e58',1,'\x01763a4b5b22f9845b5971ea33f987784a88167c84ef99b7528f680021f4f2f52cedf81f58aaaa6f50',1,2000000000,NULL,0,1795871329,1795871329);
COMMIT;
