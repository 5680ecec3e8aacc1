-- +goose Up
-- A section of the global settings: what differs from its defaults, as JSON; secrets sealed apart.
CREATE TABLE settings (
  section    TEXT    PRIMARY KEY,
  body       TEXT    NOT NULL,
  secrets    BYTEA,
  version    BIGINT NOT NULL,
  updated_by TEXT    NOT NULL DEFAULT '',
  updated_at BIGINT NOT NULL
);

-- How far a look at all gates has come: the version of the gate settings that it applies, and the
-- branch that it has seen last. done is set at its end.
CREATE TABLE gate_sweeps (
  id         BIGINT PRIMARY KEY CHECK (id = 1),
  version    BIGINT NOT NULL,
  branch_id  BIGINT NOT NULL DEFAULT 0,
  done       BOOLEAN NOT NULL DEFAULT FALSE
);
