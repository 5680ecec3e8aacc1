package apptest_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"gatecrier/app/apptest"
)

// A user follows the first steps of the README.
func TestFirstStepsInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{ClockBehind: 2 * time.Hour})
	receiver := apptest.NewReceiver(t)
	b := apptest.NewBrowser(t, p.URL)

	signInFirst(t, b)
	secret := createFirstProduct(t, b, receiver.URL+"/hook")
	b.Open("/products/1")
	b.CheckPage("product-none")
	p.Clock.Advance(2 * time.Hour)
	uploadReport(t, b, "grype-image.json")
	b.WantText("Failed", "1 critical (threshold 0), 18 high (threshold 0)", "35")
	b.CheckPage("upload-result")
	m := receiver.Wait(t, 1)
	apptest.Verify(t, secret, m)
	p.Clock.Advance(3 * time.Hour)
	waitFor(t, b, "/inbox", "Security gate failed")
	b.CheckPage("inbox")
	for _, tab := range []string{"observations", "history", "deliveries", "targets", "members", "settings"} {
		b.Open("/products/1?tab=" + tab)
		b.WantText("Failed", "1 critical (threshold 0), 18 high (threshold 0)", "CVE-")
		b.CheckPage("product-" + tab)
	}
	b.Open("/")
	b.WantText("1 gate is failing")
	b.CheckPage("overview")
	b.Open("/products")
	b.CheckPage("products")

	uploadMoreReports(t, p, b, receiver)
	// An invalid threshold is refused beside its field.
	b.Open("/products/1?tab=settings")
	b.Do(chromedp.Click("[name=gate_mode][value=own]"))
	b.Fill("[name=threshold_high]", "1000000")
	b.Evaluate(`document.querySelectorAll("form").forEach(f => f.noValidate = true)`)
	b.Press("form[action$='/settings'] button[type=submit]")
	b.WantText("Enter a number from 0 to 999999")
	b.CheckPage("product-settings-error")

	changeGlobalSettings(t, b)
	b.Open("/api")
	b.WantText("Each request needs a token", "/api/v1/products/{id}/reports", "Import a scanner report")
	b.CheckPage("api")
	b.Press("a[href$='#get-product']")
	b.WantText("gate.state", "none, passed, failed", p.URL+"/api/v1/products/{id}", "Needs the role reader.",
		`"default_branch": "main"`, "The token is missing, invalid, expired or revoked")
	b.Open("/api?group=silences") // the group of products takes axe many seconds
	b.Do(chromedp.Click("details.gc-fold > summary"))
	b.CheckPage("api-group")

	b.Open("/products/1/delete")
	b.CheckPage("product-delete")
	b.Open("/products/77")
	b.WantText("There is no such product")
	b.CheckPage("not-found")
}

// signInFirst signs in, with a wrong password first, and looks at the empty pages.
func signInFirst(t *testing.T, b *apptest.Browser) {
	b.Open("/products")
	b.CheckPage("login")
	b.Fill("#f-name", "admin")
	b.Fill("#f-password", "wrong password")
	b.Press("form[action='/login'] button")
	b.WantText("Incorrect user name or password")
	b.Fill("#f-password", apptest.Password)
	b.Press("form[action='/login'] button")
	if b.Path() != "/products" {
		t.Errorf("signed in, at %s", b.Path())
	}
	b.CheckPage("products-empty")
	b.Open("/")
	b.CheckPage("overview-empty")
	b.Open("/inbox")
	b.CheckPage("inbox-empty")
	b.Open("/deliveries")
	b.CheckPage("deliveries-empty")
	b.Open("/profile/password")
	b.CheckPage("password")
}

// createFirstProduct creates a product with a webhook target, and returns the signing secret.
func createFirstProduct(t *testing.T, b *apptest.Browser, url string) (secret string) {
	b.Open("/products/new")
	b.CheckPage("product-new")
	b.Fill("[name=name]", "Payments & Söhne")
	b.Press("form[action='/products'] button[type=submit]")
	b.WantText("Payments & Söhne", "Waiting for the first report")
	b.CheckPage("product-start")
	b.Press(".gc-steps a[href$='tab=targets']")
	b.WantText("Payments & Söhne", "View first steps")
	b.CheckPage("targets-empty")
	b.Fill("#target-webhook-name", "Receiver")
	b.Fill("#target-webhook-url", url)
	b.Press("form[action$='/targets'] button[type=submit]")
	b.WantText("whsec_")
	b.CheckPage("target-secret")
	return secretIn(t, b.Text())
}

