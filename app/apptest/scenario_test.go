package apptest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models/modelstest"
)

// eachDatabase runs a scenario on both databases.
func eachDatabase(t *testing.T, fn func(t *testing.T, p *apptest.Program)) {
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); fn(t, apptest.Start(t, apptest.Options{})) })
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		fn(t, apptest.Start(t, apptest.Options{DatabaseURL: modelstest.MigratedURL(t)}))
	})
}

const zeroCountsJSON = `{"critical":0,"high":0,"medium":0,"low":0,"none":0,"unknown":0}`

// productFixture is a product with a webhook target.
type productFixture struct {
	id, target int64
	path       string
	secret     string
}

func newProduct(t *testing.T, c *apptest.Client, name, url string) productFixture {
	t.Helper()
	a := c.Must(http.StatusCreated, "POST", "/products", object{"name": name})
	s := productFixture{id: a.ID("id"), path: fmt.Sprintf("/products/%d", a.ID("id"))}
	if a.Get("gate.state") != "none" {
		t.Fatalf("a product is born none: %s", a.Text)
	}
	if url == "" {
		return s
	}
	a = c.Must(http.StatusCreated, "POST", s.path+"/targets",
		object{"module": "webhook", "name": "hook", "config": map[string]string{"url": url}})
	s.target = a.ID("id")
	s.secret, _ = a.Get("made.secret").(string)
	if !strings.HasPrefix(s.secret, "whsec_") {
		t.Fatalf("no secret was made: %s", a.Text)
	}
	return s
}

func TestMainJob_FromReportToMessage(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL+"/hook")

		// A first report fails the gate, and says why.
		a := c.Must(http.StatusCreated, "POST", s.path+"/reports?source=deps", apptest.Report(t, "grype-image.json"))
		if a.Get("gate.before") != "none" || a.Get("gate.after") != "failed" ||
			a.Get("gate.why") != "1 critical (limit 0), 18 high (limit 0)" {
			t.Fatalf("gate: %s", a.Text)
		}
		if a.ID("observations.new") != 35 || a.ID("counts.medium") != 13 || a.ID("counts.none") != 0 {
			t.Fatalf("observations: %s", a.Text)
		}

		// One signed message, which the standard's own library accepts.
		m := receiver.Wait(t, 1)
		apptest.Verify(t, s.secret, m)
		var body struct {
			Type string
			Data struct {
				From, To, Why string
				Failing       struct {
					New   int
					Items []struct{ Title, Severity string }
				}
			}
		}
		if err := json.Unmarshal(m.Body, &body); err != nil {
			t.Fatal(err)
		}
		if body.Type != "gate.changed" || body.Data.From != "none" || body.Data.To != "failed" ||
			body.Data.Failing.New != 19 || body.Data.Failing.Items[0].Severity != "critical" {
			t.Fatalf("message: %s", m.Body)
		}

		// One unread row of the inbox, one row of history, one delivery.
		apptest.Eventually(t, "the delivery settles", func() bool {
			return c.Do("GET", "/deliveries?state=delivered", nil).Get("items.0.id") != nil
		})
		a = c.Must(http.StatusOK, "GET", "/notifications?unread=true", nil)
		if a.Get("items.0.name") != "Security gate has changed to Failed" || a.Get("items.1") != nil ||
			a.ID("items.0.delivery.delivered") != 1 {
			t.Fatalf("inbox: %s", a.Text)
		}
		first := a.ID("items.0.id")

		// The same report again changes nothing.
		a = c.Must(http.StatusCreated, "POST", s.path+"/reports?source=deps", apptest.Report(t, "grype-image.json"))
		if a.ID("observations.updated") != 35 || a.ID("observations.new") != 0 || a.Get("gate.before") != "failed" ||
			a.Get("gate.after") != "failed" {
			t.Fatalf("the same again: %s", a.Text)
		}

		// A clean one passes the gate, and says so once.
		a = c.Must(http.StatusCreated, "POST", s.path+"/reports?source=deps", apptest.Report(t, "grype-none.json"))
		if a.ID("observations.resolved") != 35 || a.Get("gate.after") != "passed" {
			t.Fatalf("a clean report: %s", a.Text)
		}
		second := receiver.Wait(t, 2)
		apptest.Verify(t, s.secret, second)
		if second.ID() == m.ID() {
			t.Error("two messages have one id")
		}

		// Findings that come back are reopened.
		a = c.Must(http.StatusCreated, "POST", s.path+"/reports?source=deps", apptest.Report(t, "grype-image.json"))
		if a.ID("observations.reopened") != 35 || a.ID("counts.high") != 18 {
			t.Fatalf("back again: %s", a.Text)
		}
		receiver.Wait(t, 3)
		a = c.Must(http.StatusOK, "GET", s.path+"/gate/history", nil)
		got := fmt.Sprint(a.Get("items.0.to"), a.Get("items.1.to"), a.Get("items.2.to"), a.Get("items.3"))
		if got != "failedpassedfailed<nil>" {
			t.Errorf("history: %s in %s", got, a.Text)
		}

		// Viewed is for one's own eyes and lowers the badge.
		c.Must(http.StatusNoContent, "POST", "/notifications/viewed", object{"ids": []int64{first}})
		if n := c.Must(http.StatusOK, "GET", "/notifications/count", nil).ID("unread"); n != 2 {
			t.Errorf("%d unread, want 2", n)
		}
		newest := c.Must(http.StatusOK, "GET", "/notifications", nil).ID("items.0.id")
		c.Must(http.StatusNoContent, "POST", "/notifications/viewed", object{"up_to": newest})
		if n := c.Must(http.StatusOK, "GET", "/notifications/count", nil).ID("unread"); n != 0 {
			t.Errorf("%d unread, want 0", n)
		}
		if got := len(receiver.Messages()); got != 3 {
			t.Errorf("%d messages, want 3", got)
		}
	})
}

