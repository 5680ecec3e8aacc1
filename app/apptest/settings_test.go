package apptest_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatecrier/app/apptest"
	"gatecrier/models/modelstest"
)

// A change of the global thresholds evaluates all gates in the background, and notifies of changes.
func TestSettings_ThresholdsApplyToAllProducts(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		shops := make([]productFixture, 60) // more than one step of the sweep
		for i := range shops {
			shops[i] = newProduct(t, c, fmt.Sprintf("Shop %02d", i), "")
			c.Must(http.StatusOK, "PUT", shops[i].path+"/counts", object{"scanner": "s", "counts": criticalCounts(i % 2)})
		}
		changed := newProduct(t, c, "Changed", receiver.URL)
		c.Must(http.StatusOK, "PUT", changed.path+"/counts", object{"scanner": "s", "counts": criticalCounts(3)})
		receiver.Wait(t, 1)
		never := newProduct(t, c, "Never evaluated", "")

		a := c.Must(http.StatusOK, "PATCH", "/settings/gate", object{"threshold_critical": 3})
		if a.ID("threshold_critical") != 3 || a.ID("threshold_medium") != 99999 || a.ID("version") != 1 ||
			a.Get("active") != true {
			t.Fatalf("answer: %s", a.Text)
		}
		apptest.Eventually(t, "all gates pass", func() bool {
			return c.Do("GET", "/products?state=failed", nil).Get("items.0") == nil
		})
		m := receiver.Wait(t, 2)
		if !strings.Contains(string(m.Body), `"kind":"settings"`) || !strings.Contains(string(m.Body), `"to":"passed"`) {
			t.Errorf("the message does not say why: %s", m.Body)
		}
		if got := c.Must(http.StatusOK, "GET", never.path, nil).Get("gate.state"); got != "none" {
			t.Errorf("a product without reports is %v", got)
		}
		if got := c.Must(http.StatusOK, "GET", shops[0].path+"/gate/history", nil); got.Get("items.1") != nil {
			t.Errorf("a gate that stayed has changed: %s", got.Text)
		}

		// null restores the default. When gates are disabled, their state is none.
		c.Must(http.StatusOK, "PATCH", "/settings/gate", object{"threshold_critical": nil, "active": false})
		apptest.Eventually(t, "all gates are none", func() bool {
			return c.Do("GET", "/products?state=passed", nil).Get("items.0") == nil
		})
	})
}

func TestSettings_RefuseInvalidValues(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	for _, test := range []struct {
		section, field string
		value          any
	}{
		{"gate", "threshold_critical", 1_000_000},
		{"gate", "threshold_critical", -1},
		{"gate", "threshold_critical", 1.5},
		{"gate", "threshold_critical", "many"},
		{"gate", "active", "yes"},
		{"gate", "nonsense", 1},
		{"general", "base_url", "gatecrier.example"},
		{"general", "base_url", "javascript:alert(1)"},
		{"general", "site_name", ""},
		{"general", "site_name", "a\nb"},
		{"mail", "smtp_port", 70465},
		{"mail", "smtp_tls", "ssl"},
		{"mail", "email_from", "nobody"},
		{"mail", "email_from", "a@b.example\r\nBcc: c@d.example"},
		{"reports", "max_bytes", 10},
		{"delivery", "allow_networks", "10.0.0.0/8, not a network!"},
		{"users", "password_min_length", 7},
		{"users", "password_min_length", 129},
		{"users", "session_hours", 0},
		{"users", "session_hours", 721},
		{"users", "may_create_products", "yes"},
	} {
		a := c.Do("PATCH", "/settings/"+test.section, object{test.field: test.value})
		if a.Status != http.StatusUnprocessableEntity || a.Get("errors.0.name") != test.field {
			t.Errorf("%s %v: %d %s", test.field, test.value, a.Status, a.Text)
		}
	}
	for _, section := range []string{"gate", "general", "mail", "reports", "delivery", "users"} {
		if v := c.Must(http.StatusOK, "GET", "/settings/"+section, nil).ID("version"); v != 0 {
			t.Errorf("%s was changed: version %d", section, v)
		}
	}
	c.Must(http.StatusNotFound, "GET", "/settings/nonsense", nil)
}

func TestSettings_RequireAdministrator(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	p.User("mallory")
	c := p.Client("mallory")
	c.Must(http.StatusForbidden, "GET", "/settings/mail", nil)
	c.Must(http.StatusForbidden, "PATCH", "/settings/gate", object{"active": false})
}

func TestSettings_TwoAdministratorsAtOnce(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	c.Must(http.StatusOK, "PATCH", "/settings/mail",
		object{"smtp_host": "mail.example", "smtp_password": "hunter22", "version": 0})
	a := c.Must(http.StatusConflict, "PATCH", "/settings/mail", object{"smtp_host": "other.example", "version": 0})
	if !strings.Contains(a.Text, "admin changed smtp_host, smtp_password in the meantime. Read it again") {
		t.Errorf("the second gets no conflict: %s", a.Text)
	}
	a = c.Must(http.StatusOK, "GET", "/settings/mail", nil)
	if a.Get("smtp_host") != "mail.example" || a.Get("secrets.smtp_password") != true ||
		strings.Contains(a.Text, "hunter22") {
		t.Errorf("stored: %s", a.Text)
	}
}

