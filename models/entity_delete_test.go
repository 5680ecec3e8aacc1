package models_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// lasting are the tables without rows of a product.
var lasting = []string{
	"restores",
	"sign_in_tries",
	"sign_in_reports",
	"sign_in_notices",
	"known_clients",
	"audit", // outlives all
	"inbox_undos",
	"inbox_undo_rows", // end with their step
	"resends",         // theirs end by themselves
	"removals",        // of a product with more rows
	"users",
	"user_links",
	"saved_views", // of users
	"account_mails",
	"sessions",
	"read_upto",
	"feeds",
	"leases",
	"job_slots",
	"job_runs",
	"settings",
	"gate_sweeps",
	"key_checks",
	"product_groups",
	"group_members",
	"authorization_groups",
	"authorization_members",
	"idempotency_keys", // theirs end by themselves
	"goose_db_version",
	"migration_hashes",
}

// sizes are the numbers of rows of all tables, by name.
func (w world) sizes() map[string]int {
	w.t.Helper()
	sizes := map[string]int{}
	for name := range tables(w.t, w.s) {
		sizes[name] = w.count(name)
	}
	return sizes
}

// full makes a product with rows in each table that refers to products, and with one of its
// deliveries being sent.
func (w world) full(name string, owner int64) (product int64, flying models.Delivery) {
	w.t.Helper()
	o := owned{name: name, gate: models.GateFailed, state: models.DeliveryPending, news: make([]int64, 2)}.make(w)
	w.member(owner, o.product, models.RoleOwner)
	w.mark(models.Viewer{UserID: owner}, true, o.news...)
	unrouted := w.event(o.product, "notify")
	w.write(func(tx *models.Tx) error {
		token := models.Token{ProductID: &o.product, Name: "ci", Hash: []byte(name)}
		if err := tx.CreateToken(&token); err != nil {
			return err
		}
		if err := o.stage(tx); err != nil {
			return err
		}
		users, err := tx.AuthorizationGroupByName(tx.Context(), "users")
		if fault.Is(err, fault.NotFound) {
			users = models.AuthorizationGroup{Name: "users"}
			err = tx.SaveAuthorizationGroup(&users)
		}
		if err != nil {
			return err
		}
		if err := tx.SaveAuthorizationRole(
			models.AuthorizationRole{GroupID: users.ID, Owner: models.Owner{ProductID: o.product}, Role: models.RoleReader},
		); err != nil {
			return err
		}
		run := models.AssessmentRun{ProductID: o.product, Input: models.AssessmentInput{Action: models.ActionAssess}}
		if err := tx.BeginAssessmentRun(&run, []models.AssessmentRunRow{{ObservationID: 1, BranchID: o.branch}}); err != nil {
			return err
		}
		if _, err := tx.LockExceptionQuota(o.product); err != nil {
			return err
		}
		if _, err := tx.Exec(fmt.Sprintf(`
			INSERT INTO silences (product_id, reason, author, created_at, starts_at, ends_at)
			VALUES (%d, 'maintenance', 'ann', 1, 1, 2)`, o.product)); err != nil {
			return err
		}
		return tx.InsertGateChange(models.GateChange{
			ProductID: o.product,
			EventID:   unrouted.ID,
			Announced: unrouted.ID,
			From:      models.GateFailed,
			To:        models.GatePassed,
		})
	})
	w.claim("one", o.delivery)
	flying = w.stored(o.delivery)
	w.settle(flying, "one", models.DeliveryRetrying, &models.Attempt{At: noon, Result: "retry"})
	w.clock.Advance(time.Minute) // until it is due again
	w.claim("one", o.delivery)
	return o.product, w.stored(o.delivery)
}

// stage begins a large import that changes the observation.
func (o owned) stage(tx *models.Tx) error {
	sources, err := tx.Sources(tx.Context(), all, o.product)
	if err != nil {
		return err
	}
	known, err := tx.Observations(tx.Context(), all, models.ObservationFilter{BranchID: o.branch, Limit: 1})
	if err != nil {
		return err
	}
	if err := tx.BeginStaging(&sources[0].Source, 1); err != nil {
		return err
	}
	if err := tx.StageChanges(sources[0].ID, sources[0].Version+1, known); err != nil {
		return err
	}
	g, err := tx.GateOf(o.product, "")
	if err != nil {
		return err
	}
	g.Branch.CountedAt = tx.Now().Add(-48 * time.Hour) // a day to be closed
	return tx.Recount(&g.Branch, models.Breakdown{Counts: models.Counts{Low: 77}})
}

func (w world) deleteProduct(id int64) error {
	return w.s.Write(w.t.Context(), func(tx *models.Tx) error { return tx.DeleteProduct(id) })
}

