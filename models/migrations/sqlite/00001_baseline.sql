-- +goose Up
-- Times are microseconds since 1970-01-01 UTC, NULL for none. Severities are numbers, 0 = critical to
-- 5 = unknown, and counts have a column for each of them. Names of states, roles and kinds are texts.
-- The file of the other database is the same but for its types. A released migration is never edited.

-- Users and how they sign in

CREATE TABLE users (
  id                   INTEGER PRIMARY KEY AUTOINCREMENT,
  name                 TEXT    NOT NULL,
  email                TEXT    NOT NULL DEFAULT '',
  email_pending        TEXT    NOT NULL DEFAULT '',       -- a new address that is not confirmed yet
  first_name           TEXT    NOT NULL DEFAULT '',
  password_hash        TEXT    NOT NULL DEFAULT '',
  administrator        BOOLEAN NOT NULL DEFAULT FALSE,
  active               BOOLEAN NOT NULL DEFAULT TRUE,
  must_change_password BOOLEAN NOT NULL DEFAULT FALSE,
  time_zone            TEXT    NOT NULL DEFAULT '',       -- '' = UTC
  theme                TEXT    NOT NULL DEFAULT '',       -- light, dark, '' = as the system
  created_at           INTEGER NOT NULL,
  updated_at           INTEGER NOT NULL,
  last_sign_in_at      INTEGER
);
CREATE UNIQUE INDEX users_name ON users (lower(name));
CREATE INDEX users_email ON users (lower(email));

CREATE TABLE sessions (
  token      TEXT    PRIMARY KEY,
  user_id    INTEGER REFERENCES users (id) ON DELETE CASCADE,
  data       BLOB    NOT NULL,
  created_at INTEGER NOT NULL DEFAULT 0,
  seen_at    INTEGER NOT NULL DEFAULT 0, -- to the minute
  expiry     INTEGER NOT NULL,
  user_agent TEXT    NOT NULL DEFAULT '',
  address    TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expiry);

-- Links sent by email, to choose a password or to confirm an address. Each works once.
CREATE TABLE user_links (
  hash       BLOB    NOT NULL PRIMARY KEY, -- SHA-256 of the link's token
  user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  purpose    TEXT    NOT NULL,
  email      TEXT    NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at    INTEGER
);
CREATE INDEX user_links_user ON user_links (user_id);
CREATE INDEX user_links_expires ON user_links (expires_at);

