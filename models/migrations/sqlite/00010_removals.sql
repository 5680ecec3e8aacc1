-- +goose Up

-- Products and connections with many rows that were deleted: they are hidden at once, and a loop removes
-- their rows in parts.
CREATE TABLE removals (
  kind       TEXT    NOT NULL, -- connection, product
  subject_id INTEGER NOT NULL,
  name       TEXT    NOT NULL,
  total      INTEGER NOT NULL, -- rows when it was deleted
  done       INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (kind, subject_id)
) WITHOUT ROWID;
