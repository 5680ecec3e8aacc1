-- +goose Up

-- What counts for a gate with its own thresholds: see models.Counting.
ALTER TABLE products ADD COLUMN only_fixable BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE products ADD COLUMN kev_as_critical BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE product_groups ADD COLUMN only_fixable BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE product_groups ADD COLUMN kev_as_critical BOOLEAN NOT NULL DEFAULT FALSE;

-- How many of the active observations have no fix, are known to be exploited, or both, by severity, as JSON;
-- '' = none. Observations that were stored before have neither flag until their next report.
ALTER TABLE sources ADD COLUMN flagged TEXT NOT NULL DEFAULT '';
ALTER TABLE branches ADD COLUMN flagged TEXT NOT NULL DEFAULT '';

-- A branch has few known exploited observations: a gate that fails by them names the newest.
CREATE INDEX observations_kev ON observations (branch_id, active, id) WHERE kev;
