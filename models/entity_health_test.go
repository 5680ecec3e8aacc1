package models_test

import (
	"slices"
	"testing"
	"time"

	"gatecrier/app/secret"
	"gatecrier/models"
)

func (w world) health(connection int64) models.Health {
	w.t.Helper()
	list, err := w.s.Healths(w.t.Context(), []int64{connection})
	if err != nil {
		w.t.Fatal(err)
	}
	return list[connection]
}

// change changes the health of a connection.
func (w world) change(connection int64, fn func(h *models.Health)) {
	w.t.Helper()
	w.write(func(tx *models.Tx) error {
		h, err := tx.LockHealth(connection)
		if err != nil {
			return err
		}
		fn(&h)
		return tx.SaveHealth(h)
	})
}

// While an endpoint is stopped or waits for its rate, only tests of it are due; its other
// messages are due again at its time.
func TestStoppedEndpoints(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		a, b := w.connection(product, "a"), w.connection(product, "b")
		first, other := w.delivery(a, product), w.delivery(b, product)
		probe := noon.Add(time.Minute)
		w.change(a, func(h *models.Health) { h.OpenedAt, h.ProbeAt = noon, probe })
		wantDue(t, w, "one endpoint is stopped", other.ID)
		obstacle, err := w.s.SendObstacleOf(t.Context(), models.Delivery{ConnectionID: a, EndpointID: a, ProductID: product})
		if err != nil || !obstacle.Stopped || !obstacle.Busy {
			t.Errorf("the obstacle of one that is made now: %+v, %v", obstacle, err)
		}
		w.change(b, func(h *models.Health) { h.FreeAt = noon.Add(time.Second) })
		wantDue(t, w, "the other has to wait")
		if at, err := w.s.NextDue(t.Context()); err != nil || at != noon.Add(time.Second) {
			t.Errorf("the next is due at %v, %v", at, err)
		}
		w.clock.Advance(time.Second)
		wantDue(t, w, "its time has come", other.ID)
		w.claim("one", other.ID)
		if at, err := w.s.NextDue(t.Context()); err != nil || at != probe {
			t.Errorf("the next is a probe at %v, %v", at, err)
		}
		w.change(a, func(h *models.Health) { h.PausedAt = noon })
		if at, err := w.s.NextDue(t.Context()); err != nil || !at.IsZero() {
			t.Errorf("of a paused endpoint the next is due at %v, %v", at, err)
		}
		w.change(a, func(h *models.Health) { h.OpenedAt, h.PausedAt = time.Time{}, time.Time{} })
		wantDue(t, w, "it is back", first.ID)
	})
}

// A probe is the oldest message of an endpoint, whenever that is due, and only one.
func TestProbe(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := w.user("ann")
		product, another := w.product("ours", ann), w.product("theirs", ann)
		conn := w.connection(product, "a")
		later := w.insert(models.Delivery{
			EventID:      w.event(product).ID,
			ConnectionID: conn,
			ProductID:    product,
			State:        models.DeliveryRetrying,
			NextAt:       noon.Add(time.Hour),
		})
		w.insert(models.Delivery{
			EventID:      w.event(another).ID,
			ConnectionID: conn,
			ProductID:    another,
			State:        models.DeliveryPending,
			NextAt:       noon,
		})
		probe := func() (got *models.Delivery) {
			t.Helper()
			w.write(func(tx *models.Tx) (err error) { got, err = tx.Probe(conn, "one", tx.Now().Add(lease)); return err })
			return got
		}
		endpoints := func() []models.Endpoint {
			t.Helper()
			list, err := w.s.EndpointsToProbe(t.Context(), 10)
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		if got := probe(); got != nil || endpoints() != nil {
			t.Errorf("probed while the breaker is closed: %+v", got)
		}
		w.change(conn, func(h *models.Health) { h.OpenedAt, h.ProbeAt = noon, noon.Add(time.Minute) })
		if got := probe(); got != nil || endpoints() != nil {
			t.Errorf("probed before its time: %+v", got)
		}
		w.clock.Advance(time.Minute)
		if got := endpoints(); !slices.Equal(got, []models.Endpoint{{ID: conn, Module: "webhook"}}) {
			t.Errorf("endpoints to probe %v", got)
		}
		got := probe()
		if got == nil || got.ID != later.ID || !got.Probe || got.State != models.DeliverySending {
			t.Fatalf("probed with %+v, want %d", got, later.ID)
		}
		if again := probe(); again != nil || endpoints() != nil {
			t.Errorf("probed twice: %+v", again)
		}
		w.clock.Advance(lease)
		w.returnExpired()
		if d := w.stored(later.ID); d.Probe || d.Attempts != 1 || d.Spent != 0 {
			t.Errorf("after its sender was lost: %+v", d)
		}
		w.change(conn, func(h *models.Health) { h.PausedAt = noon })
		if got := probe(); got != nil || endpoints() != nil {
			t.Errorf("probed while paused: %+v", got)
		}
		w.change(conn, func(h *models.Health) { h.FailingSince = noon.Add(-life) })
		w.write(func(tx *models.Tx) error { return tx.ProbeNow([]int64{later.ID}) })
		if h := w.health(conn); !h.PausedAt.IsZero() || h.FailingSince != w.s.Now() {
			t.Errorf("asked for again: %+v", h)
		}
		if got := probe(); got == nil {
			t.Error("not probed though a user asked for it")
		}
	})
}

