package apptest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// takeover is what a thief has made of the stolen session of eve, whose password the thief knows too.
type takeover struct {
	t     *testing.T
	p     *apptest.Program
	box   *mailServer
	admin *apptest.Client
	user  string // eve's path in the API

	owner    *http.Client // eve's own browser
	kept     *apptest.Client
	keptID   int64
	stolen   *http.Client // with a copy of the owner's cookie
	second   *http.Client // signed in by the thief
	token    *apptest.Client
	renewed  *apptest.Client // made by the thief's token
	feed     string
	confirm  string // the link that was sent to the thief's address
	password string // the link to choose a password
	live     <-chan string
}

var credentialLink = regexp.MustCompile(`http://\S+/login/(?:reset|mail|undo)\?link=[\w-]{43}`)

var linkInPage = regexp.MustCompile(`name="link" value="([\w-]{43})"`)

// plainText returns the text of an email without its quoted-printable encoding.
func (m receivedMail) plainText() string {
	return strings.NewReplacer("=\r\n", "", "=3D", "=").Replace(m.text)
}

// linkFor waits for an email to an address with a link to a path, and returns the newest such link.
func (b *mailServer) linkFor(t *testing.T, to, path string) string {
	t.Helper()
	var found string
	apptest.Eventually(t, "an email to "+to+" with a link to "+path, func() bool {
		for _, m := range b.received() {
			if link := credentialLink.FindString(m.plainText()); m.to == to && strings.Contains(link, path+"?") {
				found = link
			}
		}
		return found != ""
	})
	return found
}

// newTakeover lets a thief make all that a session and the password of eve allow. With invite, the
// password link is one from an administrator.
func newTakeover(t *testing.T, p *apptest.Program, invite bool) *takeover {
	t.Helper()
	w := &takeover{t: t, p: p, box: enableMail(t, p), admin: p.Client("admin")}
	w.user = fmt.Sprintf("/users/%d", p.User("eve").ID)
	w.owner = signInAs(t, p, "eve", apptest.Password)
	w.kept, w.keptID = w.newToken(w.owner, "ci")
	home, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	w.stolen = newHTTPClient(t)
	w.stolen.Jar.SetCookies(home, w.owner.Jar.Cookies(home))
	w.second = signInAs(t, p, "eve", apptest.Password)
	w.token, _ = w.newToken(w.stolen, "thief")
	text, _ := w.token.Must(http.StatusCreated, "POST", "/tokens", object{"name": "thief again"}).Get("token").(string)
	w.renewed = apptest.NewClient(t, p.URL, text)
	status, page := postForm(t, w.stolen, p.URL+"/profile/feed", encodeForm("password", apptest.Password))
	w.feed = regexp.MustCompile(`http://\S+\.atom`).FindString(page)
	if status != http.StatusOK || w.feed == "" {
		t.Fatalf("a feed: %d", status)
	}
	w.requestEmail(w.stolen, "thief@evil.example")
	w.confirm = w.box.linkFor(t, "thief@evil.example", "/login/mail")
	if invite {
		w.admin.Must(http.StatusOK, "POST", w.user+"/password", object{"link": true})
	} else {
		requestPasswordLink(t, p, "eve")
	}
	w.password = w.box.linkFor(t, "eve@example.com", "/login/reset")
	if invite { // it has ended the address that waited
		w.requestEmail(w.stolen, "thief@evil.example")
		apptest.Eventually(t, "another confirmation is sent", func() bool {
			was := w.confirm
			w.confirm = w.box.linkFor(t, "thief@evil.example", "/login/mail")
			return w.confirm != was
		})
	}
	said, stop := streamLines(t, w.stolen, p.URL+"/inbox/live")
	t.Cleanup(stop)
	waitLine(t, said, `{"unread":0,"newest":0}`)
	w.live = said
	return w
}

// newToken makes a token by the page, and returns a client with it, and its id.
func (w *takeover) newToken(c *http.Client, name string) (*apptest.Client, int64) {
	w.t.Helper()
	return w.newTokenBy(c, name, apptest.Password)
}