func TestRetry_SendsTheSameMessage(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		receiver.Answer(500)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
		first := receiver.Wait(t, 1)
		apptest.Eventually(t, "it waits for its second attempt", func() bool {
			return c.Do("GET", "/deliveries?state=retrying", nil).Get("items.0.id") != nil
		})
		p.Clock.Advance(7 * time.Second)
		p.Wake()
		second := receiver.Wait(t, 2)
		if first.ID() == "" || first.ID() != second.ID() || string(first.Body) != string(second.Body) {
			t.Errorf("ids %q and %q", first.ID(), second.ID())
		}
		apptest.Verify(t, s.secret, second)
		apptest.Eventually(t, "it is delivered", func() bool {
			return c.Do("GET", "/deliveries?state=delivered", nil).Get("items.0.id") != nil
		})
		id := c.Do("GET", "/deliveries", nil).ID("items.0.id")
		a := c.Must(http.StatusOK, "GET", fmt.Sprintf("/deliveries/%d", id), nil)
		if a.ID("attempts.0.status") != 500 || a.ID("attempts.1.status") != 200 || a.Get("attempts.2") != nil {
			t.Errorf("attempts: %s", a.Text)
		}
	})
}

func TestDelivery_KeepsOrderOfProduct(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	receiver := apptest.NewReceiver(t)
	receiver.Hold()
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", receiver.URL)
	for _, n := range []int{1, 0, 2} {
		c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(n)})
	}
	receiver.Wait(t, 1)
	apptest.Eventually(t, "three deliveries are there", func() bool {
		return c.Do("GET", "/deliveries", nil).Get("items.2") != nil
	})
	receiver.Release()
	receiver.Wait(t, 3)
	var order []string
	for _, m := range receiver.Messages() {
		var body struct{ Data struct{ To string } }
		if err := json.Unmarshal(m.Body, &body); err != nil {
			t.Fatal(err)
		}
		order = append(order, body.Data.To)
	}
	if got := strings.Join(order, " "); got != "failed passed failed" {
		t.Errorf("order: %s", got)
	}
}

func TestOutboundGuard_RefusesPrivateAddresses(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{Strict: true})
	receiver := apptest.NewReceiver(t)
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	a := c.Must(http.StatusUnprocessableEntity, "POST", s.path+"/targets",
		object{"module": "webhook", "name": "hook", "config": map[string]string{"url": receiver.URL}})
	if a.Get("errors.0.name") != "config.url" && a.Get("errors.0.name") != "url" {
		t.Errorf("the field is not named: %s", a.Text)
	}
	byName := strings.Replace(receiver.URL, "127.0.0.1", "localhost", 1)
	a = c.Must(http.StatusCreated, "POST", s.path+"/targets",
		object{"module": "webhook", "name": "hook", "config": map[string]string{"url": byName}})
	if w, _ := a.Get("warning").(string); w == "" {
		t.Errorf("saved without a warning: %s", a.Text)
	}
	c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
	apptest.Eventually(t, "the send is refused", func() bool {
		return c.Do("GET", "/deliveries?state=retrying", nil).Get("items.0.id") != nil
	})
	if len(receiver.Messages()) != 0 {
		t.Error("the guard let a message out")
	}
}

