-- +goose Up

-- VEX documents: statements about observations that reports made.
CREATE TABLE vex_documents (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  product_id  INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  branch_id   INTEGER REFERENCES branches (id) ON DELETE CASCADE, -- NULL = all branches
  document    TEXT    NOT NULL,           -- the ID that its author gave it
  author      TEXT    NOT NULL DEFAULT '',
  version     TEXT    NOT NULL,
  format      TEXT    NOT NULL,
  digest      TEXT    NOT NULL DEFAULT '', -- of its statements
  made_at     INTEGER NOT NULL,           -- as the document says
  uploaded_at INTEGER NOT NULL,
  uploaded_by TEXT    NOT NULL DEFAULT '',
  statements  INTEGER NOT NULL DEFAULT 0,
  revision    INTEGER NOT NULL DEFAULT 0  -- whose statements count; 0 = none yet
);
CREATE UNIQUE INDEX vex_documents_once ON vex_documents (product_id, document) WHERE branch_id IS NULL;
CREATE UNIQUE INDEX vex_documents_branch ON vex_documents (branch_id, document) WHERE branch_id IS NOT NULL;
CREATE INDEX vex_documents_product ON vex_documents (product_id);

-- A new version of a document is written with a higher revision, which counts when all of it is there.
CREATE TABLE vex_statements (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  document_id   INTEGER NOT NULL REFERENCES vex_documents (id) ON DELETE CASCADE,
  revision      INTEGER NOT NULL,
  vulnerability TEXT    NOT NULL,            -- its IDs as JSON, the main one first
  products      TEXT    NOT NULL,            -- as JSON
  status        TEXT    NOT NULL,
  justification TEXT    NOT NULL DEFAULT '',
  impact        TEXT    NOT NULL DEFAULT '',
  action        TEXT    NOT NULL DEFAULT '',
  at            INTEGER NOT NULL
);
CREATE INDEX vex_statements_document ON vex_statements (document_id, revision);

-- Of a product that has had a document: a number that grows with each change of its statements, and up to
-- which of them its observations follow.
CREATE TABLE vex_states (
  product_id INTEGER PRIMARY KEY REFERENCES products (id) ON DELETE CASCADE,
  version    INTEGER NOT NULL,
  applied    INTEGER NOT NULL DEFAULT 0
);

-- What a VEX document says of an observation; '' = nothing. It counts in place of the report.
ALTER TABLE observations ADD COLUMN vex_status TEXT NOT NULL DEFAULT '';
ALTER TABLE observations ADD COLUMN vex_justification TEXT NOT NULL DEFAULT '';
ALTER TABLE observations ADD COLUMN vex_document INTEGER; -- the document's id
CREATE INDEX observations_vex ON observations (vex_document) WHERE vex_document IS NOT NULL;

ALTER TABLE observation_changes ADD COLUMN vex_status TEXT NOT NULL DEFAULT '';
ALTER TABLE observation_changes ADD COLUMN vex_justification TEXT NOT NULL DEFAULT '';
ALTER TABLE observation_changes ADD COLUMN vex_document INTEGER;
