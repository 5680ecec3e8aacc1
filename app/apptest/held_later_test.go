package apptest_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// restoredOnHold returns the directory of a restored backup with a gate change on hold, and with
// emails about accounts that wait: one with a link and one without.
func restoredOnHold(t *testing.T) (dir string, receiver *apptest.Receiver, box *mailServer) {
	t.Helper()
	receiver = apptest.NewReceiver(t)
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	box = enableMail(t, p)
	box.refuseRecipients(refuseForNow)
	eve := p.User("eve")
	c.Must(http.StatusCreated, "POST", "/users", object{"name": "bob", "email": "bob@example.org", "link": true})
	c.Must(http.StatusOK, "PATCH", fmt.Sprintf("/users/%d", eve.ID), object{"email": "eve@new.example"})
	c.Must(http.StatusOK, "PATCH", "/settings/gate", object{"hold_seconds": 600})
	s := newProduct(t, c, "Shop", receiver.URL)
	c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
	p.Stop()
	file := filepath.Join(t.TempDir(), "backup")
	mustRun(t, dataDir(p.Dir), "backup", "--with-key", file)
	dir = t.TempDir()
	said := mustRun(t, dataDir(dir), "restore", file)
	for _, want := range []string{
		"1 message that waited in the backup is held: see gatecrier held",
		"1 email with a link about an account that waited was removed",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in %s", want, said)
		}
	}
	box.refuseRecipients(nil)
	return dir, receiver, box
}

// What a backup has on hold is held after a restore too, and the preview names it before it is due.
func TestHeld_GateChangeOnHoldAndAccountMails(t *testing.T) {
	t.Parallel()
	for name, afterHold := range map[string]bool{"decided later": true, "decided before it is due": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, receiver, box := restoredOnHold(t)
			p := apptest.Start(t, apptest.Options{Dir: dir})
			c, page := p.Client("admin"), newPageClient(t, p, "admin")
			a := c.Must(http.StatusOK, "GET", "/held-deliveries", nil)
			if a.Get("waiting") != true || a.ID("gate_changes") != 1 || a.ID("count") != 1 ||
				a.Get("targets.0.name") != "Emails about accounts" {
				t.Errorf("the preview: %s", a.Text)
			}
			body := page.must(http.StatusOK, "GET", "/admin/held")
			if !strings.Contains(body, "1 gate change on hold") || !strings.Contains(body, "Emails about accounts") {
				t.Error("the page names no gate change on hold or no emails")
			}
			if out := mustRun(t, dataDir(dir), "held"); !strings.Contains(out, "1 gate change on hold") {
				t.Errorf("the command says %s", out)
			}
			due := func() {
				p.Clock.Advance(11 * time.Minute)
				p.Wake()
			}
			if afterHold {
				due()
				apptest.Eventually(t, "the announced change is held", func() bool {
					return c.Must(http.StatusOK, "GET", "/held-deliveries", nil).ID("count") == 2
				})
				if n := len(receiver.Messages()) + len(box.received()); n != 0 {
					t.Fatalf("%d messages arrived before the decision", n)
				}
				page.must(http.StatusSeeOther, "POST", "/admin/held/send")
				waitAnnounced(t, "after the decision", receiver, "none failed held")
				apptest.Eventually(t, "the email arrives", func() bool { return len(box.received()) == 1 })
				if m := box.received()[0]; m.to != "eve@example.com" {
					t.Errorf("the email went to %s", m.to)
				}
				return
			}
			page.must(http.StatusSeeOther, "POST", "/admin/held/cancel", "reason", "already sent")
			due()
			apptest.Eventually(t, "the change is cancelled", func() bool {
				return itemCount(c.Must(http.StatusOK, "GET", "/deliveries?state=cancelled", nil)) == 1
			})
			// A new change is announced as usual.
			s := newProduct(t, c, "New", receiver.URL)
			c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
			due()
			waitAnnounced(t, "a new change", receiver, "none failed held")
			if n := len(box.received()); n != 0 {
				t.Errorf("%d emails arrived after the cancellation", n)
			}
		})
	}
}
