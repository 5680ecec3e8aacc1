package apptest_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// Users assess and create observations while reports of the same source arrive. Each request is
// confirmed or rejected with a conflict, and the counts match the stored observations.
func TestAssessments_ConcurrentWithImports(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		all := []string{"CVE-1 Critical", "CVE-2 High", "CVE-3 Medium", "CVE-4 Low", "CVE-5 High"}
		s.upload(c, findingsReport(all...))
		ids := make([]int64, len(all))
		for i := range all {
			ids[i] = s.observation(t, c, fmt.Sprint("CVE-", i+1)).ID("id")
		}
		reports := [][]byte{
			findingsReport(all...),
			findingsReport(all[1:]...),
			findingsReport("CVE-1 Low", "CVE-2 Critical", "CVE-3 High"),
			findingsReport(),
			findingsReport(append(all, "CVE-6 High")...),
		}
		bodies := []object{
			{"status": "false_positive"},
			{"severity": "low"},
			{"status": nil},
			{"severity": nil},
			{"status": "affected", "severity": "critical"},
			{"status": "risk_accepted", "comment": "x", "waiver_until": p.Clock.Now().Add(time.Hour)},
		}
		took := make(chan int, 1000)
		do := func(method, path string, body any) {
			a := c.Do(method, path, body)
			if took <- a.Status; a.Status >= http.StatusBadRequest && a.Status != http.StatusConflict {
				t.Errorf("%s %s: %d %s", method, path, a.Status, a.Text)
			}
		}
		var wg sync.WaitGroup
		for worker := range 3 {
			wg.Go(func() {
				for i := range 25 {
					do("POST", s.path+"/reports", reports[(i*3+worker)%len(reports)])
				}
			})
			wg.Go(func() {
				for i := range 40 {
					do("PATCH", fmt.Sprint("/observations/", ids[(i+worker)%len(ids)]), bodies[(i*5+worker)%len(bodies)])
				}
			})
		}
		wg.Go(func() {
			for i := range 20 {
				do("POST", s.path+"/observations/assess",
					object{"ids": ids, "status": "in_review", "severity": []string{"high", "none"}[i%2]})
			}
		})
		wg.Go(func() {
			for range 20 {
				do("POST", s.path+"/observations", object{"title": "By hand", "severity": "unknown"})
			}
		})
		wg.Wait()
		close(took)
		byStatus := map[int]int{}
		for status := range took {
			byStatus[status]++
		}
		t.Logf("answers by status: %v", byStatus)
		s.checkCounts(t, p)
		a := s.upload(c, findingsReport(all...))
		if a.ID("counts.unknown") != 20 {
			t.Errorf("entered by hand: %s", a.Text)
		}
		s.checkCounts(t, p)
	})
}

// During a large import, the observations of its source cannot be assessed. Other observations can,
// and those of the source can after the import.
func TestAssessments_RefusedDuringLargeImport(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		s.upload(c, findingsReport("CVE-1 High", "CVE-2 High"))
		c.Must(http.StatusCreated, "POST", s.path+"/reports?source=other", findingsReport("CVE-3 High"))
		s.waive(t, p, c, "CVE-2", day)
		sources, err := p.Store.Sources(t.Context(), apptest.AllProducts(), s.id)
		if err != nil {
			t.Fatal(err)
		}
		var source models.Source
		for _, one := range sources {
			if one.Name == "" {
				source = one.Source
			}
		}
		lease := fmt.Sprint("import/", source.ID) // another instance imports
		err = p.Store.Write(t.Context(), func(tx *models.Tx) error {
			if _, err := tx.TakeLease(lease, "another", tx.Now().Add(100*day)); err != nil {
				return err
			}
			return tx.BeginStaging(&source, 1000)
		})
		if err != nil {
			t.Fatal(err)
		}
		one, three := s.observationPath(t, c, "CVE-1"), s.observation(t, c, "CVE-3").ID("id")
		if a := c.Must(http.StatusConflict, "PATCH", one, object{"status": "false_positive"}); a.Get("detail") == "" {
			t.Errorf("refused: %s", a.Text)
		}
		both := object{"ids": []int64{s.observation(t, c, "CVE-1").ID("id"), three}, "status": "false_positive"}
		c.Must(http.StatusConflict, "POST", s.path+"/observations/assess", both)
		if a := s.observation(t, c, "CVE-3"); a.Get("assessment") != nil {
			t.Errorf("the other one of a step that was refused: %s", a.Text)
		}
		s.assess(t, c, "CVE-3", object{"status": "in_review"})
		c.Must(http.StatusCreated, "POST", s.path+"/observations", object{"title": "By hand", "severity": "low"})

		// The end of a waiver waits for the import, without an error.
		disableSchedules(t, p, c, "expire_waivers")
		p.Clock.Advance(day + time.Minute)
		if job := runJob(t, c, "expire_waivers"); job.ID("last.rows") != 0 {
			t.Errorf("under a large import: %v", job.JSON)
		}
		err = p.Store.Write(t.Context(), func(tx *models.Tx) error {
			done, err := tx.SettleSome(source.ID, 100)
			if err == nil && !done {
				t.Error("it is not settled")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if job := runJob(t, c, "expire_waivers"); job.ID("last.rows") != 1 {
			t.Errorf("when it is done: %v", job.JSON)
		}
		a := c.Must(http.StatusOK, "POST", s.path+"/observations/assess", both)
		if countsOf(a, "gates.0.counts") != "1 high, 1 low" {
			t.Errorf("when it is done: %s", a.Text)
		}
		s.checkCounts(t, p)
	})
}

// Writers assess, readers only read, and users with the role upload and strangers see nothing.
func TestAssessments_RequireWriterRole(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		s.upload(c, findingsReport("CVE-1 High"))
		id := s.observation(t, c, "CVE-1").ID("id")
		path := fmt.Sprint("/observations/", id)
		waste := c.Must(http.StatusCreated, "POST", s.path+"/observations", object{"title": "By hand", "severity": "low"}).
			ID("id")
		for who, want := range map[string]struct{ look, one, edit, many, enter, remove int }{
			"stranger": {404, 404, 404, 404, 404, 404},
			"upload":   {404, 404, 404, 403, 403, 404},
			"reader":   {200, 403, 403, 403, 403, 403},
			"writer":   {200, 200, 200, 200, 201, 204},
		} {
			p.User(who)
			if who != "stranger" {
				c.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": who, "role": who})
			}
			them := p.Client(who)
			them.Must(want.look, "GET", path, nil)
			them.Must(want.look, "GET", path+"/history", nil)
			them.Must(want.look, "GET", s.path+"/observations", nil)
			them.Must(want.one, "PATCH", path, object{"status": "in_review"})
			them.Must(want.edit, "PATCH", fmt.Sprint("/observations/", waste), object{"title": "Mine"})
			them.Must(want.many, "POST", s.path+"/observations/assess", object{"ids": []int64{id}, "status": "in_review"})
			them.Must(want.enter, "POST", s.path+"/observations", object{"title": "Another", "severity": "low"})
			if who != "writer" {
				them.Must(want.remove, "DELETE", fmt.Sprint("/observations/", waste), nil)
			}
		}
		p.Client("writer").Must(http.StatusNoContent, "DELETE", fmt.Sprint("/observations/", waste), nil)
		s.checkCounts(t, p)
	})
}
