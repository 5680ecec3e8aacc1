package apptest_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// A source that a version before stored without a name is taken over by its next report, which is
// named after what it is of: nothing counts twice, and waivers stay.
func TestUpgrade_UnnamedSource(t *testing.T) {
	for _, version := range frozenVersions(t) {
		for _, kind := range []string{"sqlite", "postgres"} {
			t.Run(version+"/"+kind, func(t *testing.T) {
				t.Parallel()
				checkUnnamedSource(t, startUpgraded(t, version, kind))
			})
		}
	}
}

func checkUnnamedSource(t *testing.T, w *upgradedProgram) {
	t.Helper()
	shop := productFixture{path: w.products["Shop"]}
	image := w.source(shop, "image")
	if image.Facts != "" {
		t.Skip("this version knows what its reports are of")
	}
	// Its pipeline has not named the source, and neither does the next report.
	err := w.p.Store.Write(t.Context(), func(tx *models.Tx) error { return tx.RenameSource(image.ID, "") })
	if err != nil {
		t.Fatal(err)
	}
	before, err := w.p.Store.CountSource(t.Context(), image.ID, 1000)
	if err != nil || before.Waivers == 0 {
		t.Fatalf("there is no waiver to keep: %+v, %v", before, err)
	}
	active := w.c.Must(http.StatusOK, "GET", shop.path+"/gate", nil).Get("counts")
	a := w.c.Must(http.StatusCreated, "POST", shop.path+"/reports", apptest.Report(t, "grype-image.json"))
	if a.ID("observations.new") != 0 || a.ID("observations.updated") != 35 || a.ID("observations.resolved") != 0 {
		t.Errorf("its next report: %s", a.Text)
	}
	const name = "quay.io/cloudservices/xjoin-kafka-connect-strimzi"
	if a.Get("scanner") != "grype" || a.Get("source") != name {
		t.Errorf("its source is %v, %v", a.Get("scanner"), a.Get("source"))
	}
	if now := w.source(shop, name); now.ID != image.ID || now.Counts != image.Counts {
		t.Errorf("the source is %+v, it was %+v", now, image)
	}
	after, err := w.p.Store.CountSource(t.Context(), image.ID, 1000)
	if err != nil || after != before {
		t.Errorf("observations: %+v, before %+v: %v", after, before, err)
	}
	if now := w.c.Must(http.StatusOK, "GET", shop.path+"/gate", nil).Get("counts"); !sameCounts(now, active) {
		t.Errorf("counts: %v, before %v", now, active)
	}
	list := w.c.Must(http.StatusOK, "GET", shop.path+"/sources", nil)
	if strings.Count(list.Text, `"grype"`) != 2 { // its scanner and format
		t.Errorf("sources: %s", list.Text)
	}
}

// source returns the source of a product's default branch that has a name.
func (w *upgradedProgram) source(s productFixture, name string) models.SourceRow {
	w.t.Helper()
	id := w.c.Must(http.StatusOK, "GET", s.path, nil).ID("id")
	sources, err := w.p.Store.Sources(w.t.Context(), apptest.AllProducts(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, one := range sources {
		if one.Name == name && one.DefaultBranch {
			return one
		}
	}
	w.t.Fatalf("no source %s of %+v", name, sources)
	return models.SourceRow{}
}

// sameCounts reports whether two counts of the API are equal.
func sameCounts(a, b any) bool {
	one, _ := a.(map[string]any)
	other, _ := b.(map[string]any)
	return len(one) > 0 && maps.Equal(one, other)
}
