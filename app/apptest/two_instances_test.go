package apptest_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatecrier/app/apptest"
	"gatecrier/app/event"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// twoPrograms are two programs on one PostgreSQL, and products with a connection each.
type twoPrograms struct {
	one, two *process
	c        *apptest.Client // of the first program
	shops    []productFixture
	queues   []string
	recorder *recorder
	database string
	dir      string
}

func newTwoPrograms(t *testing.T, connections int, after time.Duration) *twoPrograms {
	t.Helper()
	database := modelstest.MigratedURL(t)
	dir := t.TempDir() // they share its key
	spawned := spawnOptions{dir: dir, database: database, movable: true}
	f := &twoPrograms{one: startProcessWith(t, spawned), recorder: newRecorder(t, after), dir: dir, database: database}
	f.c = f.one.client(t)
	for i := range connections {
		queue := fmt.Sprintf("/queue/%d", i)
		f.queues = append(f.queues, queue)
		f.shops = append(f.shops, newProduct(t, f.c, queue, f.recorder.url+queue))
	}
	// The first program routes events before the second starts.
	setCritical(f.c, newProduct(t, f.c, "first", f.recorder.url+"/first"), 1)
	apptest.Eventually(t, "the first change arrives", func() bool { return f.recorder.countOf("/first") == 1 })
	f.two = startProcessWith(t, spawned)
	return f
}

// changeGates changes each gate n times, through both programs in turn.
func (f *twoPrograms) changeGates(t *testing.T, each int) {
	t.Helper()
	urls := [2]atomic.Value{}
	urls[0].Store(f.one.url)
	urls[1].Store(f.two.url)
	var done sync.WaitGroup
	for i, s := range f.shops {
		w := &gateWriter{productFixture: s, queue: f.queues[i], recorder: f.recorder}
		done.Go(func() {
			for n := 1; n <= each; n++ {
				if !w.putCounts(t.Context(), &urls[n%2], f.c.Token, n) {
					t.Errorf("%s: change %d was not taken", w.queue, n)
				}
			}
		})
	}
	done.Wait()
}

// fillBacklog writes a backlog of n messages for each queue. None becomes out of date,
// because their events are in no history.
func (f *twoPrograms) fillBacklog(t *testing.T, each int) {
	t.Helper()
	store, err := models.Open(t.Context(), models.Options{URL: f.database})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, s := range f.shops {
		err := store.Write(t.Context(), func(tx *models.Tx) error {
			for n := 1; n <= each; n++ {
				if err := writeBacklog(tx, s, n); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func writeBacklog(tx *models.Tx, s productFixture, n int) error {
	change := event.GateChange{
		Product: event.Product{ID: s.id, Name: "backlog"}, Counts: models.Counts{Critical: int64(n)},
	}
	payload, err := event.Encode(change)
	if err != nil {
		return err
	}
	e := models.Event{
		UUID:      uuid.NewString(),
		Type:      string(event.GateChanged),
		Version:   1,
		ProductID: s.id,
		At:        tx.Now(),
		Payload:   payload,
	}
	if err := tx.InsertEvent(&e); err != nil {
		return err
	}
	d := models.Delivery{
		UUID:         uuid.NewString(),
		Origin:       models.OriginEvent,
		EventID:      e.ID,
		ConnectionID: s.target,
		ProductID:    s.id,
		State:        models.DeliveryPending,
		CreatedAt:    tx.Now(),
	}
	if n == 1 { // the others wait for it
		d.NextAt = tx.Now()
	}
	_, err = tx.InsertDelivery(&d)
	return err
}

// waitArrivals waits until n messages have arrived.
func (f *twoPrograms) waitArrivals(t *testing.T, n int) {
	t.Helper()
	deadline := time.Now().Add(3 * time.Minute)
	for len(f.recorder.arrivals()) < n {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d have arrived", len(f.recorder.arrivals()), n)
		}
		<-time.After(time.Millisecond)
	}
}

// Two programs share the work: each message is sent once, in order. GATECRIER_DELIVERIES sets their
// number.
func TestTwoInstances_SendOnce(t *testing.T) {
	t.Parallel()
	const connections = 20
	each := envInt(t, "GATECRIER_DELIVERIES", 500) / connections
	f := newTwoPrograms(t, connections, 3*time.Millisecond)
	began := time.Now()
	f.changeGates(t, each)
	apptest.Drain(t, f.one.store(t))
	got := f.recorder.arrivals()
	t.Logf("%d deliveries in %v", len(got), time.Since(began).Round(time.Millisecond))
	seen, last := map[string]bool{}, map[string]int{}
	for _, a := range got {
		if seen[a.id] || a.number != last[a.queue]+1 {
			t.Errorf("%s: change %d arrived after %d, seen before: %v", a.queue, a.number, last[a.queue], seen[a.id])
		}
		seen[a.id], last[a.queue] = true, a.number
	}
	for _, queue := range f.queues {
		if last[queue] != each {
			t.Errorf("%s: notified of %d changes, want %d", queue, last[queue], each)
		}
	}
	if n := len(allItems(f.c, "/deliveries?state=delivered&")); n != connections*each+1 {
		t.Errorf("%d are delivered, want %d", n, connections*each+1)
	}
}

// One of two programs is killed in the middle of a backlog, and later the other. Each time the
// remaining one sends the rest, and repeats the interrupted sends.
func TestOneOfTwoInstances_IsKilled(t *testing.T) {
	t.Parallel()
	const connections = 20
	each := envInt(t, "GATECRIER_DELIVERIES", 500) / connections
	f := newTwoPrograms(t, connections, 20*time.Millisecond)
	f.fillBacklog(t, each)
	f.waitArrivals(t, connections*each/4)
	f.one.kill()
	f.two.skipLeases(t)
	f.waitArrivals(t, connections*each/2)
	three := startProcessWith(t, spawnOptions{dir: f.dir, database: f.database, movable: true, ahead: leap})
	f.two.kill() // it had all of it
	three.skipLeases(t)
	c := apptest.NewClient(t, three.url, f.c.Token)
	apptest.Drain(t, three.store(t))
	deliveries := map[string]object{}
	for _, d := range allItems(c, "/deliveries?") {
		deliveries[fmt.Sprint(d["message_id"])] = d
		if d["state"] != "delivered" {
			t.Errorf("in the end: %v", d)
		}
	}
	if n := connections*each + 1; len(deliveries) != n {
		t.Errorf("%d deliveries, want %d", len(deliveries), n)
	}
	lost := auditArrivals(t, c, f.recorder, deliveries)
	t.Logf("%d attempts lost", lost)
	if lost == 0 || lost > 2*connections {
		t.Errorf("%d attempts were lost, want some, and no more than there are queues at each kill", lost)
	}
}
