-- +goose Up

-- No event is given up: those that were are routed now.
UPDATE event_work SET next_at = 0 WHERE parked;
ALTER TABLE event_work DROP COLUMN parked;
-- Administrators are notified of the failure, or of an earlier one that still lasts.
ALTER TABLE event_work ADD COLUMN announced BOOLEAN NOT NULL DEFAULT FALSE;

-- The instance that routes holds a lock of its transaction: its lease is gone.
DELETE FROM leases WHERE name = 'route';
