-- +goose Up
-- Sign-ins that failed in a row, by a hash of the name and by address, and until when no other is looked at.
CREATE TABLE sign_in_tries (
  key      TEXT   NOT NULL PRIMARY KEY,
  failures BIGINT NOT NULL,
  until    BIGINT NOT NULL,
  at       BIGINT NOT NULL
);
CREATE INDEX sign_in_tries_at ON sign_in_tries (at);
