package models

import (
	"context"
	"database/sql"
	"errors"

	"gatecrier/app/secret"
)

// KeyCheckPlace is the place for which the value of SaveKeyCheck is sealed.
const KeyCheckPlace = "key_checks/1/sealed"

// KeyCheck returns a sealed value that the database's key must open, and its place: the value of
// SaveKeyCheck or, in a database of an older version, the configuration of some connection. The
// Text is zero if nothing is sealed.
func (r queries) KeyCheck(ctx context.Context) (place string, sealed secret.Text, err error) {
	err = r.get(ctx, "SELECT sealed FROM key_checks", nil, &sealed)
	if !errors.Is(err, sql.ErrNoRows) {
		return KeyCheckPlace, sealed, err
	}
	var c Connection
	const query = "SELECT id, config FROM connections WHERE config IS NOT NULL ORDER BY id DESC LIMIT 1"
	err = r.get(ctx, query, nil, &c.ID, &c.Config)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return c.ConfigPlace(), c.Config, err
}

// SaveKeyCheck stores a value that the database's key has sealed. It keeps an existing one.
func (tx *Tx) SaveKeyCheck(sealed secret.Text) error {
	_, err := tx.exec("INSERT INTO key_checks (id, sealed) VALUES (1, ?) ON CONFLICT DO NOTHING", sealed)
	return err
}

// NeedsKey reports whether the database has sealed values: another key than its own would open none of
// these.
func (r queries) NeedsKey(ctx context.Context) (bool, error) {
	list, _, err := r.SealedValues(ctx, SealedPage{}, 1)
	return len(list) > 0, err
}
