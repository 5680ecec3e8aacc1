package apptest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"gatecrier/app/apptest"
)

// newConnection creates a webhook connection of a user or of the system.
func newConnection(t testing.TB, c *apptest.Client, owner, name, url string) int64 {
	t.Helper()
	return c.Must(http.StatusCreated, "POST", "/connections",
		object{"owner": owner, "module": "webhook", "name": name, "config": map[string]string{"url": url}}).
		ID("id")
}

// checkNotFound fails the test unless all routes of the connection answer 404 for the user.
func checkNotFound(s pageClient, id int64) {
	s.t.Helper()
	at := fmt.Sprintf("/connections/%d", id)
	for _, r := range [][2]string{
		{"GET", ""},
		{"POST", ""},
		{"POST", "/test"},
		{"POST", "/resume"},
		{"POST", "/rotate"},
		{"POST", "/enable"},
		{"POST", "/disable"},
		{"GET", "/delete"},
		{"POST", "/delete"},
	} {
		if status, _ := s.request(r[0], at+r[1], "name", "taken", "version", "1"); status != http.StatusNotFound {
			s.t.Errorf("%s %s: %d", r[0], at+r[1], status)
		}
	}
}

// A user's own connections are hidden from everyone else, including administrators. Only
// administrators see the connections of the system.
func TestConnections_OfOtherUsersAreNotFound(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	receiver := apptest.NewReceiver(t)
	p.User("eve")
	system := newConnection(t, p.Client("admin"), "system", "of the system", receiver.URL)
	own := newConnection(t, p.Client("eve"), "me", "eve alone", receiver.URL)
	admin, eve := newPageClient(t, p, "admin"), newPageClient(t, p, "eve")
	checkNotFound(admin, own)
	checkNotFound(eve, system)
	checkNotFound(admin, 77)
	mail, err := p.Store.MailServer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	checkNotFound(admin, mail.ID)
	for _, r := range [][2]string{
		{"GET", "/admin/connections"},
		{"GET", "/admin/health"},
		{"GET", "/admin/health/now"},
		{"POST", "/admin/health/mail"},
	} {
		if status, _ := eve.request(r[0], r[1]); status != http.StatusForbidden {
			t.Errorf("%s %s as eve: %d", r[0], r[1], status)
		}
	}
	if to := admin.must(http.StatusSeeOther, "GET", "/admin/connections"); to != "/connections?owner=system" {
		t.Errorf("the system's are at %s", to)
	}
	if text := admin.must(http.StatusOK, "GET", "/connections?owner=system"); !strings.Contains(text, "of the system") ||
		strings.Contains(text, "eve alone") {
		t.Error("an administrator does not see the system's alone")
	}
	if text := admin.must(http.StatusOK, "GET", "/admin/health"); !strings.Contains(text, "of the system") ||
		strings.Contains(text, "eve alone") {
		t.Error("health does not show the system's alone")
	}
	text := eve.must(http.StatusOK, "GET", "/connections")
	if strings.Contains(text, "of the system") || !strings.Contains(text, "eve alone") ||
		strings.Contains(text, `name="owner"`) {
		t.Error("eve sees more than eve's connections")
	}

	c := p.Client("admin")
	group := c.Must(http.StatusCreated, "POST", "/groups", object{"name": "Shops"}).ID("id")
	c.Must(http.StatusCreated, "POST", fmt.Sprintf("/groups/%d/targets", group),
		object{"module": "webhook", "name": "of the group", "config": map[string]string{"url": receiver.URL}})
	if a := c.Must(http.StatusOK, "GET", "/connections?owner=group", nil); a.Get("items.0.owner.group.name") != "Shops" ||
		a.Get("items.1") != nil {
		t.Errorf("those of groups: %s", a.Text)
	}
	if text := admin.must(http.StatusOK, "GET", "/connections?owner=group"); !strings.Contains(text, "Shops") ||
		strings.Contains(text, "of the system<") {
		t.Error("the page does not show those of groups alone")
	}

	hook := []string{"module", "webhook", "name", "hook", "url", receiver.URL}
	eve.must(http.StatusForbidden, "POST", "/connections", append(hook, "owner", "system")...)
	text = eve.must(http.StatusUnprocessableEntity, "POST", "/connections", "module", "webhook", "name", "typed name")
	if !strings.Contains(text, "typed name") {
		t.Error("what was typed is gone")
	}
	if text := eve.must(http.StatusOK, "POST", "/connections", hook...); !strings.Contains(text, "whsec_") ||
		!strings.Contains(text, "<bdi>You</bdi>") {
		t.Errorf("eve's new connection:\n%s", text)
	}
	text = admin.must(http.StatusOK, "POST", "/connections", append(hook, "owner", "system")...)
	if !strings.Contains(text, "whsec_") || !strings.Contains(text, "System") {
		t.Errorf("the system's new connection:\n%s", text)
	}
}

