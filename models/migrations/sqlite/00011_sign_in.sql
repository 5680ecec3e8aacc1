-- +goose Up

-- The networks and the devices that users have signed in from. What strangers do does not delay a
-- user there. Bounded for each user.
CREATE TABLE known_clients (
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  kind    TEXT    NOT NULL, -- network, device
  value   TEXT    NOT NULL, -- a prefix of addresses; the hash of a cookie
  at      INTEGER NOT NULL, -- of the last sign-in
  PRIMARY KEY (user_id, kind, value)
);
CREATE INDEX known_clients_at ON known_clients (at);
CREATE INDEX known_clients_value ON known_clients (value);

-- Failed and refused tries of an hour, by name and network. Each row is one of the audit log.
CREATE TABLE sign_in_reports (
  hour     INTEGER NOT NULL,
  what     TEXT    NOT NULL, -- was tried: sign-in, password, ...
  name     TEXT    NOT NULL, -- as in the audit log
  network  TEXT    NOT NULL,
  user_id  INTEGER REFERENCES users (id) ON DELETE CASCADE, -- of that name
  failed   INTEGER NOT NULL,
  refused  INTEGER NOT NULL,
  audit_id INTEGER NOT NULL,
  PRIMARY KEY (hour, what, name, network)
);
CREATE INDEX sign_in_reports_user ON sign_in_reports (user_id, hour);

-- When a user was last notified of many failed tries.
CREATE TABLE sign_in_notices (
  user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  at      INTEGER NOT NULL
);
