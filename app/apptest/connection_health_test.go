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

// failEveryRequest makes a receiver answer 503 from now on.
func failEveryRequest(r *apptest.Receiver) {
	r.Answer(slices.Repeat([]int{http.StatusServiceUnavailable}, 500)...)
}

// failUntilBreakerOpens makes the messages to a target fail until its circuit breaker opens.
func failUntilBreakerOpens(t *testing.T, p *apptest.Program, c *apptest.Client, s productFixture) {
	t.Helper()
	c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
	waitTargetState(t, p, c, s.target, "down")
}

func waitTargetState(t *testing.T, p *apptest.Program, c *apptest.Client, target int64, state string) {
	t.Helper()
	apptest.Eventually(t, "it is "+state, func() bool {
		if c.Do("GET", fmt.Sprintf("/targets/%d", target), nil).Get("state") == state {
			return true
		}
		if c.Do("GET", "/deliveries?state=sending", nil).Get("items.0") != nil {
			return false // so that its lease does not expire
		}
		p.Clock.Advance(20 * time.Second)
		p.Wake()
		return false
	})
}

// When a receiver fails, the pages first show it and the next step. When it recovers, they show
// that too.
func TestPages_ShowBrokenConnection(t *testing.T) {
	t.Parallel()
	eachDatabase(t, checkBrokenConnection)
}

func checkBrokenConnection(t *testing.T, p *apptest.Program) {
	t.Helper()
	bad, good := apptest.NewReceiver(t), apptest.NewReceiver(t)
	c := p.Client("admin")
	newConnection(t, c, "system", "a good one", good.URL)
	s := newProduct(t, c, "Shop", bad.URL)
	p.User("reader")
	p.User("stranger")
	c.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "reader", "role": "reader"})
	admin, reader, stranger := newPageClient(t, p, "admin"), newPageClient(t, p, "reader"), newPageClient(t, p, "stranger")
	if text := admin.must(http.StatusOK, "GET", "/"); strings.Contains(text, "not work") {
		t.Error("the overview is not calm")
	}
	failEveryRequest(bad)
	failUntilBreakerOpens(t, p, c, s)

	at := fmt.Sprintf("/connections/%d", s.target)
	for path, wants := range map[string][]string{
		"/":                          {"1</span> connection is failing", "next attempt", "1 waiting", at},
		"/connections":               {"Down", "next attempt", "503"},
		"/connections?trouble=1":     {"next attempt"},
		at:                           {"Down", "next attempt", "Retry now", "503", "Rotate secret"},
		"/admin/health":              {"1 failing", "next attempt", "Database", "Delivery", "19 of 19"},
		s.path + "?tab=targets":      {"Down", "next attempt", at, "503"},
		"/connections?owner=product": {"hook"},
		"/connections?q=sHo":         {"hook"},
	} {
		text := admin.must(http.StatusOK, "GET", path)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q:\n%s", path, want, text)
			}
		}
	}
	text := admin.must(http.StatusOK, "GET", "/connections")
	if hook, other := strings.Index(text, at+`"`), strings.Index(text, "a good one"); hook < 0 || other < hook {
		t.Errorf("the broken one is not first: %d, %d", hook, other)
	}
	for _, path := range []string{"/connections?trouble=1", "/connections?owner=product", "/connections?q=sHo"} {
		if strings.Contains(admin.must(http.StatusOK, "GET", path), "a good one") {
			t.Errorf("%s shows what it should not", path)
		}
	}

	text = reader.must(http.StatusOK, "GET", s.path+"?tab=targets")
	if !strings.Contains(text, "Down") || strings.Contains(text, "503") || strings.Contains(text, at) ||
		strings.Contains(text, "127.0.0.1:") || strings.Contains(text, "/targets/") {
		t.Errorf("a reader sees:\n%s", text)
	}
	for _, who := range []pageClient{reader, stranger} {
		if strings.Contains(who.must(http.StatusOK, "GET", "/"), "not work") ||
			strings.Contains(who.must(http.StatusOK, "GET", "/connections"), at) {
			t.Error("the connection is shown to a user who cannot edit it")
		}
		checkNotFound(who, s.target)
	}

	bad.Answer()
	if to := admin.must(http.StatusSeeOther, "POST", at+"/resume"); to != at {
		t.Errorf("tried now, leads to %s", to)
	}
	waitTargetState(t, p, c, s.target, "working")
	if text := admin.must(http.StatusOK, "GET", "/"); strings.Contains(text, "not work") {
		t.Error("the overview is not calm again")
	}
	if text := admin.must(http.StatusOK, "GET", at); !strings.Contains(text, "Last delivery") ||
		strings.Contains(text, "Retry now") {
		t.Errorf("it works again, and the page says:\n%s", text)
	}
	if text := admin.must(http.StatusOK, "GET", "/connections?trouble=1"); strings.Contains(text, at) {
		t.Error("a working connection is listed as failing")
	}
}

// All emails share one server. When it is down, the pages say so.
func TestPages_ShowMailServerDown(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	c.Must(http.StatusOK, "PATCH", s.path, object{"email_to": "eve@example.org"})
	c.Must(http.StatusOK, "PATCH", "/settings/mail",
		object{"email_from": "gates@example.org", "smtp_host": "127.0.0.1", "smtp_port": 1, "smtp_tls": "none"})
	s.target = c.Must(http.StatusOK, "GET", s.path+"/targets", nil).ID("items.0.id")
	p.User("eve")
	c.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "eve", "role": "maintainer"})
	failUntilBreakerOpens(t, p, c, s)

	at := fmt.Sprintf("/connections/%d", s.target)
	admin, eve := newPageClient(t, p, "admin"), newPageClient(t, p, "eve")
	if text := admin.must(http.StatusOK, "GET", at); !strings.Contains(text,
		"All email connections share one mail server") ||
		!strings.Contains(text, "Retry now") {
		t.Errorf("an administrator sees:\n%s", text)
	}
	if text := eve.must(http.StatusOK, "GET", at); !strings.Contains(text, "Mail server:") ||
		strings.Contains(text, "Retry now") {
		t.Errorf("a maintainer sees:\n%s", text)
	}
	if status, _ := eve.request("POST", at+"/resume"); status != http.StatusForbidden {
		t.Errorf("a maintainer tries the mail server: %d", status)
	}
	if text := admin.must(http.StatusOK, "GET", "/admin/health/now"); !strings.Contains(text, "/admin/health/mail") {
		t.Errorf("health:\n%s", text)
	}
	_, port := newMailServer(t)
	c.Must(http.StatusOK, "PATCH", "/settings/mail", object{"smtp_port": port})
	if to := admin.must(http.StatusSeeOther, "POST", "/admin/health/mail"); to != "/admin/health" {
		t.Errorf("tried now, leads to %s", to)
	}
	waitTargetState(t, p, c, s.target, "working")
}
