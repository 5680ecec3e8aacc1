-- +goose Up

-- The user or the token that created a connection; '' = Gatecrier itself, or no longer known.
ALTER TABLE connections ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
UPDATE connections
SET created_by = coalesce((
  SELECT a.actor
  FROM audit a
  WHERE a.kind = 'target'
  AND a.action = 'create'
  AND a.at = connections.created_at
  ORDER BY a.id
  LIMIT 1
), '');
