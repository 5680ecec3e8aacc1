package apptest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// allChannels is a product that notifies all channels.
type allChannels struct {
	productFixture
	web                map[string]*apptest.Receiver
	box                *mailServer
	member             *apptest.Client
	addresses, targets int
}

func newAllChannels(t *testing.T, p *apptest.Program, c *apptest.Client) allChannels {
	t.Helper()
	box, port := newMailServer(t)
	c.Must(http.StatusOK, "PATCH", "/settings/mail",
		object{"email_from": "gates@example.org", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none"})
	web := map[string]*apptest.Receiver{
		"webhook": apptest.NewReceiver(t),
		"slack":   apptest.NewReceiver(t),
		"teams":   apptest.NewReceiver(t),
	}
	e := allChannels{
		productFixture: newProduct(t, c, "Shop", web["webhook"].URL), web: web, box: box, addresses: 2, targets: 5,
	}
	c.Must(http.StatusOK, "PATCH", e.path, object{
		"slack_webhook":    web["slack"].URL + "/services/x",
		"ms_teams_webhook": web["teams"].URL + "/workflows/x", "email_to": "eve@example.org, ops@example.org",
	})
	p.User("member")
	c.Must(http.StatusCreated, "POST", e.path+"/members", object{"user": "member", "role": "reader"})
	e.member = p.Client("member")
	return e
}

// countNotified counts the notifications so far, by channel.
func (e allChannels) countNotified(t *testing.T, c *apptest.Client) map[string]int {
	t.Helper()
	n := map[string]int{
		"history":    itemCount(c.Must(http.StatusOK, "GET", e.path+"/gate/history?limit=100", nil)),
		"inbox":      itemCount(e.member.Must(http.StatusOK, "GET", "/notifications?limit=100", nil)),
		"settled":    itemCount(c.Must(http.StatusOK, "GET", "/deliveries?state=delivered&limit=100", nil)),
		"deliveries": itemCount(c.Must(http.StatusOK, "GET", "/deliveries?limit=100", nil)),
	}
	for name, r := range e.web {
		n[name] = len(r.Messages())
	}
	for _, m := range e.box.received() {
		n["mail to "+m.to]++
	}
	return n
}

func itemCount(a apptest.Answer) int {
	n := 0
	for a.Get(fmt.Sprintf("items.%d", n)) != nil {
		n++
	}
	return n
}

// wantAfter returns the result of countNotified after n gate changes.
func (e allChannels) wantAfter(n int) map[string]int {
	want := map[string]int{
		"history":    n,
		"inbox":      n,
		"webhook":    n,
		"slack":      n,
		"teams":      n,
		"settled":    n * e.targets,
		"deliveries": n * e.targets,
	}
	if n > 0 {
		want["mail to eve@example.org"], want["mail to ops@example.org"] = n, n
	}
	return want
}

// Reports of three scanners change one gate three times. Each channel notifies of each change once,
// and of nothing else.
func TestGateChanges_NotifyEachChannelOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		e := newAllChannels(t, p, c)
		steps := []struct {
			report, source, gate string
			changes              int
		}{
			{"sarif-semgrep.sarif", "sast", "passed", 1},
			{"trivy-image.json", "img", "passed", 1},
			{"grype-image.json", "deps", "failed", 2},
			{"grype-image.json", "deps", "failed", 2},
			{"sarif-semgrep.sarif", "sast", "failed", 2},
			{"grype-none.json", "deps", "passed", 3},
			{"grype-none.json", "deps", "passed", 3},
			{"trivy-image.json", "img", "passed", 3},
		}
		for i, step := range steps {
			a := c.Must(http.StatusCreated, "POST", e.path+"/reports?source="+step.source, apptest.Report(t, step.report))
			if a.Get("gate.after") != step.gate {
				t.Fatalf("step %d, %s: %s", i, step.report, a.Text)
			}
			p.Clock.Advance(10 * time.Second) // no faster than the channels take it
			want := fmt.Sprint(e.wantAfter(step.changes))
			apptest.Eventually(t, fmt.Sprintf("step %d, %s: %s, not %v", i, step.report, want, e.countNotified(t, c)),
				func() bool { return fmt.Sprint(e.countNotified(t, c)) == want })
		}
		events := map[string]bool{}
		for i := range 3 * e.targets {
			events[fmt.Sprint(c.Do("GET", "/deliveries?limit=100", nil).Get(fmt.Sprintf("items.%d.event_id", i)))] = true
		}
		if len(events) != 3 {
			t.Errorf("events: %v, want 3", events)
		}
		e.checkMessages(t)
	})
}

// checkMessages checks that each channel says what changed, why, where, and who caused it, in the
// order of the changes.
func (e allChannels) checkMessages(t *testing.T) {
	t.Helper()
	wants := [][]string{
		{"Not evaluated → Passed", "semgrep", "sast"},
		{"Passed → Failed", "1 critical (threshold 0)", "18 high (threshold 0)", "CVE-", "grype", "deps"},
		{"Failed → Passed", "grype", "deps"},
	}
	for name, r := range e.web {
		for i, m := range r.Messages() {
			text := strings.ReplaceAll(string(m.Body), `\\`, "") // of Markdown's escapes
			want := append(slices.Clone(wants[i]), "Shop", "main", "admin", fmt.Sprintf("/products/%d", e.id))
			if name == "webhook" {
				want = append(want[1:], `"type":"gate.changed"`, `"actor":"admin"`, `"link":"http`)
			}
			for _, w := range want {
				if !strings.Contains(strings.ToLower(text), strings.ToLower(w)) {
					t.Errorf("%s, change %d lacks %q: %s", name, i+1, w, text)
				}
			}
			if !json.Valid(m.Body) {
				t.Errorf("%s, change %d: no JSON", name, i+1)
			}
		}
	}
}
