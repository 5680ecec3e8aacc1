package models

import (
	"context"
	"database/sql"
	"errors"

	"gatecrier/app/secret"
)

// KeyCheckPlace is the place that the value of SaveKeyCheck is sealed for.
const KeyCheckPlace = "key_checks/1/sealed"

// KeyCheck finds a value that the database's key opens, and its place: the one
// kept for that, or, where a version before it has made the database, the
// configuration of some target. The zero Text where nothing is sealed.
func (r queries) KeyCheck(ctx context.Context) (place string, sealed secret.Text, err error) {
	err = r.get(ctx, "SELECT sealed FROM key_checks", nil, &sealed)
	if !errors.Is(err, sql.ErrNoRows) {
		return KeyCheckPlace, sealed, err
	}
	var c Connection
	err = r.get(
		ctx,
		"SELECT id, config FROM connections WHERE config IS NOT NULL ORDER BY id DESC LIMIT 1",
		nil,
		&c.ID,
		&c.Config,
	)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return c.ConfigPlace(), c.Config, err
}

// SaveKeyCheck keeps a value that the database's key has sealed, unless there
// is one.
func (tx *Tx) SaveKeyCheck(sealed secret.Text) error {
	_, err := tx.exec("INSERT INTO key_checks (id, sealed) VALUES (1, ?) ON CONFLICT DO NOTHING", sealed)
	return err
}
