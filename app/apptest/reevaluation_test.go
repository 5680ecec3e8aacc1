package apptest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"gatecrier/app"
	"gatecrier/app/apptest"
	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/ingest"
	"gatecrier/app/product"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// messageCounter is a receiver that counts the messages of each product.
type messageCounter struct {
	url string
	mu  sync.Mutex
	of  map[int64]int
}

func newMessageCounter(t testing.TB) *messageCounter {
	t.Helper()
	r := &messageCounter{of: map[int64]int{}}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		var m struct {
			Data struct{ Product event.Product }
		}
		if err := json.NewDecoder(req.Body).Decode(&m); err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.of[m.Data.Product.ID]++
	}))
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func (r *messageCounter) messages(product int64) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.of[product]
}

func (r *messageCounter) total() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, of := range r.of {
		n += of
	}
	return n
}

// manyProducts are products of one group. Every other one has one critical observation.
type manyProducts struct {
	group    int64
	products []int64
}

func newManyProducts(t testing.TB, a *app.App, n int) manyProducts {
	t.Helper()
	admin, err := a.Store.UserByName(t.Context(), "admin")
	if err != nil {
		t.Fatal(err)
	}
	actor := authz.UserActor(admin)
	group, err := a.Products.CreateGroup(t.Context(), actor, product.GroupDraft{Name: "Estate"})
	if err != nil {
		t.Fatal(err)
	}
	e := manyProducts{group: group.ID, products: make([]int64, n)}
	var work sync.WaitGroup
	const hands = 16 // they share commits
	for hand := range hands {
		work.Go(func() {
			for i := hand; i < n; i += hands {
				row, err := a.Products.Create(t.Context(), actor,
					product.Draft{Name: fmt.Sprintf("Product %05d", i), GroupID: e.group})
				if err != nil {
					t.Error(err)
					return
				}
				e.products[i] = row.ID
				counts := models.Counts{Critical: int64(i % 2), Medium: 1}
				_, err = a.Ingest.Counts(t.Context(), actor, ingest.Destination{ProductID: row.ID, Scanner: "s"}, counts)
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	work.Wait()
	return e
}

// gateHistory returns the changes of a product's gate, oldest first.
func gateHistory(t testing.TB, s *models.Store, product int64) []models.GateChange {
	t.Helper()
	var all []models.GateChange
	for before := int64(0); ; {
		list, err := s.GateHistory(t.Context(), apptest.AllProducts(), product, before, 200)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			all = append([]models.GateChange{c}, all...)
			before = c.EventID
		}
		if len(list) < 200 {
			return all
		}
	}
}

// waitRouted waits until all events are routed.
func waitRouted(t *testing.T, s *models.Store) {
	t.Helper()
	apptest.Eventually(t, "all is routed", func() bool { return isRouted(t, s) })
}

// isRouted reports whether no event waits to be routed.
func isRouted(t *testing.T, s *models.Store) bool {
	t.Helper()
	work, err := s.EventWork(t.Context(), string(event.ReaderNotify), 1)
	return err == nil && len(work) == 0
}

// waitReevaluated waits until all gates are evaluated with the current settings, and returns the
// result.
func waitReevaluated(t *testing.T, c *apptest.Client) apptest.Answer {
	t.Helper()
	var a apptest.Answer
	apptest.Eventually(t, "all gates are looked at", func() bool {
		a = c.Must(http.StatusOK, "GET", "/settings/gate/progress", nil)
		return a.Get("done") == true
	})
	return a
}

// A change of the settings evaluates all gates. Each gate that changes notifies once, the others do
// not, and the progress is visible.
func TestReevaluation_AllGatesAtOnce(t *testing.T) {
	t.Parallel()
	const n = 300
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c, r := p.Client("admin"), newMessageCounter(t)
		if a := waitReevaluated(t, c); a.Get("started_at") != nil || a.ID("version") != 0 {
			t.Errorf("nothing was asked for: %s", a.Text)
		}
		e := newManyProducts(t, p.App, n)
		newProduct(t, c, "Never evaluated", "")
		waitRouted(t, p.Store)
		c.Must(http.StatusCreated, "POST", fmt.Sprintf("/groups/%d/targets", e.group),
			object{"module": "webhook", "name": "hook", "config": map[string]string{"url": r.url}})
		c.Must(http.StatusOK, "PATCH", "/settings/gate", object{"threshold_critical": 1})
		a := waitReevaluated(t, c)
		if a.ID("version") != 1 || a.ID("seen") != n || a.ID("total") != n || a.ID("changed") != n/2 ||
			a.Get("started_at") == nil || a.Get("finished_at") == nil {
			t.Errorf("progress: %s", a.Text)
		}
		waitRouted(t, p.Store)
		apptest.Eventually(t, "all are notified", func() bool { return r.total() == n/2 })
		for i, id := range e.products {
			if got := r.messages(id); got != i%2 {
				t.Errorf("product %d: notified %d times", i, got)
			}
			if list := gateHistory(t, p.Store, id); len(list) != 1+i%2 || list[len(list)-1].To != models.GatePassed {
				t.Errorf("product %d: %+v", i, list)
			}
		}
		p.User("mallory")
		p.Client("mallory").Must(http.StatusForbidden, "GET", "/settings/gate/progress", nil)
	})
}

// A second change during the evaluation of all gates restarts it. In the end all gates match the
// newer settings.
func TestReevaluation_RestartsAfterSecondChange(t *testing.T) {
	t.Parallel()
	const n = 300
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		e := newManyProducts(t, p.App, n)
		for try := int64(0); ; try++ {
			if try == 20 {
				t.Fatal("the second change always came too late")
			}
			c.Must(http.StatusOK, "PATCH", "/settings/gate", object{"threshold_critical": 1, "active": true})
			apptest.Eventually(t, "it has begun", func() bool {
				at, err := p.Store.GateSweep(t.Context())
				return err == nil && at.Version == 2*try+1 && at.Seen > 0
			})
			halfway, err := p.Store.GateSweep(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			c.Must(http.StatusOK, "PATCH", "/settings/gate", object{"active": false})
			a := waitReevaluated(t, c)
			if a.ID("version") != 2*try+2 || a.ID("seen") != n {
				t.Fatalf("progress: %s", a.Text)
			}
			if !halfway.Done {
				t.Logf("the second change came after %d of %d", halfway.Seen, halfway.Total)
				break
			}
		}
		for i, id := range e.products {
			checkHistoryChain(t, p.Store, id, models.GateNone)
			row, err := p.Store.Product(t.Context(), apptest.AllProducts(), id)
			if err != nil || row.Default.Gate != models.GateNone {
				t.Errorf("product %d: %s, %v", i, row.Default.Gate, err)
			}
		}
	})
}

