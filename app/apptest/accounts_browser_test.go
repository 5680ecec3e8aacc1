package apptest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"gatecrier/app/account"
	"gatecrier/app/apptest"
)

// wordWithPrefix returns the first word of a page that begins with a prefix and has at least 26
// characters.
func wordWithPrefix(t *testing.T, b *apptest.Browser, prefix string) string {
	t.Helper()
	for _, word := range strings.Fields(b.Text()) {
		if strings.HasPrefix(word, prefix) && len(word) >= 26 {
			return word
		}
	}
	t.Fatalf("nothing to copy that begins with %q:\n%s", prefix, b.Text())
	return ""
}

func signInBrowser(b *apptest.Browser, name, password string) {
	b.Open("/login")
	b.Fill("#f-name", name)
	b.Fill("#f-password", password)
	b.Press("form[action='/login'] button")
}

// An account from its creation by an administrator to a forgotten password and its deactivation.
func TestAccountsInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	newProduct(t, p.Client("admin"), "Shop", "")
	b := apptest.NewBrowser(t, p.URL)
	b.Open("/login/forgot")
	b.WantText("Email is not configured on this server")
	b.CheckPage("forgot-no-mail")

	password := createUser(t, p, b)
	eve := changeProfile(t, p, password)
	other := useTokenAndSessions(t, p, eve)
	resetPasswordByLink(t, p, eve, other)
	deactivateUser(b, other)
}

// createUser creates the user eve as an administrator, and returns the first password.
func createUser(t *testing.T, p *apptest.Program, b *apptest.Browser) (password string) {
	signInBrowser(b, "admin", apptest.Password)
	b.Open("/admin/users")
	b.WantText("Users can be deactivated but not deleted", "1 user shown")
	b.Press("a[href='/admin/users/new']")
	b.CheckPage("user-new")
	b.Fill("[name=name]", "Eve")
	b.Fill("[name=email]", "eve@")
	b.Evaluate(`document.querySelectorAll("form").forEach(f => f.noValidate = true)`)
	b.Press("form[action='/admin/users'] button[type=submit]")
	b.WantText("Enter a valid email address")
	b.CheckPage("user-new-error")
	b.Fill("[name=email]", "eve@example.org")
	b.Fill("#user-password", "guessed")
	b.Press("form[action='/admin/users'] button[type=submit]")
	b.WantText("The current password is wrong")
	b.Fill("#user-password", apptest.Password)
	b.Press("form[action='/admin/users'] button[type=submit]")
	b.WantText("User Eve created", "shown only once")
	b.CheckPage("user-made")
	password = wordWithPrefix(t, b, "")
	p.Client("admin").Must(201, "POST", "/products/1/members", object{"user": "eve", "role": "reader"})
	b.Open("/admin/users?q=EVE")
	b.WantText("eve@example.org", "1 user shown")
	b.Open("/admin/users")
	b.CheckPage("users")
	b.Press("a[href='/admin/users/2']")
	b.WantText("Shop", "reader", "must be changed", "Users cannot be deleted")
	b.CheckPage("user")
	b.TabThrough("the page of a user")
	b.Press("a[href='/admin/users/2/password']")
	b.WantText("Generate password")
	b.CheckPage("user-password")
	b.Open("/admin/users/1/demote")
	b.Press("main .btn-danger")
	b.WantText("This is the last active administrator", "No changes were made")
	b.CheckPage("user-ask-refused")
	return password
}

// changeProfile signs eve in with the first password, and changes the password, time zone and theme.
func changeProfile(t *testing.T, p *apptest.Program, password string) (eve *apptest.Browser) {
	eve = apptest.NewBrowser(t, p.URL)
	signInBrowser(eve, "eve", password)
	if eve.Path() != "/profile/password" {
		t.Errorf("a first sign-in leads to %s", eve.Path())
	}
	eve.Fill("[name=current]", password)
	eve.Fill("[name=new]", "password1234")
	eve.Fill("[name=repeat]", "password1234")
	eve.Press("form[action='/profile/password'] button")
	eve.WantText("too common")
	eve.Fill("[name=current]", password)
	eve.Fill("[name=new]", apptest.Password)
	eve.Fill("[name=repeat]", apptest.Password)
	eve.Press("form[action='/profile/password'] button")
	eve.WantText("Password changed")
	eve.Do(chromedp.Click("[popovertarget=me]"))
	eve.Press("#me a[href='/profile']")
	eve.WantText("Your profile", "this session", "Ask an administrator to change the address")
	eve.Fill("[name=first_name]", "Eve")
	eve.Fill("[name=time_zone]", "Asia/Tokyo")
	eve.Do(chromedp.SetValue("[name=theme]", "dark"))
	eve.Press("form[action='/profile'] button[type=submit]")
	eve.WantText("Profile saved")
	eve.WaitFor("it is dark", `document.documentElement.dataset.bsTheme === "dark" &&
		getComputedStyle(document.body).backgroundColor === "rgb(13, 17, 23)"`)
	eve.WaitFor("times are those of Tokyo", `[...document.querySelectorAll("time")].some(e => e.title.includes("GMT+9"))`)
	eve.Do(chromedp.Click("[data-theme]")) // dark, as the system, light
	eve.WaitFor("the switch counts", `!document.documentElement.dataset.bsTheme`)
	apptest.Eventually(t, "it is kept on the server", func() bool {
		u, err := p.Store.UserByName(t.Context(), "eve")
		return err == nil && u.Theme == "" && u.TimeZone == "Asia/Tokyo" && u.FirstName == "Eve"
	})
	eve.Fill("[name=time_zone]", "Nowhere")
	eve.Press("form[action='/profile'] button[type=submit]")
	eve.WantText("Enter a time zone")
	return eve
}

