package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/app/authz"
	"gatecrier/app/ingest"
	"gatecrier/models"
)

// trivyReport returns a Trivy report of vulnerabilities such as "CVE-1 HIGH 1.2", the last word
// being the version that fixes it, "-" for none.
func trivyReport(list ...string) []byte {
	found := make([]string, len(list))
	for i, f := range list {
		words := strings.Fields(f)
		fixed := ""
		if words[2] != "-" {
			fixed = fmt.Sprintf(`,"FixedVersion":%q`, words[2])
		}
		const one = `{"VulnerabilityID":%q,"PkgName":"lib-%s","InstalledVersion":"1"%s,"Severity":%q}`
		found[i] = fmt.Sprintf(one, words[0], words[0], fixed, words[1])
	}
	return []byte(`{"SchemaVersion":2,"ArtifactName":"shop","ArtifactType":"container_image","Results":[
		{"Target":"shop (debian 12)","Class":"os-pkgs","Type":"debian","Vulnerabilities":[` +
		strings.Join(found, ",") + `]}]}`)
}

// exploitedReport returns a Grype report of vulnerabilities such as "CVE-1 Low kev -": "kev" is
// one that is known to be exploited, and the last word is the version that fixes it, "-" for none.
func exploitedReport(list ...string) []byte {
	found := make([]string, len(list))
	for i, f := range list {
		words := strings.Fields(f)
		fix, known := fmt.Sprintf(`{"state":"fixed","versions":[%q]}`, words[3]), ""
		if words[3] == "-" {
			fix = `{"state":"not-fixed","versions":[]}`
		}
		if words[2] == "kev" {
			known = fmt.Sprintf(`,"knownExploited":[{"cve":%q,"dateAdded":"2026-01-02"}]`, words[0])
		}
		const one = `{"vulnerability":{"id":%q,"severity":%q,"fix":%s%s},` +
			`"artifact":{"name":"lib-%s","version":"1","type":"deb"}}`
		found[i] = fmt.Sprintf(one, words[0], words[1], fix, known, words[0])
	}
	return []byte(`{"descriptor":{"name":"grype"},"matches":[` + strings.Join(found, ",") + `]}`)
}

