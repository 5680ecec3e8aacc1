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
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/module"
	"gatecrier/app/settings"
	"gatecrier/models"
)

// Service manages accounts.
type Service struct {
	Parts
	store  *models.Store
	log    *slog.Logger
	hasher *hasher
	tasks  chan mailTask

	mu   sync.Mutex
	used map[int64]time.Time // tokens used since the last flush
}

// Parts are what a service is made of. Only Store and Log must be there.
type Parts struct {
	Store       *models.Store
	Log         *slog.Logger
	InitialFile string                // where the first administrator's password was written: his first sign-in removes it
	Users       func() settings.Users // nil: the defaults
	Post        Mailer
	BaseURL     func() string // that links in mails begin with
	HashMemory  uint32        // KiB that hashing a password takes: 0 is 19 MiB, less is for tests alone
}

// Mailer sends mail to one person. A zero Post is not set up.
type Mailer struct {
	Ready func() bool
	Send  func(ctx context.Context, to string, m module.Message) module.Result
}

// New returns a service.
func New(p Parts) *Service {
	if p.Users == nil {
		p.Users = settings.DefaultUsers
	}
	return &Service{
		Parts:  p,
		store:  p.Store,
		log:    p.Log,
		hasher: newHasher(p.HashMemory),
		tasks:  make(chan mailTask, maxMailTasks),
		used:   map[int64]time.Time{},
	}
}

// commandLine is who acts by commands beside the server.
var commandLine = authz.Actor{Label: "the command line"}

// NewUser is what an account is made from.
type NewUser struct {
	Name, Email, FirstName, Password string
	Administrator                    bool
	MustChangePassword               bool
}

// Create makes an account, for the command line.
func (s *Service) Create(ctx context.Context, n NewUser) (models.User, error) {
	return s.create(ctx, commandLine, n)
}

func (s *Service) create(ctx context.Context, actor authz.Actor, n NewUser) (models.User, error) {
	n.Name, n.Email, n.FirstName = strings.TrimSpace(n.Name), strings.TrimSpace(n.Email), strings.TrimSpace(n.FirstName)
	if err := s.checkUser(n); err != nil {
		return models.User{}, err
	}
	hash, err := s.hasher.hash(ctx, n.Password)
	if err != nil {
		return models.User{}, err
	}
	var u models.User
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		u = newUser(n, hash)
		return insert(tx, actor, &u)
	})
	return u, err
}

// insert saves a new account, and says so in the audit.
func insert(tx *models.Tx, actor authz.Actor, u *models.User) error {
	if err := tx.LockUsers(); err != nil { // two of one name cannot both be the first
		return err
	}
	if err := tx.CreateUser(u); err != nil {
		return err
	}
	return audit.Write(tx, actor, audit.Entry{Action: audit.Create, Kind: audit.User, Name: u.Name, Became: audited(*u)})
}

func newUser(n NewUser, hash string) models.User {
	return models.User{
		Name: n.Name, Email: n.Email, FirstName: n.FirstName, PasswordHash: hash,
		Administrator: n.Administrator, MustChangePassword: n.MustChangePassword, Active: true,
	}
}

func (s *Service) checkUser(n NewUser) error {
	if err := checkPerson(n); err != nil {
		return err
	}
	return s.checkPassword("password", n.Password, models.User{Name: n.Name, Email: n.Email})
}

// checkPerson looks at all but the password.
func checkPerson(n NewUser) error {
	var bad fault.Fields
	if !validName(n.Name) {
		bad.Add("name", "1 to 150 characters, no control characters")
	}
	if n.FirstName != "" && !validName(n.FirstName) {
		bad.Add("first_name", "At most 150 characters, no control characters")
	}
	if n.Email != "" && !validEmail(n.Email) {
		bad.Add("email", "This is no mail address")
	}
	return bad.Err()
}

func validEmail(address string) bool {
	a, err := mail.ParseAddress(address)
	return err == nil && a.Address == address && len(address) <= 254
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
	if err := s.checkUser(n); err != nil {
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
		return insert(tx, authz.Actor{Label: "the first start"}, &u)
	})
	return made && err == nil, err
}

// RandomPassword makes a password of 26 letters and digits (130 bits), or more
// where the settings want more.
func (s *Service) RandomPassword() string {
	text := strings.ToLower(rand.Text())
	for utf8.RuneCountInString(text) < s.Users().PasswordMinLength {
		text += strings.ToLower(rand.Text())
	}
	return text
}

// SignIn checks a name and a password that come from an address. Guesses are
// slowed down by name and by address, also right ones: for a name the wait is 15
// minutes at most, so that a stranger can keep nobody out for long. It is the
// same for a name that nobody has.
func (s *Service) SignIn(ctx context.Context, name, password, address string) (models.User, error) {
	wrong := fault.New(fault.Unauthenticated, "That name and password do not belong together")
	limits := tryLimits("", name, address)
	if err := s.mayTry(ctx, limits, "Too many sign-ins have failed."); err != nil {
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
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.SignedIn(u.ID); err != nil { // users first, as wherever both are locked
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

// mayTry counts a try, or says why and how long the next one has to wait.
func (s *Service) mayTry(ctx context.Context, limits []models.SignInLimit, why string) error {
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
	e := fault.New(fault.TooMany, why+" Try again in "+wait.String())
	e.Wait = wait
	return e
}

const (
	freeByName    = 5  // failures in a row without a wait
	freeByAddress = 20 // several people may share one
)

// tryLimits are the keys of a sign-in, or, with another kind, of what else is
// slowed down like one: its name, hashed since people type passwords there, and
// the network that it comes from.
func tryLimits(kind, name, address string) []models.SignInLimit {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(name))))
	limits := []models.SignInLimit{{Key: kind + "name " + hex.EncodeToString(sum[:16]), Free: freeByName}}
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
	return append(limits, models.SignInLimit{Key: kind + "from " + network.String(), Free: freeByAddress})
}

