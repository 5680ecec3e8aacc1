-- +goose Up

-- Assessments of many observations: a loop writes them in parts.
CREATE TABLE assessment_runs (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  product_id  INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  user_id     INTEGER REFERENCES users (id) ON DELETE SET NULL,
  actor       TEXT    NOT NULL,
  input       TEXT    NOT NULL,           -- what the user says of them, as JSON
  after_id    INTEGER NOT NULL,           -- the last row of assessments when it began
  total       INTEGER NOT NULL,
  changed     INTEGER NOT NULL DEFAULT 0,
  skipped     INTEGER NOT NULL DEFAULT 0, -- deleted or assessed by a user since it began
  created_at  INTEGER NOT NULL,
  finished_at INTEGER
);
CREATE INDEX assessment_runs_product ON assessment_runs (product_id);
CREATE INDEX assessment_runs_user ON assessment_runs (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX assessment_runs_open ON assessment_runs (id) WHERE finished_at IS NULL;

-- What is left of each, in its order: branch after branch.
CREATE TABLE assessment_run_rows (
  run_id         INTEGER NOT NULL REFERENCES assessment_runs (id) ON DELETE CASCADE,
  number         INTEGER NOT NULL,
  observation_id INTEGER NOT NULL,
  branch_id      INTEGER NOT NULL,
  PRIMARY KEY (run_id, number)
) WITHOUT ROWID;

-- What a removal in parts writes into the rows that it keeps.
ALTER TABLE removals ADD COLUMN reason TEXT NOT NULL DEFAULT '';
