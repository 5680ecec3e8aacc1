package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/mail"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Service manages accounts.
type Service struct {
	store       *models.Store
	log         *slog.Logger
	hasher      *hasher
	initialFile string // where the first password was written, "" = nowhere

	mu   sync.Mutex
	used map[int64]time.Time // tokens used since the last flush
}

// New returns a service. initialFile is the path of the file that the first
// administrator's password is written to and that his first sign-in removes.
func New(store *models.Store, log *slog.Logger, initialFile string) (*Service, error) {
	h, err := newHasher()
	if err != nil {
		return nil, err
	}
	return &Service{store: store, log: log, hasher: h, initialFile: initialFile, used: map[int64]time.Time{}}, nil
}

// NewUser is what an account is made from.
type NewUser struct {
	Name, Email, FirstName, Password string
	Administrator                    bool
	MustChangePassword               bool
}

// Create makes an account.
func (s *Service) Create(ctx context.Context, n NewUser) (models.User, error) {
	n.Name, n.Email = strings.TrimSpace(n.Name), strings.TrimSpace(n.Email)
	if err := checkUser(n); err != nil {
		return models.User{}, err
	}
	hash, err := s.hasher.hash(ctx, n.Password)
	if err != nil {
		return models.User{}, err
	}
	var u models.User
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		u = newUser(n, hash)
		return tx.CreateUser(&u)
	})
	return u, err
}

func newUser(n NewUser, hash string) models.User {
	return models.User{
		Name: n.Name, Email: n.Email, FirstName: n.FirstName, PasswordHash: hash,
		Administrator: n.Administrator, MustChangePassword: n.MustChangePassword, Active: true,
	}
}

func checkUser(n NewUser) error {
	var bad fault.Fields
	if !validName(n.Name) {
		bad.Add("name", "1 to 150 characters, no control characters")
	}
	if n.Email != "" {
		if a, err := mail.ParseAddress(n.Email); err != nil || a.Address != n.Email {
			bad.Add("email", "This is no mail address")
		}
	}
	if err := bad.Err(); err != nil {
		return err
	}
	return checkPassword("password", n.Password)
}

func validName(name string) bool {
	n := utf8.RuneCountInString(name)
	return n >= 1 && n <= 150 && utf8.ValidString(name) && !strings.ContainsFunc(name, unicode.IsControl)
}

// First makes the first administrator if there is no user at all. Where several
// instances start at once, one of them makes it. made is false if there was one
// already.
func (s *Service) First(ctx context.Context, n NewUser) (made bool, err error) {
	if has, err := s.store.HasUsers(ctx); err != nil || has {
		return false, err
	}
	n.Administrator = true
	if err := checkUser(n); err != nil {
		return false, err
	}
	hash, err := s.hasher.hash(ctx, n.Password)
	if err != nil {
		return false, err
	}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		made = false
		if err := tx.LockUsers(); err != nil {
			return err
		}
		if has, err := tx.HasUsers(ctx); err != nil || has {
			return err
		}
		u := newUser(n, hash)
		made = true
		return tx.CreateUser(&u)
	})
	return made && err == nil, err
}

// RandomPassword makes a password of 26 letters and digits (130 bits).
func RandomPassword() string { return strings.ToLower(rand.Text()) }

// SignIn checks a name and a password that come from an address. Guesses are
// slowed down by name and by address, also right ones: for a name the wait is 15
// minutes at most, so that a stranger can keep nobody out for long. It is the
// same for a name that nobody has.
func (s *Service) SignIn(ctx context.Context, name, password, address string) (models.User, error) {
	wrong := fault.New(fault.Unauthenticated, "That name and password do not belong together")
	limits := signInLimits(name, address)
	if err := s.mayTry(ctx, limits); err != nil {
		return models.User{}, err
	}
	u, err := s.store.UserByName(ctx, strings.TrimSpace(name))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return models.User{}, err
	}
	if utf8.RuneCountInString(password) > maxPassword {
		return models.User{}, wrong
	}
	ok, err := s.hasher.matches(ctx, password, u.PasswordHash)
	if err != nil {
		return models.User{}, fmt.Errorf("check a password: %w", err)
	}
	if !ok || !u.Active {
		return models.User{}, wrong
	}
	if err := s.store.Write(ctx, func(tx *models.Tx) error { return tx.SignInWorked(limits...) }); err != nil {
		return models.User{}, err
	}
	s.removeInitial(u, password)
	return u, nil
}

