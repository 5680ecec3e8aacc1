package apptest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

const (
	hangQueues = 100
	hanging    = 30
)

// Thirty of a hundred receivers accept messages and never answer. The others get all their messages
// meanwhile, and the number of goroutines for hanging receivers is bounded, however many messages
// wait.
func TestHangingReceivers_DelayNoOtherMessages(t *testing.T) {
	t.Parallel()
	eachDatabaseOptions(t, func(t *testing.T, o apptest.Options) {
		const rounds = 4
		hung, quick := apptest.NewReceiver(t), newRecorder(t, 0)
		hung.Hold()
		var p *apptest.Program
		goroutines := goroutinesOf(t, func() { p = apptest.Start(t, o) })
		c := p.Client("admin")
		shops := make([]productFixture, hangQueues)
		for i := range shops {
			url := quick.url
			if i < hanging {
				url = hung.URL
			}
			shops[i] = newProduct(t, c, fmt.Sprint("Shop ", i), fmt.Sprintf("%s/queue/%d", url, i))
		}
		before := goroutines()
		for n := range rounds {
			for _, s := range shops {
				c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": countsNumbered(n + 1)})
			}
		}
		apptest.Eventually(t, "all others have theirs", func() bool {
			return len(quick.arrivals()) == (hangQueues-hanging)*rounds
		})
		if n := len(hung.Messages()); n != hanging {
			t.Errorf("%d messages hang, want the first of each queue", n)
		}
		// A hanging send has its own goroutine and two of its connection. Those of the other sends end.
		n, most := 0, before+4*hanging
		apptest.Eventually(t, "a bounded number of goroutines is left", func() bool { n = goroutines(); return n <= most })
		// On a busy machine some sends time out before that. They are retried below, and the messages
		// behind them are out of date by then.
		states, err := p.Store.DeliveriesSince(t.Context(), apptest.AllProducts(), time.Unix(1, 0))
		if hang := states[models.DeliverySending]; err != nil || n < before+hang {
			t.Errorf("%d goroutines, %d before, %d sends hang: they are not counted (%v)", n, before, hang, err)
		}
		hung.Release()
		for due := apptest.Settle(t, p.Store); !due.IsZero(); due = apptest.Settle(t, p.Store) {
			p.Clock.Advance(due.Sub(p.Clock.Now()))
		}
		states, err = p.Store.DeliveriesSince(t.Context(), apptest.AllProducts(), time.Unix(1, 0))
		cancelled := states[models.DeliveryCancelled]
		if err != nil || states[models.DeliveryDelivered]+cancelled != hangQueues*rounds || cancelled > hanging*(rounds-1) {
			t.Errorf("deliveries %v, %v", states, err)
		}
	})
}

// goroutinesOf calls start, and returns a function that counts the goroutines that start created.
// Other tests have goroutines in the same process.
func goroutinesOf(t *testing.T, start func()) func() int {
	t.Helper()
	pprof.Do(t.Context(), pprof.Labels("counted", t.Name()), func(context.Context) { start() })
	label := fmt.Sprintf("# labels: {%q:%q}\n", "counted", t.Name())
	return func() int {
		var profile strings.Builder
		if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
			t.Fatal(err)
		}
		sum := 0
		for stack := range strings.SplitSeq(profile.String(), "\n\n") {
			var n int
			if _, err := fmt.Sscanf(stack, "%d @", &n); err == nil && strings.Contains(stack, label) {
				sum += n
			}
		}
		return sum
	}
}

// Measures how much longer messages take while thirty of a hundred receivers hang for 30 s.
// GATECRIER_HANG sets the number of seconds in which gates change, 200 a second. The reported 99th
// percentile is the median of those of each second, because other load on the machine comes in
// bursts.
func TestTrial_HangingReceivers(t *testing.T) {
	seconds := envInt(t, "GATECRIER_HANG", 0)
	if seconds == 0 {
		t.Skip("GATECRIER_HANG is not set: this takes minutes")
	}
	for round := range 4 {
		calm, disturbed := hangTrial(t, seconds, 0), hangTrial(t, seconds, hanging)
		one, other := middleOf99ths(calm), middleOf99ths(disturbed)
		t.Logf("round %d: p99 %v undisturbed, %v disturbed: %.2fx; over all seconds %v and %v", round+1, one, other,
			float64(other)/float64(one), percentile(slices.Concat(calm...), 99), percentile(slices.Concat(disturbed...), 99))
	}
}

func middleOf99ths(seconds [][]time.Duration) time.Duration {
	list := make([]time.Duration, len(seconds))
	for i, times := range seconds {
		list[i] = percentile(times, 99)
	}
	return percentile(list, 50)
}

func percentile(times []time.Duration, p int) time.Duration {
	slices.Sort(times)
	return times[len(times)*p/100].Round(10 * time.Microsecond)
}

// hangTrial measures the time from the request that changes a gate to the arrival of its message,
// for each second, over the queues that never hang.
func hangTrial(t *testing.T, seconds, hang int) [][]time.Duration {
	const perSecond = 200
	dir, quick := t.TempDir(), newRecorder(t, 0)
	over := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		select {
		case <-over:
		case <-time.After(30 * time.Second):
		}
	}))
	p := startProcess(t, dir)
	defer func() {
		p.kill()
		close(over)
		slow.Close()
	}()
	c := p.client(t)
	var url atomic.Value
	url.Store(p.url)
	writers := make([]*gateWriter, hangQueues)
	for i := range writers {
		queue, to := fmt.Sprintf("/queue/%d", i), quick.url
		if i < hang {
			to = slow.URL
		}
		writers[i] = &gateWriter{productFixture: newProduct(t, c, queue, to+queue), queue: queue, recorder: quick}
	}
	var mu sync.Mutex
	asked := map[string]time.Time{}
	var done sync.WaitGroup
	ticker := time.NewTicker(time.Second / perSecond)
	defer ticker.Stop()
	for i := range seconds * perSecond {
		<-ticker.C
		w, n := writers[i%hangQueues], i/hangQueues+1
		done.Go(func() {
			mu.Lock()
			asked[fmt.Sprint(w.queue, " ", n)] = time.Now()
			mu.Unlock()
			if !w.putCounts(t.Context(), &url, c.Token, n) {
				t.Errorf("%s: change %d was not taken", w.queue, n)
			}
		})
	}
	done.Wait()
	want := (hangQueues - hang) * seconds * perSecond / hangQueues
	apptest.Eventually(t, "all others have theirs", func() bool { return len(quick.arrivals()) >= want })
	times := make([][]time.Duration, seconds)
	for _, a := range quick.arrivals() {
		var i int
		if _, err := fmt.Sscanf(a.queue, "/queue/%d", &i); err == nil && i >= hanging { // the same queues in both
			second := (a.number - 1) * hangQueues / perSecond
			times[second] = append(times[second], a.at.Sub(asked[fmt.Sprint(a.queue, " ", a.number)]))
		}
	}
	return times
}
