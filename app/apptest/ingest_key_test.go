package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// newIngestKey creates a product's ingest key.
func newIngestKey(c *apptest.Client, s productFixture) (key, dsn string) {
	a := c.Must(http.StatusCreated, "POST", s.path+"/ingest-key", nil)
	key, _ = a.Get("key").(string)
	dsn, _ = a.Get("dsn").(string)
	return key, dsn
}

// A key accepts envelopes of its product until it is rotated.
func TestIngestKey_AcceptsEnvelopesOfItsProduct(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s, other := newProduct(t, c, "Shop", ""), newProduct(t, c, "Other", "")
		c.Must(http.StatusNotFound, "GET", s.path+"/ingest-key", nil)
		key, dsn := newIngestKey(c, s)
		if want := strings.Replace(p.URL, "://", "://"+key+"@", 1) + fmt.Sprintf("/%d", s.id); dsn != want || len(key) != 32 {
			t.Errorf("DSN %s, want %s", dsn, want)
		}
		at := func(id any) string { return fmt.Sprintf("%s/api/%v/envelope/", p.URL, id) }
		send := func(url, key string) int {
			res := sendEnvelope(t, url, []byte(oneEvent), "X-Sentry-Auth", "Sentry sentry_key="+key)
			if res.Status != http.StatusOK && !strings.HasPrefix(res.Text, `{"detail":"`) {
				t.Errorf("%d %s", res.Status, res.Text)
			}
			return res.Status
		}
		for _, test := range []struct {
			id   any
			key  string
			want int
		}{
			{s.id, key, 200},
			{s.id, "", 401},
			{s.id, "x", 403},
			{s.id, strings.ToUpper(key), 403},
			{other.id, key, 403},
			{4711, key, 403},
			{"v1", key, 403},
			{0, key, 403},
			{-1, key, 403},
			{s.id, key + "'--", 403},
		} {
			if got := send(at(test.id), test.key); got != test.want {
				t.Errorf("product %v, key %q: %d, want %d", test.id, test.key, got, test.want)
			}
		}
		res := sendEnvelope(t, at(s.id), []byte(fmt.Sprintf("{\"dsn\":%q}%s", dsn, oneEvent[2:])))
		if res.Status != http.StatusOK {
			t.Errorf("by the header's DSN: %d %s", res.Status, res.Text)
		}
		if again := c.Must(http.StatusOK, "GET", s.path+"/ingest-key", nil); again.Get("key") != key ||
			again.Get("created_by") != "admin" {
			t.Errorf("%s", again.Text)
		}
		activated, _ := newIngestKey(c, s)
		if activated == key || send(at(s.id), key) != 403 || send(at(s.id), activated) != 200 {
			t.Error("the key before is good after its rotation")
		}
		c.Must(http.StatusNoContent, "DELETE", s.path+"/ingest-key", nil)
		c.Must(http.StatusNoContent, "DELETE", s.path+"/ingest-key", nil)
		if send(at(s.id), activated) != 403 {
			t.Error("a key that was removed is good")
		}
		a := c.Must(http.StatusOK, "GET", "/audit?kind=ingest+key", nil)
		if list, _ := a.Get("items").([]any); len(list) != 3 || strings.Contains(a.Text, activated) {
			t.Errorf("%d rows of the audit: %s", len(list), a.Text)
		}
	})
}

// An ingest key only opens the envelope route, however the client sends it.
func TestIngestKey_OpensNoOtherRoute(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	key, _ := newIngestKey(c, s)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	tried := 0
	for _, route := range p.Routes() {
		method, path, _ := strings.Cut(route, " ")
		if strings.HasSuffix(strings.TrimSuffix(path, "/"), "/envelope") || strings.Contains(path, "/static/") ||
			strings.HasPrefix(path, "/login") || strings.Contains(path, "/openapi") || path == "/healthz" || path == "/readyz" ||
			path == "/logout" {
			continue
		}
		parts := strings.Split(path, "/")
		for i, part := range parts {
			if strings.HasPrefix(part, ":") {
				parts[i] = fmt.Sprint(s.id)
			}
		}
		for how, change := range map[string]func(r *http.Request){
			"bearer": func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+key) },
			"basic":  func(r *http.Request) { r.SetBasicAuth(key, "") },
			"query":  func(r *http.Request) { r.URL.RawQuery = "sentry_key=" + key + "&token=" + key },
			"sentry": func(r *http.Request) { r.Header.Set("X-Sentry-Auth", "Sentry sentry_key="+key) },
			"cookie": func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "session", Value: key}) },
		} {
			req, err := http.NewRequestWithContext(t.Context(), method, p.URL+strings.Join(parts, "/"), strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			change(req)
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			if err := res.Body.Close(); err != nil {
				t.Error(err)
			}
			badge := (strings.Contains(route, "/badge/:file") || strings.Contains(route, "/feed/:file")) &&
				res.StatusCode == http.StatusNotFound // for everyone: no such route
			login := res.StatusCode == http.StatusSeeOther && strings.HasPrefix(res.Header.Get("Location"), "/login")
			if res.StatusCode != http.StatusUnauthorized && res.StatusCode != http.StatusForbidden && !login && !badge {
				t.Errorf("%s by %s: %d", route, how, res.StatusCode)
			}
			tried++
		}
	}
	if tried < 500 {
		t.Errorf("%d were tried", tried)
	}
}