// mayTry counts a try, or says how long the next one has to wait.
func (s *Service) mayTry(ctx context.Context, limits []models.SignInLimit) error {
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
	e := fault.New(fault.TooMany, "Too many sign-ins have failed. Try again in "+wait.String())
	e.Wait = wait
	return e
}

const (
	freeByName    = 5  // failures in a row without a wait
	freeByAddress = 20 // several people may share one
)

// signInLimits are the keys of a sign-in: its name, hashed since people type
// passwords there, and the network that it comes from.
func signInLimits(name, address string) []models.SignInLimit {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(name))))
	limits := []models.SignInLimit{{Key: "name " + hex.EncodeToString(sum[:16]), Free: freeByName}}
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return limits
	}
	bits := 64 // of IPv6: what one customer has
	if addr = addr.Unmap(); addr.Is4() {
		bits = 32
	}
	network, err := addr.Prefix(bits)
	if err != nil {
		return limits
	}
	return append(limits, models.SignInLimit{Key: "from " + network.String(), Free: freeByAddress})
}

// removeInitial deletes the file with the first password once it has been used.
func (s *Service) removeInitial(u models.User, used string) {
	if s.initialFile == "" || !u.MustChangePassword {
		return
	}
	first, err := os.ReadFile(s.initialFile)
	if err != nil || strings.TrimSpace(string(first)) != used { // another user's first sign-in
		return
	}
	if err := os.Remove(s.initialFile); err == nil {
		s.log.Info("initial password file removed", "path", s.initialFile)
	}
}

// ChangePassword sets a user's new password after checking the current one,
// and ends all his sessions.
func (s *Service) ChangePassword(ctx context.Context, userID int64, current, fresh string) error {
	u, err := s.store.User(ctx, userID)
	if err != nil {
		return err
	}
	ok, err := s.hasher.matches(ctx, current, u.PasswordHash)
	if err != nil {
		return err
	}
	if !ok {
		return fault.BadField("current", "This is not your current password")
	}
	if fresh == current {
		return fault.BadField("new", "Choose another one than the current")
	}
	return s.setPassword(ctx, u, "new", fresh)
}

// SetPassword sets a user's password without the current one, for the command
// line.
func (s *Service) SetPassword(ctx context.Context, name, fresh string) error {
	u, err := s.store.UserByName(ctx, name)
	if err != nil {
		return err
	}
	return s.setPassword(ctx, u, "password", fresh)
}

func (s *Service) setPassword(ctx context.Context, u models.User, field, fresh string) error {
	if err := checkPassword(field, fresh); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, fresh)
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		now, err := tx.User(ctx, u.ID)
		if err != nil {
			return err
		}
		now.PasswordHash, now.MustChangePassword = hash, false
		if err := tx.SaveUser(&now); err != nil {
			return err
		}
		return tx.DeleteUserSessions(u.ID)
	})
}

// MakeAdministrator gives a user the administrator's flag.
func (s *Service) MakeAdministrator(ctx context.Context, name string) error {
	u, err := s.store.UserByName(ctx, name)
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *models.Tx) error {
		now, err := tx.User(ctx, u.ID)
		if err != nil {
			return err
		}
		now.Administrator = true
		return tx.SaveUser(&now)
	})
}

// Actor loads the user of a session anew: rights are read on each request.
func (s *Service) Actor(ctx context.Context, userID int64) (authz.Actor, error) {
	u, err := s.store.User(ctx, userID)
	if err == nil && !u.Active {
		err = fault.Missing("user")
	}
	return authz.UserActor(u), err
}
