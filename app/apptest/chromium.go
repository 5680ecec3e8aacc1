package apptest

import (
	"context"
	_ "embed" // for axe and texts
	"flag"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"gatecrier/models/modelstest"
)

//go:embed testdata/axe.min.js
var axe string

//go:embed testdata/texts.js
var texts string

// sharedChromium is one Chromium for all tests of a process, because starting one takes a second of
// CPU. Each test has its own browser context, so tests share no cookies, storage or cache.
type sharedChromium struct {
	once sync.Once
	ctx  context.Context
	err  error
	stop func()
}

// chromium is a package variable because there is one per test process.
var chromium sharedChromium

// Main runs a package's tests and then stops the servers and the browser that they
// started:
//
//	func TestMain(m *testing.M) { os.Exit(apptest.Main(m)) }
func Main(m *testing.M) int {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given { // half of the time, tests wait for the browser and the databases
		if err := flag.Set("test.parallel", strconv.Itoa(runtime.GOMAXPROCS(0)*2)); err != nil {
			panic(err) // package testing has that flag
		}
	}
	debug.SetGCPercent(400) // memory is cheaper than time
	return modelstest.Main(withBrowser{m})
}

// withBrowser are tests that leave no Chromium behind: its files are in their temporary directory.
type withBrowser struct{ *testing.M }

// Run runs the tests, and stops Chromium.
func (m withBrowser) Run() int {
	code := m.M.Run()
	if chromium.stop != nil {
		chromium.stop()
	}
	return code
}

// context returns the context in which windows open. The first call starts Chromium.
func (c *sharedChromium) context() (context.Context, error) {
	c.once.Do(func() {
		options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox,
			chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
			chromedp.Flag("disable-domain-reliability", true),
			chromedp.Flag("disable-gpu", true), chromedp.Flag("in-process-gpu", true), // one process less
			// Each page is short-lived: its scripts end before optimization pays.
			chromedp.Flag("js-flags", "--no-opt --no-maglev"))
		// The headless shell is the same engine without the user interface of the browser.
		if path, err := exec.LookPath("chromium-headless-shell"); err == nil {
			options = append(options, chromedp.ExecPath(path))
		}
		allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, stop := chromedp.NewContext(allocator)
		c.ctx, c.stop = ctx, func() { stop(); stopAllocator() }
		c.err = chromedp.Do(ctx)
	})
	return c.ctx, c.err
}
