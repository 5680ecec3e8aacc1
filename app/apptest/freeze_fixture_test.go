package apptest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// freezeFixture is a program that the test fills with data to store its database.
type freezeFixture struct {
	t        *testing.T
	p        *apptest.Program
	c        *apptest.Client
	receiver *apptest.Receiver
	products map[string]productFixture
	targets  map[int64]string // the paths of their addresses
}

// frozenSettings returns settings that differ from their defaults.
func frozenSettings() map[string]object {
	return map[string]object{
		"general": {"site_name": "Frozen gates"},
		"gate":    {"threshold_high": 2, "threshold_medium": 30},
		"mail": {
			"email_from": "gates@example.org", "smtp_host": "127.0.0.1", "smtp_port": 9, "smtp_tls": "none",
			"smtp_password": "a sealed password",
		},
		"exceptions": {"exception_email_to": "ops@example.org", "exception_rate_limit": 7200, "grouping": "exact"},
		"reports":    {"max_bytes": 2 << 20, "branch_days": 60},
		"delivery":   {"allow_networks": "10.20.0.0/16"},
		"users":      {"session_hours": 48},
		"jobs":       {"forget_audit": "1 4 * * *"},
		"retention":  {"audit_days": 400},
	}
}

func (w *freezeFixture) settings() {
	w.t.Helper()
	_, port := newMailServer(w.t)
	for section, values := range frozenSettings() {
		w.c.Must(http.StatusOK, "PATCH", "/settings/"+section, values)
	}
	w.c.Must(http.StatusOK, "PATCH", "/settings/mail", object{"smtp_port": port})
}

// users creates users, authorization groups, and the products with their members.
func (w *freezeFixture) users(tokens map[string]string) {
	w.t.Helper()
	for _, name := range []string{"owner", "maintainer", "writer", "upload", "reader", "grouped", "team", "stranger"} {
		w.p.User(name)
		tokens[name] = w.p.Client(name).Token
	}
	payments := w.c.Must(http.StatusCreated, "POST", "/groups", object{"name": "Payments"}).ID("id")
	group := fmt.Sprint("/groups/", payments)
	w.c.Must(http.StatusOK, "PATCH", group, object{"gate_mode": "own", "thresholds": object{"critical": 0, "high": 1}})
	w.c.Must(http.StatusCreated, "POST", group+"/members", object{"user": "grouped", "role": "writer"})
	team := w.c.Must(http.StatusCreated, "POST", "/authorization-groups", object{"name": "Team"}).ID("id")
	inTeam := fmt.Sprintf("/authorization-groups/%d/members", team)
	w.c.Must(http.StatusNoContent, "POST", inTeam, object{"user": "team", "manager": true})
	asReader := object{"authorization_group": "Team", "role": "reader"}
	w.c.Must(http.StatusNoContent, "POST", group+"/authorization-groups", asReader)

	w.product("Shop", "webhook", object{"email_to": "eve@example.org", "description": "Basket and payment"})
	w.product("Billing", "", object{"group_id": payments})
	w.product("Gateway", "", object{"gate_mode": "own", "thresholds": object{"critical": 1, "high": nil}})
	w.product("Legacy", "discord", object{"gate_mode": "disabled", "stale_after": 2592000})
	w.product("Rejected", "", nil)
	w.product("On hold", "webhook", object{"hold_seconds": 3600})
	w.product("Unrouted", "webhook", nil)
	w.product("Empty", "", nil)
	for _, role := range []string{"owner", "maintainer", "writer", "upload", "reader"} {
		w.c.Must(http.StatusCreated, "POST", w.products["Shop"].path+"/members", object{"user": role, "role": role})
	}
	asMaintainer := object{"authorization_group": "Team", "role": "maintainer"}
	w.c.Must(http.StatusNoContent, "POST", w.products["Shop"].path+"/authorization-groups", asMaintainer)
	for _, module := range []string{"slack", "teams", "ilert"} {
		w.target(w.products["Shop"].path+"/targets", module, "/"+module)
	}
	w.target(group+"/targets", "mattermost", "/mattermost")
	w.product("Waiting", "", nil)
	for _, name := range []string{"Gateway", "Waiting"} {
		down := object{"module": "webhook", "name": "down", "config": object{"url": nowhere + "/down"}}
		w.c.Must(http.StatusCreated, "POST", w.products[name].path+"/targets", down)
	}
}

// product creates a product with a target at the receiver.
func (w *freezeFixture) product(name, module string, more object) {
	w.t.Helper()
	body := object{"name": name}
	for field, value := range more {
		body[field] = value
	}
	s := productFixture{id: w.c.Must(http.StatusCreated, "POST", "/products", body).ID("id")}
	s.path = fmt.Sprint("/products/", s.id)
	if module != "" {
		a := w.target(s.path+"/targets", module, "/"+strings.ReplaceAll(name, " ", "-"))
		s.target = a.ID("id")
		s.secret, _ = a.Get("made.secret").(string)
	}
	w.products[name] = s
}

