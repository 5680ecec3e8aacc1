package apptest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/account"
	"gatecrier/app/apptest"
	"gatecrier/app/draft"
)

// A form that is sent after its session has ended comes back filled in after the sign-in of the same user.
func TestFormsKeepTheirTextWhenTheSessionEnds(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	c.Must(http.StatusCreated, "POST", s.path+"/reports", largeReport(1, sameSeverity("Low")))
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	for _, form := range []struct {
		name, page string
		typed      map[string]string
		secret     string // selector of a field that is not kept
		button     string
	}{
		{
			"product settings", "/products/1?tab=settings",
			map[string]string{"#f-description": "first\nsecond <b>", "#f-stale_after": "2 hours"},
			"#f-slack_webhook",
			"form[action='/products/1/settings'] [type=submit]",
		},
		{
			"target", "/products/1?tab=targets",
			map[string]string{"#target-slack-name": "On call"},
			"#target-slack-url", "form[aria-label='Add Slack'] [type=submit]",
		},
		{
			"silence", "/silences/new?product=1",
			map[string]string{"#silence-reason": "maintenance"},
			"",
			`button[type="submit"].btn-primary`,
		},
		{
			"assessment", "/products/1/observations/1",
			map[string]string{"#assess-comment": "behind the firewall"},
			"",
			"form.gc-assess button[type=submit]",
		},
		{
			"settings", "/admin/settings/mail",
			map[string]string{"#f-email_from": "gates@example.org"},
			"#f-smtp_password",
			"form[action='/admin/settings/mail'] [type=submit]",
		},
	} {
		b.Open(form.page)
		for selector, text := range form.typed {
			b.Evaluate(`{ const fold = document.querySelector("` + selector + `").closest("details");
			if (fold) fold.open = true; }`)
			b.Fill(selector, text)
		}
		shown := ""
		if form.secret != "" {
			shown = b.Value(form.secret)
			b.Fill(form.secret, "https://hooks.example/private")
		}
		endSessions(t, p)
		b.Press(form.button)
		b.WantText("Your session has ended. Sign in to continue", "Your text is kept for 15 minutes.")
		b.CheckPage("session-ended")
		b.Fill("#f-name", "admin")
		b.Fill("#f-password", "wrong")
		b.Press("form[action='/login'] button")
		b.Fill("#f-password", apptest.Password)
		b.Press("form[action='/login'] button")
		if b.Path() != form.page {
			t.Errorf("%s: led to %s, want %s", form.name, b.Path(), form.page)
		}
		b.WantText("Your text was kept. Check it and save")
		for selector, text := range form.typed {
			if got := b.Value(selector); got != text {
				t.Errorf("%s: %s has %q, want %q", form.name, selector, got, text)
			}
		}
		if form.secret != "" && b.Value(form.secret) != shown {
			t.Errorf("%s: %s is kept: %q", form.name, form.secret, b.Value(form.secret))
		}
		b.CheckPage("text-kept")
		b.Open(form.page)
		if strings.Contains(b.Text(), "Your text was kept") {
			t.Errorf("%s: the text is shown a second time", form.name)
		}
	}
}

// endSessions ends all sessions of the administrator.
func endSessions(t *testing.T, p *apptest.Program) {
	t.Helper()
	signedInAs(t, p, "admin").mustPost("/profile/sessions/revoke")
}

// A page that stays open after its session has ended keeps what is typed in it.
func TestBackgroundRequestsKeepThePageWhenTheSessionEnds(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	newProduct(t, p.Client("admin"), "Shop", "")
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	b.Open("/products/1?tab=settings")
	b.Fill("#f-description", "typed")
	endSessions(t, p)
	b.Evaluate(`document.body.dispatchEvent(new Event("gc-viewed"))`)
	b.WaitFor("the page says that the session has ended", `!!document.getElementById("signed-out")`)
	wantField(t, b, "#f-description", "typed")
	b.CheckPage("signed-out")

	// htmx sends the form: the sign-in page takes the place of the page.
	b.Evaluate(`{ const form = document.querySelector("form[action='/products/1/settings']");
	htmx.ajax("POST", form.getAttribute("action"), { source: form, swap: "none" }) }`)
	b.WaitFor("the sign-in page comes", `!!document.querySelector("form[action='/login'] [name=draft]")`)
	b.Fill("#f-name", "admin")
	b.Fill("#f-password", apptest.Password)
	b.Press("form[action='/login'] button")
	wantField(t, b, "#f-description", "typed")
}

var formMarks = []string{draft.FieldUser, "1", draft.FieldPage, "/products/1?tab=settings"}

// The text of a form is for the user who opened it, for 15 minutes, and up to a size. Its secrets are in no page.
func TestKeptTextIsForItsUserOnly(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	newProduct(t, p.Client("admin"), "Shop", "")
	_, err := p.Accounts.Create(t.Context(), account.NewUser{
		Name: "eve", Email: "eve@example.org", Password: apptest.Password, Administrator: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	send := func(text string) (pageUser, string) {
		guest := pageUser{t, p.URL, newHTTPClient(t)}
		status, answer := guest.post("/products/1/settings", append([]string{"description", text}, formMarks...)...)
		if status != http.StatusUnauthorized || strings.Contains(answer, "typed") {
			t.Fatalf("sent without a session: %d\n%s", status, answer)
		}
		return guest, draftIn(answer)
	}
	const settings = "/products/1?tab=settings"
	guest, sealed := send("typed")
	guest.mustPost("/login", "name", "eve", "password", apptest.Password, "draft", sealed)
	guest.wantText("/inbox", "The text of the form was not kept")
	guest.wantNoText(settings, "typed")

	guest, sealed = send("typed")
	p.Clock.Advance(draft.Lifetime + time.Second)
	guest.mustPost("/login", "name", "admin", "password", apptest.Password, "draft", sealed)
	guest.wantNoText(settings, "typed")

	guest, sealed = send("typed")
	guest.mustPost("/login", "name", "admin", "password", apptest.Password, "draft", sealed)
	guest.wantText(settings, "typed", "Your text was kept")
	guest.wantNoText(settings, "typed")

	if _, sealed = send(strings.Repeat("x", draft.MaxSize)); sealed != "" {
		t.Error("a large text is kept")
	}
	signedInAs(t, p, "admin").wantText(settings, `name="form_secrets" value="ms_teams_webhook,slack_webhook"`)
}

// draftIn returns the sealed text in a sign-in page, "" for none.
func draftIn(page string) string {
	_, rest, _ := strings.Cut(page, `name="draft" value="`)
	text, _, _ := strings.Cut(rest, `"`)
	return text
}

// An upload without a session keeps its fields, and says that the file is not kept.
func TestUploadKeepsItsFieldsWhenTheSessionEnds(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	newProduct(t, p.Client("admin"), "Shop", "")
	guest := pageUser{t, p.URL, newHTTPClient(t)}
	status, answer := guest.uploadReport("/products/1/upload", "report.json", []byte(`{"private": 1}`), map[string]string{
		draft.FieldUser: "1", draft.FieldPage: "/products/1/upload", "scanner": "zebra",
	})
	if status != http.StatusUnauthorized || !strings.Contains(answer, "Files are not kept either: choose them again.") {
		t.Fatalf("uploaded without a session: %d\n%s", status, answer)
	}
	guest.mustPost("/login", "name", "admin", "password", apptest.Password, "draft", draftIn(answer))
	guest.wantText("/products/1/upload", `name="scanner" value="zebra"`)
}
