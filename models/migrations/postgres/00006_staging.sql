-- +goose Up
-- A large import is staged in many transactions before one makes it current. Rows that are new in it
-- are since a version that their source has not reached; what changes in others waits beside them.
-- A source of version 0 has never been current.
ALTER TABLE observations ADD COLUMN since BIGINT NOT NULL DEFAULT 0;
CREATE INDEX observations_since ON observations (source_id, since) WHERE since > 0;

ALTER TABLE sources ADD COLUMN unsettled BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX sources_unsettled ON sources (id) WHERE unsettled;

CREATE TABLE observation_changes (
  observation_id BIGINT PRIMARY KEY REFERENCES observations (id) ON DELETE CASCADE,
  source_id      BIGINT NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
  since          BIGINT NOT NULL,
  title          TEXT    NOT NULL DEFAULT '',
  description    TEXT    NOT NULL DEFAULT '',
  component      TEXT    NOT NULL DEFAULT '',
  location       TEXT    NOT NULL DEFAULT '',
  fix            TEXT    NOT NULL DEFAULT '',
  url            TEXT    NOT NULL DEFAULT '',
  severity       BIGINT NOT NULL DEFAULT 0,
  report_status  TEXT    NOT NULL DEFAULT '',
  status         TEXT    NOT NULL
);
CREATE INDEX observation_changes_source ON observation_changes (source_id);
