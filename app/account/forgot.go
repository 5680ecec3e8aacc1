package account

import (
	"context"
	"strings"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// Forgot sends a link for a new password to the users with a name or an email address. The
// answer and its timing do not depend on whether such a user exists: the search runs later.
func (s *Service) Forgot(ctx context.Context, who, from string) error {
	if !s.CanSendMail() {
		return fault.New(fault.Unavailable, "Mail is not set up here: ask an administrator for a new password")
	}
	if err := s.mayTry(ctx, tryLimits("forgot ", who, from), "That was asked too often."); err != nil {
		return err
	}
	who = strings.TrimSpace(who)
	s.sendLater(func(ctx context.Context) ([]accountMail, error) { return s.resetMails(ctx, who, from) })
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
