package apptest_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models/modelstest"
)

// waitingInstallation makes a backup of an installation in which the message of one product waits to be
// tried again, and an event of a second product is not routed. It returns the restored data directory.
func waitingInstallation(t *testing.T) (dir string, receiver *apptest.Receiver) {
	t.Helper()
	receiver = apptest.NewReceiver(t)
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	one, two := newProduct(t, c, "One", receiver.URL), newProduct(t, c, "Two", receiver.URL)
	receiver.Answer(http.StatusServiceUnavailable, http.StatusServiceUnavailable)
	for i, s := range []productFixture{one, two} {
		c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
		receiver.Wait(t, i+1)
	}
	apptest.Eventually(t, "both messages wait for another attempt", func() bool {
		return itemCount(c.Must(http.StatusOK, "GET", "/deliveries?state=retrying", nil)) == 2
	})
	p.Stop()
	// As after a kill between the event and its routing.
	modelstest.Statement(t, filepath.Join(p.Dir, "gatecrier.db"), `
		PRAGMA foreign_keys = ON;
		DELETE FROM deliveries WHERE product_id = (SELECT id FROM products WHERE name = 'Two');
		INSERT INTO event_work (reader, event_id, product_id, next_at)
		SELECT 'notify', id, product_id, 0 FROM events
		WHERE product_id = (SELECT id FROM products WHERE name = 'Two') AND type = 'gate.changed'`)
	file := filepath.Join(t.TempDir(), "backup")
	mustRun(t, dataDir(p.Dir), "backup", "--with-key", file)
	dir = t.TempDir()
	out := mustRun(t, dataDir(dir), "restore", file)
	if !strings.Contains(out, "1 message that waited in the backup is held") {
		t.Errorf("it says %s", out)
	}
	return dir, receiver
}

