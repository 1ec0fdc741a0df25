PRAGMA application_id = 1181511543;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE run (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    input BLOB NOT NULL,
    seed BLOB NOT NULL,
    workflow_id TEXT NOT NULL
) STRICT;
INSERT INTO run VALUES(1,X'8a2343d0f404ddbb10a9becccf4f0bfb7692fc90d2f0091bca9c007aba783e27',X'eb196aafa77cb49fa61e928586cb03d1','69d6b8b6d59a4dcbaa599cfba90ba44d');
CREATE TABLE flow (
    run TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    digest BLOB NOT NULL
) STRICT;
INSERT INTO flow VALUES('','shop/test:1.0.0',X'af9143b9533446a1abc57097a298f9faf8fbf15bd2cae12745dd513a9598015c');
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY,
    run TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    step TEXT,
    outcome TEXT
) STRICT;
INSERT INTO entry VALUES(1,'',0,NULL,NULL);
INSERT INTO entry VALUES(2,'',0,'/do/0/order','{"output":{"Response":{"Status":200,"Body":{"path":"/order","echo":"[redacted]"}}}}');
INSERT INTO entry VALUES(3,'',0,NULL,NULL);
CREATE TABLE sent (step TEXT PRIMARY KEY) STRICT;
INSERT INTO sent VALUES('/do/0/order');
CREATE INDEX entry_of_run ON entry (run, seq);
COMMIT;