// uploadMoreReports uploads an invalid report, the same report again and a clean one, and follows
// the messages.
func uploadMoreReports(t *testing.T, p *apptest.Program, b *apptest.Browser, receiver *apptest.Receiver) {
	bad := filepath.Join(t.TempDir(), "bad.json")
	if err := os.WriteFile(bad, []byte(`{"matches": [{`), 0o600); err != nil {
		t.Fatal(err)
	}
	b.Open("/products/1/upload")
	b.CheckPage("upload")
	b.Do(chromedp.SetUploadFiles("[name=file]", []string{bad}))
	b.Press("form[action$='/upload'] button[type=submit]")
	b.WantText("in matches[0]", "ends too early")
	b.CheckPage("upload-error")

	uploadReport(t, b, "grype-image.json")
	if n := len(receiver.Messages()); n != 1 {
		t.Errorf("%d messages after the same report again, want 1", n)
	}
	uploadReport(t, b, "grype-none.json")
	b.WantText("Passed")
	receiver.Wait(t, 2)
	waitFor(t, b, "/inbox", "Security gate passed")
	p.Clock.Advance(time.Hour)
	b.Open("/")
	b.CheckPage("overview-calm")

	b.Open("/inbox")
	b.Press("a[href^='/inbox/']")
	b.CheckPage("notification")
	b.Open("/deliveries")
	b.WantText("Delivered")
	b.CheckPage("deliveries")
	b.Press("tbody a[href^='/deliveries/']")
	b.WantText("200")
	b.CheckPage("delivery")
}

// changeGlobalSettings visits each section of the settings, and sets up mail with one error first.
func changeGlobalSettings(t *testing.T, b *apptest.Browser) {
	b.Open("/admin/settings")
	b.WantText("BASE_URL", "SITE_NAME")
	b.CheckPage("settings-general")
	for _, section := range []string{"gate", "mail", "reports", "delivery", "users"} {
		b.Open("/admin/settings/" + section)
		b.CheckPage("settings-" + section)
	}
	b.Open("/admin/settings/mail")
	b.Fill("[name=smtp_host]", "mail.example.org")
	b.Fill("[name=smtp_port]", "70465")
	b.Press("form[action='/admin/settings/mail'] button[type=submit]")
	b.WantText("1 field needs attention", "From 1 to 65,535")
	b.CheckPage("settings-mail-error")
	box, port := newMailServer(t)
	b.Fill("[name=smtp_host]", "127.0.0.1")
	b.Fill("[name=smtp_port]", strconv.Itoa(port))
	b.Fill("[name=email_from]", "gates@example.org")
	b.Do(chromedp.SetValue("[name=smtp_tls]", "none"))
	b.Press("form[action='/admin/settings/mail'] button[type=submit]")
	b.WantText("1 field needs attention", "Enter your current password")
	b.CheckPage("settings-mail-password")
	b.Fill("#settings-password", apptest.Password)
	b.Press("form[action='/admin/settings/mail'] button[type=submit]")
	b.WantText("Settings saved", "Last changed by admin,")
	b.Fill("[name=to]", "eve@example.org")
	b.Press("form[action='/admin/settings/mail/test'] button[type=submit]")
	b.WantText("Accepted by the mail server")
	b.CheckPage("settings-mail-test")
	if mails := box.received(); len(mails) != 1 || mails[0].to != "eve@example.org" {
		t.Errorf("test mails: %+v", mails)
	}
}

// uploadReport uploads a report with the form.
func uploadReport(t *testing.T, b *apptest.Browser, name string) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("../ingest/testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	b.Open("/products/1/upload")
	b.Do(chromedp.SetUploadFiles("[name=file]", []string{path}))
	b.Fill("[name=source]", "deps")
	b.Press("form[action$='/upload'] button[type=submit]")
}

// waitFor opens a page until it shows a text.
func waitFor(t *testing.T, b *apptest.Browser, path, text string) {
	t.Helper()
	apptest.Eventually(t, path+" shows "+text, func() bool {
		b.Open(path)
		return strings.Contains(b.Text(), text)
	})
}

func secretIn(t *testing.T, text string) string {
	t.Helper()
	for _, word := range strings.Fields(text) {
		if strings.HasPrefix(word, "whsec_") {
			return word
		}
	}
	t.Fatal("no secret is shown")
	return ""
}