// setGate changes the settings of the gate, and waits until all gates follow.
func setGate(t *testing.T, p *apptest.Program, c *apptest.Client, change object) {
	t.Helper()
	c.Must(http.StatusOK, "PATCH", "/settings/gate", change)
	if err := p.App.Sweeper.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// wantGate checks a product's gate: its state, its reason, and what counts.
func (s productFixture) wantGate(t *testing.T, c *apptest.Client, state, effective, why string) {
	t.Helper()
	a := c.Must(http.StatusOK, "GET", s.path+"/gate", nil)
	if a.Get("state") != state || countsOf(a, "effective_counts") != effective || a.Get("why") != why {
		t.Errorf("%v: %q because of %q\nwant %s: %q because of %q", a.Get("state"), countsOf(a, "effective_counts"),
			a.Get("why"), state, effective, why)
	}
}

// With only_fixable a vulnerability counts from the report that names its fix.
func TestCounting_OnlyFixable(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver, c := apptest.NewReceiver(t), p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		s.upload(c, trivyReport("CVE-1 CRITICAL -", "CVE-2 HIGH -", "CVE-3 MEDIUM 2", "CVE-4 LOW -"))
		s.wantGate(t, c, "failed", "1 critical, 1 high, 1 medium, 1 low", "1 critical (threshold 0), 1 high (threshold 0)")
		receiver.Wait(t, 1)

		setGate(t, p, c, object{"only_fixable": true})
		const passed = "within all thresholds: 0 critical (0 allowed), 0 high (0 allowed)"
		s.wantGate(t, c, "passed", "1 medium", passed+"; 3 without a fix do not count")
		a := c.Must(http.StatusOK, "GET", s.path, nil)
		if got := countsOf(a, "gate.counts"); got != "1 critical, 1 high, 1 medium, 1 low" {
			t.Errorf("the active ones: %s", got)
		}
		if a.Get("policy.only_fixable") != true || a.Get("policy.kev_as_critical") != false ||
			a.Get("only_fixable") != false {
			t.Errorf("the policy: %s", a.Text)
		}
		m := messageBody(t, receiver.Wait(t, 2)).Data
		if m.To != "passed" || !m.OnlyFixable || m.KEVAsCritical || m.Uncounted.Unfixed != 3 ||
			m.Effective == nil || *m.Effective != (models.Counts{Medium: 1}) || m.Cause.Kind != "settings" {
			t.Errorf("the message of the settings: %+v", m)
		}

		r := s.upload(c, trivyReport("CVE-1 CRITICAL 2", "CVE-2 HIGH -", "CVE-3 MEDIUM 2", "CVE-4 LOW -"))
		const why = "1 critical (threshold 0)"
		if r.Get("gate.after") != "failed" || r.Get("gate.why") != why+"; 2 without a fix do not count" {
			t.Errorf("a fix is known: %s", r.Text)
		}
		if r.Get("failing.0.title") != "CVE-1" || r.Get("failing.1") != nil || r.ID("failing_total") != 1 {
			t.Errorf("the answer names %v of %v", r.Get("failing"), r.Get("failing_total"))
		}
		m = messageBody(t, receiver.Wait(t, 3)).Data
		if m.Failing.New != 0 || m.Failing.Reopened != 1 || len(m.Failing.Items) != 1 || m.Failing.Items[0].Title != "CVE-1" {
			t.Errorf("fails by: %+v", m.Failing)
		}
		a = c.Must(http.StatusOK, "GET", "/notifications?limit=1", nil)
		const message = "Passed → Failed: " + why + ", 1 reopened: CVE-1; 2 without a fix do not count"
		if got := a.Get("items.0.message"); got != message {
			t.Errorf("the notification says: %v", got)
		}
		a = c.Must(http.StatusOK, "GET", s.path+"/gate/history", nil)
		if countsOf(a, "items.0.effective_counts") != "1 critical, 1 medium" || a.Get("items.0.only_fixable") != true ||
			a.Get("items.2.effective_counts") != nil || a.Get("items.2.only_fixable") != false {
			t.Errorf("the history: %s", a.Text)
		}

		s.upload(c, trivyReport("CVE-1 CRITICAL -", "CVE-2 HIGH -", "CVE-3 MEDIUM 2", "CVE-4 LOW -"))
		s.wantGate(t, c, "passed", "1 medium", passed+"; 3 without a fix do not count")
		s.checkCounts(t, p)
		setGate(t, p, c, object{"only_fixable": false})
		s.wantGate(t, c, "failed", "1 critical, 1 high, 1 medium, 1 low", "1 critical (threshold 0), 1 high (threshold 0)")
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 5})
	})
}

// With kev_as_critical an observation that is known to be exploited counts as critical, whatever
// its severity; with only_fixable too, it counts if it has a fix.
func TestCounting_KnownExploited(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver, c := apptest.NewReceiver(t), p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		s.upload(c, exploitedReport("CVE-1 Low kev 2", "CVE-2 Medium kev -", "CVE-3 Medium - -", "CVE-4 Low - 2"))
		receiver.Wait(t, 1)
		setGate(t, p, c, object{"kev_as_critical": true})
		s.wantGate(t, c, "failed", "2 critical, 1 medium, 1 low", "2 critical (threshold 0, 2 known exploited)")
		m := messageBody(t, receiver.Wait(t, 2)).Data
		items := m.Failing.Items
		if len(items) != 2 || items[0].Title != "CVE-1" || items[0].Severity != "critical" || !items[0].KEV ||
			items[1].Title != "CVE-2" || m.OnlyFixable || !m.KEVAsCritical {
			t.Errorf("fails by: %+v", m)
		}
		setGate(t, p, c, object{"only_fixable": true})
		s.wantGate(t, c, "failed", "1 critical, 1 low",
			"1 critical (threshold 0, 1 known exploited); 2 without a fix do not count (1 known exploited)")

		low := s.assess(t, c, "CVE-1", object{"severity": "none"})
		if low.Get("gate.after") != "failed" {
			t.Errorf("known to be exploited, whatever its severity: %s", low.Text)
		}
		a := s.assess(t, c, "CVE-1", object{"status": "false_positive"})
		if a.Get("gate.after") != "passed" {
			t.Errorf("a false positive: %s", a.Text)
		}
		s.checkCounts(t, p)
		receiver.Wait(t, 3)
		s.assess(t, c, "CVE-2", object{"severity": "critical"})
		s.wantGate(t, c, "passed", "1 low", "within all thresholds: 0 critical (0 allowed), 0 high (0 allowed); "+
			"2 without a fix do not count (1 known exploited)")

		// A report that has just learned that an observation is exploited.
		setGate(t, p, c, object{"only_fixable": false})
		s.upload(c, exploitedReport("CVE-4 Low - 2"))
		s.wantGate(t, c, "passed", "1 low", "within all thresholds: 0 critical (0 allowed), 0 high (0 allowed)")
		apptest.Settle(t, p.Store)
		sent := len(receiver.Messages())
		r := s.upload(c, exploitedReport("CVE-4 Low kev 2"))
		if r.Get("failing.0.severity") != "critical" || r.Get("failing.0.kev") != true || r.ID("failing_total") != 1 {
			t.Errorf("the answer names %v of %v", r.Get("failing"), r.Get("failing_total"))
		}
		m = messageBody(t, receiver.Wait(t, sent+1)).Data
		if m.Failing.Reopened != 1 || len(m.Failing.Items) != 1 || m.Failing.Items[0].Severity != "critical" {
			t.Errorf("fails by: %+v", m.Failing)
		}
		s.checkCounts(t, p)
	})
}