// removeInitial deletes the file with the first password once it has been used.
func (s *Service) removeInitial(u models.User, used string) {
	if s.InitialFile == "" || !u.MustChangePassword {
		return
	}
	first, err := os.ReadFile(s.InitialFile)
	if err != nil || strings.TrimSpace(string(first)) != used { // another user's first sign-in
		return
	}
	if err := os.Remove(s.InitialFile); err == nil {
		s.log.Info("initial password file removed", "path", s.InitialFile)
	}
}

// ChangePassword sets a user's new password after checking the current one,
// and ends all his sessions.
func (s *Service) ChangePassword(ctx context.Context, userID int64, current, fresh string) error {
	u, err := s.store.User(ctx, userID)
	if err != nil {
		return err
	}
	limits := tryLimits("password ", u.Name, "")
	if err := s.mayTry(ctx, limits, "Your password was tried too often."); err != nil {
		return err
	}
	ok, err := s.hasher.matches(ctx, current, u.PasswordHash)
	if err != nil {
		return err
	}
	if !ok {
		return fault.BadField("current", "This is not your current password")
	}
	if err := s.store.Write(ctx, func(tx *models.Tx) error { return tx.SignInWorked(limits...) }); err != nil {
		return err
	}
	if fresh == current {
		return fault.BadField("new", "Choose another one than the current")
	}
	return s.setPassword(ctx, authz.UserActor(u), u, "new", fresh)
}

// SetPassword sets a user's password without the current one, for the command
// line.
func (s *Service) SetPassword(ctx context.Context, name, fresh string) error {
	u, err := s.store.UserByName(ctx, name)
	if err != nil {
		return err
	}
	return s.setPassword(ctx, commandLine, u, "password", fresh)
}

func (s *Service) setPassword(ctx context.Context, actor authz.Actor, u models.User, field, fresh string) error {
	hash, err := s.newHash(ctx, field, fresh, u)
	if err != nil {
		return err
	}
	_, err = s.change(
		ctx, actor, u.ID, func(tx *models.Tx, u *models.User) error { return replacePassword(tx, u, hash, false) },
	)
	return err
}

// newHash hashes a password that is good enough for a user.
func (s *Service) newHash(ctx context.Context, field, fresh string, u models.User) (string, error) {
	if err := s.checkPassword(field, fresh, u); err != nil {
		return "", err
	}
	return s.hasher.hash(ctx, fresh)
}

// replacePassword gives a user another password: what was begun with the old one
// ends.
func replacePassword(tx *models.Tx, u *models.User, hash string, mustChange bool) error {
	u.PasswordHash, u.MustChangePassword = hash, mustChange
	if err := tx.EndUserLinks(u.ID, models.LinkPassword); err != nil {
		return err
	}
	return tx.DeleteUserSessions(u.ID)
}

// MakeAdministrator gives a user the administrator's flag, for the command line.
func (s *Service) MakeAdministrator(ctx context.Context, name string) error {
	u, err := s.store.UserByName(ctx, name)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, commandLine, u.ID, func(_ *models.Tx, u *models.User) error {
		u.Administrator = true
		return nil
	})
	return err
}

// change changes an account while nobody else changes one, and says in the audit
// what has become of it.
func (s *Service) change(
	ctx context.Context, actor authz.Actor, id int64, fn func(tx *models.Tx, u *models.User) error,
) (models.User, error) {
	var u models.User
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockUsers(); err != nil {
			return err
		}
		was, err := tx.User(tx.Context(), id)
		if err != nil {
			return err
		}
		u = was
		if err := fn(tx, &u); err != nil {
			return err
		}
		if err := tx.SaveUser(&u); err != nil {
			return err
		}
		e := audit.Entry{Action: audit.Change, Kind: audit.User, Name: u.Name, Was: audited(was), Became: audited(u)}
		if was.PasswordHash != u.PasswordHash {
			e.Was["password"], e.Became["password"] = audit.Masked, audit.Masked
		}
		return audit.Write(tx, actor, e)
	})
	return u, err
}

// audited is an account as the audit shows it.
func audited(u models.User) audit.Values {
	return audit.Values{
		"email": u.Email, "first_name": u.FirstName, "email_pending": u.EmailPending, "time_zone": u.TimeZone,
		"administrator": strconv.FormatBool(u.Administrator), "active": strconv.FormatBool(u.Active),
	}
}

// Actor loads the user of a session anew: rights are read on each request.
func (s *Service) Actor(ctx context.Context, userID int64) (authz.Actor, error) {
	u, err := s.store.User(ctx, userID)
	if err == nil && !u.Active {
		err = fault.NewNotFound("user")
	}
	return authz.UserActor(u), err
}
