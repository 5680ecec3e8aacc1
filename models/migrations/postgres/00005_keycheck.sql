-- +goose Up
-- A known value, sealed: the key that opens it is this database's.
CREATE TABLE key_checks (
  id     BIGINT PRIMARY KEY CHECK (id = 1),
  sealed BYTEA  NOT NULL
);
