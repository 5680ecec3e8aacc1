package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// privateURLs are private addresses in the spellings of users and attackers. Each is refused on
// input.
var privateURLs = []string{
	"127.0.0.1",
	"[::ffff:127.0.0.1]",
	"0x7f000001",
	"2130706433",
	"0177.0.0.1",
	"127.1",
	"[::1]",
	"169.254.169.254",
	"[::ffff:a9fe:a9fe]",
	"10.0.0.1",
	"192.168.1.1",
	"100.64.0.1",
	"0.0.0.0",
	"224.0.0.1",
	"[fe80::1]",
	"[fc00::1]",
	"[64:ff9b::7f00:1]",
}

func TestPrivateAddresses_RefusedOnInput(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{Strict: true})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	for _, host := range privateURLs {
		url := "http://" + host + ":8099/hook"
		for _, module := range []string{"webhook", "slack", "teams"} {
			a := c.Do("POST", s.path+"/targets", object{
				"module": module, "name": "x",
				"config": map[string]string{"url": strings.Replace(url, "http:", "https:", 1)},
			})
			checkRefused(t, a, module+" "+host, "url")
		}
		for _, field := range []string{"slack_webhook", "ms_teams_webhook"} {
			checkRefused(t, c.Do("PATCH", s.path, object{field: url}), field+" "+host, field)
		}
		checkRefused(t, c.Do("PATCH", "/settings/mail", object{"smtp_host": strings.Trim(host, "[]")}), "mail "+host,
			"smtp_host")
	}
	if a := c.Must(http.StatusOK, "GET", s.path+"/targets", nil); a.Get("items.0") != nil {
		t.Errorf("something was saved: %s", a.Text)
	}
}

func checkRefused(t *testing.T, a apptest.Answer, what, field string) {
	t.Helper()
	if a.Status != http.StatusUnprocessableEntity || !strings.HasSuffix(fmt.Sprint(a.Get("errors.0.name")), field) {
		t.Errorf("%s: %d, want 422 at %s: %s", what, a.Status, field, a.Text)
	}
}

// A host name shows its address only when it is resolved: it is saved with a warning and refused on
// sending, and the delivery log shows the reason.
func TestPrivateHostNames_RefusedOnSending(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{Strict: true})
	receiver := apptest.NewReceiver(t)
	box, port := newMailServer(t)
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	url := strings.Replace(receiver.URL, "127.0.0.1", "localhost", 1)
	for _, module := range []string{"webhook", "slack", "teams"} {
		a := c.Must(http.StatusCreated, "POST", s.path+"/targets",
			object{"module": module, "name": module, "config": map[string]string{"url": url + "/" + module}})
		if w, _ := a.Get("warning").(string); !strings.Contains(w, "localhost") {
			t.Errorf("%s is saved without a warning: %s", module, a.Text)
		}
	}
	a := c.Must(http.StatusOK, "PATCH", "/settings/mail",
		object{"email_from": "gates@example.org", "smtp_host": "localhost", "smtp_port": port, "smtp_tls": "none"})
	if !strings.Contains(fmt.Sprint(a.Get("warnings")), "localhost") {
		t.Errorf("the mail server is saved without a warning: %s", a.Text)
	}
	c.Must(http.StatusOK, "PATCH", s.path, object{"email_to": "eve@example.org"})

	c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
	apptest.Eventually(t, "all sends are refused", func() bool {
		return itemCount(c.Do("GET", "/deliveries?state=retrying", nil)) == 4
	})
	for i := range 4 {
		id := c.Do("GET", "/deliveries", nil).ID(fmt.Sprintf("items.%d.id", i))
		a := c.Must(http.StatusOK, "GET", fmt.Sprintf("/deliveries/%d", id), nil)
		if !strings.Contains(a.Text, "not allowed") {
			t.Errorf("why it was refused: %s", a.Text)
		}
	}
	if len(receiver.Messages())+len(box.received()) != 0 {
		t.Error("the guard let a message out")
	}

	// Once the network is allowed, the same targets work.
	c.Must(http.StatusOK, "PATCH", "/settings/delivery", object{"allow_networks": "127.0.0.0/8, ::1/128"})
	p.Clock.Advance(time.Minute)
	p.Wake()
	apptest.Eventually(t, "all arrive", func() bool { return len(receiver.Messages()) == 3 && len(box.received()) == 1 })
}
