package apptest_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/app/exception"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// restart starts the stopped program again on the same database.
func restart(t *testing.T, p *apptest.Program, o apptest.Options) *apptest.Program {
	t.Helper()
	now := p.Clock.Now()
	p.Stop()
	next := apptest.Start(t, o)
	if ahead := now.Sub(next.Clock.Now()); ahead > 0 {
		next.Clock.Advance(ahead)
	}
	return next
}

func eachDatabaseOptions(t *testing.T, fn func(t *testing.T, o apptest.Options)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, apptest.Options{Dir: t.TempDir()}) })
	t.Run("postgres", func(t *testing.T) {
		fn(t, apptest.Options{Dir: t.TempDir(), DatabaseURL: modelstest.MigratedURL(t)})
	})
}

// exceptionReport returns a report of an exception whose frames identify its origin.
func exceptionReport(message string, product int64) object {
	return object{
		"class":   "ValueError",
		"message": message,
		"product": product,
		"frames":  []object{{"module": "shop", "function": "pay", "in_app": true}},
	}
}

// Thousands of reports of one exception cause one notification and one message to each target. All
// others are counted, also across a restart, and the next notification has their number.
// GATECRIER_STORM=25 makes them a hundred thousand.
func TestExceptionStorm_NotifiesOnce(t *testing.T) {
	t.Parallel()
	eachDatabaseOptions(t, func(t *testing.T, o apptest.Options) {
		const callers, each = 16, 250
		batches := envInt(t, "GATECRIER_STORM", 4)
		all := int64(callers * each * batches)
		p := apptest.Start(t, o)
		c := p.Client("admin")
		one, two := apptest.NewReceiver(t), apptest.NewReceiver(t)
		s := newProduct(t, c, "Shop", one.URL)
		c.Must(http.StatusCreated, "POST", s.path+"/targets",
			object{"module": "webhook", "name": "second", "config": object{"url": two.URL}})
		var notified atomic.Int64
		var wg sync.WaitGroup
		for caller := range callers {
			wg.Go(func() {
				for b := range batches {
					list := make([]object, each)
					for i := range list {
						list[i] = exceptionReport(fmt.Sprintf("order %d%d%d is lost", caller, b, i), s.id)
					}
					a := c.Do("POST", "/exceptions", list)
					if a.Status != http.StatusAccepted {
						t.Errorf("%d %s", a.Status, a.Text)
						return
					}
					notified.Add(int64(strings.Count(a.Text, `"notified":true`)))
				}
			})
		}
		wg.Wait()
		apptest.Settle(t, p.Store)
		p = restart(t, p, o)
		apptest.Settle(t, p.Store)
		if notified.Load() != 1 || len(one.Messages()) != 1 || len(two.Messages()) != 1 {
			t.Errorf("%d notices, %d and %d messages", notified.Load(), len(one.Messages()), len(two.Messages()))
		}
		c = p.Client("admin")
		list := c.Must(http.StatusOK, "GET", fmt.Sprintf("/exceptions?product=%d", s.id), nil)
		if itemCount(list) != 1 || list.ID("items.0.suppressed") != all-1 || list.ID("items.0.count") != all {
			t.Errorf("%s", list.Text)
		}
		a := c.Must(http.StatusAccepted, "POST", "/exceptions", exceptionReport("order 7 is lost", s.id))
		if a.Get("notified") != false || a.ID("suppressed") != all {
			t.Errorf("in the middle of the window, after a restart: %s", a.Text)
		}
		p.Clock.Advance(time.Hour)
		a = c.Must(http.StatusAccepted, "POST", "/exceptions", exceptionReport("order 8 is lost", s.id))
		if a.Get("notified") != true {
			t.Errorf("after the window: %s", a.Text)
		}
		apptest.Settle(t, p.Store)
		for _, r := range []*apptest.Receiver{one, two} {
			if m := r.Messages(); len(m) != 2 ||
				!strings.Contains(string(m[1].Body), fmt.Sprintf(`"suppressed":%d,"suppressed_since":"`, all)) {
				t.Errorf("%d messages, the last %s", len(m), m[len(m)-1].Body)
			}
		}
		a = c.Must(http.StatusOK, "GET", "/notifications", nil)
		if !strings.Contains(a.Text, fmt.Sprintf("(%d more since ", all)) {
			t.Errorf("the inbox: %s", a.Text)
		}
	})
}