// A secret is sealed and never shown: not on pages, in the audit, in the log, or in the database
// file.
func TestSettings_SecretIsNeverShown(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	secrets := []string{"hunter22", "swordfish"}
	for _, secret := range secrets {
		c.Must(http.StatusOK, "PATCH", "/settings/mail", object{"smtp_password": secret})
	}
	shown := map[string]string{
		"the settings": c.Must(http.StatusOK, "GET", "/settings/mail", nil).Text,
		"the audit":    c.Must(http.StatusOK, "GET", "/audit", nil).Text,
	}
	if !strings.Contains(shown["the audit"], `"smtp_password":"(secret)"`) {
		t.Errorf("the change is not in the audit: %s", shown["the audit"])
	}
	admin := signedInAs(t, p, "admin")
	for path, text := range map[string]string{"/admin/settings/mail": "SMTP_PASSWORD", "/admin/audit": "(secret)"} {
		admin.wantText(path, text)
		_, shown[path] = admin.get(path)
	}
	shown["the log"] = p.Logged()
	files, err := filepath.Glob(filepath.Join(p.Dir, "*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		shown[filepath.Base(file)] = string(text)
	}
	for where, text := range shown {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s contains %s", where, secret)
			}
		}
	}
}

// An instance notices settings that another one writes.
func TestSettings_ChangedByOtherInstance(t *testing.T) {
	t.Parallel()
	shared := apptest.Options{Dir: t.TempDir(), DatabaseURL: modelstest.MigratedURL(t)} // instances share a key, too
	p := apptest.Start(t, shared)
	q := apptest.Start(t, shared)
	q.Client("admin").Must(http.StatusOK, "PATCH", "/settings/reports", object{"max_bytes": 2 << 20})
	c := p.Client("admin")
	apptest.Eventually(t, "the other instance knows", func() bool {
		return c.Do("GET", "/settings/reports", nil).ID("max_bytes") == 2<<20
	})
	s := newProduct(t, c, "Shop", "")
	a := c.Must(http.StatusRequestEntityTooLarge, "POST", s.path+"/reports",
		[]byte(`{"matches":[`+strings.Repeat(" ", 3<<20)+`]}`))
	if !strings.Contains(a.Text, "2 MiB") {
		t.Errorf("answer: %s", a.Text)
	}
}

// The allow-list applies as soon as it is saved.
func TestSettings_AllowedNetworksApplyAtOnce(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{Strict: true})
	receiver := apptest.NewReceiver(t)
	c := p.Client("admin")
	c.Must(http.StatusOK, "PATCH", "/settings/delivery", object{"allow_networks": "127.0.0.0/8\n10.0.0.0/8"})
	s := newProduct(t, c, "Shop", receiver.URL)
	c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
	receiver.Wait(t, 1)
	c.Must(http.StatusOK, "PATCH", "/settings/delivery", object{"allow_networks": nil})
	c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(0)})
	apptest.Eventually(t, "the send is refused", func() bool {
		return c.Do("GET", "/deliveries?state=retrying", nil).Get("items.0.id") != nil
	})
}

// Two browsers have the same page open. The second that saves sees who changed what, keeps its
// input, and changes nothing.
func TestSettingsPage_InTwoBrowsers(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	p.User("mallory")
	c := p.Client("admin")
	c.Must(http.StatusOK, "PATCH",
		fmt.Sprintf("/users/%d", c.Must(http.StatusOK, "GET", "/users?q=mallory", nil).ID("items.0.id")),
		object{"administrator": true})
	first, second := signInAdmin(t, p), signInAs(t, p, "mallory", apptest.Password)
	fields := func(version, critical, high string) io.Reader {
		return encodeForm("version", version, "active", "on", "threshold_critical", critical, "threshold_high", high,
			"threshold_medium", "99999", "threshold_low", "99999", "threshold_none", "99999", "threshold_unknown", "99999")
	}
	status, _ := submitForm(t, first, p.URL+"/admin/settings/gate", fields("0", "7", "0"), formKind)
	if status != http.StatusSeeOther {
		t.Fatalf("the first: %d", status)
	}
	status, text := postForm(t, second, p.URL+"/admin/settings/gate", fields("0", "0", "5"))
	if status != http.StatusConflict || !strings.Contains(text, "admin changed threshold_critical in the meantime") ||
		!strings.Contains(text, `value="5"`) {
		t.Errorf("the second: %d, %s", status, text)
	}
	if a := c.Must(http.StatusOK, "GET", "/settings/gate", nil); a.ID("threshold_critical") != 7 ||
		a.ID("threshold_high") != 0 {
		t.Errorf("stored: %s", a.Text)
	}
}
