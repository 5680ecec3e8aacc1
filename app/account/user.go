package account

import (
	"context"
	"strings"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

func administrators(actor authz.Actor) error {
	if !actor.Administrator() {
		return fault.New(fault.Forbidden, "Users are for administrators")
	}
	return nil
}

// List lists accounts by name, for administrators.
func (s *Service) List(ctx context.Context, actor authz.Actor, f models.UserFilter) ([]models.UserRow, error) {
	if err := administrators(actor); err != nil {
		return nil, err
	}
	return s.store.Users(ctx, f)
}

// Get finds an account, for administrators.
func (s *Service) Get(ctx context.Context, actor authz.Actor, id int64) (models.UserRow, error) {
	if err := administrators(actor); err != nil {
		return models.UserRow{}, err
	}
	return s.store.UserRow(ctx, id)
}

// Memberships are the products in which a user has a role, for administrators.
func (s *Service) Memberships(ctx context.Context, actor authz.Actor, id int64) ([]models.Membership, error) {
	if err := administrators(actor); err != nil {
		return nil, err
	}
	return s.store.MembershipsOf(ctx, actor.Scope(), id)
}

// Added is a new account, or one whose password was reset, with the way in.
type Added struct {
	User     models.User
	Password string // made, to be changed at the first sign-in; "" where a link was sent
}

// Add makes an account with a password that is made here, or, with byLink, one
// whose user chooses a password by a link that is mailed to him.
func (s *Service) Add(ctx context.Context, actor authz.Actor, n NewUser, byLink bool) (Added, error) {
	if err := administrators(actor); err != nil {
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
	n.Name, n.Email, n.FirstName = strings.TrimSpace(n.Name), strings.TrimSpace(n.Email), strings.TrimSpace(n.FirstName)
	if err := checkPerson(n); err != nil {
		return Added{}, err
	}
	if err := s.mailable(n.Email); err != nil {
		return Added{}, err
	}
	link := newLink(models.LinkPassword, n.Email, inviteTime)
	var u models.User
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		u = newUser(n, "") // nobody signs in without a password
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

// mailable says why a link cannot be sent to an address.
func (s *Service) mailable(email string) error {
	switch {
	case !s.CanSendMail():
		return fault.New(fault.Conflict, "Mail is not set up here: have a password made instead")
	case email == "":
		return fault.BadField("email", "A link needs an address to be sent to")
	}
	return nil
}

// UserEdit says what to change of an account; nil leaves a thing as it is.
type UserEdit struct {
	Email, FirstName      *string
	Administrator, Active *bool
}

// Edit changes an account, for administrators. The last active administrator
// stays one, and nobody deactivates himself.
func (s *Service) Edit(ctx context.Context, actor authz.Actor, id int64, e UserEdit) (models.User, error) {
	if err := administrators(actor); err != nil {
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
		if was.Email != u.Email || !u.Active { // what was sent to the old address
			if err := endLinks(tx, u.ID); err != nil {
				return err
			}
		}
		if was.Active && !u.Active { // his tokens stay, and do not work
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
	set(&u.Administrator, e.Administrator, same)
	set(&u.Active, e.Active, same)
	return checkPerson(NewUser{Name: u.Name, Email: u.Email, FirstName: u.FirstName})
}

func set[T any](to, from *T, tidy func(T) T) {
	if from != nil {
		*to = tidy(*from)
	}
}

func same(b bool) bool { return b }

// guardAdministrators looks at what an account was before what it is to become.
// The caller has locked the users.
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

// endLinks ends what was mailed to a user.
func endLinks(tx *models.Tx, userID int64) error {
	if err := tx.EndUserLinks(userID, models.LinkPassword); err != nil {
		return err
	}
	return tx.EndUserLinks(userID, models.LinkEmail)
}

// ResetPassword gives a user another password, which is made here and has to be
// changed, and ends his sessions. With byLink he is mailed a link instead, and
// until he uses it the old password counts.
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
	u, err = s.change(
		ctx, actor, id, func(tx *models.Tx, u *models.User) error { return replacePassword(tx, u, hash, true) },
	)
	return Added{u, password}, err
}

func (s *Service) resettable(ctx context.Context, actor authz.Actor, id int64) (models.User, error) {
	if err := administrators(actor); err != nil {
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
	if err := s.mailable(u.Email); err != nil {
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
