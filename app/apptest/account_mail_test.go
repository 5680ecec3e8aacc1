package apptest_test

import (
	"cmp"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"gatecrier/app/apptest"
	"gatecrier/models/modelstest"
)

// refuseForNow refuses all recipients for a time.
func refuseForNow(string) error {
	return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try again later"}
}

// recipients returns the recipients of all received emails in alphabetical order.
func (b *mailServer) recipients() []string {
	var list []string
	for _, m := range b.received() {
		list = append(list, m.to)
	}
	slices.Sort(list)
	return list
}

// eachKillable runs a scenario with processes on both databases.
func eachKillable(t *testing.T, fn func(t *testing.T, o spawnOptions)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		fn(t, spawnOptions{dir: t.TempDir(), movable: true})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		fn(t, spawnOptions{dir: t.TempDir(), database: modelstest.MigratedURL(t), movable: true})
	})
}

// Each email of an answered request arrives once, even if the program is killed after the answer
// while the mail server refuses all.
func TestAccountMail_SurvivesKill(t *testing.T) {
	t.Parallel()
	eachKillable(t, func(t *testing.T, o spawnOptions) {
		box, port := newMailServer(t)
		box.refuseRecipients(refuseForNow)
		p := startProcessWith(t, o)
		c := p.client(t)
		c.Must(http.StatusOK, "PATCH", "/settings/mail",
			object{"email_from": "gates@example.org", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none"})
		bob := c.Must(http.StatusCreated, "POST", "/users", object{"name": "bob", "email": "bob@example.org"}).ID("id")
		c.Must(http.StatusCreated, "POST", "/users", object{"name": "carol", "email": "carol@example.org"})
		c.Must(http.StatusCreated, "POST", "/users", object{"name": "eve", "email": "eve@example.org", "link": true})
		c.Must(http.StatusOK, "PATCH", fmt.Sprintf("/users/%d", bob), object{"email": "bob@new.example"})
		status, _ := postForm(t, newHTTPClient(t), p.url+"/login/forgot", encodeForm("who", "carol"))
		if status != http.StatusOK {
			t.Errorf("asked for a link: %d", status)
		}
		p.kill()
		box.refuseRecipients(nil)

		o.ahead = time.Minute
		p = startProcessWith(t, o)
		want := []string{"bob@example.org", "carol@example.org", "eve@example.org"}
		apptest.Eventually(t, "the emails arrive", func() bool { return len(box.received()) >= len(want) })
		for _, path := range []string{"carol@example.org", "eve@example.org"} {
			link := box.linkFor(t, path, "/login/reset")
			_, rest, _ := strings.Cut(link, "/login/")
			link = p.url + "/login/" + rest // another port now
			status, _ := getNoRedirect(t, newHTTPClient(t), link)
			if status != http.StatusOK {
				t.Errorf("the link to %s: %d", path, status)
			}
		}
		database := cmp.Or(o.database, "sqlite:"+filepath.Join(o.dir, "gatecrier.db"))
		apptest.Eventually(t, "the results are stored", func() bool {
			return modelstest.Number(t, database, "SELECT count(*) FROM account_mails") == 0
		})
		p.kill()
		o.ahead = 2 * time.Minute
		p = startProcessWith(t, o)
		p.client(t).Must(http.StatusCreated, "POST", "/users",
			object{"name": "zoe", "email": "zoe@example.org", "link": true})
		box.linkFor(t, "zoe@example.org", "/login/reset") // after all that waited
		if got := box.recipients(); !slices.Equal(got, append(want, "zoe@example.org")) {
			t.Errorf("arrived: %v, want %v once each", got, want)
		}
	})
}
