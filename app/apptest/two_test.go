package apptest_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models/modelstest"
)

// leapAhead lets the clock of a process that was started with aheadEnv go ahead
// past every lease.
func (p *process) leapAhead(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		t.Error(err)
	}
}

// fleet is two programs on one PostgreSQL, and products with a connection each.
type fleet struct {
	one, two *process
	c        *apptest.Client // asks the one
	shops    []shop
	lanes    []string
	recorder *recorder
}

func newFleet(t *testing.T, connections int) *fleet {
	t.Helper()
	t.Setenv("GATECRIER_DATABASE_URL", modelstest.PostgresURL(t))
	dir := t.TempDir() // with it they share the key
	f := &fleet{one: spawn(t, dir, aheadEnv+"=0s"), recorder: newRecorder(t)}
	f.c = apptest.NewClient(t, f.one.url, apptest.TokenIn(t, dir, "admin"))
	for i := range connections {
		lane := fmt.Sprintf("/lane/%d", i)
		f.lanes = append(f.lanes, lane)
		f.shops = append(f.shops, newShop(t, f.c, lane, f.recorder.url+lane))
	}
	// The first is the one that routes, before there is a second.
	f.c.Must(http.StatusOK, "PUT", f.shops[0].path+"/counts", map[string]any{"scanner": "x", "counts": numbered(1)})
	apptest.Eventually(t, "the first change arrives", func() bool { return f.recorder.reached(f.lanes[0]) == 1 })
	f.two = spawn(t, dir, aheadEnv+"=0s")
	return f
}

// flip lets each gate change so many times, asked for at both programs in turn.
// halfway is called when half of the changes are made; afterwards the second
// program alone is asked.
func (f *fleet) flip(t *testing.T, each int, halfway func()) {
	t.Helper()
	var first, second atomic.Value
	first.Store(f.one.url)
	second.Store(f.two.url)
	var made atomic.Int64
	once, done := sync.Once{}, sync.WaitGroup{}
	for i, s := range f.shops {
		w := &writer{shop: s, lane: f.lanes[i], recorder: f.recorder}
		done.Go(func() {
			for n := 1; n <= each; n++ {
				url := []*atomic.Value{&first, &second}[n%2]
				for !w.put(t.Context(), url, f.c.Token, n) {
					<-time.After(5 * time.Millisecond)
				}
				if int(made.Add(1)) >= len(f.shops)*each/2 {
					once.Do(func() {
						halfway()
						first.Store(f.two.url)
					})
				}
			}
		})
	}
	done.Wait()
}

// Two programs share the work: each message goes out once, in its order.
// GATECRIER_DELIVERIES says how many there are.
func TestTwoInstancesSendOnce(t *testing.T) {
	const connections = 20
	each := number(t, "GATECRIER_DELIVERIES", 2000) / connections
	f := newFleet(t, connections)
	began := time.Now()
	f.flip(t, each, func() {})
	settled(t, f.c)
	got := f.recorder.arrivals()
	t.Logf("%d deliveries in %v", len(got), time.Since(began).Round(time.Millisecond))
	seen, last := map[string]bool{}, map[string]int{}
	for _, a := range got {
		if seen[a.id] || a.number != last[a.lane]+1 {
			t.Errorf("%s: change %d arrived after %d, seen before: %v", a.lane, a.number, last[a.lane], seen[a.id])
		}
		seen[a.id], last[a.lane] = true, a.number
	}
	for _, lane := range f.lanes {
		if last[lane] != each {
			t.Errorf("%s: told of %d changes, want %d", lane, last[lane], each)
		}
	}
	if n := len(items(f.c, "/deliveries?state=delivered&")); n != connections*each {
		t.Errorf("%d are delivered, want %d", n, connections*each)
	}
}

// One of two programs is killed: the other one finishes what it was sending.
func TestOneOfTwoIsKilled(t *testing.T) {
	const connections = 20
	each := number(t, "GATECRIER_DELIVERIES", 2000) / connections
	f := newFleet(t, connections)
	f.flip(t, each, func() {
		f.one.kill()
		f.two.leapAhead(t)
	})
	c := apptest.NewClient(t, f.two.url, f.c.Token)
	settled(t, c)
	ledger := map[string]map[string]any{}
	for _, d := range items(c, "/deliveries?") {
		ledger[fmt.Sprint(d["message_id"])] = d
	}
	lost := auditArrivals(t, c, f.recorder, ledger)
	t.Logf("%d attempts lost", lost)
	if lost > connections {
		t.Errorf("%d attempts were lost, more than lanes were at work", lost)
	}
	told := map[int64]int{}
	for _, d := range ledger {
		product, _ := d["product"].(map[string]any)
		id, _ := product["id"].(float64)
		told[int64(id)]++
		if d["state"] != "delivered" && d["state"] != "cancelled" {
			t.Errorf("the state of %v is %v", d["message_id"], d["state"])
		}
	}
	for i, s := range f.shops {
		history := items(c, s.path+"/gate/history?")
		if len(history) != each || told[s.id] != each {
			t.Errorf("%s: %d changes and %d deliveries, want %d", f.lanes[i], len(history), told[s.id], each)
		}
		if n := f.recorder.reached(f.lanes[i]); n != each && n != each-2 {
			t.Errorf("%s: told of change %d last, of %d", f.lanes[i], n, each)
		}
	}
}