// checkHistoryChain checks that a product's history leads without gaps from its creation to a
// state, and that its announcements do too.
func checkHistoryChain(t testing.TB, s *models.Store, product int64, to models.GateState) {
	t.Helper()
	at, notified := models.GateNone, models.GateNone
	for i, c := range gateHistory(t, s, product) {
		if c.From != at || c.To == at {
			t.Errorf("product %d: change %d is from %s to %s after %s", product, i, c.From, c.To, at)
		}
		at = c.To
		if c.Announced == 0 {
			continue
		}
		e, err := s.Event(t.Context(), apptest.AllProducts(), c.Announced)
		if err != nil {
			t.Fatal(err)
		}
		var change event.GateChange
		if err := json.Unmarshal(e.Payload, &change); err != nil {
			t.Fatal(err)
		}
		if change.From != notified || change.To == notified || change.To != c.To {
			t.Errorf("product %d: announced %s to %s after %s, when it changed to %s",
				product, change.From, change.To, notified, c.To)
		}
		notified = change.To
	}
	if at != to {
		t.Errorf("product %d: its history ends with %s, its gate is %s", product, at, to)
	}
}

// Two instances evaluate all gates together, and each change happens once.
func TestReevaluation_ByTwoInstances(t *testing.T) {
	t.Parallel()
	const n = 300
	shared := apptest.Options{Dir: t.TempDir(), DatabaseURL: modelstest.MigratedURL(t)}
	p := apptest.Start(t, shared)
	q := apptest.Start(t, shared)
	e := newManyProducts(t, p.App, n)
	c := p.Client("admin")
	for round := int64(1); round <= 4; round++ {
		c.Must(http.StatusOK, "PATCH", "/settings/gate", object{"threshold_critical": round % 2})
		q.Sweeper.Wake()
		a := waitReevaluated(t, c)
		if a.ID("version") != round || a.ID("seen") != n || a.ID("changed") != n/2 {
			t.Errorf("round %d: %s", round, a.Text)
		}
		apptest.Eventually(t, "the other instance knows", func() bool {
			return q.Settings.Gate().Version == round && q.Sweeper.Sweep(t.Context()) == nil
		})
	}
	for i, id := range e.products {
		if list := gateHistory(t, p.Store, id); len(list) != 1+4*(i%2) {
			t.Errorf("product %d has %d changes", i, len(list))
		}
		checkHistoryChain(t, p.Store, id, []models.GateState{models.GatePassed, models.GateFailed}[i%2])
	}
}
