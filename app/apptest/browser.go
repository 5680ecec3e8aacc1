package apptest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// ShotsEnv names a folder for screenshots of every page that a test checks.
const ShotsEnv = "GATECRIER_SHOTS"

// PicturesEnv names a folder for the pictures of the README.
const PicturesEnv = "GATECRIER_PICTURES"

// Browser is a window of the shared Chromium that a test drives, with its own cookies. An error on
// the console or a request to another host fails the test.
type Browser struct {
	ctx  context.Context
	t    testing.TB
	home string

	hasAxe bool // this page and each following one have axe

	mu       sync.Mutex
	problems []string
}

// NewBrowser opens a window for the pages of one program.
func NewBrowser(t testing.TB, home string) *Browser {
	t.Helper()
	parent, err := chromium.context()
	if err != nil {
		t.Fatalf("start Chromium (apt-get install chromium-headless-shell): %v", err)
	}
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	b := &Browser{ctx: ctx, t: t, home: home}
	// The window closes when the context of its first run ends.
	err = chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, network.Enable, network.EnableParams{}); err != nil {
			return err
		}
		if _, err := cdp.Call(ctx, target, runtime.Enable, cdp.Empty{}); err != nil {
			return err
		}
		// Each window behaves as the focused one, even while others run.
		_, err := cdp.Call(ctx, target, emulation.SetFocusEmulationEnabled,
			emulation.SetFocusEmulationEnabledParams{Enabled: true})
		return err
	}))
	if err == nil {
		err = chromedp.Listen(ctx, b.listen)
	}
	if err != nil {
		t.Fatalf("open a window of Chromium: %v", err)
	}
	b.emulate(1440, "light")
	return b
}

func (b *Browser) listen(ev any) {
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		b.note("exception on a page: " + ev.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if ev.Type == "error" || ev.Type == "warning" {
			b.note(fmt.Sprintf("console %s", ev.Type))
		}
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(ev.Request.URL)
		if err == nil && (u.Scheme == "http" || u.Scheme == "https") && !strings.HasPrefix(ev.Request.URL, b.home+"/") {
			b.note("request to another host: " + ev.Request.URL)
		}
	}
}

func (b *Browser) note(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = append(b.problems, what)
}

// Do runs steps and fails the test if a step fails.
func (b *Browser) Do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("browser: %v\n%s", err, b.Text())
	}
}

// Open opens a page of the program.
func (b *Browser) Open(path string) {
	b.t.Helper()
	b.Do(chromedp.Navigate(b.home + path))
}

// Fill sets the value of a field.
func (b *Browser) Fill(selector, text string) {
	b.t.Helper()
	b.Do(chromedp.SetValue(selector, text))
}

// Press clicks an element and waits for the page that follows.
func (b *Browser) Press(selector string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(selector)); err != nil {
		b.t.Fatalf("press %s: %v\n%s", selector, err, b.Text())
	}
}

// Read runs an action that reads from the page. It repeats the action while another page replaces
// the current one, because Chromium then answers only with an error.
func Read[T any](b *Browser, a chromedp.Action[T]) (T, error) {
	deadline := time.Now().Add(30 * time.Second)
	for {
		value, err := chromedp.Run(b.ctx, a)
		var refused *cdproto.Error
		if !errors.As(err, &refused) || refused.Code != pageGone || time.Now().After(deadline) {
			return value, err
		}
		<-time.After(2 * time.Millisecond)
	}
}

// pageGone is the error code of "Inspected target navigated or closed" and of "Cannot find context
// with specified id".
const pageGone = -32000

// Text returns the visible text of the page.
func (b *Browser) Text() string {
	text, err := Read(b, chromedp.Evaluate[string]("document.body ? document.body.innerText : ''"))
	if err != nil {
		return "(no page: " + err.Error() + ")"
	}
	return text
}

// Path returns the path and query of the page.
func (b *Browser) Path() string {
	b.t.Helper()
	at, err := Read(b, chromedp.Location())
	if err != nil {
		b.t.Fatal(err)
	}
	return strings.TrimPrefix(at, b.home)
}

// WantText fails the test unless the page shows each text.
func (b *Browser) WantText(texts ...string) {
	b.t.Helper()
	page := strings.Join(strings.Fields(b.Text()), " ")
	for _, text := range texts {
		if !strings.Contains(page, text) {
			b.t.Errorf("%s does not show %q:\n%s", b.Path(), text, page)
		}
	}
}

// The content of a page depends only on its width, so the dark scheme needs only the color rules.
const (
	allRules = `{resultTypes: ["violations"], selectors: false}`
	colors   = `{resultTypes: ["violations"], selectors: false, runOnly: ["color-contrast", "link-in-text-block"]}`
)

// pageCheck is a width and a color scheme in which CheckPage checks a page, and the axe rules for
// it. If each is set, the rules apply to every state of a page, else to the first page of a kind in
// this run.
type pageCheck struct {
	name   string
	width  int64
	scheme string
	rules  string
	each   bool
}

var pageChecks = []pageCheck{
	{"wide-light", 1440, "light", allRules, true},
	{"wide-dark", 1440, "dark", colors, false},
	{"narrow-light", 360, "light", allRules, false},
	{"narrow-dark", 360, "dark", colors, false},
}

// AllLooksEnv names a variable that, if set, makes CheckPage check every state of a page with all
// rules and all rows of its tables. Otherwise ten rows represent the others.
const AllLooksEnv = "GATECRIER_ALL_LOOKS"

const tenRows = `{exclude: [["tbody tr:nth-child(n+11)"]]}`

func checkAllStates() bool { return os.Getenv(AllLooksEnv) != "" }

// checkedKinds holds the kinds of pages that this run has checked: paths without their numbers, and
// the tab.
var checkedKinds sync.Map

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

var numbers = regexp.MustCompile(`[0-9]+`)

// CheckPage checks the page wide and narrow, light and dark: axe finds no violation, and nothing
// scrolls sideways. It saves a screenshot of each check if ShotsEnv is set.
func (b *Browser) CheckPage(name string) {
	b.t.Helper()
	b.loadAxe()
	first := b.isFirstOfKind()
	for _, check := range pageChecks {
		b.emulate(check.width, check.scheme)
		wide, err := Read(b, chromedp.Evaluate[int64]("document.documentElement.scrollWidth"))
		if err != nil {
			b.t.Fatal(err)
		}
		if wide > check.width {
			b.t.Errorf("%s, %s: %d pixels wide", name, check.name, wide)
		}
		if first || check.each {
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

// Evaluate runs a script on the page.
func (b *Browser) Evaluate(script string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](script+";true")); err != nil {
		b.t.Fatalf("evaluate: %v", err)
	}
}

// ReadmePicture saves a picture of the upper part of the page for the README if PicturesEnv is set.
func (b *Browser) ReadmePicture(name string) {
	b.t.Helper()
	dir := os.Getenv(PicturesEnv)
	if dir == "" {
		return
	}
	b.Do(chromedp.EmulateViewport(1200, 720))
	picture, err := Read(b, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o600)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	b.emulate(1440, "light")
}

// Screenshot saves a picture of the page if ShotsEnv is set.
func (b *Browser) Screenshot(name string) {
	b.t.Helper()
	b.saveScreenshot(name)
}
