-- +goose Up
-- A section of the global settings: what differs from its defaults, as JSON; secrets sealed apart.
CREATE TABLE settings (
  section    TEXT    PRIMARY KEY,
  body       TEXT    NOT NULL,
  secrets    BLOB,
  version    INTEGER NOT NULL,
  updated_by TEXT    NOT NULL DEFAULT '',
  updated_at INTEGER NOT NULL
);

-- How far a look at all gates has come: the version of the gate settings that it applies, and the
-- branch that it has seen last. done is set at its end.
CREATE TABLE gate_sweeps (
  id         INTEGER PRIMARY KEY CHECK (id = 1),
  version    INTEGER NOT NULL,
  branch_id  INTEGER NOT NULL DEFAULT 0,
  done       BOOLEAN NOT NULL DEFAULT FALSE
);
