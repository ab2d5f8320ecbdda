BEGIN TRANSACTION;
CREATE TABLE blocks (
    account TEXT, filesystem TEXT, path TEXT, id TEXT, file TEXT NOT NULL, size INTEGER NOT NULL,
    staged INTEGER NOT NULL, PRIMARY KEY (account, filesystem, path, id)) WITHOUT ROWID
;
CREATE TABLE drafts (
    key TEXT PRIMARY KEY, file TEXT NOT NULL, ranges TEXT NOT NULL) WITHOUT ROWID
;
CREATE TABLE entries (
    key TEXT PRIMARY KEY, tag TEXT NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL,
    properties TEXT NOT NULL) WITHOUT ROWID
;
INSERT INTO "entries" VALUES('f:1795654681911563000:4','0x8DF4B5852414A6E',1795654681901964000,1795654681911563000,'{"metadata":{"k":"v"},"headers":{},"permissions":"","acl":"","owner":"$superuser","group":"$superuser","origin":"dfs","lease":null}');
CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, subscription TEXT NOT NULL,
    type TEXT NOT NULL, account TEXT NOT NULL, filesystem TEXT NOT NULL, path TEXT NOT NULL, size INTEGER,
    key TEXT NOT NULL, at INTEGER NOT NULL, released INTEGER NOT NULL DEFAULT 0);
CREATE TABLE filesystems (
    account TEXT, name TEXT, tag TEXT NOT NULL, modified INTEGER NOT NULL, metadata TEXT NOT NULL,
    PRIMARY KEY (account, name)) WITHOUT ROWID
;
INSERT INTO "filesystems" VALUES('keptlake','data','0x8DF4B58523D49B4',1795654681885330000,'{"of": "all"}');
CREATE TABLE subscriptions (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, type_properties TEXT NOT NULL) WITHOUT ROWID
;
DELETE FROM "sqlite_sequence";
COMMIT;
PRAGMA user_version = 2;
