package apptest_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/app/fault"
	"gatecrier/app/ingest"
	"gatecrier/app/observation"
	"gatecrier/app/product"
	"gatecrier/app/settings"
	"gatecrier/models"
)

func (w *randomWalk) severity() models.Severity { return pick(w, models.Severities()...) }

func (w *randomWalk) branch() string { return pick(w, "", "main", "main", "dev", "next") }

func (w *randomWalk) destination() ingest.Destination {
	s := ingest.Destination{
		ProductID: pick(w, w.products...),
		Branch:    w.branch(),
		Scanner:   pick(w, "grype", "other"),
		Source:    pick(w, "", "deps"),
	}
	s.AsDefault = s.Branch != "" && w.rand.IntN(10) == 0
	return s
}

// report imports some of 15 findings with random severities, with and without a fix, some known to
// be exploited.
func (w *randomWalk) report() error {
	var b strings.Builder
	b.WriteString(`{"descriptor":{"name":"grype"},"matches":[`)
	comma := ""
	for i := range 15 {
		if w.rand.IntN(3) > 0 {
			continue
		}
		fmt.Fprintf(&b,
			`%s{"vulnerability":{"id":"CVE-%d","severity":%q%s%s},"artifact":{"name":"lib","version":"1","type":"deb"}}`,
			comma, i,
			pick(w, "Critical", "High", "Medium", "Low", "Negligible", "Unknown"),
			pick(w, `,"fix":{"state":"fixed","versions":["2"]}`, `,"fix":{"state":"not-fixed","versions":[]}`, ""),
			pick(w, `,"knownExploited":[{"cve":"CVE-1"}]`, "", ""))
		comma = ","
	}
	b.WriteString("]}")
	_, err := w.app.Ingest.Upload(w.t.Context(), w.actor, w.destination(), strings.NewReader(b.String()))
	return err
}

func (w *randomWalk) counts() error {
	slot := w.destination()
	slot.Scanner = "bare"
	var c models.Counts
	c.Add(w.severity(), w.rand.Int64N(3))
	_, err := w.app.Ingest.Counts(w.t.Context(), w.actor, slot, c)
	return err
}

// anyObservation returns one of the observations of a product that a filter finds.
func (w *randomWalk) anyObservation(f models.ObservationFilter) (models.Observation, error) {
	f.ProductID, f.Limit = pick(w, w.products...), 60
	list, err := w.app.Store.Observations(w.t.Context(), apptest.AllProducts(), f)
	if err == nil && len(list) == 0 {
		err = fault.NewNotFound("observation")
	}
	if err != nil {
		return models.Observation{}, err
	}
	return pick(w, list...), nil
}

// assessment returns a random assessment.
func (w *randomWalk) assessment() observation.Assessment {
	var a observation.Assessment
	if w.rand.IntN(3) > 0 {
		a.Status = pick(w, observation.Assessable()[:8]...)
	}
	if a.Status == "" || w.rand.IntN(3) == 0 {
		s := w.severity()
		a.Severity = &s
	}
	return a
}

func (w *randomWalk) waiver() observation.Assessment {
	return observation.Assessment{
		Status:  models.StatusRiskAccepted,
		Comment: "by chance",
		Until:   w.clock.Now().Add(time.Duration(1+w.rand.IntN(100)) * time.Hour),
	}
}

func (w *randomWalk) assessAs(f models.ObservationFilter, a observation.Assessment) error {
	o, err := w.anyObservation(f)
	if err == nil {
		_, _, err = w.app.Observations.Assess(w.t.Context(), w.actor, o.ID, a)
	}
	return err
}

func (w *randomWalk) assess() error {
	return w.assessAs(models.ObservationFilter{All: true}, w.assessment())
}

