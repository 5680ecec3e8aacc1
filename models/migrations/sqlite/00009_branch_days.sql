-- +goose Up
-- What a branch's counts were at the end of a day on which they changed, for the trend. A day is written
-- with the first change of a later one, so that a branch costs at most one row a day.
ALTER TABLE branches ADD COLUMN counted_at INTEGER;

CREATE TABLE branch_days (
  branch_id INTEGER NOT NULL REFERENCES branches (id) ON DELETE CASCADE,
  day       INTEGER NOT NULL, -- since 1970-01-01, UTC
  critical  INTEGER NOT NULL,
  high      INTEGER NOT NULL,
  medium    INTEGER NOT NULL,
  low       INTEGER NOT NULL,
  none      INTEGER NOT NULL,
  unknown   INTEGER NOT NULL,
  PRIMARY KEY (branch_id, day)
) WITHOUT ROWID;
