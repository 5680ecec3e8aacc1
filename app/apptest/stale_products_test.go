package apptest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models/modelstest"
)

// staleMessages returns the messages of product.stale that a receiver got, in order.
func staleMessages(t *testing.T, r *apptest.Receiver) []string {
	t.Helper()
	var list []string
	for _, m := range r.Messages() {
		var b struct {
			Type string
			Data struct {
				Product      struct{ Name string }
				State        string
				Last         time.Time
				AfterSeconds int64 `json:"after_seconds"`
			}
		}
		if err := json.Unmarshal(m.Body, &b); err != nil {
			t.Fatal(err)
		}
		if b.Type == "product.stale" {
			list = append(list, fmt.Sprint(b.Data.Product.Name, " ", b.Data.State, " ", b.Data.AfterSeconds))
			if b.Data.Last.IsZero() {
				t.Errorf("no last report: %s", m.Body)
			}
		}
	}
	return list
}

// runStaleJob does the work of the job, which can run at the same time.
func runStaleJob(t *testing.T, p *apptest.Program) {
	t.Helper()
	if _, err := p.Ingest.FindStale(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// The job runs by itself.
func TestStaleProduct_FoundByJob(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	receiver, c := apptest.NewReceiver(t), p.Client("admin")
	s := newProduct(t, c, "Shop", receiver.URL)
	c.Must(http.StatusOK, "PATCH", s.path, object{"stale_after": 900})
	setCritical(c, s, 0)
	p.Clock.Advance(25 * time.Minute)
	p.WakeJobs()
	apptest.Eventually(t, "it is announced", func() bool { return len(staleMessages(t, receiver)) == 1 })
	apptest.Eventually(t, "the run says so", func() bool {
		return findJob(t, c, "find_stale_products").Get("last.message") == "1 stale, 0 back"
	})
}

func TestStaleProduct_NotifiesOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver, c := apptest.NewReceiver(t), p.Client("admin")
		shops := map[string]productFixture{}
		for _, name := range []string{"Quiet", "Never", "Busy", "Empty", "Off"} {
			shops[name] = newProduct(t, c, name, receiver.URL)
			if name != "Empty" { // never evaluated, so nothing is expected
				setCritical(c, shops[name], 0)
			}
		}
		c.Must(http.StatusOK, "PATCH", shops["Quiet"].path, object{"stale_after": 3600})
		c.Must(http.StatusOK, "PATCH", shops["Busy"].path, object{"stale_after": 3600})
		c.Must(http.StatusOK, "PATCH", shops["Never"].path, object{"stale_after": 0})
		since := func(name string) any { return c.Must(http.StatusOK, "GET", shops[name].path, nil).Get("stale_since") }
		look := func(want ...string) {
			t.Helper()
			runStaleJob(t, p)
			runStaleJob(t, p)
			slices.Sort(want) // the order of two products is random
			apptest.Eventually(t, fmt.Sprintf("%q, not %q", want, staleMessages(t, receiver)), func() bool {
				return slices.Equal(slices.Sorted(slices.Values(staleMessages(t, receiver))), want)
			})
		}

		p.Clock.Advance(59 * time.Minute)
		look()
		p.Clock.Advance(2 * time.Minute)
		setCritical(c, shops["Busy"], 0) // it changes nothing, and is in memory alone
		look("Quiet stale 3600")
		if since("Quiet") == nil || since("Busy") != nil || since("Never") != nil || since("Off") != nil ||
			since("Empty") != nil {
			t.Error("who is stale is not who should be")
		}

		// Other branches and manual observations do not count as reports of the default branch.
		c.Must(http.StatusOK, "PUT", shops["Quiet"].path+"/counts",
			object{"branch": "feature", "scanner": "x", "counts": criticalCounts(1)})
		look("Quiet stale 3600")

		// The same counts again are a report: the product is active again at once, with one message.
		p.Clock.Advance(10 * time.Minute)
		setCritical(c, shops["Quiet"], 0)
		apptest.Eventually(t, "it is back", func() bool { return len(staleMessages(t, receiver)) == 2 })
		setCritical(c, shops["Quiet"], 0)
		look("Quiet stale 3600", "Quiet back 3600")
		if since("Quiet") != nil {
			t.Error("it is back, and still stale")
		}

		// A report with changes does the same. The global time applies to the other products, and
		// clearing it sends no message.
		c.Must(http.StatusOK, "PATCH", "/settings/reports", object{"stale_after_seconds": 7200})
		setCritical(c, shops["Busy"], 0)
		c.Must(http.StatusOK, "PATCH", shops["Busy"].path, object{"stale_after": 2592000})
		p.Clock.Advance(2 * time.Hour)
		look("Quiet stale 3600", "Quiet back 3600", "Quiet stale 3600", "Off stale 7200")
		setCritical(c, shops["Quiet"], 1)
		c.Must(http.StatusOK, "PATCH", shops["Off"].path, object{"stale_after": 86400})
		look("Quiet stale 3600", "Quiet back 3600", "Quiet stale 3600", "Off stale 7200", "Quiet back 3600")
		if since("Off") != nil {
			t.Error("its time is longer, and it is still stale")
		}

		// The inbox has the same notifications.
		a := c.Must(http.StatusOK, "GET", "/notifications?type=product.stale", nil)
		if itemCount(a) != 5 || a.Get("items.0.name") != "Reports have resumed" ||
			a.Get("items.2.name") != "No recent reports" {
			t.Errorf("inbox: %s", a.Text)
		}
	})
}

