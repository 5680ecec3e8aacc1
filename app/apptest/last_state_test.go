package apptest_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// answerMode is how a fickle receiver treats a message.
type answerMode int

const (
	modeTake   answerMode = iota
	modeRefuse            // 503: it has not got the message
	modeReject            // 400: nor has it here
	modeLose              // it gets the message, and closes the connection without an answer
	modeHold              // it gets the message, and answers when it is released
	modeHoldRefuse
	modeCount
)

// fickleReceiver is the receiver of a target. It remembers the gate's state that it got last.
type fickleReceiver struct {
	url string

	mu   sync.Mutex
	mode answerMode
	path string // that of the target now; a message elsewhere is for the receiver before
	got  string // "" for none
	all  []string
	held chan struct{}
}

func newFickleReceiver(t *testing.T) *fickleReceiver {
	t.Helper()
	r := &fickleReceiver{path: "/0", held: make(chan struct{})}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	t.Cleanup(r.release)
	r.url = server.URL
	return r
}

// The states in the end of a silence, which names gate changes too, and in a gate change.
var (
	stateAtEnd = regexp.MustCompile(`"gate":"(failed|passed|none)"|Gate now\W+n?(Failed|Passed|Not evaluated)`)
	stateIn    = regexp.MustCompile(`"to":"(failed|passed|none)"|Security gate (failed|passed|not evaluated)`)
)

// ServeHTTP treats a message by the mode of the receiver.
func (r *fickleReceiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	r.mu.Lock()
	mode, held := r.mode, r.held
	found := stateAtEnd.FindSubmatch(body)
	if found == nil {
		found = stateIn.FindSubmatch(body)
	}
	if found != nil && mode != modeRefuse && mode != modeReject && mode != modeHoldRefuse && req.URL.Path == r.path {
		r.got = strings.ToLower(string(slices.Concat(found[1:]...)))
		r.all = append(r.all, fmt.Sprintf("%s (mode %d)", r.got, mode))
	}
	r.mu.Unlock()
	switch mode {
	case modeRefuse:
		w.WriteHeader(http.StatusServiceUnavailable)
	case modeReject:
		w.WriteHeader(http.StatusBadRequest)
	case modeLose:
		panic(http.ErrAbortHandler)
	case modeHold:
		<-held
	case modeHoldRefuse:
		<-held
		w.WriteHeader(http.StatusServiceUnavailable)
	case modeTake, modeCount:
	}
}

func (r *fickleReceiver) setMode(mode answerMode) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mode = mode
}

// move makes the receiver one at another path, which has got nothing yet.
func (r *fickleReceiver) move(path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.path, r.got = path, ""
	r.all = append(r.all, "moved")
}

func (r *fickleReceiver) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.held)
	r.held = make(chan struct{})
}

func (r *fickleReceiver) last() (got string, all []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got, append([]string(nil), r.all...)
}

// fickleTarget is a target with its receiver.
type fickleTarget struct {
	*fickleReceiver
	product productFixture
	id      int64
	module  string
	moves   int
	movedAt int64 // the last event when it was moved
}

// fickleWorld is a program whose gates change while its receivers fail.
type fickleWorld struct {
	t       *testing.T
	p       *apptest.Program
	c       *apptest.Client
	o       apptest.Options
	rand    *rand.Rand
	targets []*fickleTarget
	shops   []productFixture
	ahead   time.Duration // how far the clock was moved
	did     map[string]int
}

const (
	roundSteps = 50             // then everything is sent and checked
	maxAhead   = 40 * time.Hour // in a round: no message is given up because of its age
)

func newFickleWorld(t *testing.T, o apptest.Options, seed uint64) *fickleWorld {
	t.Helper()
	w := &fickleWorld{t: t, o: o, rand: rand.New(rand.NewPCG(seed, 7)), did: map[string]int{}}
	w.p = apptest.Start(t, o)
	w.p.Clock.Before = nil // leases end while messages are sent
	w.c = w.p.Client("admin")
	for i := range 3 {
		s := newProduct(t, w.c, fmt.Sprint("Shop ", i), "")
		w.shops = append(w.shops, s)
		for _, module := range []string{"webhook", "slack"} {
			r := newFickleReceiver(t)
			id := addTarget(w.c, s, module, r.url+r.path)
			w.targets = append(w.targets, &fickleTarget{fickleReceiver: r, product: s, id: id, module: module})
		}
	}
	return w
}

func (w *fickleWorld) target() *fickleTarget { return w.targets[w.rand.IntN(len(w.targets))] }

// step does one random thing.
func (w *fickleWorld) step() {
	switch n := w.rand.IntN(100); {
	case n < 35:
		w.did["change"]++
		setCritical(w.c, w.shops[w.rand.IntN(len(w.shops))], w.rand.IntN(2))
	case n < 40:
		w.silence()
	case n < 55:
		w.did["mode"]++
		w.target().setMode(answerMode(w.rand.IntN(int(modeCount))))
	case n < 65:
		w.did["release"]++
		w.target().release()
	case n < 90:
		w.advance()
	case n < 95:
		w.move()
	case n < 97:
		w.restart()
	default:
		w.did["repair"]++
		for _, r := range w.targets {
			r.setMode(modeTake)
			r.release()
		}
	}
	w.p.Wake()
	w.rest()
}

// rest gives the program a moment, in which most of what is due is done.
func (w *fickleWorld) rest() {
	for range w.rand.IntN(20) {
		_, settled, err := apptest.Settled(w.t.Context(), w.p.Store)
		if err != nil {
			w.t.Fatal(err)
		}
		if settled {
			return
		}
		<-time.After(time.Millisecond)
	}
}

