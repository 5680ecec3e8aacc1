-- +goose Up
-- What jobs did, and do. Of a job one runs at a time; one whose lease has ended has died.
CREATE TABLE job_runs (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  job         TEXT   NOT NULL,
  slot        TEXT   NOT NULL DEFAULT '',  -- the due time it is for, '' where somebody pressed "Run now"
  by_name     TEXT   NOT NULL DEFAULT '',  -- who that was, '' = the schedule
  instance    TEXT   NOT NULL,
  started_at  INTEGER NOT NULL,
  lease_until INTEGER NOT NULL,
  finished_at INTEGER,
  result      TEXT   NOT NULL,             -- running, ok, failed, stopped, lost
  message     TEXT   NOT NULL DEFAULT '',
  affected    INTEGER NOT NULL DEFAULT 0   -- rows
);
CREATE INDEX job_runs_job ON job_runs (job, id);
CREATE UNIQUE INDEX job_runs_running ON job_runs (job) WHERE result = 'running';

-- A slot only says that its time was taken; its run tells the rest.
ALTER TABLE job_slots DROP COLUMN finished_at;
ALTER TABLE job_slots DROP COLUMN result;

-- What is no longer in its report goes after a time.
CREATE INDEX observations_resolved ON observations (resolved_at, id) WHERE resolved_at IS NOT NULL;
