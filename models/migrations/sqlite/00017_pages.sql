-- +goose Up

-- The delivery log by state, of all and of each product: without those that are sent, and those that are
-- about to be, so that a message that arrives costs nothing here.
CREATE INDEX deliveries_state ON deliveries (state, id) WHERE state IN ('retrying', 'dead', 'skipped', 'held', 'silenced', 'cancelled');
CREATE INDEX deliveries_product_state ON deliveries (product_id, state, id) WHERE state IN ('retrying', 'dead', 'skipped', 'held', 'silenced', 'cancelled');
-- Tests, and messages about no product.
CREATE INDEX deliveries_without_product ON deliveries (connection_id, id) WHERE product_id IS NULL;
