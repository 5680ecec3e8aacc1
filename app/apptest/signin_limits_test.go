package apptest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatecrier/app/account"
	"gatecrier/app/apptest"
	"gatecrier/models"
)

// A thief with a copy of a session guesses the password: the owner's other session changes it at once.
func TestPasswordLimits_StolenSessionDelaysNoOther(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		p.User("eve")
		stolen, own := signInAs(t, p, "eve", apptest.Password), signInAs(t, p, "eve", apptest.Password)
		change := func(c *http.Client, current string) int {
			status, _ := submitForm(t, c, p.URL+"/profile/password",
				encodeForm("current", current, "new", "a quite new password", "repeat", "a quite new password"), formKind)
			return status
		}
		guesses := []func() int{
			func() int { return change(stolen, "wrong") },
			func() int {
				status, _ := submitForm(t, stolen, p.URL+"/profile/tokens", encodeForm("name", "ci", "password", "wrong"), formKind)
				return status
			},
			func() int {
				status, _ := submitForm(t, stolen, p.URL+"/profile/feed", encodeForm("password", "wrong"), formKind)
				return status
			},
		}
		for i := range 5 {
			if status := guesses[i%3](); status != http.StatusUnprocessableEntity {
				t.Errorf("guess %d: %d", i, status)
			}
		}
		for i, guess := range guesses { // all questions share the budget
			if status := guess(); status != http.StatusTooManyRequests {
				t.Errorf("the sixth guess, question %d: %d", i, status)
			}
		}
		token := p.Client("eve")
		body := object{"current": "wrong", "new": "a quite new password"}
		for range 5 {
			token.Must(http.StatusUnprocessableEntity, "POST", "/password", body)
		}
		token.Must(http.StatusTooManyRequests, "POST", "/password", body)
		for i := 0; ; i++ { // a stolen token makes others
			status := p.Client("eve").Do("POST", "/password", body).Status
			if status == http.StatusTooManyRequests {
				break
			}
			if i > 20 {
				t.Fatal("each new token has new guesses without end")
			}
		}
		if status := change(own, apptest.Password); status != http.StatusSeeOther {
			t.Errorf("the owner's change: %d", status)
		}
	})
}

// The answers for a name that exists and for one that does not are the same, from any network.
func TestSignInLimits_HideNames(t *testing.T) {
	t.Parallel()
	eachDatabaseWith(t, apptest.Options{Proxies: "127.0.0.1"}, func(t *testing.T, p *apptest.Program) {
		p.User("eve")
		home := caller{t: t, p: p, address: "198.51.100.7"}
		if status, _, _ := home.signIn("eve", apptest.Password); status != http.StatusSeeOther {
			t.Fatalf("%d", status)
		}
		seen := map[string][]string{}
		for _, name := range []string{"eve", "nobody"} {
			for i := range 300 { // more than strangers have together
				address := fmt.Sprintf("203.%d.113.1", i)
				if i >= 256 {
					address = fmt.Sprintf("2001:db8:%x::1", i%7) // and some networks again
				}
				status, wait, _ := caller{t: t, p: p, address: address}.signIn(name, "wrong")
				seen[name] = append(seen[name], fmt.Sprint(status, wait))
			}
			p.Clock.Advance(25 * time.Hour)
		}
		if a, b := strings.Join(seen["eve"], "\n"), strings.Join(seen["nobody"], "\n"); a != b {
			t.Errorf("eve:\n%s\nnobody:\n%s", a, b)
		}
		// A header from a client that is no proxy counts for nothing, nor does a cookie that the server never set.
		if status, _, _ := home.signIn("eve", apptest.Password); status != http.StatusSeeOther {
			t.Errorf("at home: %d", status)
		}
	})
}

// A cookie that was not given out makes no device known, and one of another user neither.
func TestSignInLimits_ForgedDevice(t *testing.T) {
	t.Parallel()
	eachDatabaseWith(t, apptest.Options{Proxies: "127.0.0.1"}, func(t *testing.T, p *apptest.Program) {
		p.User("eve")
		p.User("mallory")
		mallory := caller{t: t, p: p, address: "203.0.113.1"}
		_, _, set := mallory.signIn("mallory", apptest.Password)
		own := deviceCookies(set)
		if len(own) != 1 || !own[0].HttpOnly || own[0].MaxAge < 86400*90 || own[0].Path != "/" {
			t.Fatalf("cookies: %v", own)
		}
		for i := range 100 {
			caller{t: t, p: p, address: fmt.Sprintf("203.%d.113.1", i)}.signIn("eve", "wrong")
		}
		forged := []*http.Cookie{{Name: own[0].Name, Value: strings.Repeat("A", len(own[0].Value))}}
		for what, cookies := range map[string][]*http.Cookie{"another user's": own, "forged": forged} {
			mallory.cookies = cookies
			mallory.address = "198.51.100." + fmt.Sprint(len(what))
			if status, _, _ := mallory.signIn("eve", "wrong"); status != http.StatusTooManyRequests {
				t.Errorf("%s: %d", what, status)
			}
		}
	})
}

