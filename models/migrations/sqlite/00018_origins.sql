-- +goose Up

-- What caused a delivery: 'event' = an event was routed, 'test' = a user tests the connection,
-- 'run' = an action runs.
ALTER TABLE deliveries ADD COLUMN origin TEXT NOT NULL DEFAULT 'event' CHECK (origin IN ('event', 'test', 'run'));
UPDATE deliveries SET origin = 'test' WHERE event_id IS NULL;

-- What a connection is for: 'target' = it gets the notifications of its owner, 'rule' = rules send to it,
-- 'account' = the credentials of a module.
ALTER TABLE connections ADD COLUMN purpose TEXT NOT NULL DEFAULT 'target' CHECK (purpose IN ('target', 'rule', 'account'));

-- Who outside has sent an event, under which id, and the run that caused it. The same event is stored once.
ALTER TABLE events ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN source_id TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN run_id INTEGER;
CREATE UNIQUE INDEX events_source ON events (source, source_id) WHERE source_id <> '';
