-- +goose Up

-- Whether the waiting messages of a connection that is off are kept until it is on again.
ALTER TABLE connections ADD COLUMN keeps_waiting BOOLEAN NOT NULL DEFAULT FALSE;
