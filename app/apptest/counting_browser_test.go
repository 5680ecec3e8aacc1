package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// tick ticks a checkbox or chooses a radio button.
func tick(b *apptest.Browser, selector string) {
	b.Evaluate(fmt.Sprintf("document.querySelector(%q).click()", selector))
}

// A user sets what counts for a product, its group and all products, and sees what it changes.
func TestCountingInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	group := c.Must(http.StatusCreated, "POST", "/groups", object{"name": "Payments"})
	c.Must(http.StatusOK, "PATCH", s.path, object{"group_id": group.ID("id")})
	list := []string{"CVE-2026-0001 Low kev 2", "CVE-2026-0002 Medium kev -", "CVE-2026-0003 High - 2"}
	for i := range 13 {
		list = append(list, fmt.Sprintf("CVE-2026-%04d High - -", 100+i))
	}
	p.Clock.Advance(-time.Hour)
	s.upload(c, exploitedReport(list...))
	p.Clock.Advance(time.Hour)
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)

	b.Open("/admin/settings/gate")
	b.WantText("Count only observations with a fix", "SECURITY_GATE_ONLY_FIXABLE; default: off")
	tick(b, "#f-kev_as_critical")
	b.Press("form[action='/admin/settings/gate'] button[type=submit]")
	b.WantText("Settings saved")
	checkNoLayoutShift(t, b, "counting-settings", "/admin/settings/gate")

	b.Open(s.path + "?tab=settings")
	b.WantText("critical 0, high 0; the others have no threshold; known exploited ones count as critical",
		"Now: off (global)", "Now: on (global)")
	tick(b, "input[name=gate_mode][value=own]")
	tick(b, "#f-only_fixable") // the other one is filled in with the global value
	b.Fill("[name=hold_seconds]", "soon")
	b.Press("form[action$='/settings'] button[type=submit]")
	b.WantText("Enter a time such as")
	b.WaitFor("the form keeps what was typed", `document.querySelector("#f-only_fixable").checked`)
	b.Fill("[name=hold_seconds]", "0")
	b.Press("form[action$='/settings'] button[type=submit]")
	b.WantText("Settings saved", "Now: on (custom)")
	checkNoLayoutShift(t, b, "counting-product-settings", s.path+"?tab=settings")

	checkNoLayoutShift(t, b, "counting-product", s.path)
	b.WantText("using custom thresholds; only observations with a fix count, known exploited ones count as critical",
		"1 critical (threshold 0, 1 known exploited), 1 high (threshold 0); "+
			"14 without a fix do not count (1 known exploited)",
		"1 counts", "none count", "including observations that do not count")
	checkNoLayoutShift(t, b, "counting-history", s.path+"?tab=history")

	for title, want := range map[string]string{
		"CVE-2026-0001": "Counts towards the gate as critical, because it is known to be exploited: " +
			"the only active critical observation on main (threshold 0)",
		"CVE-2026-0002": "Does not count towards the gate of main: only observations with a fix count.",
		"CVE-2026-0003": "Counts towards the gate: the only active high observation on main (threshold 0)",
	} {
		o := s.observation(t, c, title)
		b.Open(fmt.Sprintf("%s/observations/%d", s.path, o.ID("id")))
		b.WantText(want)
		b.CheckPage("counting-" + title)
	}

	b.Open(fmt.Sprint("/groups/", group.ID("id"), "?tab=settings"))
	tick(b, "input[name=gate_mode][value=own]")
	tick(b, "#f-only_fixable")
	b.Press("form[action$='/settings'] button[type=submit]")
	b.WantText("Group settings saved", "only observations with a fix count")
	checkNoLayoutShift(t, b, "counting-group-settings", fmt.Sprint("/groups/", group.ID("id"), "?tab=settings"))
	b.Open(s.path)
	b.WantText("using the thresholds of its group Payments; only observations with a fix count")
	b.Open("/inbox")
	if text := b.Text(); !strings.Contains(text, "Shop") {
		t.Errorf("the inbox: %s", text)
	}
}
