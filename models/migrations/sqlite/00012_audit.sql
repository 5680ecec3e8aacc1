-- +goose Up
-- Who has changed what. Rows outlive what they tell of.
CREATE TABLE audit (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  at         INTEGER NOT NULL,
  user_id    INTEGER REFERENCES users (id) ON DELETE SET NULL,
  actor      TEXT    NOT NULL,
  action     TEXT    NOT NULL,             -- create, change, delete and more
  kind       TEXT    NOT NULL,             -- of the thing: settings, member, target and more
  name       TEXT    NOT NULL,             -- of the thing
  product_id INTEGER REFERENCES products (id) ON DELETE SET NULL,
  was        TEXT    NOT NULL DEFAULT '{}', -- JSON: the fields that changed, secrets masked
  became     TEXT    NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_kind ON audit (kind, id);
CREATE INDEX audit_user ON audit (user_id, id);
CREATE INDEX audit_product ON audit (product_id, id);
