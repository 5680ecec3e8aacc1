package apptest_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// The facts 102 and 104 to 107 from SecObserve's own tests of settings, roles and health, with our
// API paths and statuses.
func TestRoles_SecObserveParity(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		admin := p.Client("admin")
		clients := map[string]*apptest.Client{}
		for _, name := range []string{"owner", "reader", "external", "group-owner"} {
			p.User(name)
			clients[name] = p.Client(name)
		}

		// 102: settings are for administrators, and have their defaults.
		a := admin.Must(http.StatusOK, "GET", "/settings/gate", nil)
		for field, want := range map[string]float64{
			"threshold_critical": 0, "threshold_high": 0, "threshold_medium": 99999, "threshold_unknown": 99999,
		} {
			if a.Get(field) != want {
				t.Errorf("%s is %v", field, a.Get(field))
			}
		}
		clients["owner"].Must(http.StatusForbidden, "GET", "/settings/gate", nil)
		clients["owner"].Must(http.StatusForbidden, "PATCH", "/settings/gate", object{"threshold_critical": 1})
		changed := admin.Must(http.StatusOK, "PATCH", "/settings/gate", object{"threshold_critical": 1234})
		if changed.ID("threshold_critical") != 1234 {
			t.Errorf("changed: %s", changed.Text)
		}

		// 104: each invalid webhook is reported by its field.
		s := newProduct(t, admin, "Shop", "")
		a = admin.Must(http.StatusUnprocessableEntity, "PATCH", s.path,
			object{"ms_teams_webhook": "ftp://example.org", "slack_webhook": "ftp://example.org"})
		if a.Get("errors.0.name") == a.Get("errors.1.name") || !strings.Contains(a.Text, "ms_teams_webhook") ||
			!strings.Contains(a.Text, "slack_webhook") {
			t.Errorf("bad webhooks: %s", a.Text)
		}

		// 105: roles by direct membership, without membership, and by the group.
		group := admin.Must(http.StatusCreated, "POST", "/groups", object{"name": "Group"}).ID("id")
		admin.Must(http.StatusOK, "PATCH", s.path, object{"group_id": group})
		admin.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "owner", "role": "owner"})
		reader := admin.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "reader", "role": "reader"}).
			ID("user_id")
		admin.Must(http.StatusCreated, "POST", fmt.Sprintf("/groups/%d/members", group),
			object{"user": "group-owner", "role": "owner"})
		for name, want := range map[string][2]int{
			"owner": {200, 200}, "reader": {200, 403}, "external": {404, 404}, "group-owner": {200, 200},
		} {
			if got := clients[name].Do("GET", s.path, nil).Status; got != want[0] {
				t.Errorf("%s views: %d", name, got)
			}
			if got := clients[name].Do("GET", s.path+"/tokens", nil).Status; got != want[1] {
				t.Errorf("%s sees the tokens, which are for owners: %d", name, got)
			}
		}

		// 106: only owners delete owners.
		p.User("maintainer")
		admin.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "maintainer", "role": "maintainer"})
		owner := admin.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "owner", "role": "owner"}).
			ID("user_id")
		maintainer := p.Client("maintainer")
		a = maintainer.Must(http.StatusForbidden, "DELETE", fmt.Sprintf("%s/members/%d", s.path, owner), nil)
		if a.Get("detail") != "Only owners can manage owners" {
			t.Errorf("why not: %s", a.Text)
		}
		maintainer.Must(http.StatusNoContent, "DELETE", fmt.Sprintf("%s/members/%d", s.path, reader), nil)

		// 107: the health endpoint is public and shows no details. The version is not public.
		if status, text := getNoRedirect(t, newHTTPClient(t), p.URL+"/healthz"); status != http.StatusOK || text != "ok\n" {
			t.Errorf("health: %d %q", status, text)
		}
		for _, path := range []string{"/healthz", "/readyz", "/login", "/api/v1/openapi.json"} {
			if _, text := getNoRedirect(t, newHTTPClient(t), p.URL+path); strings.Contains(text, "version "+p.Version()) ||
				strings.Contains(text, `"version":"`+p.Version()) {
				t.Errorf("%s shows the version to everyone", path)
			}
		}
	})
}

