package apptest_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"gatecrier/app/apptest"
	"gatecrier/app/demo"
	"gatecrier/models"
)

func startDemo(t *testing.T, dir string) *demo.Demo {
	t.Helper()
	began := time.Now()
	d, err := demo.Start(t.Context(),
		demo.Options{Dir: dir, Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler), Stdout: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the demo is ready after %s", time.Since(began).Round(time.Millisecond))
	return d
}

func stopDemo(t *testing.T, d *demo.Demo) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := d.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// A new user opens the printed address and explores the demo.
func TestDemoInTheBrowser(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "demo")
	d := startDemo(t, dir)
	enter := path(d.URL)
	home := strings.TrimSuffix(d.URL, enter)
	b := apptest.NewBrowser(t, home)
	b.Open("/demo")
	b.WantText("Sign in", "In the demo you sign in without a password")
	b.CheckPage("demo-login")
	b.Open("/demo/enter?key=wrong")
	b.WantText("This link has expired")
	b.CheckPage("demo-wrong")

	b.Open(enter) // signs in by itself
	b.WaitFor("the demo's page is there",
		`location.pathname === "/demo" && document.body && document.body.innerText.includes("No messages yet")`)
	b.WantText("Demo: sample data", "Checkout", "Failed", "No messages yet")
	visitor, err := d.Store.UserByName(t.Context(), "demo")
	if since := time.Since(visitor.LastSignInAt); err != nil || since < 0 || since > time.Minute {
		t.Errorf("the last sign-in was at %s (%v)", visitor.LastSignInAt, err)
	}
	if err := d.First(t.Context()); err != nil { // Run does this some seconds after the start
		t.Fatal(err)
	}
	arrived := func(what string, n string) {
		t.Helper()
		b.WaitFor(what, `document.querySelectorAll("#demo-list article").length === `+n)
	}
	arrived("four messages without a click", "4")
	b.WantText("A pipeline sent a report automatically", "Signature verified", "checkout-team@demo.example",
		"Microsoft Teams", "Security gate passed: Checkout")
	b.CheckPage("demo")

	b.Press("form[action='/demo/worse'] button")
	b.WantText("You sent a worse report")
	arrived("four more", "8")
	b.WantText("Passed → Failed", "CVE-2024-3094")
	b.Open("/demo?channel=mail")
	arrived("two mails", "2")
	b.ReadmePicture("demo")
	b.Open("/")
	b.ReadmePicture("overview")
	b.Open("/products/1")
	b.ReadmePicture("product")
	b.Open("/inbox")
	b.ReadmePicture("inbox")
	b.Open("/demo")
	b.Press("form[action='/demo/worse'] button")
	b.WantText("The gate stays Failed", "no one is notified again")
	b.Press("form[action='/demo/fixed'] button")
	b.WantText("Failed → Passed")
	arrived("and four more", "12")
	b.Open("/demo")
	b.TabThrough("/demo")
	for _, width := range []int64{1440, 360} {
		b.Do(chromedp.EmulateViewport(width, 900))
		b.Open("/demo")
		if shift := b.LayoutShift(); shift >= 0.05 {
			t.Errorf("/demo at %d pixels: layout shift %.3f", width, shift)
		}
	}
	b.Open("/demo?channel=slack")
	arrived("three by Slack", "3")
	b.CheckPage("demo-slack")

	b.Open("/demo")
	b.Press("form[action='/demo/outage'] button")
	const line = `offline for another \d+ s; \d+ attempts refused; 4 messages queued for retry, the next attempt in \d+ s`
	b.WaitFor("attempts are refused", `/`+line+`/.test(document.querySelector("#demo-now").textContent)`)
	b.CheckPage("demo-outage")
	b.Open("/deliveries?state=retrying")
	b.WantText("503", "Checkout")
	for _, page := range []string{"/", "/products", "/products/1", "/products/1?tab=history", "/inbox", "/deliveries"} {
		b.Open(page)
		b.CheckPage("demo-page" + strings.NewReplacer("/", "-", "?", "-", "=", "-").Replace(page))
	}
	stopDemo(t, d)

	// It continues from its last state, and does not touch the directory of another program.
	d = startDemo(t, dir)
	defer stopDemo(t, d)
	if rows, err := d.Store.LastChanges(t.Context(), apptest.AllProducts(), []int64{1}); err != nil || len(rows) != 1 {
		t.Errorf("the history is gone: %v, %v", rows, err)
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "gatecrier.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken, gone := strings.TrimPrefix(strings.TrimSuffix(d.URL, path(d.URL)), "http://"), filepath.Join(t.TempDir(), "new")
	for name, o := range map[string]demo.Options{
		"listens on " + taken + " already":       {Dir: gone, Listen: taken, Log: slog.New(slog.DiscardHandler)},
		"is not empty, and has no complete demo": {Dir: other, Listen: "127.0.0.1:0"},
		"for this machine alone":                 {Dir: t.TempDir(), Listen: "0.0.0.0:0"},
	} {
		if _, err := demo.Start(t.Context(), o); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(gone); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a demo that did not start left something: %v", err)
	}
}

// The demo starts with exceptions. It throws one on request, which notifies once and is counted
// after that.
func TestDemo_ThrowsException(t *testing.T) {
	t.Parallel()
	d := startDemo(t, filepath.Join(t.TempDir(), "demo"))
	defer stopDemo(t, d)
	enter := path(d.URL)
	b := apptest.NewBrowser(t, strings.TrimSuffix(d.URL, enter))
	b.Open(enter)
	apptest.Eventually(t, "the demo's page is there", func() bool { return b.Path() == "/demo" })
	b.Open("/exceptions?product=2")
	b.WantText("psycopg.OperationalError", "billing.store.connect", "80", "suppressed")
	b.Open("/exceptions?state=resolved")
	b.WantText("TypeError", "Customer portal", "38", "Resolved")
	b.Open("/demo")
	for _, text := range []string{"one message to each target", "again: 1 suppressed", "again: 2 suppressed"} {
		b.Press("form[action='/demo/exception'] button")
		b.WantText("GatewayTimeout", text)
	}
	b.Press("#demo-now a[href^='/exceptions/']")
	b.WantText("GatewayTimeout", "no answer from the payment gateway", "checkout@3.12.0", "PaymentFailed",
		"2 library calls")
	b.CheckPage("demo-exception")
	b.Open("/demo")
	b.WaitFor("one message to each of four targets", `document.querySelectorAll("#demo-list article").length === 4`)
	b.WantText("Exception GatewayTimeout")
	b.Open("/products/2?tab=exceptions")
	b.CheckPage("demo-product-exceptions")

	visitor, err := d.Store.UserByName(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	visitor.Administrator = false
	if err := d.Store.Write(t.Context(), func(tx *models.Tx) error { return tx.SaveUser(&visitor) }); err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"/demo", "/demo/messages?after=0", "/demo/messages/1/mail"} {
		b.Open(at)
		b.WantText("Only administrators can see the received messages")
	}
}

func path(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	return rest[strings.IndexByte(rest, '/'):]
}