func TestNonMembers_SeeNothing(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		p.User("owner")
		p.User("stranger")
		p.User("reader")
		receiver := apptest.NewReceiver(t)
		owner, stranger, reader := p.Client("owner"), p.Client("stranger"), p.Client("reader")
		s := newProduct(t, owner, "Shop", receiver.URL+"/secret-path")
		owner.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "reader", "role": "reader"})
		owner.Must(http.StatusCreated, "POST", s.path+"/reports", apptest.Report(t, "grype-image.json"))
		receiver.Wait(t, 1)
		apptest.Eventually(t, "the delivery settles", func() bool {
			return owner.Do("GET", "/deliveries?state=delivered", nil).Get("items.0.id") != nil
		})
		event := owner.Must(http.StatusOK, "GET", "/notifications", nil).ID("items.0.id")
		delivery := owner.Must(http.StatusOK, "GET", "/deliveries", nil).ID("items.0.id")

		hidden := []struct{ method, path string }{
			{"GET", s.path},
			{"PATCH", s.path},
			{"DELETE", s.path},
			{"GET", s.path + "/gate"},
			{"GET", s.path + "/gate/history"},
			{"GET", s.path + "/observations"},
			{"GET", s.path + "/members"},
			{"POST", s.path + "/members"},
			{"GET", s.path + "/targets"},
			{"POST", s.path + "/targets"},
			{"POST", s.path + "/reports"},
			{"PUT", s.path + "/counts"},
			{"PATCH", fmt.Sprintf("/targets/%d", s.target)},
			{"DELETE", fmt.Sprintf("/targets/%d", s.target)},
			{"POST", fmt.Sprintf("/targets/%d/test", s.target)},
			{"GET", fmt.Sprintf("/notifications/%d", event)},
			{"GET", fmt.Sprintf("/deliveries/%d", delivery)},
			{"POST", "/notifications/viewed"},
		}
		bodies := object{
			"/members": object{"user": "stranger", "role": "owner"},
			"/targets": object{"module": "webhook", "name": "x", "config": map[string]string{"url": receiver.URL}},
			"/counts":  object{"scanner": "x", "counts": criticalCounts(1)},
			"/viewed":  object{"ids": []int64{event}},
			"/reports": apptest.Report(t, "grype-none.json"),
		}
		for _, h := range hidden {
			var body any
			if h.method == "PATCH" {
				body = object{}
			}
			for suffix, b := range bodies {
				if h.method != "GET" && strings.HasSuffix(h.path, suffix) {
					body = b
				}
			}
			if a := stranger.Do(h.method, h.path, body); a.Status != http.StatusNotFound {
				t.Errorf("a stranger's %s %s: %d, want 404\n%s", h.method, h.path, a.Status, a.Text)
			}
		}
		for _, path := range []string{"/products", "/notifications", "/deliveries", "/products?name=Shop"} {
			if a := stranger.Must(http.StatusOK, "GET", path, nil); a.Get("items.0") != nil {
				t.Errorf("a stranger's list %s: %s", path, a.Text)
			}
		}

		// A reader sees the product, but neither where messages go nor how to change it.
		for _, path := range []string{s.path + "/targets", "/deliveries", fmt.Sprintf("/deliveries/%d", delivery)} {
			a := reader.Must(http.StatusOK, "GET", path, nil)
			if strings.Contains(a.Text, "127.0.0.1") || strings.Contains(a.Text, "secret-path") {
				t.Errorf("a reader learns the address by %s: %s", path, a.Text)
			}
		}
		reader.Must(http.StatusForbidden, "PATCH", s.path, object{"name": "Mine"})
		reader.Must(http.StatusForbidden, "POST", s.path+"/reports", apptest.Report(t, "grype-none.json"))
		reader.Must(http.StatusForbidden, "DELETE", s.path, nil)

		// A new member sees old rows, as viewed.
		if n := reader.Must(http.StatusOK, "GET", "/notifications/count", nil).ID("unread"); n != 1 {
			t.Errorf("%d unread for a member from before, want 1", n)
		}
		p.User("later")
		owner.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "later", "role": "writer"})
		later := p.Client("later")
		if a := later.Must(http.StatusOK, "GET", "/notifications", nil); a.Get("items.0.viewed") != true {
			t.Errorf("a later member: %s", a.Text)
		}
	})
}

