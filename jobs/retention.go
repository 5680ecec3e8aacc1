package jobs

import (
	"context"
	"time"

	"gatecrier/models"
)

// forgetNotifications deletes old notifications with their marks, those beyond the bound if there
// is one, and silences that ended before them.
func forgetNotifications(ctx context.Context, w *Work) error {
	before, forever := w.cutoff(w.Keep.Notifications)
	if forever != "" {
		if w.Keep.MaxNotifications == 0 {
			w.message = forever
		}
		return deleteExcessNotifications(ctx, w)
	}
	if err := w.deleteOld(ctx, models.NotificationTable, before); err != nil {
		return err
	}
	if err := deleteExcessNotifications(ctx, w); err != nil {
		return err
	}
	return w.Repeat(ctx, func(tx *models.Tx, limit int) (int64, error) {
		return tx.DeleteOldSilences(before, limit)
	})
}

// deleteExcessNotifications deletes the oldest notifications beyond the bound, if there is one.
func deleteExcessNotifications(ctx context.Context, w *Work) error {
	if w.Keep.MaxNotifications == 0 {
		return nil
	}
	upto, err := w.store.NotificationsBeyond(ctx, w.Keep.MaxNotifications)
	if err != nil || upto == 0 {
		return err
	}
	return w.Repeat(ctx, func(tx *models.Tx, limit int) (int64, error) {
		return tx.DeleteOldNotifications(upto, limit)
	})
}

// forgetDeliveries deletes deliveries that ended long ago.
func forgetDeliveries(ctx context.Context, w *Work) error {
	return w.applyRetention(ctx, models.DeliveryTable, w.Keep.Deliveries)
}

// forgetEvents deletes old events without references.
func forgetEvents(ctx context.Context, w *Work) error {
	return w.applyRetention(ctx, models.EventTable, w.Keep.Events)
}

func forgetAudit(ctx context.Context, w *Work) error {
	return w.applyRetention(ctx, models.AuditTable, w.Keep.Audit)
}

// forgetRuns deletes old runs and slots, except the last of each job.
func forgetRuns(ctx context.Context, w *Work) error {
	before, forever := w.cutoff(w.Keep.JobRuns)
	if w.message = forever; forever != "" {
		return nil
	}
	for _, job := range All() {
		err := w.Repeat(ctx, func(tx *models.Tx, limit int) (int64, error) {
			return tx.DeleteOldSlots(job.Name, slotOf(before), limit)
		})
		if err != nil {
			return err
		}
	}
	return w.deleteOld(ctx, models.RunTable, before)
}

// applyRetention deletes rows older than some days from a table, none if they are kept forever.
func (w *Work) applyRetention(ctx context.Context, table models.RetentionTable, days int64) error {
	before, forever := w.cutoff(days)
	if w.message = forever; forever != "" {
		return nil
	}
	return w.deleteOld(ctx, table, before)
}

// deleteOld deletes rows older than a time from a table, page by page.
func (w *Work) deleteOld(ctx context.Context, table models.RetentionTable, before time.Time) error {
	parts := models.Parts{Background: true}
	for page := (models.Old{More: true}); page.More; {
		var err error
		if page, err = w.store.OldRows(ctx, table, before, page.Upto, batch); err != nil {
			return err
		}
		err = writeInParts(ctx, w, &parts, page.Keys, func(tx *models.Tx, part []int64) (int64, error) {
			return tx.DeleteOld(table, before, part)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// forgetObservations deletes observations that were resolved long ago.
func forgetObservations(ctx context.Context, w *Work) error {
	before, forever := w.cutoff(w.Keep.Observations)
	if w.message = forever; forever != "" {
		return nil
	}
	var last models.OldObservation
	parts := models.Parts{Background: true}
	for {
		list, err := w.store.OldObservations(ctx, before, last, batch)
		if err != nil || len(list) == 0 {
			return err
		}
		last = list[len(list)-1]
		sources := map[int64][]int64{}
		for _, o := range list {
			sources[o.SourceID] = append(sources[o.SourceID], o.ID)
		}
		for source, ids := range sources {
			err := writeInParts(ctx, w, &parts, ids, func(tx *models.Tx, part []int64) (int64, error) {
				return tx.DeleteOldObservations(source, before, part)
			})
			if err != nil {
				return err
			}
		}
	}
}

// forgetGateHistory deletes old gate changes, except the last of each product.
func forgetGateHistory(ctx context.Context, w *Work) error {
	before, forever := w.cutoff(w.Keep.GateHistory)
	if w.message = forever; forever != "" {
		return nil
	}
	var last models.OldGateChange
	parts := models.Parts{Background: true}
	for more := true; more; {
		old, upto, err := w.store.OldGateChanges(ctx, before, last, batch)
		if err != nil {
			return err
		}
		err = writeInParts(ctx, w, &parts, old, func(tx *models.Tx, part []models.OldGateChange) (int64, error) {
			return tx.DeleteOldGateChanges(part)
		})
		if err != nil {
			return err
		}
		last, more = upto, upto != models.OldGateChange{}
	}
	return nil
}
