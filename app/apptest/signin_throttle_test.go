package apptest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// trySignIn signs in with the form, and returns the status, Retry-After and the page.
func trySignIn(t *testing.T, p *apptest.Program, name, password string) (int, string, string) {
	t.Helper()
	form := url.Values{"name": {name}, "password": {password}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL+"/login", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultTransport.RoundTrip(req) // follows nothing
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Retry-After"), string(text)
}

func TestSignInThrottle_OfOneAccount(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		expect := func(what, name, password string, want int) (retry, text string) {
			t.Helper()
			status, retry, text := trySignIn(t, p, name, password)
			if status != want {
				t.Errorf("%s: %d, want %d", what, status, want)
			}
			return retry, text
		}
		for _, name := range []string{"admin", "nobody"} { // both get the same answers
			for range 5 {
				expect(name+", a wrong password", name, "wrong", http.StatusUnauthorized)
			}
			retry, text := expect(name+", the sixth", strings.ToUpper(name), "wrong", http.StatusTooManyRequests)
			if retry != "1" && retry != "2" || !strings.Contains(text, "Try again in") {
				t.Errorf("%s: Retry-After %q", name, retry)
			}
		}
		expect("the right one, too early", "admin", apptest.Password, http.StatusTooManyRequests)
		p.Clock.Advance(2 * time.Second)
		expect("the right one", "admin", apptest.Password, http.StatusSeeOther)
		for range 5 {
			expect("begun anew", "admin", "wrong", http.StatusUnauthorized)
		}
		for range 30 { // the wait ends however many attempts
			p.Clock.Advance(16 * time.Minute)
			expect("after the longest wait", "admin", "wrong", http.StatusUnauthorized)
		}
		p.Clock.Advance(16 * time.Minute)
		expect("nobody is locked out", "admin", apptest.Password, http.StatusSeeOther)
	})
}

// The throttle also stops many names from one address, and parallel attempts.
func TestSignInThrottle_OfOneAddress(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		var wg sync.WaitGroup
		var looked atomic.Int32
		for i := range 60 {
			wg.Go(func() {
				if status, _, _ := trySignIn(t, p, fmt.Sprint("name", i), "wrong"); status == http.StatusUnauthorized {
					looked.Add(1)
				}
			})
		}
		wg.Wait()
		if n := looked.Load(); n != 20 {
			t.Errorf("%d of 60 guesses were looked at, want 20", n)
		}
		p.Clock.Advance(25 * time.Hour)
		if status, _, _ := trySignIn(t, p, "admin", apptest.Password); status != http.StatusSeeOther {
			t.Errorf("a day later: %d", status)
		}
	})
}
