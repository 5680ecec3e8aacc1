-- +goose Up
-- A group of products. Its members may in each of them what their role allows.
CREATE TABLE product_groups (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  name               TEXT    NOT NULL UNIQUE,
  description        TEXT    NOT NULL DEFAULT '',
  gate_mode          TEXT    NOT NULL DEFAULT 'standard', -- another one counts for all products of the group
  threshold_critical INTEGER,
  threshold_high     INTEGER,
  threshold_medium   INTEGER,
  threshold_low      INTEGER,
  threshold_none     INTEGER,
  threshold_unknown  INTEGER,
  version            INTEGER NOT NULL DEFAULT 1,
  created_at         INTEGER NOT NULL,
  updated_at         INTEGER NOT NULL
);
ALTER TABLE products ADD COLUMN group_id INTEGER REFERENCES product_groups (id);
-- The newest event when the product came into its group: what was told before counts as viewed there.
ALTER TABLE products ADD COLUMN grouped_event INTEGER NOT NULL DEFAULT 0;
CREATE INDEX products_group ON products (group_id) WHERE group_id IS NOT NULL;

CREATE TABLE group_members (
  user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  group_id     INTEGER NOT NULL REFERENCES product_groups (id) ON DELETE CASCADE,
  role         TEXT    NOT NULL,
  joined_event INTEGER NOT NULL DEFAULT 0,
  created_at   INTEGER NOT NULL,
  PRIMARY KEY (user_id, group_id)
);
CREATE INDEX group_members_group ON group_members (group_id);

-- A group of users. It has roles in products and in groups of products.
CREATE TABLE authorization_groups (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  name       TEXT    NOT NULL,
  version    INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX authorization_groups_name ON authorization_groups (lower(name));

CREATE TABLE authorization_members (
  user_id                INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  authorization_group_id INTEGER NOT NULL REFERENCES authorization_groups (id) ON DELETE CASCADE,
  manager                BOOLEAN NOT NULL DEFAULT FALSE, -- may add and remove members
  joined_event           INTEGER NOT NULL DEFAULT 0,
  created_at             INTEGER NOT NULL,
  PRIMARY KEY (user_id, authorization_group_id)
);
CREATE INDEX authorization_members_group ON authorization_members (authorization_group_id);

-- What an authorization group may in a product, or in a group of them.
CREATE TABLE authorization_roles (
  id                     INTEGER PRIMARY KEY AUTOINCREMENT,
  authorization_group_id INTEGER NOT NULL REFERENCES authorization_groups (id) ON DELETE CASCADE,
  product_id             INTEGER REFERENCES products (id) ON DELETE CASCADE,
  group_id               INTEGER REFERENCES product_groups (id) ON DELETE CASCADE,
  role                   TEXT    NOT NULL,
  joined_event           INTEGER NOT NULL DEFAULT 0,
  created_at             INTEGER NOT NULL,
  CHECK ((product_id IS NULL) <> (group_id IS NULL))
);
CREATE UNIQUE INDEX authorization_roles_product ON authorization_roles (product_id, authorization_group_id) WHERE product_id IS NOT NULL;
CREATE UNIQUE INDEX authorization_roles_group ON authorization_roles (group_id, authorization_group_id) WHERE group_id IS NOT NULL;
CREATE INDEX authorization_roles_of ON authorization_roles (authorization_group_id);

-- A connection may belong to a group: products without one of its module are told by it.
ALTER TABLE connections ADD COLUMN group_id INTEGER REFERENCES product_groups (id) ON DELETE CASCADE;
CREATE INDEX connections_group ON connections (group_id) WHERE group_id IS NOT NULL;
DROP INDEX connections_system_field;
CREATE UNIQUE INDEX connections_system_field ON connections (field) WHERE product_id IS NULL AND group_id IS NULL AND field <> '';
