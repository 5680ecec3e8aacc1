package apptest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// A token of a product can only send reports of it, until it expires.
func TestTokenCommand_ProductRoleAndExpiry(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	t.Setenv("GATECRIER_DATA_DIR", p.Dir)
	admin := p.Client("admin")
	s, other := newProduct(t, admin, "Shop", ""), newProduct(t, admin, "Other", "")
	create := func(args ...string) string {
		t.Helper()
		code, out, errs := runCommand(t, append([]string{"token", "create", "--name", "ci"}, args...)...)
		if code != 0 || strings.Count(out, "\n") != 1 {
			t.Fatalf("%v: exit %d %s%s", args, code, out, errs)
		}
		return strings.TrimSpace(out)
	}
	counts := object{"scanner": "x", "counts": criticalCounts(1)}
	upload := apptest.NewClient(t, p.URL, create("--product", "Shop", "--expires", "2d"))
	upload.Must(http.StatusOK, "PUT", s.path+"/counts", counts)
	upload.Must(http.StatusNotFound, "PUT", other.path+"/counts", counts)
	upload.Must(http.StatusNotFound, "GET", s.path, nil)
	upload.Must(http.StatusForbidden, "GET", "/users", nil)
	reader := apptest.NewClient(t, p.URL, create("--user", "admin", "--role", "reader"))
	reader.Must(http.StatusOK, "GET", s.path, nil)
	reader.Must(http.StatusForbidden, "PUT", s.path+"/counts", counts)
	list, err := p.Store.ProductTokens(t.Context(), s.id)
	if err != nil || len(list) != 1 || list[0].Role != models.RoleUpload ||
		time.Until(list[0].ExpiresAt).Round(time.Hour) != 48*time.Hour {
		t.Errorf("%+v, %v", list, err)
	}
	for _, args := range [][]string{
		{"--product", "Shop", "--user", "admin"},
		{},
		{"--product", "shop"},
		{"--product", "Shop", "--role", "owner"},
		{"--product", "Shop", "--expires", "soon"},
		{"--product", "Shop", "--expires", "2001-01-31T00:00:00Z"},
	} {
		code, out, errs := runCommand(t, append([]string{"token", "create", "--name", "ci"}, args...)...)
		if code != 1 || out != "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: exit %d %s%s", args, code, out, errs)
		}
	}
}
