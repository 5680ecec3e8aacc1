package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// A user's assessment counts before a VEX document, and a VEX document before the report. A document
// counts for later reports too, and what it no longer says ends.
func TestVEX_CountsBetweenUserAndReport(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		s.upload(c, findingsReport("CVE-1 High", "CVE-2 Low"))
		a := s.vex(c, openVEX(t, "https://lakeside.example/vex/1", 1,
			says("cve-1", "not_affected", "pkg:deb/debian/lib-CVE-1@1"),
			says("CVE-3", "not_affected", "pkg:deb/debian/lib-CVE-3"),
			says("CVE-2", "not_affected", "pkg:deb/debian/lib-CVE-2@2"))) // another version
		if a.ID("observations.changed") != 1 || a.ID("observations.unchanged") != 0 ||
			a.ID("observations.not_found") != 2 || a.ID("statements") != 3 || a.Get("format") != "openvex" ||
			a.Get("document.id") != "https://lakeside.example/vex/1" || a.Get("document.version") != "1" ||
			a.Get("gate.before") != "failed" || a.Get("gate.after") != "passed" {
			t.Fatalf("the document: %s", a.Text)
		}
		s.checkCounts(t, p)
		o := s.observation(t, c, "CVE-1")
		if o.Get("status") != "not_affected" || o.Get("report_status") != "open" || o.Get("assessment") != nil ||
			o.Get("vex.document") != "https://lakeside.example/vex/1" ||
			!strings.Contains(fmt.Sprint(o.Get("vex.justification")), "vulnerable_code_not_in_execute_path") {
			t.Errorf("assessed by the document: %s", o.Text)
		}
		history := c.Must(http.StatusOK, "GET", fmt.Sprintf("/observations/%d/history", o.ID("id")), nil)
		if history.Get("items.0.action") != "vex" || history.Get("items.0.status") != "not_affected" ||
			history.Get("items.0.was_status") != "open" {
			t.Errorf("history: %s", history.Text)
		}

		// A later report: the document counts for what is new and what is changed.
		if a := s.upload(c, findingsReport("CVE-1 Critical", "CVE-2 Low", "CVE-3 High")); a.Get("gate.after") != "passed" ||
			countsOf(a, "counts") != "1 low" || a.ID("observations.new") != 1 {
			t.Errorf("a later report: %s", a.Text)
		}
		s.checkCounts(t, p)

		// A user decides otherwise, and takes it back.
		if a := s.assess(t, c, "CVE-1", object{"status": "affected"}); a.Get("status") != "affected" ||
			a.Get("gate.after") != "failed" {
			t.Errorf("a user's assessment: %s", a.Text)
		}
		if a := s.upload(c, findingsReport("CVE-1 High", "CVE-2 Low", "CVE-3 High")); a.Get("gate.after") != "failed" {
			t.Errorf("a report after that: %s", a.Text)
		}
		if a := s.assess(t, c, "CVE-1", object{"status": nil}); a.Get("status") != "not_affected" ||
			a.Get("gate.after") != "passed" {
			t.Errorf("taken back: %s", a.Text)
		}
		s.checkCounts(t, p)

		// The next version withdraws one statement and changes another one.
		a = s.vex(c, openVEX(t, "https://lakeside.example/vex/1", 2, says("CVE-3", "under_investigation", "lib-CVE-3 1")))
		if a.ID("observations.changed") != 2 || a.Get("gate.after") != "failed" || a.ID("observations.not_found") != 0 {
			t.Errorf("version 2: %s", a.Text)
		}
		if o := s.observation(t, c, "CVE-1"); o.Get("status") != "open" || o.Get("vex") != nil {
			t.Errorf("withdrawn: %s", o.Text)
		}
		if o := s.observation(t, c, "CVE-3"); o.Get("status") != "in_review" {
			t.Errorf("under investigation: %s", o.Text)
		}
		s.checkCounts(t, p)

		// An older version changes nothing.
		a = c.Do("POST", s.path+"/vex", openVEX(t, "https://lakeside.example/vex/1", 1))
		if a.Status != http.StatusConflict || !strings.Contains(a.Text, "newer version") {
			t.Errorf("an older version: %d %s", a.Status, a.Text)
		}
		if n := itemCount(c.Must(http.StatusOK, "GET", s.path+"/vex", nil)); n != 1 {
			t.Errorf("%d documents", n)
		}
	})
}

