package observation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// waiversAtOnce is how many waivers of one product end in one transaction.
const waiversAtOnce = 1000

// Expire ends the waivers whose time has come: their observations count as
// their reports say, and the gate of each product is looked at once. It returns
// how many have ended.
func (s *Service) Expire(ctx context.Context) (int64, error) {
	var ended int64
	var wrong error
	left := map[int64]bool{} // products that have to wait: a large import is at work
	for after := (models.Waiver{}); ; {
		list, err := s.store.EndedWaivers(ctx, s.store.Now(), after, waiversAtOnce)
		if err != nil || len(list) == 0 {
			return ended, errors.Join(wrong, err)
		}
		after = list[len(list)-1]
		for product, ids := range byProduct(list) {
			if left[product] {
				continue
			}
			n, err := s.expire(ctx, product, ids)
			ended += n
			if err != nil {
				left[product] = true
			}
			if err != nil && !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.NotFound) {
				wrong = errors.Join(wrong, fmt.Errorf("end waivers of product %d: %w", product, err))
			}
		}
	}
}

func byProduct(list []models.Waiver) map[int64][]int64 {
	products := map[int64][]int64{}
	for _, w := range list {
		products[w.ProductID] = append(products[w.ProductID], w.ObservationID)
	}
	return products
}

// expire ends waivers of one product, as far as they still are to.
func (s *Service) expire(ctx context.Context, productID int64, ids []int64) (int64, error) {
	var ended int64
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockProduct(productID); err != nil {
			return err
		}
		list, err := waived(tx, productID, ids, func(o models.Observation) bool { return !o.Assessed.Until.After(tx.Now()) })
		if err != nil || len(list) == 0 {
			return err
		}
		ended = int64(len(list))
		j := models.AssessmentInput{
			Action:      models.ActionExpire,
			ClearStatus: true,
		} // a severity that somebody has set still counts
		_, err = s.judge(
			tx, productID, list, j, event.Cause{Kind: event.CauseWaiver, Text: "a waiver that has ended: " + named(list)}, "",
		)
		return err
	})
	if err != nil {
		return 0, err
	}
	return ended, nil
}

// waived reads observations that are waived and of which something holds.
func waived(
	tx *models.Tx, productID int64, ids []int64, holds func(o models.Observation) bool,
) ([]models.Observation, error) {
	var list []models.Observation
	for len(ids) > 0 {
		n := min(len(ids), 500)
		rows, err := tx.Observations(
			tx.Context(),
			models.SystemScope("waivers end by themselves"),
			models.ObservationFilter{ProductID: productID, IDs: ids[:n], All: true, Limit: n},
		)
		if err != nil {
			return nil, err
		}
		for _, o := range rows {
			if !o.Assessed.Until.IsZero() && holds(o) {
				list = append(list, o)
			}
		}
		ids = ids[n:]
	}
	return list, nil
}

// Notice tells of waivers that end within seven days: of each product's once,
// together. It returns of how many it has told.
func (s *Service) Notice(ctx context.Context) (int64, error) {
	var told int64
	var wrong error
	seen := map[int64]bool{}
	for after := (models.Waiver{}); ; {
		list, err := s.store.EndingWaivers(ctx, s.store.Now(), s.store.Now().Add(noticeTime), after, waiversAtOnce)
		if err != nil || len(list) == 0 {
			return told, errors.Join(wrong, err)
		}
		after = list[len(list)-1]
		for _, w := range list {
			if seen[w.ProductID] {
				continue
			}
			seen[w.ProductID] = true
			n, err := s.notice(ctx, w.ProductID)
			told += n
			if err != nil && !fault.Is(err, fault.NotFound) {
				wrong = errors.Join(wrong, fmt.Errorf("tell of waivers of product %d: %w", w.ProductID, err))
			}
		}
	}
}

func (s *Service) notice(ctx context.Context, productID int64) (int64, error) {
	var told int64
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		told = 0
		if err := tx.LockProduct(productID); err != nil {
			return err
		}
		ending, err := tx.EndingWaiversOf(tx.Context(), productID, tx.Now(), tx.Now().Add(noticeTime), MaxSelected)
		if err != nil {
			return err
		}
		ids := make([]int64, len(ending))
		for i, w := range ending {
			ids[i] = w.ObservationID
		}
		list, err := waived(tx, productID, ids, func(models.Observation) bool { return true })
		if err != nil || len(list) == 0 {
			return err
		}
		row, err := tx.Product(tx.Context(), models.SystemScope("waivers end by themselves"), productID)
		if err != nil {
			return err
		}
		told = int64(len(list))
		payload := event.WaiverExpiring{
			Product: event.Product{ID: row.ID, Name: row.Name},
			Count:   len(list),
			First:   first(list),
		}
		for _, o := range list {
			payload.Name(event.Waiver{
				ID:      o.ID,
				Finding: event.Finding{Title: o.Title, Severity: o.Severity, Component: o.Component},
				Until:   o.Assessed.Until,
			})
		}
		if _, err := s.events.Append(tx, productID, "", payload); err != nil {
			return err
		}
		return tx.NoticeWaivers(ids)
	})
	if err != nil {
		return 0, err
	}
	return told, nil
}

// first is when the first of some waivers ends.
func first(list []models.Observation) time.Time {
	at := list[0].Assessed.Until
	for _, o := range list {
		if o.Assessed.Until.Before(at) {
			at = o.Assessed.Until
		}
	}
	return at
}
