-- +goose Up
-- The same exception over time: of a product, or, with owner 0, of none.
CREATE TABLE exception_groups (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  owner            INTEGER NOT NULL,            -- the product's id, 0 = none
  product_id       INTEGER REFERENCES products (id) ON DELETE CASCADE,
  key              TEXT    NOT NULL,            -- what makes two exceptions the same
  by               TEXT    NOT NULL,            -- what the key was made of: fingerprint, frames, message, exact, overflow
  kind             TEXT    NOT NULL,            -- request, task, reported
  class            TEXT    NOT NULL,
  message          TEXT    NOT NULL,            -- of the first
  function         TEXT    NOT NULL,            -- where: a route, a task, the topmost function of the program's own
  state            TEXT    NOT NULL DEFAULT 'open', -- open, resolved
  first_at         INTEGER NOT NULL,
  last_at          INTEGER NOT NULL,
  count            INTEGER NOT NULL,            -- how often it has occurred
  notified         INTEGER NOT NULL DEFAULT 0,  -- how often people were told
  notified_at      INTEGER,
  suppressed       INTEGER NOT NULL DEFAULT 0,  -- how often they were not
  held             INTEGER NOT NULL DEFAULT 0,  -- since they were told last
  was_held         INTEGER NOT NULL DEFAULT 0,  -- before they were told last
  was_notified_at  INTEGER,
  until            INTEGER NOT NULL,            -- people are told again from then on
  muted_until      INTEGER,
  resolved_at      INTEGER,
  resolved_by      TEXT    NOT NULL DEFAULT '',
  regressed_at     INTEGER,                     -- it came back after it was resolved
  sample           TEXT    NOT NULL DEFAULT '{}', -- the latest, as JSON
  sample_at        INTEGER NOT NULL,
  version          INTEGER NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX exception_groups_key ON exception_groups (owner, key);
CREATE INDEX exception_groups_last ON exception_groups (last_at, id);
CREATE INDEX exception_groups_owner ON exception_groups (owner, last_at, id);
CREATE INDEX exception_groups_first ON exception_groups (owner, first_at);
CREATE INDEX exception_groups_product ON exception_groups (product_id) WHERE product_id IS NOT NULL;

-- Keys that somebody has put into another group.
CREATE TABLE exception_merges (
  owner     INTEGER NOT NULL,
  key       TEXT    NOT NULL,
  group_id  INTEGER NOT NULL REFERENCES exception_groups (id) ON DELETE CASCADE,
  class     TEXT    NOT NULL, -- what was merged, for people
  message   TEXT    NOT NULL,
  by_name   TEXT    NOT NULL,
  at        INTEGER NOT NULL,
  PRIMARY KEY (owner, key)
) WITHOUT ROWID;
CREATE INDEX exception_merges_group ON exception_merges (group_id);

-- How often in an hour, for the picture.
CREATE TABLE exception_hours (
  group_id INTEGER NOT NULL REFERENCES exception_groups (id) ON DELETE CASCADE,
  hour     INTEGER NOT NULL, -- since 1970
  count    INTEGER NOT NULL,
  PRIMARY KEY (group_id, hour)
) WITHOUT ROWID;

-- The releases that an exception was seen in.
CREATE TABLE exception_releases (
  group_id INTEGER NOT NULL REFERENCES exception_groups (id) ON DELETE CASCADE,
  name     TEXT    NOT NULL,
  first_at INTEGER NOT NULL,
  last_at  INTEGER NOT NULL,
  PRIMARY KEY (group_id, name)
) WITHOUT ROWID;

-- A key that other programs report a product's exceptions with, and can do nothing else.
CREATE TABLE ingest_keys (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  key        TEXT    NOT NULL UNIQUE,
  created_by TEXT    NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX ingest_keys_product ON ingest_keys (product_id);

-- Fields of the exceptions' settings are connections too; of mail addresses there are several.
DROP INDEX connections_system_field;
CREATE UNIQUE INDEX connections_system_field ON connections (field) WHERE product_id IS NULL AND group_id IS NULL AND field = 'people';
