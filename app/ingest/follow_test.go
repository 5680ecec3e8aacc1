package ingest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gatecrier/models"
)

func TestMatrix_IsRefused(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		a, b := report("trivy", "a").of("shop", "3.18"), report("trivy", "b").of("shop", "3.19")
		w.sends(a, "1 new, 0 updated, 0 resolved of trivy (shop)")
		w.sends(b, "1 new, 0 updated, 1 resolved of trivy (shop); All earlier…")
		before := w.source("trivy", "shop")
		got := w.send(a)
		if !strings.Contains(got, "source: 3.18 returned after 3.19 within a day, so several images share this source: "+
			"name one (--source)") {
			t.Errorf("a matrix: %s", got)
		}
		if after := w.source("trivy", "shop"); after != before {
			t.Errorf("the refused report has changed %+v to %+v", before, after)
		}
		w.sends(b, "0 new, 1 updated, 0 resolved of trivy (shop)")
		w.sends(a.to("named"), "1 new, 0 updated, 0 resolved of trivy (named)")
		w.sends(report("trivy", "b").of("shop", "3.19").to("named"), "1 new, 0 updated, 1 resolved of trivy (named); All…")
		w.sends(report("trivy", "a").of("shop", "3.18").to("named"), "0 new, 1 updated, 1 resolved of trivy (named)")
		w.clock.Advance(24*time.Hour + time.Second)
		w.sends(report("trivy", "a").of("shop", "3.18"), "0 new, 1 updated, 1 resolved of trivy (shop)")
	})
}

// The day begins with the last report of a reference, also with one that changed nothing.
func TestMatrix_CountsFromTheLastReport(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		a, b := report("trivy", "a").of("shop", "1"), report("trivy", "a").of("shop", "2")
		w.sends(a, "1 new, 0 updated, 0 resolved of trivy (shop)")
		w.clock.Advance(23 * time.Hour)
		w.sends(a, "0 new, 1 updated, 0 resolved of trivy (shop)")
		w.clock.Advance(20 * time.Minute)
		w.sends(a, "0 new, 1 updated, 0 resolved of trivy (shop)") // its time is only in memory
		w.clock.Advance(time.Hour)
		w.sends(b, "0 new, 1 updated, 0 resolved of trivy (shop)")
		w.clock.Advance(23*time.Hour - time.Minute)
		if got := w.send(a); !strings.Contains(got, "name one (--source)") {
			t.Errorf("within a day of its last report: %s", got)
		}
	})
}

// What has no tag or no subject is no matrix.
func TestMatrix_NeedsReferences(t *testing.T) {
	eachWorld(t, func(_ *testing.T, w *world) {
		w.sends(report("trivy", "a").of("shop", "1"), "1 new, 0 updated, 0 resolved of trivy (shop)")
		w.sends(report("trivy", "a").of("shop", ""), "0 new, 1 updated, 0 resolved of trivy (shop)")
		w.sends(report("trivy", "a").of("shop", "1"), "0 new, 1 updated, 0 resolved of trivy (shop)")
		for range 2 {
			w.sends(report("x", "a").of("", "1"), "…")
			w.sends(report("x", "a").of("", "2"), "0 new, 1 updated, 0 resolved of x")
		}
	})
}

// An unchanged report of the same reference writes nothing; one of another reference does.
func TestUnchanged_WritesNothing(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		start := w.clock.Now()
		w.sends(report("trivy", "a").of("shop", "1").made(start), "1 new, 0 updated, 0 resolved of trivy (shop)")
		before := w.source("trivy", "shop")
		w.clock.Advance(time.Minute)
		w.sends(report("trivy", "a").of("shop", "1").made(w.clock.Now()), "0 new, 1 updated, 0 resolved of trivy (shop)")
		if after := w.source("trivy", "shop"); after != before {
			t.Errorf("written: %+v, before %+v", after, before)
		}
		if err := w.service.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		after := w.source("trivy", "shop")
		if !after.LastReportAt.Equal(w.clock.Now()) || !after.MadeAt.Equal(w.clock.Now()) {
			t.Errorf("flushed: %+v", after)
		}
		w.sends(report("trivy", "a").of("shop", "2"), "0 new, 1 updated, 0 resolved of trivy (shop)")
		if got := w.source("trivy", "shop").Facts.Decode().Reference(); got != "2" {
			t.Errorf("the last reference is %q", got)
		}
	})
}

func TestLateReport_ResolvesNothing(t *testing.T) {
	const late = "; The report is older than the last one of its source: it was made 2026-05-04 11:50:00, the last one " +
		"2026-05-04 11:55:00 (UTC). Its new findings were added…"
	eachWorld(t, func(t *testing.T, w *world) {
		at := func(minutes int) time.Time { return time.Date(2026, 5, 4, 12, minutes, 0, 0, time.UTC) }
		w.sends(report("trivy", "a").made(at(-10)), "1 new, 0 updated, 0 resolved of trivy")
		w.sends(report("trivy", "a").made(at(-5)), "0 new, 1 updated, 0 resolved of trivy") // its time is in memory
		w.sends(report("trivy", "b").made(at(-10)), "1 new, 0 updated, 0 resolved of trivy"+late)
		w.sends(report("trivy", "b").made(at(-10)), "0 new, 1 updated, 0 resolved of trivy"+late)
		w.wantSources("trivy: 2")
		w.sends(report("trivy", "a").made(at(-5)), "0 new, 1 updated, 1 resolved of trivy")
		w.sends(report("trivy", "a"), "0 new, 1 updated, 0 resolved of trivy")
		w.sends(report("trivy", "b").made(at(-6)), "0 new, 1 updated, 0 resolved of trivy; The report is older…")
		w.sends(report("trivy", "a").made(at(60)), "0 new, 1 updated, 1 resolved of trivy")
		// A time in the far future is not believed.
		w.sends(report("grype", "a").made(at(61)), "1 new, 0 updated, 0 resolved of grype")
		w.sends(report("grype", "b").made(at(0)), "1 new, 0 updated, 1 resolved of grype; All…")
		if got := w.source("grype", "").MadeAt; !got.Equal(at(0)) {
			t.Errorf("the last report was made %v", got)
		}
	})
}

