-- +goose Up
-- A target that is a field of the product's form: email_to, ms_teams_webhook or slack_webhook.
ALTER TABLE connections ADD COLUMN field TEXT NOT NULL DEFAULT '';