const life = 72 * time.Hour

// An endpoint that has failed for long is to be paused once, while it is stopped and was probed
// until the end.
func TestFailingEndpoints(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		failing := func(name string, long time.Duration, probe time.Time) int64 {
			id := w.connection(product, name)
			w.change(id, func(h *models.Health) { h.OpenedAt, h.FailingSince, h.ProbeAt = noon, noon.Add(-long), probe })
			return id
		}
		old := failing("a", life, noon)
		failing("b", life-time.Second, noon.Add(time.Hour))
		failing("c", life, noon.Add(-time.Second)) // nothing has waited for it since
		closed := failing("d", 2*life, noon)
		w.change(closed, func(h *models.Health) { h.OpenedAt = time.Time{} })
		list := func() []int64 {
			t.Helper()
			list, err := w.s.FailingEndpoints(t.Context(), life, 10)
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		if got := list(); !slices.Equal(got, []int64{old}) {
			t.Errorf("to be paused: %v, want %v", got, old)
		}
		w.change(old, func(h *models.Health) { h.PausedAt = noon })
		if got := list(); got != nil {
			t.Errorf("paused, and to be paused: %v", got)
		}
	})
}

// All claimers share an endpoint's rate.
func TestRateOfAnEndpoint(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		endpoint := w.connection(w.product("ours", w.user("ann")), "a")
		take := func(want int) (got int) {
			t.Helper()
			w.write(func(tx *models.Tx) (err error) { got, err = tx.TakeSlots(endpoint, want, time.Second, 3); return err })
			return got
		}
		if n := take(5); n != 3 {
			t.Errorf("%d at once after a pause, want 3", n)
		}
		if n := take(1); n != 0 {
			t.Errorf("%d more", n)
		}
		if h := w.health(endpoint); h.FreeAt != noon.Add(time.Second) || h.BusySince != noon {
			t.Errorf("free at %v, busy since %v", h.FreeAt, h.BusySince)
		}
		sent := 0
		for range 100 { // ten seconds
			w.clock.Advance(100 * time.Millisecond)
			sent += take(4)
		}
		if sent != 10 {
			t.Errorf("%d in ten seconds, want 10", sent)
		}
		if h := w.health(endpoint); h.BusySince != noon {
			t.Errorf("busy since %v", h.BusySince)
		}
		w.clock.Advance(time.Hour)
		if n := take(2); n != 2 || !w.health(endpoint).BusySince.IsZero() {
			t.Errorf("%d of 2 after an hour, busy since %v", n, w.health(endpoint).BusySince)
		}
	})
}

// An endpoint's open messages are counted, and those that it sent late once it was back.
func TestBacklogOfAnEndpoint(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := w.user("ann")
		product := w.product("ours", ann)
		conn := w.connection(product, "a")
		first, second := w.delivery(conn, product), w.delivery(conn, product)
		w.test(conn, product)
		w.clock.Advance(time.Hour)
		if q, err := w.s.BacklogOf(t.Context(), conn, 0); err != nil || q.Last != second.ID || q.Open != 2 {
			t.Errorf("queue %+v, %v", q, err)
		}
		back := w.s.Now()
		w.claim("one", first.ID)
		w.settle(first, "one", models.DeliveryDelivered, nil)
		after := w.delivery(conn, product)
		if q, err := w.s.BacklogOf(t.Context(), conn, second.ID); err != nil || q.Open != 1 {
			t.Errorf("queue up to the second %+v, %v", q, err)
		}
		w.claim("one", second.ID)
		w.settle(second, "one", models.DeliveryDelivered, nil)
		w.claim("one", after.ID)
		w.settle(after, "one", models.DeliveryDelivered, nil)
		if n, err := w.s.SentLate(t.Context(), conn, second.ID, back); err != nil || n != 2 {
			t.Errorf("%d sent late, %v", n, err)
		}
	})
}

