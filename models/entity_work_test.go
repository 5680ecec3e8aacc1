package models_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"gatecrier/models"
)

// works returns the ids of the events that a reader has yet to process, in order.
func (w world) works(reader string, limit int) []int64 {
	w.t.Helper()
	list, err := w.s.EventWork(w.t.Context(), reader, limit)
	if err != nil {
		w.t.Fatal(err)
	}
	var ids []int64
	for _, one := range list {
		ids = append(ids, one.Event.ID)
	}
	return ids
}

func wantWork(t *testing.T, w world, what string, want ...int64) {
	t.Helper()
	if got := w.works("notify", 100); !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func (w world) finish(reader string, event int64) (was bool) {
	w.t.Helper()
	w.write(func(tx *models.Tx) (err error) { was, err = tx.FinishWork(reader, event); return err })
	return was
}

func (w world) delay(event int64, next time.Time) {
	w.t.Helper()
	w.write(func(tx *models.Tx) error { return tx.DelayWork("notify", event, "broken", next, false) })
}

// An event from outside is stored once per source and id, with its work; events without an id at
// their source are stored each time.
func TestInsertEventOnce(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		send := func(source, id string, run int64) (e models.Event, made bool) {
			t.Helper()
			w.write(func(tx *models.Tx) (err error) {
				e = models.Event{
					UUID: rand.Text(), Type: "case.created", Version: 1, ProductID: product, At: tx.Now(),
					Payload: []byte("{}"), Source: source, SourceID: id, RunID: run,
				}
				made, err = tx.InsertEventOnce(&e, "notify")
				return err
			})
			return e, made
		}
		var want []int64
		first, _ := send("soc", "1", 7)
		for _, test := range []struct {
			source, id string
			made       bool
		}{{"soc", "1", false}, {"soc", "2", true}, {"other", "1", true}, {"soc", "", true}, {"soc", "", true}} {
			e, made := send(test.source, test.id, 0)
			if made != test.made || made != (e.ID != 0) {
				t.Errorf("%s %q: %+v, %v", test.source, test.id, e, made)
			}
			if made {
				want = append(want, e.ID)
			}
		}
		wantWork(t, w, "each once", append([]int64{first.ID}, want...)...)
		got, err := w.s.Event(t.Context(), models.SystemScope("test"), first.ID)
		if err != nil || got.Source != "soc" || got.SourceID != "1" || got.RunID != 7 {
			t.Errorf("stored as %+v, %v", got, err)
		}
	})
}

// While an event of a product waits for another try, the later ones of that product wait too,
// and no others.
func TestWorkInOrder(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := w.user("ann")
		ours, theirs := w.product("ours", ann), w.product("theirs", ann)
		a := w.event(ours, "notify").ID
		x := w.event(theirs, "notify").ID
		b := w.event(ours, "notify").ID
		y := w.event(theirs, "notify").ID
		w.event(ours) // without a reader
		wantWork(t, w, "in the order of events", a, x, b, y)
		if got := w.works("notify", 3); !slices.Equal(got, []int64{a, x, b}) {
			t.Errorf("three of them: %v", got)
		}
		w.delay(a, noon.Add(5*time.Second))
		wantWork(t, w, "the first waits", x, y)
		w.finish("notify", x)
		w.clock.Advance(5*time.Second - time.Microsecond)
		wantWork(t, w, "a microsecond before it is due", y)
		w.clock.Advance(time.Microsecond)
		wantWork(t, w, "due again, before what waited for it", a, b, y)
		w.delay(b, w.s.Now().Add(time.Second))
		wantWork(t, w, "a later one holds up no earlier one", a, y)
	})
}

