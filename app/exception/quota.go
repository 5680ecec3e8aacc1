package exception

import (
	"context"
	"errors"
	"time"

	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

const (
	// quotaTime is the time of a quota: it begins with the first notification, and a summary
	// ends it if some were left.
	quotaTime = time.Hour
	// maxNamed is how many exceptions a summary names.
	maxNamed = 10
	// maxOwners is how many summaries one call of Summarize writes.
	maxOwners = 100
)

// quotaEnded reports whether the hour of a quota has ended. One that begins in the future has:
// the clock was moved back.
func quotaEnded(q models.ExceptionQuota, now time.Time) bool {
	return q.BeganAt.After(now) || !now.Before(q.BeganAt.Add(quotaTime))
}

// takeQuota counts a notification of an owner, and reports whether it is within the owner's quota.
// If not, it is left for the summary of the hour that began at the returned time.
func (s *Service) takeQuota(tx *models.Tx, owner int64, limit int64) (ok bool, began time.Time, err error) {
	q, err := tx.LockExceptionQuota(owner)
	if err != nil {
		return false, time.Time{}, err
	}
	if quotaEnded(q, tx.Now()) {
		if err := s.appendSummary(tx, q, limit); err != nil {
			return false, time.Time{}, err
		}
		q = models.ExceptionQuota{Owner: owner, BeganAt: tx.Now()}
	}
	if ok = q.Sent < limit; ok {
		q.Sent++
	} else {
		q.Held++
	}
	return ok, q.BeganAt, tx.SaveExceptionQuota(q)
}

// notifyOrHold appends the event of a claim that notifies, or leaves it for the summary of the
// hour. It sets the claim's outcome.
func (s *Service) notifyOrHold(tx *models.Tx, o occurrence, c *models.ExceptionClaim) error {
	ok, began, err := s.takeQuota(tx, o.key.owner, o.policy.MaxPerHour)
	if err != nil {
		return err
	}
	if ok {
		return s.appendEvent(tx, o, *c)
	}
	c.Notify = false
	c.Suppressed, err = tx.HoldException(c.GroupID, began)
	return err
}

// Summarize appends the summaries of the hours that have ended. Several instances can call it:
// the one that locks a quota first writes its summary.
func (s *Service) Summarize(ctx context.Context) error {
	owners, err := s.store.EndedExceptionQuotas(ctx, quotaTime, maxOwners)
	if err != nil {
		return err
	}
	var errs error
	for _, owner := range owners {
		errs = errors.Join(errs, s.store.Write(ctx, func(tx *models.Tx) error { return s.summarize(tx, owner) }))
	}
	return errs
}

// summarize appends the summary of an owner's hour, if it has ended and no other caller has.
func (s *Service) summarize(tx *models.Tx, owner int64) error {
	if owner != 0 {
		if err := tx.LockProductShared(owner); err != nil {
			if fault.Is(err, fault.NotFound) {
				return nil // deleted, with its quota
			}
			return err
		}
	}
	q, err := tx.LockExceptionQuota(owner)
	if err != nil || q.Held == 0 || !quotaEnded(q, tx.Now()) {
		return err
	}
	if err := s.appendSummary(tx, q, s.policy().MaxPerHour); err != nil {
		return err
	}
	return tx.SaveExceptionQuota(models.ExceptionQuota{Owner: owner, BeganAt: tx.Now()})
}

// appendSummary appends the event that replaces the notifications left by a quota. It appends none
// if there are none, or a user has deleted all their groups.
func (s *Service) appendSummary(tx *models.Tx, q models.ExceptionQuota, limit int64) error {
	if q.Held == 0 {
		return nil
	}
	list, groups, err := tx.HeldExceptions(tx.Context(), q, maxNamed)
	if err != nil || groups == 0 {
		return err
	}
	payload := event.ExceptionsJoined{
		Since:         q.BeganAt,
		Until:         tx.Now(),
		Limit:         limit,
		Notifications: q.Held,
		Groups:        groups,
		Exceptions:    make([]event.JoinedException, len(list)),
	}
	for i, h := range list {
		payload.Exceptions[i] = event.JoinedException{
			Group: h.ID, From: h.Kind, Class: h.Class, Count: h.Count, Regressed: h.Regressed,
		}
	}
	if payload.Product, err = s.productOf(tx, q.Owner); err != nil {
		return err
	}
	_, err = s.events.Append(tx, q.Owner, "", payload)
	return err
}

// productOf returns an owner as the product of an event, nil for Gatecrier itself.
func (s *Service) productOf(tx *models.Tx, owner int64) (*event.Product, error) {
	if owner == 0 {
		return nil, nil //nolint:nilnil // no product
	}
	row, err := tx.Product(tx.Context(), models.SystemScope("an exception of it notifies"), owner)
	if err != nil {
		return nil, err
	}
	return &event.Product{ID: row.ID, Name: row.Name}, nil
}
