-- +goose Up

-- Products and connections with many rows that were deleted: they are hidden at once, and a loop removes
-- their rows in parts.
CREATE TABLE removals (
  kind       TEXT    NOT NULL, -- connection, product
  subject_id BIGINT NOT NULL,
  name       TEXT    NOT NULL,
  total      BIGINT NOT NULL, -- rows when it was deleted
  done       BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (kind, subject_id)
);
