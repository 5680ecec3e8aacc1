-- +goose Up

-- The last restore of a backup into this database. What waited to be sent in the backup is held until an
-- administrator decides about it.
CREATE TABLE restores (
  id          BIGINT  PRIMARY KEY CHECK (id = 1),
  backup_at   BIGINT  NOT NULL,
  restored_at BIGINT  NOT NULL,
  event_id    BIGINT  NOT NULL,            -- the last event of the backup
  decision    TEXT    NOT NULL DEFAULT '', -- send, cancel, '' = not yet
  reason      TEXT    NOT NULL DEFAULT '',
  decided_by  TEXT    NOT NULL DEFAULT '',
  decided_at  BIGINT
);
CREATE INDEX deliveries_held ON deliveries (connection_id, created_at) WHERE state = 'held';
