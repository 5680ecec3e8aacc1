package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/url"
	"strings"
	"time"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/module"
	"gatecrier/models"
)

// How long links work.
const (
	resetTime  = time.Hour
	emailTime  = 24 * time.Hour
	inviteTime = 72 * time.Hour // made by an administrator: it may lie over a weekend
)

// The pages that links lead to.
const (
	ResetPath   = "/login/reset"
	ConfirmPath = "/login/mail"
)

// link is one that is about to be mailed: its text is kept nowhere.
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

// CanSendMail reports whether mail to people is set up.
func (s *Service) CanSendMail() bool { return s.Post.Ready != nil && s.Post.Ready() }

// Forgot sends a link to choose a new password to whoever has a name or a mail
// address. What it answers, and how fast, is the same where there is nobody: all
// that differs happens later.
func (s *Service) Forgot(ctx context.Context, who, from string) error {
	if !s.CanSendMail() {
		return fault.New(fault.Unavailable, "Mail is not set up here: ask an administrator for a new password")
	}
	if err := s.mayTry(ctx, tryLimits("forgot ", who, from), "That was asked too often."); err != nil {
		return err
	}
	who = strings.TrimSpace(who)
	s.sendLater(func(ctx context.Context) ([]accountMail, error) { return s.forgotten(ctx, who, from) })
	return nil
}

// sameAddress bounds to how many users of one address a link is sent.
const sameAddress = 5

// forgotten makes the links for those who have a name or a mail address.
func (s *Service) forgotten(ctx context.Context, who, from string) ([]accountMail, error) {
	users, err := s.findUsers(ctx, who)
	if err != nil {
		return nil, err
	}
	var mails []accountMail
	for _, u := range users {
		if u.Email == "" || !u.Active {
			s.log.InfoContext(ctx, "no link for a new password", "user", u.ID, "active", u.Active)
			continue
		}
		link := newLink(models.LinkPassword, u.Email, resetTime)
		if err := s.store.Write(ctx, func(tx *models.Tx) error { return link.save(tx, u.ID) }); err != nil {
			return mails, err
		}
		mails = append(mails, s.resetMail(u, link, from))
	}
	return mails, nil
}

// findUsers are the users of a name, else those of a mail address.
func (s *Service) findUsers(ctx context.Context, who string) ([]models.User, error) {
	u, err := s.store.UserByName(ctx, who)
	switch {
	case err == nil:
		return []models.User{u}, nil
	case !fault.Is(err, fault.NotFound):
		return nil, err
	case who == "":
		return nil, nil
	}
	return s.store.UsersByEmail(ctx, who, sameAddress)
}

// deadLink is the answer to one that is unknown, used or expired.
func deadLink(err error) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "This link does not work any more: each works once, and not for long")
	}
	return err
}

// LinkUser is whose a link is that still works.
func (s *Service) LinkUser(ctx context.Context, purpose models.LinkPurpose, text string) (models.User, error) {
	_, u, err := s.link(ctx, purpose, text)
	return u, err
}

func (s *Service) link(
	ctx context.Context, purpose models.LinkPurpose, text string,
) (models.UserLink, models.User, error) {
	l, err := s.store.UserLink(ctx, purpose, tokenHash(text))
	if err != nil {
		return models.UserLink{}, models.User{}, deadLink(err)
	}
	u, err := s.store.User(ctx, l.UserID)
	if err == nil && !u.Active {
		err = fault.NewNotFound("user")
	}
	return l, u, deadLink(err)
}

// ChooseByLink gives the user of a link the password that he has chosen. All his
// sessions end, and the link works no more.
func (s *Service) ChooseByLink(ctx context.Context, text, fresh string) error {
	l, u, err := s.link(ctx, models.LinkPassword, text)
	if err != nil {
		return err
	}
	hash, err := s.newHash(ctx, "new", fresh, u)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, authz.UserActor(u), u.ID, func(tx *models.Tx, u *models.User) error {
		if err := use(tx, l, u); err != nil {
			return err
		}
		if err := tx.SignInWorked(tryLimits("", u.Name, "")...); err != nil { // failures of before do not keep him waiting
			return err
		}
		return replacePassword(tx, u, hash, false)
	})
	return err
}

// use takes a link, while its user is active.
func use(tx *models.Tx, l models.UserLink, u *models.User) error {
	if !u.Active {
		return deadLink(fault.NewNotFound("user"))
	}
	return deadLink(tx.UseUserLink(l))
}

// ConfirmEmail makes the address that a link was sent to that of its user.
func (s *Service) ConfirmEmail(ctx context.Context, text string) (models.User, error) {
	l, u, err := s.link(ctx, models.LinkEmail, text)
	if err != nil {
		return models.User{}, err
	}
	return s.change(ctx, authz.UserActor(u), u.ID, func(tx *models.Tx, u *models.User) error {
		if u.EmailPending != l.Email {
			return deadLink(fault.NewNotFound("link"))
		}
		if err := use(tx, l, u); err != nil {
			return err
		}
		u.Email, u.EmailPending = l.Email, ""
		return tx.EndUserLinks(u.ID, models.LinkPassword) // they went to the old address
	})
}

func (s *Service) message(title, why string, l link) module.Message {
	return module.Message{
		ID: "account_" + rand.Text(), Type: module.TypeAccount, Version: 1, Time: s.store.Now(), Tone: module.TonePlain,
		Title: title, Why: why, Link: l.address(s.BaseURL()),
	}
}

func (s *Service) resetMail(u models.User, l link, from string) accountMail {
	return accountMail{u.ID, l.email, s.message("Choose a new password for "+u.Name,
		"Somebody at "+from+" has asked for this on the page for forgotten passwords. The link works once, within an hour. "+
			"If it was not you, do nothing: your password stays as it is.", l)}
}

func (s *Service) inviteMail(u models.User, l link) accountMail {
	return accountMail{u.ID, l.email, s.message("Choose a password for "+u.Name,
		"An administrator has made this possible. The link works once, within three days. You sign in as "+u.Name+".", l)}
}

func (s *Service) emailMail(u models.User, l link) accountMail {
	return accountMail{u.ID, l.email, s.message("Is this the address of "+u.Name+"?",
		"Confirm it within a day, and mail for this account comes here. If you do not know of this, do nothing.", l)}
}
