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
