package apptest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"gatecrier/app/apptest"
)

// A new user does things in an unexpected order: each attempt ends on a page that says what to do.
func TestOnboarding_UnexpectedSteps(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	b := apptest.NewBrowser(t, p.URL)
	b.Do(chromedp.EmulateViewport(1440, 900))
	b.Open("/inbox?q=")
	b.Fill("#f-name", "admin")
	b.Fill("#f-password", "admin")
	b.Press("form[action='/login'] button")
	b.WantText("Incorrect user name or password")
	b.Press("a[href^='/login/forgot']")
	b.WantText("Email is not configured on this server", "gatecrier user password NAME")
	b.Open("/inbox?q=")
	b.Fill("#f-name", "admin")
	b.Fill("#f-password", apptest.Password)
	b.Press("form[action='/login'] button")
	if b.Path() != "/inbox?q=" {
		t.Errorf("signed in, at %s, not where the way led", b.Path())
	}
	b.WantText("No notifications yet. Gate changes of your products")
	b.Open("/")
	b.WantText("Welcome to Gatecrier", "Create a product")
	b.Open("/products/1")
	b.WantText("There is no such product", "Go to overview")
	b.Open("/products/new")
	b.Fill("[name=name]", "  ") // nothing at all the browser itself refuses
	b.Press("form[action='/products'] button[type=submit]")
	b.WantText("1 to 255 characters")
	b.Fill("[name=name]", "Shop")
	b.Press("form[action='/products'] button[type=submit]")
	b.WantText("Product created", "Waiting for the first report", "Add a notification target")

	// An invalid report, an empty one, and no report.
	dir := t.TempDir()
	for name, said := range map[string]string{
		"": "Choose a report", "empty.json": "empty", "notes.json": "no report of a known",
	} {
		b.Open("/products/1/upload")
		b.Evaluate(`document.querySelector("[name=file]").required = false`)
		if name != "" {
			text := map[string]string{"empty.json": "", "notes.json": `{"notes": []}`}[name]
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			b.Do(chromedp.SetUploadFiles("[name=file]", []string{filepath.Join(dir, name)}))
		}
		b.Do(chromedp.Click("form[action$='/upload'] button[type=submit]"))
		b.WaitFor(name+" is refused: "+said, `document.querySelector("[data-errors]")?.innerText.includes("`+said+`")`)
	}

	// A reload after an upload shows the form without sending the report again.
	path, err := filepath.Abs("../ingest/testdata/grype-image.json")
	if err != nil {
		t.Fatal(err)
	}
	b.Open("/products/1/upload")
	b.Do(chromedp.SetUploadFiles("[name=file]", []string{path}))
	b.Do(chromedp.Click("form[action$='/upload'] button[type=submit]"))
	b.WaitFor("the report is in", `document.querySelector("main").innerText.includes("18 high (threshold 0)")`)
	b.Do(chromedp.Reload())
	b.WantText("Upload report", "Detect automatically")
	b.Open("/products/1?tab=history")
	b.Evaluate("setTimeout(() => history.back(), 0)")
	b.WaitFor("the way back leads to the form", `document.querySelector("main h1").innerText === "Upload report"`)

	// Paper shows the history, without buttons.
	b.Open("/products/1?tab=history")
	b.EmulateMedia("print")
	b.WantText("18 high (threshold 0)")
	b.WaitFor("paper has no navigation",
		`[...document.querySelectorAll(".gc-top, .gc-side, .gc-tabs, .gc-chips, .btn")].every(e => !e.checkVisibility())`)
	b.EmulateMedia("screen")

	// Two tabs: one shows what the other has deleted.
	admin := p.Client("admin")
	b.Open("/products/1?tab=settings")
	admin.Must(204, "DELETE", "/products/1", nil)
	b.Do(chromedp.Click("form[action$='/settings'] button[type=submit]"))
	b.WaitFor("the product is gone", `document.querySelector("main").innerText.includes("There is no such product")`)
	b.Open("/products?q=Shop")
	b.WantText("No products yet")
}
