package apptest_test

import (
	"net/http"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// Observations of an earlier version, which knew no code and no offsets, are found again with their
// waivers when their reports come again.
func TestUpgrade_Waivers(t *testing.T) {
	for _, version := range frozenVersions(t) {
		for _, kind := range []string{"sqlite", "postgres"} {
			t.Run(version+"/"+kind, func(t *testing.T) {
				t.Parallel()
				w := startUpgraded(t, version, kind)
				w.keepsWaivers("main", "&source=code", "gitlab-sast.json")
				w.keepsWaivers("main", "&source=code", "sarif-suppressions.sarif")
				w.keepsWaivers("feature", "", "trivy-misconfig-secrets.json")
			})
		}
	}
}

// keepsWaivers waives all observations, and sends a report that the version had.
func (w *upgradedProgram) keepsWaivers(branch, source, name string) {
	w.t.Helper()
	shop := w.products["Shop"]
	filter := object{"branch": branch, "active": "all"}
	w.c.Must(http.StatusOK, "POST", shop+"/observations/assess", object{
		"filter": filter, "status": "risk_accepted", "comment": "Checked",
		"waiver_until": w.p.Clock.Now().Add(24 * time.Hour),
	})
	waived := func() int {
		list := shop + "/observations?active=all&status=risk_accepted&limit=100&branch=" + branch
		return itemCount(w.c.Must(http.StatusOK, "GET", list, nil))
	}
	before := waived()
	a := w.c.Must(http.StatusCreated, "POST", shop+"/reports?branch="+branch+source, apptest.Report(w.t, name))
	if a.ID("observations.updated") == 0 || a.ID("observations.new")+a.ID("observations.resolved") != 0 {
		w.t.Errorf("%s: %s", name, a.Text)
	}
	if after := waived(); before == 0 || after != before {
		w.t.Errorf("%s: %d waivers are left of %d", name, after, before)
	}
}
