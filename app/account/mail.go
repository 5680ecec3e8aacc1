package account

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"gatecrier/app/module"
	"gatecrier/models"
)

// accountMail is an email to one user. It is not in the delivery log, which would show its link, keep
// it for months and let users send it again.
type accountMail struct {
	userID  int64
	to      string
	message module.Message
	lasts   time.Duration // it is not sent later
	link    []byte        // the hash of its link, nil for none: it is sent only while that is valid
	public  bool          // strangers can cause it: it is sent after all others
}

// mailContent is what is sealed of an email.
type mailContent struct {
	To      string
	Message module.Message
}

const (
	mailEvery = time.Second      // between looks for due emails
	mailLease = 30 * time.Second // of an email that is being sent
	mailBatch = 4                // emails that are sent at the same time
	staleMost = 100              // emails that one transaction drops
)

// sendTime bounds one attempt.
const sendTime = 8 * time.Second

const (
	// MaxMailWait is the longest time until the next attempt of an email.
	MaxMailWait = 10 * time.Minute
	// MaxMailTime is the longest time for which an email waits.
	MaxMailTime = undoTime
)

// pauses are the pauses after failed attempts; the last one repeats.
var pauses = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 5 * time.Minute, MaxMailWait}

// queue stores emails in the transaction of the change that they are about. After its commit, call
// wakeMail.
func (s *Service) queue(tx *models.Tx, mails ...accountMail) error {
	for _, m := range mails {
		row := models.AccountMail{
			ID:        m.message.ID,
			UserID:    m.userID,
			Link:      m.link,
			ExpiresAt: tx.Now().Add(m.lasts),
		}
		if m.public {
			row.Rank = 1
		}
		if err := s.seal(&row, mailContent{m.to, m.message}); err != nil {
			return err
		}
		if err := tx.CreateAccountMail(row); err != nil {
			return err
		}
	}
	return nil
}

// seal seals the content of a row.
func (s *Service) seal(row *models.AccountMail, content any) error {
	text, err := json.Marshal(content)
	if err != nil {
		return fmt.Errorf("write account email: %w", err)
	}
	row.Content, err = s.Ring.Seal(row.Place(), string(text))
	return err
}

// open reads the content of a row.
func (s *Service) open(row models.AccountMail, content any) error {
	text, err := s.Ring.Open(row.Place(), row.Content)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), content)
}

// wakeMail lets the loops look for emails and requests at once. It never waits.
func (s *Service) wakeMail() {
	for _, c := range []chan struct{}{s.mailDue, s.requestDue} {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// repeat calls fn until ctx ends: at once, when it is woken, and every mailEvery.
func repeat(ctx context.Context, woken <-chan struct{}, fn func(ctx context.Context)) {
	ticker := time.NewTicker(mailEvery)
	defer ticker.Stop()
	for ctx.Err() == nil {
		fn(ctx)
		select {
		case <-ctx.Done():
		case <-ticker.C:
		case <-woken:
		}
	}
}

// Run sends emails until ctx ends. Those that are left then are sent by another instance, or after
// the next start.
func (s *Service) Run(ctx context.Context) { repeat(ctx, s.mailDue, s.sendMails) }

func (s *Service) sendMails(ctx context.Context) {
	for ctx.Err() == nil {
		mails, err := s.claimMails(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "claim account emails", "error", err)
		}
		if err != nil || len(mails) == 0 {
			return
		}
		var group sync.WaitGroup
		for _, m := range mails {
			group.Go(func() { s.sendMail(context.WithoutCancel(ctx), m) })
		}
		group.Wait()
	}
}

// claimMails claims some emails that are due. It drops those that are of no use any more.
func (s *Service) claimMails(ctx context.Context) ([]models.AccountMail, error) {
	due, err := s.store.HasDueAccountMail(ctx)
	if err != nil || !due {
		return nil, err
	}
	var mails, stale []models.AccountMail
	err = s.store.Write(ctx, func(tx *models.Tx) (err error) {
		if stale, err = tx.DropStaleAccountMails(staleMost); err != nil {
			return err
		}
		mails, err = tx.ClaimAccountMails(s.Claim(), tx.Now().Add(mailLease), mailBatch)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, m := range stale {
		s.log.WarnContext(ctx, "drop account email: too late", "user", m.UserID, "attempts", m.Attempts)
	}
	return mails, nil
}

// sendMail tries to send an email once, and stores what follows.
func (s *Service) sendMail(ctx context.Context, m models.AccountMail) {
	r := s.attempt(ctx, m)
	again := r.Kind() != module.KindDelivered && retryable(r.Kind())
	switch {
	case r.Kind() == module.KindDelivered:
		s.log.InfoContext(ctx, "email sent", "user", m.UserID)
	case again:
		s.log.WarnContext(ctx, "send account email", "user", m.UserID, "attempt", m.Attempts, "reason", r.Reason)
	default:
		s.log.WarnContext(ctx, "stop retrying account email", "user", m.UserID, "attempt", m.Attempts, "reason", r.Reason)
	}
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		if again {
			return tx.RetryAccountMail(m, tx.Now().Add(pauses[min(m.Attempts, len(pauses))-1]))
		}
		_, err := tx.DeleteAccountMail(m)
		return err
	})
	if err != nil {
		s.log.ErrorContext(ctx, "write result of account email", "user", m.UserID, "error", err)
	}
}

func (s *Service) attempt(ctx context.Context, m models.AccountMail) (r module.Result) {
	defer func() {
		if v := recover(); v != nil {
			s.log.ErrorContext(ctx, "send account email", "panic", v, "stack", string(debug.Stack()))
			r = module.Transient("the program failed")
		}
	}()
	var content mailContent
	if err := s.open(m, &content); err != nil {
		s.log.ErrorContext(ctx, "open account email", "error", err)
		return module.Transient("it cannot be opened")
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime) // not the store's clock
	defer cancel()
	return s.Mailer.Send(ctx, content.To, content.Message)
}

// retryable reports whether another attempt can succeed. Mail that is not set up can be again.
func retryable(k module.Kind) bool {
	return k == module.KindTransient || k == module.KindRetryAfter || k == module.KindRejected ||
		k == module.KindSkipped
}