// A pipeline needs only the role upload.
func TestProductToken_UploadsReports(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	newProduct(t, c, "Other", "")
	a := c.Must(http.StatusCreated, "POST", s.path+"/tokens", object{"name": "ci", "role": "upload"})
	token, _ := a.Get("token").(string)
	path := filepath.Join(t.TempDir(), "grype-image.json")
	if err := os.WriteFile(path, apptest.Report(t, "grype-image.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	push := func(product string) (int, string, string) {
		return runCommand(t, "push", "--url", p.URL, "--token", token, "--product", product, "--fail-on-gate", path)
	}
	if code, out, errs := push("Shop"); code != 2 || !strings.Contains(out, "gate failed") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if code, _, errs := push("Other"); code != 1 || !strings.Contains(errs, `product "Other" not found`) {
		t.Errorf("another product: exit %d, %s", code, errs)
	}
	api := apptest.NewClient(t, p.URL, token)
	api.Must(http.StatusForbidden, "GET", s.path+"/targets", nil)
	api.Must(http.StatusNotFound, "GET", s.path, nil)
	c.Must(http.StatusNoContent, "DELETE",
		fmt.Sprintf("%s/tokens/%d", s.path, c.Must(http.StatusOK, "GET", s.path+"/tokens", nil).ID("items.0.id")), nil)
	if code, _, errs := push("Shop"); code != 1 || !strings.Contains(errs, "revoked") {
		t.Errorf("revoked: exit %d, %s", code, errs)
	}
}

// A user who loses a role, however they had it, loses access to pages, inbox and API at once.
func TestAccessRemoval_AppliesAtOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		p.User("eve")
		eve, page := p.Client("eve"), signInAs(t, p, "eve", apptest.Password)
		s := newProduct(t, c, "Shop", "")
		group := c.Must(http.StatusCreated, "POST", "/groups", object{"name": "Group"}).ID("id")
		users := c.Must(http.StatusCreated, "POST", "/authorization-groups", object{"name": "users"}).ID("id")
		c.Must(http.StatusOK, "PATCH", s.path, object{"group_id": group})
		c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
		apptest.Settle(t, p.Store)
		inGroup, inUsers := fmt.Sprintf("/groups/%d", group), fmt.Sprintf("/authorization-groups/%d", users)
		id := c.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "eve", "role": "reader"}).
			ID("user_id")
		c.Must(http.StatusNoContent, "DELETE", fmt.Sprintf("%s/members/%d", s.path, id), nil)
		c.Must(http.StatusNoContent, "POST", inUsers+"/members", object{"user": "eve"})
		member := object{"user": "eve", "role": "reader"}
		add := func(path string, body object) func() {
			return func() { c.Must(http.StatusCreated, "POST", path, body) }
		}
		give := func(path string) func() {
			body := object{"authorization_group": "users", "role": "reader"}
			return func() { c.Must(http.StatusNoContent, "POST", path, body) }
		}
		remove := func(format string, of ...any) func() {
			return func() { c.Must(http.StatusNoContent, "DELETE", fmt.Sprintf(format, of...), nil) }
		}

		sees := func(how string, want bool) {
			t.Helper()
			status := map[bool]int{true: http.StatusOK, false: http.StatusNotFound}[want]
			if got := eve.Do("GET", s.path, nil).Status; got != status {
				t.Errorf("%s: the interface says %d", how, got)
			}
			if got := itemCount(eve.Do("GET", "/notifications", nil)) == 1; got != want {
				t.Errorf("%s: in the inbox: %v", how, got)
			}
			if got, _ := getNoRedirect(t, page, p.URL+s.path); got != status {
				t.Errorf("%s: the page says %d", how, got)
			}
			if _, text := getNoRedirect(t, page, p.URL+"/inbox"); strings.Contains(text, "Shop") != want {
				t.Errorf("%s: on the inbox's page: %v", how, !want)
			}
		}
		sees("nothing", false)
		for _, way := range []struct {
			how     string
			in, out func()
		}{
			{"own member", add(s.path+"/members", member), remove("%s/members/%d", s.path, id)},
			{"member of the group", add(inGroup+"/members", member), remove("%s/members/%d", inGroup, id)},
			{
				"authorization group of the product", give(s.path + "/authorization-groups"),
				remove("%s/authorization-groups/%d", s.path, users),
			},
			{"authorization group of the group", give(inGroup + "/authorization-groups"), remove("%s/members/%d", inUsers, id)},
		} {
			way.in()
			sees(way.how, true)
			way.out()
			sees("no more "+way.how, false)
		}
	})
}
