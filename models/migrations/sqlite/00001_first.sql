-- +goose Up
-- Times are microseconds since 1970 in UTC. Counts have a column per severity.

CREATE TABLE users (
  id                   INTEGER PRIMARY KEY AUTOINCREMENT,
  name                 TEXT    NOT NULL,
  email                TEXT    NOT NULL DEFAULT '',
  first_name           TEXT    NOT NULL DEFAULT '',
  password_hash        TEXT    NOT NULL DEFAULT '',
  administrator        BOOLEAN NOT NULL DEFAULT FALSE,
  active               BOOLEAN NOT NULL DEFAULT TRUE,
  must_change_password BOOLEAN NOT NULL DEFAULT FALSE,
  time_zone            TEXT    NOT NULL DEFAULT '',
  created_at           INTEGER NOT NULL,
  updated_at           INTEGER NOT NULL
);
CREATE UNIQUE INDEX users_name ON users (lower(name));

CREATE TABLE sessions (
  token   TEXT    PRIMARY KEY,
  data    BLOB    NOT NULL,
  user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
  expiry  INTEGER NOT NULL
);
CREATE INDEX sessions_expiry ON sessions (expiry);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE products (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  name               TEXT    NOT NULL UNIQUE,
  description        TEXT    NOT NULL DEFAULT '',
  gate_mode          TEXT    NOT NULL DEFAULT 'standard',
  threshold_critical INTEGER,
  threshold_high     INTEGER,
  threshold_medium   INTEGER,
  threshold_low      INTEGER,
  threshold_none     INTEGER,
  threshold_unknown  INTEGER,
  version            INTEGER NOT NULL DEFAULT 1,
  created_at         INTEGER NOT NULL,
  updated_at         INTEGER NOT NULL
);

CREATE TABLE tokens (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id      INTEGER REFERENCES users (id) ON DELETE CASCADE,
  product_id   INTEGER REFERENCES products (id) ON DELETE CASCADE,
  name         TEXT    NOT NULL,
  role         TEXT    NOT NULL DEFAULT '',
  hash         BLOB    NOT NULL UNIQUE,
  hint         TEXT    NOT NULL,
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER,
  last_used_at INTEGER
);
CREATE INDEX tokens_user ON tokens (user_id);
CREATE INDEX tokens_product ON tokens (product_id);

CREATE TABLE members (
  user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  product_id   INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  role         TEXT    NOT NULL,
  joined_event INTEGER NOT NULL DEFAULT 0,
  created_at   INTEGER NOT NULL,
  PRIMARY KEY (user_id, product_id)
);
CREATE INDEX members_product ON members (product_id);

-- A branch carries its gate; the default branch's gate is the product's.
CREATE TABLE branches (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  product_id     INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  name           TEXT    NOT NULL,
  is_default     BOOLEAN NOT NULL DEFAULT FALSE,
  critical       INTEGER NOT NULL DEFAULT 0,
  high           INTEGER NOT NULL DEFAULT 0,
  medium         INTEGER NOT NULL DEFAULT 0,
  low            INTEGER NOT NULL DEFAULT 0,
  none           INTEGER NOT NULL DEFAULT 0,
  unknown        INTEGER NOT NULL DEFAULT 0,
  gate_state     TEXT    NOT NULL DEFAULT 'none',
  gate_since     INTEGER NOT NULL,
  gate_why       TEXT    NOT NULL DEFAULT '',
  evaluated      BOOLEAN NOT NULL DEFAULT FALSE,
  created_at     INTEGER NOT NULL,
  UNIQUE (product_id, name)
);
CREATE UNIQUE INDEX branches_default ON branches (product_id) WHERE is_default;

-- What one scanner under one source name last said of a branch.
CREATE TABLE sources (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  branch_id      INTEGER NOT NULL REFERENCES branches (id) ON DELETE CASCADE,
  scanner        TEXT    NOT NULL,
  name           TEXT    NOT NULL,
  format         TEXT    NOT NULL,
  critical       INTEGER NOT NULL DEFAULT 0,
  high           INTEGER NOT NULL DEFAULT 0,
  medium         INTEGER NOT NULL DEFAULT 0,
  low            INTEGER NOT NULL DEFAULT 0,
  none           INTEGER NOT NULL DEFAULT 0,
  unknown        INTEGER NOT NULL DEFAULT 0,
  version        INTEGER NOT NULL DEFAULT 1,
  created_at     INTEGER NOT NULL,
  last_report_at INTEGER NOT NULL,
  UNIQUE (branch_id, scanner, name)
);

CREATE TABLE observations (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  branch_id     INTEGER NOT NULL REFERENCES branches (id) ON DELETE CASCADE,
  source_id     INTEGER NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
  identity      BLOB    NOT NULL,
  title         TEXT    NOT NULL,
  description   TEXT    NOT NULL DEFAULT '',
  component     TEXT    NOT NULL DEFAULT '',
  location      TEXT    NOT NULL DEFAULT '',
  fix           TEXT    NOT NULL DEFAULT '',
  url           TEXT    NOT NULL DEFAULT '',
  severity      INTEGER NOT NULL,
  report_status TEXT    NOT NULL,
  status        TEXT    NOT NULL,
  active        BOOLEAN NOT NULL,
  first_seen_at INTEGER NOT NULL,
  changed_at    INTEGER NOT NULL,
  resolved_at   INTEGER,
  UNIQUE (source_id, identity)
);
CREATE INDEX observations_active ON observations (branch_id, severity, id) WHERE active;
CREATE INDEX observations_branch ON observations (branch_id, id);

