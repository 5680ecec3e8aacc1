package apptest

import (
	"context"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// The content of a page depends only on its width, so the dark scheme needs only the color rules.
const (
	allRules = `{resultTypes: ["violations"], selectors: false}`
	colors   = `{resultTypes: ["violations"], selectors: false, runOnly: ["color-contrast", "link-in-text-block"]}`
)

// pageCheck is a width and a color scheme in which CheckPage checks a page, and the axe rules for it.
type pageCheck struct {
	name   string
	width  int64
	scheme string
	rules  string
	states states
}

// states are the states of a page that the rules of a check apply to.
type states int

const (
	newState    states = iota // each that has other kinds of elements than those before
	firstOfKind               // the first page of a kind in this run
	inTrials                  // every state, but only with AllLooksEnv
)

var pageChecks = []pageCheck{
	{"wide-light", 1440, "light", allRules, newState},
	{"wide-dark", 1440, "dark", colors, firstOfKind},
	{"narrow-light", 360, "light", allRules, firstOfKind},
	{"narrow-dark", 360, "dark", colors, inTrials},
}

// AllLooksEnv names a variable that, if set, makes CheckPage check every state of a page with all
// rules and all rows and entries of its tables and lists. Otherwise ten represent the others.
const AllLooksEnv = "GATECRIER_ALL_LOOKS"

const tenRows = `{exclude: [["tbody tr:nth-child(n+11)"], ["li:nth-child(n+11)"]]}`

func checkAllStates() bool { return os.Getenv(AllLooksEnv) != "" }

// checkedKinds holds the kinds of pages that this run has checked: paths without their numbers, and
// the tab. checkedElements holds the kinds of elements.
var checkedKinds, checkedElements sync.Map

func (b *Browser) isFirstOfKind() bool {
	b.t.Helper()
	at, err := url.Parse(b.Path())
	if err != nil {
		b.t.Fatal(err)
	}
	kind := numbers.ReplaceAllString(at.Path, "1") + "?" + at.Query().Get("tab")
	_, seen := checkedKinds.LoadOrStore(kind, true)
	return !seen || checkAllStates()
}

// elementKinds lists the kinds of elements of a page: what a rule can depend on.
const elementKinds = `[...new Set([...document.body.querySelectorAll("*")].map(e =>
	e.tagName + "." + e.className + "[" + [...e.attributes].map(a => a.name + (a.name === "type" ? a.value : "")).sort() +
	"] in " + e.parentElement.tagName + "." + e.parentElement.className))]`

// hasNewElements reports whether the page has a kind of element that no check of this run has met.
func (b *Browser) hasNewElements() (found bool) {
	b.t.Helper()
	kinds, err := Read(b, chromedp.Evaluate[[]string](elementKinds))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, kind := range kinds {
		if _, seen := checkedElements.LoadOrStore(kind, true); !seen {
			found = true
		}
	}
	return found
}

var numbers = regexp.MustCompile(`[0-9]+`)

// CheckPage checks the page wide and narrow, light and dark: axe finds no violation, nothing scrolls
// sideways, and no texts lie over one another or are cut off. It saves a screenshot of each check if ShotsEnv is set.
func (b *Browser) CheckPage(name string) {
	b.t.Helper()
	b.loadAxe()
	first, isNew := b.isFirstOfKind(), b.hasNewElements()
	for _, check := range pageChecks {
		applies := first && check.states != inTrials || isNew && check.states == newState || checkAllStates()
		if !applies && check.scheme == "dark" && os.Getenv(ShotsEnv) == "" {
			continue // a scheme does not change the width
		}
		b.emulate(check.width, check.scheme)
		wide, err := Read(b, chromedp.Evaluate[int64]("document.documentElement.scrollWidth"))
		if err != nil {
			b.t.Fatal(err)
		}
		if wide > check.width {
			b.t.Errorf("%s, %s: %d pixels wide", name, check.name, wide)
		}
		if first && check.scheme == "light" {
			b.checkOverlaps(name + ", " + check.name)
		}
		if applies {
			b.runAxe(name+", "+check.name, check.rules)
		}
		b.saveScreenshot(name + "-" + check.name)
	}
	b.emulate(1440, "light")
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, problem := range b.problems {
		b.t.Errorf("%s: %s", name, problem)
	}
	b.problems = nil
}

func (b *Browser) emulate(width int64, scheme string) {
	b.t.Helper()
	b.Do(chromedp.EmulateViewport(width, 900), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme},
				{Name: "prefers-reduced-motion", Value: "reduce"},
			},
		})
		return err
	}))
}

// loadAxe adds a function to each following page that creates axe on its first call. Sending half a
// megabyte of source costs Chromium a second, so each window gets it once.
func (b *Browser) loadAxe() {
	b.t.Helper()
	if b.hasAxe {
		return
	}
	b.hasAxe = true
	now := true
	b.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
			Source:         "window.gcMakeAxe = function () {" + axe + "\n};",
			RunImmediately: &now,
		})
		return err
	}))
}

func (b *Browser) runAxe(what, rules string) {
	b.t.Helper()
	part := tenRows
	if checkAllStates() {
		part = "document"
	}
	const violations = `r => r.violations.flatMap(v => v.nodes.map(n =>
		v.id + ": " + n.html.slice(0, 200) + " " + (n.any[0] ? n.any[0].message : "")))`
	script := `(window.axe || gcMakeAxe(), axe).run(` + part + `, ` + rules + `).then(` + violations + `)`
	found, err := Read(b, chromedp.Evaluate[[]string](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: axe: %v", what, err)
	}
	for _, f := range found {
		b.t.Errorf("%s: axe: %s", what, f)
	}
}

func (b *Browser) saveScreenshot(name string) {
	b.t.Helper()
	dir := os.Getenv(ShotsEnv)
	if dir == "" {
		return
	}
	picture, err := Read(b, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o600)
	}
	if err != nil {
		slog.Error("save screenshot", "name", name, "error", err)
		b.t.Fatal(err)
	}
}