// duplicate marks an observation as a duplicate of another one of its branch.
func (w *randomWalk) duplicate() error {
	original, err := w.anyObservation(models.ObservationFilter{})
	if err != nil {
		return err
	}
	f := models.ObservationFilter{BranchID: original.BranchID, All: w.rand.IntN(4) == 0, Limit: 60}
	list, err := w.app.Store.Observations(w.t.Context(), apptest.AllProducts(), f)
	if err != nil || len(list) == 0 {
		return err
	}
	_, _, err = w.app.Observations.Assess(w.t.Context(), w.actor, pick(w, list...).ID,
		observation.Assessment{Status: models.StatusDuplicate, DuplicateOf: original.ID})
	return err
}

func (w *randomWalk) waive() error { return w.assessAs(models.ObservationFilter{}, w.waiver()) }

func (w *randomWalk) withdraw() error {
	return w.assessAs(models.ObservationFilter{All: true, Assessed: true}, observation.Assessment{Clear: true})
}

func (w *randomWalk) assessMany() error {
	severity := w.severity()
	f := models.ObservationFilter{All: w.rand.IntN(2) == 0, Severity: &severity}
	_, err := w.app.Observations.AssessMany(w.t.Context(), w.actor,
		observation.Selection{ProductID: pick(w, w.products...), Filter: &f},
		pick(w, w.assessment(), w.waiver(), observation.Assessment{Clear: true}))
	return err
}

func (w *randomWalk) draft() observation.Draft {
	return observation.Draft{Branch: w.branch(), Title: fmt.Sprint("By hand ", w.rand.IntN(5)), Severity: w.severity()}
}

func (w *randomWalk) addManual() error {
	_, _, err := w.app.Observations.Create(w.t.Context(), w.actor, pick(w, w.products...), w.draft())
	return err
}

func (w *randomWalk) editManual() error {
	o, err := w.anyObservation(models.ObservationFilter{All: true, Scanner: models.ManualScanner})
	if err == nil {
		_, _, err = w.app.Observations.Edit(w.t.Context(), w.actor, o.ID, w.draft())
	}
	return err
}

func (w *randomWalk) deleteManual() error {
	o, err := w.anyObservation(models.ObservationFilter{All: true, Scanner: models.ManualScanner})
	if err == nil {
		_, err = w.app.Observations.Delete(w.t.Context(), w.actor, o.ID, nil)
	}
	return err
}

func (w *randomWalk) passTime() error {
	w.clock.Advance(time.Duration(w.rand.IntN(12*60)) * time.Minute)
	if w.rand.IntN(3) == 0 { // an expired waiver still counts until the job ends it
		return nil
	}
	_, err := w.app.Observations.Expire(w.t.Context())
	return err
}

func (w *randomWalk) thresholds() map[models.Severity]*int64 {
	list := map[models.Severity]*int64{}
	for _, s := range models.Severities() {
		if w.rand.IntN(2) == 0 {
			n := w.rand.Int64N(8)
			list[s] = &n
		}
	}
	return list
}

// counting returns a change of what counts.
func (w *randomWalk) counting() product.CountingEdit {
	onlyFixable, kevAsCritical := w.rand.IntN(2) == 0, w.rand.IntN(2) == 0
	return product.CountingEdit{
		OnlyFixable:   pick(w, nil, &onlyFixable),
		KEVAsCritical: pick(w, nil, &kevAsCritical),
	}
}

func (w *randomWalk) policy() error {
	mode := pick(w, models.GateStandard, models.GateDisabled, models.GateOwn)
	_, err := w.app.Products.Update(w.t.Context(), w.actor, pick(w, w.products...),
		product.Edit{GateMode: &mode, Thresholds: w.thresholds(), Counting: w.counting()})
	return err
}

func (w *randomWalk) defaultBranch() error {
	to := pick(w, "main", "dev", "next")
	e := product.Edit{DefaultBranch: &to}
	switch w.rand.IntN(3) { // together with its thresholds
	case 0:
		group := pick(w, 0, w.groups[0], w.groups[1])
		e.GroupID = &group
	case 1:
		e.Thresholds, e.Counting = w.thresholds(), w.counting()
	}
	_, err := w.app.Products.Update(w.t.Context(), w.actor, pick(w, w.products...), e)
	return err
}

