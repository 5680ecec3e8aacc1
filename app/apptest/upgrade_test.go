package apptest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// TestUpgrade starts this program on the stored databases of all versions.
func TestUpgrade(t *testing.T) {
	for _, version := range frozenVersions(t) {
		for _, kind := range []string{"sqlite", "postgres"} {
			t.Run(version+"/"+kind, func(t *testing.T) {
				t.Parallel()
				upgrade(t, version, kind)
			})
		}
	}
}

// startUpgraded starts this program on the stored database of a version.
func startUpgraded(t *testing.T, version, kind string) *upgradedProgram {
	t.Helper()
	from := filepath.Join(apptest.Root(t), frozenDir, version)
	var f frozen
	if err := json.Unmarshal(readFile(t, filepath.Join(from, "expect.json")), &f); err != nil {
		t.Fatal(err)
	}
	o := apptest.Options{Dir: t.TempDir(), StartTime: f.At}
	write := func(name string, content []byte) {
		if err := os.WriteFile(filepath.Join(o.Dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("secret.key", readFile(t, filepath.Join(from, "secret.key")))
	url := "sqlite:" + filepath.Join(o.Dir, "gatecrier.db")
	if kind == "postgres" {
		o.DatabaseURL = modelstest.LoadPostgres(t, unzipped(t, filepath.Join(from, "postgres.sql.gz")))
		url = o.DatabaseURL
	} else {
		write("gatecrier.db", unzipped(t, filepath.Join(from, "sqlite.db.gz")))
	}
	modelstest.Exec(t, url, oldTest)
	checkMigrates(t, version, url)
	checkSchemaIsNew(t, url)
	checkOrigins(t, url)

	p := apptest.Start(t, o)
	k := f.Keys[kind]
	w := &upgradedProgram{
		t: t, p: p, c: apptest.NewClient(t, p.URL, k.Tokens["admin"]), f: f, k: k,
		receiver: apptest.NewReceiver(t), products: map[string]string{},
	}
	a := w.c.Must(http.StatusOK, "GET", "/products?limit=100", nil)
	for i := range itemCount(a) {
		item := fmt.Sprintf("items.%d.", i)
		w.products[fmt.Sprint(a.Get(item+"name"))] = fmt.Sprint("/products/", a.ID(item+"id"))
	}
	return w
}

// oldTest adds a test message as a program without origins has stored it.
const oldTest = `
	INSERT INTO deliveries (uuid, connection_id, endpoint_id, state, created_at, due_since, finished_at, title)
	SELECT 'old test', id, id, 'delivered', 1, 1, 2, 'Test message' FROM connections WHERE field = 'people'`

// checkOrigins checks that the stored deliveries have an origin, and removes that of oldTest.
func checkOrigins(t *testing.T, url string) {
	t.Helper()
	const wrong = `SELECT count(*) FROM deliveries
		WHERE origin <> CASE WHEN event_id IS NULL THEN 'test' ELSE 'event' END`
	tests := modelstest.Number(t, url, "SELECT count(*) FROM deliveries WHERE origin = 'test'")
	if n := modelstest.Number(t, url, wrong); n != 0 || tests != 1 {
		t.Errorf("%d deliveries have a wrong origin, %d are tests", n, tests)
	}
	modelstest.Exec(t, url, "DELETE FROM deliveries WHERE uuid = 'old test'")
}

func upgrade(t *testing.T, version, kind string) {
	w := startUpgraded(t, version, kind)
	w.checkFigures()
	w.checkOldKeys()
	w.checkRights()
	w.checkDeliveries()
	w.checkNewReports()
	w.checkCounting()
}

// checkMigrates migrates before the program does, to explain what to do if a migration has changed.
func checkMigrates(t *testing.T, version, url string) {
	t.Helper()
	s, err := models.Open(t.Context(), models.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	migrated := s.Migrate(t.Context())
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if migrated == nil {
		return
	}
	yes, err := released(t, version)
	switch {
	case yes:
		t.Fatalf("%v\nVersion %s is released: undo the change in models/migrations and add a new migration instead",
			migrated, version)
	case err != nil:
		t.Fatalf("%v\nIf version %s is not released, run: make freeze VERSION=%s (git does not say: %v)",
			migrated, version, version, err)
	default:
		t.Fatalf("%v\nVersion %s is not released: if the schema was changed on purpose, run: make freeze VERSION=%s",
			migrated, version, version)
	}
}

// checkSchemaIsNew compares the schema with that of a new database.
func checkSchemaIsNew(t *testing.T, url string) {
	t.Helper()
	activated := "sqlite:" + filepath.Join(t.TempDir(), "activated.db")
	if strings.HasPrefix(url, "sqlite:") {
		modelstest.SQLiteFile(t, strings.TrimPrefix(activated, "sqlite:"))
	} else {
		activated = modelstest.MigratedURL(t)
	}
	got, want := modelstest.Schema(t, url), modelstest.Schema(t, activated)
	for _, one := range got {
		if !slices.Contains(want, one) {
			t.Errorf("a new database does not have: %s", one)
		}
	}
	for _, one := range want {
		if !slices.Contains(got, one) {
			t.Errorf("the upgraded database lacks: %s", one)
		}
	}
}

// upgradedProgram is a program on a stored database.
type upgradedProgram struct {
	t        *testing.T
	p        *apptest.Program
	c        *apptest.Client
	f        frozen
	k        keys
	receiver *apptest.Receiver
	products map[string]string // paths by name
}

// checkFigures compares the figures after the waiting event is routed.
func (w *upgradedProgram) checkFigures() {
	w.t.Helper()
	apptest.Eventually(w.t, "the event that was not routed is in the inbox", func() bool {
		a := w.c.Must(http.StatusOK, "GET", "/notifications?limit=1", nil)
		name, _ := a.Get("items.0.name").(string)
		return a.Get("items.0.product.name") == "Unrouted" && strings.HasPrefix(name, "Security gate failed")
	})
	apptest.Eventually(w.t, "its message waits for its receiver", func() bool {
		return w.waiting() == w.f.Figures.Deliveries[models.DeliveryRetrying]+1
	})
	got, want := figuresOf(w.t, w.p, w.c, w.k.Tokens), w.f.Figures
	unrouted, before := got.Products["Unrouted"], want.Products["Unrouted"]
	if unrouted.Gate != "failed" || before.Gate != "passed" || len(unrouted.History) != len(before.History)+1 {
		w.t.Errorf("the gate of Unrouted is %s, %d changes", unrouted.Gate, len(unrouted.History))
	}
	got.Products["Unrouted"] = before
	if got.Deliveries[models.DeliveryRetrying]--; got.Deliveries[models.DeliveryRetrying] == 0 { // that of Unrouted
		delete(got.Deliveries, models.DeliveryRetrying)
	}
	for user, in := range got.Inboxes {
		if user == "admin" { // the only member of Unrouted
			in.Unread, in.Rows = in.Unread-1, in.Rows[1:]
			got.Inboxes[user] = in
		}
	}
	sameFigures(w.t, "after the upgrade", got, want)
}

func (w *upgradedProgram) waiting() int {
	return itemCount(w.c.Must(http.StatusOK, "GET", "/deliveries?state=retrying&limit=100", nil))
}

// checkOldKeys checks passwords, tokens, the session and the secret addresses.
func (w *upgradedProgram) checkOldKeys() {
	w.t.Helper()
	cookieOf(w.t, w.p) // by the form, with the old password
	if status := w.read("/inbox", w.k.Session); status != http.StatusOK {
		w.t.Errorf("with the old session: %d", status)
	}
	if status := w.read("/inbox", "wrong"); status != http.StatusSeeOther {
		w.t.Errorf("with no session: %d", status)
	}
	for _, path := range []string{w.k.Feed, w.k.Badge} {
		if status := w.read(path, ""); status != http.StatusOK {
			w.t.Errorf("the old address %s: %d", path, status)
		}
	}
	ci := apptest.NewClient(w.t, w.p.URL, w.k.Product)
	ci.Must(http.StatusNotFound, "POST", w.products["Billing"]+"/reports", emptyReport)
}

// read returns the status of a page.
func (w *upgradedProgram) read(path, session string) int {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.p.URL+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: sessionCookie, Value: session})
	res, err := newHTTPClient(w.t).Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		w.t.Error(err)
	}
	return res.StatusCode
}

// checkRights checks the rights of members, beyond their recorded roles.
func (w *upgradedProgram) checkRights() {
	w.t.Helper()
	for user, want := range map[string]struct{ shop, billing int }{
		"owner":      {http.StatusOK, http.StatusNotFound},
		"maintainer": {http.StatusOK, http.StatusNotFound},
		"team":       {http.StatusOK, http.StatusForbidden},
		"writer":     {http.StatusForbidden, http.StatusNotFound},
		"reader":     {http.StatusForbidden, http.StatusNotFound},
		"grouped":    {http.StatusNotFound, http.StatusForbidden},
		"stranger":   {http.StatusNotFound, http.StatusNotFound},
	} {
		own := apptest.NewClient(w.t, w.p.URL, w.k.Tokens[user])
		for name, status := range map[string]int{"Shop": want.shop, "Billing": want.billing} {
			if a := own.Do("PATCH", w.products[name], object{"description": "changed by " + user}); a.Status != status {
				w.t.Errorf("%s changes %s: %d, want %d", user, name, a.Status, status)
			}
		}
	}
}

// checkDeliveries checks that waiting messages arrive once their receivers can be reached.
func (w *upgradedProgram) checkDeliveries() {
	w.t.Helper()
	for _, name := range []string{"Gateway", "Unrouted", "Waiting", "Shop"} {
		a := w.c.Must(http.StatusOK, "GET", w.products[name]+"/targets", nil)
		for i := range itemCount(a) {
			item := fmt.Sprintf("items.%d.", i)
			if a.Get(item+"module") == "webhook" {
				corrected := object{"config": object{"url": w.receiver.URL}}
				w.c.Must(http.StatusOK, "PATCH", fmt.Sprint("/targets/", a.ID(item+"id")), corrected)
			}
		}
	}
	w.p.Wake()
	passTime(w.t, w.p, 10*time.Minute)
	w.receiver.Wait(w.t, 4)
	apptest.Eventually(w.t, "none waits any more", func() bool { return w.waiting() == 0 })
	// Gateway's breaker was open; its former change is canceled, because a later one replaced it.
	var got []string
	for _, m := range w.receiver.Messages() {
		body := messageBody(w.t, m)
		got = append(got, strings.TrimSpace(body.Type+" "+body.Data.Product.Name+" "+body.Data.To))
	}
	slices.Sort(got)
	want := []string{
		"connector.recovered Gateway", "gate.changed Gateway failed", "gate.changed Unrouted failed",
		"gate.changed Waiting failed",
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("these arrived: %q, want %q", got, want)
	}
}

// checkNewReports checks that a report changes a gate and notifies, and that time ends what was
// started.
func (w *upgradedProgram) checkNewReports() {
	w.t.Helper()
	box, port := newMailServer(w.t)
	w.c.Must(http.StatusOK, "PATCH", "/settings/mail", object{"smtp_port": port})
	before := w.c.Must(http.StatusOK, "GET", "/notifications/count", nil).ID("unread")
	sent := len(w.receiver.Messages())
	filter := object{"filter": object{}, "status": "not_affected", "comment": "Checked"}
	w.c.Must(http.StatusOK, "POST", w.products["Shop"]+"/observations/assess", filter)
	m := w.receiver.Wait(w.t, sent+1)
	if !apptest.Verifies(w.k.Webhook, m) {
		w.t.Error("the message is not signed with the old secret")
	}
	if body := string(m.Body); !strings.Contains(body, `"from":"failed"`) || !strings.Contains(body, `"to":"passed"`) {
		w.t.Errorf("the message: %s", body)
	}
	apptest.Eventually(w.t, "an email arrives", func() bool { return len(box.received()) == 1 })
	ci := apptest.NewClient(w.t, w.p.URL, w.k.Product)
	a := ci.Must(http.StatusCreated, "POST", w.products["Shop"]+"/reports", findingsReport("CVE-1 Critical"))
	if a.Get("gate.after") != "failed" {
		w.t.Errorf("a report with a critical observation: %s", a.Text)
	}
	w.receiver.Wait(w.t, sent+2)
	apptest.Eventually(w.t, "both changes are unread", func() bool {
		return w.c.Must(http.StatusOK, "GET", "/notifications/count", nil).ID("unread") == before+2
	})

	history := w.products["On hold"] + "/gate/history"
	if a := w.c.Must(http.StatusOK, "GET", history, nil); a.Get("items.0.held_until") == nil {
		w.t.Errorf("no change is on hold: %s", a.Text)
	}
	w.p.Clock.Advance(time.Hour)
	apptest.Eventually(w.t, "the change on hold is announced, and silenced", func() bool {
		a := w.c.Must(http.StatusOK, "GET", "/deliveries?state=silenced&limit=100", nil)
		return itemCount(a) > w.f.Figures.Deliveries[models.DeliverySilenced]
	})
}

// checkCounting checks that old observations count until a report says that they have no fix.
func (w *upgradedProgram) checkCounting() {
	w.t.Helper()
	gates := func() map[string]string {
		states := map[string]string{}
		for name, path := range w.products {
			a := w.c.Must(http.StatusOK, "GET", path+"/gate", nil)
			states[name] = fmt.Sprint(a.Get("state"), " ", countsOf(a, "effective_counts"))
		}
		return states
	}
	want := gates()
	setGate(w.t, w.p, w.c, object{"only_fixable": true, "kev_as_critical": true})
	got := gates()
	if got["Shop"] != "passed " || !strings.HasPrefix(want["Shop"], "failed 1 critical") { // its last report is new
		w.t.Errorf("Shop was %s and is %s", want["Shop"], got["Shop"])
	}
	delete(want, "Shop")
	delete(got, "Shop")
	if !maps.Equal(want, got) {
		w.t.Errorf("the other gates were %v and are %v", want, got)
	}
}