-- No foreign key to the product: a product's events go with its notifications, by their key, so
-- that no index by product slows each event down.
CREATE TABLE events (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid       TEXT    NOT NULL UNIQUE,
  type       TEXT    NOT NULL,
  version    INTEGER NOT NULL,
  product_id INTEGER,
  actor      TEXT    NOT NULL DEFAULT '',
  at         INTEGER NOT NULL,
  payload    TEXT    NOT NULL
);

-- One row per event and reader, written with the event, gone when it is done.
CREATE TABLE event_work (
  reader     TEXT    NOT NULL,
  event_id   INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE,
  product_id INTEGER NOT NULL,
  attempts   INTEGER NOT NULL DEFAULT 0,
  next_at    INTEGER NOT NULL,
  parked     BOOLEAN NOT NULL DEFAULT FALSE,
  error      TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (reader, event_id)
);

-- Who may do work that only one instance may do at a time.
CREATE TABLE leases (
  name   TEXT    PRIMARY KEY,
  holder TEXT    NOT NULL,
  until  INTEGER NOT NULL
);

-- A product's gate history: one tree, ordered as it is read. The reasons are in the events' payloads.
CREATE TABLE gate_changes (
  product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  event_id   INTEGER NOT NULL,
  from_state TEXT    NOT NULL,
  to_state   TEXT    NOT NULL,
  critical   INTEGER NOT NULL,
  high       INTEGER NOT NULL,
  medium     INTEGER NOT NULL,
  low        INTEGER NOT NULL,
  none       INTEGER NOT NULL,
  unknown    INTEGER NOT NULL,
  PRIMARY KEY (product_id, event_id)
) WITHOUT ROWID;

-- One row per event, whoever may see it; its key is the event's id.
CREATE TABLE notifications (
  event_id   INTEGER PRIMARY KEY REFERENCES events (id) ON DELETE CASCADE,
  product_id INTEGER REFERENCES products (id) ON DELETE CASCADE,
  type       TEXT    NOT NULL,
  tone       TEXT    NOT NULL,
  name       TEXT    NOT NULL,
  message    TEXT    NOT NULL,
  at         INTEGER NOT NULL
);
CREATE INDEX notifications_product ON notifications (product_id, event_id);

CREATE TABLE read_upto (
  user_id  INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  event_id INTEGER NOT NULL
);
CREATE TABLE marks (
  user_id  INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  event_id INTEGER NOT NULL REFERENCES notifications (event_id) ON DELETE CASCADE,
  viewed   BOOLEAN NOT NULL,
  PRIMARY KEY (user_id, event_id)
);
CREATE INDEX marks_event ON marks (event_id);

CREATE TABLE connections (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  product_id    INTEGER REFERENCES products (id) ON DELETE CASCADE,
  module        TEXT    NOT NULL,
  name          TEXT    NOT NULL,
  config        BLOB,
  hint          TEXT    NOT NULL,
  enabled       BOOLEAN NOT NULL DEFAULT TRUE,
  disabled_why  TEXT    NOT NULL DEFAULT '',
  version       INTEGER NOT NULL DEFAULT 1,
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL
);
CREATE INDEX connections_product ON connections (product_id);

CREATE TABLE deliveries (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid          TEXT    NOT NULL,
  event_id      INTEGER REFERENCES events (id) ON DELETE CASCADE,
  connection_id INTEGER NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
  product_id    INTEGER REFERENCES products (id) ON DELETE CASCADE,
  recipient     TEXT    NOT NULL DEFAULT '',
  title         TEXT    NOT NULL,
  state         TEXT    NOT NULL,
  reason        TEXT    NOT NULL DEFAULT '',
  attempts      INTEGER NOT NULL DEFAULT 0,
  next_at       INTEGER,
  locked_until  INTEGER,
  claim         TEXT    NOT NULL DEFAULT '',
  created_at    INTEGER NOT NULL,
  finished_at   INTEGER
);
CREATE UNIQUE INDEX deliveries_once ON deliveries (event_id, connection_id, recipient) WHERE event_id IS NOT NULL;
CREATE INDEX deliveries_due ON deliveries (next_at, id) WHERE state IN ('pending', 'retrying');
CREATE INDEX deliveries_lane ON deliveries (connection_id, product_id, id) WHERE state IN ('pending', 'retrying', 'sending');
CREATE INDEX deliveries_leased ON deliveries (locked_until) WHERE state = 'sending';
CREATE INDEX deliveries_product ON deliveries (product_id, id);
CREATE INDEX deliveries_created ON deliveries (created_at);
CREATE INDEX deliveries_connection ON deliveries (connection_id, id);

CREATE TABLE attempts (
  delivery_id INTEGER NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
  number      INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  duration    INTEGER NOT NULL,
  result      TEXT    NOT NULL,
  status      INTEGER NOT NULL DEFAULT 0,
  reason      TEXT    NOT NULL DEFAULT '',
  answer      TEXT    NOT NULL DEFAULT '',
  private     BOOLEAN NOT NULL DEFAULT FALSE,
  PRIMARY KEY (delivery_id, number)
);

-- A slot is one due time of a job: whoever inserts it runs it.
CREATE TABLE job_slots (
  job         TEXT    NOT NULL,
  slot        TEXT    NOT NULL,
  instance    TEXT    NOT NULL,
  started_at  INTEGER NOT NULL,
  finished_at INTEGER,
  result      TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (job, slot)
);
