-- +goose Up
-- What a person says of an observation. It counts in place of what the report says, until it is taken
-- back or, where it is a waiver, ends.
ALTER TABLE observations ADD COLUMN assessed_status TEXT NOT NULL DEFAULT ''; -- '' = nobody says anything
ALTER TABLE observations ADD COLUMN report_severity INTEGER; -- the report's, where somebody has set another
ALTER TABLE observations ADD COLUMN assessed_at INTEGER;
ALTER TABLE observations ADD COLUMN assessed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE observations ADD COLUMN waiver_until INTEGER;
ALTER TABLE observations ADD COLUMN waiver_noticed BOOLEAN NOT NULL DEFAULT FALSE; -- people know that it ends soon
ALTER TABLE observations ADD COLUMN duplicate_of INTEGER REFERENCES observations (id) ON DELETE SET NULL;
CREATE INDEX observations_waivers ON observations (waiver_until, id) WHERE waiver_until IS NOT NULL;
-- One index for the active ones of a branch, worst first, for the others, and for all.
DROP INDEX observations_active;
DROP INDEX observations_branch;
CREATE INDEX observations_branch ON observations (branch_id, active, severity, id);
CREATE INDEX observations_duplicates ON observations (duplicate_of) WHERE duplicate_of IS NOT NULL;

-- What a large import has of the same.
ALTER TABLE observation_changes ADD COLUMN report_severity INTEGER;

-- Who has said what of an observation, and what that made of it.
CREATE TABLE assessments (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  observation_id  INTEGER NOT NULL REFERENCES observations (id) ON DELETE CASCADE,
  at              INTEGER NOT NULL,
  user_id         INTEGER REFERENCES users (id) ON DELETE SET NULL,
  actor           TEXT    NOT NULL,
  action          TEXT    NOT NULL,             -- assess, clear, expire, create, edit
  was_status      TEXT    NOT NULL DEFAULT '',  -- what counted before
  status          TEXT    NOT NULL,             -- what was said, or what counts again
  was_severity    INTEGER NOT NULL,
  severity        INTEGER NOT NULL,
  comment         TEXT    NOT NULL DEFAULT '',
  waiver_until    INTEGER,
  duplicate_of    INTEGER
);
CREATE INDEX assessments_observation ON assessments (observation_id, id);
CREATE INDEX assessments_user ON assessments (user_id) WHERE user_id IS NOT NULL;

-- A new state of a gate may have to stand for a time before it is announced.
ALTER TABLE products ADD COLUMN hold_seconds INTEGER;              -- NULL = as the settings say
ALTER TABLE branches ADD COLUMN held_from TEXT NOT NULL DEFAULT ''; -- what was announced last, '' = what the gate says
ALTER TABLE branches ADD COLUMN held_until INTEGER;
ALTER TABLE branches ADD COLUMN held_event INTEGER;                -- the change that waits
CREATE INDEX branches_held ON branches (held_until) WHERE held_until IS NOT NULL;
-- By which event a change was announced: its own, a later one, or none.
ALTER TABLE gate_changes ADD COLUMN announced_id INTEGER;
UPDATE gate_changes SET announced_id = event_id;
CREATE UNIQUE INDEX gate_changes_announced ON gate_changes (announced_id) WHERE announced_id IS NOT NULL;

-- A product that sends no report for a time is silent.
ALTER TABLE products ADD COLUMN silent_after INTEGER;              -- seconds, 0 = never, NULL = as the settings say
ALTER TABLE branches ADD COLUMN silent_since INTEGER;              -- people were told that it is
CREATE INDEX branches_silent ON branches (silent_since) WHERE silent_since IS NOT NULL;

-- A picture of the gate's state for everybody who has its address.
ALTER TABLE products ADD COLUMN badge_token TEXT;
CREATE UNIQUE INDEX products_badge ON products (badge_token) WHERE badge_token IS NOT NULL;

-- Not removed although no report comes any more.
ALTER TABLE branches ADD COLUMN protected BOOLEAN NOT NULL DEFAULT FALSE;

-- How a look at all gates does.
ALTER TABLE gate_sweeps ADD COLUMN run INTEGER NOT NULL DEFAULT 0; -- grows with each that is asked for
ALTER TABLE gate_sweeps ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE gate_sweeps ADD COLUMN total INTEGER NOT NULL DEFAULT 0;
ALTER TABLE gate_sweeps ADD COLUMN changed INTEGER NOT NULL DEFAULT 0; -- gates that came to say something else
ALTER TABLE gate_sweeps ADD COLUMN started_at INTEGER;
ALTER TABLE gate_sweeps ADD COLUMN finished_at INTEGER;
