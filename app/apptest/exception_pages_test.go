package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"gatecrier/app/apptest"
	"gatecrier/app/exception"
	"gatecrier/models"
)

func reportException(t *testing.T, p *apptest.Program, r exception.Report) exception.Result {
	t.Helper()
	result, err := p.Exceptions.Report(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func declinedPayment(product int64) exception.Report {
	return exception.Report{
		Kind:        models.ExceptionReported,
		ProductID:   product,
		Class:       "PaymentFailed",
		Message:     "order 7 is not paid",
		Release:     "checkout@3.12.0",
		Environment: "production",
		User:        "ilse",
		Tags:        map[string]string{"gateway": "northpay"},
		Arguments:   map[string]string{"order": "7"},
		Frames: []exception.Frame{
			{Module: "requests.adapters", Function: "send", File: "requests/adapters.py", Line: 713},
			{Module: "checkout.orders", Function: "pay", File: "checkout/orders.py", Line: 141, InApp: true},
		},
		Chain: []exception.Cause{
			{Class: "PaymentFailed", Message: "order 7 is not paid"},
			{
				Class: "Timeout", Message: "no answer in 10 s",
				Frames: []exception.Frame{{Function: "send", File: "requests/adapters.py"}},
			},
		},
	}
}

// A user triages exceptions.
func TestExceptionsInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{ClockBehind: 4 * time.Hour})
	p.User("mei")
	c := p.Client("admin")
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	checkNoLayoutShift(t, b, "exceptions-empty", "/exceptions")
	b.WantText("No exceptions yet", "View products")

	shop := newProduct(t, c, "Checkout", "").id
	c.Must(http.StatusCreated, "POST", "/products/1/members", object{"user": "mei", "role": "reader"})
	group := reportException(t, p, declinedPayment(shop)).Group
	other := declinedPayment(shop)
	other.Class = "KeyError"
	other.Message = `"><script>alert(1)</script>`
	other.Frames = nil
	other.Chain = nil
	other.Release = ""
	second := reportException(t, p, other).Group
	task := reportException(t, p, exception.Report{
		Kind:      models.ExceptionTask,
		ProductID: shop,
		Class:     "*shop.Secret",
		Message:   "it says a secret",
		Function:  "bill",
		Arguments: map[string]string{"year": "2026"},
	}).Group
	reportException(t, p, exception.Report{
		Kind:      models.ExceptionRequest,
		Class:     "panic",
		Message:   "panic: index out of range",
		Function:  "GET /products/:id",
		Reference: "a-b-c",
	})
	for range 3 {
		p.Clock.Advance(61 * time.Minute)
		for range 4 {
			reportException(t, p, declinedPayment(shop))
		}
	}
	if err := p.Exceptions.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}

	checkNoLayoutShift(t, b, "exceptions", "/exceptions")
	b.WantText("PaymentFailed", "order 7 is not paid", "13", "3 suppressed", "Checkout", "Gatecrier requests")
	b.TabThrough("/exceptions")
	b.Open("/exceptions?q=script%3E&state=open&kind=reported&product=1")
	b.WantText("KeyError", "Checkout remove this filter")
	if strings.Contains(b.Text(), "PaymentFailed") {
		t.Error("the filter finds what it should not")
	}
	b.Open("/exceptions?q=nothing-like-that")
	b.WantText("No exceptions match")

	muteAndResolveException(t, p, b, group, shop)
	mergeAndDeleteExceptions(t, p, b, group, second, other)
	manageIngestKey(t, b)
	checkReaderSeesNoSecrets(t, b, task)
}

// muteAndResolveException mutes, unmutes and resolves an exception, which then comes back.
func muteAndResolveException(t *testing.T, p *apptest.Program, b *apptest.Browser, group, shop int64) {
	page := fmt.Sprintf("/exceptions/%d", group)
	checkNoLayoutShift(t, b, "exception", page)
	b.WantText("PaymentFailed", "order 7 is not paid", "3 suppressed since the last notification", "4 times, last",
		"checkout@3.12.0", "1 library call", "checkout.orders.pay", "checkout/orders.py:141", "caused by",
		"no answer in 10 s", "northpay", "production", "exception class and the application's own stack frames",
		"at the earliest")
	b.TabThrough(page)
	b.Press("form[action$='/mute'] button")
	b.WantText("Exception muted until", "Muted, ends in", "Unmute")
	b.Press("form[action$='/unmute'] button")
	b.WantText("Exception unmuted")
	b.Do(chromedp.SetValue("select[name=for]", ""))
	b.Press("form[action$='/mute'] button")
	b.WantText("Enter a date and time")
	b.CheckPage("exception-mute-error")
	b.Open(page)
	b.Press("form[action$='/resolve'] button")
	b.WantText("Exception resolved", "Resolved", "on the next occurrence", "by admin")
	if !reportException(t, p, declinedPayment(shop)).Notified {
		t.Error("a resolved one that is back is not announced")
	}
	b.Open(page)
	b.WantText("Regressed", "after being resolved")

	b.Open("/inbox/1")
	b.Press("a[href='" + page + "']")
	b.WantText("PaymentFailed", "Regressed")
}

