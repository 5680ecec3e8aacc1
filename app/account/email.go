package account

import (
	"context"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// ConfirmEmail sets the user's email to the address that a link was sent to. It ends all their
// credentials but the password and the tokens with the ids of keep. The old address gets a link that
// undoes the change.
func (s *Service) ConfirmEmail(ctx context.Context, text string, keep []int64) (models.User, error) {
	l, u, err := s.link(ctx, models.LinkEmail, text)
	if err != nil {
		return models.User{}, err
	}
	actor := authz.UserActor(u)
	return s.change(ctx, actor, u.ID, func(tx *models.Tx, u *models.User) error {
		if u.EmailPending != l.Email {
			return expiredLink(fault.NewNotFound("link"))
		}
		if err := checkKept(tx.Context(), tx, u.ID, keep); err != nil {
			return err
		}
		if err := use(tx, l, u); err != nil {
			return err
		}
		return s.moveEmail(tx, actor, u, move{l.Email, l.LastToken, keepThese(keep)})
	})
}

// move is a change of an email address by its user.
type move struct {
	to     string
	newest int64 // the user's newest token when the change was asked for
	keeps  keeper
}

// moveEmail changes the address of a user, and ends their other credentials. It notifies the old
// address, if there is one.
//
// An address gets a link that undoes the change only if no other such link is open: if the
// account was taken over, the first address gets it back, and the attacker gets no link to it.
func (s *Service) moveEmail(tx *models.Tx, actor authz.Actor, u *models.User, m move) error {
	old := u.Email
	u.Email = m.to
	if err := s.renew(tx, actor, u, m.keeps); err != nil {
		return err
	}
	if old == "" || !s.CanSendMail() {
		return nil
	}
	open, err := tx.HasUserLink(tx.Context(), u.ID, models.LinkUndo)
	if err != nil {
		return err
	}
	if open {
		const how = "The first of the addresses that it had in the last 7 days can undo this."
		return s.queue(tx, s.movedMail(*u, old, how))
	}
	undo := newLink(models.LinkUndo, old, undoTime)
	if err := undo.saveSince(tx, *u, m.newest); err != nil {
		return err
	}
	return s.queue(tx, s.undoMail(*u, undo))
}

// Undone is an account whose old address was restored.
type Undone struct {
	User models.User
	Link string // the text of a link to choose a password
}

// UndoEmail restores the address that a link was sent to. It ends all credentials of the user, the
// password too, and revokes the tokens made since the change was asked for. The others wait until the
// user has chosen a password by the link that it returns.
func (s *Service) UndoEmail(ctx context.Context, text string) (Undone, error) {
	l, u, err := s.link(ctx, models.LinkUndo, text)
	if err != nil {
		return Undone{}, err
	}
	choose := newLink(models.LinkPassword, l.Email, resetTime)
	actor := authz.UserActor(u)
	u, err = s.change(ctx, actor, u.ID, func(tx *models.Tx, u *models.User) error {
		if err := use(tx, l, u); err != nil {
			return err
		}
		u.Email = l.Email
		older := func(t models.Token) bool { return t.ID <= l.LastToken }
		p := password{hash: "", mustChange: true, keeps: older} // no password matches the empty hash
		if err := s.replacePassword(tx, actor, u, p); err != nil {
			return err
		}
		if err := choose.save(tx, *u); err != nil {
			return err
		}
		return audit.Write(tx, actor, audit.Entry{
			Action: audit.Change,
			Kind:   audit.User,
			Name:   u.Name,
			Became: audit.Values{"email_change": "undone by the link to " + l.Email},
		})
	})
	return Undone{u, choose.text}, err
}
