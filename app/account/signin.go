package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// SignIn checks a name and a password that come from an address. It slows tries down by name and
// by address, correct ones too. For a name the wait is at most 15 minutes, so that a stranger
// cannot lock a user out for long. An unknown name is treated the same.
func (s *Service) SignIn(ctx context.Context, name, password, address string) (models.User, error) {
	mismatch := fault.New(fault.Unauthenticated, "That name and password do not belong together")
	limits := tryLimits("", name, address)
	if err := s.mayTry(ctx, limits, "Too many sign-ins have failed."); err != nil {
		return models.User{}, err
	}
	u, err := s.store.UserByName(ctx, strings.TrimSpace(name))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return models.User{}, err
	}
	if utf8.RuneCountInString(password) > maxPassword {
		return models.User{}, mismatch
	}
	ok, err := s.hasher.matches(ctx, password, u.PasswordHash)
	if err != nil {
		return models.User{}, fmt.Errorf("check a password: %w", err)
	}
	if !ok || !u.Active {
		return models.User{}, mismatch
	}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.SignedIn(u.ID); err != nil { // users before limits, the lock order everywhere
			return err
		}
		return tx.SignInWorked(limits...)
	})
	if err != nil {
		return models.User{}, err
	}
	s.removeInitial(u, password)
	return u, nil
}

// mayTry counts a try. While the limits refuse one, it returns an error that begins with reason
// and has the wait.
func (s *Service) mayTry(ctx context.Context, limits []models.SignInLimit, reason string) error {
	var until time.Time
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		var err error
		until, err = tx.TrySignIn(limits...)
		return err
	})
	if err != nil || until.IsZero() {
		return err
	}
	wait := until.Sub(s.store.Now()).Truncate(time.Second) + time.Second
	e := fault.New(fault.TooMany, reason+" Try again in "+wait.String())
	e.Wait = wait
	return e
}

const (
	freeByName    = 5  // failures in a row without a wait
	freeByAddress = 20 // several users can share one
)

// tryLimits returns the keys that limit a sign-in, or another kind of try: the name, hashed
// because users type passwords there by mistake, and the network that the try comes from.
func tryLimits(kind, name, address string) []models.SignInLimit {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(name))))
	limits := []models.SignInLimit{{Key: kind + "name " + hex.EncodeToString(sum[:16]), Free: freeByName}}
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return limits
	}
	bits := 64 // of IPv6: the network of one customer
	if addr = addr.Unmap(); addr.Is4() {
		bits = 32
	}
	network, err := addr.Prefix(bits)
	if err != nil {
		return limits
	}
	return append(limits, models.SignInLimit{Key: kind + "from " + network.String(), Free: freeByAddress})
}
