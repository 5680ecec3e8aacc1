-- +goose Up

-- How the next report's observation is recognized where its identity differs: NULL = written before this
-- migration, and not imported since.
ALTER TABLE observations ADD COLUMN match_key BYTEA;
-- What a report knows beyond the main texts, as JSON; '' = nothing.
ALTER TABLE observations ADD COLUMN details TEXT NOT NULL DEFAULT '';
ALTER TABLE observations ADD COLUMN kev BOOLEAN NOT NULL DEFAULT FALSE;     -- known to be exploited (CISA)
ALTER TABLE observations ADD COLUMN unfixed BOOLEAN NOT NULL DEFAULT FALSE; -- a vulnerability that no version fixes
ALTER TABLE observations ADD COLUMN moved_at BIGINT;                       -- when it last moved, and from where
ALTER TABLE observations ADD COLUMN moved_from TEXT NOT NULL DEFAULT '';

ALTER TABLE observation_changes ADD COLUMN identity BYTEA; -- of one that has moved, else NULL
ALTER TABLE observation_changes ADD COLUMN match_key BYTEA;
ALTER TABLE observation_changes ADD COLUMN details TEXT NOT NULL DEFAULT '';
ALTER TABLE observation_changes ADD COLUMN kev BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE observation_changes ADD COLUMN unfixed BOOLEAN NOT NULL DEFAULT FALSE;