func TestStaleProduct_NewDefaultBranch(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver, c := apptest.NewReceiver(t), p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		c.Must(http.StatusOK, "PATCH", s.path, object{"stale_after": 900})
		setCritical(c, s, 0)
		p.Clock.Advance(20 * time.Minute)
		runStaleJob(t, p)
		c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"branch": "next", "scanner": "x", "counts": criticalCounts(0)})
		if a := c.Must(http.StatusOK, "PATCH", s.path, object{"default_branch": "next"}); a.Get("stale_since") != nil {
			t.Errorf("the new default branch is not stale: %s", a.Text)
		}
		runStaleJob(t, p)
		c.Must(http.StatusOK, "PATCH", s.path, object{"default_branch": "main"})
		runStaleJob(t, p)
		apptest.Eventually(t, "main is still stale, which is announced",
			func() bool { return len(staleMessages(t, receiver)) == 2 })
		wantLines(t, "messages", staleMessages(t, receiver), "Shop stale", "Shop stale")
	})
}

func TestStaleAfter_IsBounded(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	for seconds, status := range map[int]int{-1: 422, 1: 422, 899: 422, 2592001: 422, 0: 200, 900: 200, 2592000: 200} {
		a := c.Do("PATCH", s.path, object{"stale_after": seconds})
		b := c.Do("PATCH", "/settings/reports", object{"stale_after_seconds": seconds})
		d := c.Do("POST", "/products",
			object{"name": fmt.Sprint("New ", seconds), "stale_after": seconds, "hold_seconds": 60})
		if a.Status != status || b.Status != status || d.Status != max(status, 201) && status == 200 || d.Status != 422 &&
			status == 422 {
			t.Errorf("%d: %d, %d, %d, want %d", seconds, a.Status, b.Status, d.Status, status)
		}
		if status == 422 &&
			(a.Get("errors.0.name") != "stale_after" || b.Get("errors.0.name") != "stale_after_seconds" ||
				d.Get("errors.0.name") != "stale_after") {
			t.Errorf("%d: the field is not named: %s %s %s", seconds, a.Text, b.Text, d.Text)
		}
	}
	if a := c.Must(http.StatusOK, "PATCH", s.path, object{"stale_after": nil}); a.Get("stale_after") != nil {
		t.Errorf("given back: %s", a.Text)
	}
	a := c.Must(http.StatusOK, "GET", fmt.Sprintf("/audit?product=%d", s.id), nil)
	if fmt.Sprint(a.Get("items.0.became.stale_after")) != "" || a.Get("items.0.was.stale_after") == "" {
		t.Errorf("audit: %s", a.Text)
	}
}

// The state outlives a restart, and two instances notify once. One instance writes a report that it
// only has in memory before the other can wait long for it.
func TestStaleProduct_OfTwoInstances(t *testing.T) {
	t.Parallel()
	shared := apptest.Options{Dir: t.TempDir(), DatabaseURL: modelstest.MigratedURL(t)}
	one, two := apptest.Start(t, shared), apptest.Start(t, shared)
	receiver, c := apptest.NewReceiver(t), one.Client("admin")
	var shops []productFixture
	for i := range 10 {
		s := newProduct(t, c, fmt.Sprintf("Shop %d", i), receiver.URL)
		c.Must(http.StatusOK, "PATCH", s.path, object{"stale_after": 900})
		setCritical(c, s, 0)
		shops = append(shops, s)
	}
	apptest.Eventually(t, "the gates are announced before the clock moves", func() bool {
		states, err := one.Store.DeliveriesSince(t.Context(), apptest.AllProducts(), time.Unix(1, 0))
		return err == nil && states["delivered"] == len(shops)
	})
	one.Clock.Advance(16 * time.Minute)
	two.Clock.Advance(16 * time.Minute)
	done := make(chan error, 2)
	for _, p := range []*apptest.Program{one, two} {
		go func() {
			_, err := p.Ingest.FindStale(t.Context())
			done <- err
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	// Both clocks move only here and differ: an event of one is in the future of the other.
	for _, p := range []*apptest.Program{one, two} {
		p.Clock.Advance(time.Second)
		p.Wake()
	}
	apptest.Eventually(t, "each is announced", func() bool { return len(staleMessages(t, receiver)) >= len(shops) })
	one.Stop()
	two.Stop()
	shared.ClockBehind = -17 * time.Minute
	again := apptest.Start(t, shared)
	c = again.Client("admin")
	runStaleJob(t, again)
	setCritical(c, shops[0], 0)
	apptest.Eventually(t, "one is back", func() bool { return len(staleMessages(t, receiver)) > len(shops) })
	seen := map[string]int{}
	for _, one := range staleMessages(t, receiver) {
		seen[one]++
	}
	if len(seen) != len(shops)+1 || len(staleMessages(t, receiver)) != len(shops)+1 {
		t.Errorf("messages: %v", seen)
	}
}
