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
	undoTime   = 7 * 24 * time.Hour
)

// MaxLinkTimes returns how long links are valid at most, by purpose.
func MaxLinkTimes() map[string]time.Duration {
	return map[string]time.Duration{
		string(models.LinkPassword): max(resetTime, inviteTime),
		string(models.LinkEmail):    emailTime,
		string(models.LinkUndo):     undoTime,
	}
}

// The paths of the pages that links open.
const (
	ResetPath   = "/login/reset"
	ConfirmPath = "/login/mail"
	UndoPath    = "/login/undo"
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

// save stores the link for a user. It is valid as long as the credentials that u has: if they have
// changed since u was read, it never is.
func (l link) save(tx *models.Tx, u models.User) error {
	newest, err := tx.NewestToken(tx.Context(), u.ID)
	if err != nil {
		return err
	}
	return l.saveSince(tx, u, newest)
}

// saveSince is save for a link about something that began when the user's newest token was the
// given one.
func (l link) saveSince(tx *models.Tx, u models.User, newest int64) error {
	return tx.CreateUserLink(models.UserLink{
		Hash:            tokenHash(l.text),
		UserID:          u.ID,
		Purpose:         l.purpose,
		Email:           l.email,
		ExpiresAt:       tx.Now().Add(l.lasts),
		CredentialsFrom: u.CredentialsFrom,
		LastToken:       newest,
	})
}

func (l link) address(base string) string {
	paths := map[models.LinkPurpose]string{
		models.LinkPassword: ResetPath,
		models.LinkEmail:    ConfirmPath,
		models.LinkUndo:     UndoPath,
	}
	return base + paths[l.purpose] + "?" + url.Values{"link": {l.text}}.Encode()
}

// CanSendMail reports whether mail to users is set up.
func (s *Service) CanSendMail() bool { return s.Mailer.Ready != nil && s.Mailer.Ready() }

// expiredLink replaces the error not found: the link is unknown, used or expired.
func expiredLink(err error) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "This link is invalid or has expired. Request a new one")
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

// LinkTokens lists the tokens of the user of a valid link, who decides which of them to keep.
func (s *Service) LinkTokens(ctx context.Context, u models.User) ([]models.Token, error) {
	return s.store.TokensOf(ctx, u.ID)
}

// PasswordByLink is the password that the user of a link has chosen. All their tokens end but those to
// keep.
type PasswordByLink struct {
	Link, New string
	Keep      []int64  // ids of tokens
	Revoke    []string // references of credentials of products
}

// ChooseByLink sets the password that the user of a link has chosen, and uses the link up. It ends
// all their other credentials. Their client is known from then on. It returns the device for the
// browser's cookie.
func (s *Service) ChooseByLink(ctx context.Context, c PasswordByLink, from Client) (device string, err error) {
	l, u, err := s.link(ctx, models.LinkPassword, c.Link)
	if err != nil {
		return "", err
	}
	hash, err := s.newHash(ctx, "new", c.New, u)
	if err != nil {
		return "", err
	}
	device = newDevice()
	actor := authz.UserActor(u)
	_, err = s.change(ctx, actor, u.ID, func(tx *models.Tx, u *models.User) error {
		if err := checkKept(tx.Context(), tx, u.ID, c.Keep); err != nil {
			return err
		}
		if err := use(tx, l, u); err != nil {
			return err
		}
		if err := s.revokeMade(tx, actor, u.ID, c.Revoke); err != nil {
			return err
		}
		// Earlier failures must not delay the next sign-in.
		if err := remember(tx, u.ID, from, device); err != nil {
			return err
		}
		if err := tx.SignInWorked(models.SignInTry{Limits: tryLimits("", u.Name, from.Address)}); err != nil {
			return err
		}
		return s.replacePassword(tx, actor, u, password{hash: hash, keeps: keepThese(c.Keep)})
	})
	return device, err
}

// use uses a link up. It fails if the user is deactivated.
func use(tx *models.Tx, l models.UserLink, u *models.User) error {
	if !u.Active {
		return expiredLink(fault.NewNotFound("user"))
	}
	return expiredLink(tx.UseUserLink(l))
}
