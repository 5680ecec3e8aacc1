package models

import (
	"context"

	"gatecrier/app/fault"
)

// TokensOf lists a user's tokens, newest first, without their hashes.
func (r queries) TokensOf(ctx context.Context, userID int64) ([]Token, error) {
	var list []Token
	err := r.db(ctx).Omit("hash").Where("user_id = ?", userID).Order("id DESC").Find(&list).Error
	return list, err
}

// TokenByHash finds a token by the hash of its text, even if it has expired.
func (r queries) TokenByHash(ctx context.Context, hash []byte) (Token, error) {
	var t Token
	err := r.db(ctx).Take(&t, "hash = ?", hash).Error
	return t, missing(err, "token")
}

// DeleteUserToken removes a token of a user.
func (tx *Tx) DeleteUserToken(userID, id int64) error {
	n, err := tx.exec("DELETE FROM tokens WHERE id = ? AND user_id = ?", id, userID)
	if err == nil && n == 0 {
		return fault.NewNotFound("token")
	}
	return err
}
