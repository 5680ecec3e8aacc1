package apptest_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// exported returns the rows of a list's file, without the row of names.
func exported(t *testing.T, c pageClient, path string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(c.must(http.StatusOK, "GET", path))).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%s: %v, %v", path, rows, err)
	}
	return rows[1:]
}

// Each list is a file too, with the rows that its page shows to the same user.
func TestExport_EveryList(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		shop, _, vault := sharedProducts(t, p, "reader")
		receiver := apptest.NewReceiver(t)
		api := p.Client("admin")
		api.Must(http.StatusCreated, "POST", shop.path+"/targets",
			object{"module": "webhook", "name": "hook", "config": map[string]string{"url": receiver.URL + "/secret-path"}})
		api.Must(http.StatusAccepted, "POST", "/exceptions", object{"class": "Broken", "message": "m", "product": shop.id})
		api.Must(http.StatusCreated, "POST", "/silences", object{
			"product_id": shop.id, "reason": "=cmd()", "starts_at": p.Store.Now(), "ends_at": p.Store.Now().AddDate(0, 0, 1),
		})
		api.Must(http.StatusCreated, "POST", vault.path+"/observations", object{"title": "@SUM(1)", "severity": "low"})
		apptest.Settle(t, p.Store) // the exception has a delivery
		admin, reader := newPageClient(t, p, "admin"), newPageClient(t, p, "reader")
		for _, test := range []struct {
			path                  string
			forAdmin, forReader   int // rows; -1 = at least one
			wantAdmin, denyReader string
		}{
			{"/products?format=csv", 3, 2, "Vault", "Vault"},
			{"/products?q=shop&format=csv", 1, 1, "Shop", ""},
			{fmt.Sprintf("/products/%d?severity=high&format=csv", shop.id), 2, 2, "CVE-000001", "Vault"},
			{"/observations?format=csv", 9, 6, "'@SUM(1)", "Vault"},
			{"/observations?q=CVE-2031&format=csv", 1, 0, "CVE-2031-7", "Vault"},
			{"/deliveries?format=csv", -1, -1, "hook", receiver.URL},
			{"/inbox?format=csv", -1, -1, "Vault", "Vault"},
			{"/exceptions?format=csv", 1, 1, "Broken", ""},
			{"/silences?format=csv", 1, 1, "'=cmd()", ""},
		} {
			got := exported(t, admin, test.path)
			if len(got) != test.forAdmin && (test.forAdmin >= 0 || len(got) == 0) ||
				!strings.Contains(fmt.Sprint(got), test.wantAdmin) {
				t.Errorf("%s: an administrator gets %d rows, want %d with %s: %v", test.path, len(got), test.forAdmin,
					test.wantAdmin, got)
			}
			got = exported(t, reader, test.path)
			if len(got) != test.forReader && (test.forReader >= 0 || len(got) == 0) ||
				test.denyReader != "" && strings.Contains(fmt.Sprint(got), test.denyReader) {
				t.Errorf("%s: a reader gets %d rows, want %d without %s: %v", test.path, len(got), test.forReader,
					test.denyReader, got)
			}
		}
		for _, path := range []string{"/admin/audit?format=csv", "/admin/users?format=csv", "/connections?format=csv"} {
			if got := exported(t, admin, path); len(got) == 0 || strings.Contains(fmt.Sprint(got), "secret-path") {
				t.Errorf("%s: %v", path, got)
			}
		}
		reader.must(http.StatusForbidden, "GET", "/admin/users?format=csv")
		reader.must(http.StatusForbidden, "GET", "/admin/audit?format=csv")
		reader.must(http.StatusNotFound, "GET", fmt.Sprintf("/products/%d?format=csv", vault.id))
		if got := exported(t, reader, "/connections?format=csv"); len(got) != 0 {
			t.Errorf("a reader gets connections: %v", got)
		}
	})
}

// A file of many rows is written in parts.
func TestExport_ManyRows(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		s := newProduct(t, p.Client("admin"), "Shop", "")
		p.Client("admin").Must(http.StatusCreated, "POST", s.path+"/reports", largeReport(1_200, mixedSeverity))
		c := newPageClient(t, p, "admin")
		for _, path := range []string{
			"/observations?format=csv", "/observations?sort=newest&format=csv", "/products/1?format=csv",
		} {
			ids := map[string]bool{}
			for _, row := range exported(t, c, path) {
				ids[row[0]] = true
			}
			if len(ids) != 1_200 {
				t.Errorf("%s has %d observations, want 1,200", path, len(ids))
			}
		}
	})
}