// Each failure is counted. An event that has failed BlockingTries times lets the later ones of its
// product go on, and is tried forever.
func TestWorkIsNeverGivenUp(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		bad, good := w.event(product, "notify").ID, w.event(product, "notify").ID
		for try := range models.BlockingTries {
			list, err := w.s.EventWork(t.Context(), "notify", 1)
			if err != nil || len(list) != 1 || list[0].Event.ID != bad || list[0].Attempts != try {
				t.Fatalf("before try %d: %+v, %v", try, list, err)
			}
			w.delay(bad, w.s.Now().Add(time.Minute))
			if try+1 < models.BlockingTries {
				wantWork(t, w, "the next waits")
				w.clock.Advance(time.Minute)
			}
		}
		wantWork(t, w, "the next goes on", good)
		w.clock.Advance(time.Minute)
		wantWork(t, w, "it comes back", bad, good)
		w.delay(bad, w.s.Now().Add(time.Hour))
		list, err := w.s.FailedWork(t.Context(), all, "notify", 0, 10)
		if err != nil || len(list) != 1 || list[0].Attempts != 6 || list[0].Error != "broken" || list[0].NextAt.IsZero() {
			t.Errorf("%+v, %v", list, err)
		}
		w.write(func(tx *models.Tx) error {
			n, err := tx.RetryWork("notify", good)
			if n != 0 {
				t.Errorf("%d events that have not failed are tried again", n)
			}
			return err
		})
		w.write(func(tx *models.Tx) error { _, err := tx.RetryWork("notify", bad); return err })
		wantWork(t, w, "tried again at once", bad, good)
	})
}

// Each reader has its own work, and can finish it once.
func TestWorkOfReaders(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		e := w.event(product, "notify", "playbook")
		list, err := w.s.EventWork(t.Context(), "playbook", 10)
		if err != nil || len(list) != 1 || list[0].Event.UUID != e.UUID || list[0].Event.Product != "ours" ||
			string(list[0].Event.Payload) != `{"a":1}` {
			t.Errorf("the event as it is read: %+v, %v", list, err)
		}
		w.delay(e.ID, noon.Add(time.Hour))
		if got := w.works("playbook", 10); !slices.Equal(got, []int64{e.ID}) {
			t.Errorf("one reader waits for another: %v", got)
		}
		if !w.finish("playbook", e.ID) || w.finish("playbook", e.ID) || !w.finish("notify", e.ID) {
			t.Error("work was finished twice, or not at all")
		}
		if n := w.count("event_work"); n != 0 {
			t.Errorf("%d rows of work left", n)
		}
	})
}

var errMidway = errors.New("midway")

// route does what a reader does: it deletes the work in the transaction that writes its rows.
func route(tx *models.Tx, e models.Event, conns []int64, end error) error {
	if still, err := tx.FinishWork("notify", e.ID); err != nil || !still {
		return err
	}
	return errors.Join(tell(tx, e, conns), end)
}

func tell(tx *models.Tx, e models.Event, conns []int64) error {
	if err := tx.InsertNotification(
		models.Notification{EventID: e.ID, ProductID: e.ProductID, Name: "News", At: e.At},
	); err != nil {
		return err
	}
	for _, id := range conns {
		d := models.Delivery{
			Origin:       models.OriginEvent,
			EventID:      e.ID,
			ConnectionID: id,
			ProductID:    e.ProductID,
			State:        models.DeliveryPending,
			NextAt:       e.At,
			CreatedAt:    e.At,
		}
		if _, err := tx.InsertDelivery(&d); err != nil {
			return err
		}
	}
	return nil
}

// Work that is not committed still exists, with none of its rows. Repeated, it writes the same
// rows; done twice, the unique keys reject the second.
func TestWorkIsReplayed(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		conns := []int64{w.connection(product, "a"), w.connection(product, "b")}
		e := w.event(product, "notify")
		want := func(what string, work, notifications, deliveries int) {
			t.Helper()
			got := fmt.Sprint(w.count("event_work"), w.count("notifications"), w.count("deliveries"))
			if got != fmt.Sprint(work, notifications, deliveries) {
				t.Errorf("%s: work, notifications and deliveries are %s", what, got)
			}
		}
		err := w.s.Write(t.Context(), func(tx *models.Tx) error { return route(tx, e, conns, errMidway) })
		if !errors.Is(err, errMidway) {
			t.Error(err)
		}
		want("undone", 1, 0, 0)
		wantWork(t, w, "undone", e.ID)
		for _, what := range []string{"done", "once more"} {
			w.write(func(tx *models.Tx) error { return route(tx, e, conns, nil) })
			want(what, 0, 1, 2)
		}
		w.write(func(tx *models.Tx) error { return tell(tx, e, conns) })
		want("replayed from the beginning", 0, 1, 2)
	})
}