// Forms change the submitted fields, keep secrets that are left empty, and report conflicting
// changes.
func TestConnectionPage_ChangesConnection(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	receiver := apptest.NewReceiver(t)
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", receiver.URL+"/first")
	at := fmt.Sprintf("/connections/%d", s.target)
	p.User("eve")
	c.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "eve", "role": "maintainer"})
	admin, eve := newPageClient(t, p, "admin"), newPageClient(t, p, "eve")

	if text := admin.must(http.StatusOK, "GET", at); strings.Contains(text, s.secret) || strings.Contains(text, "/first") {
		t.Error("the page shows a secret")
	}
	eve.must(http.StatusSeeOther, "POST", at, "version", "1", "name", "renamed")
	text := admin.must(http.StatusConflict, "POST", at, "version", "1", "name", "mine")
	if !strings.Contains(text, "eve changed it in the meantime") || !strings.Contains(text, `value="mine"`) {
		t.Errorf("the conflict:\n%s", text)
	}
	refused := admin.must(http.StatusUnprocessableEntity, "POST", at,
		"version", "2", "name", "mine", "url", "http://no such")
	if !strings.Contains(refused, `value="mine"`) || !strings.Contains(refused, "gc-err") {
		t.Errorf("the error:\n%s", refused)
	}
	if to := admin.must(http.StatusSeeOther, "POST", at+"/test"); !strings.HasPrefix(to, "/deliveries/") {
		t.Errorf("a test leads to %s", to)
	}
	apptest.Verify(t, s.secret, receiver.Wait(t, 1)) // address and secret are what they were

	text = admin.must(http.StatusOK, "POST", at+"/rotate", "password", apptest.Password)
	activated := secretIn(t, strings.NewReplacer("<", " ", ">", " ").Replace(text))
	if activated == s.secret || !strings.Contains(text, "The previous one remains valid until") {
		t.Error("the new secret is not shown")
	}
	if text := admin.must(http.StatusOK, "GET", at); strings.Contains(text, activated) ||
		!strings.Contains(text, "The previous secret remains valid until") {
		t.Error("the secret is shown twice, or it is not said until when the former one counts")
	}
	admin.must(http.StatusSeeOther, "POST", at+"/test")
	apptest.Verify(t, activated, receiver.Wait(t, 2))

	admin.must(http.StatusSeeOther, "POST", at+"/disable")
	if text := admin.must(http.StatusOK, "GET", at); !strings.Contains(text, "Disabled") ||
		!strings.Contains(text, "Enable") {
		t.Errorf("turned off:\n%s", text)
	}
	admin.must(http.StatusSeeOther, "POST", at+"/enable")
	apptest.Eventually(t, "both are delivered", func() bool {
		return c.Do("GET", "/deliveries?state=delivered", nil).Get("items.1") != nil
	})
	if text := admin.must(http.StatusOK, "GET", at+"/delete"); !strings.Contains(text, "2 deliveries in its history") ||
		!strings.Contains(text, "0 queued messages") {
		t.Errorf("what is lost:\n%s", text)
	}
	admin.must(http.StatusSeeOther, "POST", at+"/delete")
	checkNotFound(admin, s.target)
	if a := c.Must(http.StatusOK, "GET", "/audit?kind=target", nil); !strings.Contains(a.Text, `"was":{"name":"hook"}`) {
		t.Errorf("the audit has not what the name was: %s", a.Text)
	}
}

func TestConnectionsInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	bad, picky, good := apptest.NewReceiver(t), apptest.NewReceiver(t), apptest.NewReceiver(t)
	c := p.Client("admin")
	b := apptest.NewBrowser(t, p.URL)
	b.Open("/connections")
	b.Fill("#f-name", "admin")
	b.Fill("#f-password", apptest.Password)
	b.Press("form[action='/login'] button")
	b.WantText("No connections yet")
	b.CheckPage("connections-empty")
	b.Open("/admin/health")
	b.CheckPage("health-empty")

	b.Open("/connections")
	b.Do(chromedp.Click("details:has(#target-webhook-name) > summary"))
	b.Fill("#target-webhook-name", "Audit trail")
	b.Fill("#target-webhook-url", good.URL)
	b.Do(chromedp.SetValue("#target-webhook-owner", "system"))
	b.Press("form:has(#target-webhook-name) button")
	b.WantText("whsec_", "System")
	b.CheckPage("connection-made")

	s := newProduct(t, c, "Payments & Söhne", bad.URL)
	for i, to := range []struct{ name, url string }{{"Intake of the operations center", picky.URL}, {"Chat", good.URL}} {
		c.Must(http.StatusCreated, "POST", s.path+"/targets", object{
			"module": []string{"webhook", "mattermost"}[i],
			"name":   to.name, "config": map[string]string{"url": to.url},
		})
	}
	failEveryRequest(bad)
	picky.Answer(slices.Repeat([]int{http.StatusBadRequest}, 500)...)
	newConnection(t, c, "me", "My own phone", good.URL)
	failUntilBreakerOpens(t, p, c, s)
	waitTargetState(t, p, c, s.target+1, "rejecting")

	b.Open("/")
	b.WantText("2 connections are failing", "next attempt", "waiting")
	b.CheckPage("overview-broken")
	b.Open("/connections")
	b.WantText("Rejecting", "Down", "System")
	b.CheckPage("connections")
	b.Open("/connections?owner=group&trouble=1")
	b.WantText("No connections match")
	b.CheckPage("connections-none")
	b.Open("/admin/health")
	b.WantText("2 failing", "Running")
	b.CheckPage("health")
	b.Open(s.path + "?tab=targets")
	b.WantText("Rejecting", "next attempt")
	b.CheckPage("product-targets-broken")
	at := fmt.Sprintf("/connections/%d", s.target)
	b.Open(at)
	b.Do(chromedp.Click("summary.btn"))
	b.WantText("For 24 hours messages are signed with both")
	b.CheckPage("connection-down")
	b.Fill("#rotate-password", apptest.Password)
	b.Press("form[action$='/rotate'] button")
	b.WantText("whsec_", "The previous one remains valid until")
	b.CheckPage("connection-rotated")
	b.Open(at)
	b.Fill("[name=url]", "http://no such")
	b.Evaluate(`document.querySelectorAll("form").forEach(f => f.noValidate = true)`)
	b.Press("form[aria-labelledby=edit] button")
	b.CheckPage("connection-error")
	b.Open(at + "/delete")
	b.WantText("queued messages")
	b.CheckPage("connection-delete")

	// The health page refreshes itself.
	b.Open("/admin/health")
	bad.Answer()
	waitTargetState(t, p, c, s.target, "working")
	apptest.Eventually(t, "health shows it by itself", func() bool { return strings.Contains(b.Text(), "1 failing") })
}
