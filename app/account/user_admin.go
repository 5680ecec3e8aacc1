package account

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/visible"
	"gatecrier/models"
)

// requireAdministrator refuses an actor who is not an administrator.
func requireAdministrator(actor authz.Actor) error {
	if !actor.Administrator() {
		return fault.New(fault.Forbidden, "Only administrators can manage users")
	}
	return nil
}

// List lists accounts by name, for administrators.
func (s *Service) List(ctx context.Context, actor authz.Actor, f models.UserFilter) ([]models.UserRow, error) {
	if err := requireAdministrator(actor); err != nil {
		return nil, err
	}
	return s.store.Users(ctx, f)
}

// Count counts accounts, for administrators, up to one more than models.MaxCounted.
func (s *Service) Count(ctx context.Context, actor authz.Actor, f models.UserFilter) (int, error) {
	if err := requireAdministrator(actor); err != nil {
		return 0, err
	}
	return s.store.CountUsers(ctx, f)
}

// Get finds an account, for administrators.
func (s *Service) Get(ctx context.Context, actor authz.Actor, id int64) (models.UserRow, error) {
	if err := requireAdministrator(actor); err != nil {
		return models.UserRow{}, err
	}
	return s.store.UserRow(ctx, id)
}

// Added is a new account, or one with a reset password.
type Added struct {
	User     models.User
	Password string // the user must change it at the next sign-in; "" if a link was sent
}

// Invitation is how an administrator gives a new user a password.
type Invitation struct {
	ByLink   bool   // the user chooses it by a link that is sent to them; else it is random
	Password string // the actor's own, which a session must have typed again
}

// Add creates an account, with a random password or with a link by which the user chooses one.
func (s *Service) Add(ctx context.Context, actor authz.Actor, n NewUser, by Invitation) (Added, error) {
	if err := requireAdministrator(actor); err != nil {
		return Added{}, err
	}
	n.trim()
	var mailErr error
	if by.ByLink {
		mailErr = s.requireMail(n.Email)
	}
	if err := fault.Join(checkProfile(n), mailErr, s.RequirePassword(ctx, actor, by.Password)); err != nil {
		return Added{}, err
	}
	if by.ByLink {
		return s.addByLink(ctx, actor, n)
	}
	n.Password, n.MustChangePassword = s.RandomPassword(), true
	u, err := s.create(ctx, actor, n)
	return Added{u, n.Password}, err
}

func (s *Service) addByLink(ctx context.Context, actor authz.Actor, n NewUser) (Added, error) {
	link := newLink(models.LinkPassword, n.Email, inviteTime)
	var u models.User
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		u = newUser(n, "") // no password matches the empty hash
		if err := insert(tx, actor, &u); err != nil {
			return err
		}
		if err := link.save(tx, u); err != nil {
			return err
		}
		return s.queue(tx, s.inviteMail(u, link, false))
	})
	if err != nil {
		return Added{}, err
	}
	s.wakeMail()
	return Added{User: u}, nil
}

// requireMail returns an error if a link cannot be sent to an address.
func (s *Service) requireMail(email string) error {
	switch {
	case !s.CanSendMail():
		return fault.New(fault.Conflict, "Email is not configured on this server. Generate a password instead")
	case email == "":
		return fault.BadField("email", "Enter an email address to send the link to")
	}
	return nil
}

// UserEdit is a change of an account. A nil field stays as it is.
type UserEdit struct {
	Email, FirstName      *string
	Administrator, Active *bool
	KeepTokens            bool   // when the address changes; a deactivation revokes all tokens
	Password              string // the actor's own, for what gives access
	IfVersion             *int64 // the version that the actor saw, nil for any
}

// VersionOf returns a number that differs after each change of what administrators edit of a user.
func VersionOf(u models.User) int64 {
	text := fmt.Sprintf("%q %q %q %t %t", u.Email, u.EmailPending, u.FirstName, u.Administrator, u.Active)
	sum := sha256.Sum256([]byte(text))
	return int64(binary.BigEndian.Uint64(sum[:]) >> 1)
}

