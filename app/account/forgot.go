package account

import (
	"context"
	"strconv"
	"strings"
	"time"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// Forgot sends a link for a new password to the users with a name or an email address. The
// answer and its timing do not depend on whether such a user exists: the search runs later.
//
// It limits tries by name and network. Emails to a user have a bound of their own, which changes no
// answer: while it holds them back, the last link still works.
func (s *Service) Forgot(ctx context.Context, who string, from Client) error {
	if !s.CanSendMail() {
		return fault.New(fault.Unavailable, "Mail is not set up here: ask an administrator for a new password")
	}
	who = strings.TrimSpace(who)
	tried := trouble{what: triedForgot, name: who, network: networkOf(from.Address)}
	tries := []models.SignInTry{{Limits: tryLimits("forgot ", who, from.Address)}}
	if from.Device != "" {
		_, known, err := s.store.Known(ctx, who, "", hashed(from.Device))
		if err != nil {
			return err
		}
		if known { // strangers in the same network must not delay the user
			device := byName("forgot device " + hashed(who) + " " + hashed(from.Device))
			tries = append(tries, models.SignInTry{Limits: []models.SignInLimit{device}})
		}
	}
	if _, err := s.mayTry(ctx, tried, tries, "That was asked too often."); err != nil {
		return err
	}
	s.sendLater(func(ctx context.Context) ([]accountMail, error) { return s.resetMails(ctx, who, from.Address) })
	return nil
}

// maxSameAddress bounds the users of one email address that get a link.
const maxSameAddress = 5

// resetMails creates the links and the mails for the users with a name or an email address.
func (s *Service) resetMails(ctx context.Context, who, from string) ([]accountMail, error) {
	users, err := s.findUsers(ctx, who)
	if err != nil {
		return nil, err
	}
	var mails []accountMail
	for _, u := range users {
		if u.Email == "" || !u.Active {
			s.log.InfoContext(ctx, "skip password link", "user", u.ID, "active", u.Active)
			continue
		}
		if held, err := s.holdsReset(ctx, u); err != nil || held {
			if err != nil {
				return mails, err
			}
			continue
		}
		link := newLink(models.LinkPassword, u.Email, resetTime)
		if err := s.store.Write(ctx, func(tx *models.Tx) error { return link.save(tx, u) }); err != nil {
			return mails, err
		}
		mails = append(mails, s.resetMail(u, link, from))
	}
	return mails, nil
}

// findUsers returns the user of a name, else the users of an email address.
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
	return s.store.UsersByEmail(ctx, who, maxSameAddress)
}

// maxResetWait bounds the wait between two emails with links: shorter than a link is valid, so that a
// user whom strangers ask for always has one that works.
const maxResetWait = resetTime / 2

// holdsReset reports whether a user has got too many emails with links lately.
func (s *Service) holdsReset(ctx context.Context, u models.User) (bool, error) {
	limit := models.SignInLimit{Key: "forgot mail " + strconv.FormatInt(u.ID, 10), Free: freeByName, Max: maxResetWait}
	var until time.Time
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		var err error
		until, err = tx.TrySignIn(models.SignInTry{Limits: []models.SignInLimit{limit}})
		return err
	})
	if !until.IsZero() {
		s.log.InfoContext(ctx, "hold back password link: the last one still works", "user", u.ID)
	}
	return !until.IsZero(), err
}
