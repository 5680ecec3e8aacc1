package apptest_test

import (
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"gatecrier/app/apptest"
)

// typeIn types a text into a field, as a user does.
func typeIn(b *apptest.Browser, selector, text string) {
	b.Do(chromedp.Focus(selector), chromedp.SendKeys(selector, text))
}

// wantNoQuestion fails the test if a step makes the browser ask whether to leave the page.
func wantNoQuestion(t *testing.T, b *apptest.Browser, step string, do func()) {
	t.Helper()
	before := b.Questions()
	do()
	if b.Questions() != before {
		t.Errorf("%s: the browser asked", step)
	}
}

const productsLink = "nav a[href='/products']"

// The browser asks before it leaves a form with changes, and only then.
func TestUnsavedChanges_AskBeforeLeaving(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	newProduct(t, c, "Shop", "")
	c.Must(http.StatusOK, "PATCH", "/products/1", object{"description": "one\r\ntwo"})
	const settings = "/products/1?tab=settings"
	const save = "form[action='/products/1/settings'] .btn-primary"
	const discard = "form[action='/products/1/settings'] a[data-discard]"
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)

	b.Open(settings)
	wantNoQuestion(t, b, "nothing is typed", func() { b.Press(productsLink) })
	b.Open(settings)
	typeIn(b, "#f-stale_after", "7")
	b.WantQuestion(productsLink)
	wantField(t, b, "#f-stale_after", "7")
	wantNoQuestion(t, b, "changes are discarded", func() { b.Press(discard) })
	wantField(t, b, "#f-stale_after", "")
	typeIn(b, "#f-stale_after", "7")
	b.Type(kb.Backspace)
	wantNoQuestion(t, b, "the text is as it was", func() { b.Press(productsLink) })

	b.Open(settings)
	typeIn(b, "#f-stale_after", "7 days")
	wantNoQuestion(t, b, "the form is sent", func() { b.Press(save) })
	wantField(t, b, "#f-stale_after", "7 days")
	wantNoQuestion(t, b, "the form is saved", func() { b.Press(productsLink) })

	// A list's search and its filters save nothing.
	typeIn(b, "main input[name=q]", "Shop")
	wantNoQuestion(t, b, "a search", func() { b.Press("nav a[href='/inbox']") })

	// A choice, and a box.
	b.Open("/profile")
	b.Do(chromedp.SetValue("select[name=theme]", "dark"))
	b.WantQuestion(productsLink)
	b.Open("/admin/settings/gate")
	b.Do(chromedp.Click("input[name=active]"))
	b.WantQuestion(productsLink)
	b.Do(chromedp.Click("input[name=active]"))
	wantNoQuestion(t, b, "the box is as it was", func() { b.Press(productsLink) })
}

// A form that came back, after a refusal or with a kept text, is not saved.
func TestUnsavedChanges_OfFormThatCameBack(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	newProduct(t, p.Client("admin"), "Shop", "")
	const settings = "/products/1?tab=settings"
	const save = "form[action='/products/1/settings'] .btn-primary"
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)

	b.Open(settings)
	typeIn(b, "#f-stale_after", "soon")
	wantNoQuestion(t, b, "the form is sent", func() { b.Press(save) })
	b.WantText("1 field needs attention")
	b.WantQuestion(productsLink)
	wantField(t, b, "#f-stale_after", "soon")
	wantNoQuestion(t, b, "changes are discarded", func() {
		b.Press("form[action='/products/1/settings'] a[data-discard]")
	})

	typeIn(b, "#f-description", "kept")
	endSessions(t, p)
	b.Press(save)
	b.Fill("#f-name", "admin")
	b.Fill("#f-password", apptest.Password)
	wantNoQuestion(t, b, "the sign-in", func() { b.Press("form[action='/login'] button") })
	b.WantText("Your text was kept")
	b.WantQuestion(productsLink)
	wantField(t, b, "#f-description", "kept")
	wantNoQuestion(t, b, "the kept text is saved", func() { b.Press(save) })
	wantNoQuestion(t, b, "the page after it", func() { b.Press(productsLink) })
}
