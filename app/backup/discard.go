package backup

import (
	"context"
	"errors"
	"strings"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/number"
	"gatecrier/models"
)

// LostText says what is lost without the key.
func LostText(c models.SealedCounts) string {
	var parts []string
	add := func(n int64, one, many string) {
		if n > 0 {
			parts = append(parts, number.Of(n, one, many))
		}
	}
	add(c.Connections, "connection (where targets send)", "connections (where targets send)")
	add(c.Deliveries, "message in the delivery log", "messages in the delivery log")
	add(c.Settings, "section of the settings with secrets", "sections of the settings with secrets")
	add(c.Emails, "email about an account that waits", "emails about accounts that wait")
	if len(parts) == 0 {
		return "secrets: there are none"
	}
	return strings.Join(parts, ", ")
}

// ErrKeyOpens is the error of Discard if nothing needs to be discarded.
var ErrKeyOpens = errors.New("the key opens all secrets of this database: nothing needs to be discarded")

// Discard removes all that is sealed if keys do not open all of it, and returns what it removes. With
// dry it only counts. Without keys, nothing opens.
func Discard(ctx context.Context, store *models.Store, keys [][]byte, dry bool) (models.SealedCounts, error) {
	sealed, err := hasSealed(ctx, store)
	if err != nil {
		return models.SealedCounts{}, err
	}
	if sealed && keys != nil {
		err = openAll(ctx, store, keys)
	}
	if !sealed || keys != nil && err == nil {
		return models.SealedCounts{}, ErrKeyOpens
	}
	if err != nil && !errors.Is(err, errSealed) {
		return models.SealedCounts{}, err
	}
	lost, err := store.CountSealed(ctx)
	if err != nil || dry {
		return lost, err
	}
	err = store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.DiscardSecrets(); err != nil {
			return err
		}
		return audit.Write(tx, authz.CommandLine, audit.Entry{
			Action: audit.Delete,
			Kind:   audit.Key,
			Name:   "lost key",
			Was:    audit.Values{"discarded": LostText(lost)},
		})
	})
	if err != nil {
		return lost, err
	}
	return lost, store.Checkpoint(ctx)
}
