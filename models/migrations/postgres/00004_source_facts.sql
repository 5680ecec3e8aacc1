-- +goose Up

-- What a source remembers of its reports, as JSON. '' = it has had none since this migration, or it has bare
-- counts or what users enter.
ALTER TABLE sources ADD COLUMN facts TEXT NOT NULL DEFAULT '';
-- When its newest report was made, as the report says; NULL = not known.
ALTER TABLE sources ADD COLUMN made_at BIGINT;
