-- +goose Up

-- Hidden from the inbox until then; after that, the user is reminded until it is read.
ALTER TABLE marks ADD COLUMN snoozed_until INTEGER; -- NULL = not snoozed
CREATE INDEX marks_snoozed ON marks (user_id, snoozed_until) WHERE snoozed_until IS NOT NULL;
CREATE INDEX marks_due ON marks (snoozed_until, user_id) WHERE snoozed_until IS NOT NULL;

-- The steps that a user can undo in their inbox.
CREATE TABLE inbox_undos (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  step       TEXT    NOT NULL,
  total      INTEGER NOT NULL DEFAULT 0, -- how many notifications the user was shown as changed
  read_from  INTEGER, -- the read position before and after, NULL = the step does not set it
  read_to    INTEGER,
  expires_at INTEGER NOT NULL,
  undone_at  INTEGER
);
CREATE INDEX inbox_undos_user ON inbox_undos (user_id, id);
CREATE INDEX inbox_undos_expired ON inbox_undos (expires_at);

-- The marks before and after a step. Rows of deleted notifications end with their step.
CREATE TABLE inbox_undo_rows (
  undo_id           INTEGER NOT NULL REFERENCES inbox_undos (id) ON DELETE CASCADE,
  event_id          INTEGER NOT NULL,
  old_viewed        BOOLEAN, -- NULL = there was no mark
  old_archived      BOOLEAN,
  old_snoozed_until INTEGER,
  new_viewed        BOOLEAN, -- NULL = there is no mark
  new_archived      BOOLEAN,
  new_snoozed_until INTEGER,
  PRIMARY KEY (undo_id, event_id)
);