// The waiting messages of an endpoint become due when its receiver is back.
func TestRetryNow(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		conn := w.connection(product, "a")
		d := w.insert(models.Delivery{
			EventID:      w.event(product).ID,
			ConnectionID: conn,
			ProductID:    product,
			State:        models.DeliveryRetrying,
			NextAt:       noon.Add(12 * time.Hour),
		})
		behind := w.delivery(conn, product)
		w.write(func(tx *models.Tx) error { return tx.RetryNow(conn) })
		wantDue(t, w, "all of it, in order", d.ID)
		if got := w.stored(behind.ID); !got.NextAt.IsZero() {
			t.Errorf("what waits for its queue has a time: %v", got.NextAt)
		}
	})
}

// A delivery that is left without a time in an empty queue gets one.
func TestFreeBlocked(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		conn := w.connection(product, "a")
		d := w.insert(
			models.Delivery{EventID: w.event(product).ID, ConnectionID: conn, ProductID: product, State: models.DeliveryPending},
		)
		behind := w.delivery(conn, product)
		wantDue(t, w, "without a time")
		if has, err := w.s.HasBlocked(t.Context(), 10); err != nil || !has {
			t.Errorf("blocked %v, %v", has, err)
		}
		w.write(func(tx *models.Tx) error { _, err := tx.FreeBlocked(); return err })
		wantDue(t, w, "freed", d.ID)
		if has, err := w.s.HasBlocked(t.Context(), 10); err != nil || has {
			t.Errorf("still blocked %v, %v: %+v", has, err, w.stored(behind.ID))
		}
	})
}

// Only a user sees their own connections; those to one server share its endpoint.
func TestOwnConnections(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann, bob := w.user("ann"), w.user("bob")
		product := w.product("ours", ann)
		make := func(c models.Connection) models.Connection {
			t.Helper()
			c.Module, c.Name, c.Enabled = "email", "mail", true
			w.write(func(tx *models.Tx) error {
				c.ID = 0
				return tx.CreateConnection(&c, func(string) (secret.Text, error) { return secret.Text{}, nil })
			})
			return c
		}
		people := make(models.Connection{Field: models.FieldPeople})
		own := make(models.Connection{UserID: &ann, EndpointID: &people.ID})
		target := make(models.Connection{ProductID: &product, EndpointID: &people.ID})
		system := make(models.Connection{})
		make(models.Connection{Purpose: models.PurposeRule})
		make(models.Connection{Purpose: models.PurposeAccount})
		make(models.Connection{Purpose: models.PurposeAccount, Field: models.ExceptionField + "account"})
		if p, err := w.s.PeopleTarget(t.Context()); err != nil || p.ConnectionID != people.ID {
			t.Errorf("users %+v, %v", p, err)
		}
		if list, err := w.s.SystemTargets(t.Context()); err != nil || len(list) != 1 || list[0].ConnectionID != system.ID {
			t.Errorf("the system's %+v, %v", list, err)
		}
		if list, err := w.s.ExceptionTargets(t.Context()); err != nil || len(list) != 1 || list[0].ConnectionID != system.ID {
			t.Errorf("of exceptions %+v, %v", list, err)
		}
		if _, err := w.s.Connection(t.Context(), models.MemberScope(ann), own.ID); err != nil {
			t.Errorf("ann does not see ann's connections: %v", err)
		}
		for _, id := range []int64{own.ID, system.ID, people.ID, target.ID} {
			if _, err := w.s.Connection(t.Context(), models.MemberScope(bob), id); err == nil {
				t.Errorf("bob sees %d", id)
			}
		}
		w.change(people.ID, func(h *models.Health) { h.BrokenAt = noon })
		targets, err := w.s.TargetsOf(t.Context(), []int64{product})
		if one := targets[product]; err != nil || len(one) != 1 || one[0].EndpointID != people.ID || !one[0].Broken {
			t.Errorf("targets %+v, %v", targets, err)
		}
		out, err := w.s.ConnectionWithHealth(t.Context(), own.ID)
		if err != nil || out.OwnHealth.ConnectionID != own.ID || out.Shared.ConnectionID != people.ID ||
			out.OwnHealth.BrokenAt == noon ||
			out.Shared.BrokenAt != noon {
			t.Errorf("target %+v, %v", out, err)
		}
	})
}