// The owner of the thresholds decides what counts; an edit evaluates the gates of all branches.
func TestCounting_OfProductsAndGroups(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		report := trivyReport("CVE-1 CRITICAL -")
		s.upload(c, report)
		c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=dev", report)
		states := func() string {
			t.Helper()
			a := c.Must(http.StatusOK, "GET", s.path+"/branches", nil)
			return fmt.Sprint(a.Get("items.0.gate.state"), " ", countsOf(a, "items.0.gate.effective_counts"), ", ",
				a.Get("items.1.gate.state"), " ", countsOf(a, "items.1.gate.effective_counts"))
		}
		want := func(text string) {
			t.Helper()
			if got := states(); got != text {
				t.Errorf("the gates are %q, want %q", got, text)
			}
		}
		want("failed 1 critical, failed 1 critical")
		c.Must(http.StatusOK, "PATCH", s.path, object{"only_fixable": true}) // no effect in mode standard
		want("failed 1 critical, failed 1 critical")
		a := c.Must(http.StatusOK, "PATCH", s.path, object{"gate_mode": "own"})
		if a.Get("only_fixable") != true || a.Get("policy.only_fixable") != true || a.Get("policy.owner") != "product" {
			t.Errorf("its own: %s", a.Text)
		}
		want("passed , passed ")
		c.Must(http.StatusOK, "PATCH", s.path, object{"only_fixable": nil})
		want("failed 1 critical, failed 1 critical")
		c.Must(http.StatusOK, "PATCH", s.path, object{"only_fixable": true, "kev_as_critical": true})
		want("passed , passed ")

		g := c.Must(http.StatusCreated, "POST", "/groups",
			object{"name": "Payments", "gate_mode": "own", "kev_as_critical": true})
		if g.Get("kev_as_critical") != true || g.Get("only_fixable") != false {
			t.Errorf("the group: %s", g.Text)
		}
		c.Must(http.StatusOK, "PATCH", s.path, object{"group_id": g.ID("id")})
		want("failed 1 critical, failed 1 critical")
		group := fmt.Sprint("/groups/", g.ID("id"))
		c.Must(http.StatusOK, "PATCH", group, object{"only_fixable": true})
		want("passed , passed ")
		c.Must(http.StatusOK, "PATCH", group, object{"gate_mode": "standard"})
		want("passed , passed ")
		c.Must(http.StatusOK, "PATCH", s.path, object{"gate_mode": "standard"})
		want("failed 1 critical, failed 1 critical")
		own := c.Must(http.StatusCreated, "POST", "/products",
			object{"name": "Own", "gate_mode": "own", "only_fixable": true, "thresholds": object{"high": 3}})
		if own.Get("policy.only_fixable") != true || own.Get("policy.kev_as_critical") != false {
			t.Errorf("a new product: %s", own.Text)
		}
		a = c.Must(http.StatusOK, "GET", "/audit?kind=group", nil)
		if a.Get("items.1.was.only_fixable") != "false" || a.Get("items.1.became.only_fixable") != "true" {
			t.Errorf("the audit log: %s", a.Text)
		}
		c.Must(http.StatusUnprocessableEntity, "PATCH", s.path, object{"only_fixable": "yes"})
	})
}

