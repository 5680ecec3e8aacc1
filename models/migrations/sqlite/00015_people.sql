-- +goose Up
ALTER TABLE users ADD COLUMN theme TEXT NOT NULL DEFAULT '';         -- light, dark; '' is the system's
ALTER TABLE users ADD COLUMN email_pending TEXT NOT NULL DEFAULT ''; -- a new address that was not confirmed yet
ALTER TABLE users ADD COLUMN last_sign_in_at INTEGER;

ALTER TABLE sessions ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0;       -- to the minute
ALTER TABLE sessions ADD COLUMN user_agent TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
UPDATE sessions SET created_at = expiry - 43200000000, seen_at = expiry - 43200000000; -- they lasted 12 hours

-- Links that were mailed: to choose a password, to confirm an address. Each works once.
CREATE TABLE user_links (
  hash       BLOB NOT NULL PRIMARY KEY, -- SHA-256 of what the link has
  user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  purpose    TEXT NOT NULL,
  email      TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at    INTEGER
);
CREATE INDEX user_links_user ON user_links (user_id);
CREATE INDEX user_links_expires ON user_links (expires_at);