// Two programs on one PostgreSQL notify once of each exception, and count all.
func TestExceptionStorm_OnTwoInstances(t *testing.T) {
	t.Parallel()
	o := apptest.Options{Dir: t.TempDir(), DatabaseURL: modelstest.MigratedURL(t)}
	p := apptest.Start(t, o)
	c := p.Client("admin")
	receiver := apptest.NewReceiver(t)
	s := newProduct(t, c, "Shop", receiver.URL)
	other := apptest.Start(t, o)
	clients := []*apptest.Client{c, apptest.NewClient(t, other.URL, c.Token)}
	const kinds, callers, rounds = 5, 8, 40
	var notified atomic.Int64
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for range rounds {
				list := make([]object, 10*kinds)
				for i := range list {
					list[i] = object{"class": fmt.Sprint("E", i%kinds), "message": "m", "product": s.id}
				}
				a := clients[caller%2].Do("POST", "/exceptions", list)
				notified.Add(int64(strings.Count(a.Text, `"notified":true`)))
			}
		})
	}
	wg.Wait()
	other.Stop()
	apptest.Settle(t, p.Store)
	p.Stop()
	p = apptest.Start(t, o)
	apptest.Settle(t, p.Store)
	apptest.Drain(t, p.Store) // a message can pass between two queries of Settle
	list, err := p.Store.ExceptionGroups(t.Context(), apptest.AllProducts(), models.ExceptionFilter{Limit: 100})
	if err != nil || len(list) != kinds || notified.Load() != kinds || len(receiver.Messages()) != kinds {
		t.Errorf("%d groups, %d notices, %d messages, %v", len(list), notified.Load(), len(receiver.Messages()), err)
		rows, err := p.Store.Deliveries(t.Context(), apptest.AllProducts(), models.DeliveryFilter{Limit: 20})
		t.Errorf("at %s: %+v, %v", p.Clock.Now(), rows, err)
	}
	for _, g := range list {
		if want := int64(callers * rounds * 10); g.Count != want || g.Suppressed != want-1 {
			t.Errorf("%s: %d, %d suppressed", g.Class, g.Count, g.Suppressed)
		}
	}
}

// A failing receiver does not use up a window: its message arrives once, without a second one.
func TestExceptionWindow_WithFailingReceiver(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		receiver.Answer(http.StatusServiceUnavailable, http.StatusServiceUnavailable)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		report := object{"class": "E", "message": "m", "product": s.id}
		for range 3 {
			c.Must(http.StatusAccepted, "POST", "/exceptions", report)
		}
		passTime(t, p, 10*time.Minute)
		m := receiver.Messages()
		if len(m) != 3 || m[0].ID() != m[2].ID() {
			t.Fatalf("%d messages", len(m))
		}
		if a := c.Must(http.StatusAccepted, "POST", "/exceptions", report); a.Get("notified") != false ||
			a.ID("suppressed") != 3 {
			t.Errorf("%s", a.Text)
		}
	})
}

// Exceptions that always differ are bounded in memory, groups and notifications, and their list
// stays fast.
func TestExceptionStorm_OfDifferentExceptions(t *testing.T) { // by itself: it measures the process's memory
	eachDatabaseOptions(t, func(t *testing.T, o apptest.Options) {
		all := envInt(t, "GATECRIER_STORM", 2) * 4000
		p := apptest.Start(t, o)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		heap := func() uint64 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		report := func(from, to int) {
			var wg sync.WaitGroup
			for caller := range 16 {
				wg.Go(func() {
					for i := from + caller; i < to; i += 16 {
						_, err := p.Exceptions.Report(t.Context(), exception.Report{
							Kind:      models.ExceptionReported,
							ProductID: s.id,
							Class:     fmt.Sprint("C", i),
							Message:   "m",
							Frames:    []exception.Frame{{Function: fmt.Sprint("f", i), InApp: true}},
						})
						if err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
		}
		report(0, 2000)
		before := heap()
		report(2000, all)
		after := heap()
		t.Logf("heap after 2,000: %d KB, after %d: %d KB", before>>10, all, after>>10)
		if after > before+8<<20 {
			t.Errorf("memory grows: %d KB, then %d KB", before>>10, after>>10)
		}
		if err := p.Exceptions.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		a := c.Must(http.StatusOK, "GET", fmt.Sprintf("/exceptions?product=%d&limit=100", s.id), nil)
		t.Logf("100 of its groups are listed in %s", time.Since(began))
		if itemCount(a) != 100 {
			t.Errorf("%d groups on the first page", itemCount(a))
		}
		list, err := p.Store.ExceptionGroups(t.Context(), apptest.AllProducts(),
			models.ExceptionFilter{ProductID: s.id, Limit: 5000})
		count, overflowed := int64(0), 0
		for _, g := range list {
			count += g.Count
			if g.By == string(exception.ByOverflow) && g.Notified == 0 {
				overflowed++
			}
		}
		if overflowed != 1 {
			t.Errorf("%d groups take what is too much, want one that is left for the summary", overflowed)
		}
		most := 1001
		if o.DatabaseURL != "" {
			most += 15 // concurrent checks do not see each other's groups
		}
		if err != nil || len(list) < 1001 || len(list) > most || count != int64(all) {
			t.Errorf("%d groups, %d counted, %v", len(list), count, err)
		}
	})
}
