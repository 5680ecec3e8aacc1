package models

import (
	"context"
	"time"
)

// Token is an API token of a user or of a product; only the hash of its text is stored.
type Token struct {
	ID        int64
	UserID    *int64
	ProductID *int64
	CreatedBy *int64 // the user who created a product's token
	Name      string
	Role      Role   // narrows a user's rights; "" = all of them
	Hash      []byte // SHA-256 of the text
	Hint      string // its last four characters
	// CredentialsFrom is that of its user: otherwise it is not valid. A product's token has 0.
	CredentialsFrom int64
	CreatedAt       time.Time `gorm:"serializer:micro;autoCreateTime:false;autoUpdateTime:false"`
	ExpiresAt       time.Time `gorm:"serializer:micro;autoCreateTime:false;autoUpdateTime:false"`
	LastUsedAt      time.Time `gorm:"serializer:micro;autoCreateTime:false;autoUpdateTime:false"`
}

// TableName returns the name of gorm's table.
func (Token) TableName() string { return "tokens" }

// Bearer is a token with its user, as a request needs them.
type Bearer struct {
	Token Token
	User  User // zero for a product's token
}

// Bearer finds the token with a hash that has not expired. Its user can be inactive, have other
// credentials by now or have to change the password: the caller must check that. It is one prepared
// statement, since each call of the API runs it.
func (r queries) Bearer(ctx context.Context, hash []byte) (Bearer, error) {
	var b Bearer
	var uid, pid *int64
	var from *int64
	var admin, active, change *bool
	var name, zone *string
	err := r.get(ctx, `
		SELECT t.id, t.user_id, t.product_id, t.name, t.role, t.credentials_from, u.name, u.administrator, u.active,
			u.must_change_password, u.time_zone, u.credentials_from
		FROM tokens t
		LEFT JOIN users u ON u.id = t.user_id
		WHERE t.hash = ?
		AND (t.expires_at IS NULL OR t.expires_at > ?)`,
		[]any{hash, micro(r.Now())}, &b.Token.ID, &uid, &pid, &b.Token.Name, &b.Token.Role,
		&b.Token.CredentialsFrom, &name, &admin, &active,
		&change, &zone, &from)
	if err != nil {
		return Bearer{}, notFound(err, "token")
	}
	b.Token.UserID, b.Token.ProductID = uid, pid
	if uid == nil {
		return b, nil
	}
	if active == nil {
		return Bearer{}, notFound(nil, "token")
	}
	b.User = User{
		ID:                 *uid,
		Name:               *name,
		Administrator:      *admin,
		Active:             *active,
		MustChangePassword: *change,
		TimeZone:           *zone,
		CredentialsFrom:    *from,
	}
	return b, nil
}

// CreateToken saves a new token and sets its id.
func (tx *Tx) CreateToken(t *Token) error {
	t.CreatedAt = tx.Now()
	return tx.db(tx.Context()).Create(t).Error
}

// ProductTokens lists a product's tokens by name. The caller must have checked the right to see
// them.
func (r queries) ProductTokens(ctx context.Context, productID int64) ([]Token, error) {
	var list []Token
	err := r.db(ctx).Where("product_id = ?", productID).Order("lower(name), id").Find(&list).Error
	return list, err
}

// DeleteToken removes a token.
func (tx *Tx) DeleteToken(id int64) error {
	_, err := tx.exec("DELETE FROM tokens WHERE id = ?", id)
	return err
}

// TouchTokens records when tokens were last used.
func (tx *Tx) TouchTokens(used map[int64]time.Time) error {
	for id, at := range used {
		if _, err := tx.exec("UPDATE tokens SET last_used_at = ? WHERE id = ?", micro(at), id); err != nil {
			return err
		}
	}
	return nil
}
