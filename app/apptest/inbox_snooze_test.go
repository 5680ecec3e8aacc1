package apptest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// A snoozed notification leaves the inbox and the count, and comes back on top at its time. Other
// users do not notice it. Undo covers the snooze, and its end.
func TestInboxSnooze(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		one, two := newProduct(t, c, "one", ""), newProduct(t, c, "two", "")
		id := newSixNotifications(t, p, one.id, two.id)
		until := p.Clock.Now().UTC().Truncate(time.Second).Add(time.Hour)
		list := func(query string) []int64 {
			return itemIDs(c.Must(http.StatusOK, "GET", "/notifications?limit=50"+query, nil))
		}
		want := func(what, query string, want ...int64) {
			t.Helper()
			if got := list(query); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		unread := func(want int64) {
			t.Helper()
			if n := c.Must(http.StatusOK, "GET", "/notifications/count", nil).ID("unread"); n != want {
				t.Errorf("%d unread, want %d", n, want)
			}
		}
		step := c.Must(http.StatusOK, "POST", "/notifications/snoozed", object{"ids": []int64{id[1], id[4]}, "until": until})
		if step.ID("count") != 2 || step.Get("step") != "snoozed" || step.Get("snoozed_until") != until.Format(time.RFC3339) {
			t.Errorf("the answer is %s", step.Text)
		}
		want("two are snoozed", "", id[6], id[5], id[3], id[2])
		want("the filter", "&snoozed=true", id[4], id[1])
		unread(4)
		c.Must(http.StatusOK, "POST", "/notifications/undo", object{"id": step.ID("undo")})
		want("undone", "", id[6], id[5], id[4], id[3], id[2], id[1])
		want("none is snoozed", "&snoozed=true")
		unread(6)

		c.Must(http.StatusOK, "POST", "/notifications/snoozed",
			object{"filter": object{"type": "exception.request"}, "up_to": id[6], "until": until})
		want("all matches", "", id[5], id[4], id[3], id[2])
		p.Clock.Advance(time.Hour)
		c = p.Client("admin")
		want("they are back on top", "", id[6], id[1], id[5], id[4], id[3], id[2])
		unread(6)
		read := c.Must(http.StatusOK, "POST", "/notifications/viewed", object{"ids": []int64{id[1]}})
		want("a read one is at its place", "", id[6], id[5], id[4], id[3], id[2], id[1])
		c.Must(http.StatusOK, "POST", "/notifications/undo", object{"id": read.ID("undo")})
		want("on top again", "", id[6], id[1], id[5], id[4], id[3], id[2])
		end := c.Must(http.StatusOK, "POST", "/notifications/unsnoozed", object{"ids": []int64{id[1]}})
		want("unsnoozed", "", id[6], id[5], id[4], id[3], id[2], id[1])
		c.Must(http.StatusOK, "POST", "/notifications/undo", object{"id": end.ID("undo")})
		all := c.Must(http.StatusOK, "POST", "/notifications/viewed", object{"up_to": id[6]})
		unread(0)
		want("all are read", "", id[6], id[5], id[4], id[3], id[2], id[1])
		c.Must(http.StatusOK, "POST", "/notifications/undo", object{"id": all.ID("undo")})
		want("and on top again", "", id[6], id[1], id[5], id[4], id[3], id[2])

		for what, at := range map[string]time.Time{
			"Enter a time in the future": p.Clock.Now().Add(-time.Second),
			"Enter a time within a year": p.Clock.Now().AddDate(2, 0, 0),
		} {
			a := c.Must(http.StatusUnprocessableEntity, "POST", "/notifications/snoozed",
				object{"ids": []int64{id[2]}, "until": at})
			if !strings.Contains(a.Text, what) {
				t.Errorf("until %v: %s", at, a.Text)
			}
		}
	})
}

// The pages snooze until a choice or a time in the zone of the user, and an open page notices the
// end.
func TestInboxSnooze_InTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	admin := p.Client("admin")
	one, two := newProduct(t, admin, "one", ""), newProduct(t, admin, "two", "")
	id := newSixNotifications(t, p, one.id, two.id)
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	b.Open("/inbox")
	b.WantText("6 unread")
	b.Evaluate(`[...document.querySelectorAll("input[name=id]")].slice(0, 2).forEach((box) => box.click())`)
	b.Press("button[formaction='/inbox/snooze']")
	b.WantText("In an hour", "Tomorrow morning", "Next week", "At a time")
	b.CheckPage("inbox-snooze")
	b.Press("main form .btn-primary")
	b.WantText("notifications snoozed until", "4 unread")
	b.Open("/inbox?filter=snoozed")
	b.WaitFor("the rows say until when", `document.querySelectorAll("[data-row] .told").length > 0 &&
		[...document.querySelectorAll("[data-row] .told")].every((e) => e.textContent.includes("Until"))`)
	b.CheckPage("inbox-snoozed")

	// A time that is over is an error beside the field.
	b.Open(fmt.Sprintf("/inbox/snooze?id=%d", id[2]))
	b.Evaluate(`document.querySelector("input[value=time]").click();
		document.querySelector("#snooze-until").value = "2020-01-01T00:00"`)
	b.Press("main form .btn-primary")
	b.WantText("Enter a time in the future")
	b.CheckPage("inbox-snooze-error")

	// The open page notices the end: the badge counts, and the rows are offered.
	b.Open("/inbox")
	b.WantText("4 unread")
	b.WaitFor("the stream is open", `document.querySelector("#unread-bell").textContent.includes("4")`)
	p.Clock.Advance(time.Hour)
	b.WaitFor("the badge counts them", `document.querySelector("#unread-bell").textContent.includes("6")`)
	b.WaitFor("they are offered",
		`document.querySelector("[data-new] a:not([hidden])")?.textContent.includes("Show 2 new")`)
	b.Press("[data-new] a")
	b.WantText("Back from snooze", "6 unread")
}