func (w *freezeFixture) target(at, module, path string) apptest.Answer {
	w.t.Helper()
	config := object{"url": w.receiver.URL + path}
	if module == "ilert" {
		config["integration_key"] = "il1api0123456789abcdef"
	}
	a := w.c.Must(http.StatusCreated, "POST", at, object{"module": module, "name": module, "config": config})
	if w.targets == nil {
		w.targets = map[int64]string{}
	}
	w.targets[a.ID("id")] = path
	return a
}

func (w *freezeFixture) counts(name string, critical, high int) {
	w.t.Helper()
	values := criticalCounts(critical)
	values["high"] = high
	w.c.Must(http.StatusOK, "PUT", w.products[name].path+"/counts", object{"scanner": "x", "counts": values})
	passTime(w.t, w.p, time.Minute)
}

// firstDay uploads reports, and sends messages that are delivered or fail.
func (w *freezeFixture) firstDay() {
	w.t.Helper()
	shop := w.products["Shop"]
	w.report(shop, "?source=image", "grype-image.json")
	passTime(w.t, w.p, time.Minute)
	w.report(shop, "?source=code", "gitlab-sast.json")
	w.report(shop, "?branch=feature", "trivy-misconfig-secrets.json")
	w.report(w.products["Billing"], "", "cyclonedx-analysis.json")
	passTime(w.t, w.p, time.Minute)
	w.counts("Billing", 0, 0)
	w.counts("Legacy", 4, 4)
	w.counts("Gateway", 1, 0)
	w.counts("On hold", 0, 0)
	w.counts("Unrouted", 0, 0)

	refused := apptest.NewReceiver(w.t)
	refused.Answer(slices.Repeat([]int{http.StatusBadRequest}, 20)...)
	rejected := w.products["Rejected"]
	refuses := object{"module": "webhook", "name": "refuses", "config": object{"url": refused.URL}}
	a := w.c.Must(http.StatusCreated, "POST", rejected.path+"/targets", refuses)
	w.targets[a.ID("id")] = "/refuses"
	w.counts("Rejected", 1, 0)
	passTime(w.t, w.p, 2*time.Minute)
	w.c.Must(http.StatusAccepted, "POST", "/deliveries/resend", object{"product": rejected.id})
	passTime(w.t, w.p, 2*time.Minute)
	if a := w.c.Must(http.StatusOK, "GET", "/deliveries?state=dead", nil); itemCount(a) != 1 {
		w.t.Fatalf("not one message was given up: %s", a.Text)
	}
}

// waitNotified waits until a notification of a product is in the inbox.
func (w *freezeFixture) waitNotified(event, product string) {
	w.t.Helper()
	apptest.Eventually(w.t, event+" of "+product, func() bool {
		a := w.c.Must(http.StatusOK, "GET", "/notifications?limit=100&type="+event, nil)
		return slices.Contains(itemLines(a, "product.name"), product)
	})
}

// silence creates a silence of a product, and returns its path.
func (w *freezeFixture) silence(product, reason string, lasts time.Duration) string {
	w.t.Helper()
	a := w.c.Must(http.StatusCreated, "POST", "/silences", object{
		"product_id": w.products[product].id, "reason": reason,
		"ends_at": w.p.Clock.Now().Add(lasts),
	})
	return fmt.Sprint("/silences/", a.ID("id"))
}

