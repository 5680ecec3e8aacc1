-- +goose Up
-- What somebody asked not to be told of for a time: of a product, of a group of them, or, with neither, of all.
CREATE TABLE silences (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  product_id  INTEGER REFERENCES products (id) ON DELETE CASCADE,
  group_id    INTEGER REFERENCES product_groups (id) ON DELETE CASCADE,
  type        TEXT    NOT NULL DEFAULT '',  -- of events, '' = every
  text        TEXT    NOT NULL DEFAULT '',  -- part of the name or message, in any case, '' = every
  reason      TEXT    NOT NULL,
  user_id     INTEGER REFERENCES users (id) ON DELETE SET NULL, -- who made it
  author      TEXT    NOT NULL,
  created_at  INTEGER NOT NULL,
  starts_at   INTEGER NOT NULL,
  ends_at     INTEGER NOT NULL,
  ended_at    INTEGER,                      -- its end was seen to
  ended_by    TEXT    NOT NULL DEFAULT '',  -- who ended it early
  version     INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX silences_open ON silences (ends_at, id) WHERE ended_at IS NULL;
CREATE INDEX silences_ended ON silences (ended_at, id) WHERE ended_at IS NOT NULL;
CREATE INDEX silences_product ON silences (product_id) WHERE product_id IS NOT NULL;
CREATE INDEX silences_group ON silences (group_id) WHERE group_id IS NOT NULL;
CREATE INDEX silences_user ON silences (user_id) WHERE user_id IS NOT NULL;

ALTER TABLE notifications ADD COLUMN severity INTEGER;               -- the worst of what it tells of, 0 = critical; NULL = it tells of none
ALTER TABLE notifications ADD COLUMN subject TEXT NOT NULL DEFAULT ''; -- what it is about, the same in all about that
ALTER TABLE notifications ADD COLUMN silence_id INTEGER REFERENCES silences (id) ON DELETE SET NULL; -- what held its messages back
ALTER TABLE notifications ADD COLUMN targets INTEGER;                -- how many it was to be told when it was routed; NULL = not noted
CREATE INDEX notifications_silence ON notifications (silence_id, event_id) WHERE silence_id IS NOT NULL;
UPDATE notifications SET subject = 'gate/' || product_id WHERE type = 'gate.changed' AND product_id IS NOT NULL;
UPDATE notifications SET severity = (
  SELECT CASE json_extract(e.payload, '$.tipped.items[0].severity')
    WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 WHEN 'low' THEN 3 WHEN 'none' THEN 4 WHEN 'unknown' THEN 5 END
  FROM events e WHERE e.id = notifications.event_id) WHERE type = 'gate.changed' AND tone = 'bad';

-- A reader may put a notification away: it is viewed then.
ALTER TABLE marks ADD COLUMN archived BOOLEAN NOT NULL DEFAULT FALSE;

-- The address of a user's feed. Whoever knows it reads the feed; only its hash is kept.
CREATE TABLE feeds (
  user_id    INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  hash       BLOB    NOT NULL UNIQUE, -- SHA-256 of the token
  created_at INTEGER NOT NULL
);
