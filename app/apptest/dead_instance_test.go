package apptest_test

import (
	"sync/atomic"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models/modelstest"
)

// maxGap is how long notifications can stop after an instance was killed, or after the only one was
// started again.
const maxGap = 2 * time.Second

// killedProgram is a program with two products: the message of the first one is at its receiver
// when the program is killed, the second one is idle.
type killedProgram struct {
	process  *process
	c        *apptest.Client
	recorder *recorder
	busy     productFixture
	idle     productFixture
}

func newKilledProgram(t *testing.T, o spawnOptions) *killedProgram {
	t.Helper()
	k := &killedProgram{recorder: newRecorder(t, 0), process: startProcessWith(t, o)}
	k.c = k.process.client(t)
	k.busy = newProduct(t, k.c, "busy", k.recorder.url+"/busy")
	k.idle = newProduct(t, k.c, "idle", k.recorder.url+"/idle")
	setCritical(k.c, k.idle, 1)
	apptest.Eventually(t, "the first change arrives", func() bool { return k.recorder.countOf("/idle") == 1 })
	return k
}

// killInFlight kills the program after a message has arrived and before it is answered.
func (k *killedProgram) killInFlight(t *testing.T) {
	t.Helper()
	k.recorder.hold.Store(int64(10 * time.Second))
	setCritical(k.c, k.busy, 1)
	apptest.Eventually(t, "a message is in flight", func() bool { return k.recorder.countOf("/busy") == 1 })
	k.process.kill()
	k.recorder.hold.Store(0)
}

// awaitNext changes both gates at an instance and fails unless the messages arrive in time.
func (k *killedProgram) awaitNext(t *testing.T, p *process, since time.Time) {
	t.Helper()
	var url atomic.Value
	url.Store(p.url)
	for _, product := range []productFixture{k.busy, k.idle} {
		w := &gateWriter{productFixture: product}
		if !w.putCounts(t.Context(), &url, k.c.Token, 2) {
			t.Fatal("a change was not taken")
		}
	}
	for _, queue := range []string{"/busy", "/idle"} {
		apptest.Eventually(t, queue+" goes on", func() bool { return k.recorder.countOf(queue) == 2 })
		if gap := time.Since(since); gap > maxGap {
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
