package account

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// SignedIn is the result of a sign-in.
type SignedIn struct {
	User   models.User
	Device string // for the browser's cookie: from this device the user can sign in during an attack
}

// SignIn checks a name and a password that come from a client. It slows tries down by name and
// network, correct ones too, and those of strangers by name over all networks. A network or a device
// that the user signed in from before has a budget of its own, which no stranger elsewhere uses up. An
// unknown name is treated the same.
func (s *Service) SignIn(ctx context.Context, name, password string, from Client) (SignedIn, error) {
	mismatch := fault.New(fault.Unauthenticated, "Incorrect user name or password")
	who := trouble{what: triedSignIn, name: strings.TrimSpace(name), network: networkOf(from.Address)}
	tries, err := s.signInTries(ctx, who.name, from)
	if err != nil {
		return SignedIn{}, err
	}
	try, err := s.mayTry(ctx, who, tries, "Too many failed sign-in attempts.")
	if err != nil {
		return SignedIn{}, err
	}
	u, err := s.store.UserByName(ctx, who.name)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return SignedIn{}, err
	}
	if utf8.RuneCountInString(password) > maxPassword {
		s.troubles.failed(who, s.store.Now())
		return SignedIn{}, mismatch
	}
	ok, err := s.hasher.matches(ctx, password, u.PasswordHash)
	if err != nil {
		return SignedIn{}, fmt.Errorf("check a password: %w", err)
	}
	if !ok || !u.Active {
		s.troubles.failed(who, s.store.Now())
		return SignedIn{}, mismatch
	}
	in := SignedIn{User: u, Device: newDevice()}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.SignedIn(u.ID); err != nil { // users before limits, the lock order everywhere
			return err
		}
		if err := remember(tx, u.ID, from, in.Device); err != nil {
			return err
		}
		return tx.SignInWorked(try)
	})
	if err != nil {
		return SignedIn{}, err
	}
	return in, nil
}
