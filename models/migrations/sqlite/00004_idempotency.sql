-- +goose Up
-- The first answer to a request that named a key, for its repeats.
CREATE TABLE idempotency_keys (
  scope      TEXT    NOT NULL,
  key        TEXT    NOT NULL,
  hash       BLOB    NOT NULL,
  answer     TEXT    NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