// mergeAndDeleteExceptions merges from the list and splits again, resolves all, and deletes one.
func mergeAndDeleteExceptions(
	t *testing.T, p *apptest.Program, b *apptest.Browser, group, second int64, other exception.Report,
) {
	b.Open("/exceptions?product=1&kind=reported")
	b.Do(chromedp.Click(fmt.Sprintf("input[name=id][value='%d']", group)),
		chromedp.Click(fmt.Sprintf("input[name=id][value='%d']", second)))
	b.CheckPage("exceptions-selected")
	b.Press("button[formaction='/exceptions/merge']")
	b.WantText("Merge 1 exception into one?", "PaymentFailed", "KeyError")
	b.CheckPage("exception-merge")
	b.Press("form[action='/exceptions/merge'] button")
	b.WantText("1 exception merged into this one", "Merged exceptions", "KeyError", "by admin")
	b.CheckPage("exception-merged")
	if got := reportException(t, p, other).Group; got != group {
		t.Errorf("a merged one is counted in group %d, want %d", got, group)
	}
	b.Press("form[action$='/split'] button")
	b.WantText("Exception split off")
	activated := reportException(t, p, other).Group
	if activated == group || activated == second {
		t.Errorf("one that was split off is counted in group %d", activated)
	}

	// Resolve all, and delete one.
	b.Open("/exceptions?state=open")
	b.Do(chromedp.Click("#all"))
	b.Press(".gc-bulk button[type=submit]")
	b.WantText("4 exceptions resolved", "No exceptions match")
	b.Open(fmt.Sprintf("/exceptions/%d/delete", activated))
	b.WantText("1 occurrence counted since", "the next occurrence counts as new")
	b.CheckPage("exception-delete")
	b.Press("form[action$='/delete'] button")
	b.WantText("Exception KeyError deleted")
}

// manageIngestKey creates, rotates and deletes the ingest key of a product, then signs out.
func manageIngestKey(t *testing.T, b *apptest.Browser) {
	checkNoLayoutShift(t, b, "product-exceptions-no-key", "/products/1?tab=exceptions")
	b.Fill("#key-password", apptest.Password)
	b.Press("form[action$='/ingest-key'] button")
	b.WantText("DSN created")
	dsn := shownDSN(t, b)
	b.Do(chromedp.Click(".gc-add summary"))
	b.WantText(dsn, "sentry.Init", "Created by admin")
	b.CheckPage("product-exceptions")
	b.TabThrough("/products/1?tab=exceptions")
	b.Open("/products/1?tab=exceptions")
	b.Do(chromedp.Click(".gc-add summary"))
	b.WantText("YOUR_DSN", "Show DSN")
	if strings.Contains(b.Text(), dsn) {
		t.Error("the page shows the DSN again")
	}
	b.Do(chromedp.Click("summary.btn"))
	b.Fill("#key-password", apptest.Password)
	b.Press("form[action$='/ingest-key/show'] button")
	if again := shownDSN(t, b); again != dsn {
		t.Errorf("shows %s, want %s", again, dsn)
	}
	b.Press("a[href$='/ingest-key/rotate']")
	b.WantText("can no longer report exceptions")
	b.CheckPage("key-rotate")
	b.Fill("#ask-password", apptest.Password)
	b.Press("form[action$='/rotate'] button")
	b.WantText("DSN replaced")
	if shownDSN(t, b) == dsn {
		t.Error("the key is the former one")
	}
	b.Press("a[href$='/ingest-key/delete']")
	b.Press("form[action$='/delete'] button")
	b.WantText("DSN removed", "Create DSN")
	b.Do(chromedp.Click("button[popovertarget=me]"))
	b.Press("form[action='/logout'] button")
}

// checkReaderSeesNoSecrets checks that a reader sees no secrets, and can change nothing.
func checkReaderSeesNoSecrets(t *testing.T, b *apptest.Browser, task int64) {
	signInBrowser(b, "mei", apptest.Password)
	checkNoLayoutShift(t, b, "exceptions-reader", "/exceptions")
	b.WantText("PaymentFailed", "*shop.Secret …")
	for _, hidden := range []string{"it says a secret", "panic", "Gatecrier requests"} {
		if strings.Contains(b.Text(), hidden) {
			t.Errorf("a reader sees %q", hidden)
		}
	}
	checkNoLayoutShift(t, b, "exception-masked", fmt.Sprintf("/exceptions/%d", task))
	b.WantText("only administrators can see its details")
	for _, hidden := range []string{"it says a secret", "bill", "year", "Unmute", "Split off", "Delete…"} {
		if strings.Contains(b.Text(), hidden) {
			t.Errorf("a reader sees %q:\n%s", hidden, b.Text())
		}
	}
	checkNoLayoutShift(t, b, "product-exceptions-reader", "/products/1?tab=exceptions")
	if strings.Contains(b.Text(), "DSN") {
		t.Error("a reader sees what only users who can import see")
	}
	b.Open("/exceptions/4") // of a request
	b.WantText("Page not found")
}

// shownDSN returns the DSN that the page shows.
func shownDSN(t *testing.T, b *apptest.Browser) string {
	t.Helper()
	for line := range strings.Lines(b.Text()) {
		if at := strings.Index(line, "http://"); at >= 0 && strings.Contains(line, "@") {
			return strings.TrimSpace(line[at:])
		}
	}
	t.Fatalf("no DSN on the page:\n%s", b.Text())
	return ""
}
