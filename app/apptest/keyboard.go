package apptest

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Type presses keys in the focused element.
func (b *Browser) Type(keys string) {
	b.t.Helper()
	b.Do(chromedp.KeyEvent(keys))
}

// Enter presses Enter and waits for the page that follows.
func (b *Browser) Enter() {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.KeyEvent(kb.Enter)); err != nil {
		b.t.Fatalf("Enter: %v\n%s", err, b.Text())
	}
}

// maxTabs is more than the number of focusable elements on any page.
const maxTabs = 400

// Tab presses Tab until an element that matches the selector has the focus.
func (b *Browser) Tab(selector string) {
	b.t.Helper()
	for range maxTabs {
		b.Do(chromedp.KeyEvent(kb.Tab))
		there, err := Read(b, chromedp.Evaluate[bool]("document.activeElement.matches("+jsString(selector)+")"))
		if err != nil {
			b.t.Fatal(err)
		}
		if there {
			return
		}
	}
	b.t.Fatalf("%s: Tab does not lead to %s", b.Path(), selector)
}

// tabbedFrames holds the frames around main that this run has tabbed through, each with its width.
var tabbedFrames sync.Map

// frameOf describes the frame of a page: its width, and what a user can focus outside of main.
const frameOf = `document.querySelector("main[tabindex]") === null ? "" : [innerWidth, ...[...document.querySelectorAll(
	"a[href], button, input, select, textarea, summary")].filter(e => !e.closest("main") &&
	e.checkVisibility({visibilityProperty: true})).map(e =>
	[e.tagName, e.id, (e.getAttribute("href") ?? "").split("?")[0]])].join()`

// watchFocus records each focused element in a part of the page, and returns how many elements a user
// can focus there. The checked radio button of a group represents the others. The script checks each element when it
// gets the focus and again at the next key, because Chromium can need a moment to draw the ring,
// and a user waits that long.
const watchFocus = `(part => {
	part.focus({preventScroll: true});
	const seen = e => { const s = getComputedStyle(e), r = e.getBoundingClientRect();
		return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 && r.width > 0 && r.height > 0; };
	window.gcStops = new Map();
	const note = e => window.gcStops.set(e, window.gcStops.get(e) || seen(e));
	document.addEventListener("focusin", e => note(e.target));
	const now = () => document.activeElement;
	document.addEventListener("keydown", () => now() !== document.body && note(now()), true);
	if (document.activeElement !== document.body) window.gcStops.set(document.activeElement, true);
	window.gcWanted = () => [...part.querySelectorAll("a[href], button, input, select, textarea, summary")].filter(e =>
		!e.disabled && e.type !== "hidden" && !(e.type === "radio" && !e.checked) &&
		e.checkVisibility({visibilityProperty: true}));
	return window.gcWanted().length;
})`

// focusProblems lists the elements that never got the focus or showed no focus ring.
const focusProblems = `[
	...window.gcWanted().filter(e => !window.gcStops.has(e)).map(e => "not reached: " + e.outerHTML.slice(0, 120)),
	...[...window.gcStops].filter(([, seen]) => !seen).map(([e]) => "focus not seen: " + e.outerHTML.slice(0, 120)),
]`

// TabThrough presses Tab once around the page. It fails the test unless the focus reaches every
// usable element, gets stuck nowhere, and is visible at each stop. A page with a frame that this run
// has tabbed through is entered by its main part, as by the link that skips the frame.
func (b *Browser) TabThrough(name string) {
	b.t.Helper()
	frame, err := Read(b, chromedp.Evaluate[string](frameOf))
	if err != nil {
		b.t.Fatal(err)
	}
	part := "document.documentElement"
	if _, seen := tabbedFrames.LoadOrStore(frame, true); seen && frame != "" && !checkAllStates() {
		part = `document.querySelector("main")`
	}
	n, err := Read(b, chromedp.Evaluate[int](watchFocus+"("+part+")"))
	if err != nil {
		b.t.Fatal(err)
	}
	fields, err := Read(b, chromedp.Evaluate[int](`document.querySelectorAll("input[type=datetime-local]").length`))
	if err != nil {
		b.t.Fatal(err)
	}
	// Scrollable texts and the parts of a time are stops too.
	steps := make([]chromedp.Action[chromedp.Void], n+n/5+6+6*fields)
	for i := range steps {
		steps[i] = chromedp.KeyEvent(kb.Tab)
	}
	b.Do(steps...)
	problems, err := Read(b, chromedp.Evaluate[[]string](focusProblems))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, problem := range problems {
		b.t.Errorf("%s: %s", name, problem)
	}
}

// LayoutShift returns the cumulative layout shift of the page since it was opened: the sum of
// scores defined by https://web.dev/articles/cls. A page that does not move has 0.
func (b *Browser) LayoutShift() float64 {
	b.t.Helper()
	sum, err := Read(b, chromedp.Evaluate[float64](`new Promise(done => {
		let sum = 0;
		const add = list => list.getEntries().forEach(e => { if (!e.hadRecentInput) sum += e.value; });
		new PerformanceObserver(add).observe({type: "layout-shift", buffered: true});
		document.fonts.ready.then(() => requestAnimationFrame(() => requestAnimationFrame(() => done(sum))));
	})`, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatal(err)
	}
	return sum
}

// TransferSize returns the number of bytes on the wire of the page and everything that it loaded.
func (b *Browser) TransferSize() int64 {
	b.t.Helper()
	const script = `["navigation", "resource"].flatMap(type => performance.getEntriesByType(type))
		.reduce((sum, e) => sum + e.transferSize, 0)`
	sum, err := Read(b, chromedp.Evaluate[int64](script))
	if err != nil {
		b.t.Fatal(err)
	}
	return sum
}

func jsString(text string) string { return strconv.Quote(text) }

// WaitFor waits until a script returns true on the current page.
func (b *Browser) WaitFor(what, script string) {
	b.t.Helper()
	Eventually(b.t, what+" ("+script+")", func() bool {
		yes, err := Read(b, chromedp.Evaluate[bool](script))
		return err == nil && yes
	})
}

// EmulateMedia shows the page on paper ("print") or on the screen again.
func (b *Browser) EmulateMedia(name string) {
	b.t.Helper()
	b.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: name})
		return err
	}))
}
