package apptest_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// The forms of settings are filled in with the values in force, and a save that changes gates asks first.
func TestGateSettingsForms_AskBeforeGatesChange(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c, receiver := p.Client("admin"), apptest.NewReceiver(t)
		s := newProduct(t, c, "Shop", receiver.URL)
		c.Must(http.StatusOK, "PUT", s.path+"/counts",
			object{"scanner": "x", "counts": map[string]int{
				"critical": 0, "high": 0, "medium": 2, "low": 0, "none": 0, "unknown": 0,
			}})
		group := c.Must(http.StatusCreated, "POST", "/groups", object{"name": "Payments"}).ID("id")
		c.Must(http.StatusOK, "PATCH", s.path, object{"group_id": group})
		page := signedInAs(t, p, "admin")
		const field = `name="threshold_medium" type="number" min="0" max="999999" inputmode="numeric" value="99999"`
		product := []string{"name", "Shop", "default_branch", "main", "counting", "on"}
		for _, form := range []struct {
			path, read string
			keep, fail []string
		}{
			{
				"/products/1/settings", "/products/1?tab=settings",
				append(product, "gate_mode", "own", "threshold_medium", "99999"),
				append(product, "gate_mode", "own", "threshold_medium", ""),
			},
			{
				"/groups/1/settings", "/groups/1?tab=settings",
				[]string{"name", "Payments", "gate_mode", "own", "threshold_medium", "99999"},
				[]string{"name", "Payments", "gate_mode", "own", "threshold_medium", ""},
			},
			{
				"/admin/settings/gate", "/admin/settings/gate",
				[]string{"version", "0", "active", "on", "threshold_medium", "99999"},
				[]string{"version", "1", "active", "on", "threshold_medium", "1"},
			},
		} {
			state := func() any { return c.Must(http.StatusOK, "GET", s.path, nil).Get("gate.state") }
			if form.path != form.read {
				page.wantText(form.read, field)
			}
			page.mustPost(form.path, form.keep...)
			if got := state(); got != "passed" {
				t.Fatalf("%s: the values in force make the gate %v", form.path, got)
			}
			status, text := page.post(form.path, form.fail...)
			const question = "1 gate changes: Shop from passed to failed (2 medium (threshold "
			found := regexp.MustCompile(`name="confirmed" value="([^"]*)"`).FindStringSubmatch(text)
			if status != http.StatusOK || len(found) == 0 || !strings.Contains(text, question) ||
				!strings.Contains(text, "1 target is notified, after the hold time if one is set.") || state() != "passed" {
				t.Fatalf("%s does not ask: %d, %v", form.path, status, found)
			}
			status, _ = page.post(form.path, append(form.fail, "confirmed", "another question")...)
			if status != http.StatusOK {
				t.Errorf("%s: another confirmation saves: %d", form.path, status)
			}
			page.mustPost(form.path, append(form.fail, "confirmed", html.UnescapeString(found[1]))...)
			apptest.Eventually(t, "the gate fails", func() bool { return state() == "failed" })
			if form.path != form.read { // for the next form, and without a policy of its own
				c.Must(http.StatusOK, "PATCH", strings.TrimSuffix(form.path, "/settings"),
					object{"gate_mode": "standard", "thresholds": object{"medium": nil}})
			}
		}
		// A form in standard mode does not store what it was filled in with.
		page.mustPost("/products/1/settings", append(product, "gate_mode", "standard", "threshold_medium", "1")...)
		if a := c.Must(http.StatusOK, "GET", s.path, nil); a.Get("thresholds.medium") != nil {
			t.Errorf("the form stored the values in force: %s", a.Text)
		}
	})
}