// secondDay assesses observations, and uploads a second report.
func (w *freezeFixture) secondDay() {
	w.t.Helper()
	w.p.Clock.Advance(25 * time.Hour)
	w.p.WakeJobs()
	apptest.Eventually(w.t, "all jobs have run by their times", func() bool {
		a := w.c.Must(http.StatusOK, "GET", "/jobs", nil)
		return !slices.Contains(itemLines(a, "last.result"), "<nil>") && !slices.Contains(itemLines(a, "running"), "true")
	})
	runJob(w.t, w.c, "expire_waivers")
	w.waitNotified("gate.changed", "On hold") // that has lasted for its hour
	shop := w.products["Shop"]
	first, second, third := w.observation(shop, 0), w.observation(shop, 1), w.observation(shop, 2)
	until := w.p.Clock.Now().Add(30 * 24 * time.Hour)
	waiver := object{"status": "risk_accepted", "comment": "Nobody reaches it", "waiver_until": until}
	w.c.Must(http.StatusOK, "PATCH", first, waiver)
	w.c.Must(http.StatusOK, "PATCH", second, object{"status": "false_positive", "comment": "Not in the image"})
	w.c.Must(http.StatusOK, "PATCH", third, object{"severity": "low", "comment": "Only local"})
	manual := object{"title": "Default password", "severity": "medium", "component": "admin"}
	w.c.Must(http.StatusCreated, "POST", shop.path+"/observations", manual)
	w.report(shop, "?source=code", "sarif-suppressions.sarif")
	w.report(shop, "?branch=feature", "trivy-misconfig-secrets.json")
	passTime(w.t, w.p, time.Minute)

	full := object{
		"class": "ValueError", "message": "order 1 is lost", "product": "Shop", "function": "shop.pay", "release": "1.0",
		"frames": []object{{"function": "pay", "module": "shop", "file": "pay.py", "line": 7, "in_app": true}},
	}
	one := w.c.Must(http.StatusAccepted, "POST", "/exceptions", full).ID("group")
	same := object{"class": "Other", "message": "b", "product": "Shop"}
	other := w.c.Must(http.StatusAccepted, "POST", "/exceptions", same).ID("group")
	alone := w.c.Must(http.StatusAccepted, "POST", "/exceptions", object{"class": "Alone", "message": "c"}).ID("group")
	if err := w.p.Exceptions.Flush(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.c.Must(http.StatusOK, "POST", fmt.Sprintf("/exceptions/%d/merge", one), object{"groups": []int64{other}})
	w.c.Must(http.StatusOK, "PATCH", fmt.Sprintf("/exceptions/%d", alone), object{"state": "resolved"})
	w.c.Must(http.StatusCreated, "POST", shop.path+"/ingest-key", nil)
	passTime(w.t, w.p, time.Minute)
}

// lastHour creates what lasts only hours: silences, links, sign-in attempts, and waiting messages.
func (w *freezeFixture) lastHour(k *keys) {
	w.t.Helper()
	shop := w.products["Shop"]
	silence := w.silence("Legacy", "over", time.Hour)
	passTime(w.t, w.p, time.Minute)
	w.c.Must(http.StatusNoContent, "DELETE", silence, nil)
	passTime(w.t, w.p, time.Minute)
	w.waitNotified("silence.ended", "Legacy")
	w.silence("On hold", "maintenance", 24*time.Hour)
	passTime(w.t, w.p, time.Minute)
	invited := object{"name": "invited", "email": "invited@example.org", "link": true}
	w.c.Must(http.StatusCreated, "POST", "/users", invited)
	wrongForm := encodeForm("name", "stranger", "password", "wrong")
	status, _ := submitForm(w.t, newHTTPClient(w.t), w.p.URL+"/login", wrongForm, formKind)
	if status == http.StatusSeeOther {
		w.t.Fatalf("a wrong password: %d", status)
	}
	keyed := w.c.WithHeader("Idempotency-Key", "one")
	keyed.Must(http.StatusCreated, "POST", w.products["Billing"].path+"/reports", emptyReport)

	owner := apptest.NewClient(w.t, w.p.URL, k.Tokens["owner"])
	third := itemIDs(owner.Must(http.StatusOK, "GET", "/notifications", nil))[2]
	owner.Must(http.StatusOK, "POST", "/notifications/viewed", object{"up_to": third})
	ids := itemIDs(w.c.Must(http.StatusOK, "GET", "/notifications", nil))
	w.c.Must(http.StatusOK, "POST", "/notifications/viewed", object{"ids": ids[:1]})
	w.c.Must(http.StatusOK, "POST", "/notifications/archived", object{"ids": ids[1:2]})

	ci := w.c.Must(http.StatusCreated, "POST", shop.path+"/tokens", object{"name": "ci", "role": "upload"})
	k.Product, _ = ci.Get("token").(string)
	badge, _ := w.c.Must(http.StatusCreated, "POST", shop.path+"/badge", nil).Get("url").(string)
	k.Feed, k.Badge = strings.TrimPrefix(newFeed(w.c), w.p.URL), strings.TrimPrefix(badge, w.p.URL)
	k.Session, k.Webhook = cookieOf(w.t, w.p), shop.secret

	w.counts("Gateway", 2, 0) // its target refuses connections
	w.counts("On hold", 1, 0) // announced in an hour
	w.counts("Waiting", 1, 0) // so does its target
	for id, path := range w.targets {
		w.c.Must(http.StatusOK, "PATCH", fmt.Sprint("/targets/", id), object{"config": object{"url": nowhere + path}})
	}
	w.c.Must(http.StatusOK, "PATCH", "/settings/mail", object{"smtp_port": frozenSettings()["mail"]["smtp_port"]})
	apptest.Settle(w.t, w.p.Store)
}

// emptyReport is a report without observations.
var emptyReport = []byte(`{"descriptor":{"name":"grype"},"matches":[]}`)
