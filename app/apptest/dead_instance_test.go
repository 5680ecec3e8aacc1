package apptest_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models/modelstest"
)

// maxGap returns how long notifications can stop after an instance was killed, or after the only one
// was started again: seconds, and the 2 that are documented in a trial with GATECRIER_GAP=2. Beside
// other load a test takes longer, but never the 30 seconds of a lease.
func maxGap(t *testing.T) time.Duration {
	t.Helper()
	return time.Duration(envInt(t, "GATECRIER_GAP", 15)) * time.Second
}

// killedProgram is a program with two products: the message of the first one is at its receiver
// when the program is killed, the second one is idle.
type killedProgram struct {
	process  *process
	c        *apptest.Client
	recorder *recorder
	busy     productFixture
	idle     productFixture
	n        int // the last change of both gates
}

func newKilledProgram(t *testing.T, o spawnOptions) *killedProgram {
	t.Helper()
	k := &killedProgram{recorder: newRecorder(t, 0), process: startProcessWith(t, o)}
	k.c = k.process.client(t)
	k.busy = newProduct(t, k.c, "busy", k.recorder.url+"/busy")
	k.idle = newProduct(t, k.c, "idle", k.recorder.url+"/idle")
	return k
}

// change changes the gate of a product at an instance.
func (k *killedProgram) change(t *testing.T, p *process, product productFixture) {
	t.Helper()
	var url atomic.Value
	url.Store(p.url)
	w := &gateWriter{productFixture: product}
	if !w.putCounts(t.Context(), &url, k.c.Token, k.n) {
		t.Fatal("a change was not taken")
	}
}

// killInFlight kills the program after a message has arrived and before it is answered.
func (k *killedProgram) killInFlight(t *testing.T) {
	t.Helper()
	k.n++
	k.change(t, k.process, k.idle)
	apptest.Eventually(t, "the program notifies", func() bool { return k.recorder.countOf("/idle") == k.n })
	k.recorder.hold.Store(int64(10 * time.Second))
	k.change(t, k.process, k.busy)
	apptest.Eventually(t, "a message is in flight", func() bool { return k.recorder.countOf("/busy") == k.n })
	k.process.kill()
	k.recorder.hold.Store(0)
}

// awaitNext changes both gates at an instance and fails unless the messages arrive in time.
func (k *killedProgram) awaitNext(t *testing.T, p *process, since time.Time) {
	t.Helper()
	k.n++
	k.change(t, p, k.busy)
	k.change(t, p, k.idle)
	for _, queue := range []string{"/busy", "/idle"} {
		apptest.Eventually(t, queue+" goes on", func() bool { return k.recorder.countOf(queue) == k.n })
		if gap := time.Since(since); gap > maxGap(t) {
			t.Errorf("%s went on after %s", queue, gap.Round(10*time.Millisecond))
		}
	}
}

// A killed instance delays no notification, whatever it did, and whatever time its clock had.
func TestKilledInstance_NotificationsGoOn(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"clock right": 0, "clock a day ahead": 24 * time.Hour} {
		t.Run("one of two, "+name, func(t *testing.T) {
			t.Parallel()
			o := spawnOptions{dir: t.TempDir(), database: modelstest.MigratedURL(t), movable: true, ahead: ahead}
			k := newKilledProgram(t, o)
			o.ahead = 0
			two := startProcessWith(t, o)
			k.killInFlight(t)
			k.awaitNext(t, two, time.Now())
		})
		t.Run("the only one, "+name, func(t *testing.T) {
			t.Parallel()
			o := spawnOptions{dir: t.TempDir(), database: modelstest.MigratedURL(t), movable: true, ahead: ahead}
			k := newKilledProgram(t, o)
			k.killInFlight(t)
			o.ahead = 0
			next := startProcessWith(t, o)
			k.awaitNext(t, next, time.Now())
		})
		t.Run("the only one on SQLite, "+name, func(t *testing.T) {
			t.Parallel()
			o := spawnOptions{dir: t.TempDir(), movable: true, ahead: ahead}
			k := newKilledProgram(t, o)
			k.killInFlight(t)
			o.ahead = 0
			next := startProcessWith(t, o)
			k.awaitNext(t, next, time.Now())
		})
	}
}

// Two instances are killed in turn, and started again with clocks that differ by up to a day. Each
// time the remaining one goes on. GATECRIER_KILLS sets how often.
func TestKilledInstance_InTurn(t *testing.T) {
	t.Parallel()
	o := spawnOptions{dir: t.TempDir(), database: modelstest.MigratedURL(t), movable: true}
	k := newKilledProgram(t, o)
	kills := envInt(t, "GATECRIER_KILLS", 4)
	for i := range kills {
		o.ahead = []time.Duration{wayAhead, 0, -wayAhead, time.Hour}[i%4]
		other := startProcessWith(t, o)
		k.killInFlight(t)
		k.awaitNext(t, other, time.Now())
		k.process = other
	}
	deliveries := map[string]object{}
	k.c = apptest.NewClient(t, k.process.url, k.c.Token)
	apptest.Eventually(t, "nothing is left", func() bool {
		for _, d := range allItems(k.c, "/deliveries?") {
			deliveries[fmt.Sprint(d["message_id"])] = d
		}
		for _, d := range deliveries {
			if d["state"] != "delivered" && d["state"] != "cancelled" {
				return false
			}
		}
		return len(deliveries) == 4*kills
	})
	// On a busy machine a result can be written after its lease ended, which counts as lost too.
	if lost := auditArrivals(t, k.c, k.recorder, deliveries); lost > kills+1 {
		t.Errorf("%d attempts are lost by %d kills", lost, kills)
	}
}