func (w *randomWalk) groupPolicy() error {
	mode := pick(w, models.GateStandard, models.GateDisabled, models.GateOwn)
	_, err := w.app.Products.UpdateGroup(w.t.Context(), w.actor, pick(w, w.groups...),
		product.GroupEdit{GateMode: &mode, Thresholds: w.thresholds(), Counting: w.counting()})
	return err
}

func (w *randomWalk) moveProduct() error {
	return w.app.Products.Move(w.t.Context(), w.actor, pick(w, w.products...), pick(w, 0, w.groups[0], w.groups[1]))
}

// settings changes the settings; evaluating all gates is another step.
func (w *randomWalk) settings() error {
	patch := object{
		"threshold_" + w.severity().String(): float64(w.rand.IntN(6)),
		"active":                             w.rand.IntN(5) > 0, "hold_seconds": pick(w, 0, 0, 3600.0),
		"only_fixable": w.rand.IntN(2) == 0, "kev_as_critical": w.rand.IntN(2) == 0,
	}
	_, err := w.app.Settings.Update(w.t.Context(), w.actor, "gate", settings.Change{Values: patch})
	return err
}

// retention removes observations resolved more than a day ago, like its job.
func (w *randomWalk) retention() error {
	before := w.clock.Now().Add(-24 * time.Hour)
	list, err := w.app.Store.OldObservations(w.t.Context(), before, models.OldObservation{}, 500)
	if err != nil {
		return err
	}
	sources := map[int64][]int64{}
	for _, o := range list {
		sources[o.SourceID] = append(sources[o.SourceID], o.ID)
	}
	for _, source := range slices.Sorted(maps.Keys(sources)) {
		err := w.app.Store.Write(w.t.Context(), func(tx *models.Tx) error {
			_, err := tx.DeleteOldObservations(source, before, sources[source])
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// reconcile finds nothing, because no operation causes drift.
func (w *randomWalk) reconcile() error {
	repairs, err := w.app.Reconciler.Reconcile(w.t.Context())
	if repairs.Branches > 0 {
		w.t.Errorf("drift: %s", repairs)
	}
	return err
}

func (w *randomWalk) newProduct() error {
	if len(w.products) > 6 {
		return fault.New(fault.Conflict, "there are enough")
	}
	w.made++
	row, err := w.app.Products.Create(w.t.Context(), w.actor, product.Draft{Name: fmt.Sprint("Product ", w.made)})
	w.products = append(w.products, row.ID)
	return err
}

func (w *randomWalk) deleteProduct() error {
	if len(w.products) < 4 {
		return fault.New(fault.Conflict, "there are too few")
	}
	i := w.rand.IntN(len(w.products))
	err := w.app.Products.Delete(w.t.Context(), w.actor, w.products[i], 0)
	w.products = slices.Delete(w.products, i, i+1)
	return err
}

// largeReport stages a report, so that other steps run during its import. The next report of its
// source resolves it.
func (w *randomWalk) largeReport() error {
	slot, n, severity := w.destination(), 1001+w.rand.IntN(300), pick(w, "High", "Low", "Unknown")
	slot.Scanner = "large"
	if w.rand.IntN(2) == 0 {
		n = w.rand.IntN(3)
	}
	report := largeReport(n, sameSeverity(severity))
	if w.rand.IntN(2) == 0 {
		report = bytes.ReplaceAll(report, []byte(`"severity":`), []byte(`"fix":{"versions":["2"]},"severity":`))
	}
	var work sync.WaitGroup
	var err error
	work.Go(func() { _, err = w.app.Ingest.Upload(w.t.Context(), w.actor, slot, bytes.NewReader(report)) })
	for i := range 10 {
		s := pick(w, randomSteps()[:10]...)
		w.note(s.name, s.do(w), i)
	}
	work.Wait()
	return err
}
