-- +goose Up

-- Emails about accounts that wait to be sent, and requests for a password link whose users are not looked up
-- yet. Sent ones are deleted. An email is deleted with its link.
CREATE TABLE account_mails (
  id         TEXT NOT NULL PRIMARY KEY, -- of the message, the same in every attempt
  user_id    INTEGER REFERENCES users (id) ON DELETE CASCADE, -- NULL = a request
  link       BLOB REFERENCES user_links (hash) ON DELETE CASCADE, -- in the email, NULL = none
  rank       INTEGER NOT NULL, -- 1 = strangers can cause it: after all others
  content    BLOB NOT NULL, -- sealed
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL, -- it is not sent later
  next_at    INTEGER, -- of the next attempt, or the end of the claim; NULL = held after a restore
  attempts   INTEGER NOT NULL DEFAULT 0,
  claim      TEXT NOT NULL DEFAULT '' -- of the instance that sends it
);
CREATE INDEX account_mails_user ON account_mails (user_id);
CREATE INDEX account_mails_link ON account_mails (link) WHERE link IS NOT NULL;
CREATE INDEX account_mails_due ON account_mails (rank, next_at) WHERE next_at IS NOT NULL;

-- The users who created the credentials of products: a thief can have created them in their name.
ALTER TABLE tokens ADD COLUMN created_by INTEGER REFERENCES users (id) ON DELETE SET NULL;
ALTER TABLE ingest_keys ADD COLUMN created_by_id INTEGER REFERENCES users (id) ON DELETE SET NULL;
CREATE INDEX tokens_created_by ON tokens (created_by, created_at) WHERE created_by IS NOT NULL;
CREATE INDEX ingest_keys_created_by ON ingest_keys (created_by_id, created_at) WHERE created_by_id IS NOT NULL;
UPDATE tokens SET created_by = (
  SELECT max(a.user_id) FROM audit a JOIN users u ON u.id = a.user_id
  WHERE a.kind = 'token' AND a.action = 'create' AND a.product_id = tokens.product_id AND a.name = tokens.name
  AND a.at BETWEEN tokens.created_at - 1000000 AND tokens.created_at + 1000000
) WHERE product_id IS NOT NULL;
UPDATE ingest_keys SET created_by_id = (
  SELECT max(a.user_id) FROM audit a JOIN users u ON u.id = a.user_id
  WHERE a.kind = 'ingest key' AND a.action IN ('create', 'change') AND a.product_id = ingest_keys.product_id
  AND a.at BETWEEN ingest_keys.created_at - 1000000 AND ingest_keys.created_at + 1000000
);
