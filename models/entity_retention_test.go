package models_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// forget runs over a table as its job does, two rows at a time, and returns how many rows it
// removed.
func (w world) forget(trail models.RetentionTable, before time.Time) int64 {
	w.t.Helper()
	var gone int64
	for page := (models.Old{More: true}); page.More; {
		var err error
		if page, err = w.s.OldRows(w.t.Context(), trail, before, page.Upto, 2); err != nil {
			w.t.Fatal(err)
		}
		var n int64
		w.write(func(tx *models.Tx) (err error) { n, err = tx.DeleteOld(trail, before, page.Keys); return err })
		gone += n
	}
	return gone
}

// month is the age from which rows are old.
const month = 30 * 24 * time.Hour

func TestRetentionOfNotifications(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := w.user("ann")
		product := w.product("ours", ann)
		before := w.tell(product, 5)
		w.mark(models.Viewer{UserID: ann}, false, before[1])
		w.clock.Advance(month)
		w.tell(product, 3)
		if n := w.forget(models.NotificationTable, w.s.Now()); n != 5 {
			t.Errorf("%d went", n)
		}
		if n, marks := w.count("notifications"), w.count("marks"); n != 3 || marks != 0 {
			t.Errorf("%d are left, with %d marks", n, marks)
		}
		if n := w.count("events"); n != 8 {
			t.Errorf("%d events are left", n)
		}
	})
}

// A bound keeps the newest notifications, and silences are removed after the
// notifications that they silenced.
func TestRetentionBeyondANumber(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := w.user("ann")
		product := w.product("ours", ann)
		news := w.tell(product, 7)
		w.mark(models.Viewer{UserID: ann}, true, news...)
		for most, want := range map[int64]int64{3: news[3], 6: news[0], 7: 0, 100: 0} {
			if got, err := w.s.NotificationsBeyond(t.Context(), most); err != nil || got != want {
				t.Errorf("beyond %d: %d, want %d, %v", most, got, want, err)
			}
		}
		for _, want := range []int64{2, 2, 0} {
			w.write(func(tx *models.Tx) error {
				if n, err := tx.DeleteOldNotifications(news[3], 2); err != nil || n != want {
					t.Errorf("%d went, want %d, %v", n, want, err)
				}
				return nil
			})
		}
		if seen, _ := w.inbox(models.Viewer{UserID: ann}); len(seen) != 3 || seen[2] != news[4] || w.count("marks") != 3 {
			t.Errorf("%v are left, with %d marks", seen, w.count("marks"))
		}

		over := w.silence(models.Silence{ProductID: product, StartsAt: w.s.Now().Add(-time.Hour), EndsAt: w.s.Now()})
		open := w.silence(models.Silence{ProductID: product, StartsAt: w.s.Now(), EndsAt: w.s.Now().Add(time.Hour)})
		w.write(func(tx *models.Tx) error { _, err := tx.EndSilence(over.ID); return err })
		for before, want := range map[time.Time]int64{w.s.Now(): 0, w.s.Now().Add(time.Second): 1} {
			w.write(func(tx *models.Tx) error {
				if n, err := tx.DeleteOldSilences(before, 10); err != nil || n != want {
					t.Errorf("%d silences went, want %d, %v", n, want, err)
				}
				return nil
			})
		}
		if _, err := w.s.Silence(t.Context(), all, open.ID); err != nil {
			t.Errorf("the one in force: %v", err)
		}
	})
}

// Waiting deliveries stay at any age; the age of a final one counts from its end.
func TestRetentionOfDeliveries(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		a, b := w.connection(product, "a"), w.connection(product, "b")
		ended, late, open := w.delivery(a, product), w.delivery(b, product), w.test(a, product)
		w.claim("one", ended.ID, late.ID)
		w.settle(ended, "one", models.DeliveryDelivered, &models.Attempt{At: noon, Result: "delivered"})
		w.settle(late, "one", models.DeliveryRetrying, &models.Attempt{At: noon, Result: "retry"})
		w.clock.Advance(month)
		w.claim("one", late.ID)
		late = w.stored(late.ID)
		w.settle(late, "one", models.DeliveryDelivered, &models.Attempt{At: w.s.Now(), Result: "delivered"})
		young := w.test(a, product)
		if n := w.forget(models.DeliveryTable, w.s.Now()); n != 1 || w.count("attempts") != 2 {
			t.Errorf("%d went, %d attempts are left", n, w.count("attempts"))
		}
		for _, id := range []int64{late.ID, open.ID, young.ID} {
			w.stored(id)
		}
	})
}

