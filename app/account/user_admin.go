package account

import (
	"context"
	"strings"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// requireAdministrator refuses an actor who is not an administrator.
func requireAdministrator(actor authz.Actor) error {
	if !actor.Administrator() {
		return fault.New(fault.Forbidden, "Users are for administrators")
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

// Get finds an account, for administrators.
func (s *Service) Get(ctx context.Context, actor authz.Actor, id int64) (models.UserRow, error) {
	if err := requireAdministrator(actor); err != nil {
		return models.UserRow{}, err
	}
	return s.store.UserRow(ctx, id)
}

// Memberships lists the products in which a user has a role, for administrators.
func (s *Service) Memberships(ctx context.Context, actor authz.Actor, id int64) ([]models.Membership, error) {
	if err := requireAdministrator(actor); err != nil {
		return nil, err
	}
	return s.store.MembershipsOf(ctx, actor.Scope(), id)
}

// Added is a new account, or one with a reset password.
type Added struct {
	User     models.User
	Password string // the user must change it at the next sign-in; "" if a link was sent
}

// Add creates an account with a random password. With byLink it sends the user a link instead,
// by which they choose a password.
func (s *Service) Add(ctx context.Context, actor authz.Actor, n NewUser, byLink bool) (Added, error) {
	if err := requireAdministrator(actor); err != nil {
		return Added{}, err
	}
	if byLink {
		return s.addByLink(ctx, actor, n)
	}
	n.Password, n.MustChangePassword = s.RandomPassword(), true
	u, err := s.create(ctx, actor, n)
	return Added{u, n.Password}, err
}

func (s *Service) addByLink(ctx context.Context, actor authz.Actor, n NewUser) (Added, error) {
	n.trim()
	if err := checkProfile(n); err != nil {
		return Added{}, err
	}
	if err := s.requireMail(n.Email); err != nil {
		return Added{}, err
	}
	link := newLink(models.LinkPassword, n.Email, inviteTime)
	var u models.User
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		u = newUser(n, "") // no password matches the empty hash
		if err := insert(tx, actor, &u); err != nil {
			return err
		}
		return link.save(tx, u.ID)
	})
	if err != nil {
		return Added{}, err
	}
	s.sendLater(ready(s.inviteMail(u, link)))
	return Added{User: u}, nil
}

// requireMail returns an error if a link cannot be sent to an address.
func (s *Service) requireMail(email string) error {
	switch {
	case !s.CanSendMail():
		return fault.New(fault.Conflict, "Mail is not set up here: have a password made instead")
	case email == "":
		return fault.BadField("email", "A link needs an address to be sent to")
	}
	return nil
}

// UserEdit is a change of an account. A nil field stays as it is.
type UserEdit struct {
	Email, FirstName      *string
	Administrator, Active *bool
}

// Edit changes an account, for administrators. The last active administrator stays one, and
// administrators cannot deactivate themselves.
func (s *Service) Edit(ctx context.Context, actor authz.Actor, id int64, e UserEdit) (models.User, error) {
	if err := requireAdministrator(actor); err != nil {
		return models.User{}, err
	}
	return s.change(ctx, actor, id, func(tx *models.Tx, u *models.User) error {
		was := *u
		if err := e.apply(u); err != nil {
			return err
		}
		if err := guardAdministrators(tx, actor, was, *u); err != nil {
			return err
		}
		if was.Email != u.Email || !u.Active { // links went to the old address
			if err := endLinks(tx, u.ID); err != nil {
				return err
			}
		}
		if was.Active && !u.Active { // the tokens stay, but do not work
			return tx.DeleteUserSessions(u.ID)
		}
		return nil
	})
}

func (e UserEdit) apply(u *models.User) error {
	was := u.Email
	set(&u.FirstName, e.FirstName, strings.TrimSpace)
	set(&u.Email, e.Email, strings.TrimSpace)
	if u.Email != was {
		u.EmailPending = ""
	}
	set(&u.Administrator, e.Administrator, identity)
	set(&u.Active, e.Active, identity)
	return checkProfile(NewUser{Name: u.Name, Email: u.Email, FirstName: u.FirstName})
}

// set assigns tidy of what from points to, unless from is nil.
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
		return fault.New(fault.Conflict, "Nobody deactivates himself: another administrator can")
	}
	if !was.Administrator || !was.Active || next.Administrator && next.Active {
		return nil
	}
	n, err := tx.CountAdministrators(tx.Context())
	if err == nil && n < 2 {
		return fault.New(fault.Conflict, "This is the last active administrator: make another one first")
	}
	return err
}

// endLinks ends all links that were sent to a user.
func endLinks(tx *models.Tx, userID int64) error {
	if err := tx.EndUserLinks(userID, models.LinkPassword); err != nil {
		return err
	}
	return tx.EndUserLinks(userID, models.LinkEmail)
}

// ResetPassword sets a random password that the user must change, and ends their sessions. With
// byLink it sends the user a link instead; the old password stays valid until they use it.
func (s *Service) ResetPassword(ctx context.Context, actor authz.Actor, id int64, byLink bool) (Added, error) {
	u, err := s.resettable(ctx, actor, id)
	if err != nil {
		return Added{}, err
	}
	if byLink {
		return Added{User: u}, s.sendReset(ctx, actor, u)
	}
	password := s.RandomPassword()
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return Added{}, err
	}
	u, err = s.change(ctx, actor, id, func(tx *models.Tx, u *models.User) error {
		return replacePassword(tx, u, hash, true)
	})
	return Added{u, password}, err
}

// resettable returns a user whose password the actor can reset.
func (s *Service) resettable(ctx context.Context, actor authz.Actor, id int64) (models.User, error) {
	if err := requireAdministrator(actor); err != nil {
		return models.User{}, err
	}
	u, err := s.store.User(ctx, id)
	switch {
	case err != nil:
		return models.User{}, err
	case u.ID == actor.User.ID:
		return models.User{}, fault.New(fault.Conflict, "Change your own password in your profile")
	case !u.Active:
		return models.User{}, fault.New(fault.Conflict, "This user is deactivated: activate him first")
	}
	return u, nil
}

func (s *Service) sendReset(ctx context.Context, actor authz.Actor, u models.User) error {
	if err := s.requireMail(u.Email); err != nil {
		return err
	}
	link := newLink(models.LinkPassword, u.Email, inviteTime)
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		if err := link.save(tx, u.ID); err != nil {
			return err
		}
		return audit.Write(tx, actor, audit.Entry{
			Action: audit.Change,
			Kind:   audit.User,
			Name:   u.Name,
			Became: audit.Values{"password": "a link was sent"},
		})
	})
	if err == nil {
		s.sendLater(ready(s.inviteMail(u, link)))
	}
	return err
}