// Messages that waited in a backup are held across restarts, and sent when an administrator says so.
// New events are delivered meanwhile.
func TestHeld_SendAfterConfirmation(t *testing.T) {
	t.Parallel()
	dir, receiver := waitingInstallation(t)
	const before = 2 // messages that the receiver refused
	p := apptest.Start(t, apptest.Options{Dir: dir})
	c := p.Client("admin")
	held := func() int64 { return c.Must(http.StatusOK, "GET", "/held-deliveries", nil).ID("count") }
	apptest.Eventually(t, "the event that was not routed is held too", func() bool { return held() == 2 })
	three := newProduct(t, c, "Three", receiver.URL)
	c.Must(http.StatusOK, "PUT", three.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
	receiver.Wait(t, before+1)
	p.Clock.Advance(80 * time.Hour) // longer than messages live
	p.Wake()
	p.Stop()

	p = apptest.Start(t, apptest.Options{Dir: dir, StartTime: time.Now().Add(81 * time.Hour)})
	c = p.Client("admin")
	a := c.Must(http.StatusOK, "GET", "/held-deliveries", nil)
	if a.ID("count") != 2 || a.Get("waiting") != true || a.Get("targets.0.name") != "hook" ||
		itemCount(c.Must(http.StatusOK, "GET", "/deliveries?state=held", nil)) != 2 {
		t.Errorf("after a restart: %s", a.Text)
	}
	s := newPageClient(t, p, "admin")
	for _, path := range []string{"/", "/products", "/admin/health"} {
		if body := s.must(http.StatusOK, "GET", path); !strings.Contains(body, "2 messages wait for your decision") {
			t.Errorf("%s does not name the held messages", path)
		}
	}
	p.User("eve")
	body := newPageClient(t, p, "eve").must(http.StatusOK, "GET", "/")
	if strings.Contains(body, "wait for your decision") {
		t.Error("users who are not administrators see it")
	}
	body = s.must(http.StatusOK, "GET", "/admin/held")
	for _, want := range []string{"hook", "One", "Two", "Send 2 messages", "Cancel 2 messages"} {
		if !strings.Contains(body, want) {
			t.Errorf("the preview lacks %q", want)
		}
	}
	id := c.Must(http.StatusOK, "GET", "/deliveries?state=held", nil).ID("items.0.id")
	c.Must(http.StatusConflict, "POST", fmt.Sprintf("/deliveries/%d/resend", id), nil)
	if n := len(receiver.Messages()); n != before+1 {
		t.Fatalf("%d messages arrived, want %d: none is sent before it is confirmed", n, before+1)
	}
	s.must(http.StatusSeeOther, "POST", "/admin/held/send")
	receiver.Wait(t, before+3)
	c.Must(http.StatusConflict, "POST", "/held-deliveries/send", nil)
	if body := s.must(http.StatusOK, "GET", "/products"); strings.Contains(body, "wait for your decision") {
		t.Error("the decision is still asked for")
	}
	apptest.Eventually(t, "both are delivered", func() bool {
		return itemCount(c.Must(http.StatusOK, "GET", "/deliveries?state=delivered", nil)) == 3
	})
}

// A cancellation needs a reason, which the delivery log shows.
func TestHeld_Cancel(t *testing.T) {
	t.Parallel()
	dir, receiver := waitingInstallation(t)
	p := apptest.Start(t, apptest.Options{Dir: dir})
	c := p.Client("admin")
	apptest.Eventually(t, "both messages are held", func() bool {
		return c.Must(http.StatusOK, "GET", "/held-deliveries", nil).ID("count") == 2
	})
	for _, reason := range []string{"", "  ", "a\nb", strings.Repeat("x", 201)} {
		c.Must(http.StatusUnprocessableEntity, "POST", "/held-deliveries/cancel", object{"reason": reason})
	}
	s := newPageClient(t, p, "admin")
	if body := s.must(http.StatusUnprocessableEntity, "POST", "/admin/held/cancel", "reason", ""); !strings.Contains(
		body, "Enter a reason") {
		t.Error("the page does not ask for the reason")
	}
	out := mustRun(t, dataDir(dir), "held")
	if !strings.Contains(out, "2 messages are held") || !strings.Contains(out, "hook") {
		t.Errorf("the command says %s", out)
	}
	mustRun(t, dataDir(dir), "held", "cancel", "--reason", "The old server has sent them")
	a := c.Must(http.StatusOK, "GET", "/deliveries?state=cancelled", nil)
	const why = "Canceled after a restore by the command line: The old server has sent them"
	if itemCount(a) != 2 || !strings.Contains(a.Text, why) {
		t.Errorf("the delivery log: %s", a.Text)
	}
	if n := len(receiver.Messages()); n != 2 {
		t.Errorf("%d messages arrived, want 2", n)
	}
	if out := mustRun(t, dataDir(dir), "held"); !strings.Contains(out, "Nothing is held") {
		t.Errorf("the command says %s", out)
	}
	code, said := command(t, dataDir(dir), "held", "send")
	if code != 1 || !strings.Contains(said, "There are no held messages") {
		t.Errorf("a second decision: exit %d: %s", code, said)
	}
}

// A restore ends sessions.
func TestRestore_EndsSessions(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	s := newPageClient(t, p, "admin")
	s.must(http.StatusOK, "GET", "/products")
	file := filepath.Join(t.TempDir(), "backup")
	mustRun(t, dataDir(p.Dir), "backup", "--with-key", file)
	dir := t.TempDir()
	mustRun(t, dataDir(dir), "restore", file)
	restored := apptest.Start(t, apptest.Options{Dir: dir})
	admin, err := restored.Store.UserByName(t.Context(), "admin")
	if err != nil {
		t.Fatal(err)
	}
	wantCommandLine(t, restored.Client("admin"), "database", "run", `"backup_of":"`)
	sessions, err := restored.Store.SessionsOf(t.Context(), admin.ID)
	if err != nil || len(sessions) != 0 {
		t.Errorf("%d sessions after a restore: %v", len(sessions), err)
	}
}