-- Failed sign-ins in a row, by a hash of the name and by address, and when the next one is looked at.
CREATE TABLE sign_in_tries (
  key      TEXT    NOT NULL PRIMARY KEY,
  failures INTEGER NOT NULL,
  until    INTEGER NOT NULL,
  at       INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sign_in_tries_at ON sign_in_tries (at);

-- Product groups and products

CREATE TABLE product_groups (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  name               TEXT    NOT NULL UNIQUE,
  description        TEXT    NOT NULL DEFAULT '',
  gate_mode          TEXT    NOT NULL DEFAULT 'standard', -- any other mode counts for all products of the group
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

CREATE TABLE products (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  group_id           INTEGER REFERENCES product_groups (id),
  grouped_event      INTEGER NOT NULL DEFAULT 0,          -- the newest event when it joined its group
  name               TEXT    NOT NULL UNIQUE,
  description        TEXT    NOT NULL DEFAULT '',
  gate_mode          TEXT    NOT NULL DEFAULT 'standard',
  threshold_critical INTEGER,
  threshold_high     INTEGER,
  threshold_medium   INTEGER,
  threshold_low      INTEGER,
  threshold_none     INTEGER,
  threshold_unknown  INTEGER,
  hold_seconds       INTEGER,                             -- hold time of its gate, NULL = as in the settings
  stale_after        INTEGER,                             -- seconds without a report, 0 = never, NULL = as in the settings
  badge_token        TEXT,
  version            INTEGER NOT NULL DEFAULT 1,
  created_at         INTEGER NOT NULL,
  updated_at         INTEGER NOT NULL
);
CREATE INDEX products_group ON products (group_id) WHERE group_id IS NOT NULL;
CREATE UNIQUE INDEX products_badge ON products (badge_token) WHERE badge_token IS NOT NULL;

-- Access: roles of users and of authorization groups, and tokens
-- joined_event is the newest event when the role began: notifications up to it count as read.

CREATE TABLE members (
  user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  product_id   INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  role         TEXT    NOT NULL,
  joined_event INTEGER NOT NULL DEFAULT 0,
  created_at   INTEGER NOT NULL,
  PRIMARY KEY (user_id, product_id)
);
CREATE INDEX members_product ON members (product_id);

CREATE TABLE group_members (
  user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  group_id     INTEGER NOT NULL REFERENCES product_groups (id) ON DELETE CASCADE,
  role         TEXT    NOT NULL,
  joined_event INTEGER NOT NULL DEFAULT 0,
  created_at   INTEGER NOT NULL,
  PRIMARY KEY (user_id, group_id)
);
CREATE INDEX group_members_group ON group_members (group_id);

-- A group of users with roles in products and in product groups.
CREATE TABLE authorization_groups (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  name       TEXT    NOT NULL,
  version    INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX authorization_groups_name ON authorization_groups (lower(name));

CREATE TABLE authorization_members (
  user_id                INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  authorization_group_id INTEGER NOT NULL REFERENCES authorization_groups (id) ON DELETE CASCADE,
  manager                BOOLEAN NOT NULL DEFAULT FALSE, -- can add and remove members
  joined_event           INTEGER NOT NULL DEFAULT 0,
  created_at             INTEGER NOT NULL,
  PRIMARY KEY (user_id, authorization_group_id)
);
CREATE INDEX authorization_members_group ON authorization_members (authorization_group_id);

CREATE TABLE authorization_roles (
  id                     INTEGER PRIMARY KEY AUTOINCREMENT,
  authorization_group_id INTEGER NOT NULL REFERENCES authorization_groups (id) ON DELETE CASCADE,
  product_id             INTEGER REFERENCES products (id) ON DELETE CASCADE,
  group_id               INTEGER REFERENCES product_groups (id) ON DELETE CASCADE,
  role                   TEXT    NOT NULL,
  joined_event           INTEGER NOT NULL DEFAULT 0,
  created_at             INTEGER NOT NULL,
  CHECK ((product_id IS NULL) <> (group_id IS NULL))
);
CREATE UNIQUE INDEX authorization_roles_product ON authorization_roles (product_id, authorization_group_id) WHERE product_id IS NOT NULL;
CREATE UNIQUE INDEX authorization_roles_group ON authorization_roles (group_id, authorization_group_id) WHERE group_id IS NOT NULL;
CREATE INDEX authorization_roles_of ON authorization_roles (authorization_group_id);

-- Tokens of the API, of a user or of a product.
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

-- Branches and their security gates

-- A branch has its counts and its gate. The gate of the default branch is the product's.
CREATE TABLE branches (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  product_id   INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  name         TEXT    NOT NULL,
  is_default   BOOLEAN NOT NULL DEFAULT FALSE,
  protected    BOOLEAN NOT NULL DEFAULT FALSE,  -- kept although it receives no reports
  evaluated    BOOLEAN NOT NULL DEFAULT FALSE,
  critical     INTEGER NOT NULL DEFAULT 0,
  high         INTEGER NOT NULL DEFAULT 0,
  medium       INTEGER NOT NULL DEFAULT 0,
  low          INTEGER NOT NULL DEFAULT 0,
  none         INTEGER NOT NULL DEFAULT 0,
  unknown      INTEGER NOT NULL DEFAULT 0,
  counted_at   INTEGER,                         -- when the counts last changed
  gate_state   TEXT    NOT NULL DEFAULT 'none', -- passed, failed, none = not evaluated
  gate_since   INTEGER NOT NULL,
  gate_why     TEXT    NOT NULL DEFAULT '',
  held_from    TEXT    NOT NULL DEFAULT '',     -- the state announced last, '' = gate_state
  held_until   INTEGER,                         -- end of the hold time
  held_event   INTEGER,                         -- the change on hold
  stale_since  INTEGER,                         -- when its product was announced as stale
  created_at   INTEGER NOT NULL,
  UNIQUE (product_id, name)
);
CREATE UNIQUE INDEX branches_default ON branches (product_id) WHERE is_default;
CREATE INDEX branches_held ON branches (held_until) WHERE held_until IS NOT NULL;
CREATE INDEX branches_stale ON branches (stale_since) WHERE stale_since IS NOT NULL;

-- Counts at the end of each day on which they changed, for the trend. A day is written with the first
-- change on a later day, so that a branch costs at most one row a day.
CREATE TABLE branch_days (
  branch_id INTEGER NOT NULL REFERENCES branches (id) ON DELETE CASCADE,
  day       INTEGER NOT NULL, -- since 1970-01-01 UTC
  critical  INTEGER NOT NULL,
  high      INTEGER NOT NULL,
  medium    INTEGER NOT NULL,
  low       INTEGER NOT NULL,
  none      INTEGER NOT NULL,
  unknown   INTEGER NOT NULL,
  PRIMARY KEY (branch_id, day)
) WITHOUT ROWID;

-- The gate history of a product, in the order in which it is read. Reasons are in the events' payloads.
CREATE TABLE gate_changes (
  product_id   INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  event_id     INTEGER NOT NULL,
  announced_id INTEGER,          -- the event that announced it: its own, a later one or none
  from_state   TEXT    NOT NULL,
  to_state     TEXT    NOT NULL,
  critical     INTEGER NOT NULL,
  high         INTEGER NOT NULL,
  medium       INTEGER NOT NULL,
  low          INTEGER NOT NULL,
  none         INTEGER NOT NULL,
  unknown      INTEGER NOT NULL,
  PRIMARY KEY (product_id, event_id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX gate_changes_announced ON gate_changes (announced_id) WHERE announced_id IS NOT NULL;

-- Progress of the sweep that applies new gate settings to all branches: one row.
CREATE TABLE gate_sweeps (
  id          INTEGER PRIMARY KEY CHECK (id = 1),
  run         INTEGER NOT NULL DEFAULT 0, -- grows with each request for a sweep
  version     INTEGER NOT NULL,           -- of the gate settings that it applies
  branch_id   INTEGER NOT NULL DEFAULT 0, -- the last branch that it has evaluated
  done        BOOLEAN NOT NULL DEFAULT FALSE,
  seen        INTEGER NOT NULL DEFAULT 0,
  total       INTEGER NOT NULL DEFAULT 0,
  changed     INTEGER NOT NULL DEFAULT 0, -- gates with a new state
  started_at  INTEGER,
  finished_at INTEGER
);

-- Reports and observations

-- What a scanner last reported for a branch under one source name.
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
  version        INTEGER NOT NULL DEFAULT 1,     -- grows with each import, 0 = the first is not complete
  unsettled      BOOLEAN NOT NULL DEFAULT FALSE, -- a large import has left rows to put in order
  rows_done      INTEGER NOT NULL DEFAULT 0,     -- progress of a large import, 0 of 0 = none is running
  rows_total     INTEGER NOT NULL DEFAULT 0,
  created_at     INTEGER NOT NULL,
  last_report_at INTEGER NOT NULL,
  UNIQUE (branch_id, scanner, name)
);
CREATE INDEX sources_unsettled ON sources (id) WHERE unsettled;

-- severity, status and active are what counts, made from the report and from the assessment of a user.
CREATE TABLE observations (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  branch_id       INTEGER NOT NULL REFERENCES branches (id) ON DELETE CASCADE,
  source_id       INTEGER NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
  identity        BLOB    NOT NULL,
  since           INTEGER NOT NULL DEFAULT 0,     -- not visible before its source has this version
  active          BOOLEAN NOT NULL,
  severity        INTEGER NOT NULL,
  status          TEXT    NOT NULL,
  report_severity INTEGER,                        -- the report's, where a user has set another
  report_status   TEXT    NOT NULL,
  assessed_status TEXT    NOT NULL DEFAULT '',    -- '' = not assessed
  assessed_at     INTEGER,
  assessed_by     TEXT    NOT NULL DEFAULT '',
  waiver_until    INTEGER,
  waiver_noticed  BOOLEAN NOT NULL DEFAULT FALSE, -- users were notified that it ends soon
  duplicate_of    INTEGER REFERENCES observations (id) ON DELETE SET NULL,
  first_seen_at   INTEGER NOT NULL,
  changed_at      INTEGER NOT NULL,
  resolved_at     INTEGER,
  title           TEXT    NOT NULL,
  component       TEXT    NOT NULL DEFAULT '',
  location        TEXT    NOT NULL DEFAULT '',
  fix             TEXT    NOT NULL DEFAULT '',
  url             TEXT    NOT NULL DEFAULT '',
  description     TEXT    NOT NULL DEFAULT '',
  UNIQUE (source_id, identity)
);
-- One index for the active ones of a branch, worst first, for the others, and for all.
CREATE INDEX observations_branch ON observations (branch_id, active, severity, id);
CREATE INDEX observations_since ON observations (source_id, since) WHERE since > 0;
CREATE INDEX observations_waivers ON observations (waiver_until, id) WHERE waiver_until IS NOT NULL;
CREATE INDEX observations_duplicates ON observations (duplicate_of) WHERE duplicate_of IS NOT NULL;
CREATE INDEX observations_resolved ON observations (resolved_at, id) WHERE resolved_at IS NOT NULL;

-- A large import is written in many transactions before one makes it current. What it changes in rows
-- that exist waits here.
CREATE TABLE observation_changes (
  observation_id  INTEGER PRIMARY KEY REFERENCES observations (id) ON DELETE CASCADE,
  source_id       INTEGER NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
  since           INTEGER NOT NULL,
  severity        INTEGER NOT NULL DEFAULT 0,
  status          TEXT    NOT NULL,
  report_severity INTEGER,
  report_status   TEXT    NOT NULL DEFAULT '',
  title           TEXT    NOT NULL DEFAULT '',
  component       TEXT    NOT NULL DEFAULT '',
  location        TEXT    NOT NULL DEFAULT '',
  fix             TEXT    NOT NULL DEFAULT '',
  url             TEXT    NOT NULL DEFAULT '',
  description     TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX observation_changes_source ON observation_changes (source_id, since, observation_id);

-- The history of an observation: who assessed it and what that changed.
CREATE TABLE assessments (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  observation_id INTEGER NOT NULL REFERENCES observations (id) ON DELETE CASCADE,
  at             INTEGER NOT NULL,
  user_id        INTEGER REFERENCES users (id) ON DELETE SET NULL,
  actor          TEXT    NOT NULL,
  action         TEXT    NOT NULL,            -- assess, clear, expire, create, edit
  was_status     TEXT    NOT NULL DEFAULT '', -- what counted before
  status         TEXT    NOT NULL,            -- the user's, or what counts again
  was_severity   INTEGER NOT NULL,
  severity       INTEGER NOT NULL,
  waiver_until   INTEGER,
  duplicate_of   INTEGER,
  comment        TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX assessments_observation ON assessments (observation_id, id);
CREATE INDEX assessments_user ON assessments (user_id) WHERE user_id IS NOT NULL;

-- The first answer to a request with an Idempotency-Key, for its repeats.
CREATE TABLE idempotency_keys (
  scope      TEXT    NOT NULL,
  key        TEXT    NOT NULL,
  hash       BLOB    NOT NULL,
  answer     TEXT    NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- Events

-- No foreign key to the product, so that no index by product slows each event down: the events of a
-- product are deleted with its notifications, by their ids.
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

-- One row for each event and reader, written with the event and deleted when the reader is done.
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

-- Silences and the inbox

-- Messages held back for a time: of a product, of a product group or, with neither, of all.
CREATE TABLE silences (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  product_id INTEGER REFERENCES products (id) ON DELETE CASCADE,
  group_id   INTEGER REFERENCES product_groups (id) ON DELETE CASCADE,
  type       TEXT    NOT NULL DEFAULT '', -- of event, '' = every type
  text       TEXT    NOT NULL DEFAULT '', -- part of the name or message in any case, '' = every text
  reason     TEXT    NOT NULL,
  user_id    INTEGER REFERENCES users (id) ON DELETE SET NULL, -- the author
  author     TEXT    NOT NULL,
  created_at INTEGER NOT NULL,
  starts_at  INTEGER NOT NULL,
  ends_at    INTEGER NOT NULL,
  ended_at   INTEGER,                     -- when its end was processed
  ended_by   TEXT    NOT NULL DEFAULT '', -- the user who ended it early
  version    INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX silences_open ON silences (ends_at, id) WHERE ended_at IS NULL;
CREATE INDEX silences_ended ON silences (ended_at, id) WHERE ended_at IS NOT NULL;
CREATE INDEX silences_product ON silences (product_id) WHERE product_id IS NOT NULL;
CREATE INDEX silences_group ON silences (group_id) WHERE group_id IS NOT NULL;
CREATE INDEX silences_user ON silences (user_id) WHERE user_id IS NOT NULL;

-- One row for each event. Which users see it is looked up when it is read.
CREATE TABLE notifications (
  event_id   INTEGER PRIMARY KEY REFERENCES events (id) ON DELETE CASCADE,
  product_id INTEGER REFERENCES products (id) ON DELETE CASCADE,
  user_id    INTEGER REFERENCES users (id) ON DELETE CASCADE, -- for this user alone
  type       TEXT    NOT NULL,
  tone       TEXT    NOT NULL,
  severity   INTEGER,                     -- the worst in it, NULL = no severity applies
  subject    TEXT    NOT NULL DEFAULT '', -- the same for all notifications about one thing
  at         INTEGER NOT NULL,
  silence_id INTEGER REFERENCES silences (id) ON DELETE SET NULL, -- held its messages back
  targets    INTEGER,                     -- how many it was routed to, NULL = not recorded
  name       TEXT    NOT NULL,
  message    TEXT    NOT NULL
);
CREATE INDEX notifications_product ON notifications (product_id, event_id);
CREATE INDEX notifications_user ON notifications (user_id, event_id) WHERE user_id IS NOT NULL;
CREATE INDEX notifications_silence ON notifications (silence_id, event_id) WHERE silence_id IS NOT NULL;

-- Everything up to this event is read, for a user.
CREATE TABLE read_upto (
  user_id  INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  event_id INTEGER NOT NULL
);

-- Read, unread or archived, for a user.
CREATE TABLE marks (
  user_id  INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  event_id INTEGER NOT NULL REFERENCES notifications (event_id) ON DELETE CASCADE,
  viewed   BOOLEAN NOT NULL,
  archived BOOLEAN NOT NULL DEFAULT FALSE,
  PRIMARY KEY (user_id, event_id)
);
CREATE INDEX marks_event ON marks (event_id);

-- The secret address of a user's feed.
CREATE TABLE feeds (
  user_id    INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  hash       BLOB    NOT NULL UNIQUE, -- SHA-256 of the token
  created_at INTEGER NOT NULL
);

-- Connections and deliveries

-- A connection belongs to a product, to a product group, to a user or, with none of them, to the system.
CREATE TABLE connections (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  product_id   INTEGER REFERENCES products (id) ON DELETE CASCADE,
  group_id     INTEGER REFERENCES product_groups (id) ON DELETE CASCADE,
  user_id      INTEGER REFERENCES users (id) ON DELETE CASCADE,
  endpoint_id  INTEGER,                     -- the connection whose row has its endpoint's health, NULL = its own
  field        TEXT    NOT NULL DEFAULT '', -- the form field that it is, such as email_to, '' = none
  module       TEXT    NOT NULL,
  name         TEXT    NOT NULL,
  config       BLOB,                        -- sealed
  hint         TEXT    NOT NULL,
  enabled      BOOLEAN NOT NULL DEFAULT TRUE,
  disabled_why TEXT    NOT NULL DEFAULT '',
  version      INTEGER NOT NULL DEFAULT 1,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL
);
CREATE INDEX connections_product ON connections (product_id);
CREATE INDEX connections_group ON connections (group_id) WHERE group_id IS NOT NULL;
CREATE INDEX connections_user ON connections (user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX connections_system_field ON connections (field) WHERE product_id IS NULL AND group_id IS NULL AND field = 'people';

-- One row for each connection. Where connections share an endpoint, the row of one of them has what is
-- the endpoint's: failures, circuit breaker and rate.
CREATE TABLE connection_health (
  connection_id   INTEGER PRIMARY KEY REFERENCES connections (id) ON DELETE CASCADE,
  failures        INTEGER NOT NULL DEFAULT 0,  -- in a row, of the kinds that open the breaker
  failing_since   INTEGER,
  rejected        INTEGER NOT NULL DEFAULT 0,  -- in a row, by a receiver that answers
  reason          TEXT    NOT NULL DEFAULT '', -- of the last failure
  opened_at       INTEGER,                     -- when the breaker opened
  probe_at        INTEGER,                     -- when the next probe is due
  probes          INTEGER NOT NULL DEFAULT 0,  -- failed since it opened
  paused_at       INTEGER,                     -- no probes since
  broken_at       INTEGER,                     -- when users were notified
  closed_at       INTEGER,                     -- when it last recovered
  recover_upto    INTEGER,                     -- the last delivery that waited then, until all are sent
  last_success_at INTEGER,
  slot_at         INTEGER NOT NULL DEFAULT 0,  -- rate: when the messages so far are paid for
  free_at         INTEGER NOT NULL DEFAULT 0,  -- rate: when the next message can be sent
  busy_since      INTEGER                      -- rate: messages have been waiting since
);
CREATE INDEX connection_health_open ON connection_health (probe_at) WHERE opened_at IS NOT NULL;
CREATE INDEX connection_health_recovering ON connection_health (recover_upto) WHERE recover_upto IS NOT NULL;

-- A request to send deliveries again.
CREATE TABLE resends (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id    INTEGER REFERENCES users (id) ON DELETE SET NULL,
  by_name    TEXT    NOT NULL,
  what       TEXT    NOT NULL,
  total      INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  stopped_at INTEGER
);
CREATE INDEX resends_created ON resends (created_at);
CREATE INDEX resends_user ON resends (user_id);

-- One message to one target.
CREATE TABLE deliveries (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid          TEXT    NOT NULL,
  event_id      INTEGER REFERENCES events (id) ON DELETE CASCADE,
  connection_id INTEGER NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
  product_id    INTEGER REFERENCES products (id) ON DELETE CASCADE,
  endpoint_id   INTEGER NOT NULL DEFAULT 0,     -- the connection whose row has the endpoint's health
  resend_id     INTEGER REFERENCES resends (id) ON DELETE SET NULL,
  recipient     TEXT    NOT NULL DEFAULT '',
  state         TEXT    NOT NULL,
  attempts      INTEGER NOT NULL DEFAULT 0,
  spent         INTEGER NOT NULL DEFAULT 0,     -- attempts of this round
  due_since     INTEGER NOT NULL DEFAULT 0,     -- start of this round
  next_at       INTEGER,                        -- NULL = behind another one of its queue
  locked_until  INTEGER,
  claim         TEXT    NOT NULL DEFAULT '',    -- of the attempt in progress
  by_hand       BOOLEAN NOT NULL DEFAULT FALSE, -- a user wants it sent, stale or not
  probe         BOOLEAN NOT NULL DEFAULT FALSE, -- the attempt in progress is a probe
  created_at    INTEGER NOT NULL,
  finished_at   INTEGER,
  title         TEXT    NOT NULL,
  reason        TEXT    NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX deliveries_once ON deliveries (event_id, connection_id, recipient) WHERE event_id IS NOT NULL;
CREATE INDEX deliveries_due ON deliveries (endpoint_id, next_at, id) WHERE state IN ('pending', 'retrying') AND next_at IS NOT NULL;
CREATE INDEX deliveries_blocked ON deliveries (id) WHERE state = 'pending' AND next_at IS NULL;
CREATE INDEX deliveries_queue ON deliveries (connection_id, product_id, id) WHERE state IN ('pending', 'retrying', 'sending');
CREATE INDEX deliveries_endpoint ON deliveries (endpoint_id, id) WHERE state IN ('pending', 'retrying', 'sending');
CREATE INDEX deliveries_leased ON deliveries (locked_until) WHERE state = 'sending';
CREATE INDEX deliveries_old ON deliveries (due_since) WHERE state IN ('pending', 'retrying');
CREATE INDEX deliveries_product ON deliveries (product_id, id);
CREATE INDEX deliveries_connection ON deliveries (connection_id, id);
CREATE INDEX deliveries_created ON deliveries (created_at);
CREATE INDEX deliveries_resend ON deliveries (resend_id) WHERE resend_id IS NOT NULL;

CREATE TABLE attempts (
  delivery_id INTEGER NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
  number      INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  duration    INTEGER NOT NULL,
  result      TEXT    NOT NULL,
  status      INTEGER NOT NULL DEFAULT 0,
  probe       BOOLEAN NOT NULL DEFAULT FALSE,
  private     BOOLEAN NOT NULL DEFAULT FALSE, -- from a private address: for administrators alone
  reason      TEXT    NOT NULL DEFAULT '',
  answer      TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (delivery_id, number)
);

-- Exceptions
-- owner is the id of the product that an exception belongs to, 0 = Gatecrier itself.

-- A key that lets a program report exceptions of a product, and nothing else.
CREATE TABLE ingest_keys (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  key        TEXT    NOT NULL UNIQUE,
  created_by TEXT    NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX ingest_keys_product ON ingest_keys (product_id);

-- The same exception over time.
CREATE TABLE exception_groups (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  owner           INTEGER NOT NULL,
  product_id      INTEGER REFERENCES products (id) ON DELETE CASCADE,
  key             TEXT    NOT NULL,                -- equal for exceptions that are the same
  by              TEXT    NOT NULL,                -- the key was made from: fingerprint, frames, message, exact, overflow
  kind            TEXT    NOT NULL,                -- request, task, reported
  class           TEXT    NOT NULL,
  message         TEXT    NOT NULL,                -- of the first
  function        TEXT    NOT NULL,                -- a route, a task or the program's topmost function
  state           TEXT    NOT NULL DEFAULT 'open', -- open, resolved
  first_at        INTEGER NOT NULL,
  last_at         INTEGER NOT NULL,
  count           INTEGER NOT NULL,
  until           INTEGER NOT NULL,                -- end of the window, the next one after it notifies
  notified        INTEGER NOT NULL DEFAULT 0,      -- how many notified users
  notified_at     INTEGER,
  was_notified_at INTEGER,                         -- the time before
  suppressed      INTEGER NOT NULL DEFAULT 0,      -- how many did not
  new_suppressed  INTEGER NOT NULL DEFAULT 0,      -- suppressed since notified_at
  was_suppressed  INTEGER NOT NULL DEFAULT 0,      -- suppressed from was_notified_at to notified_at
  muted_until     INTEGER,
  resolved_at     INTEGER,
  resolved_by     TEXT    NOT NULL DEFAULT '',
  regressed_at    INTEGER,                         -- when it came back after it was resolved
  version         INTEGER NOT NULL DEFAULT 1,
  sample_at       INTEGER NOT NULL,
  sample          TEXT    NOT NULL DEFAULT '{}'    -- the latest one, JSON
);
CREATE UNIQUE INDEX exception_groups_key ON exception_groups (owner, key);
CREATE INDEX exception_groups_owner ON exception_groups (owner, last_at, id);
CREATE INDEX exception_groups_first ON exception_groups (owner, first_at);
CREATE INDEX exception_groups_last ON exception_groups (last_at, id);
CREATE INDEX exception_groups_product ON exception_groups (product_id) WHERE product_id IS NOT NULL;

-- Keys that a user has merged into another group.
CREATE TABLE exception_merges (
  owner    INTEGER NOT NULL,
  key      TEXT    NOT NULL,
  group_id INTEGER NOT NULL REFERENCES exception_groups (id) ON DELETE CASCADE,
  class    TEXT    NOT NULL, -- of the merged group
  message  TEXT    NOT NULL, -- of the merged group
  by_name  TEXT    NOT NULL,
  at       INTEGER NOT NULL,
  PRIMARY KEY (owner, key)
) WITHOUT ROWID;
CREATE INDEX exception_merges_group ON exception_merges (group_id);

-- Counts by hour, for the chart.
CREATE TABLE exception_hours (
  group_id INTEGER NOT NULL REFERENCES exception_groups (id) ON DELETE CASCADE,
  hour     INTEGER NOT NULL, -- since 1970-01-01 UTC
  count    INTEGER NOT NULL,
  PRIMARY KEY (group_id, hour)
) WITHOUT ROWID;

-- Releases in which an exception was seen.
CREATE TABLE exception_releases (
  group_id INTEGER NOT NULL REFERENCES exception_groups (id) ON DELETE CASCADE,
  name     TEXT    NOT NULL,
  first_at INTEGER NOT NULL,
  last_at  INTEGER NOT NULL,
  PRIMARY KEY (group_id, name)
) WITHOUT ROWID;

-- Jobs and instances

-- A due time of a job: the instance that inserts the row runs the job.
CREATE TABLE job_slots (
  job        TEXT    NOT NULL,
  slot       TEXT    NOT NULL,
  instance   TEXT    NOT NULL,
  started_at INTEGER NOT NULL,
  PRIMARY KEY (job, slot)
);

-- Runs of jobs. One run of a job is active at a time, and one whose lease has ended has died.
CREATE TABLE job_runs (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  job         TEXT    NOT NULL,
  slot        TEXT    NOT NULL DEFAULT '',  -- the due time, '' = started by a user
  by_name     TEXT    NOT NULL DEFAULT '',  -- that user, '' = started by the schedule
  instance    TEXT    NOT NULL,
  started_at  INTEGER NOT NULL,
  lease_until INTEGER NOT NULL,
  finished_at INTEGER,
  result      TEXT    NOT NULL,             -- running, ok, failed, stopped, lost
  message     TEXT    NOT NULL DEFAULT '',
  affected    INTEGER NOT NULL DEFAULT 0    -- rows
);
CREATE INDEX job_runs_job ON job_runs (job, id);
CREATE UNIQUE INDEX job_runs_running ON job_runs (job) WHERE result = 'running';

-- The instance that does work which only one can do at a time.
CREATE TABLE leases (
  name   TEXT    PRIMARY KEY,
  holder TEXT    NOT NULL,
  until  INTEGER NOT NULL
);

-- Migrations

-- The hash of the file of each applied migration: a start compares it with the file that the program has.
CREATE TABLE migration_hashes (
  version    INTEGER PRIMARY KEY,
  name       TEXT    NOT NULL, -- of the file
  hash       TEXT    NOT NULL, -- SHA-256 of the file, in hex
  applied_at INTEGER NOT NULL
);

-- Settings and audit log

-- A section of the global settings.
CREATE TABLE settings (
  section    TEXT    PRIMARY KEY,
  body       TEXT    NOT NULL,            -- JSON: values that differ from the defaults
  secrets    BLOB,                        -- sealed
  version    INTEGER NOT NULL,
  updated_by TEXT    NOT NULL DEFAULT '',
  updated_at INTEGER NOT NULL
);

-- A known value, sealed: only the key of this database opens it.
CREATE TABLE key_checks (
  id     INTEGER PRIMARY KEY CHECK (id = 1),
  sealed BLOB    NOT NULL
);

-- Changes by users. A row outlives the things that it names.
CREATE TABLE audit (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  at         INTEGER NOT NULL,
  user_id    INTEGER REFERENCES users (id) ON DELETE SET NULL,
  actor      TEXT    NOT NULL,
  action     TEXT    NOT NULL,              -- create, change, delete and others
  kind       TEXT    NOT NULL,              -- of the thing: settings, member, target and others
  name       TEXT    NOT NULL,              -- of the thing
  product_id INTEGER REFERENCES products (id) ON DELETE SET NULL,
  was        TEXT    NOT NULL DEFAULT '{}', -- JSON: the fields that changed, secrets masked
  became     TEXT    NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_kind ON audit (kind, id);
CREATE INDEX audit_user ON audit (user_id, id);
CREATE INDEX audit_product ON audit (product_id, id);