// A VEX document that is sent as a report is taken too, but only from those who can assess.
func TestVEX_SentAsReport(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		s.upload(c, findingsReport("CVE-1 High", "CVE-2 High"))
		document := openVEX(t, "https://lakeside.example/vex/2", 1, says("CVE-1", "fixed", "pkg:deb/debian/lib-CVE-1"),
			object{"vulnerability": object{"name": "CVE-2"}, "status": "not_affected", "products": []object{{"@id": "shop"}}})
		token := func(role string) *apptest.Client {
			a := c.Must(http.StatusCreated, "POST", s.path+"/tokens", object{"name": role, "role": role})
			return apptest.NewClient(t, p.URL, fmt.Sprint(a.Get("token")))
		}
		for _, path := range []string{"/reports", "/vex"} {
			a := token("upload").Do("POST", s.path+path, document)
			if a.Status != http.StatusForbidden || path == "/reports" && !strings.Contains(a.Text, "writer") {
				t.Errorf("an upload token: %d %s", a.Status, a.Text)
			}
		}
		if got := s.gateState(c); got != "failed" {
			t.Errorf("the gate %s after a refusal", got)
		}
		writer := token("writer").WithHeader("Idempotency-Key", "vex-1")
		for range 2 {
			a := writer.Must(http.StatusCreated, "POST", s.path+"/reports", document)
			if a.Get("format") != "openvex" || a.ID("observations.new") != 0 || a.Get("observations.updated") == nil ||
				a.ID("vex.observations.changed") != 2 || a.Get("gate.before") != "failed" || a.Get("gate.after") != "passed" ||
				a.Get("branch") != "main" || !strings.Contains(fmt.Sprint(a.Get("warnings.0")), "statements[1]") {
				t.Errorf("as a report: %s", a.Text)
			}
		}
		if a := s.observation(t, c, "CVE-1"); a.Get("status") != "resolved" || a.Get("resolved") != nil {
			t.Errorf("fixed: %s", a.Text)
		}
		sources, err := p.Store.Sources(t.Context(), apptest.AllProducts(), s.id)
		if err != nil || len(sources) != 1 {
			t.Errorf("%d sources, %v", len(sources), err)
		}

		// The same document again changes nothing, and a report is no document.
		if a := s.vex(c, document); a.ID("observations.changed") != 0 || a.ID("observations.unchanged") != 2 {
			t.Errorf("again: %s", a.Text)
		}
		a := c.Do("POST", s.path+"/vex", findingsReport("CVE-1 High"))
		if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Text, "/reports") {
			t.Errorf("a report: %d %s", a.Status, a.Text)
		}
		for _, path := range []string{"/vex?branch=none", "/reports?branch=none"} {
			if a := c.Do("POST", s.path+path, document); a.Status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d %s", path, a.Status, a.Text)
			}
		}
		s.checkCounts(t, p)
	})
}

// A document of a branch counts there only. When it is deleted, the reports count again.
func TestVEX_OfOneBranch(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		s.upload(c, findingsReport("CVE-1 High"))
		c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=dev", findingsReport("CVE-1 High"))
		document := openVEX(t, "https://lakeside.example/vex/3", 1, says("CVE-1", "not_affected", "pkg:deb/debian/lib-CVE-1"))
		a := c.Must(http.StatusCreated, "POST", s.path+"/vex?branch=dev", document)
		if a.Get("branch") != "dev" || a.Get("gate.branch") != "dev" || a.Get("gate.after") != "passed" ||
			a.ID("observations.changed") != 1 || s.gateState(c) != "failed" {
			t.Errorf("for one branch: %s", a.Text)
		}
		if a := s.vex(c, document); a.Get("gate.branch") != "main" || a.Get("gate.after") != "passed" ||
			a.ID("observations.changed") != 1 || a.ID("observations.unchanged") != 1 {
			t.Errorf("for all branches: %s", a.Text)
		}
		list := c.Must(http.StatusOK, "GET", s.path+"/vex", nil)
		if list.Get("items.0.branch") != "" || list.Get("items.1.branch") != "dev" || list.ID("items.0.statements") != 1 ||
			list.Get("items.0.uploaded_by") != "admin" {
			t.Fatalf("list: %s", list.Text)
		}
		c.Must(http.StatusNoContent, "DELETE", fmt.Sprintf("/vex/%d", list.ID("items.0.id")), nil)
		if o := s.observation(t, c, "CVE-1"); o.Get("status") != "open" || o.Get("vex") != nil || s.gateState(c) != "failed" {
			t.Errorf("after the deletion: %s", o.Text)
		}
		c.Must(http.StatusNotFound, "DELETE", fmt.Sprintf("/vex/%d", list.ID("items.0.id")), nil)
		a = c.Must(http.StatusOK, "GET", s.path+"/observations?branch=dev&active=false", nil)
		if a.Get("items.0.status") != "not_affected" {
			t.Errorf("on the other branch: %s", a.Text)
		}
		audit := c.Must(http.StatusOK, "GET", fmt.Sprintf("/audit?product=%d&limit=3", s.id), nil)
		for i, action := range []string{"delete", "create", "create"} {
			item := fmt.Sprintf("items.%d.", i)
			if audit.Get(item+"kind") != "VEX document" || audit.Get(item+"action") != action {
				t.Errorf("audit: %s", audit.Text)
			}
		}
		s.checkCounts(t, p)
	})
}

