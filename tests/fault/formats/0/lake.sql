BEGIN TRANSACTION;
CREATE TABLE blocks (
    account TEXT, filesystem TEXT, path TEXT, id TEXT, file TEXT NOT NULL, size INTEGER NOT NULL,
    staged INTEGER NOT NULL, PRIMARY KEY (account, filesystem, path, id)) WITHOUT ROWID;
CREATE TABLE drafts (
    key TEXT PRIMARY KEY, file TEXT NOT NULL, ranges TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entries (
    key TEXT PRIMARY KEY, tag TEXT NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL,
    properties TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "entries" VALUES('f:1795642489232433000:4','0x8DF4B3BEEDA19EA',1795642489226008000,1795642489232433000,'{"metadata":{"k":"v"},"headers":{},"permissions":"","acl":"","owner":"$superuser","group":"$superuser","origin":"dfs","lease":null}');
CREATE TABLE filesystems (
    account TEXT, name TEXT, tag TEXT NOT NULL, modified INTEGER NOT NULL, metadata TEXT NOT NULL,
    PRIMARY KEY (account, name)) WITHOUT ROWID;
INSERT INTO "filesystems" VALUES('keptlake','data','0x8DF4B3BEED7814E',1795642489215419000,'{"of": "all"}');
COMMIT;
