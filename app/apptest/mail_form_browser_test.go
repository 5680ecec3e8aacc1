package apptest_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"gatecrier/app/apptest"
)

// The form for email shows the fields and the help of the selected options.
func TestMailFormInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	b.Open("/admin/settings/mail")
	shown := func(what, selector string, want bool) {
		t.Helper()
		b.WaitFor(what, fmt.Sprintf(`document.querySelector(%q).checkVisibility() === %v`, selector, want))
	}
	shown("the client ID is hidden", "#f-smtp_oauth_client_id", false)
	shown("the password is shown", "#f-smtp_password", true)
	shown("STARTTLS is explained", "#f-smtp_tls-help > :nth-child(1)", true)
	shown("implicit TLS is not", "#f-smtp_tls-help > :nth-child(2)", false)
	b.Do(chromedp.SetValue("#f-smtp_auth", "xoauth2"), chromedp.SetValue("#f-smtp_tls", "tls"))
	shown("the client ID is there", "#f-smtp_oauth_client_id", true)
	shown("the password is hidden", "#f-smtp_password", false)
	shown("STARTTLS is not explained", "#f-smtp_tls-help > :nth-child(1)", false)
	shown("implicit TLS is", "#f-smtp_tls-help > :nth-child(2)", true)
	b.CheckPage("mail-form")

	b.Open("/silences/new")
	shown("the end is hidden", "[name=until]", false)
	b.Do(chromedp.SetValue("[name=for]", ""))
	shown("the end is there", "[name=until]", true)
}