// An event stays if it is referred to after it was found to be removable.
func TestRetentionOfEvents(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		conn := w.connection(product, "a")
		told := w.tell(product, 1)[0]
		sent := w.delivery(conn, product).EventID
		free := w.event(product).ID
		system := w.event(0).ID
		work, change := w.event(product, "notify").ID, w.event(product).ID
		w.write(func(tx *models.Tx) error {
			return tx.InsertGateChange(models.GateChange{
				ProductID: product,
				EventID:   change,
				Announced: change,
				From:      models.GateNone,
				To:        models.GateFailed,
			})
		})
		w.clock.Advance(month)
		young := w.event(product).ID
		w.write(func(tx *models.Tx) error {
			n, err := tx.DeleteOld(models.EventTable, tx.Now(), []int64{told, sent, work, change, young})
			if n != 0 {
				t.Errorf("%d went that have to stay", n)
			}
			return err
		})
		if n := w.forget(models.EventTable, w.s.Now()); n != 2 {
			t.Errorf("%d went", n)
		}
		for _, id := range []int64{told, sent, work, change, young} {
			if _, err := w.s.Event(t.Context(), all, id); err != nil {
				t.Errorf("event %d: %v", id, err)
			}
		}
		for _, id := range []int64{free, system} {
			if _, err := w.s.Event(t.Context(), all, id); err == nil {
				t.Errorf("event %d is left", id)
			}
		}
	})
}

func TestRetentionOfAuditAndRuns(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		run := func(job string, result models.RunResult) {
			w.write(func(tx *models.Tx) error {
				if err := tx.InsertAudit(models.Audit{Actor: "ann", Action: "run", Kind: "job", Name: job}); err != nil {
					return err
				}
				j := models.JobRun{Job: job, LeaseUntil: tx.Now().Add(time.Minute)}
				if _, err := tx.StartRun(&j); err != nil || result == models.RunRunning {
					return err
				}
				j.Result = result
				return tx.FinishRun(j)
			})
		}
		for range 3 {
			run("often", models.RunOK)
		}
		run("once", models.RunFailed)
		run("at work", models.RunOK)
		run("at work", models.RunRunning)
		w.clock.Advance(month)
		if n := w.forget(models.RunTable, w.s.Now()); n != 3 || w.count("job_runs") != 3 {
			t.Errorf("%d runs went, %d are left", n, w.count("job_runs"))
		}
		run("often", models.RunOK)
		if n := w.forget(models.AuditTable, w.s.Now()); n != 6 || w.count("audit") != 1 {
			t.Errorf("%d rows of the audit went, %d are left", n, w.count("audit"))
		}
	})
}

// The last change of a product's gate stays at any age.
func TestRetentionOfGateChanges(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := w.user("ann")
		ours, theirs := w.product("ours", ann), w.product("theirs", ann)
		change := func(product int64) {
			e := w.event(product)
			w.write(func(tx *models.Tx) error {
				return tx.InsertGateChange(models.GateChange{
					ProductID: product,
					EventID:   e.ID,
					Announced: e.ID,
					From:      models.GatePassed,
					To:        models.GateFailed,
				})
			})
		}
		for _, product := range []int64{ours, theirs, ours, theirs, ours} {
			change(product)
		}
		w.clock.Advance(month)
		change(theirs)
		var last models.OldGateChange
		for more := true; more; {
			old, upto, err := w.s.OldGateChanges(t.Context(), w.s.Now(), last, 2)
			if err != nil {
				t.Fatal(err)
			}
			w.write(func(tx *models.Tx) error { _, err := tx.DeleteOldGateChanges(old); return err })
			last, more = upto, upto != models.OldGateChange{}
		}
		for product, want := range map[int64]int{ours: 1, theirs: 1} {
			history, err := w.s.GateHistory(t.Context(), all, product, 0, 10)
			if err != nil || len(history) != want || product == theirs && !history[0].At.Equal(w.s.Now()) {
				t.Errorf("history of %d: %+v, %v", product, history, err)
			}
		}
	})
}

// resolvedIn makes a product whose one observation is resolved, and returns its source.
func (w world) resolvedIn(name string) (owned, models.Source) {
	w.t.Helper()
	o := owned{name: name, gate: models.GateFailed, state: models.DeliveryPending, news: make([]int64, 1)}.make(w)
	sources, err := w.s.Sources(w.t.Context(), all, o.product)
	if err != nil {
		w.t.Fatal(err)
	}
	list, err := w.s.Observations(w.t.Context(), all, models.ObservationFilter{BranchID: o.branch, Limit: 1})
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(func(tx *models.Tx) error { return tx.ResolveObservations([]int64{list[0].ID}) })
	return o, sources[0].Source
}

