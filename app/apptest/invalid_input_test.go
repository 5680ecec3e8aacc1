package apptest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

func TestInvalidInput_NamesField(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	sarif := apptest.Report(t, "sarif-semgrep.sarif")
	tests := []struct {
		name, method, path string
		body               any
		status             int
		field              string
	}{
		{"no name", "POST", "/products", object{"name": "  "}, 422, "name"},
		{"the same name", "POST", "/products", object{"name": "Shop"}, 422, "name"},
		{"a control character", "POST", "/products", object{"name": "a\nb"}, 422, "name"},
		{
			"a threshold too high", "PATCH", s.path,
			object{"gate_mode": "own", "thresholds": object{"high": 1000000}},
			422,
			"thresholds.high",
		},
		{"a mode that is none", "PATCH", s.path, object{"gate_mode": "wild"}, 422, "gate_mode"},
		{
			"negative counts", "PUT", s.path + "/counts",
			object{"scanner": "x", "counts": criticalCounts(-1)},
			422,
			"counts.critical",
		},
		{
			"counts above all bounds", "PUT", s.path + "/counts",
			object{"scanner": "x", "counts": criticalCounts(1 << 40)},
			422,
			"counts.critical",
		},
		{"counts of nobody", "PUT", s.path + "/counts", object{"scanner": "", "counts": criticalCounts(1)}, 422, "scanner"},
		{"an unknown field", "POST", "/products", object{"name": "x", "color": "red"}, 422, "color"},
		{"a truncated report", "POST", s.path + "/reports", []byte(`{"matches": [{"vuln`), 422, "report"},
		{"an empty report", "POST", s.path + "/reports", []byte(""), 422, "report"},
		{"XML", "POST", s.path + "/reports", []byte(`<?xml version="1.0"?><testsuites/>`), 422, "report"},
		{
			"bad UTF-8", "POST", s.path + "/reports", []byte("{\"matches\": [{\"vulnerability\": {\"id\": \"CVE\xff\"}}]}"), 422,
			"report",
		},
		{"truncated SARIF", "POST", s.path + "/reports", sarif[:len(sarif)/2], 422, "report"},
		{"another kind of JSON", "POST", s.path + "/reports", []byte(`{"hello": 1}`), 422, "report"},
		{"a cursor that is none", "GET", "/products?cursor=%21", nil, 422, "cursor"},
		{"a limit too high", "GET", "/products?limit=1000", nil, 422, "limit"},
		{
			"an unknown module", "POST", s.path + "/targets",
			object{"module": "pigeon", "name": "x", "config": map[string]string{}},
			422, "module",
		},
		{
			"no address", "POST", s.path + "/targets",
			object{"module": "webhook", "name": "x", "config": map[string]string{}},
			422, "url",
		},
		{
			"another scheme", "POST", s.path + "/targets",
			object{"module": "webhook", "name": "x", "config": map[string]string{"url": "ftp://example.com/x"}},
			422, "url",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := c.Do(test.method, test.path, test.body)
			if a.Status != test.status || !strings.HasSuffix(fmt.Sprint(a.Get("errors.0.name")), test.field) {
				t.Errorf("%d, want %d at %s: %s", a.Status, test.status, test.field, a.Text)
			}
			if a.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("content type %q", a.Header.Get("Content-Type"))
			}
		})
	}
	a := c.Must(http.StatusOK, "GET", s.path, nil)
	if a.Get("gate.state") != "none" || a.Get("gate_mode") != "standard" {
		t.Errorf("something changed: %s", a.Text)
	}
	if got, err := json.Marshal(a.Get("gate.counts")); err != nil || len(got) != len(zeroCountsJSON) {
		t.Errorf("counts have not six keys: %s", got)
	}
	if a := c.Must(http.StatusOK, "GET", s.path+"/observations", nil); a.Get("items.0") != nil {
		t.Errorf("a refused report left observations: %s", a.Text)
	}
	c.Must(http.StatusNotFound, "POST", "/products/777/reports", sarif)
	(&apptest.Client{URL: p.URL}).ForTest(t).Must(http.StatusUnauthorized, "GET", "/products", nil)
}
