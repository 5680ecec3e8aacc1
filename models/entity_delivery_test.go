package models_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

func wantDue(t *testing.T, w world, what string, want ...int64) {
	t.Helper()
	if got := w.due(); !slices.Equal(got, want) {
		t.Errorf("%s: due %v, want %v", what, got, want)
	}
}

func (w world) queueBusy(connection, product int64) bool {
	w.t.Helper()
	obstacle, err := w.s.SendObstacleOf(
		w.t.Context(), models.Delivery{ConnectionID: connection, EndpointID: connection, ProductID: product},
	)
	if err != nil {
		w.t.Fatal(err)
	}
	return obstacle.Busy
}

// One delivery of a queue is sent at a time, in the order of their ids: until it is final, the
// later ones wait.
func TestQueueSendsOneAtATime(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		conn := w.connection(product, "a")
		if w.queueBusy(conn, product) {
			t.Error("an empty queue is busy")
		}
		first, second := w.delivery(conn, product), w.delivery(conn, product)
		wantDue(t, w, "the queue's first", first.ID)
		w.claim("one", first.ID)
		wantDue(t, w, "while it is sent")
		w.settle(first, "one", models.DeliveryRetrying, nil)
		wantDue(t, w, "while it waits for another attempt")
		w.clock.Advance(time.Hour)
		wantDue(t, w, "another attempt", first.ID)
		w.claim("one", first.ID)
		w.settle(first, "one", models.DeliveryDead, nil)
		wantDue(t, w, "when it is given up", second.ID)
		w.claim("one", second.ID)
		if !w.queueBusy(conn, product) {
			t.Error("a queue is free while its last is sent")
		}
		w.settle(second, "one", models.DeliveryDelivered, nil)
		wantDue(t, w, "at the end")
		if w.queueBusy(conn, product) {
			t.Error("a queue without open deliveries is busy")
		}
	})
}

// A queue does not wait for another connection or another product. Tests are in no queue.
func TestQueuesAreIndependent(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := w.user("ann")
		ours, theirs := w.product("ours", ann), w.product("theirs", ann)
		a, b := w.connection(ours, "a"), w.connection(ours, "b")
		first, behind := w.delivery(a, ours), w.delivery(a, ours)
		conn, product := w.delivery(b, ours), w.delivery(a, theirs)
		test1, test2 := w.test(a, ours), w.test(a, ours)
		wantDue(t, w, "the first of each queue, and tests", first.ID, product.ID, test1.ID, test2.ID, conn.ID)
		w.claim("one", first.ID, test1.ID)
		wantDue(t, w, "one queue is busy", product.ID, test2.ID, conn.ID)
		w.settle(first, "one", models.DeliveryDelivered, nil)
		wantDue(t, w, "a test keeps no queue busy", product.ID, test2.ID, behind.ID, conn.ID)
		w.claim("one", behind.ID)
		w.settle(behind, "one", models.DeliveryDelivered, nil)
		if w.queueBusy(a, ours) {
			t.Error("tests make a queue busy")
		}
	})
}

// The longest due are sent first, in any order of ids, up to a limit, and none of an endpoint
// that is left out.
func TestDueDeliveries(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		var conns []int64
		var made []models.Delivery
		for i := range 4 {
			conns = append(conns, w.connection(product, string(rune('a'+i))))
			made = append(
				made,
				w.insert(models.Delivery{
					ConnectionID: conns[i],
					ProductID:    product,
					State:        models.DeliveryPending,
					NextAt:       noon.Add(-time.Duration(i) * time.Minute),
				}),
			)
		}
		wantDue(t, w, "the longest due first", made[3].ID, made[2].ID, made[1].ID, made[0].ID)
		if got := w.due(conns[3], conns[1]); !slices.Equal(got, []int64{made[2].ID, made[0].ID}) {
			t.Errorf("without two connections: %v", got)
		}
		again := w.insert(models.Delivery{ConnectionID: conns[0], State: models.DeliveryPending, NextAt: noon})
		list, err := w.s.DueDeliveries(t.Context(), conns[1:], 1)
		if want := []models.Due{
			{ID: made[0].ID, EndpointID: conns[0], Module: "webhook"},
		}; err != nil ||
			!cmp.Equal(list, want) {
			t.Errorf("one of the first: %v, %v", list, err)
		}
		if got := w.due(conns[1:]...); !slices.Equal(got, []int64{made[0].ID, again.ID}) {
			t.Errorf("all of the first: %v", got)
		}
	})
}

// A delivery is not due a microsecond before its time.
func TestDeliveryIsNotDueEarly(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		conn := w.connection(product, "a")
		if at, err := w.s.NextDue(t.Context()); err != nil || !at.IsZero() {
			t.Errorf("of nothing, the next is due at %v, %v", at, err)
		}
		later := noon.Add(time.Second)
		d := w.insert(models.Delivery{ConnectionID: conn, ProductID: product, State: models.DeliveryPending, NextAt: later})
		if at, err := w.s.NextDue(t.Context()); err != nil || at != later {
			t.Errorf("the next is due at %v, %v", at, err)
		}
		w.clock.Advance(time.Second - time.Microsecond)
		wantDue(t, w, "a microsecond before")
		w.clock.Advance(time.Microsecond)
		wantDue(t, w, "at its time", d.ID)
	})
}

