package models

import (
	"context"
	"strconv"
	"time"
)

// MadeCredential is a credential of a product, with the user who created it.
type MadeCredential struct {
	TokenID   int64 // 0 for an ingest key
	ProductID int64
	Product   string
	Name      string
	Role      Role   // of a token
	Hint      string // the last four characters
	CreatedAt time.Time
}

// Ref returns a reference to the credential: token-12, or key-3 for the key of product 3.
func (m MadeCredential) Ref() string {
	if m.TokenID != 0 {
		return "token-" + strconv.FormatInt(m.TokenID, 10)
	}
	return "key-" + strconv.FormatInt(m.ProductID, 10)
}

// MadeCredentials lists the tokens and the ingest keys of products in scope that a user has created
// since a time, newest first.
func (r queries) MadeCredentials(
	ctx context.Context, scope Scope, userID int64, since time.Time, limit int,
) ([]MadeCredential, error) {
	cond, args := scope.where("p.id")
	made := append([]any{userID, micro(since)}, args...)
	var list []MadeCredential
	err := r.query(ctx, `
		SELECT t.id, p.id, p.name, t.name, t.role, t.hint, t.created_at AS at
		FROM tokens t
		JOIN products p ON p.id = t.product_id
		WHERE t.created_by = ?
		AND t.created_at >= ?
		AND `+cond+`
		UNION ALL
		SELECT 0, p.id, p.name, 'ingest key', '', substr(k.key, length(k.key) - 3), k.created_at
		FROM ingest_keys k
		JOIN products p ON p.id = k.product_id
		WHERE k.created_by_id = ?
		AND k.created_at >= ?
		AND `+cond+`
		ORDER BY at DESC
		LIMIT ?`, append(append(made, made...), limit), collect(&list, func(m *MadeCredential) []any {
		return []any{&m.TokenID, &m.ProductID, &m.Product, &m.Name, &m.Role, &m.Hint, timeTo(&m.CreatedAt)}
	}))
	return list, err
}
