package apptest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// A source with many observations is removed in parts. The program goes on with what a caller has not
// waited for, and a new report keeps the rest.
func TestSource_RemovalContinues(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		const n = 1000
		c := p.Client("admin")
		receiver := apptest.NewReceiver(t)
		s := newProduct(t, c, "Shop", receiver.URL)
		c.Must(http.StatusCreated, "POST", s.path+"/reports?source=large", largeReport(n, sameSeverity("High")))
		c.Must(http.StatusCreated, "POST", s.path+"/reports?source=other", grypeReport(grypeMatches("Low", "CVE-1")))
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 1})
		path, id := sourcePathOf(t, c, s, "grype", "large"), int64(0)
		scanID := func() {
			t.Helper()
			if _, err := fmt.Sscanf(path, "/sources/%d", &id); err != nil {
				t.Fatal(err)
			}
		}
		scanID()
		signedInAs(t, p, "admin").wantText(fmt.Sprintf("/products/%d/sources/%d/delete", s.id, id), "in the background")
		err := p.Store.Write(t.Context(), func(tx *models.Tx) error {
			return tx.BeginRemoval(models.Removal{
				Kind: models.RemoveSource, SubjectID: id, Name: "grype (large)", Reason: "ann",
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		waitRemoved(t, p)
		c.Must(http.StatusNotFound, "DELETE", path, nil)
		wantNotified(t, p, receiver, map[string]int{"gate.changed": 2})
		if a := c.Must(http.StatusOK, "GET", s.path+"/observations", nil); itemCount(a) != 1 {
			t.Errorf("left: %s", a.Text)
		}
		list, err := p.Store.Audits(t.Context(), models.AuditFilter{Kind: "source", ProductID: s.id, Limit: 10})
		if err != nil || len(list) != 1 || list[0].Actor != "ann" || list[0].Action != "delete" {
			t.Errorf("audit: %+v, %v", list, err)
		}
		s.checkCounts(t, p)

		c.Must(http.StatusCreated, "POST", s.path+"/reports?source=large", largeReport(n, sameSeverity("High")))
		path = sourcePathOf(t, c, s, "grype", "large")
		scanID()
		stored := models.Removal{Kind: models.RemoveSource, SubjectID: id, CreatedAt: p.Clock.Now().Add(-time.Hour)}
		if err := p.Products.ContinueRemoval(t.Context(), stored); err != nil {
			t.Error(err)
		}
		if sourcePathOf(t, c, s, "grype", "large") != path {
			t.Error("the source with a new report is gone")
		}
		c.Must(http.StatusNoContent, "DELETE", path, nil)
		c.Must(http.StatusNotFound, "DELETE", path, nil)
		waitRemoved(t, p)
		s.checkCounts(t, p)
	})
}

// After a kill between two parts of the removal of a source, the counts fit what is left, and the next
// start removes the rest and announces the gate once.
func TestKill_DuringSourceRemoval(t *testing.T) {
	t.Parallel()
	const n = 8000
	dir, receiver := t.TempDir(), apptest.NewReceiver(t)
	first := apptest.Start(t, apptest.Options{Dir: dir})
	c := first.Client("admin")
	s := newProduct(t, c, "Shop", receiver.URL)
	c.Must(http.StatusCreated, "POST", s.path+"/reports?source=large", largeReport(n, sameSeverity("High")))
	c.Must(http.StatusCreated, "POST", s.path+"/reports?source=other", grypeReport(grypeMatches("Low", "CVE-1")))
	wantNotified(t, first, receiver, map[string]int{"gate.changed": 1})
	path := sourcePathOf(t, c, s, "grype", "large")
	first.Stop()

	p := startProcess(t, dir)
	store := p.store(t)
	url := p.url + "/api/v1" + path
	client := p.client(t)
	go requestUntilKilled(t, client, http.MethodDelete, url, "")
	removed := func() int64 {
		list, err := store.Removals(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return 0
		}
		return list[0].Done
	}
	apptest.Eventually(t, "it has begun", func() bool { return removed() > 0 })
	p.kill()
	before := removed()
	if before == 0 {
		t.Fatal("it was killed too late")
	}
	t.Logf("killed after %d of %d", before, n)
	if b := defaultBranch(t, store, s.id); b.Counts.High != n-before || b.Gate != models.GateFailed {
		t.Errorf("%d removed, and the branch has %d high and is %s", before, b.Counts.High, b.Gate)
	}
	second := apptest.Start(t, apptest.Options{Dir: dir})
	waitRemoved(t, second)
	if b := defaultBranch(t, second.Store, s.id); b.Counts.High != 0 || b.Counts.Low != 1 || b.Gate != models.GatePassed {
		t.Errorf("at the end: %+v", b)
	}
	wantNotified(t, second, receiver, map[string]int{"gate.changed": 2})
	s.checkCounts(t, second)
}