// A run's delivery has no order: it neither waits behind a message of its product nor keeps one
// waiting. Unlike a test, it waits for its endpoint and counts as what the endpoint owes.
func TestRunsHaveNoQueue(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		conn := w.connection(product, "a")
		row := models.Delivery{ConnectionID: conn, ProductID: product, State: models.DeliveryPending, NextAt: noon}
		row.Origin = models.OriginRun
		first, second := w.insert(row), w.insert(row)
		if w.queueBusy(conn, product) {
			t.Error("a run keeps the product's messages waiting")
		}
		message, behind := w.delivery(conn, product), w.delivery(conn, product)
		third := w.insert(row)
		wantDue(t, w, "only a message waits", first.ID, second.ID, message.ID, third.ID)

		w.claim("one", first.ID, message.ID)
		w.settle(first, "one", models.DeliveryDelivered, nil)
		wantDue(t, w, "a run ended", second.ID, third.ID)
		w.settle(message, "one", models.DeliveryDelivered, nil)
		wantDue(t, w, "a message ended", second.ID, third.ID, behind.ID)

		w.test(conn, product)
		backlog, err := w.s.BacklogOf(t.Context(), conn, 0)
		if want := (models.EndpointBacklog{Last: third.ID, Open: 3}); err != nil || backlog != want {
			t.Errorf("the endpoint owes %+v, %v, want %+v", backlog, err, want)
		}
		if got := w.stored(third.ID); got.Origin != models.OriginRun || got.EventID != 0 {
			t.Errorf("stored as %+v", got)
		}
	})
}

// A delivery without an origin is refused.
func TestInsertDelivery_WithoutOrigin(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		d := models.Delivery{UUID: "u", ConnectionID: w.connection(product, "a"), State: models.DeliverySkipped}
		err := w.s.Write(t.Context(), func(tx *models.Tx) error {
			_, err := tx.InsertDelivery(&d)
			return err
		})
		if err == nil {
			t.Error("it was saved")
		}
	})
}

// A final delivery is never due, nor claimed.
func TestClaimOnlyWaiting(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		conn := w.connection(product, "a")
		var ids, waiting []int64
		for _, state := range models.DeliveryStates() {
			d := w.insert(models.Delivery{ConnectionID: conn, ProductID: product, State: state, NextAt: noon})
			ids = append(ids, d.ID)
			if state == models.DeliveryPending || state == models.DeliveryRetrying {
				waiting = append(waiting, d.ID)
			}
		}
		wantDue(t, w, "what waits", waiting...)
		got := w.claim("one", ids...)
		slices.SortFunc(got, func(a, b models.Delivery) int { return int(a.ID - b.ID) })
		for i, d := range got {
			if d.ID != waiting[i] || d.State != models.DeliverySending || d.Claim != "one" || d.LockedUntil != noon.Add(lease) {
				t.Errorf("claimed %+v", d)
			}
			if diff := cmp.Diff(w.stored(d.ID), d); diff != "" {
				t.Errorf("stored otherwise: %s", diff)
			}
		}
		if len(got) != 2 {
			t.Errorf("claimed %d, want 2", len(got))
		}
		if again := w.claim("two", ids...); len(again) != 0 {
			t.Errorf("claimed twice: %+v", again)
		}
	})
}

// An event, connection and recipient have one delivery; tests, which have no event, any number.
func TestInsertDeliveryIsIdempotent(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		a, b := w.connection(product, "a"), w.connection(product, "b")
		e, other := w.event(product).ID, w.event(product).ID
		for i, test := range []struct {
			d    models.Delivery
			made bool
		}{
			{models.Delivery{Origin: models.OriginEvent, EventID: e, ConnectionID: a}, true},
			{models.Delivery{Origin: models.OriginEvent, EventID: e, ConnectionID: a}, false},
			{models.Delivery{Origin: models.OriginEvent, EventID: e, ConnectionID: a, Recipient: "x"}, true},
			{models.Delivery{Origin: models.OriginEvent, EventID: e, ConnectionID: a, Recipient: "x"}, false},
			{models.Delivery{Origin: models.OriginEvent, EventID: e, ConnectionID: b}, true},
			{models.Delivery{Origin: models.OriginEvent, EventID: other, ConnectionID: a}, true},
			{models.Delivery{Origin: models.OriginTest, ConnectionID: a}, true},
			{models.Delivery{Origin: models.OriginTest, ConnectionID: a}, true},
		} {
			w.write(func(tx *models.Tx) error {
				d := test.d
				d.UUID, d.ProductID, d.State, d.CreatedAt = "u", product, models.DeliverySkipped, tx.Now()
				made, err := tx.InsertDelivery(&d)
				if made != test.made || made != (d.ID != 0) {
					t.Errorf("%d: made %v, want %v, its id %d", i, made, test.made, d.ID)
				}
				return err
			})
		}
	})
}

// Disabling a connection cancels its waiting deliveries, and leaves those that are being sent to
// their sender.
func TestDisableCancelsWaiting(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		conn, other := w.connection(product, "a"), w.connection(product, "b")
		sending, waiting, elsewhere := w.delivery(conn, product), w.delivery(conn, product), w.delivery(other, product)
		w.claim("one", sending.ID)
		w.write(func(tx *models.Tx) error { return tx.DisableConnection(conn, "gone") })
		for id, want := range map[int64]models.DeliveryState{
			sending.ID:   models.DeliverySending,
			waiting.ID:   models.DeliveryCancelled,
			elsewhere.ID: models.DeliveryPending,
		} {
			if d := w.stored(id); d.State != want ||
				(want == models.DeliveryCancelled) != (d.FinishedAt == noon && d.Reason == "gone" && d.NextAt.IsZero()) {
				t.Errorf("want %s: %+v", want, d)
			}
		}
		c, err := w.s.Connection(t.Context(), all, conn)
		if err != nil || c.Enabled || c.DisabledWhy != "gone" || c.Version != 2 {
			t.Errorf("the connection is %+v, %v", c, err)
		}
		if !w.settle(sending, "one", models.DeliveryDelivered, nil) {
			t.Error("what was being sent could not be settled")
		}
	})
}