// advance moves the clock, at times back.
func (w *fickleWorld) advance() {
	w.did["advance"]++
	steps := []time.Duration{
		time.Second, 2 * time.Second, 6 * time.Second, 31 * time.Second, 31 * time.Second, time.Minute, 3 * time.Minute,
		11 * time.Minute, time.Hour, -time.Minute, -20 * time.Minute,
	}
	by := steps[w.rand.IntN(len(steps))]
	if w.ahead+by > maxAhead || w.ahead+by < 0 {
		return
	}
	w.ahead += by
	w.p.Clock.Advance(by)
}

// move changes the address of a target.
func (w *fickleWorld) move() {
	w.did["move"]++
	target := w.target()
	target.moves++
	path := fmt.Sprint("/", target.moves)
	target.fickleReceiver.move(path)
	w.c.Must(http.StatusOK, "PATCH", fmt.Sprint("/targets/", target.id),
		object{"config": object{"url": target.url + path}})
	history := w.c.Must(http.StatusOK, "GET", target.product.path+"/gate/history?limit=1", nil)
	target.movedAt = history.ID("items.0.event_id")
	sent := models.DeliveryFilter{ProductID: target.product.id, ConnectionID: target.id}
	for _, d := range deliveryLog(w.t, w.p, sent) {
		target.movedAt = max(target.movedAt, d.EventID)
	}
}

// silence silences a product for a time.
func (w *fickleWorld) silence() {
	w.did["silence"]++
	minutes := []time.Duration{5, 20, 60}[w.rand.IntN(3)]
	w.c.Must(http.StatusCreated, "POST", "/silences", object{
		"product_id": w.shops[w.rand.IntN(len(w.shops))].id, "reason": "maintenance",
		"ends_at": w.p.Store.Now().Add(minutes * time.Minute),
	})
}

// restart stops the program, without a message in flight, and starts it again.
func (w *fickleWorld) restart() {
	w.did["restart"]++
	for _, r := range w.targets {
		r.setMode(modeTake)
		r.release()
	}
	now := w.p.Clock.Now()
	w.p.Stop()
	o := w.o
	o.StartTime = now
	w.p = apptest.Start(w.t, o)
	w.p.Clock.Before = nil
	w.c = w.p.Client("admin")
}

// finish repairs all receivers and lets the program send everything.
func (w *fickleWorld) finish() {
	for _, r := range w.targets {
		r.setMode(modeTake)
		r.release()
	}
	passTime(w.t, w.p, 24*time.Hour)
	apptest.Drain(w.t, w.p.Store)
	apptest.Eventually(w.t, "silences end", func() bool {
		if err := w.p.Silences.End(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		left, err := w.p.Store.DueSilences(w.t.Context(), w.p.Store.Now(), 1)
		if err != nil {
			w.t.Fatal(err)
		}
		return len(left) == 0
	})
	passTime(w.t, w.p, time.Hour)
	apptest.Drain(w.t, w.p.Store)
	w.ahead = 0
}

// check compares what each target has got last with the state of its gate.
func (w *fickleWorld) check() (cancelled int) {
	for i, target := range w.targets {
		log := deliveryLog(w.t, w.p, models.DeliveryFilter{ProductID: target.product.id, ConnectionID: target.id})
		var newest models.DeliveryRow
		changes := 0
		lines := []string{}
		for _, d := range log {
			if !strings.HasPrefix(d.Title, "Security gate") &&
				!strings.Contains(strings.ToLower(d.Title), "silence ended") {
				continue
			}
			newest = d
			if d.State == models.DeliveryCancelled {
				cancelled++
			}
			if d.EventID > target.movedAt {
				changes++
			}
			lines = append(lines, fmt.Sprintf("%d %s: %s %s", d.EventID, d.Title, d.State, d.Reason))
		}
		want, _ := w.c.Must(http.StatusOK, "GET", target.product.path, nil).Get("gate.state").(string)
		got, all := target.last()
		switch {
		case newest.State == models.DeliveryDead:
			w.did["dead"]++
		case got != want && changes > 0:
			w.t.Errorf("target %d (%s) got %q last, the gate is %q\n%s\nit got %q", i, target.module, got, want,
				strings.Join(lines, "\n"), all)
		}
	}
	return cancelled
}

// Gates change while receivers fail, hang and lose answers, leases end, the clock jumps ahead and
// back, targets move and the program restarts. In the end each target has got the state of its
// gate last, whatever was canceled as out of date. GATECRIER_STEPS is the number of steps,
// GATECRIER_SEED repeats them.
func TestRandomDeliveries_LeaveNoTargetWithAnOldState(t *testing.T) {
	t.Parallel()
	steps, seed := envInt(t, "GATECRIER_STEPS", 150), envInt(t, "GATECRIER_SEED", rand.IntN(1_000_000))
	eachDatabaseOptions(t, func(t *testing.T, o apptest.Options) {
		t.Logf("GATECRIER_STEPS=%d GATECRIER_SEED=%d", steps, seed)
		w := newFickleWorld(t, o, uint64(seed))
		cancelled := 0
		for round := 0; round < steps/roundSteps && !t.Failed(); round++ {
			for range roundSteps {
				w.step()
			}
			w.finish()
			cancelled = w.check()
		}
		t.Logf("%d cancelled; %v", cancelled, w.did)
		if steps >= 300 && cancelled == 0 {
			t.Error("nothing was canceled")
		}
	})
}
