package apptest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// A user silences a notification with two clicks or with keys, and sees a preview, the remaining
// time and the end.
func TestSilencesInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	c.Must(http.StatusCreated, "POST", "/groups", object{"name": "Payments"})
	for i := range 3 {
		setCritical(c, newProduct(t, c, fmt.Sprint("Shop ", i), ""), 1)
	}
	apptest.Eventually(t, "they are announced", func() bool { return itemCount(c.Do("GET", "/notifications", nil)) == 3 })
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	b.Open("/silences")
	b.WantText("No active silences")
	b.CheckPage("silences-none")

	// Silence from the menu of a notification.
	b.Open("/inbox")
	b.Press("[data-row] a.name")
	b.WantText("Deliveries")
	tick(b, ".gc-head details > summary")
	b.Press(`a[href^="/silences/new"]`)
	b.WantText("Would have silenced 1 of 1 notification in the last 7 days")
	b.CheckPage("silence-new")
	b.Fill("#silence-text", "another")
	b.WaitFor("the preview follows", `document.querySelector("#preview").textContent.includes("silenced 0 of 1")`)
	b.Fill("#silence-text", "GATE")
	b.WaitFor("and follows", `document.querySelector("#preview").textContent.includes("silenced 1 of 1")`)
	b.Press(`button[type="submit"].btn-primary`)
	b.WantText("essages are silenced until", "Active", "Known: Security gate failed", "4 h left")
	b.CheckPage("silence")

	// The product and the list show the silence.
	b.Press(`.gc-head a[href^="/products/"]`)
	b.WantText("essages are silenced until", "Known: Security gate")
	b.CheckPage("product-quiet")
	b.Open("/silences")
	b.WantText("Known: Security gate", "left", "none yet")
	b.CheckPage("silences")

	// With keys: the error of a wrong time is beside its field.
	b.Open("/inbox")
	b.Type("js")
	b.WaitFor("the form is there",
		`document.readyState === "complete" && document.querySelector("h1").textContent === "New silence"`)
	b.Evaluate(`document.querySelector("[name=for]").value = "";
	document.querySelector("[name=until]").value = "2020-01-01T00:00"`)
	b.Tab(`button[type="submit"].btn-primary`)
	b.Enter()
	b.WantText("Must be in the future")
	b.CheckPage("silence-wrong")
	b.TabThrough("silence-new")

	b.Open("/silences")
	b.Press(`a[href$="/end"]`)
	b.WantText("End this silence now?", "The silence has silenced no notifications")
	b.CheckPage("silence-end")
	b.Press(`main button[type="submit"]`)
	b.WantText("Silence ended", "Ended", "ended early by admin")
	apptest.Eventually(t, "its end is announced", func() bool {
		p.Clock.Advance(time.Second)
		return itemCount(c.Do("GET", "/notifications?type=silence.ended", nil)) == 1
	})
	b.Open("/silences?state=ended")
	b.WantText("Known: Security gate", "by admin")
	b.CheckPage("silences-ended")
}