func (w *takeover) newTokenBy(c *http.Client, name, password string) (*apptest.Client, int64) {
	w.t.Helper()
	status, page := postForm(w.t, c, w.p.URL+"/profile/tokens",
		encodeForm("name", name, "role", "", "expires", "", "password", password))
	made := regexp.MustCompile(`gct_[A-Z2-7]{52}`).FindString(page)
	if status != http.StatusOK || made == "" {
		w.t.Fatalf("token %s: %d %s", name, status, fieldErrors(page))
	}
	client := apptest.NewClient(w.t, w.p.URL, made)
	list := client.Must(http.StatusOK, "GET", "/tokens", nil)
	return client, list.ID("items.0.id")
}

// requestEmail asks for another email address by the page.
func (w *takeover) requestEmail(c *http.Client, email string) {
	w.t.Helper()
	if status, to := submitForm(w.t, c, w.p.URL+"/profile", encodeForm("first_name", "", "email", email,
		"time_zone", "", "theme", "", "password", apptest.Password), formKind); status != http.StatusSeeOther {
		w.t.Fatalf("another address: %d to %q", status, to)
	}
}

// way is one of the thief's ways into the account.
type way struct {
	name  string
	works func() bool
}

// opens reports whether a mailed link opens its page.
func (w *takeover) opens(link string) bool {
	status, _ := getNoRedirect(w.t, newHTTPClient(w.t), link)
	return status == http.StatusOK
}

// ways returns what the thief can try, without using a link up.
func (w *takeover) ways() []way {
	page := func(c *http.Client, path string) func() bool {
		return func() bool {
			status, _ := getNoRedirect(w.t, c, w.p.URL+path)
			return status == http.StatusOK
		}
	}
	call := func(c *apptest.Client, method, path string, body any) func() bool {
		return func() bool { return c.Do(method, path, body).Status < http.StatusBadRequest }
	}
	return []way{
		{"the stolen cookie", page(w.stolen, "/inbox")},
		{"a form with the stolen cookie", func() bool {
			status, to := submitForm(w.t, w.stolen, w.p.URL+"/profile/theme", encodeForm("theme", "dark"), formKind)
			return status < http.StatusBadRequest && !strings.HasPrefix(to, "/login")
		}},
		{"a second session", page(w.second, "/profile")},
		{"the link that confirms the thief's address", func() bool { return w.opens(w.confirm) }},
		{"the link for a new password", func() bool { return w.opens(w.password) }},
		{"a token", call(w.token, "GET", "/products", nil)},
		{"another token by the token", call(w.token, "POST", "/tokens", object{"name": "more"})},
		{"a token that a token made", call(w.renewed, "GET", "/tokens", nil)},
		{"the feed", func() bool {
			res, _ := fetchBadge(w.t, "GET", w.feed, "")
			return res.Status == http.StatusOK
		}},
		{"another feed by the token", call(w.renewed, "POST", "/feed", nil)},
	}
}

// post uses links up. It reports which of them worked.
func (w *takeover) post() (worked []string) {
	for path, link := range map[string]string{"/login/mail": w.confirm, "/login/reset": w.password} {
		status, _ := submitForm(w.t, newHTTPClient(w.t), w.p.URL+path,
			encodeForm("link", linkSecret(w.t, link), "new", "chosen by the thief", "repeat", "chosen by the thief"), formKind)
		if status < http.StatusBadRequest {
			worked = append(worked, path)
		}
	}
	return worked
}

// wantAll fails the test unless each way works, so that a test of what ends them proves something.
func (w *takeover) wantAll() {
	w.t.Helper()
	for _, way := range w.ways() {
		if way.name == "another feed by the token" { // it would replace the feed
			continue
		}
		if !way.works() {
			w.t.Errorf("before: %s does not work", way.name)
		}
	}
}

// wantNone fails the test if a way works, or the stream goes on.
func (w *takeover) wantNone(when string) {
	w.t.Helper()
	for _, way := range w.ways() {
		if way.works() {
			w.t.Errorf("%s: %s works", when, way.name)
		}
	}
	if worked := w.post(); len(worked) > 0 {
		w.t.Errorf("%s: the form of %v works", when, worked)
	}
	select {
	case text, open := <-w.live:
		if open {
			w.t.Errorf("%s: the stream says %s", when, text)
		}
	case <-time.After(5 * time.Second):
		w.t.Errorf("%s: the stream goes on", when)
	}
	u, err := w.p.Store.UserByName(w.t.Context(), "eve")
	if err != nil || strings.Contains(u.Email+u.EmailPending, "thief") {
		w.t.Errorf("%s: the address is %q, and %q waits, %v", when, u.Email, u.EmailPending, err)
	}
}
