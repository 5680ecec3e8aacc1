package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// versioned is a resource whose GET has an ETag.
type versioned struct {
	path    string
	patch   object // a change of it
	remove  bool   // it has a DELETE
	noField bool   // its body has no version
}

func newVersioned(t *testing.T, p *apptest.Program, c *apptest.Client) map[string]versioned {
	t.Helper()
	p.User("ann")
	shop := newProduct(t, c, "Shop", "")
	quiet := newProduct(t, c, "Quiet", "") // it has no messages, which would change the tag of its target
	hook := object{"url": "https://hooks.example/x"}
	made := func(path string, body object) string {
		at := c.Must(http.StatusCreated, "POST", path, body).Header.Get("Location")
		return strings.TrimPrefix(at, "/api/v1")
	}
	return map[string]versioned{
		"product": {path: shop.path, patch: object{"description": "x"}, remove: true},
		"group":   {path: made("/groups", object{"name": "g"}), patch: object{"description": "x"}, remove: true},
		"authorization group": {
			path: made("/authorization-groups", object{"name": "a"}), patch: object{"name": "b"}, remove: true,
		},
		"target": {
			path:  made(quiet.path+"/targets", object{"module": "webhook", "name": "hook", "config": hook}),
			patch: object{"name": "other"}, remove: true,
		},
		"silence": {
			path: made("/silences", object{ // it has not started: what it silences would change its tag
				"reason": "x", "starts_at": p.Clock.Now().AddDate(0, 0, 1), "ends_at": p.Clock.Now().AddDate(0, 0, 2),
			}),
			patch: object{"reason": "y"}, remove: true,
		},
		"observation": {
			path:  made(shop.path+"/observations", object{"title": "x", "severity": "low"}),
			patch: object{"title": "y"}, remove: true,
		},
		"settings": {path: "/settings/general", patch: object{"site_name": "Gates"}},
		"user": {
			path: made("/users", object{"name": "bob"}), patch: object{"first_name": "Bob"}, noField: true,
		},
	}
}

func TestConditions_OfResources(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		list := newVersioned(t, p, c)
		for name, r := range list {
			first := c.Must(http.StatusOK, "GET", r.path, nil)
			tag := first.Header.Get("ETag")
			if a := c.WithHeader("If-None-Match", `"x", W/`+tag).Do("GET", r.path, nil); a.Status != 304 ||
				a.Text != "" || a.Header.Get("ETag") != tag {
				t.Errorf("%s: unchanged: %d, ETag %q", name, a.Status, a.Header.Get("ETag"))
			}
			if !r.noField && !strings.HasPrefix(tag, fmt.Sprintf(`"%d-`, first.ID("version"))) {
				t.Errorf("%s: ETag %s of version %d", name, tag, first.ID("version"))
			}
			changed := c.WithHeader("If-Match", tag).Must(http.StatusOK, "PATCH", r.path, r.patch)
			fresh := c.WithHeader("If-None-Match", tag).Must(http.StatusOK, "GET", r.path, nil)
			if fresh.Header.Get("ETag") == tag || !strings.HasPrefix(fresh.Header.Get("ETag"),
				strings.TrimSuffix(changed.Header.Get("ETag"), `"`)) {
				t.Errorf("%s: ETag %s after %s and %s", name, fresh.Header.Get("ETag"), tag, changed.Header.Get("ETag"))
			}
			for _, stale := range []string{tag, `"0"`, `"99999"`} {
				old := c.WithHeader("If-Match", stale)
				a := old.Must(http.StatusPreconditionFailed, "PATCH", r.path, r.patch)
				if a.Get("title") != "Precondition Failed" || a.Get("detail") == "" {
					t.Errorf("%s: %s", name, a.Text)
				}
				if r.remove {
					old.Must(http.StatusPreconditionFailed, "DELETE", r.path, nil)
				}
			}
			c.WithHeader("If-Match", "x").Must(http.StatusUnprocessableEntity, "PATCH", r.path, r.patch)
			if !r.noField {
				body := object{"version": 99999}
				for field, value := range r.patch {
					body[field] = value
				}
				c.Must(http.StatusConflict, "PATCH", r.path, body)
			}
			same := c.WithHeader("If-None-Match", fresh.Header.Get("ETag")).Do("GET", r.path, nil)
			if same.Status != http.StatusNotModified {
				t.Errorf("%s: a refused change changed it: %s", name, same.Text)
			}
		}
		for _, name := range []string{"observation", "target", "silence", "product", "group", "authorization group"} {
			r := list[name]
			tag := c.Must(http.StatusOK, "GET", r.path, nil).Header.Get("ETag")
			c.WithHeader("If-Match", tag).Must(http.StatusNoContent, "DELETE", r.path, nil)
		}
	})
}

// A report changes what a product shows, but not its version: a change of its name goes on.
func TestConditions_ReportChangesETagNotVersion(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	shop := newProduct(t, c, "Shop", "")
	tag := c.Must(http.StatusOK, "GET", shop.path, nil).Header.Get("ETag")
	a := c.Must(http.StatusCreated, "POST", shop.path+"/reports", apptest.Report(t, "grype-image.json"))
	if at := a.Header.Get("Location"); at != "/api/v1"+shop.path+"/observations?branch=main" {
		t.Errorf("imported to %s", at)
	}
	c.WithHeader("If-None-Match", tag).Must(http.StatusOK, "GET", shop.path, nil)
	c.WithHeader("If-Match", tag).Must(http.StatusOK, "PATCH", shop.path, object{"name": "Market"})
	// The repeat of a report has its Location too, which Must checks.
	once := c.WithHeader("Idempotency-Key", "k")
	for range 2 {
		once.Must(http.StatusCreated, "POST", shop.path+"/reports?branch=a%26b", apptest.Report(t, "grype-none.json"))
	}
}