// Edit changes an account, for administrators. The last active administrator stays one, and
// administrators cannot deactivate themselves. Another address and a deactivation end the user's
// sessions and other credentials. It returns the user, and whether that has happened.
func (s *Service) Edit(ctx context.Context, actor authz.Actor, id int64, e UserEdit) (Edited, error) {
	if err := requireAdministrator(actor); err != nil {
		return Edited{}, err
	}
	proven, proofErr := s.requireProof(ctx, actor, id, e)
	ended := false
	u, err := s.change(ctx, actor, id, func(tx *models.Tx, u *models.User) error {
		was := *u
		if e.IfVersion != nil && *e.IfVersion != VersionOf(was) {
			return errUserOutdated()
		}
		if err := fault.Join(proofErr, e.apply(u)); err != nil {
			return err
		}
		if !proven && givesAccess(was, *u) {
			return errUserOutdated()
		}
		if err := guardAdministrators(tx, actor, was, *u); err != nil {
			return err
		}
		err := s.endByAdministrator(tx, actor, was, u, e.KeepTokens)
		ended = u.CredentialsFrom != was.CredentialsFrom
		return err
	})
	return Edited{User: u, Ended: ended}, err
}

func errUserOutdated() error {
	return fault.NewOutdated("Another user changed this user in the meantime")
}

// givesAccess reports whether a change gives access to an account, or an account more rights: what
// it gives outlives the session of the administrator who makes it.
func givesAccess(was, next models.User) bool {
	return was.Email != next.Email || !was.Administrator && next.Administrator || !was.Active && next.Active
}

// requireProof checks the password of an administrator for a change that gives access, and reports whether
// it did. Their own address needs the password also for a token, as in their profile.
func (s *Service) requireProof(ctx context.Context, actor authz.Actor, id int64, e UserEdit) (bool, error) {
	was, err := s.store.User(ctx, id)
	if err != nil {
		return false, err
	}
	next := was
	if err := e.apply(&next); err != nil {
		return false, err
	}
	switch {
	case !givesAccess(was, next):
		return false, nil
	case id == actor.User.ID && was.Email != next.Email:
		return true, s.requirePassword(ctx, was, "password", e.Password)
	}
	return true, s.RequirePassword(ctx, actor, e.Password)
}

// endByAdministrator ends what a change by an administrator ends, and notifies the old address.
// The old address cannot undo this change: it can be wrong, or that of a thief. Administrators who
// change their own address have the same protection as other users.
func (s *Service) endByAdministrator(
	tx *models.Tx, actor authz.Actor, was models.User, u *models.User, keepTokens bool,
) error {
	moved := was.Email != u.Email
	switch {
	case !moved && !was.Active && u.Active:
		return s.revokeTokens(tx, actor, *u, keepNone)
	case !moved && was.Active == u.Active:
		return nil
	case actor.User.ID == u.ID:
		newest, err := tx.NewestToken(tx.Context(), u.ID)
		if err != nil {
			return err
		}
		to := u.Email
		u.Email = was.Email
		return s.moveEmail(tx, actor, u, move{to, newest, keepIf(keepTokens)})
	}
	keeps := keepIf(keepTokens && was.Active)
	if !u.Active {
		keeps = nil // the tokens are revoked at the activation: until then calls get the reason
	}
	if err := tx.EndUserLinks(u.ID, models.LinkUndo); err != nil {
		return err
	}
	if err := s.renew(tx, actor, u, keeps); err != nil || !moved || was.Email == "" || !s.CanSendMail() {
		return err
	}
	const how = "An administrator changed it. If you did not expect this, contact an administrator."
	return s.queue(tx, s.movedMail(*u, was.Email, how))
}

func (e UserEdit) apply(u *models.User) error {
	set(&u.FirstName, e.FirstName, visible.Name)
	set(&u.Email, e.Email, strings.TrimSpace)
	set(&u.Administrator, e.Administrator, identity)
	set(&u.Active, e.Active, identity)
	return checkProfile(NewUser{Name: u.Name, Email: u.Email, FirstName: u.FirstName})
}

// set assigns tidy of the value that from points to, unless from is nil.
func set[T any](to, from *T, tidy func(T) T) {
	if from != nil {
		*to = tidy(*from)
	}
}

func identity[T any](v T) T { return v }

// guardAdministrators refuses a change of an account that leaves no active administrator, or by
// which the actor deactivates their own account. The caller has locked the users.
func guardAdministrators(tx *models.Tx, actor authz.Actor, was, next models.User) error {
	if was.Active && !next.Active && actor.User.ID == was.ID {
		return fault.New(fault.Conflict, "You cannot deactivate your own account. Ask another administrator")
	}
	if !was.Administrator || !was.Active || next.Administrator && next.Active {
		return nil
	}
	n, err := tx.CountAdministrators(tx.Context())
	if err == nil && n < 2 {
		return fault.New(fault.Conflict, "This is the last active administrator. Make another user an administrator first")
	}
	return err
}
