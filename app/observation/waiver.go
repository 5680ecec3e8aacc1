package observation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// waiverBatch is how many waivers one query reads.
const waiverBatch = MaxSelected

// Expire ends the waivers whose time is over: their observations get the status of their
// reports, and the gates are evaluated. It returns how many have ended. If one product
// fails, it goes on with the others and returns all errors joined.
func (s *Service) Expire(ctx context.Context) (int64, error) {
	var ended int64
	var errs error
	skipped := map[int64]bool{} // products that failed; in most cases a large import runs
	for after := (models.Waiver{}); ; {
		list, err := s.store.EndedWaivers(ctx, s.store.Now(), after, waiverBatch)
		if err != nil || len(list) == 0 {
			return ended, errors.Join(errs, err)
		}
		after = list[len(list)-1]
		for product, ids := range byProduct(list) {
			if skipped[product] {
				continue
			}
			n, err := s.expire(ctx, product, ids)
			ended += n
			if err != nil {
				skipped[product] = true
			}
			if err != nil && !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.NotFound) {
				errs = errors.Join(errs, fmt.Errorf("end waivers of product %d: %w", product, err))
			}
		}
	}
}

// ExpireOf ends the waivers of a product whose time is over, as Expire does.
func (s *Service) ExpireOf(ctx context.Context, productID int64) error {
	for {
		list, err := s.store.EndedWaiversOf(ctx, productID, s.store.Now(), waiverBatch)
		if err != nil || len(list) == 0 {
			return err
		}
		if _, err := s.expire(ctx, productID, byProduct(list)[productID]); err != nil {
			return err
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

// expire ends those waivers of one product that are still due, many of them in parts.
func (s *Service) expire(ctx context.Context, productID int64, ids []int64) (int64, error) {
	if len(ids) > maxAtOnce {
		return s.expireInParts(ctx, productID, ids)
	}
	var ended int64
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockProduct(productID); err != nil {
			return err
		}
		list, err := waived(tx.Context(), tx, productID, ids)
		list = slices.DeleteFunc(list, func(o models.Observation) bool { return !waiverDue(o, tx.Now()) })
		if err != nil || len(list) == 0 {
			return err
		}
		ended = int64(len(list))
		cause := event.Cause{Kind: event.CauseWaiver, Text: "a waiver that has ended: " + describe(list)}
		_, err = s.apply(tx, productID, list, endOfWaiver, cause, "")
		return err
	})
	if err != nil {
		return 0, err
	}
	return ended, nil
}

// endOfWaiver removes the assessed status; an assessed severity stays.
var endOfWaiver = models.AssessmentInput{Action: models.ActionExpire, ClearStatus: true}

// expireInParts ends the waivers of one product in a run, which is written to its end.
func (s *Service) expireInParts(ctx context.Context, productID int64, ids []int64) (int64, error) {
	list, err := waived(ctx, s.store, productID, ids)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	run := models.AssessmentRun{ProductID: productID, Input: endOfWaiver}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockProduct(productID); err != nil {
			return err
		}
		return beginRun(tx, &run, list)
	})
	if err == nil {
		err = s.write(ctx, run)
	}
	if err != nil {
		return 0, err
	}
	run, err = s.store.AssessmentRun(ctx, run.ID)
	return int64(run.Changed), err
}

// waiverDue reports whether an observation has a waiver that has ended.
func waiverDue(o models.Observation, now time.Time) bool {
	return !o.Assessed.Until.IsZero() && !o.Assessed.Until.After(now)
}

// waived reads the observations of some IDs that have a waiver.
func waived(ctx context.Context, r reader, productID int64, ids []int64) ([]models.Observation, error) {
	var list []models.Observation
	for part := range slices.Chunk(ids, readBatch) {
		f := models.ObservationFilter{ProductID: productID, IDs: part, All: true, Limit: len(part)}
		rows, err := r.Observations(ctx, models.SystemScope("waivers end by themselves"), f)
		if err != nil {
			return nil, err
		}
		for _, o := range rows {
			if !o.Assessed.Until.IsZero() {
				list = append(list, o)
			}
		}
	}
	return list, nil
}

// Notice announces the waivers that end within noticeTime, each once, with one event per
// product. It returns how many it has announced. If one product fails, it goes on with the
// others and returns all errors joined.
func (s *Service) Notice(ctx context.Context) (int64, error) {
	var announced int64
	var errs error
	seen := map[int64]bool{}
	for after := (models.Waiver{}); ; {
		list, err := s.store.EndingWaivers(ctx, s.store.Now(), s.store.Now().Add(noticeTime), after, waiverBatch)
		if err != nil || len(list) == 0 {
			return announced, errors.Join(errs, err)
		}
		after = list[len(list)-1]
		for _, w := range list {
			if seen[w.ProductID] {
				continue
			}
			seen[w.ProductID] = true
			n, err := s.announceEnding(ctx, w.ProductID)
			announced += n
			if err != nil && !fault.Is(err, fault.NotFound) {
				errs = errors.Join(errs, fmt.Errorf("announce ending waivers of product %d: %w", w.ProductID, err))
			}
		}
	}
}

// announceEnding announces the ending waivers of one product, and returns their number.
func (s *Service) announceEnding(ctx context.Context, productID int64) (int64, error) {
	var announced int64
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		announced = 0
		if err := tx.LockProduct(productID); err != nil {
			return err
		}
		ending, err := tx.EndingWaiversOf(tx.Context(), productID, tx.Now(), tx.Now().Add(noticeTime), MaxSelected)
		if err != nil {
			return err
		}
		if len(ending) == 0 {
			return nil
		}
		ids := make([]int64, len(ending))
		for i, w := range ending {
			ids[i] = w.ObservationID
		}
		named, err := waived(tx.Context(), tx, productID, ids[:min(len(ids), event.MaxWaivers)])
		if err != nil {
			return err
		}
		row, err := tx.Product(tx.Context(), models.SystemScope("waivers end by themselves"), productID)
		if err != nil {
			return err
		}
		announced = int64(len(ending))
		payload := event.WaiverExpiring{
			Product: event.Product{ID: row.ID, Name: row.Name},
			Count:   len(ending),
			First:   ending[0].Until,
		}
		for _, o := range named {
			payload.Name(event.Waiver{Finding: event.FindingOf(o), Until: o.Assessed.Until})
		}
		if _, err := s.events.Append(tx, productID, "", payload); err != nil {
			return err
		}
		return tx.NoticeWaivers(ids)
	})
	if err != nil {
		return 0, err
	}
	return announced, nil
}
