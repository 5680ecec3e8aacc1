package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/url"
	"time"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// How long links are valid.
const (
	resetTime  = time.Hour
	emailTime  = 24 * time.Hour
	inviteTime = 72 * time.Hour // from an administrator: it can wait over a weekend
)

// The paths of the pages that links open.
const (
	ResetPath   = "/login/reset"
	ConfirmPath = "/login/mail"
)

// link is a new link for a mail. Its text is not stored, only its hash.
type link struct {
	text    string
	purpose models.LinkPurpose
	email   string
	lasts   time.Duration
}

func newLink(purpose models.LinkPurpose, email string, lasts time.Duration) link {
	b := make([]byte, 32)
	rand.Read(b)
	return link{base64.RawURLEncoding.EncodeToString(b), purpose, email, lasts}
}

func (l link) save(tx *models.Tx, userID int64) error {
	return tx.CreateUserLink(models.UserLink{
		Hash:      tokenHash(l.text),
		UserID:    userID,
		Purpose:   l.purpose,
		Email:     l.email,
		ExpiresAt: tx.Now().Add(l.lasts),
	})
}

func (l link) address(base string) string {
	path := ResetPath
	if l.purpose == models.LinkEmail {
		path = ConfirmPath
	}
	return base + path + "?" + url.Values{"link": {l.text}}.Encode()
}

// CanSendMail reports whether mail to users is set up.
func (s *Service) CanSendMail() bool { return s.Mailer.Ready != nil && s.Mailer.Ready() }

// expiredLink replaces the error not found: the link is unknown, used or expired.
func expiredLink(err error) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "This link does not work any more: each works once, and not for long")
	}
	return err
}

// LinkUser returns the user of a valid link.
func (s *Service) LinkUser(ctx context.Context, purpose models.LinkPurpose, text string) (models.User, error) {
	_, u, err := s.link(ctx, purpose, text)
	return u, err
}

func (s *Service) link(
	ctx context.Context, purpose models.LinkPurpose, text string,
) (models.UserLink, models.User, error) {
	l, err := s.store.UserLink(ctx, purpose, tokenHash(text))
	if err != nil {
		return models.UserLink{}, models.User{}, expiredLink(err)
	}
	u, err := s.store.User(ctx, l.UserID)
	if err == nil && !u.Active {
		err = fault.NewNotFound("user")
	}
	return l, u, expiredLink(err)
}

// ChooseByLink sets the password that the user of a link has chosen. It ends all their sessions
// and uses the link up.
func (s *Service) ChooseByLink(ctx context.Context, text, password string) error {
	l, u, err := s.link(ctx, models.LinkPassword, text)
	if err != nil {
		return err
	}
	hash, err := s.newHash(ctx, "new", password, u)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, authz.UserActor(u), u.ID, func(tx *models.Tx, u *models.User) error {
		if err := use(tx, l, u); err != nil {
			return err
		}
		// Earlier failures must not delay the next sign-in.
		if err := tx.SignInWorked(tryLimits("", u.Name, "")...); err != nil {
			return err
		}
		return replacePassword(tx, u, hash, false)
	})
	return err
}

// use uses a link up. It fails if the user is deactivated.
func use(tx *models.Tx, l models.UserLink, u *models.User) error {
	if !u.Active {
		return expiredLink(fault.NewNotFound("user"))
	}
	return expiredLink(tx.UseUserLink(l))
}

// ConfirmEmail sets the user's email to the address that a link was sent to.
func (s *Service) ConfirmEmail(ctx context.Context, text string) (models.User, error) {
	l, u, err := s.link(ctx, models.LinkEmail, text)
	if err != nil {
		return models.User{}, err
	}
	return s.change(ctx, authz.UserActor(u), u.ID, func(tx *models.Tx, u *models.User) error {
		if u.EmailPending != l.Email {
			return expiredLink(fault.NewNotFound("link"))
		}
		if err := use(tx, l, u); err != nil {
			return err
		}
		u.Email, u.EmailPending = l.Email, ""
		return tx.EndUserLinks(u.ID, models.LinkPassword) // those went to the old address
	})
}
