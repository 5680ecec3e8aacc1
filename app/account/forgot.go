package account

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"strings"

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
		return fault.New(fault.Unavailable,
			"Email is not configured on this server. Ask an administrator to reset your password")
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
	if _, err := s.mayTry(ctx, tried, tries, "Too many requests."); err != nil {
		return err
	}
	return s.storeRequest(ctx, linkRequest{who, from.Address})
}

// linkRequest is what is sealed of a request for a link: users type passwords there by mistake.
type linkRequest struct{ Who, From string }

const (
	maxLinkRequests = 500 // that wait; they wait for the database only, never for the mail server
	maxWho          = 640 // bytes: no user has a longer name or address
	requestBatch    = 20
)

// storeRequest stores a request until its users are looked up. It takes as long for any name.
func (s *Service) storeRequest(ctx context.Context, r linkRequest) error {
	if len(r.Who) > maxWho {
		r.Who = ""
	}
	row := models.AccountMail{ID: "request_" + rand.Text(), Rank: 1, ExpiresAt: s.store.Now().Add(resetTime)}
	if err := s.seal(&row, r); err != nil {
		return err
	}
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		n, err := tx.CountLinkRequests(tx.Context(), maxLinkRequests)
		if err != nil {
			return err
		}
		if n == maxLinkRequests {
			return fault.New(fault.Unavailable, "Too many requests are waiting. Try again in a few minutes")
		}
		return tx.CreateAccountMail(row)
	})
	if err == nil {
		s.wakeMail()
	}
	return err
}

// RunRequests looks up the users of requests for a password link, until ctx ends.
func (s *Service) RunRequests(ctx context.Context) { repeat(ctx, s.requestDue, s.answerRequests) }

func (s *Service) answerRequests(ctx context.Context) {
	for ctx.Err() == nil {
		list, err := s.store.LinkRequests(ctx, requestBatch)
		for _, row := range list {
			err = errors.Join(err, s.answerRequest(ctx, row))
		}
		if err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "answer requests for password links", "error", err)
		}
		if err != nil || len(list) < requestBatch {
			return
		}
	}
}

// maxSameAddress bounds the users of one email address that get a link.
const maxSameAddress = 5

// answerRequest replaces a request by the emails to its users, in one transaction.
func (s *Service) answerRequest(ctx context.Context, row models.AccountMail) error {
	var r linkRequest
	if err := s.open(row, &r); err != nil {
		return err
	}
	var users []models.User
	if row.ExpiresAt.After(s.store.Now()) {
		var err error
		if users, err = s.findUsers(ctx, r.Who); err != nil {
			return err
		}
	}
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		ok, err := tx.DeleteAccountMail(row)
		if err != nil || !ok || len(users) == 0 {
			return err
		}
		if err := tx.LockUsers(); err != nil { // users before limits, the lock order everywhere
			return err
		}
		for _, u := range users {
			if err := s.sendLink(tx, u.ID, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && len(users) > 0 {
		s.wakeMail()
	}
	return err
}

// sendLink stores the email with a link for a user, unless they have got too many lately.
func (s *Service) sendLink(tx *models.Tx, id int64, r linkRequest) error {
	u, err := tx.LockUser(id)
	if err != nil {
		return err
	}
	if u.Email == "" || !u.Active {
		s.log.Info("skip password link", "user", u.ID, "active", u.Active)
		return nil
	}
	if held, err := s.holdsReset(tx, u); err != nil || held {
		return err
	}
	link := newLink(models.LinkPassword, u.Email, resetTime)
	if err := link.save(tx, u); err != nil {
		return err
	}
	return s.queue(tx, s.resetMail(u, link, r.From))
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
// user always has one that works, even if others request them.
const maxResetWait = resetTime / 2

// holdsReset reports whether a user has got too many emails with links lately.
func (s *Service) holdsReset(tx *models.Tx, u models.User) (bool, error) {
	limit := models.SignInLimit{Key: "forgot email " + strconv.FormatInt(u.ID, 10), Free: freeByName, Max: maxResetWait}
	until, err := tx.TrySignIn(models.SignInTry{Limits: []models.SignInLimit{limit}})
	if !until.IsZero() {
		s.log.Info("skip password link: the last one is still valid", "user", u.ID)
	}
	return !until.IsZero(), err
}
