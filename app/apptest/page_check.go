package apptest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Rules of axe: all of them, those that colors decide, and those that also the width decides.
const (
	allRules    = options + `, rules: {"target-size": {enabled: true}}}`
	colorRules  = options + `, runOnly: ["color-contrast", "link-in-text-block"]}`
	narrowRules = options + `, runOnly: ["color-contrast", "scrollable-region-focusable", "target-size"]}`
	options     = `{resultTypes: ["violations"], selectors: false, preload: false`
)

// look is a width and a color scheme in which CheckPage checks a page, and the axe rules for the first
// page of a kind.
type look struct {
	name   string
	width  int64
	scheme string
	rules  string
}

var looks = []look{
	{"wide-light", 1440, "light", allRules},
	{"wide-dark", 1440, "dark", colorRules},
	{"narrow-light", 360, "light", narrowRules},
	{"narrow-dark", 360, "dark", colorRules},
}

// AllLooksEnv names a variable that, if set, makes CheckPage check every state of a page with all
// rules and all rows and entries of its tables and lists. Otherwise ten represent the others.
const AllLooksEnv = "GATECRIER_ALL_LOOKS"

const tenRows = `{exclude: [["tbody tr:nth-child(n+11)"], ["li:nth-child(n+11)"]]}`

func checkAllStates() bool { return os.Getenv(AllLooksEnv) != "" }

// checkedKinds holds the kinds of pages that this run has checked: paths without their numbers, and
// the tab. checkedElements holds the kinds of elements, checkedColors those of texts.
var checkedKinds, checkedElements, checkedColors sync.Map

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

// elementKinds lists the kinds of visible elements of a page: what a rule can depend on.
const elementKinds = `[...new Set([...document.body.querySelectorAll("*")].filter(e => e.checkVisibility(
	{visibilityProperty: true})).map(e =>
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

// newColors returns the kinds of visible texts that no check of this run has met: the colors, classes
// and tags of an element and its ancestors.
func (b *Browser) newColors() []int64 {
	b.t.Helper()
	kinds, err := Read(b, chromedp.Evaluate[[]int64]("gcTextKinds()"))
	if err != nil {
		b.t.Fatal(err)
	}
	return slices.DeleteFunc(kinds, func(kind int64) bool {
		_, seen := checkedColors.LoadOrStore(kind, true)
		return seen && !checkAllStates()
	})
}

// CheckPage checks the page wide and narrow, light and dark: axe finds no violation, nothing scrolls
// sideways, and no texts lie over one another or are cut off. It saves a screenshot of each look if
// ShotsEnv is set.
func (b *Browser) CheckPage(name string) {
	b.t.Helper()
	b.loadAxe()
	first := b.isFirstOfKind()
	hasNew := first
	for _, l := range looks {
		all := checkAllStates() || os.Getenv(ShotsEnv) != ""
		if l.scheme == "dark" && !all && (l.width == 360 || !hasNew) {
			continue // a scheme does not change the width
		}
		b.emulate(l.width, l.scheme)
		wide, err := Read(b, chromedp.Evaluate[int64]("document.documentElement.scrollWidth"))
		if err != nil {
			b.t.Fatal(err)
		}
		if wide > l.width {
			b.t.Errorf("%s, %s: %d pixels wide", name, l.name, wide)
		}
		if first && l.scheme == "light" {
			b.checkOverlaps(name + ", " + l.name)
		}
		hasNew = b.checkLook(name, l, first) || hasNew
		b.saveScreenshot(name + "-" + l.name)
	}
	b.emulate(1440, "light")
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, problem := range b.problems {
		b.t.Errorf("%s: %s", name, problem)
	}
	b.problems = nil
}

// checkLook applies all rules to a page with new kinds of elements, and otherwise those of the look to
// the first page of a kind and to new colors. It reports whether there are any.
func (b *Browser) checkLook(name string, l look, first bool) bool {
	b.t.Helper()
	isNew := l.scheme == "light" && b.hasNewElements()
	colors := b.newColors()
	switch {
	case isNew || checkAllStates() && l.scheme == "light":
		b.runAxe(name+", "+l.name, allRules, colors)
	case first && l.scheme == "light" || checkAllStates():
		b.runAxe(name+", "+l.name, l.rules, colors)
	case len(colors) > 0:
		b.runAxe(name+", "+l.name, colorRules, colors)
	}
	return isNew || len(colors) > 0
}

// emulate sets the width and the color scheme. Each change costs the layout of the page.
func (b *Browser) emulate(width int64, scheme string) {
	b.t.Helper()
	const now = `[innerWidth, innerHeight].join("x") +
		["(prefers-color-scheme: dark)", "(prefers-reduced-motion: reduce)", "print"].map(m => matchMedia(m).matches)`
	looks, err := Read(b, chromedp.Evaluate[string](now))
	if err != nil {
		b.t.Fatal(err)
	}
	size, media := fmt.Sprintf("%dx900", width), fmt.Sprint(scheme == "dark", ",true,false")
	if !strings.HasPrefix(looks, size) {
		b.Do(chromedp.EmulateViewport(width, 900))
	}
	if strings.HasSuffix(looks, media) {
		return
	}
	b.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
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
			Source:         "window.gcMakeAxe = function () {" + axe + "\n};" + texts,
			RunImmediately: &now,
		})
		return err
	}))
}

// runAxe applies rules to the page, that of contrasts only to texts of some kinds.
func (b *Browser) runAxe(what, rules string, kinds []int64) {
	b.t.Helper()
	part := tenRows
	if checkAllStates() {
		part, kinds = "document", nil
	}
	list, err := json.Marshal(kinds)
	if err != nil {
		b.t.Fatal(err)
	}
	script := "gcRun(" + part + ", " + rules + ", " + string(list) + ")"
	found, err := Read(b, chromedp.Evaluate[[]string](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: axe: %v", what, err)
	}
	for _, f := range found {
		// What lies over a target for a moment, such as an offer of new rows, does not make it smaller.
		if strings.HasPrefix(f, "target-size:") && strings.Contains(f, "partially obscured") {
			continue
		}
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
