-- +goose Up
-- Mails greet the user of an address.
CREATE INDEX users_email ON users (lower(email));
