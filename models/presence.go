package models

import (
	"context"
	"crypto/rand"
)

// presentClaim begins the claims of an instance that holds its presence: they end with it, not only
// with their lease.
const presentClaim = "present/"

// HoldPresence shows other instances that this one is alive, until ctx ends. set gets whether they
// can see it. The server ends the presence when the process dies, at once and by no clock.
func (s *Store) HoldPresence(ctx context.Context, instance string, set func(held bool)) {
	s.db.HoldPresence(ctx, instance, set)
}

// NewClaim returns the name of a claim of an instance, which no other claim has: a result that
// arrives after its lease has ended must not settle the next one, even one of the same instance.
// present says whether the instance holds its presence.
func NewClaim(instance string, present bool) string {
	claim := instance + "/" + rand.Text()
	if present {
		return presentClaim + claim
	}
	return claim
}

// OtherSenders lists the instances that are sending deliveries or emails about accounts, except one,
// and have claimed them while they held their presence. It is for PostgreSQL: SQLite has one instance.
func (r queries) OtherSenders(ctx context.Context, but string) ([]string, error) {
	if r.dialect == SQLite {
		return nil, nil
	}
	var list []string
	err := r.query(ctx, `
		SELECT split_part(claim, '/', 2)
		FROM deliveries
		WHERE state = 'sending'
		AND claim LIKE ?
		AND claim NOT LIKE ?
		UNION
		SELECT split_part(claim, '/', 2)
		FROM account_mails
		WHERE claim LIKE ?
		AND claim NOT LIKE ?`,
		[]any{presentClaim + "%", presentClaim + but + "/%", presentClaim + "%", presentClaim + but + "/%"},
		collect(&list, func(name *string) []any { return []any{name} }))
	return list, err
}

// TryLock makes this transaction the only one of all instances that does some work, until it ends,
// and reports whether it succeeded. The lock ends with the transaction or with the instance.
func (tx *Tx) TryLock(work string) (bool, error) { return tx.tx.TryLock(work) }

// IsPresent reports whether another instance holds its presence.
func (tx *Tx) IsPresent(instance string) (bool, error) { return tx.tx.IsPresent(instance) }