// Only observations that were resolved long ago are removed, and only without a large import in
// progress; an import that has compared before must do so again.
func TestRetentionOfObservations(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		_, settled := w.resolvedIn("settled")
		_, busy := w.resolvedIn("busy")
		active := owned{
			name:  "active",
			gate:  models.GateFailed,
			state: models.DeliveryPending,
			news:  make([]int64, 1),
		}.make(w)
		w.write(func(tx *models.Tx) error { return tx.BeginStaging(&busy, 1) })
		w.clock.Advance(month)
		_, young := w.resolvedIn("young")

		var last models.OldObservation
		gone := map[int64]int64{}
		for {
			list, err := w.s.OldObservations(t.Context(), w.s.Now(), last, 1)
			if err != nil {
				t.Fatal(err)
			}
			if len(list) == 0 {
				break
			}
			last = list[0]
			w.write(func(tx *models.Tx) (err error) {
				gone[last.SourceID], err = tx.DeleteOldObservations(last.SourceID, tx.Now(), []int64{last.ID})
				return err
			})
		}
		if len(gone) != 2 || gone[settled.ID] != 1 || gone[busy.ID] != 0 || gone[young.ID] != 0 {
			t.Errorf("by source: %v", gone)
		}
		if n := w.count("observations"); n != 3 {
			t.Errorf("%d are left", n)
		}
		if list, err := w.s.Observations(
			t.Context(), all, models.ObservationFilter{BranchID: active.branch, Limit: 1},
		); err != nil ||
			len(list) != 1 {
			t.Errorf("the active one: %v, %v", list, err)
		}
		err := w.s.Write(t.Context(), func(tx *models.Tx) error { s := settled; return tx.SaveSource(&s) })
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("an import that compared before: %v", err)
		}
	})
}

func (w world) hotRetention() map[string]hot {
	const byKey = "SEARCH %s USING INTEGER PRIMARY KEY (rowid>?)"
	list := map[string]hot{
		"resolved long ago": {
			want: "SEARCH observations USING INDEX observations_resolved (resolved_at>? AND resolved_at<?)",
			read: func(ctx context.Context) error {
				_, err := w.s.OldObservations(ctx, noon, models.OldObservation{}, 10)
				return err
			},
		},
		"gates long ago": {
			want: "SEARCH g USING PRIMARY KEY ((product_id,event_id)>(?,?))",
			read: func(ctx context.Context) error {
				_, _, err := w.s.OldGateChanges(ctx, noon, models.OldGateChange{}, 10)
				return err
			},
		},
		"runs": {want: "SEARCH job_runs USING INDEX job_runs_job (job=? AND id<?)", read: func(ctx context.Context) error {
			_, err := w.s.JobRuns(ctx, models.RunFilter{Job: "sweep", Place: models.Place{Key: "9"}, Limit: 10})
			return err
		}},
		"slots": {
			want: "SEARCH job_slots USING COVERING INDEX sqlite_autoindex_job_slots_1 (job=? AND slot<?)",
			write: func(tx *models.Tx) error {
				_, err := tx.DeleteOldSlots("sweep", "01", 10)
				return err
			},
		},
	}
	list["beyond a number"] = hot{want: "SCAN n", walk: true, read: func(ctx context.Context) error {
		_, err := w.s.NotificationsBeyond(ctx, 10)
		return err
	}}
	list["notifications beyond"] = hot{
		want: "SEARCH notifications USING INTEGER PRIMARY KEY (rowid<?)",
		write: func(tx *models.Tx) error {
			_, err := tx.DeleteOldNotifications(0, 10)
			return err
		},
	}
	list["silences of long ago"] = hot{
		want: "SEARCH silences USING COVERING INDEX silences_ended (ended_at>? AND ended_at<?)",
		write: func(tx *models.Tx) error {
			_, err := tx.DeleteOldSilences(noon, 10)
			return err
		},
	}
	for name, trail := range map[string]models.RetentionTable{
		"notifications": models.NotificationTable,
		"deliveries":    models.DeliveryTable,
		"audit":         models.AuditTable,
		"e":             models.EventTable,
		"j":             models.RunTable,
	} {
		list["old "+name] = hot{want: fmt.Sprintf(byKey, name), work: name == "e", read: func(ctx context.Context) error {
			_, err := w.s.OldRows(ctx, trail, noon, 0, 10)
			return err
		}}
		list["forgotten "+name] = hot{
			want: fmt.Sprintf("SEARCH %s USING INTEGER PRIMARY KEY (rowid=?)", name),
			work: name == "e",
			write: func(tx *models.Tx) error {
				_, err := tx.DeleteOld(trail, noon, []int64{7, 8, 9})
				return err
			},
		}
	}
	return list
}