func TestInvalidInput_NamesField(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	sarif := apptest.Report(t, "sarif-semgrep.sarif")
	tests := []struct {
		name, method, path string
		body               any
		status             int
		field              string
	}{
		{"no name", "POST", "/products", object{"name": "  "}, 422, "name"},
		{"the same name", "POST", "/products", object{"name": "Shop"}, 422, "name"},
		{"a control character", "POST", "/products", object{"name": "a\nb"}, 422, "name"},
		{
			"a threshold too high", "PATCH", s.path,
			object{"gate_mode": "own", "thresholds": object{"high": 1000000}},
			422,
			"thresholds.high",
		},
		{"a mode that is none", "PATCH", s.path, object{"gate_mode": "wild"}, 422, "gate_mode"},
		{
			"negative counts", "PUT", s.path + "/counts",
			object{"scanner": "x", "counts": criticalCounts(-1)},
			422,
			"counts.critical",
		},
		{
			"counts above all bounds", "PUT", s.path + "/counts",
			object{"scanner": "x", "counts": criticalCounts(1 << 40)},
			422,
			"counts.critical",
		},
		{"counts of nobody", "PUT", s.path + "/counts", object{"scanner": "", "counts": criticalCounts(1)}, 422, "scanner"},
		{"an unknown field", "POST", "/products", object{"name": "x", "colour": "red"}, 422, "colour"},
		{"a truncated report", "POST", s.path + "/reports", []byte(`{"matches": [{"vuln`), 422, "report"},
		{"an empty report", "POST", s.path + "/reports", []byte(""), 422, "report"},
		{"XML", "POST", s.path + "/reports", []byte(`<?xml version="1.0"?><testsuites/>`), 422, "report"},
		{
			"bad UTF-8", "POST", s.path + "/reports", []byte("{\"matches\": [{\"vulnerability\": {\"id\": \"CVE\xff\"}}]}"), 422,
			"report",
		},
		{"truncated SARIF", "POST", s.path + "/reports", sarif[:len(sarif)/2], 422, "report"},
		{"another kind of JSON", "POST", s.path + "/reports", []byte(`{"hello": 1}`), 422, "report"},
		{"a cursor that is none", "GET", "/products?cursor=%21", nil, 422, "cursor"},
		{"a limit too high", "GET", "/products?limit=1000", nil, 422, "limit"},
		{
			"an unknown module", "POST", s.path + "/targets",
			object{"module": "pigeon", "name": "x", "config": map[string]string{}},
			422, "module",
		},
		{
			"no address", "POST", s.path + "/targets",
			object{"module": "webhook", "name": "x", "config": map[string]string{}},
			422, "url",
		},
		{
			"another scheme", "POST", s.path + "/targets",
			object{"module": "webhook", "name": "x", "config": map[string]string{"url": "ftp://example.com/x"}},
			422, "url",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := c.Do(test.method, test.path, test.body)
			if a.Status != test.status || !strings.HasSuffix(fmt.Sprint(a.Get("errors.0.name")), test.field) {
				t.Errorf("%d, want %d at %s: %s", a.Status, test.status, test.field, a.Text)
			}
			if a.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("content type %q", a.Header.Get("Content-Type"))
			}
		})
	}
	a := c.Must(http.StatusOK, "GET", s.path, nil)
	if a.Get("gate.state") != "none" || a.Get("gate_mode") != "standard" {
		t.Errorf("something changed: %s", a.Text)
	}
	if got, err := json.Marshal(a.Get("gate.counts")); err != nil || len(got) != len(zeroCountsJSON) {
		t.Errorf("counts have not six keys: %s", got)
	}
	if a := c.Must(http.StatusOK, "GET", s.path+"/observations", nil); a.Get("items.0") != nil {
		t.Errorf("a refused report left observations: %s", a.Text)
	}
	c.Must(http.StatusNotFound, "POST", "/products/777/reports", sarif)
	(&apptest.Client{URL: p.URL}).ForTest(t).Must(http.StatusUnauthorized, "GET", "/products", nil)
}

func criticalCounts(critical int) map[string]int {
	return map[string]int{"critical": critical, "high": 0, "medium": 0, "low": 0, "none": 0, "unknown": 0}
}
