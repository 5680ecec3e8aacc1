-- +goose Up
-- Sign-ins that failed in a row, by a hash of the name and by address, and until when no other is looked at.
CREATE TABLE sign_in_tries (
  key      TEXT   NOT NULL PRIMARY KEY,
  failures INTEGER NOT NULL,
  until    INTEGER NOT NULL,
  at       INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sign_in_tries_at ON sign_in_tries (at);
