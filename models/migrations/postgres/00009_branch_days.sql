-- +goose Up
-- What a branch's counts were at the end of a day on which they changed, for the trend. A day is written
-- with the first change of a later one, so that a branch costs at most one row a day.
ALTER TABLE branches ADD COLUMN counted_at BIGINT;

CREATE TABLE branch_days (
  branch_id BIGINT NOT NULL REFERENCES branches (id) ON DELETE CASCADE,
  day       BIGINT NOT NULL, -- since 1970-01-01, UTC
  critical  BIGINT NOT NULL,
  high      BIGINT NOT NULL,
  medium    BIGINT NOT NULL,
  low       BIGINT NOT NULL,
  none      BIGINT NOT NULL,
  unknown   BIGINT NOT NULL,
  PRIMARY KEY (branch_id, day)
);
