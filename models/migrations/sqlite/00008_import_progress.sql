-- +goose Up
-- How far a large import is: rows written and settled, of how many. 0 of 0: none is at work.
ALTER TABLE sources ADD COLUMN rows_done INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN rows_total INTEGER NOT NULL DEFAULT 0;

-- Whether a change counts is asked for each part that is settled.
DROP INDEX observation_changes_source;
CREATE INDEX observation_changes_source ON observation_changes (source_id, since, observation_id);
