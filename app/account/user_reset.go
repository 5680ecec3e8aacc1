package account

import (
	"context"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Reset is how an administrator resets a password.
type Reset struct {
	ByLink   bool
	Revoke   []string // references of credentials of products that the user has created
	Password string   // the actor's own, which a session must have typed again
}

// ResetPassword sets a random password that the user must change, and ends all their credentials,
// tokens too. With ByLink it sends the user a link instead; the old password, sessions and tokens
// stay valid until they use it.
func (s *Service) ResetPassword(ctx context.Context, actor authz.Actor, id int64, r Reset) (Added, error) {
	u, err := s.resettable(ctx, actor, id)
	if err != nil {
		return Added{}, err
	}
	if r.ByLink {
		if err := s.requireMail(u.Email); err != nil {
			return Added{}, err
		}
	}
	if err := s.RequirePassword(ctx, actor, r.Password); err != nil {
		return Added{}, err
	}
	if r.ByLink {
		return Added{User: u}, s.sendReset(ctx, actor, u, r.Revoke)
	}
	password := s.RandomPassword()
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return Added{}, err
	}
	u, err = s.change(ctx, actor, id, func(tx *models.Tx, u *models.User) error {
		if err := s.revokeMade(tx, actor, u.ID, r.Revoke); err != nil {
			return err
		}
		return s.reset(tx, actor, u, hash, true)
	})
	return Added{u, password}, err
}

// PendingLink returns the link to a new password that was sent to a user and can still be used. ok is
// false if there is none.
func (s *Service) PendingLink(
	ctx context.Context, actor authz.Actor, id int64,
) (l models.UserLink, ok bool, err error) {
	if err := requireAdministrator(actor); err != nil {
		return l, false, err
	}
	return s.store.PendingUserLink(ctx, id, models.LinkPassword)
}

// resettable returns a user, unless the actor cannot reset their password.
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
		return models.User{}, fault.New(fault.Conflict, "This user is deactivated. Activate the user first")
	}
	return u, nil
}

func (s *Service) sendReset(ctx context.Context, actor authz.Actor, u models.User, revoke []string) error {
	link := newLink(models.LinkPassword, u.Email, inviteTime)
	_, err := s.change(ctx, actor, u.ID, func(tx *models.Tx, now *models.User) error {
		if now.Email != u.Email {
			return fault.New(fault.Conflict, "The user's email address has just changed. Check it, then send the link again")
		}
		if err := s.revokeMade(tx, actor, u.ID, revoke); err != nil {
			return err
		}
		// An address that waits could be confirmed meanwhile, and would end the link.
		now.EmailPending = ""
		if err := tx.EndUserLinks(u.ID, models.LinkEmail); err != nil {
			return err
		}
		if err := link.save(tx, *now); err != nil {
			return err
		}
		if err := s.queue(tx, s.inviteMail(u, link, true)); err != nil {
			return err
		}
		return audit.Write(tx, actor, audit.Entry{
			Action: audit.Change,
			Kind:   audit.User,
			Name:   u.Name,
			Became: audit.Values{"password": "a link was sent"},
		})
	})
	return err
}