// A waiver ends: what it covered counts again if it has a fix, and the message names it alone.
func TestCounting_WaiversAndManualObservations(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver, c := apptest.NewReceiver(t), p.Client("admin")
		disableSchedules(t, p, c, "expire_waivers")
		setGate(t, p, c, object{"only_fixable": true})
		s := newProduct(t, c, "Shop", receiver.URL)
		s.upload(c, trivyReport("CVE-1 HIGH 2", "CVE-2 HIGH -"))
		s.waive(t, p, c, "CVE-1", day)
		s.waive(t, p, c, "CVE-2", day)
		s.wantGate(t, c, "passed", "", "within all thresholds: 0 critical (0 allowed), 0 high (0 allowed)")
		receiver.Wait(t, 2)
		p.Clock.Advance(day + time.Minute)
		runJob(t, c, "expire_waivers")
		s.wantGate(t, c, "failed", "1 high", "1 high (threshold 0); 1 without a fix does not count")
		m := messageBody(t, receiver.Wait(t, 3)).Data
		if m.Failing.Reopened != 1 || len(m.Failing.Items) != 1 || m.Failing.Items[0].Title != "CVE-1" {
			t.Errorf("fails by: %+v", m.Failing)
		}
		s.checkCounts(t, p)

		s.assess(t, c, "CVE-1", object{"status": "not_affected"})
		s.wantGate(t, c, "passed", "",
			"within all thresholds: 0 critical (0 allowed), 0 high (0 allowed); 1 without a fix does not count")
		c.Must(http.StatusCreated, "POST", s.path+"/observations", object{"title": "By hand", "severity": "high"})
		s.wantGate(t, c, "failed", "1 high", "1 high (threshold 0); 1 without a fix does not count")
		c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "bare", "counts": criticalCounts(1)})
		s.wantGate(t, c, "failed", "1 critical, 1 high",
			"1 critical (threshold 0), 1 high (threshold 0); 1 without a fix does not count")
	})
}

// The hourly job repairs counts of flagged observations too, of sources and of branches.
func TestCounting_ReconcileRepairsDrift(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		setGate(t, p, c, object{"only_fixable": true, "kev_as_critical": true})
		s, other := newProduct(t, c, "Shop", ""), newProduct(t, c, "Other", "")
		for _, one := range []productFixture{s, other} {
			one.upload(c, exploitedReport("CVE-1 Low kev -", "CVE-2 High kev 2", "CVE-3 High - -"))
		}
		writeDrift(t, p.Store, func(tx *models.Tx) error {
			list, err := tx.Sources(tx.Context(), apptest.AllProducts(), s.id)
			if err != nil {
				return err
			}
			list[0].Breakdown = models.Breakdown{Counts: list[0].Counts}
			return tx.SaveSource(&list[0].Source)
		})
		writeDrift(t, p.Store, func(tx *models.Tx) error {
			b := defaultBranch(t, p.Store, other.id)
			b.Breakdown = models.Breakdown{Counts: b.Counts}
			return tx.SaveGate(b)
		})
		job := runJob(t, c, "reconcile_gates")
		const drift = "1 high without a fix instead of 0, 1 low without a fix instead of 0, " +
			"1 high known exploited instead of 0, 1 low known exploited instead of 0, " +
			"1 low known exploited without a fix instead of 0"
		const want = "2 repaired: Shop (main): grype: " + drift + "; Other (main): " + drift
		if got := fmt.Sprint(job.Get("last.message")); got != want {
			t.Errorf("the job says %q, want %q", got, want)
		}
		for _, one := range []productFixture{s, other} {
			one.checkCounts(t, p)
			one.wantGate(t, c, "failed", "1 critical",
				"1 critical (threshold 0, 1 known exploited); 2 without a fix do not count (1 known exploited)")
		}
		if job := runJob(t, c, "reconcile_gates"); job.ID("last.rows") != 0 {
			t.Errorf("again: %v", job.JSON)
		}
	})
}