// A late report of another reference leaves the last one: the next report of that is no matrix.
func TestLateReport_KeepsReference(t *testing.T) {
	eachWorld(t, func(_ *testing.T, w *world) {
		noon := w.clock.Now()
		w.sends(report("trivy", "a").of("shop", "2").made(noon), "1 new, 0 updated, 0 resolved of trivy (shop)")
		w.sends(report("trivy", "b").of("shop", "1").made(noon.Add(-time.Minute)),
			"1 new, 0 updated, 0 resolved of trivy (shop); The report is older…")
		w.sends(report("trivy", "a").of("shop", "2").made(noon), "0 new, 1 updated, 1 resolved of trivy (shop)")
	})
}

func TestOtherKindOfScan_IsRefused(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.sends(report("trivy", "a x").withClasses("os-pkgs", "lang-pkgs"), "1 new, 0 updated, 0 resolved of trivy")
		got := w.send(report("trivy", "m").withClasses("config"))
		if !strings.Contains(got, "source: This is another kind of scan: name a source for it (--source). The report has "+
			"only config, and “trivy” had os-pkgs and lang-pkgs") {
			t.Errorf("another kind: %s", got)
		}
		w.wantSources("trivy: 1")
		w.sends(report("trivy", "m").withClasses("config", "os-pkgs"), "1 new, 0 updated, 1 resolved of trivy")
		w.sends(report("trivy", "m").withClasses("config"), "0 new, 1 updated, 0 resolved of trivy")
		w.sends(report("trivy"), "0 new, 0 updated, 1 resolved of trivy")
		w.sends(report("trivy", "b y").withClasses("lang-pkgs"), "1 new, 0 updated, 0 resolved of trivy")
		if got := w.send(report("trivy", "l").withClasses("license")); !strings.Contains(got, "name a source") {
			t.Errorf("another kind: %s", got)
		}
	})
}

func TestUnrelatedReport_IsImportedWithWarning(t *testing.T) {
	const warning = "; All earlier observations of “x” are resolved, and the report has no rule and no package in " +
		"common with them. If it is of another scan, name its source (--source)"
	eachWorld(t, func(_ *testing.T, w *world) {
		w.sends(report("x", "a p 1", "b q 1"), "2 new, 0 updated, 0 resolved of x")
		w.sends(report("x", "c r 1"), "1 new, 0 updated, 2 resolved of x"+warning)
		w.sends(report("x", "c s 1"), "1 new, 0 updated, 1 resolved of x")      // the rule
		w.sends(report("x", "d s 2"), "1 new, 0 updated, 1 resolved of x")      // the package
		w.sends(report("x", "e", "d s 2"), "1 new, 1 updated, 0 resolved of x") // an observation
		w.sends(report("x"), "0 new, 0 updated, 2 resolved of x")               // clean
		w.sends(report("x", "f"), "1 new, 0 updated, 0 resolved of x")          // nothing was left
		broken := report("x", "g")
		broken.report.Partial = true
		w.sends(broken, "1 new, 0 updated, 0 resolved of x")
	})
}

func TestEmptyReport_OfAnotherKindIsImportedWithWarning(t *testing.T) {
	const warning = "; All earlier observations of “x (a)” are resolved by an empty report of another kind: it is %s, " +
		"the last one was %s. If it is of another scan, name its source (--source)"
	eachWorld(t, func(_ *testing.T, w *world) {
		w.sends(report("x", "a").of("shop", "1").to("a"), "1 new, 0 updated, 0 resolved of x (a)")
		w.sends(bundleFile([]string{"x"}).to("a"), "0 new, 0 updated, 1 resolved of x (a)"+
			fmt.Sprintf(warning, "sarif", "grype"))
		w.sends(report("x", "a").of("shop", "1").to("a"), "0 new, 1 updated, 0 resolved of x (a)")
		w.sends(report("x").of("till", "1").to("a"), "0 new, 0 updated, 1 resolved of x (a)"+
			fmt.Sprintf(warning, "grype of till", "grype of shop"))
		w.sends(report("x", "a").of("till", "1").to("a"), "0 new, 1 updated, 0 resolved of x (a)")
		w.sends(report("x").of("till", "2").to("a"), "0 new, 0 updated, 1 resolved of x (a)")
	})
}

func TestReferencesAfter_IsBounded(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	var list []models.SourceReference
	for i := range 3 * maxReferences {
		list = referencesAfter(list, strings.Repeat("x", i+1), now, now)
	}
	if len(list) != maxReferences || list[maxReferences-1].Reference != strings.Repeat("x", 3*maxReferences) {
		t.Errorf("%d references, the last %+v", len(list), list[len(list)-1])
	}
	list = referencesAfter(list, "y", now, now.Add(25*time.Hour))
	if len(list) != 2 {
		t.Errorf("a day later: %+v", list)
	}
}
