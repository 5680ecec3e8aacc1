package apptest_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// largeReport returns a Grype report with n findings, whose severity depends on their index.
func largeReport(n int, severity func(i int) string) []byte {
	var b strings.Builder
	b.WriteString(`{"descriptor":{"name":"grype"},"matches":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b,
			`{"vulnerability":{"id":"CVE-%06d","severity":%q},"artifact":{"name":"lib%d","version":"1","type":"deb"}}`, i,
			severity(i), i)
	}
	b.WriteString("]}")
	return []byte(b.String())
}

func sameSeverity(severity string) func(int) string { return func(int) string { return severity } }

// A large report is staged, with the same result as a small one.
func TestLargeReport_ImportsLikeSmallOne(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		const n = 5000
		send := func(report []byte, want string) apptest.Answer {
			t.Helper()
			a := c.Must(http.StatusCreated, "POST", s.path+"/reports", report)
			got := fmt.Sprintf("%d new, %d updated, %d reopened, %d resolved", a.ID("observations.new"),
				a.ID("observations.updated"), a.ID("observations.reopened"), a.ID("observations.resolved"))
			if got != want {
				t.Fatalf("%s, want %s: %s", got, want, a.Text)
			}
			return a
		}
		listed := func(query string) string {
			t.Helper()
			a := c.Must(http.StatusOK, "GET", s.path+"/observations?limit=100"+query, nil)
			return fmt.Sprint(a.Get("items.0.title"), " ", a.Get("items.0.severity"), " ", a.Get("items.0.status"))
		}
		a := send(largeReport(n, sameSeverity("Medium")), "5000 new, 0 updated, 0 reopened, 0 resolved")
		if a.Get("gate.after") != "passed" || a.ID("counts.medium") != n {
			t.Fatalf("answer: %s", a.Text)
		}
		send(largeReport(n, sameSeverity("Medium")), "0 new, 5000 updated, 0 reopened, 0 resolved")
		a = send(largeReport(n, func(i int) string {
			if i%2 == 0 {
				return "Critical"
			}
			return "Medium"
		}), "0 new, 5000 updated, 0 reopened, 0 resolved")
		if a.Get("gate.after") != "failed" || a.ID("counts.critical") != n/2 {
			t.Fatalf("answer: %s", a.Text)
		}
		if got := listed("&severity=critical"); !strings.HasSuffix(got, " critical open") {
			t.Errorf("listed: %s", got)
		}
		a = send(largeReport(0, nil), "0 new, 0 updated, 0 reopened, 5000 resolved")
		if a.Get("gate.after") != "passed" || listed("") != "<nil> <nil> <nil>" ||
			!strings.HasSuffix(listed("&active=false"), " resolved") {
			t.Errorf("active %s, inactive %s: %s", listed(""), listed("&active=false"), a.Text)
		}
		send(largeReport(n, sameSeverity("High")), "0 new, 0 updated, 5000 reopened, 0 resolved")
		receiver.Wait(t, 4)
		if ids, err := p.Store.UnsettledSources(t.Context()); err != nil || len(ids) != 0 {
			t.Errorf("left unsettled: %v, %v", ids, err)
		}
	})
}

// Large reports of one source arrive at the same time. Each is imported completely or refused
// because another import runs, and the counts are those of one of them.
func TestLargeReports_AtTheSameTime(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				report := largeReport(1500+100*i, sameSeverity("High"))
				if i%3 == 0 {
					report = largeReport(10, sameSeverity("Critical"))
				}
				if a := c.Do("POST", s.path+"/reports", report); a.Status != http.StatusCreated && a.Status != http.StatusConflict {
					t.Errorf("%d %s", a.Status, a.Text)
				}
			})
		}
		wg.Wait()
		a := c.Must(http.StatusCreated, "POST", s.path+"/reports", largeReport(2500, sameSeverity("Low")))
		if a.ID("counts.low") != 2500 || a.ID("counts.high") != 0 || a.ID("counts.critical") != 0 {
			t.Errorf("counts: %s", a.Text)
		}
		if got := c.Must(http.StatusOK, "GET", s.path+"/observations?severity=high", nil); got.Get("items.0") != nil {
			t.Errorf("left: %s", got.Text)
		}
	})
}

// A kill during a large import changes nothing. Its remains are removed, and the report can be sent
// again.
func TestKill_DuringLargeImport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startProcess(t, dir)
	c := p.client(t)
	s := newProduct(t, c, "Shop", "")
	reports := s.path + "/reports?source=image"
	c.Must(http.StatusCreated, "POST", reports, apptest.Report(t, "grype-image.json"))
	report := largeReport(60_000, sameSeverity("Critical"))
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		sendUntilKilled(t, p.url+"/api/v1"+reports, c.Token, report)
	}()
	store := p.store(t)
	apptest.Eventually(t, "rows are staged", func() bool {
		ids, err := store.UnsettledSources(t.Context())
		return err == nil && len(ids) == 1
	})
	p.kill()
	<-sent
	p = startProcess(t, dir)
	c = apptest.NewClient(t, p.url, c.Token)
	a := c.Must(http.StatusOK, "GET", s.path, nil)
	if a.ID("gate.counts.critical") != 1 || a.ID("gate.counts.high") != 18 {
		t.Errorf("the gate: %s", a.Text)
	}
	a = c.Must(http.StatusOK, "GET", s.path+"/observations?severity=critical", nil)
	if a.Get("items.0.title") != "CVE-2023-44981" || a.Get("items.1") != nil {
		t.Errorf("half an import shows: %.300s", a.Text)
	}
	began := time.Now()
	a = c.Must(http.StatusCreated, "POST", reports, report)
	t.Logf("%d rows again in %s", len(report), time.Since(began))
	if a.ID("observations.new") != 60_000 || a.ID("counts.critical") != 60_000 {
		t.Errorf("again: %s", a.Text)
	}
}

// sendUntilKilled sends a report to a program that is killed meanwhile.
func sendUntilKilled(t *testing.T, url, token string, report []byte) {
	sendUntilKilledAs(t, url, token, "application/json", report)
}

func sendUntilKilledAs(t *testing.T, url, token, kind string, report []byte) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(report))
	if err != nil {
		t.Error(err)
		return
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", kind)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return
	}
	t.Errorf("answered %d: it was killed too late", res.StatusCode)
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
}

// During a large import, users who can import see its progress. After it, the list of imports is
// empty.
func TestLargeReport_ShowsProgress(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		done := make(chan apptest.Answer)
		go func() {
			done <- c.Do("POST", s.path+"/reports?source=deps", largeReport(15_000, sameSeverity("Medium")))
		}()
		var far []int64
		for at := (apptest.Answer{}); at.Status == 0; {
			select {
			case at = <-done:
				if at.Status != http.StatusCreated {
					t.Fatalf("import: %s", at.Text)
				}
			default:
				a := c.Must(http.StatusOK, "GET", s.path+"/imports", nil)
				if a.Get("items.0") == nil {
					continue
				}
				if a.Get("items.0.source") != "deps" || a.ID("items.0.rows_total") != 15_000 {
					t.Fatalf("in progress: %s", a.Text)
				}
				far = append(far, a.ID("items.0.rows_done"))
			}
		}
		if len(far) < 2 || !slices.IsSorted(far) || far[0] == far[len(far)-1] {
			t.Errorf("rows done: %v", far)
		}
		if a := c.Must(http.StatusOK, "GET", s.path+"/imports", nil); a.Get("items.0") != nil {
			t.Errorf("still in progress: %s", a.Text)
		}
		p.User("stranger")
		p.Client("stranger").Must(http.StatusNotFound, "GET", s.path+"/imports", nil)
	})
}
