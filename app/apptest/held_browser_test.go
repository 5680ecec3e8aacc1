package apptest_test

import (
	"testing"

	"gatecrier/app/apptest"
)

// An administrator sees on each page that messages are held, looks at them, and cancels them with a
// reason.
func TestHeldInTheBrowser(t *testing.T) {
	t.Parallel()
	dir, _ := waitingInstallation(t)
	p := apptest.Start(t, apptest.Options{Dir: dir})
	c := p.Client("admin")
	apptest.Eventually(t, "both messages are held", func() bool {
		return c.Do("GET", "/held-deliveries", nil).ID("count") == 2
	})
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	b.Open("/admin/health")
	b.WantText("A backup was restored: 2 messages wait for your decision")
	b.CheckPage("held-alert")
	b.Press("#alert-link")
	b.WantText("Held messages", "hook", "One", "Two", "Send 2 messages")
	b.CheckPage("held")
	b.TabThrough("held")
	b.Open("/deliveries?state=held")
	b.WantText("Held after restore")
	b.CheckPage("held-deliveries")
	b.Open("/admin/held")
	b.Fill("[name=reason]", "The old server has sent them")
	b.Press("#held-cancel")
	b.WantText("Held messages canceled", "Decided by admin")
	b.CheckPage("held-decided")
	b.Open("/admin/settings/backup")
	b.WantText("Backups kept", "Directory")
	b.CheckPage("settings-backup")
}
