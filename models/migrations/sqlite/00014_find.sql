-- +goose Up

-- Filters of a user's lists, by name.
CREATE TABLE saved_views (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  page       TEXT    NOT NULL, -- the list: observations
  name       TEXT    NOT NULL,
  query      TEXT    NOT NULL, -- the filters as the URL has them
  created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX saved_views_name ON saved_views (user_id, page, lower(name));

-- Lists across products: by how the title begins, by EPSS, what users have assessed, and what is
-- known to be exploited.
CREATE INDEX observations_title ON observations (lower(substr(title, 1, 60)), id);
CREATE INDEX observations_epss ON observations ((CASE WHEN details = '' THEN NULL ELSE json_extract(details, '$.epss') END), id)
  WHERE CASE WHEN details = '' THEN NULL ELSE json_extract(details, '$.epss') END IS NOT NULL;
CREATE INDEX observations_assessed ON observations (branch_id, active, severity, id) WHERE (assessed_status <> '' OR report_severity IS NOT NULL);
CREATE INDEX observations_exploited ON observations (branch_id, active, severity, id) WHERE kev;
