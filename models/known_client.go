package models

import (
	"context"
	"time"
)

// KnownKind is the kind of a known client.
type KnownKind string

// The kinds of known clients.
const (
	KnownNetwork KnownKind = "network"
	KnownDevice  KnownKind = "device"
)

// max returns how many a user has at most.
func (k KnownKind) max() int {
	if k == KnownDevice {
		return 20
	}
	return 10
}

// KnownTime is how long after the last sign-in a network or a device is known.
const KnownTime = 180 * 24 * time.Hour

// Known reports whether a user has signed in from a network and from a device before. It takes as
// long for a name that does not exist.
func (r queries) Known(ctx context.Context, name, network, device string) (byNetwork, byDevice bool, err error) {
	named, args := inForms("lower(u.name)", "lower(?)", name)
	err = r.get(ctx, `
		SELECT count(CASE WHEN k.kind = 'network' THEN 1 END) > 0, count(CASE WHEN k.kind = 'device' THEN 1 END) > 0
		FROM users u
		JOIN known_clients k ON k.user_id = u.id
		WHERE `+named+`
		AND k.at > ?
		AND (k.kind = 'network' AND k.value = ? OR k.kind = 'device' AND k.value = ?)`,
		append(args, micro(r.Now().Add(-KnownTime)), network, device), &byNetwork, &byDevice)
	return byNetwork, byDevice, err
}

// Remember stores that a user has signed in from a network or a device. The oldest beyond the
// bound are forgotten.
func (tx *Tx) Remember(userID int64, kind KnownKind, value string) error {
	_, err := tx.exec(`
		INSERT INTO known_clients (user_id, kind, value, at)
		VALUES (?, ?, ?, ?)
		ON CONFLICT (user_id, kind, value) DO UPDATE SET at = excluded.at`, userID, kind, value, micro(tx.Now()))
	if err != nil {
		return err
	}
	_, err = tx.exec(`
		DELETE FROM known_clients
		WHERE user_id = ?
		AND kind = ?
		AND value IN (
			SELECT value
			FROM known_clients
			WHERE user_id = ?
			AND kind = ?
			ORDER BY at DESC, value
			LIMIT 1000 OFFSET ?
		)`, userID, kind, userID, kind, kind.max())
	return err
}

// RenameDevice gives a device another value, for all of its users.
func (tx *Tx) RenameDevice(from, to string) error {
	_, err := tx.exec("UPDATE known_clients SET value = ? WHERE kind = 'device' AND value = ?", to, from)
	return err
}

// DeleteOldClients removes some of the networks and devices that are not known any more.
func (tx *Tx) DeleteOldClients(limit int) (int64, error) {
	return tx.exec(`
		DELETE FROM known_clients
		WHERE (user_id, kind, value) IN (SELECT user_id, kind, value FROM known_clients WHERE at < ? LIMIT ?)`,
		micro(tx.Now().Add(-KnownTime)), limit)
}