// Deleting a product deletes everything that belongs to it, and nothing else.
func TestDeleteProduct(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := w.user("ann")
		w.full("theirs", ann)
		before := w.sizes()
		product, flying := w.full("ours", ann)
		before["users"]++ // its first owner
		for name, n := range w.sizes() {
			if grew, may := n > before[name], !slices.Contains(lasting, name); grew != may {
				t.Errorf(
					"%s went from %d to %d: make a row of it that goes with a product, or name it lasting",
					name,
					before[name],
					n,
				)
			}
		}
		if err := w.deleteProduct(product); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, w.sizes()); diff != "" {
			t.Errorf("rows left or missing: %s", diff)
		}
		if n, err := w.s.OrphanEvents(t.Context()); err != nil || n != 0 {
			t.Errorf("%d events of no product, %v", n, err)
		}
		if err := w.deleteProduct(product); !fault.Is(err, fault.NotFound) {
			t.Errorf("deleted again: %v", err)
		}
		if _, err := w.s.Delivery(t.Context(), all, flying.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("its delivery: %v", err)
		}
	})
}

// A delivery that was being sent when its product was deleted settles as nothing, and does not
// affect those that settle with it.
func TestSettleAfterDelete(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := w.user("ann")
		ours, lost := w.full("ours", ann)
		_, kept := w.full("theirs", ann)
		if err := w.deleteProduct(ours); err != nil {
			t.Fatal(err)
		}
		before := w.sizes()
		var mine [2]bool
		w.write(func(tx *models.Tx) error {
			for i, d := range []models.Delivery{lost, kept} {
				d.State, d.FinishedAt = models.DeliveryDelivered, tx.Now()
				var err error
				if mine[i], err = tx.Settle(d, "one", &models.Attempt{At: tx.Now(), Result: "delivered"}); err != nil {
					return err
				}
			}
			return tx.DisableConnection(lost.ConnectionID, "gone")
		})
		before["attempts"]++
		if mine != [2]bool{false, true} {
			t.Errorf("settled %v", mine)
		}
		if diff := cmp.Diff(before, w.sizes()); diff != "" {
			t.Errorf("rows made or lost: %s", diff)
		}
		if got := w.stored(kept.ID).State; got != models.DeliveryDelivered {
			t.Errorf("the other one is %s", got)
		}
		w.clock.Advance(time.Hour)
		if n := w.returnExpired(); n != 0 {
			t.Errorf("%d leases came back", n)
		}
	})
}

// A settlement waits for a concurrent deletion.
func TestSettleWhileDeleting(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product, flying := w.full("ours", w.user("ann"))
		deleted, release := make(chan struct{}, 10), make(chan struct{})
		ends := make(chan error, 2)
		go func() {
			ends <- w.s.Write(t.Context(), func(tx *models.Tx) error {
				err := tx.DeleteProduct(product)
				deleted <- struct{}{}
				<-release
				return err
			})
		}()
		<-deleted
		var mine bool
		go func() {
			ends <- w.s.Write(t.Context(), func(tx *models.Tx) (err error) {
				flying.State, flying.FinishedAt = models.DeliveryDelivered, tx.Now()
				mine, err = tx.Settle(flying, "one", &models.Attempt{At: tx.Now(), Result: "delivered"})
				return err
			})
		}()
		until(t, "who settles waits", w.somebodyWaits)
		close(release)
		for range 2 {
			if err := <-ends; err != nil {
				t.Error(err)
			}
		}
		if mine {
			t.Error("settled what is gone")
		}
		for _, table := range []string{"products", "deliveries", "attempts", "connections", "events"} {
			if n := w.count(table); n != 0 {
				t.Errorf("%d rows of %s are left", n, table)
			}
		}
	})
}

// somebodyWaits reports whether a Write waits for another one.
func (w world) somebodyWaits() bool {
	if w.s.Dialect() == models.SQLite {
		return w.s.Queued() > 0
	}
	return w.count("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0
}

// Deleting a connection deletes its deliveries, and those of no other.
func TestDeleteConnection(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		gone, stays := w.connection(product, "a"), w.connection(product, "b")
		lost, kept := w.delivery(gone, product), w.delivery(stays, product)
		w.claim("one", lost.ID, kept.ID)
		for _, want := range []bool{true, false} {
			err := w.s.Write(t.Context(), func(tx *models.Tx) error { return tx.DeleteConnection(gone) })
			if (err == nil) != want || err != nil && !fault.Is(err, fault.NotFound) {
				t.Errorf("deleted: %v", err)
			}
		}
		if w.settle(lost, "one", models.DeliveryDelivered, &models.Attempt{At: noon, Result: "delivered"}) {
			t.Error("settled what is gone")
		}
		if !w.settle(kept, "one", models.DeliveryDelivered, nil) || w.count("deliveries") != 1 || w.count("attempts") != 0 {
			t.Error("more went than was to go")
		}
	})
}
