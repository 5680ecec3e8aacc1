-- +goose Up
-- A connection belongs to a product, to a user, or, with neither, to the system.
ALTER TABLE connections ADD COLUMN user_id INTEGER REFERENCES users (id) ON DELETE CASCADE;
-- Whose health it shares: that of the one server which all connections of its module use. NULL = its own.
ALTER TABLE connections ADD COLUMN line_id INTEGER;
CREATE INDEX connections_user ON connections (user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX connections_system_field ON connections (field) WHERE product_id IS NULL AND field <> '';

-- How a connection does. One row each, made with it. Where connections share a server, its line's row holds
-- what is the server's: failures, breaker and rate.
CREATE TABLE connection_health (
  connection_id   INTEGER PRIMARY KEY REFERENCES connections (id) ON DELETE CASCADE,
  failures        INTEGER NOT NULL DEFAULT 0,  -- in a row, of those that count for the breaker
  failing_since   INTEGER,
  rejected        INTEGER NOT NULL DEFAULT 0,  -- in a row, by a receiver that is there
  reason          TEXT NOT NULL DEFAULT '', -- of the last failure
  opened_at       INTEGER,                     -- the breaker is open since
  probe_at        INTEGER,                     -- when the next probe may go
  probes          INTEGER NOT NULL DEFAULT 0,  -- that failed since it opened
  paused_at       INTEGER,                     -- no more probes since
  broken_at       INTEGER,                     -- people were told that it is broken
  closed_at       INTEGER,                     -- when it came back last
  recover_upto    INTEGER,                     -- the last delivery that waited then, until all have gone
  last_success_at INTEGER,
  slot_at         INTEGER NOT NULL DEFAULT 0,  -- rate: when the messages so far are worked off
  free_at         INTEGER NOT NULL DEFAULT 0,  -- when the next one may go
  busy_since      INTEGER                      -- since when messages wait for the rate
);
INSERT INTO connection_health (connection_id) SELECT id FROM connections;
CREATE INDEX connection_health_recovering ON connection_health (recover_upto) WHERE recover_upto IS NOT NULL;
CREATE INDEX connection_health_open ON connection_health (probe_at) WHERE opened_at IS NOT NULL;

-- What was asked to be sent again together.
CREATE TABLE resends (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id    INTEGER REFERENCES users (id) ON DELETE SET NULL,
  by_name    TEXT NOT NULL,
  what       TEXT NOT NULL,
  total      INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  stopped_at INTEGER
);
CREATE INDEX resends_created ON resends (created_at);
CREATE INDEX resends_user ON resends (user_id);

ALTER TABLE deliveries ADD COLUMN line_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN due_since INTEGER NOT NULL DEFAULT 0;       -- of this round
ALTER TABLE deliveries ADD COLUMN spent INTEGER NOT NULL DEFAULT 0;           -- attempts of this round
ALTER TABLE deliveries ADD COLUMN by_hand BOOLEAN NOT NULL DEFAULT FALSE;  -- somebody wants it sent, stale or not
ALTER TABLE deliveries ADD COLUMN probe BOOLEAN NOT NULL DEFAULT FALSE;    -- what is being sent is a probe
ALTER TABLE deliveries ADD COLUMN resend_id INTEGER REFERENCES resends (id) ON DELETE SET NULL;
ALTER TABLE attempts ADD COLUMN probe BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE deliveries SET line_id = connection_id, due_since = created_at, spent = attempts;
-- Of a lane only the first has a time; the others wait for it without one.
UPDATE deliveries SET next_at = NULL WHERE state = 'pending' AND event_id IS NOT NULL AND EXISTS (
  SELECT 1 FROM deliveries f WHERE f.connection_id = deliveries.connection_id AND f.product_id = deliveries.product_id AND f.recipient = deliveries.recipient
  AND f.id < deliveries.id AND f.event_id IS NOT NULL AND f.state IN ('pending', 'retrying', 'sending'));
DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (line_id, next_at, id) WHERE state IN ('pending', 'retrying') AND next_at IS NOT NULL;
CREATE INDEX deliveries_line ON deliveries (line_id, id) WHERE state IN ('pending', 'retrying', 'sending');
CREATE INDEX deliveries_blocked ON deliveries (id) WHERE state = 'pending' AND next_at IS NULL;
CREATE INDEX deliveries_old ON deliveries (due_since) WHERE state IN ('pending', 'retrying');
CREATE INDEX deliveries_resend ON deliveries (resend_id) WHERE resend_id IS NOT NULL;

-- Notices to one user alone.
ALTER TABLE notifications ADD COLUMN user_id INTEGER REFERENCES users (id) ON DELETE CASCADE;
CREATE INDEX notifications_user ON notifications (user_id, event_id) WHERE user_id IS NOT NULL;