// A notification for one user is in their inbox, and in those of administrators.
func TestNotificationForOneUser(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann, bob := w.user("ann"), w.user("bob")
		product := w.product("ours", ann)
		ids := w.tell(product, 1)
		e := w.event(0)
		w.write(func(tx *models.Tx) error {
			return tx.InsertNotification(
				models.Notification{EventID: e.ID, UserID: ann, Type: "connector.error", Name: "broken", At: e.At},
			)
		})
		for who, want := range map[models.Viewer][]int64{
			{UserID: ann}: {e.ID, ids[0]}, {UserID: bob}: nil, {UserID: bob, Administrator: true}: {e.ID, ids[0]},
		} {
			list, err := w.s.Inbox(t.Context(), who, models.InboxFilter{Limit: 10})
			var got []int64
			for _, n := range list {
				got = append(got, n.EventID)
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%+v sees %v, want %v, %v", who, got, want, err)
			}
			_, err = w.s.Notification(t.Context(), who, e.ID)
			if (err == nil) != (want != nil) {
				t.Errorf("%+v opens it: %v", who, err)
			}
			if n, err := w.s.CountUnread(t.Context(), who, 10); err != nil || n != len(want) {
				t.Errorf("%+v counts %d, %v", who, n, err)
			}
		}
	})
}

// A requeued delivery is due at once unless its queue is open, keeps its id and its attempts,
// and can be stopped.
func TestRequeue(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := w.user("ann")
		product := w.product("ours", ann)
		conn := w.connection(product, "a")
		var dead []models.Delivery
		for range 3 {
			d := w.delivery(conn, product)
			w.claim("one", d.ID)
			w.settle(d, "one", models.DeliveryDead, &models.Attempt{At: noon, Result: "transient"})
			dead = append(dead, d)
		}
		open := w.delivery(w.connection(product, "b"), product)
		ids := []int64{dead[0].ID, dead[1].ID, dead[2].ID, open.ID}
		s := models.Resend{UserID: ann, By: "ann", What: "all", Total: 4}
		var n int
		w.write(func(tx *models.Tx) (err error) {
			if err := tx.CreateResend(&s); err != nil {
				return err
			}
			n, err = tx.Requeue(ids, s.ID, "again")
			return err
		})
		if n != 3 {
			t.Errorf("%d are sent again, want 3", n)
		}
		wantDue(t, w, "the first of them, and what was open", dead[0].ID, open.ID)
		got := w.stored(dead[0].ID)
		if got.UUID != dead[0].UUID || got.Attempts != 1 || got.Spent != 0 || !got.ByHand || got.ResendID != s.ID {
			t.Errorf("sent again: %+v", got)
		}
		w.claim("one", dead[0].ID)
		w.settle(got, "one", models.DeliveryDelivered, &models.Attempt{At: noon, Result: "delivered"})
		wantDue(t, w, "then the second", dead[1].ID, open.ID)
		w.write(func(tx *models.Tx) error { return tx.StopResend(s.ID, "stopped") })
		states, err := w.s.ResendStates(t.Context(), s.ID)
		if err != nil || states[models.DeliveryDelivered] != 1 || states[models.DeliveryDead] != 2 || len(states) != 2 {
			t.Errorf("states %v, %v", states, err)
		}
		if got, err := w.s.Resend(t.Context(), s.ID, ann); err != nil || got.StoppedAt.IsZero() || got.Total != 4 {
			t.Errorf("resend %+v, %v", got, err)
		}
		if _, err := w.s.Resend(t.Context(), s.ID, w.user("bob")); err == nil {
			t.Error("bob sees it")
		}
		w.clock.Advance(time.Hour)
		w.write(func(tx *models.Tx) error { _, err := tx.DeleteOldResends(tx.Now(), 10); return err })
		if n := w.count("resends"); n != 0 || w.stored(dead[0].ID).ResendID != 0 {
			t.Errorf("%d left", n)
		}
	})
}
