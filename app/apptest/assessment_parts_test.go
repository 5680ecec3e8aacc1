package apptest_test

import (
	"net/http"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// The largest selection is assessed, in two branches, while 8 callers write. It logs how long they
// wait.
func TestAssessmentTrial_OthersWrite(t *testing.T) {
	t.Parallel()
	n := envInt(t, "GATECRIER_ASSESSED", 2000)
	eachDatabaseWith(t, apptest.Options{}, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		report := largeReport(n/2, sameSeverity("High"))
		c.Must(http.StatusCreated, "POST", s.path+"/reports", report)
		c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=feature", report)
		var ids []int64
		for _, branch := range []string{"main", "feature"} {
			for _, o := range allItems(c, s.path+"/observations?limit=100&branch="+branch+"&") {
				id, _ := o["id"].(float64)
				ids = append(ids, int64(id))
			}
		}
		for _, said := range []object{
			{"status": "in_review", "severity": "medium"}, {"status": "not_affected", "comment": "The feature is off"}, {"clear": true},
		} {
			said["ids"] = ids
			stop := measureWrites(t, p, 8)
			began := time.Now()
			a := c.Must(http.StatusOK, "POST", s.path+"/observations/assess", said)
			took := time.Since(began)
			p99, worst, writes := stop()
			t.Logf("%v: %d observations in %v; %d writes meanwhile, p99 %v, worst %v",
				said["status"], a.ID("changed"), took, writes, p99, worst)
		}
		s.checkCounts(t, p)
	})
}