// The budgets outlive a restart.
func TestSignInLimits_LastOverRestart(t *testing.T) {
	t.Parallel()
	eachDatabaseOptions(t, func(t *testing.T, o apptest.Options) {
		o.Proxies = "127.0.0.1"
		p := apptest.Start(t, o)
		p.User("eve")
		home := caller{t: t, p: p, address: "198.51.100.7"}
		home.signIn("eve", apptest.Password)
		for i := range 101 {
			caller{t: t, p: p, address: fmt.Sprintf("203.%d.113.1", i)}.signIn("eve", "wrong")
		}
		o.StartTime = p.Clock.Now()
		p.Stop()
		p = apptest.Start(t, o)
		hotel := caller{t: t, p: p, address: "100.64.7.7"}
		if status, _, _ := hotel.signIn("eve", apptest.Password); status != http.StatusTooManyRequests {
			t.Errorf("from an unknown network: %d", status)
		}
		home.p = p
		if status, _, _ := home.signIn("eve", apptest.Password); status != http.StatusSeeOther {
			t.Errorf("from the known network: %d", status)
		}
		list, err := p.Store.Audits(t.Context(), models.AuditFilter{Kind: "sign-in", Limit: 100})
		if err != nil || len(list) != 21 { // 20 networks and the others
			t.Errorf("%d rows in the audit log, %v", len(list), err)
		}
	})
}

// Wrong tokens are slowed down by network. A token that works is not, in the same network either.
func TestTokenLimits_WrongTokens(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		good := p.Client("admin")
		good.Must(http.StatusOK, "GET", "/products", nil)
		statuses := map[int]int{}
		for range 100 {
			text, _ := account.MintToken("x")
			a := apptest.NewClient(t, p.URL, text).Do("GET", "/products", nil)
			statuses[a.Status]++
			if a.Status == http.StatusTooManyRequests && a.Header.Get("Retry-After") == "" {
				t.Fatal("no Retry-After")
			}
		}
		if statuses[http.StatusUnauthorized] != 60 || statuses[http.StatusTooManyRequests] != 40 {
			t.Errorf("%v", statuses)
		}
		good.Must(http.StatusOK, "GET", "/products", nil)
		if err := p.Accounts.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, err := p.Store.Audits(t.Context(), models.AuditFilter{Kind: "sign-in", Limit: 10})
		if err != nil || len(list) != 1 || list[0].Became["refused"] != "40" || list[0].Became["what"] != "API token" {
			t.Errorf("audit: %+v, %v", list, err)
		}
	})
}

// Strangers who ask for links from many networks flood no mailbox, and take no link from the user.
func TestForgotLimits_FromManyNetworks(t *testing.T) {
	t.Parallel()
	eachDatabaseWith(t, apptest.Options{Proxies: "127.0.0.1"}, func(t *testing.T, p *apptest.Program) {
		p.User("eve")
		box := enableMail(t, p)
		for i := range 200 { // for three hours
			stranger := caller{t: t, p: p, address: fmt.Sprintf("203.%d.113.1", i)}
			if status, _, _ := stranger.post("/login/forgot", url.Values{"who": {"eve"}}); status != http.StatusOK {
				t.Errorf("%d: %d", i, status)
			}
			p.Clock.Advance(time.Minute)
		}
		p.User("bob")
		caller{t: t, p: p, address: "100.64.1.1"}.post("/login/forgot", url.Values{"who": {"bob"}})
		box.linkFor(t, "bob@example.com", "/login/reset")
		n := len(box.linkMails()) - 1
		if n < 2 || n > 25 { // on a busy machine, some expire before they are sent
			t.Errorf("%d mails in three hours", n)
		}
		hotel := caller{t: t, p: p, address: "100.64.7.7"}
		last := ""
		apptest.Eventually(t, "the last link works", func() bool { // it can arrive after that of bob
			link := box.linkFor(t, "eve@example.com", "/login/reset")
			if link == last {
				return false
			}
			last = link
			form := url.Values{
				"link": {linkSecret(t, link)}, "new": {"a quite new password"}, "repeat": {"a quite new password"},
			}
			status, _, _ := hotel.post("/login/reset", form)
			return status == http.StatusOK
		})
		if status, _, _ := hotel.signIn("eve", "a quite new password"); status != http.StatusSeeOther {
			t.Errorf("signs in after that: %d", status)
		}
	})
}