// A large import, which is staged, counts flags like a small one; so does the removal of a branch
// in parts.
func TestCounting_LargeImports(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		setGate(t, p, c, object{"only_fixable": true})
		s := newProduct(t, c, "Shop", "")
		var first, second []string
		for i := range 1500 {
			first = append(first, fmt.Sprintf("CVE-%d HIGH -", i))
			second = append(second, fmt.Sprintf("CVE-%d HIGH %s", i, []string{"-", "2"}[i%2]))
		}
		s.upload(c, trivyReport(first...))
		s.wantGate(t, c, "passed", "",
			"within all thresholds: 0 critical (0 allowed), 0 high (0 allowed); 1500 without a fix do not count")
		s.upload(c, trivyReport(second...))
		s.checkCounts(t, p)
		s.upload(c, trivyReport(first...)) // 750 changes at once
		s.checkCounts(t, p)
		var third []string
		for i := range 1500 {
			third = append(third, fmt.Sprintf("CVE-%d CRITICAL 2", i))
		}
		s.upload(c, trivyReport(third...)) // all of them, staged
		s.checkCounts(t, p)
		s.wantGate(t, c, "failed", "1500 critical", "1500 critical (threshold 0)")
		if repairs, err := p.App.Reconciler.Reconcile(t.Context()); err != nil || repairs.Branches != 0 {
			t.Errorf("drift: %s, %v", repairs, err)
		}
	})
}

// An unchanged report of the same source changes nothing, whatever the flags.
func TestCounting_UnchangedReport(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		admin, err := p.Store.UserByName(t.Context(), "admin")
		if err != nil {
			t.Fatal(err)
		}
		report := string(exploitedReport("CVE-1 Low kev -", "CVE-2 High - 2"))
		dest := ingest.Destination{ProductID: s.id}
		for i := range 2 {
			r, err := p.App.Ingest.Upload(t.Context(), authz.UserActor(admin), dest, strings.NewReader(report))
			if err != nil || r.Tally.New != 2*(1-i) {
				t.Errorf("%+v, %v", r, err)
			}
		}
		list, err := p.Store.Sources(t.Context(), apptest.AllProducts(), s.id)
		if err != nil || len(list) != 1 || list[0].Version != 1 {
			t.Errorf("the source: %+v, %v", list, err)
		}
	})
}

// A duplicate counts again with its own flags when its original is resolved, also by a large import.
func TestCounting_Duplicates(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		setGate(t, p, c, object{"only_fixable": true, "kev_as_critical": true})
		s := newProduct(t, c, "Shop", "")
		s.scan(c, "one", exploitedReport("CVE-1 Low - -", "CVE-2 Low - 2", "CVE-3 Low - 2"))
		s.scan(c, "two", exploitedReport("CVE-1 Low kev 2", "CVE-2 Low kev -"))
		for _, title := range []string{"CVE-1", "CVE-2"} {
			markDuplicate(c, s.found(t, c, "two", title), s.found(t, c, "one", title))
		}
		const within = "within all thresholds: 0 critical (0 allowed), 0 high (0 allowed)"
		s.wantGate(t, c, "passed", "2 low", within+"; 1 without a fix does not count")
		s.checkCounts(t, p)
		var many []string
		for i := range 1200 {
			many = append(many, fmt.Sprintf("OTHER-%d Low - 2", i))
		}
		s.scan(c, "one", exploitedReport(many...))
		s.checkCounts(t, p)
		s.wantGate(t, c, "failed", "1 critical, 1200 low",
			"1 critical (threshold 0, 1 known exploited); 1 without a fix does not count (1 known exploited)")
	})
}

// The OpenAPI document describes what counts, in answers and in requests.
func TestCounting_InOpenAPI(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	document := p.Client("admin").Must(http.StatusOK, "GET", "/openapi.json", nil)
	for schema, names := range map[string][]string{
		"ProductBody":      {"only_fixable", "kev_as_critical"},
		"GroupBody":        {"only_fixable", "kev_as_critical"},
		"PolicyBody":       {"only_fixable", "kev_as_critical"},
		"GateBody":         {"effective_counts"},
		"ChangeBody":       {"effective_counts", "only_fixable", "kev_as_critical"},
		"ProductInputBody": {"only_fixable", "kev_as_critical"},
		"ProductPatchBody": {"only_fixable", "kev_as_critical"},
		"GroupInputBody":   {"only_fixable", "kev_as_critical"},
		"GroupPatchBody":   {"only_fixable", "kev_as_critical"},
	} {
		properties, _ := document.Get("components.schemas." + schema + ".properties").(map[string]any)
		for _, name := range names {
			if properties[name] == nil {
				t.Errorf("%s has no %s: %v", schema, name, properties)
			}
		}
	}
}
