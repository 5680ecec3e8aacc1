package authz

import (
	"gatecrier/app/fault"
	"gatecrier/models"
)

// RequireCurrent refuses an actor whose credentials have ended since the request began: what they
// create must not outlive them. Until the end of the transaction the credentials stay as they are.
// A product's token and the program itself have no user, and pass.
func RequireCurrent(tx *models.Tx, a Actor) error {
	if a.User.ID == 0 {
		return nil
	}
	u, err := tx.LockUser(a.User.ID)
	if err != nil {
		return err
	}
	return a.RequireSame(u)
}

// RequireSame refuses an actor whose credentials are not those that the user has now.
func (a Actor) RequireSame(now models.User) error {
	if now.CredentialsFrom != a.User.CredentialsFrom || !now.Active {
		return fault.New(fault.Conflict, "Your password or email address has changed. Sign in again")
	}
	return nil
}
