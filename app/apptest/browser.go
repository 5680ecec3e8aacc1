package apptest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
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

// PicturesEnv names the folder of the documentation: its folders images and pictures get the pictures
// of the README and of notifications.md.
const PicturesEnv = "GATECRIER_PICTURES"

// Browser is a window of the shared Chromium that a test drives, with its own cookies. An error on
// the console or a request to another host fails the test.
type Browser struct {
	ctx  context.Context
	t    testing.TB
	home string

	hasAxe bool // this page and each following one have axe
	leave  leaveDialog

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
	case *page.EventJavascriptDialogOpening:
		b.answerDialog(ev)
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
	shown := strings.Join(strings.Fields(b.Text()), " ")
	for _, text := range texts {
		if !strings.Contains(shown, text) {
			b.t.Errorf("%s does not show %q:\n%s", b.Path(), text, shown)
		}
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
	if os.Getenv(PicturesEnv) == "" {
		return
	}
	b.Do(chromedp.EmulateViewport(1200, 720))
	b.savePicture(filepath.Join("images", name), chromedp.CaptureScreenshot())
	b.emulate(1440, "light")
}

// MessagePicture opens a page with a message, and saves a picture of an element for notifications.md.
func (b *Browser) MessagePicture(path, selector, name string, width int64, scheme string) {
	b.t.Helper()
	b.emulate(width, scheme)
	b.Open(path)
	b.WaitFor(selector+" is there", "document.querySelector("+strconv.Quote(selector)+") !== null")
	b.savePicture(filepath.Join("pictures", name), chromedp.Screenshot(selector))
	b.emulate(1440, "light")
}

func (b *Browser) savePicture(name string, take chromedp.Action[[]byte]) {
	b.t.Helper()
	picture, err := Read(b, take)
	if err == nil {
		err = os.WriteFile(filepath.Join(os.Getenv(PicturesEnv), name+".png"), picture, 0o600)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// Screenshot saves a picture of the page if ShotsEnv is set.
func (b *Browser) Screenshot(name string) {
	b.t.Helper()
	b.saveScreenshot(name)
}
