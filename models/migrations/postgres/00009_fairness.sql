-- +goose Up

-- Messages about exceptions have queues of their own, behind all other messages of their endpoint.
ALTER TABLE deliveries ADD COLUMN rank BIGINT NOT NULL DEFAULT 0; -- 1 = about an exception
-- Products take turns at an endpoint: the lowest turn of a rank goes first.
ALTER TABLE deliveries ADD COLUMN turn BIGINT NOT NULL DEFAULT 0;
UPDATE deliveries SET rank = 1
WHERE event_id IN (SELECT id FROM events WHERE type IN ('exception.reported', 'exception.request', 'exception.task'));
DROP INDEX deliveries_queue;
CREATE INDEX deliveries_queue ON deliveries (connection_id, product_id, rank, id) WHERE state IN ('pending', 'retrying', 'sending');
CREATE INDEX deliveries_turn ON deliveries (endpoint_id, rank, turn, id) WHERE state IN ('pending', 'retrying') AND next_at IS NOT NULL;
CREATE INDEX deliveries_share ON deliveries (endpoint_id, rank, (coalesce(product_id, 0)), turn) WHERE state IN ('pending', 'retrying') AND next_at IS NOT NULL;
-- The version of its connection when it was delivered, 0 = not known: an earlier one may have another address.
ALTER TABLE deliveries ADD COLUMN sent_version BIGINT NOT NULL DEFAULT 0;
-- Messages that a user has sent again.
CREATE INDEX deliveries_by_hand ON deliveries (connection_id, product_id, finished_at) WHERE by_hand AND state = 'delivered';

-- How many exceptions of an owner notified within the hour that began with the first of them.
CREATE TABLE exception_quotas (
  owner      BIGINT PRIMARY KEY,
  product_id BIGINT REFERENCES products (id) ON DELETE CASCADE, -- NULL = Gatecrier itself
  began_at   BIGINT NOT NULL,
  sent       BIGINT NOT NULL DEFAULT 0, -- notifications
  held       BIGINT NOT NULL DEFAULT 0  -- those left for the summary of the hour
);
CREATE INDEX exception_quotas_held ON exception_quotas (began_at) WHERE held > 0;
CREATE INDEX exception_quotas_product ON exception_quotas (product_id) WHERE product_id IS NOT NULL;
ALTER TABLE exception_groups ADD COLUMN held BIGINT NOT NULL DEFAULT 0; -- notifications left for a summary
ALTER TABLE exception_groups ADD COLUMN held_in BIGINT;                 -- began_at of that summary's hour
CREATE INDEX exception_groups_held ON exception_groups (owner, held_in) WHERE held_in IS NOT NULL;

-- How many events a key has reported in its current minute and day, numbered since 1970 in UTC.
ALTER TABLE ingest_keys ADD COLUMN minute BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ingest_keys ADD COLUMN minute_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ingest_keys ADD COLUMN day BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ingest_keys ADD COLUMN day_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ingest_keys ADD COLUMN exceeded_at BIGINT; -- when its owners were notified that it exceeded its budget
