package event

import (
	"strconv"

	"gatecrier/app/number"
)

// AccountAttack is the payload of account.attacked, version 1: many tries to sign in as a user
// have failed or were refused within a day.
type AccountAttack struct {
	UserID int64 `json:"user_id"`
	Tries  int   `json:"tries"`
}

// Kind returns account.attacked, version 1.
func (AccountAttack) Kind() (Type, int) { return AccountIsAttacked, 1 }

func (a AccountAttack) notice() Notice {
	const name = "Many failed sign-ins to your account"
	return Notice{
		Name:  name,
		Title: name,
		Message: number.Of(a.Tries, "try", "tries") + " within a day failed or were refused. Networks and devices that " +
			"you signed in from before are not affected. Use a password that you use nowhere else.",
		Tone:   ToneBad,
		Key:    "account/" + strconv.FormatInt(a.UserID, 10),
		Page:   "/profile",
		UserID: a.UserID,
	}
}
