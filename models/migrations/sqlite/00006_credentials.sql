-- +goose Up

-- Since when the credentials of a user are valid, in microseconds. A session, link, feed or token is valid
-- only while it has the same value. Each change of the password, and what else ends credentials, raises it.
ALTER TABLE users ADD COLUMN credentials_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN credentials_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user_links ADD COLUMN credentials_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feeds ADD COLUMN credentials_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tokens ADD COLUMN credentials_from INTEGER NOT NULL DEFAULT 0; -- of a product: 0

-- The newest token of the user when the link was made: the link that undoes a change revokes newer ones.
ALTER TABLE user_links ADD COLUMN last_token INTEGER NOT NULL DEFAULT 0;
