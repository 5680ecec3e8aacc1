package apptest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// caller is a browser at an address, behind the proxy that the tests are.
type caller struct {
	t       *testing.T
	p       *apptest.Program
	address string
	cookies []*http.Cookie
}

// post sends a form, and returns the status, Retry-After and the cookies of the response.
func (c caller) post(path string, form url.Values) (status int, wait time.Duration, set []*http.Cookie) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.p.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", formKind)
	req.Header.Set("X-Forwarded-For", c.address)
	for _, cookie := range c.cookies {
		req.AddCookie(cookie)
	}
	res, err := http.DefaultTransport.RoundTrip(req) // follows nothing
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		c.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		c.t.Fatal(err)
	}
	seconds, err := strconv.Atoi(res.Header.Get("Retry-After"))
	if err != nil {
		seconds = 0
	}
	return res.StatusCode, time.Duration(seconds) * time.Second, res.Cookies()
}

func (c caller) signIn(name, password string) (status int, wait time.Duration, set []*http.Cookie) {
	c.t.Helper()
	return c.post("/login", url.Values{"name": {name}, "password": {password}})
}

// deviceCookies returns the cookies of a response without those of the session.
func deviceCookies(set []*http.Cookie) (list []*http.Cookie) {
	for _, c := range set {
		if !strings.Contains(c.Name, "session") {
			list = append(list, c)
		}
	}
	return list
}

// attack tries a wrong password at intervals, each time from the next of 250 networks.
type attack struct {
	caller
	name   string
	every  time.Duration
	n      int
	passed int // tries whose password was checked
}

func (a *attack) last(d time.Duration) {
	a.t.Helper()
	for end := a.p.Clock.Now().Add(d); a.p.Clock.Now().Before(end); a.n++ {
		a.p.Clock.Advance(a.every)
		a.address = fmt.Sprintf("203.%d.113.%d", a.n%250, a.n%199+1)
		if status, _, _ := a.signIn(a.name, "wrong"); status == http.StatusUnauthorized {
			a.passed++
		}
	}
}

// A day of wrong passwords from many networks locks no one out. After an hour they are fewer, but
// in a trial with GATECRIER_ATTACK=5, which is the seconds between them.
func TestSignInLimits_DayOfAttack(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]func() string{
		"sqlite": func() string { return "" }, "postgres": func() string { return modelstest.MigratedURL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			p := apptest.Start(t, apptest.Options{DatabaseURL: url(), Proxies: "127.0.0.1"})
			eve := p.User("eve")
			box := enableMail(t, p)
			home := caller{t: t, p: p, address: "198.51.100.7"}
			status, _, set := home.signIn("eve", apptest.Password)
			if status != http.StatusSeeOther {
				t.Fatalf("before the attack: %d", status)
			}
			laptop := caller{t: t, p: p, cookies: deviceCookies(set)}
			a := &attack{caller: caller{t: t, p: p}, name: "eve", every: 5 * time.Second}
			a.last(10 * time.Minute)
			checkUnknownNetwork(t, a)
			for hour := range 26 {
				if hour == 1 {
					a.every = time.Duration(envInt(t, "GATECRIER_ATTACK", 240)) * time.Second
				}
				a.last(time.Hour)
				if status, _, _ := home.signIn("eve", apptest.Password); status != http.StatusSeeOther {
					t.Fatalf("hour %d, from the known network: %d", hour, status)
				}
				laptop.address = fmt.Sprintf("192.%d.2.1", hour)
				status, _, set := laptop.signIn("eve", apptest.Password)
				if status != http.StatusSeeOther {
					t.Fatalf("hour %d, from the known device: %d", hour, status)
				}
				laptop.cookies = deviceCookies(set)
				if err := p.Accounts.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			t.Logf("%d of %d tries of the attack passed", a.passed, a.n)
			if a.passed > 2000 {
				t.Errorf("%d of %d tries of the attack passed", a.passed, a.n)
			}
			checkAttackRecord(t, p, a, eve, box)
		})
	}
}

// checkUnknownNetwork signs in from a network that the user never used: it waits once, while the
// attack goes on.
func checkUnknownNetwork(t *testing.T, a *attack) {
	t.Helper()
	hotel := caller{t: t, p: a.p, address: "100.64.7.7"}
	status, wait, _ := hotel.signIn("eve", apptest.Password)
	if status != http.StatusTooManyRequests || wait <= 0 || wait > 15*time.Minute+time.Second {
		t.Fatalf("from an unknown network: %d, wait %v", status, wait)
	}
	a.last(wait)
	if status, wait, _ = hotel.signIn("eve", apptest.Password); status != http.StatusSeeOther {
		t.Errorf("from an unknown network, after the wait: %d, wait %v", status, wait)
	}
}

// checkAttackRecord checks what the audit log, the log and the user's notices say of an attack.
func checkAttackRecord(t *testing.T, p *apptest.Program, a *attack, eve models.User, box *mailServer) {
	t.Helper()
	if err := p.Accounts.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := p.Store.Audits(t.Context(), models.AuditFilter{Kind: "sign-in", Name: "eve", Limit: 10000})
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, r := range rows {
		for _, field := range []string{"failed", "refused"} {
			n, err := strconv.Atoi(r.Became[field])
			if err != nil {
				t.Fatalf("audit: %v", r.Became)
			}
			total += n
		}
	}
	if want := a.n + 1; total != want || len(rows) > 28*21 { // and the owner's own refused one
		t.Errorf("the audit log has %d tries in %d rows, want %d", total, len(rows), want)
	}
	notices := func() int {
		n := 0
		viewer := models.Viewer{UserID: eve.ID}
		list, err := p.Store.Inbox(context.WithoutCancel(t.Context()), viewer, models.InboxFilter{Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range list {
			if one.Type == "account.attacked" {
				n++
			}
		}
		return n
	}
	apptest.Eventually(t, "the notices arrive", func() bool { return notices() == 2 }) // of two days
	apptest.Eventually(t, "the mails arrive", func() bool { return len(box.received()) == 2 })
	if lines := strings.Count(p.Logged(), "sign-ins failed or were refused"); lines == 0 || lines > 28*6+10 {
		t.Errorf("%d lines in the log", lines)
	}
}