// The latest statement of several documents counts. Without it the one before counts again.
func TestVEX_OfSeveralDocuments(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		s.upload(c, findingsReport("CVE-1 High"))
		at := func(status, time string) object {
			statement := says("CVE-1", status, "pkg:deb/debian/lib-CVE-1")
			statement["timestamp"] = time
			return statement
		}
		newest := s.vex(c, openVEX(t, "https://lakeside.example/vex/new", 1, at("not_affected", "2026-02-02T00:00:00Z")))
		if a := s.vex(c, openVEX(t, "https://lakeside.example/vex/old", 1, at("affected", "2026-01-01T00:00:00Z"))); a.ID(
			"observations.unchanged") != 1 || a.ID("observations.changed") != 0 {
			t.Errorf("an older statement: %s", a.Text)
		}
		if a := s.upload(c, findingsReport("CVE-1 Critical")); a.Get("gate.after") != "passed" {
			t.Errorf("a report: %s", a.Text)
		}
		c.Must(http.StatusNoContent, "DELETE", fmt.Sprintf("/vex/%d", newest.ID("id")), nil)
		if o := s.observation(t, c, "CVE-1"); o.Get("status") != "affected" ||
			o.Get("vex.document") != "https://lakeside.example/vex/old" {
			t.Errorf("after the deletion: %s", o.Text)
		}
		s.checkCounts(t, p)
	})
}

// While its original is in the report a duplicate is inactive. After that it counts as its document
// says.
func TestVEX_OfDuplicates(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		s.upload(c, findingsReport("CVE-1 High", "CVE-2 High", "CVE-3 High"))
		original := s.observation(t, c, "CVE-1").ID("id")
		for _, title := range []string{"CVE-2", "CVE-3"} {
			s.assess(t, c, title, object{"status": "duplicate", "duplicate_of": original})
		}
		s.vex(c, openVEX(t, "https://lakeside.example/vex/4", 1, says("CVE-2", "not_affected", "pkg:deb/debian/lib-CVE-2")))
		if o := s.observation(t, c, "CVE-2"); o.Get("status") != "duplicate" || o.Get("vex.status") != "not_affected" {
			t.Errorf("a user's assessment stays: %s", o.Text)
		}
		a := s.upload(c, findingsReport("CVE-2 High", "CVE-3 High"))
		if countsOf(a, "counts") != "1 high" || s.observation(t, c, "CVE-2").Get("status") != "not_affected" ||
			s.observation(t, c, "CVE-3").Get("status") != "open" {
			t.Errorf("without the original: %s", a.Text)
		}
		s.checkCounts(t, p)
	})
}

// The pages take a document, show what it says, and ask before they delete it.
func TestVEX_OnPages(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	s.upload(c, findingsReport("CVE-1 High", "CVE-2 High"))
	user := signedInAs(t, p, "admin")
	document := openVEX(t, "https://lakeside.example/vex/<6>", 7,
		says("CVE-1", "not_affected", "pkg:deb/debian/lib-CVE-1"))
	status, text := user.uploadReport(s.path+"/upload", "vex.json", document, nil)
	for _, want := range []string{
		"https://lakeside.example/vex/&lt;6&gt;", "observations changed</dt><dd>1</dd>", "unchanged",
	} {
		if status != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("upload: %d, no %q in\n%s", status, want, text)
		}
	}
	user.wantText(s.path+s.observationPath(t, c, "CVE-1"), "VEX document", "vulnerable_code_not_in_execute_path",
		"https://lakeside.example/vex/&lt;6&gt;", "assessed the observation with a VEX document")
	user.wantText(s.path+"?active=false", "by a VEX document")
	user.wantNoText(s.path+"?active=false&assessed=true", "by a VEX document")
	user.wantText(s.path, "1 VEX document", "Lakeside security", "version <bdi>7</bdi>")
	id := c.Must(http.StatusOK, "GET", s.path+"/vex", nil).ID("items.0.id")
	path := fmt.Sprintf("%s/vex/%d/delete", s.path, id)
	user.wantText(path, "Its 1 statement no longer applies", "1 observation returns", "1 observation becomes active")
	user.mustPost(path)
	user.wantText(s.path, "VEX document deleted", "1 observation changed")
	if status, _ := user.get(path); status != http.StatusNotFound {
		t.Errorf("deleted: %d", status)
	}
	s.checkCounts(t, p)
}