// useTokenAndSessions creates, uses and revokes a token, and ends the session of another browser,
// which it returns.
func useTokenAndSessions(t *testing.T, p *apptest.Program, eve *apptest.Browser) (other *apptest.Browser) {
	eve.Fill("#token-name", "build server")
	eve.Do(chromedp.SetValue("#token-role", "reader"),
		chromedp.SetValue("#token-expires", p.Clock.Now().Add(48*time.Hour).Format(time.DateOnly)))
	eve.Fill("#token-password", apptest.Password)
	eve.Press("form[action='/profile/tokens'] button")
	eve.WantText("Token created", "build server", "reader at most", "in ")
	token := apptest.NewClient(t, p.URL, wordWithPrefix(t, eve, "gct_"))
	if a := token.Must(200, "GET", "/products", nil); a.Get("items.0.name") != "Shop" {
		t.Errorf("the token sees %s", a.Text)
	}
	token.Must(403, "POST", "/products", object{"name": "x"})

	// End the session of another browser.
	other = apptest.NewBrowser(t, p.URL)
	signInBrowser(other, "eve", apptest.Password)
	eve.CheckPage("profile-token")
	eve.Open("/profile")
	eve.WantText("Chromium on Linux", "from 127.0.0.1", "Sign out all other sessions")
	eve.CheckPage("profile")
	eve.TabThrough("the profile")
	eve.Press("form[action^='/profile/sessions/'][action$='/revoke'] button.btn-sm")
	eve.WantText("Session signed out")
	other.Open("/inbox")
	other.WantText("Sign in")
	eve.Press("a[href='/profile/tokens/1/revoke'], a[href$='/revoke']")
	eve.CheckPage("token-revoke")
	eve.Press("main .btn-danger")
	eve.WantText("Token build server revoked")
	token.Must(401, "GET", "/products", nil)
	return other
}

// resetPasswordByLink requests an email, follows its link to a new password, and changes the email
// address.
func resetPasswordByLink(t *testing.T, p *apptest.Program, eve, other *apptest.Browser) {
	box := enableMail(t, p)
	other.Open("/login")
	other.Press("a[href='/login/forgot']")
	other.CheckPage("forgot")
	other.Tab("#f-who")
	other.Type("eve@example.org")
	other.Enter()
	other.WantText("If this user exists")
	other.CheckPage("forgot-asked")
	for _, name := range []string{"nightly", "a script on the old laptop"} {
		if _, err := p.Accounts.CreateToken(t.Context(), "eve", account.NewToken{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	address, _ := box.waitLink(t, 1)
	path := strings.TrimPrefix(address, p.URL)
	other.Open(path)
	other.WantText("Choose a password", "Set a new password for Eve", "Keep these API tokens", "nightly")
	other.CheckPage("password-link")
	other.Fill("[name=new]", "the second good one")
	other.Fill("[name=repeat]", "the second good one")
	other.Do(chromedp.Click("[name=keep]"))
	other.Press("form[action='/login/reset'] button")
	other.WantText("Password changed")
	eve.Open("/inbox")
	eve.WantText("Sign in")
	other.Open(path)
	other.WantText("This link is invalid or has expired")
	other.CheckPage("link-dead")
	signInBrowser(other, "eve", "the second good one")
	other.Open("/profile")
	other.Fill("[name=email]", "eve@new.example")
	other.Fill("#profile-password", "the wrong one")
	other.Press("form[action='/profile'] button[type=submit]")
	other.WantText("The current password is wrong")
	other.CheckPage("profile-password-wrong")
	other.Fill("#profile-password", "the second good one")
	other.Press("form[action='/profile'] button[type=submit]")
	other.WantText("Confirmation link sent to eve@new.example", "stays in effect until you use it")
	address, _ = box.waitLink(t, 2)
	other.Open(strings.TrimPrefix(address, p.URL))
	other.CheckPage("confirm-mail")
	other.Press("form[action='/login/mail'] button")
	other.WantText("Email address confirmed", "eve@new.example", "a script on the old laptop")
	other.Open("/profile/password")
	other.CheckPage("password-tokens")
	other.Open("/profile")
	other.Fill("#feed-password", "the second good one")
	other.Press("form[action='/profile/feed'] button")
	other.Open("/profile/feed/rotate")
	other.CheckPage("feed-rotate")
	other.TabThrough("the question about the feed")
	other.Open(strings.TrimPrefix(box.linkFor(t, "eve@example.org", "/login/undo"), p.URL))
	other.WantText("Undo the change of the email address?")
	other.CheckPage("undo-mail")
	other.Press("form[action='/login/undo'] button")
	other.WantText("Choose a password", "Keep these API tokens")
	other.CheckPage("undo-mail-done")
}

// deactivateUser deactivates eve, whose session in the other browser ends at once.
func deactivateUser(b, other *apptest.Browser) {
	b.Open("/admin/users/2/deactivate")
	b.WantText("All sessions end immediately", "Memberships and the user")
	b.CheckPage("user-deactivate")
	b.Press("main .btn-danger")
	b.WantText("Eve deactivated", "Deactivated")
	b.CheckPage("user-deactivated")
	other.Open("/profile")
	other.WantText("Sign in")
	b.Open("/admin/users?show=deactivated")
	b.WantText("Eve", "1 user shown")
}
